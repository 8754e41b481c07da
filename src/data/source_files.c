/* SPDX-License-Identifier: Apache-2.0
 * Picture files below a folder: what the sources that name files share. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "data/import_source.h"

gt_status gt_source_check_name(const char *name) {
    if (*name == '/') return gt_fail(GT_FORMAT, "an absolute path: pictures must lie in the source's own folder");
    for (const char *p = name; p; p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL)
        if (!strncmp(p, "..", 2) && (p[2] == '/' || p[2] == 0))
            return gt_fail(GT_FORMAT, "its path leads out of the source's own folder ('..')");
    return GT_OK;
}

/* The first bytes of a regular file, at most `most`; `whole`: more than those are an error. *bytes is NULL on failure. */
static gt_status read_front(const char *path, size_t most, bool whole, void **bytes, size_t *n) {
    struct stat s;
    *bytes = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not block */
    gt_status st = GT_OK;
    if (fd < 0 || fstat(fd, &s) != 0) st = gt_fail(GT_FAILED, "cannot be read: %s", strerror(errno));
    else if (!S_ISREG(s.st_mode)) st = gt_fail(GT_FORMAT, "not a regular file");
    else if (whole && (uint64_t)s.st_size > most)
        st = gt_fail(GT_FORMAT, "%lld bytes; at most %zu are read", (long long)s.st_size, most);
    size_t wanted = st ? 0 : (uint64_t)s.st_size < most ? (size_t)s.st_size : most;
    if (!st && !(*bytes = malloc(wanted + 1))) st = gt_fail(GT_NOMEM, "out of memory for %zu bytes", wanted);
    for (*n = 0; !st && *n < wanted;) {
        ssize_t got = pread(fd, (char *)*bytes + *n, wanted - *n, (off_t)*n);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) st = gt_fail(GT_FAILED, "cannot be read: %s", strerror(errno));
        if (got == 0) st = gt_fail(GT_FORMAT, "became shorter while it was read");
        if (got > 0) *n += (size_t)got;
    }
    if (fd >= 0) close(fd);
    if (st) {
        free(*bytes);
        *bytes = NULL;
    }
    return st;
}

/* The path of a name in a folder, to be freed; NULL after an error with the status in *st. */
static char *path_of(const char *folder, const char *name, gt_status *st) {
    *st = gt_source_check_name(name);
    char *path = *st ? NULL : gt_path_join(folder, name);
    if (!*st && !path) *st = GT_NOMEM;
    return path;
}

gt_status gt_source_read_file(gt_picture *out, const char *folder, const char *name, const gt_picture_options *options) {
    gt_status st;
    char *path = path_of(folder, name, &st);
    if (!path) return st;
    void *bytes;
    size_t n;
    st = read_front(path, GT_FILE_MOST, true, &bytes, &n);
    if (!st) st = gt_picture_decode(out, bytes, n, options);
    free(bytes);
    free(path);
    return st;
}

gt_status gt_source_head_file(gt_picture_info *out, const char *folder, const char *name) {
    gt_status st;
    char *path = path_of(folder, name, &st);
    if (!path) return st;
    void *bytes;
    size_t n;
    st = read_front(path, GT_PICTURE_HEAD_BYTES, false, &bytes, &n);
    if (!st) st = gt_picture_head(out, bytes, n);
    if (st && bytes && n == GT_PICTURE_HEAD_BYTES) { /* there is more of it */
        free(bytes);
        st = read_front(path, GT_FILE_MOST, true, &bytes, &n);
        if (!st) st = gt_picture_head(out, bytes, n);
    }
    free(bytes);
    free(path);
    return st;
}

gt_hash128 gt_source_file_stamp(const char *path) {
    struct stat s;
    if (stat(path, &s)) return (gt_hash128){0};
    int64_t known[3] = {s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec};
    return gt_hash(known, sizeof known);
}

gt_hash128 gt_source_file_stamp_in(const char *folder, const char *name) {
    gt_status st;
    char *path = path_of(folder, name, &st);
    gt_hash128 stamp = path ? gt_source_file_stamp(path) : (gt_hash128){0};
    free(path);
    return stamp;
}

void gt_source_array_head(gt_picture_info *out, const char *format, const gt_picture *shape) {
    *out = (gt_picture_info){.format = format,
                             .height = shape->height,
                             .width = shape->width,
                             .channels = shape->channels,
                             .bits = 8 * (int)gt_sample_bytes(shape->type),
                             .alpha = shape->alpha};
}
