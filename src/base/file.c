/* SPDX-License-Identifier: Apache-2.0
 * Whole files: see file.h. */
#define _GNU_SOURCE
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "gantry/memory.h"

static bool buffer_room(gt_buffer *b, size_t more) {
    size_t need;
    if (b->failed || gt_add_overflows(b->n, more, &need)) return !(b->failed = true);
    if (need <= b->capacity) return true;
    size_t capacity = b->capacity + b->capacity / 2;
    if (capacity < need) capacity = need < 256 ? 256 : need;
    char *data = realloc(b->data, capacity);
    if (!data) return !(b->failed = true);
    b->data = data;
    b->capacity = capacity;
    return true;
}

void gt_buffer_add(gt_buffer *b, const void *data, size_t bytes) {
    if (!bytes || !buffer_room(b, bytes)) return;
    memcpy(b->data + b->n, data, bytes);
    b->n += bytes;
}

void gt_buffer_printf(gt_buffer *b, const char *format, ...) {
    va_list ap, again;
    va_start(ap, format);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, format, ap);
    if (n < 0)
        b->failed = true;
    else if (buffer_room(b, (size_t)n + 1)) {
        vsnprintf(b->data + b->n, (size_t)n + 1, format, again);
        b->n += (size_t)n;
    }
    va_end(again);
    va_end(ap);
}

void gt_buffer_free(gt_buffer *b) {
    free(b->data);
    *b = (gt_buffer){0};
}

char *gt_path_join(const char *dir, const char *name) {
    char *path;
    size_t n = strlen(dir);
    if (asprintf(&path, "%s%s%s", dir, n && dir[n - 1] == '/' ? "" : "/", name) >= 0) return path;
    gt_fail(GT_NOMEM, "out of memory for a file name");
    return NULL;
}

/* A write beyond RLIMIT_FSIZE raises SIGXFSZ, which would end the process: hold it back and take it away. */
int gt_write_all(int fd, const void *data, size_t bytes) {
    sigset_t limit, before;
    sigemptyset(&limit);
    sigaddset(&limit, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &limit, &before);
    const char *p = data;
    int error = 0;
    while (bytes && !error) {
        size_t piece = bytes < (size_t)64 << 20 ? bytes : (size_t)64 << 20;
        ssize_t n = write(fd, p, piece);
        if (n > 0) {
            p += n;
            bytes -= (size_t)n;
        } else if (n == 0)
            error = ENOSPC;
        else if (errno != EINTR)
            error = errno;
    }
    if (error == EFBIG) sigtimedwait(&limit, NULL, &(struct timespec){0});
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

double gt_space_free(const char *path) {
    struct statvfs s;
    return statvfs(path, &s) ? INFINITY : (double)s.f_bavail * (double)s.f_frsize;
}

static gt_status sync_directory(const char *dir) {
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return gt_fail(GT_FAILED, "cannot open the directory '%s': %s", dir, strerror(errno));
    int error = fsync(fd) ? errno : 0;
    close(fd);
    if (error && error != EINVAL && error != ENOTSUP) /* some file systems cannot, and need not */
        return gt_fail(GT_FAILED, "cannot sync the directory '%s': %s", dir, strerror(error));
    return GT_OK;
}

static gt_status write_error(const char *path, int error, size_t bytes) {
    char *copy = error == ENOSPC ? strdup(path) : NULL;
    gt_status st = copy ? gt_fail(GT_FAILED, "cannot write '%s': %s (%.1f MB needed, %.1f MB free): make room", path, strerror(error),
                                  (double)bytes / 1e6, gt_space_free(dirname(copy)) / 1e6)
                        : gt_fail(GT_FAILED, "cannot write '%s': %s", path, strerror(error));
    free(copy);
    return st;
}

gt_status gt_file_replace(const char *path, const struct iovec *parts, int n) {
    char *part, *copy = strdup(path);
    if (asprintf(&part, "%s.part", path) < 0) part = NULL;
    gt_status st = part && copy ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a file name");
    size_t bytes = 0;
    if (!st) {
        int error = 0, fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (fd < 0)
            st = gt_fail(GT_FAILED, "cannot create '%s': %s", part, strerror(errno));
        else {
            for (int i = 0; i < n; i++) bytes += parts[i].iov_len;
            for (int i = 0; i < n && !error; i++) error = gt_write_all(fd, parts[i].iov_base, parts[i].iov_len);
            if (!error && fsync(fd)) error = errno;
            if (close(fd) && !error) error = errno;
            if (!error && rename(part, path)) error = errno;
            if (error) {
                unlink(part); /* first: it makes room for whoever reads the message */
                st = write_error(path, error, bytes);
            } else
                st = sync_directory(dirname(copy));
        }
    }
    free(part);
    free(copy);
    return st;
}

gt_status gt_file_write(const char *path, const void *bytes, size_t n) {
    return gt_file_replace(path, &(struct iovec){(void *)bytes, n}, 1);
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
