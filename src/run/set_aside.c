/* SPDX-License-Identifier: Apache-2.0
 * Moves the files of an earlier run aside when a run begins anew (--restart). No file is deleted. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "gantry/rundir.h"
#include "run/checkpoint_internal.h"

/* What belongs to a run; all else in its directory is somebody's. In this order, checkpoints from the oldest on: a
 * process killed in between leaves a run that resumes from its newest checkpoint, or, where they are all gone, one that
 * is refused. */
static const char *const patterns[] = {"bad-checkpoint-*.h5",
                                       "network-snapshot-*",
                                       "checkpoint-*.h5",
                                       "best",
                                       "reals.png",
                                       "fakes*.png",
                                       "reconstructions*.png",
                                       "report.html",
                                       "metrics.h5",
                                       "events.out.tfevents.*",
                                       "metric-*.jsonl",
                                       "log.txt",
                                       "job.ini",
                                       "stats.jsonl",
                                       "starts.jsonl",
                                       "last"};
enum { PATTERNS = sizeof patterns / sizeof *patterns };

gt_status gt_rundir_set_aside(const char *dir, char **aside) {
    struct dirent **entries;
    *aside = NULL;
    int n = scandir(dir, &entries, NULL, alphasort);
    if (n < 0) return gt_fail(GT_FAILED, "cannot read the directory '%s': %s", dir, strerror(errno));
    gt_status st = GT_OK;
    for (int p = 0; p < PATTERNS; p++)
        for (int i = 0; i < n && !st; i++)
            if (!fnmatch(patterns[p], entries[i]->d_name, 0)) {
                if (!*aside && !(*aside = gt_rundir_numbered(dir, 1, "before-", 1, ""))) st = GT_FAILED;
                else st = gt_rundir_move(dir, entries[i]->d_name, *aside, entries[i]->d_name);
            }
    for (int i = 0; i < n; i++) free(entries[i]);
    free(entries);
    return st;
}

/* ---- batch jobs that are put back into the queue start the same command again ---- */

static const char note[] = "restarted-by";

gt_status gt_rundir_note_restart(const char *dir) {
    const char *job = getenv("SLURM_JOB_ID");
    return job && *job ? gt_rundir_write(dir, note, job) : GT_OK;
}

bool gt_rundir_restarted(const char *dir) {
    const char *job = getenv("SLURM_JOB_ID"), *count = getenv("SLURM_RESTART_COUNT");
    if (!job || !*job || !count || atoi(count) < 1) return false;
    char *by;
    gt_rundir_read(dir, note, &by);
    bool same = by && !strcmp(by, job);
    free(by);
    return same;
}

bool gt_rundir_lost_checkpoints(const char *dir) {
    char *path = gt_path_join(dir, "last");
    struct stat s;
    bool there = path && lstat(path, &s) == 0; /* a copy may have made a file of the link */
    bool lost = there && (S_ISREG(s.st_mode) || (S_ISLNK(s.st_mode) && stat(path, &s) && errno == ENOENT));
    free(path);
    return lost;
}
