/* SPDX-License-Identifier: Apache-2.0
 * Whole files: read with a limit, written so that a reader sees the old file or the new one and never half of either.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gantry/codec.h"

static bool write_all(int fd, const char *bytes, size_t n) {
    while (n > 0) {
        ssize_t w = write(fd, bytes, n);
        if (w < 0 && errno == EINTR) continue;
        if (w < 0) return false;
        bytes += w;
        n -= (size_t)w;
    }
    return true;
}

/* A rename is on the disk only when its directory is. */
static bool sync_directory_of(const char *path) {
    char *copy = strdup(path);
    if (!copy) return false;
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(copy);
    if (fd < 0) return false;
    /* some network file systems cannot sync a directory and say EINVAL: nothing more can be done there */
    bool ok = fsync(fd) == 0 || errno == EINVAL;
    close(fd);
    return ok;
}

gt_status gt_file_write(const char *path, const void *bytes, size_t n) {
    char *temporary;
    if (asprintf(&temporary, "%s.%ld.tmp", path, (long)getpid()) < 0)
        return gt_fail(GT_NOMEM, "out of memory for writing '%s'", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool ok = fd >= 0 && write_all(fd, bytes, n) && fsync(fd) == 0;
    int error = errno;
    if (fd >= 0 && close(fd) != 0 && ok) {
        ok = false;
        error = errno;
    }
    if (ok && !(rename(temporary, path) == 0 && sync_directory_of(path))) {
        ok = false;
        error = errno;
    }
    if (!ok && fd >= 0) unlink(temporary);
    free(temporary);
    return ok ? GT_OK : gt_fail(GT_FAILED, "cannot write '%s': %s", path, strerror(error));
}

gt_status gt_file_read(const char *path, size_t most, void **bytes, size_t *n) {
    *bytes = NULL;
    *n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not block before it is refused */
    struct stat s;
    if (fd < 0 || fstat(fd, &s) != 0) {
        gt_status st = gt_fail(GT_FAILED, "cannot read '%s': %s", path, strerror(errno));
        if (fd >= 0) close(fd);
        return st;
    }
    char *buffer = NULL;
    gt_status st = GT_OK;
    if (!S_ISREG(s.st_mode)) st = gt_fail(GT_FORMAT, "'%s' is not a regular file", path);
    else if ((uintmax_t)s.st_size > most)
        st = gt_fail(GT_FORMAT, "'%s' has %jd bytes; at most %zu are read", path, (intmax_t)s.st_size, most);
    else if (!(buffer = malloc((size_t)s.st_size + 1)))
        st = gt_fail(GT_NOMEM, "out of memory: '%s' has %jd bytes", path, (intmax_t)s.st_size);
    size_t got = 0;
    while (!st && got < (size_t)s.st_size) {
        ssize_t r = read(fd, buffer + got, (size_t)s.st_size - got);
        if (r < 0 && errno == EINTR) continue;
        if (r < 0) st = gt_fail(GT_FAILED, "cannot read '%s': %s", path, strerror(errno));
        if (r <= 0) break; /* shorter than a moment ago: what is there is what it holds */
        got += (size_t)r;
    }
    close(fd);
    if (st) {
        free(buffer);
        return st;
    }
    buffer[got] = 0;
    *bytes = buffer;
    *n = got;
    return GT_OK;
}
