/* SPDX-License-Identifier: Apache-2.0
 * Tests that need a tool which is not installed everywhere. Without it their part is left out, and the program says at
 * its end that it was skipped, unless something failed: its exit status tells tests/run, and CHECK_STRICT=1 does not
 * take it for a success. */
#ifndef TESTS_WITHOUT_H
#define TESTS_WITHOUT_H

#include "expect.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { SKIPPED = 77 };

static const char *not_here; /* what was missed */

/* Whether the command that looks for a tool succeeds. */
static inline bool have_tool(const char *look, const char *tool) {
    char command[256];
    snprintf(command, sizeof command, "{ %s; } >/dev/null 2>&1", look);
    if (!system(command)) return true;
    not_here = tool;
    return false;
}

/* main()'s return value, from the number of tests that failed. */
static inline int test_status(int failed) {
    if (!failed && not_here) printf("skipped: %s is not installed; all else passed\n", not_here);
    return failed ? failed : not_here ? SKIPPED : 0;
}

#endif
