/* SPDX-License-Identifier: Apache-2.0
 * For tests that need files: a scratch directory that goes away, files put into it and got from it. */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include "expect.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch[64];

/* For one test or a group of them. */
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

/* The path of NAME in the scratch directory; four at a time. */
static inline const char *at(const char *name) {
    static char paths[4][384];
    static int turn;
    char *p = paths[turn++ % 4];
    snprintf(p, sizeof paths[0], "%s/%s", scratch, name);
    return p;
}

static inline bool exists(const char *name) { return access(at(name), F_OK) == 0; }

/* Files there whose names end in .part. */
static inline int halves(void) {
    int n = 0;
    DIR *d = opendir(scratch);
    for (struct dirent *e; d && (e = readdir(d));)
        n += strlen(e->d_name) > 5 && !strcmp(e->d_name + strlen(e->d_name) - 5, ".part");
    if (d) closedir(d);
    return n;
}

static inline void put(const char *path, const void *bytes, size_t n) {
    unlink(path); /* some file systems sync a file that is truncated and written anew */
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

/* With a zero byte behind them; free() them. */
static inline void *get(const char *path, size_t *n) {
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    struct stat s;
    assert_int_equal(fstat(fileno(f), &s), 0);
    char *bytes = calloc(1, (size_t)s.st_size + 1);
    assert_non_null(bytes);
    *n = fread(bytes, 1, (size_t)s.st_size, f);
    fclose(f);
    return bytes;
}

#endif
