/* SPDX-License-Identifier: Apache-2.0
 * For tests that need files: a scratch directory that goes away, files put into it and got from it. */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include "expect.h"

#include <dirent.h>
#include <errno.h>
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

/* A file, or a folder and all in it, whatever their permissions. Something may go by itself meanwhile. */
static inline bool remove_all(const char *path) {
    struct stat s;
    if (lstat(path, &s)) return errno == ENOENT;
    if (!S_ISDIR(s.st_mode)) return unlink(path) == 0 || errno == ENOENT;
    chmod(path, s.st_mode | S_IRWXU);
    bool gone = true;
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        char inner[4096];
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        gone &= snprintf(inner, sizeof inner, "%s/%s", path, e->d_name) < (int)sizeof inner && remove_all(inner);
    }
    if (d) closedir(d);
    return rmdir(path) == 0 && gone;
}

static inline int remove_scratch(void **state) {
    (void)state;
    return remove_all(scratch) ? 0 : -1;
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
