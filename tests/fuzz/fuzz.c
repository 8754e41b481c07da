/* SPDX-License-Identifier: Apache-2.0
 * What all targets share, and libFuzzer's two entry points. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <fcntl.h>
#include <ftw.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "gantry/dataset.h"
#include "gantry/log.h"

enum { FUZZ_PATH = 512 };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    target.run(bytes, n);
    return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    fuzz_begin(*argc, *argv);
    return 0;
}

void fuzz_begin(int argc, char **argv) {
    gt_log_setup(0, 1, GT_ERROR); /* warnings are the rule here */
    H5set_free_list_limits(-1, -1, -1, -1, -1, -1); /* an open file has half a megabyte of tables: not to be mapped anew each time */
    if (argc == 4 && !strcmp(argv[1], "inspect") && !strcmp(argv[2], "--check")) exit(gt_hdf5_walk(argv[3]) ? 1 : 0);
}

void fuzz_broken(const char *what, const char *file, int line) {
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

static void temporary(char path[FUZZ_PATH]) {
    const char *dir = getenv("TMPDIR");
    snprintf(path, FUZZ_PATH, "%s/gantry-fuzz-XXXXXX", dir ? dir : "/tmp");
}

static char folder[FUZZ_PATH];

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *where) {
    (void)s, (void)kind, (void)where;
    return remove(path);
}

static void remove_folder(void) { nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS); }

const char *fuzz_folder(void) {
    if (!*folder) {
        temporary(folder);
        fuzz_check(mkdtemp(folder));
        atexit(remove_folder);
    }
    return folder;
}

const char *fuzz_named(const char *name, const void *bytes, size_t n) {
    static char paths[4][FUZZ_PATH + 64];
    static int turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof *paths, "%s/%s", fuzz_folder(), name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    fuzz_check(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
    close(fd);
    return path;
}

const char *fuzz_file(const void *bytes, size_t n) { return fuzz_named("input", bytes, n); }

const char *fuzz_scratch(void) {
    static char path[FUZZ_PATH];
    temporary(path);
    int fd = mkstemp(path);
    fuzz_check(fd >= 0);
    close(fd);
    return path;
}

void fuzz_put_scratch(fuzz_put *put, void *arg, const char *path) {
    enum { MOST_BYTES = 1 << 24 };
    void *bytes;
    size_t n;
    fuzz_check(!gt_file_read(path, MOST_BYTES, &bytes, &n));
    put(arg, bytes, n);
    free(bytes);
    unlink(path);
}

/* The checking process without sanitizers where a search gives one: training's has none either. */
bool fuzz_hdf5_passes(const char *path) { return gt_dataset_check_foreign(path, getenv("FUZZ_CHECKER")) == GT_OK; }
