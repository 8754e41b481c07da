/* SPDX-License-Identifier: Apache-2.0
 * A folder with the files of the interchange format. It grows as DEST.part and gets its name when it is whole. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alive.h"
#include "pack/pack.h"

static bool claims(const char *path) {
    (void)path;
    return true;
}

static double bytes(const gt_picture *shape, int64_t images) { return gt_dest_zip.bytes(shape, images); }

/* A folder that is there already must be empty. */
static gt_status check_empty(const char *path) {
    DIR *dir = opendir(path);
    if (!dir && errno == ENOENT) return GT_OK;
    if (!dir) return gt_fail(GT_USAGE, "destination '%s': %s (FILE.zip, FILE.h5 or a folder)", path, strerror(errno));
    int entries = 0;
    while (readdir(dir)) entries++;
    closedir(dir);
    return entries > 2 ? gt_fail(GT_USAGE, "destination folder '%s' must be empty", path) : GT_OK;
}

static gt_status make_folder(const char *path) {
    return mkdir(path, 0777) && errno != EEXIST ? gt_fail(GT_FAILED, "cannot create the folder '%s': %s", path, strerror(errno)) : GT_OK;
}

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *where) {
    (void)s, (void)kind, (void)where;
    gt_alive();
    return remove(path);
}

/* The part is ours (gt_journal_open). What an earlier run of another kind left in it goes away; files that this one wrote and did not
 * account for are made anew. */
static gt_status begin(gt_dest *d) {
    enum { OPEN_FOLDERS = 8 };
    gt_status st = check_empty(d->path);
    if (!st && !d->n && nftw(d->part, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS) && errno != ENOENT)
        st = gt_fail(GT_FAILED, "what an earlier run left in '%s' cannot be removed: %s", d->part, strerror(errno));
    if (!st) st = make_folder(d->part);
    if (st) return st;
    d->fd = open(d->part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return d->fd < 0 ? gt_fail(GT_FAILED, "'%s': %s", d->part, strerror(errno)) : GT_OK;
}

static gt_status write_file(gt_dest *d, const char *name, const void *data, size_t n) {
    int fd = openat(d->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 && errno == ENOENT) {
        char folder[GT_ENTRY_NAME_BYTES];
        snprintf(folder, sizeof folder, "%.*s", (int)strcspn(name, "/"), name);
        mkdirat(d->fd, folder, 0777);
        fd = openat(d->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    }
    int error = fd < 0 ? errno : gt_write_all(fd, data, n);
    if (fd >= 0 && close(fd) && !error) error = errno;
    return error ? gt_fail(GT_FAILED, "cannot write '%s/%s': %s", d->part, name, strerror(error)) : GT_OK;
}

static gt_status put(gt_dest *d, const gt_entry *e, const void *data) {
    char name[GT_ENTRY_NAME_BYTES];
    gt_entry_name(e->item, name);
    return write_file(d, name, data, e->size);
}

static gt_status sync_all(gt_dest *d) { return syncfs(d->fd) ? gt_fail(GT_FAILED, "cannot sync '%s': %s", d->part, strerror(errno)) : GT_OK; }

static gt_status finish(gt_dest *d) {
    gt_buffer notes = {0};
    gt_status st = gt_dest_notes(d, &notes);
    if (!st) st = write_file(d, "dataset.json", notes.data, notes.n);
    gt_buffer_free(&notes);
    if (!st) st = sync_all(d);
    if (!st && rename(d->part, d->path)) /* over an empty folder */
        st = gt_fail(GT_FAILED, "'%s' cannot be finished as '%s': %s", d->part, d->path, strerror(errno));
    return st ? st : gt_sync_parent(d->path);
}

const gt_dest_kind gt_dest_folder = {.name = "folder",
                                     .claims = claims,
                                     .check = gt_png_check,
                                     .bytes = bytes,
                                     .encode = gt_png_of_picture,
                                     .begin = begin,
                                     .put = put,
                                     .sync = sync_all,
                                     .finish = finish};
