/* SPDX-License-Identifier: Apache-2.0
 * Whether a sanitizer is in this process. What tests are compiled with does not tell: the same programs run with a
 * library that has one in it, too (tests/e2e/sanitizers.sh). */
#ifndef TESTS_SANITIZED_H
#define TESTS_SANITIZED_H

#include <dlfcn.h>
#include <stdbool.h>

static inline bool sanitized(void) {
    void *all = dlopen(NULL, RTLD_LAZY);
    bool found = all && (dlsym(all, "__asan_init") || dlsym(all, "__tsan_init"));
    if (all) dlclose(all);
    return found;
}

#endif
