/* SPDX-License-Identifier: Apache-2.0
 * DESIGN
 * Whether a finished DEST was made by the same command is told by making its images again and comparing them with what
 * stands there. The result is the same bytes whenever the command is the same, so nothing need be kept: no mark in the
 * result (its bytes are those of the interchange format), no file beside it (that would stay behind when the dataset is
 * moved, or speak for another one that took its place), no extended attribute (many cluster file systems have none). It
 * costs what making costs without the writing, the first image that differs ends it, and a DEST that was damaged since
 * is not taken for a good one.
 *
 * Who needs it: a split that was ended while it made a later part, and a job script that a scheduler starts again, give
 * the same command, and it must resume behind what is finished. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/door/source.h"
#include "features/dataset/tool.h"
#include "base/door/progress.h"

#define WAYS_OUT "replace it with --overwrite, or choose another destination"

gt_status gt_dest_differs(const gt_dest *d, const char *what) {
    char image[32];
    snprintf(image, sizeof image, "image %zu", d->n);
    return gt_fail(GT_USAGE, "'%s' already exists and is not what this command makes (%s differs): " WAYS_OUT, d->path,
                   what ? what : image);
}

gt_status gt_dest_failed(const char *path, int error) { return gt_fail(GT_FAILED, "'%s': %s", path, strerror(error)); }

gt_status gt_dest_taken(const char *path) {
    return gt_fail(GT_USAGE,
                   "'%s' was created by another process in the meantime; this command's result is kept beside it: move "
                   "that file away or add --overwrite, and the same command resumes",
                   path);
}

/* ---- files ---- */

gt_status gt_existing_bytes(gt_dest *d, const void *bytes, size_t n) {
    enum { PIECE = 1 << 16 };
    char piece[PIECE];
    const char *at = bytes;
    while (n) {
        ssize_t got = pread(d->fd, piece, n < PIECE ? n : PIECE, (off_t)d->offset);
        if (got < 0) return gt_fail(GT_FAILED, "'%s' cannot be read: %s", d->path, strerror(errno));
        if (got == 0 || memcmp(piece, at, (size_t)got)) return gt_dest_differs(d, NULL);
        at += got;
        n -= (size_t)got;
        d->offset += (uint64_t)got;
    }
    return GT_OK;
}

gt_status gt_existing_end(gt_dest *d) {
    struct stat s;
    if (fstat(d->fd, &s)) return gt_dest_failed(d->path, errno);
    return (uint64_t)s.st_size == d->offset ? GT_OK : gt_dest_differs(d, "its end");
}

/* ---- folders ---- */

