/* SPDX-License-Identifier: Apache-2.0
 * A folder of pictures, subfolders included, with an optional dataset.json at its root. */
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/progress.h"
#include "base/file.h"
#include "data/folder_list.h"
#include "data/pictures.h"

enum { PART_BYTES = 64 * 1024 };

typedef struct folder {
    char *path;
    gt_name_list list;
    gt_pictures pictures;
} folder;

static bool claims(const gt_spec *spec) {
    return spec->is_folder;
}

static void close_folder(void *state) {
    folder *f = state;
    gt_names_free(&f->list);
    free(f->pictures.names);
    free(f->path);
    free(f);
}

static gt_status path_of(const folder *f, int64_t i, char **path) {
    if (asprintf(path, "%s/%s", f->path, f->pictures.names[i]) >= 0) return GT_OK;
    return gt_fail(GT_NOMEM, "out of memory for a path");
}

/* Opens picture i; *size is its length. */
static gt_status open_picture(const folder *f, int64_t i, int *fd, uint64_t *size) {
    char *path = NULL;
    gt_status st = path_of(f, i, &path);
    if (st) return st;
    struct stat s;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*fd < 0 || fstat(*fd, &s) != 0) st = gt_fail(GT_FAILED, "cannot be read: %s", strerror(errno));
    else if (!S_ISREG(s.st_mode)) st = gt_fail(GT_FORMAT, "not a regular file");
    else *size = (uint64_t)s.st_size;
    if (st && *fd >= 0) close(*fd);
    free(path);
    return st;
}

/* The n bytes from `offset` on. */
static gt_status read_part(int fd, uint64_t offset, uint8_t *out, size_t n) {
    while (n > 0) {
        ssize_t r = pread(fd, out, n, (off_t)offset);
        if (r < 0 && errno == EINTR) continue;
        if (r < 0) return gt_fail(GT_FAILED, "cannot be read: %s", strerror(errno));
        if (r == 0) return gt_fail(GT_FORMAT, "became shorter while it was read");
        out += r;
        offset += (uint64_t)r;
        n -= (size_t)r;
    }
    return GT_OK;
}

static gt_status peek(void *state, int64_t i, void *head, size_t most, size_t *n) {
    int fd;
    uint64_t size = 0;
    gt_status st = open_picture(state, i, &fd, &size);
    if (st) return st;
    *n = size < most ? (size_t)size : most;
    st = read_part(fd, 0, head, *n);
    close(fd);
    return st;
}

static gt_status load(void *state, int64_t i, void **bytes, size_t *n) {
    int fd;
    uint64_t size = 0;
    gt_status st = open_picture(state, i, &fd, &size);
    if (st) return st;
    if (size > GT_PICTURE_MAX_BYTES) {
        st = gt_fail(GT_FORMAT, "%llu bytes; at most %d are read", (unsigned long long)size, GT_PICTURE_MAX_BYTES);
    } else if (!(*bytes = malloc(size + 1))) {
        st = gt_fail(GT_NOMEM, "out of memory for %llu bytes", (unsigned long long)size);
    } else {
        st = read_part(fd, 0, *bytes, size);
        *n = size;
    }
    close(fd);
    return st;
}

static gt_status read_picture(void *state, int64_t i, void *samples) {
    return gt_pictures_read(&((folder *)state)->pictures, i, samples);
}

/* Size and CRC-32 of the first and the last 64 KiB (which overlap in a small file). */
static gt_status fingerprint_one(folder *f, int64_t i, uint8_t *buffer, gt_hasher *h) {
    int fd;
    uint64_t size = 0;
    gt_status st = open_picture(f, i, &fd, &size);
    if (st) return st;
    size_t part = size < PART_BYTES ? (size_t)size : PART_BYTES;
    uint64_t mark[3] = {htole64(size)};
    for (int end = 0; end < 2 && !st; end++) {
        st = read_part(fd, end ? size - part : 0, buffer, part);
        if (!st) mark[1 + end] = htole64(gt_crc32(0, buffer, part));
    }
    close(fd);
    if (!st) gt_hasher_add(h, mark, sizeof mark);
    return st;
}

static gt_status fingerprint(void *state, gt_hasher *h, int64_t most) {
    folder *f = state;
    uint8_t *buffer = malloc(PART_BYTES);
    if (!buffer) return gt_fail(GT_NOMEM, "out of memory for a fingerprint");
    int64_t all = f->pictures.count, looks = most && most < all ? most : all;
    gt_status st = GT_OK;
    for (int64_t k = 0; k < looks && !st; k++) {
        int64_t i = k * all / looks;
        gt_progress();
        st = fingerprint_one(f, i, buffer, h);
        if (st) gt_wrap(st, "'%s': '%s'", f->path, f->pictures.names[i]);
    }
    free(buffer);
    return st;
}

/* Every picture's name, in order; one of a kind that cannot be read is an error. */
static gt_status list_pictures(folder *f) {
    gt_status st = gt_folder_list(&f->list, f->path, gt_picture_is_name);
    gt_names_sort(&f->list, gt_by_code_points);
    if (!st && !(f->pictures.names = malloc((f->list.count + 1) * sizeof *f->pictures.names)))
        st = gt_fail(GT_NOMEM, "out of memory for a list of %zu pictures", f->list.count);
    for (size_t i = 0; i < f->list.count && !st; i++) {
        bool accepted;
        const char *name = gt_names_at(&f->list, i);
        st = gt_pictures_accept(name, &accepted);
        if (st) gt_wrap(st, "'%s'", f->path);
        if (accepted) f->pictures.names[f->pictures.count++] = name;
    }
    return st;
}

static gt_status read_notes(folder *f, gt_notes *notes) {
    char *path = gt_path_join(f->path, GT_NOTES_FILE);
    if (!path) return GT_NOMEM;
    void *text = NULL;
    size_t n;
    gt_status st = access(path, F_OK) == 0 ? gt_file_read(path, GT_NOTES_MOST, &text, &n) : GT_OK;
    if (text && (st = gt_notes_parse(notes, text, n, f->pictures.names, f->pictures.count))) gt_wrap(st, "'%s'", path);
    free(text);
    free(path);
    return st;
}

static gt_status open_folder(gt_stored *s, const char *spec) {
    folder *f = calloc(1, sizeof *f);
    if (!f) return gt_fail(GT_NOMEM, "out of memory for opening '%s'", spec);
    s->state = f;
    s->close = close_folder;
    s->read = read_picture;
    s->fingerprint = fingerprint;
    if (!(f->path = strdup(spec))) return gt_fail(GT_NOMEM, "out of memory for opening '%s'", spec);
    f->pictures = (gt_pictures){.path = f->path, .peek = peek, .load = load, .state = f};
    gt_status st = list_pictures(f);
    if (!st) st = gt_pictures_survey(&f->pictures, s);
    if (!st) st = read_notes(f, &s->notes);
    return st ? st : gt_pictures_name_channels(&f->pictures, &s->notes);
}

const gt_stored_kind gt_stored_folder = {.name = "folder", .claims = claims, .open = open_folder};
