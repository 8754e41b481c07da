/* SPDX-License-Identifier: Apache-2.0
 * Finds the files of CIFAR: see cifar.h. */
#include "features/cifar/cifar.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/door/file.h"
#include "files/codec/door/pickle.h"
#include "gantry/memory.h"
#include "gantry/option.h"
#include "gantry/picture.h"

const gt_cifar_kind gt_cifar_kinds[GT_CIFAR_KINDS] = {{"data_batch_1", 0, 5, 0},
                                                      {"data_batch_2", 1, 5, 0},
                                                      {"data_batch_3", 2, 5, 0},
                                                      {"data_batch_4", 3, 5, 0},
                                                      {"data_batch_5", 4, 5, 0},
                                                      {"batches.meta", -1, 5, 0},
                                                      {"train", 0, 1, 0},
                                                      {"meta", -1, 1, 0},
                                                      {"data_batch_1.bin", 0, 5, 1},
                                                      {"data_batch_2.bin", 1, 5, 1},
                                                      {"data_batch_3.bin", 2, 5, 1},
                                                      {"data_batch_4.bin", 3, 5, 1},
                                                      {"data_batch_5.bin", 4, 5, 1},
                                                      {"batches.meta.txt", -1, 5, 1},
                                                      {"train.bin", 0, 1, 2},
                                                      {"fine_label_names.txt", -1, 1, 2},
                                                      {"coarse_label_names.txt", -1, 1, 2}};

void gt_cifar_forget(char *path[GT_CIFAR_KINDS]) {
    for (int i = 0; i < GT_CIFAR_KINDS; i++) {
        free(path[i]);
        path[i] = NULL;
    }
}

/* ---- by names ---- */

/* `of`: of a multiple of so many bytes. */
static bool has_file_of(const char *folder, const char *name, off_t of) {
    GT_FREED char *path = gt_path_join(folder, name);
    struct stat s;
    return path && !stat(path, &s) && S_ISREG(s.st_mode) && s.st_size % of == 0;
}

static bool has_file(const char *folder, const char *name) { return has_file_of(folder, name, 1); }

static bool has_names(const char *folder) {
    return has_file(folder, "data_batch_1") || has_file(folder, "data_batch_1.bin") ||
           has_file_of(folder, "train.bin", 2 + GT_CIFAR_IMAGE) ||
           (has_file(folder, "train") && has_file(folder, "meta"));
}

static gt_status take_names(const char *folder, char *path[GT_CIFAR_KINDS]) {
    for (int i = 0; i < GT_CIFAR_KINDS; i++) {
        if (!has_file(folder, gt_cifar_kinds[i].name)) continue;
        if (!(path[i] = gt_path_join(folder, gt_cifar_kinds[i].name)))
            return gt_fail(GT_NOMEM, "out of memory for a file name");
    }
    return GT_OK;
}

/* ---- by contents ---- */

/* What a pickle says of itself: "training batch 2 of 5". Test sets are not taken along. -1: nothing. */
static int kind_of_table(const gt_pickle *table) {
    const gt_pickle *label = gt_pickle_get(table, "batch_label");
    char name[32] = "", text[64] = "";
    int batch, of;
    if (label && label->bytes && (label->kind == GT_PICKLE_BYTES || label->kind == GT_PICKLE_TEXT))
        snprintf(text, sizeof text, "%.*s", label->n < sizeof text ? (int)label->n : 0, label->bytes);
    if (sscanf(text, "training batch %2d of %2d", &batch, &of) == 2 && of == 5)
        snprintf(name, sizeof name, "data_batch_%d", batch);
    else if (*text && !strcmp(text, "training batch 1 of 1")) strcpy(name, "train");
    else if (gt_pickle_get(table, "label_names")) strcpy(name, "batches.meta");
    else if (gt_pickle_get(table, "fine_label_names")) strcpy(name, "meta");
    int i = GT_CIFAR_KINDS - 1;
    while (i >= 0 && !gt_is(gt_cifar_kinds[i].name, name)) i--;
    return i;
}

