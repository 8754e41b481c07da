/* SPDX-License-Identifier: Apache-2.0
 * A folder with the files of the interchange format. The folder grows as DEST.part and gets its name when all files are
 * there. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/door/source.h"
#include "features/dataset/tool.h"

static double folder_bytes(const gt_picture *shape, int64_t images) { return gt_dest_zip.bytes(shape, images); }

static gt_status make_folder(const char *path) {
    return mkdir(path, 0777) && errno != EEXIST
               ? gt_fail(GT_FAILED, "cannot create the folder '%s': %s", path, gt_error_text(errno, path))
               : GT_OK;
}

static gt_status open_folder(gt_dest *d, const char *path) {
    d->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return d->fd < 0 ? gt_dest_failed(path, errno) : GT_OK;
}

/* Files that an earlier run wrote and did not account for are made anew. */
static gt_status begin_folder(gt_dest *d) {
    if (d->comparing) return open_folder(d, d->path);
    gt_status st = gt_part_clear(d);
    if (!st) st = make_folder(d->part);
    return st ? st : open_folder(d, d->part);
}

static gt_status write_file(gt_dest *d, const char *name, const void *data, size_t n) {
    if (d->comparing) return gt_existing_file(d, name, data, n);
    int fd = openat(d->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 && errno == ENOENT) {
        for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
            char folder[GT_ENTRY_NAME_BYTES];
            snprintf(folder, sizeof folder, "%.*s", (int)(slash - name), name);
            mkdirat(d->fd, folder, 0777);
        }
        fd = openat(d->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    }
    int error = fd < 0 ? errno : gt_write_all(fd, data, n);
    if (fd >= 0 && close(fd) && !error) error = errno;
    return error ? gt_fail(GT_FAILED, "cannot write '%s/%s': %s", d->part, name, gt_error_text(error, d->part)) : GT_OK;
}

static gt_status put_files(gt_dest *d, const gt_entry *e, const void *data) {
    char name[GT_ENTRY_NAME_BYTES];
    gt_entry_name(e->item, name);
    gt_status st = write_file(d, name, data, e->size);
    gt_entry_mask_name(e->item, name);
    return st || !e->mask_size ? st : write_file(d, name, (const char *)data + e->size, e->mask_size);
}

static gt_status read_file(const gt_dest *d, const char *name, void *bytes, size_t n) {
    int fd = openat(d->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    gt_status st = fd < 0 ? gt_dest_failed(name, errno) : gt_read_at(fd, 0, bytes, n);
    if (fd >= 0) close(fd);
    return st;
}

static gt_status read_back(gt_dest *d, const gt_entry *e, uint64_t *at, void *bytes) {
    char name[GT_ENTRY_NAME_BYTES];
    (void)at;
    gt_entry_name(e->item, name);
    gt_status st = read_file(d, name, bytes, e->size);
    gt_entry_mask_name(e->item, name);
    return st || !e->mask_size ? st : read_file(d, name, (char *)bytes + e->size, e->mask_size);
}

static gt_status sync_all(gt_dest *d) {
    return syncfs(d->fd) ? gt_fail(GT_FAILED, "cannot sync '%s': %s", d->part, strerror(errno)) : GT_OK;
}

/* No file more than those that were compared. */
static gt_status compare_files(gt_dest *d) {
    int64_t files, wanted = (int64_t)d->n * (d->items->info.masks ? 2 : 1) + (d->leafless ? 1 : 2);
    GT_FREED char *foreign = NULL;
    int error = gt_existing_folder(d->path, GT_FOLDER_WALK, &files, &foreign);
    return error             ? gt_dest_failed(d->path, error)
           : foreign         ? gt_dest_differs(d, foreign)
           : files != wanted ? gt_dest_differs(d, "the number of its files")
                             : GT_OK;
}

/* The old folder takes the name of DEST.part and is then removed. From that moment DEST.part is the old folder: the
 * progress file must not say any more that it holds images of this run. Where the two cannot change places at once, the
 * old one goes first. */
static gt_status replace_folder(gt_dest *d) {
    int error = rename(d->part, d->path) ? errno : 0;
    if (error == ENOTEMPTY || error == EEXIST) { /* else there was none, or an empty one */
        if (!d->replaces) return gt_dest_taken(d->path);
        gt_status st = gt_progress_file_cut(d->progress);
        if (st) return st;
        bool changed = !renameat2(AT_FDCWD, d->part, AT_FDCWD, d->path, RENAME_EXCHANGE);
        error = gt_existing_remove(changed ? d->part : d->path);
        if (!changed && !error) error = rename(d->part, d->path) ? errno : 0;
    }
    return error ? gt_fail(GT_FAILED, "'%s' cannot be finished as '%s': %s", d->part, d->path, strerror(error)) : GT_OK;
}

static gt_status finish_folder(gt_dest *d) {
    GT_BUFFER gt_buffer notes = {0}, leaves = {0};
    d->leafless = d->comparing && faccessat(d->fd, GT_LEAVES_FILE, F_OK, 0);
    gt_status st = d->leafless ? GT_OK : gt_dest_leaves(d, &leaves);
    if (!st && !d->leafless) st = write_file(d, GT_LEAVES_FILE, leaves.data, leaves.n);
    if (!st) st = gt_dest_json(d, &notes);
    if (!st) st = write_file(d, GT_NOTES_FILE, notes.data, notes.n);
    if (d->comparing) return st ? st : compare_files(d);
    if (!st) st = sync_all(d);
    if (!st) st = replace_folder(d);
    return st ? st : gt_sync_parent(d->path);
}

const gt_dest_kind gt_dest_folder = {.name = "folder",
                                     .check = gt_png_check,
                                     .bytes = folder_bytes,
                                     .encode = gt_png_of_picture,
                                     .begin = begin_folder,
                                     .put = put_files,
                                     .sync = sync_all,
                                     .read_back = read_back,
                                     .decode = gt_picture_of_png,
                                     .finish = finish_folder};
