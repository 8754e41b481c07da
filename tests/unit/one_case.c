/* SPDX-License-Identifier: Apache-2.0
 * Linked into every unit test. TEST_CASE=NAME in the environment (tests/run sets the variable for `make check
 * T=program:NAME`) runs only the cases of that name; * and ? stand for other characters. A program without a case of
 * that name says so and fails: no test ran. TEST_SKIP=NAME leaves out cases. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sanitized.h"

/* AddressSanitizer that comes with a library begins with the first call of malloc. Where that was libp11-kit's, which
 * makes a locale before main(), glibc's lock of locales would be damaged: the sanitizer looks for a function that is
 * not there, and the message of that is translated. Whoever uses locales next would wait for ever. So this call is the
 * first. */
static void begin_sanitizer(int argc, char **argv, char **environment) {
    (void)argc, (void)argv, (void)environment;
    void *volatile room = malloc(1);
    free(room);
}
__attribute__((section(".preinit_array"), used)) static void (*first[])(int, char **, char **) = {begin_sanitizer};

__attribute__((constructor)) static void begin(void) {
    if (sanitized()) unsetenv("LD_PRELOAD"); /* other programs are started without it */
    const char *name = getenv("TEST_CASE");
    if (name && *name) cmocka_set_test_filter(name);
    const char *but = getenv("TEST_SKIP");
    if (but && *but) cmocka_set_skip_filter(but);
}
