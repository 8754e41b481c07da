/* SPDX-License-Identifier: Apache-2.0
 * What all targets share, and libFuzzer's two entry points. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "gantry/dataset.h"
#include "gantry/log.h"

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
    if (argc == 4 && !strcmp(argv[1], "inspect") && !strcmp(argv[2], "--check")) exit(gt_hdf5_walk(argv[3]) ? 1 : 0);
}

void fuzz_broken(const char *what, const char *file, int line) {
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

const char *fuzz_file(const void *bytes, size_t n) {
    static int fd = -1;
    static char path[64];
    if (fd < 0) {
        fd = memfd_create("fuzz", 0);
        snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)getpid(), fd);
    }
    fuzz_check(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, bytes, n, 0) == (ssize_t)n);
    return path;
}

const char *fuzz_scratch(void) {
    static char path[64];
    snprintf(path, sizeof path, "/tmp/gantry-fuzz-XXXXXX");
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
