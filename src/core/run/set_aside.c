/* SPDX-License-Identifier: Apache-2.0
 * Moves the files of an earlier run aside when a run begins anew (--restart). No file is deleted. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "run/door/rundir.h"
#include "run/door/checkpoint_internal.h"

gt_status gt_rundir_set_aside(const char *dir, char **aside) {
    GT_FREED struct dirent **entries = NULL;
    *aside = NULL;
    int n = scandir(dir, &entries, NULL, alphasort);
    if (n < 0) return gt_fail(GT_FAILED, "cannot read the directory '%s': %s", dir, strerror(errno));
    gt_status st = GT_OK;
    const gt_run_file *row;
    for (int p = 0; (row = gt_run_file_at(p)); p++)
        for (int i = 0; i < n && !st; i++)
            if (row->kind == GT_RUN_WRITES && !fnmatch(row->pattern, entries[i]->d_name, FNM_EXTMATCH)) {
                if (!*aside && !(*aside = gt_rundir_numbered(dir, 1, "before-", 1, ""))) st = GT_FAILED;
                else st = gt_rundir_move(dir, entries[i]->d_name, *aside, entries[i]->d_name);
            }
    for (int i = 0; i < n; i++) free(entries[i]);
    return st;
}

/* ---- batch jobs that are put back into the queue start the same command again ---- */

static const char note[] = "restarted-by";

/* Such a note, or none? */
static bool is_free_for_note(const char *dir) {
    GT_FREED char *before = NULL;
    gt_rundir_read(dir, note, &before);
    return before ? !before[strspn(before, "0123456789")] : !gt_folder_has(dir, note);
}

gt_status gt_rundir_note_restart(const char *dir) {
    const char *job = getenv("SLURM_JOB_ID");
    if (!job || !*job) return GT_OK;
    if (is_free_for_note(dir)) return gt_rundir_write(dir, note, job);
    return gt_fail(GT_USAGE, "'%s/%s' already exists and is not from --restart: rename it", dir, note);
}

bool gt_rundir_restarted(const char *dir) {
    const char *job = getenv("SLURM_JOB_ID"), *count = getenv("SLURM_RESTART_COUNT");
    if (!job || !*job || !count || atoi(count) < 1) return false;
    GT_FREED char *by = NULL;
    gt_rundir_read(dir, note, &by);
    return by && !strcmp(by, job);
}

bool gt_rundir_lost_checkpoints(const char *dir) {
    GT_FREED char *path = gt_path_join(dir, "last");
    struct stat s;
    bool there = path && lstat(path, &s) == 0; /* a copy may have made a file of the link */
    return there && (S_ISREG(s.st_mode) || (S_ISLNK(s.st_mode) && stat(path, &s) && errno == ENOENT));
}
