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

/* A write beyond RLIMIT_FSIZE raises SIGXFSZ, which would end the process: hold it back and take it away. At `at`, or where the file
 * stands for -1. */
static int write_pieces(int fd, const char *p, size_t bytes, off_t at) {
    sigset_t limit, before;
    sigemptyset(&limit);
    sigaddset(&limit, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &limit, &before);
    int error = 0;
    while (bytes && !error) {
        size_t piece = bytes < (size_t)64 << 20 ? bytes : (size_t)64 << 20;
        ssize_t n = at < 0 ? write(fd, p, piece) : pwrite(fd, p, piece, at);
        if (n > 0) {
            p += n;
            bytes -= (size_t)n;
            at += at < 0 ? 0 : (off_t)n;
        } else if (n == 0)
            error = ENOSPC;
        else if (errno != EINTR)
            error = errno;
    }
    if (error == EFBIG) sigtimedwait(&limit, NULL, &(struct timespec){0});
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

int gt_write_all(int fd, const void *data, size_t bytes) { return write_pieces(fd, data, bytes, -1); }

int gt_write_all_at(int fd, const void *data, size_t bytes, off_t at) { return write_pieces(fd, data, bytes, at); }

int gt_file_open(const char *path, int flags) {
    int fd;
    do fd = open(path, flags | O_CLOEXEC, 0666);
    while (fd < 0 && errno == EINTR);
    return fd;
}

int gt_file_sync(int fd) {
    while (fsync(fd))
        if (errno != EINTR) return errno;
    return 0;
}

int gt_file_rename(const char *from, const char *to) {
    while (rename(from, to))
        if (errno != EINTR) return errno;
    return 0;
}

int gt_file_remove(const char *path) {
    while (unlink(path))
        if (errno != EINTR) return errno;
    return 0;
}

double gt_space_free(const char *path) {
    struct statvfs s;
    return statvfs(path, &s) ? INFINITY : (double)s.f_bavail * (double)s.f_frsize;
}

/* 0 or errno */
static int sync_directory(const char *dir) {
    int fd = gt_file_open(dir, O_RDONLY | O_DIRECTORY);
    if (fd < 0) return errno;
    int error = gt_file_sync(fd);
    close(fd);
    return error == EINVAL || error == ENOTSUP ? 0 : error; /* some file systems cannot, and need not */
}

gt_status gt_sync_parent(const char *path) {
    char *copy = strdup(path);
    if (!copy) return gt_fail(GT_NOMEM, "out of memory for a file name");
    int error = sync_directory(dirname(copy));
    free(copy);
    return error ? gt_fail(GT_FAILED, "the directory of '%s' cannot be synced: %s", path, strerror(error)) : GT_OK;
}

static bool is_directory(const char *path) {
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

gt_status gt_make_directories(const char *dir) {
    char *path = strdup(dir);
    if (!path || !*dir) {
        free(path);
        return *dir ? gt_fail(GT_NOMEM, "out of memory for a directory name") : gt_fail(GT_USAGE, "a directory name is empty");
    }
    gt_status st = GT_OK;
    for (char *slash = path; slash && !st;) {
        slash = strchr(slash + 1, '/');
        if (slash) *slash = 0;
        if (!is_directory(path) && mkdir(path, 0777) && (errno != EEXIST || !is_directory(path)))
            st = gt_fail(GT_FAILED, "cannot make the directory '%s': %s", path, strerror(errno));
        if (slash) *slash = '/';
    }
    free(path);
    return st;
}

static gt_status write_error(const char *path, int error, size_t bytes) {
    char *copy = error == ENOSPC ? strdup(path) : NULL;
    gt_status st = copy ? gt_fail(GT_FAILED, "cannot write '%s': %s (%.1f MB needed, %.1f MB free): make room", path, strerror(error),
                                  (double)bytes / 1e6, gt_space_free(dirname(copy)) / 1e6)
                        : gt_fail(GT_FAILED, "cannot write '%s': %s", path, strerror(error));
    free(copy);
    return st;
}

/* 0 or errno. All of it, on the disk, under this name. */
static int write_file(const char *path, const struct iovec *parts, int n) {
    int error = 0, fd = gt_file_open(path, O_WRONLY | O_CREAT | O_TRUNC);
    if (fd < 0) return errno;
    for (int i = 0; i < n && !error; i++) error = gt_write_all(fd, parts[i].iov_base, parts[i].iov_len);
    if (!error) error = gt_file_sync(fd);
    if (close(fd) && !error && errno != EINTR) error = errno; /* an interrupted close has closed it */
    return error;
}

gt_status gt_file_replace(const char *path, const struct iovec *parts, int n) {
    char *part, *copy = strdup(path);
    if (asprintf(&part, "%s.part", path) < 0) part = NULL;
    gt_status st = part && copy ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a file name");
    int error = ENOMEM;
    if (!st) {
        size_t bytes = 0;
        for (int i = 0; i < n; i++) bytes += parts[i].iov_len;
        error = write_file(part, parts, n);
        if (!error) error = gt_file_rename(part, path);
        if (error) {
            unlink(part); /* first: it makes room for whoever reads the message */
            st = write_error(path, error, bytes);
        } else if ((error = sync_directory(dirname(copy))))
            st = gt_fail(GT_FAILED, "'%s' was written, but its directory cannot be synced: %s", path, strerror(error));
    }
    free(part);
    free(copy);
    errno = error;
    return st;
}

gt_status gt_file_write(const char *path, const void *bytes, size_t n) {
    return gt_file_replace(path, &(struct iovec){(void *)bytes, n}, 1);
}

gt_status gt_file_read(const char *path, size_t most, void **bytes, size_t *n) {
    *bytes = NULL;
    *n = 0;
    int fd = gt_file_open(path, O_RDONLY | O_NONBLOCK); /* a pipe must not block before it is refused */
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

gt_status gt_file_read_text(const char *path, size_t most, void **text, size_t *n) {
    gt_status st = gt_file_read(path, most, text, n);
    char *p = *text;
    for (size_t i = 0; i < *n; i++)
        if (!p[i]) p[i] = 1;
    return st;
}
