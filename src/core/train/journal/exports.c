/* SPDX-License-Identifier: Apache-2.0
 * --export: networks for other programs beside the checkpoints of a run. Each checkpoint that is there has its files,
 * and files of checkpoints that are gone go, so that the rules of --keep are those of these files, too. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/door/file.h"
#include "base/door/log.h"
#include "base/door/progress.h"
#include "run/door/checkpoint_internal.h"
#include "train/journal/journal.h"
#include "runner/export/door/export.h"

#define SNAPSHOT "network-snapshot-"

typedef struct exports {
    const char *dir;
    const gt_export_form *forms[GT_EXPORT_MOST_FORMS];
    int n;
} exports;

gt_status gt_exports_check(const gt_engine *e) {
    exports x;
    return gt_export_forms(e->job->export, e->model, x.forms, &x.n);
}

/* Whatever else has the name of one is somebody's. */
static bool is_file(const char *path) {
    struct stat s;
    return !lstat(path, &s) && S_ISREG(s.st_mode);
}

static gt_status export_one(const exports *x, const gt_export_form *form, int64_t images) {
    char path[4200];
    snprintf(path, sizeof path, "%s/" SNAPSHOT "%09lld.%s", x->dir, (long long)images, form->name);
    if (is_file(path)) return GT_OK;
    GT_FREED char *checkpoint = checkpoint_path(x->dir, images);
    return checkpoint ? gt_export(&(gt_export_request){.checkpoint = checkpoint, .out = path}, NULL) : GT_NOMEM;
}

/* The images of the checkpoint that a file of this name belongs to, of any form; -1: the file is not an export. */
static int64_t images_of(const char *name) {
    long long images;
    char again[GT_NAME_BYTES];
    const char *dot = strrchr(name, '.');
    if (!dot || !gt_export_is_form(dot + 1) || sscanf(name, SNAPSHOT "%18lld", &images) != 1 || images < 0) return -1;
    snprintf(again, sizeof again, SNAPSHOT "%09lld%s", images, dot);
    return strcmp(name, again) ? -1 : images;
}

static bool is_among(const checkpoint_place *list, int n, int64_t images) {
    for (int i = 0; i < n; i++)
        if (list[i].images == images) return true;
    return false;
}

static gt_status remove_old(const exports *x, const checkpoint_place *list, int n) {
    DIR *d = opendir(x->dir);
    if (!d) return gt_fail(GT_FAILED, "cannot read the directory '%s': %s", x->dir, strerror(errno));
    gt_status st = GT_OK;
    for (struct dirent *entry; !st && (entry = readdir(d));) {
        int64_t images = images_of(entry->d_name);
        if (images < 0 || is_among(list, n, images)) continue;
        GT_FREED char *path = gt_path_join(x->dir, entry->d_name);
        int error = !path ? ENOMEM : is_file(path) ? gt_file_remove(path) : 0;
        if (error) st = gt_fail(GT_FAILED, "cannot remove '%s': %s", entry->d_name, strerror(error));
    }
    closedir(d);
    return st;
}

static gt_status export_all(const exports *x) {
    GT_FREED checkpoint_place *list = NULL;
    int n;
    gt_status st = checkpoint_list(x->dir, &list, &n);
    if (!st) st = remove_old(x, list, n); /* first: it makes room */
    for (int i = 0; i < n; i++)
        for (int k = 0; k < x->n && !st; k++) st = export_one(x, x->forms[k], list[i].images);
    return st;
}

void gt_exports_try(const gt_engine *e, gt_journal *j) {
    exports x = {.dir = j->dir};
    if (gt_export_forms(e->job->export, e->model, x.forms, &x.n) || !x.n) return;
    gt_storage_begin("writing", "networks for other programs");
    gt_log_outcome(&j->export_failing, export_all(&x) != GT_OK, "--export");
    gt_storage_end();
}

void gt_exports_saved(const gt_engine *e, gt_journal *j, gt_saver_state news) {
    if (news == GT_SAVER_WRITTEN) gt_exports_try(e, j);
}
