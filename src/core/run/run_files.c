/* SPDX-License-Identifier: Apache-2.0
 * The names of files in the folder of a run: one table (gantry/rundir.h). What a run may not replace, what --restart
 * sets aside and what the documents list follow from it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/door/file.h"
#include "run/door/outfile.h"
#include "run/door/pages.h"
#include "run/door/rundir.h"
#include "run/door/checkpoint_internal.h"

#define HEX "[0-9a-f]"
#define TAG HEX HEX HEX HEX HEX HEX HEX HEX

/* Of what a run writes in the order in which it is set aside: a process killed in between leaves a run that resumes
 * from its newest checkpoint, or, where they are all gone, one that is refused. */
static const gt_run_file table[] = {
    {"bad-checkpoint-+([0-9]).h5", GT_RUN_WRITES, "checkpoints discarded by --on-trouble=rollback"},
    {"network-snapshot-+([0-9]).*", GT_RUN_WRITES, "networks for other programs (--export), one for each checkpoint"},
    {"checkpoint-+([0-9]).h5", GT_RUN_WRITES, "checkpoint after this number of images: the complete state of the run"},
    {"best?(.part)", GT_RUN_WRITES, "link to the best checkpoint (--best)"},
    {"reals.png", GT_RUN_WRITES, "images of the data, laid out like fakes*.png"},
    {"fakes+([0-9]).png", GT_RUN_WRITES, "generated images after this number of training images"},
    {"reconstructions+([0-9]).png", GT_RUN_WRITES, "images beside what an autoencoder makes of them"},
    {"confusion.png", GT_RUN_WRITES, "how often a classifier confuses classes, at the latest evaluation"},
    {"report.html", GT_RUN_WRITES, "curves and pictures on one page"},
    {"metrics.h5?(.part)", GT_RUN_WRITES, "the series of stats.jsonl as HDF5"},
    {"events.out.tfevents.*", GT_RUN_WRITES, "the same for TensorBoard"},
    {"metric-*.jsonl", GT_RUN_WRITES, "values of a metric of --metrics, with how they were computed"},
    {"log.txt", GT_RUN_WRITES, "the messages of the run"},
    {"job.ini", GT_RUN_WRITES, "all options of the run; a job file of yours is kept as job-given.ini"},
    {"stats.jsonl", GT_RUN_WRITES, "a line with the values of each tick"},
    {"audit.json", GT_RUN_WRITES, "what gantry audit has found, for the model card"},
    {"data.sha256", GT_RUN_WRITES, "the SHA-256 of each sample of the data, 32 bytes each"},
    {"starts.jsonl", GT_RUN_WRITES, "the ledger: what was run on what, how it ended, and hashes of its states"},
    {"last?(.part)", GT_RUN_WRITES, "link to the newest checkpoint"},
    {"lock", GT_RUN_KEEPS, "while the run is active: its process"},
    {"restarted-by", GT_RUN_KEEPS, "the Slurm job that started over with --restart"},
    {"before-+([0-9])", GT_RUN_KEEPS, "a folder: the run that --restart has set aside"},
    {"*." TAG ".part", GT_RUN_KEEPS, "a file that is being written"},
    {"stop", GT_RUN_REQUEST, "made by you: the run writes a checkpoint and stops"},
    {"checkpoint", GT_RUN_REQUEST, "made by you: the run writes a checkpoint"},
    {"job-given.ini", GT_RUN_GIVEN, "your job file that was named job.ini before the run"},
    {GT_RUN_SCRIPT, GT_RUN_GIVEN, "the batch script of gantry submit"},
    {"launches", GT_RUN_GIVEN, "number of failed starts of a batch job, and of lost hosts, in a row"},
    {"slurm-*.log", GT_RUN_GIVEN, "the output of a batch job"},
};
enum { ROWS = sizeof table / sizeof *table };

/* The table, then the pictures of features. */
const gt_run_file *gt_run_file_at(int i) {
    if (i < ROWS) return i >= 0 ? &table[i] : NULL;
    const gt_run_picture *const *p = gt_run_pictures;
    while (*p && i > ROWS) p++, i--;
    return *p ? &(*p)->file : NULL;
}

const gt_run_file *gt_run_file_of(const char *name) {
    const gt_run_file *row;
    for (int i = 0; (row = gt_run_file_at(i)); i++)
        if (!fnmatch(row->pattern, name, FNM_EXTMATCH)) return row;
    return NULL;
}

/* ---- a folder that holds no run ---- */

static bool has_checkpoint(const char *dir) {
    GT_FREED checkpoint_place *list = NULL;
    int n;
    bool has = false;
    if (checkpoint_list(dir, &list, &n)) return false;
    for (int i = 0; i < n && !has; i++) {
        GT_FREED char *path = checkpoint_path(dir, list[i].images);
        has = path && gt_kind_of_file(path) == GT_KIND_CHECKPOINT;
    }
    return has;
}

/* Is it somebody's, and would it be lost? A folder cannot be replaced, a job file is kept, a request is empty. */
static bool would_be_lost(const char *path, const char *name, const gt_run_file *row) {
    struct stat s;
    gt_file_kind kind = gt_kind_of_file(path);
    bool is_job = !strcmp(name, "job.ini") && (kind == GT_KIND_TEXT || kind == GT_KIND_EMPTY);
    if (kind == GT_KIND_FOLDER) return false;
    if (row->kind == GT_RUN_REQUEST) return lstat(path, &s) || !S_ISREG(s.st_mode) || s.st_size > 0;
    return row->kind == GT_RUN_WRITES && !is_job;
}

static gt_status check_file(void *arg, const char *path, const char *name) {
    const gt_run_file *row = gt_run_file_of(name);
    const char *dir = arg;
    if (!row || !would_be_lost(path, name, row)) return GT_OK;
    return gt_outfile_fail_taken(dir, "run", path);
}

gt_status gt_rundir_check_new(const char *dir, bool has_job) {
    return has_job || has_checkpoint(dir) ? GT_OK : gt_folder_each(dir, check_file, (void *)dir);
}
