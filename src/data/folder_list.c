/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "data/folder_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/progress.h"

enum { DEPTH_MOST = 64 };

typedef struct walk {
    gt_name_list *list;
    bool (*accept)(const char *name);
    size_t root;         /* bytes of the root and its slash in `path` */
    char path[PATH_MAX]; /* of what is being looked at */
} walk;

static gt_status list_folder(walk *w, size_t length, int depth);

typedef enum entry_kind { NOTHING, FILE_ENTRY, FOLDER_ENTRY } entry_kind;

/* Most file systems tell with the name what it is of; asking for each file is slow on a network. */
static entry_kind kind_of(DIR *dir, const struct dirent *e) {
    struct stat s;
    if (e->d_type == DT_REG) return FILE_ENTRY;
    if (e->d_type == DT_DIR) return FOLDER_ENTRY;
    if (fstatat(dirfd(dir), e->d_name, &s, AT_SYMLINK_NOFOLLOW) != 0) return NOTHING; /* gone in the meantime */
    if (S_ISDIR(s.st_mode)) return FOLDER_ENTRY;
    bool to_folder = S_ISLNK(s.st_mode) && fstatat(dirfd(dir), e->d_name, &s, 0) == 0 && S_ISDIR(s.st_mode);
    return to_folder ? NOTHING : FILE_ENTRY; /* also a dead link: it is named when it is read */
}

/* w->path[0 .. length) is the folder with a slash behind it. */
static gt_status list_one(walk *w, DIR *dir, size_t length, const struct dirent *e, int depth) {
    size_t more = strlen(e->d_name);
    entry_kind kind = kind_of(dir, e);
    gt_progress();
    if (length + more + 2 > sizeof w->path) return gt_fail(GT_FORMAT, "'%.*s%s': the path is too long", (int)length, w->path, e->d_name);
    memcpy(w->path + length, e->d_name, more + 1);
    if (kind == FOLDER_ENTRY) {
        memcpy(w->path + length + more, "/", 2);
        return list_folder(w, length + more + 1, depth + 1);
    }
    const char *name = w->path + w->root;
    return kind == FILE_ENTRY && w->accept(name) ? gt_names_add(w->list, name, strlen(name)) : GT_OK;
}

static gt_status list_folder(walk *w, size_t length, int depth) {
    if (depth > DEPTH_MOST) return gt_fail(GT_FORMAT, "'%s': folders are nested more than %d deep", w->path, DEPTH_MOST);
    DIR *dir = opendir(w->path);
    if (!dir) return gt_fail(GT_FAILED, "'%s' cannot be listed: %s", w->path, strerror(errno));
    gt_status st = GT_OK;
    for (struct dirent *e; !st && (errno = 0, e = readdir(dir));)
        if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..")) st = list_one(w, dir, length, e, depth);
    int error = errno;
    w->path[length] = 0;
    if (!st && error) st = gt_fail(GT_FAILED, "'%s' cannot be listed: %s", w->path, strerror(error));
    closedir(dir);
    return st;
}

gt_status gt_folder_list(gt_name_list *l, const char *path, bool (*accept)(const char *name)) {
    walk w = {.list = l, .accept = accept};
    int n = snprintf(w.path, sizeof w.path, "%s/", path);
    if (n < 0 || (size_t)n >= sizeof w.path) return gt_fail(GT_FORMAT, "'%s': the path is too long", path);
    w.root = (size_t)n;
    return list_folder(&w, w.root, 0);
}
