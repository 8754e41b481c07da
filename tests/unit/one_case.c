/* SPDX-License-Identifier: Apache-2.0
 * Linked into every unit test. TEST_CASE=NAME in the environment (tests/run sets the variable for `make check
 * T=program:NAME`) runs only the cases of that name; * and ? stand for other characters. A program without a case of
 * that name says so and fails: no test ran. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

__attribute__((constructor)) static void choose_case(void) {
    const char *name = getenv("TEST_CASE");
    if (name && *name) cmocka_set_test_filter(name);
    const char *but = getenv("TEST_SKIP");
    if (but && *but) cmocka_set_skip_filter(but);
}
