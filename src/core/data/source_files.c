/* SPDX-License-Identifier: Apache-2.0
 * Reads picture files below a folder, for the sources that name files. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/door/file.h"
#include "data/door/source.h"

gt_hash128 gt_file_stamp(const char *path) {
    struct stat s;
    if (stat(path, &s)) return (gt_hash128){0};
    int64_t known[3] = {s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec};
    return gt_hash(known, sizeof known);
}

/* A name that is absolute or has a part '..' is refused. */
static gt_status check_name(const char *name) {
    if (*name == '/') return gt_fail(GT_FORMAT, "an absolute path: pictures must be in the source's own folder");
    for (const char *p = name; p; p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL)
        if (!strncmp(p, "..", 2) && (p[2] == '/' || p[2] == 0))
            return gt_fail(GT_FORMAT, "its path leads out of the source's own folder ('..')");
    return GT_OK;
}

/* The path of a file, to be freed; NULL after an error with the status in *st. */
static char *path_of(const gt_source *s, const char *name, gt_status *st) {
    *st = check_name(name);
    char *path = *st ? NULL : gt_path_join(s->state, name);
    if (!*st && !path) *st = GT_NOMEM;
    return path;
}

gt_status gt_source_file(const char *path, int *fd, uint64_t *bytes) {
    struct stat s;
    gt_status st = GT_OK;
    *fd = gt_file_open(path, O_RDONLY | O_NONBLOCK); /* a pipe must not block */
    if (*fd < 0 || fstat(*fd, &s)) st = gt_fail(GT_FAILED, "cannot be opened: %s", strerror(errno));
    else if (!S_ISREG(s.st_mode)) st = gt_fail(GT_FORMAT, "not a regular file");
    else *bytes = (uint64_t)s.st_size;
    if (st && *fd >= 0) close(*fd);
    if (st) *fd = -1;
    return st;
}

enum { HEAD = 512 }; /* bytes that tell what a file is */

gt_status gt_check_no_page(const void *head, size_t n) {
    gt_file_kind kind = gt_kind_of_bytes(head, n < HEAD ? n : HEAD, n);
    if (kind == GT_KIND_PAGE) return gt_fail(GT_FORMAT, "an HTML page: the download did not give the file");
    if (kind == GT_KIND_POINTER) return gt_fail(GT_FORMAT, "a pointer of Git LFS: git lfs pull brings the file");
    return GT_OK;
}

gt_status gt_source_part_file(const char *path, int *fd, uint64_t *bytes) {
    char head[HEAD];
    gt_status st = gt_source_file(path, fd, bytes);
    if (st) return st;
    size_t n = *bytes < sizeof head ? (size_t)*bytes : sizeof head;
    st = gt_read_at(*fd, 0, head, n);
    if (!st) st = gt_check_no_page(head, n);
    if (!st) return GT_OK;
    close(*fd);
    *fd = -1;
    return st;
}

gt_status gt_load_room(uint64_t size, size_t most, bool whole, void **bytes, size_t *n) {
    *bytes = NULL;
    if (whole && size > most)
        return gt_fail(GT_FORMAT, "%llu bytes; at most %zu are read", (unsigned long long)size, most);
    *n = size < most ? (size_t)size : most;
    *bytes = malloc(*n + 1);
    return *bytes ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %zu bytes", *n);
}

gt_status gt_load_part(int fd, uint64_t at, uint64_t size, size_t most, bool whole, void **bytes, size_t *n) {
    gt_status st = gt_load_room(size, most, whole, bytes, n);
    return st ? st : gt_read_at(fd, at, *bytes, *n);
}

static gt_status open_named(const gt_source *s, const char *name, int *fd, uint64_t *bytes) {
    gt_status st;
    *fd = -1;
    GT_FREED char *path = path_of(s, name, &st);
    if (path) st = gt_source_file(path, fd, bytes);
    return st;
}

gt_status gt_item_file(const gt_source *s, int64_t i, int *fd, uint64_t *bytes) {
    return open_named(s, gt_names_at(&s->names, (size_t)i), fd, bytes);
}

gt_status gt_mask_file(const gt_source *s, int64_t i, int *fd, uint64_t *bytes) {
    char buffer[GT_ITEM_NAME_BYTES];
    return open_named(s, gt_mask_name(gt_names_at(&s->names, (size_t)i), buffer), fd, bytes);
}

gt_status gt_mask_of_file(const gt_source *s, int64_t i, gt_picture *out) {
    int fd;
    uint64_t size;
    size_t n = 0;
    GT_FREED void *bytes = NULL;
    gt_status st = gt_mask_file(s, i, &fd, &size);
    if (!st) st = gt_load_part(fd, 0, size, GT_FILE_MAX, true, &bytes, &n);
    if (!st) st = gt_mask_decode(bytes, n, out);
    if (fd >= 0) close(fd);
    return st;
}

static gt_status load_item(const gt_source *s, int64_t i, size_t most, bool whole, void **bytes, size_t *n) {
    int fd;
    uint64_t size;
    *bytes = NULL;
    gt_status st = gt_item_file(s, i, &fd, &size);
    if (!st) st = gt_load_part(fd, 0, size, most, whole, bytes, n);
    if (fd >= 0) close(fd);
    return st;
}

static gt_hash128 stamp_of(const gt_source *s, const char *name) {
    gt_status st;
    GT_FREED char *path = path_of(s, name, &st);
    return path ? gt_file_stamp(path) : (gt_hash128){0};
}

static gt_hash128 stamp_item(const gt_source *s, int64_t i) {
    const char *name = gt_names_at(&s->names, (size_t)i);
    char buffer[GT_ITEM_NAME_BYTES];
    gt_hash128 stamp[2] = {stamp_of(s, name)};
    if (!s->mask) return stamp[0];
    stamp[1] = stamp_of(s, gt_mask_name(name, buffer));
    return gt_hash(stamp, sizeof stamp);
}

gt_status gt_source_of_files(gt_source *s, const char *folder, size_t length) {
    gt_source_of_pictures(s, load_item);
    s->item_stamp = stamp_item;
    s->state = gt_arena_printf(s->arena, "%.*s", (int)length, folder);
    return s->state ? GT_OK : GT_NOMEM;
}
