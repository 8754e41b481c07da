/* SPDX-License-Identifier: Apache-2.0
 * For tests of files that programs in Python write. */
#ifndef TESTS_FOREIGN_FILES_H
#define TESTS_FOREIGN_FILES_H

#include "scratch.h"
#include "without.h"

static inline bool have_python(void) {
    static int have = -1;
    if (have < 0) have = have_tool("/usr/bin/python3 -c 'import numpy'", "numpy");
    return have;
}

/* Makes the scratch directory, and in it the files that a program of tests/tools writes, where Python is there. */
static inline int make_foreign_files(const char *program, void **state) {
    char command[256];
    if (make_scratch(state)) return -1;
    snprintf(command, sizeof command, "/usr/bin/python3 tests/tools/%s %s", program, scratch);
    return have_python() ? system(command) : 0;
}

#endif