static int kind_of_file(const char *path) {
    struct stat s;
    int kind = -1, fd = gt_kind_of_file(path) == GT_KIND_PICKLE ? gt_file_open(path, O_RDONLY) : -1;
    GT_ARENA gt_arena *arena = fd < 0 ? NULL : gt_arena_new();
    gt_pickle *root;
    if (arena && !fstat(fd, &s)) {
        gt_pickle_input in = {.fd = fd, .end = (uint64_t)s.st_size};
        if (!gt_pickle_read_from(&root, arena, &in, gt_pickle_numpy_names)) kind = kind_of_table(root);
    }
    if (fd >= 0) close(fd);
    return kind;
}

/* ---- the search ---- */

/* Of folders with more entries, or deeper ones, nobody expects these files: folders of pictures are large. */
enum { ENTRIES_MOST = 64, DEPTH_MOST = 8, FOLDERS_MOST = 256 };

typedef struct search {
    char **path;  /* [GT_CIFAR_KINDS] */
    char *folder; /* where they lie; NULL: not found yet */
    int depth, folders;
} search;

static bool may_hold(const char *folder) {
    DIR *d = opendir(folder);
    int n = 0;
    bool picture = false;
    for (struct dirent *e; d && !picture && n <= ENTRIES_MOST && (e = readdir(d)); n++)
        picture = gt_picture_is_name(e->d_name);
    if (d) closedir(d);
    return d && !picture && n <= ENTRIES_MOST;
}

static gt_status note_folder(search *s, const char *folder) {
    if (s->folder)
        return gt_fail(GT_FORMAT, "holds CIFAR in '%s' and in '%s': give one of these folders", s->folder, folder);
    s->folder = strdup(folder);
    return s->folder ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a file name");
}

static gt_status look_into(search *s, const char *folder);

typedef struct looking {
    search *s;
    bool files; /* else folders */
    bool any;   /* a batch among the files */
} looking;

static gt_status visit(void *arg, const char *path, const char *name) {
    looking *l = arg;
    bool folder = gt_is_directory(path);
    if (folder == l->files || *name == '.') return GT_OK;
    if (folder) return look_into(l->s, path);
    int kind = kind_of_file(path);
    if (kind < 0) return GT_OK;
    if (l->s->path[kind])
        return gt_fail(GT_FORMAT, "'%s' and '%s' are both '%s' of CIFAR", l->s->path[kind], path,
                       gt_cifar_kinds[kind].name);
    l->any |= gt_cifar_kinds[kind].batch >= 0;
    l->s->path[kind] = strdup(path);
    return l->s->path[kind] ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a file name");
}

static gt_status look_into(search *s, const char *folder) {
    if (s->folders++ >= FOLDERS_MOST || !may_hold(folder)) return GT_OK;
    char *found[GT_CIFAR_KINDS] = {0}, **before = s->path;
    looking l = {.s = s, .files = true, .any = has_names(folder)};
    s->path = found;
    gt_status st = l.any ? take_names(folder, found) : gt_folder_each(folder, visit, &l);
    s->path = before;
    if (!st && l.any && !(st = note_folder(s, folder))) {
        memcpy(before, found, sizeof found);
        return GT_OK;
    }
    gt_cifar_forget(found);
    l.files = false;
    if (st || s->depth == DEPTH_MOST) return st;
    s->depth++;
    st = gt_folder_each(folder, visit, &l);
    s->depth--;
    return st;
}

gt_status gt_cifar_find(const char *folder, char *path[GT_CIFAR_KINDS]) {
    search s = {.path = path};
    memset(path, 0, GT_CIFAR_KINDS * sizeof *path);
    gt_status st = has_names(folder) ? take_names(folder, path) : look_into(&s, folder);
    free(s.folder);
    if (st) gt_cifar_forget(path);
    return st;
}
