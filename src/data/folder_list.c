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

enum { DEPTH_MOST = 64 };

typedef struct walk {
    gt_name_list *list;
    bool (*accept)(const char *name);
    size_t root;         /* bytes of the root and its slash in `path` */
    char path[PATH_MAX]; /* of what is being looked at */
} walk;

static gt_status list_folder(walk *w, size_t length, int depth);

/* w->path[0 .. length) is the folder with a slash behind it. */
static gt_status list_one(walk *w, DIR *dir, size_t length, const char *leaf, int depth) {
    struct stat s;
    if (fstatat(dirfd(dir), leaf, &s, AT_SYMLINK_NOFOLLOW) != 0) return GT_OK; /* gone in the meantime */
    bool link = S_ISLNK(s.st_mode);
    if (link && fstatat(dirfd(dir), leaf, &s, 0) != 0) s.st_mode = S_IFREG; /* a dead link is named when it is read */
    size_t more = strlen(leaf);
    if (length + more + 2 > sizeof w->path) return gt_fail(GT_FORMAT, "'%.*s%s': the path is too long", (int)length, w->path, leaf);
    memcpy(w->path + length, leaf, more + 1);
    if (S_ISDIR(s.st_mode)) {
        if (link) return GT_OK;
        memcpy(w->path + length + more, "/", 2);
        return list_folder(w, length + more + 1, depth + 1);
    }
    const char *name = w->path + w->root;
    return w->accept(name) ? gt_names_add(w->list, name, strlen(name)) : GT_OK;
}

static gt_status list_folder(walk *w, size_t length, int depth) {
    if (depth > DEPTH_MOST) return gt_fail(GT_FORMAT, "'%s': folders are nested more than %d deep", w->path, DEPTH_MOST);
    DIR *dir = opendir(w->path);
    if (!dir) return gt_fail(GT_FAILED, "'%s' cannot be listed: %s", w->path, strerror(errno));
    gt_status st = GT_OK;
    for (struct dirent *e; !st && (errno = 0, e = readdir(dir));)
        if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..")) st = list_one(w, dir, length, e->d_name, depth);
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