gt_status gt_existing_file(gt_dest *d, const char *name, const void *bytes, size_t n) {
    gt_dest file = {
        .path = d->path, .n = d->n, .fd = openat(d->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    if (file.fd < 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
        return gt_fail(GT_FAILED, "'%s/%s' cannot be read: %s", d->path, name, strerror(errno));
    struct stat s;
    bool same = file.fd >= 0 && !fstat(file.fd, &s) && S_ISREG(s.st_mode) && (uint64_t)s.st_size == n;
    gt_status st = same ? gt_existing_bytes(&file, bytes, n) : gt_dest_differs(d, name);
    if (file.fd >= 0) close(file.fd);
    return st;
}

/* Is the name `before`, `least` to `most` digits, and `behind`? */
static bool is_numbered(const char *name, const char *before, size_t least, size_t most, const char *behind) {
    size_t n = strlen(before);
    if (strncmp(name, before, n)) return false;
    size_t digits = strspn(name + n, "0123456789");
    return digits >= least && digits <= most && !strcmp(name + n + digits, behind);
}

typedef struct walk {
    gt_folder_walk how;
    int64_t files;
    char *foreign;
    int error;
} walk;

static bool walk_on(const walk *w) { return !w->error && !w->foreign; }

static void keep_foreign(walk *w, const char *folder, const char *name) {
    if (asprintf(&w->foreign, "%s%s%s", folder, *folder ? "/" : "", name) < 0) w->foreign = NULL, w->error = ENOMEM;
}

static bool is_kind(int fd, const struct dirent *e, bool folder) {
    struct stat s;
    if (e->d_type != DT_UNKNOWN) return e->d_type == (folder ? DT_DIR : DT_REG);
    return !fstatat(fd, e->d_name, &s, AT_SYMLINK_NOFOLLOW) && (folder ? S_ISDIR(s.st_mode) : S_ISREG(s.st_mode));
}

static void walk_folder(walk *w, int root, const char *name);

/* What lies in the folder `name` of pictures, or in the root (""). */
static void walk_entry(walk *w, int root, int fd, const char *name, const struct dirent *e) {
    char path[GT_ENTRY_NAME_BYTES];
    bool masks = !strcmp(name, "masks"),
         notes = !*name && (!strcmp(e->d_name, GT_NOTES_FILE) || !strcmp(e->d_name, GT_LEAVES_FILE)),
         picture = *name && !masks && is_numbered(e->d_name, "img", 8, 10, ".png");
    bool folder = (!*name && !strcmp(e->d_name, "masks")) ||
                  ((!*name || masks) && is_numbered(e->d_name, "", 5, 5, "")),
         removes = w->how == GT_FOLDER_REMOVE;
    snprintf(path, sizeof path, "%s%s%.8s", name, *name ? "/" : "", e->d_name);
    gt_progress();
    if (!(notes || picture || folder) || !is_kind(fd, e, folder)) {
        keep_foreign(w, name, e->d_name);
    } else if (!folder) {
        w->files++;
        if (picture && removes && unlinkat(fd, e->d_name, 0)) w->error = errno;
    } else if (w->how == GT_FOLDER_ROOT) {
        w->files++;
    } else {
        walk_folder(w, root, path);
        if (walk_on(w) && removes && unlinkat(fd, e->d_name, AT_REMOVEDIR)) w->error = errno;
    }
}

static void walk_folder(walk *w, int root, const char *name) {
    int fd = openat(root, *name ? name : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        w->error = errno;
        if (fd >= 0) close(fd);
        return;
    }
    for (struct dirent *e; walk_on(w) && (e = readdir(dir));)
        if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..")) walk_entry(w, root, fd, name, e);
    closedir(dir);
}

int gt_existing_folder(const char *path, gt_folder_walk how, int64_t *files, char **foreign) {
    bool removes = how == GT_FOLDER_REMOVE;
    walk w = {.how = removes ? GT_FOLDER_WALK : how};
    int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *foreign = NULL;
    *files = 0;
    if (root < 0) return errno;
    walk_folder(&w, root, "");
    if (removes && walk_on(&w)) { /* nothing foreign in it */
        w.how = how;
        walk_folder(&w, root, "");
        static const char *const last[] = {GT_LEAVES_FILE, GT_NOTES_FILE};
        for (int i = 0; i < 2; i++)
            if (walk_on(&w) && unlinkat(root, last[i], 0) && errno != ENOENT) w.error = errno;
    }
    close(root);
    *files = w.files;
    *foreign = w.foreign;
    return w.error;
}

int gt_existing_remove(const char *path) {
    int64_t files;
    GT_FREED char *foreign = NULL;
    int error = gt_existing_folder(path, GT_FOLDER_REMOVE, &files, &foreign);
    if (foreign) error = ENOTEMPTY; /* somebody put something there */
    return error ? error : rmdir(path) ? errno : 0;
}

/* ---- before anything is read ---- */

/* *files: see gt_existing_folder; at least 1 where the number is unknown. */
static gt_status check_folder(const gt_convert_request *r, gt_folder_walk how, int64_t *files) {
    GT_FREED char *foreign = NULL;
    int error = gt_existing_folder(r->dest, how, files, &foreign);
    *files += error || foreign;
    gt_status st = error ? gt_dest_failed(r->dest, error) : GT_OK;
    if (foreign)
        st = gt_fail(
            GT_USAGE,
            "the folder '%s' already exists, and '%s' in it is not part of a dataset: choose another destination%s",
            r->dest, foreign, r->overwrite ? " (--overwrite removes only datasets)" : "");
    return st;
}

gt_status gt_existing_replaceable(const gt_convert_request *r) {
    int64_t files;
    return gt_dest_kind_of(r) == &gt_dest_folder ? check_folder(r, GT_FOLDER_WALK, &files) : GT_OK;
}

static gt_status check_existing_folder(const gt_convert_request *r, const struct stat *s, bool link, bool *exists) {
    if (!S_ISDIR(s->st_mode))
        return gt_fail(GT_USAGE,
                       "'%s' already exists and is not a folder: remove it, or choose another destination (FILE.zip, "
                       "FILE.h5 or a folder)",
                       r->dest);
    int64_t files;
    gt_status st = check_folder(r, GT_FOLDER_ROOT, &files);
    *exists = files > 0;
    if (link && (!*exists || r->overwrite))
        return gt_fail(GT_USAGE,
                       "'%s' is a link to a folder and cannot be replaced: name the folder itself as the destination",
                       r->dest);
    return st;
}

static gt_status check_existing_file(const gt_convert_request *r, const struct stat *s, bool *exists) {
    if (S_ISDIR(s->st_mode))
        return gt_fail(GT_USAGE, "'%s' is a folder: remove it, choose another destination, or write '%s/' for a folder",
                       r->dest, r->dest);
    if (!S_ISREG(s->st_mode))
        return gt_fail(GT_USAGE, "'%s' already exists and is not a file: remove it, or choose another destination",
                       r->dest);
    *exists = true;
    if (r->overwrite) return GT_OK;
    if (access(r->dest, R_OK)) return gt_fail(GT_FAILED, "'%s' already exists: %s", r->dest, strerror(errno));
    bool zip = gt_dest_kind_of(r) == &gt_dest_zip;
    if (zip ? gt_file_begins(r->dest, 0, "PK\3\4", 4) : gt_h5_is(r->dest)) return GT_OK;
    return gt_fail(GT_USAGE, "'%s' already exists and is not what this command makes (%s): " WAYS_OUT, r->dest,
                   zip ? "it is not a ZIP archive" : "it is not an HDF5 file");
}

gt_status gt_dest_exists(const gt_convert_request *r, bool *exists) {
    struct stat s;
    *exists = false;
    if (lstat(r->dest, &s)) return GT_OK; /* what keeps it from being made shows when it is */
    bool link = S_ISLNK(s.st_mode);
    if (stat(r->dest, &s))
        return gt_fail(GT_USAGE, "'%s' is a broken link: remove it, or choose another destination", r->dest);
    return gt_dest_kind_of(r) == &gt_dest_folder ? check_existing_folder(r, &s, link, exists)
                                                 : check_existing_file(r, &s, exists);
}
