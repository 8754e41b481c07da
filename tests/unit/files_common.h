/* SPDX-License-Identifier: Apache-2.0
 * What the tests of src/files share: a scratch directory, small files, damage. */
#ifndef TESTS_FILES_COMMON_H
#define TESTS_FILES_COMMON_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gantry/status.h"

static char scratch[64]; /* made before each test, removed after it */

static inline int make_scratch(void **state) {
    (void)state;
    snprintf(scratch, sizeof scratch, "/tmp/gantry-test-XXXXXX");
    return mkdtemp(scratch) ? 0 : -1;
}

static inline int remove_scratch(void **state) {
    (void)state;
    char command[256];
    snprintf(command, sizeof command, "chmod -R u+w %s && rm -rf %s", scratch, scratch);
    return system(command);
}

static inline const char *at(const char *name) { /* the path of NAME in the scratch directory; four at a time */
    static char paths[4][384];
    static int turn;
    char *p = paths[turn++ % 4];
    snprintf(p, sizeof paths[0], "%s/%s", scratch, name);
    return p;
}

static inline bool exists(const char *name) { return access(at(name), F_OK) == 0; }

static inline char *slurp(const char *name, size_t *n) {
    FILE *f = fopen(at(name), "rb");
    assert_non_null(f);
    struct stat s;
    assert_int_equal(fstat(fileno(f), &s), 0);
    char *data = calloc(1, (size_t)s.st_size + 1);
    assert_non_null(data);
    *n = fread(data, 1, (size_t)s.st_size, f);
    fclose(f);
    return data;
}

static inline void spill(const char *name, const void *data, size_t n) {
    FILE *f = fopen(at(name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static inline void assert_message(const char *part) {
    if (!strstr(gt_message(), part)) fail_msg("message '%s' does not say '%s'", gt_message(), part);
}

static inline void assert_ok(gt_status st) {
    if (st) fail_msg("status %d: %s", st, gt_message());
}

#endif
