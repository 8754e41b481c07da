/* SPDX-License-Identifier: Apache-2.0
 * The record of the run that a job goes on with: the recipe in its newest checkpoint, or, before there is one, its
 * job.ini. Rank 0 reads it and hands it out before anything depends on the recipe, and all ranks take from it what
 * nobody has given. Whether what was given is the same is asked when the job is resolved (begin.c). */
#include <stdlib.h>
#include <string.h>

#include "run/door/checkpoint.h"
#include "job/door/job.h"
#include "run/door/rundir.h"
#include "gantry/text.h"
#include "train/journal/journal.h"

bool gt_run_begins_anew(const gt_job *job) { return job->restart && !gt_rundir_restarted(job->run); }

/* Text of a job.ini that a run has written; NULL: there is none, or somebody wrote it. */
static gt_status read_job_ini(const char *dir, char **text) {
    gt_status st = gt_rundir_read(dir, "job.ini", text);
    if (st || !*text || gt_job_is_resolved_text(*text)) return st;
    free(*text);
    *text = NULL;
    return GT_OK;
}

bool gt_train_resumes(const gt_job *job) {
    GT_FREED char *text = NULL;
    if (!*job->run || gt_run_begins_anew(job)) return false;
    return gt_checkpoint_any(job->run) || (!read_job_ini(job->run, &text) && text);
}

typedef struct record {
    char *text;      /* NULL: the run begins */
    char name[4200]; /* the file */
    gt_checkpoint_file *checkpoint;
} record;

static gt_status read_record(const gt_job *job, record *r) {
    if (!gt_train_resumes(job)) return GT_OK;
    gt_status st = gt_checkpoint_newest(job->run, &r->checkpoint);
    if (!st && !r->checkpoint) {
        snprintf(r->name, sizeof r->name, "%s/job.ini", job->run);
        return read_job_ini(job->run, &r->text);
    }
    if (st) return st;
    snprintf(r->name, sizeof r->name, "%s", gt_checkpoint_path(r->checkpoint));
    r->text = strdup(gt_checkpoint_info(r->checkpoint)->recipe);
    return r->text ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a recipe");
}

gt_status gt_train_adopt(gt_job *job) {
    record r = {0};
    GT_FREED char *differences = NULL;
    gt_status st = read_record(job, &r);
    if (!st && r.text) st = gt_job_adopt(job, r.text, r.name, &differences);
    gt_checkpoint_close(r.checkpoint);
    free(r.text);
    return st;
}

char *gt_share_text_all(gt_comm *c, const char *text, gt_status *st) {
    size_t bytes = text ? strlen(text) + 1 : 0;
    gt_comm_broadcast_all(c, &bytes, sizeof bytes, 0);
    char *copy = calloc(bytes + 1, 1);
    if ((*st = gt_comm_agree_all(c, copy ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a recipe")))) {
        free(copy);
        return NULL;
    }
    if (text) memcpy(copy, text, bytes);
    gt_comm_broadcast_all(c, copy, bytes, 0);
    return copy;
}

gt_status gt_engine_adopt_all(gt_engine *e) {
    record r = {0};
    gt_status st = gt_comm_agree_all(e->comm, e->comm->rank ? GT_OK : read_record(e->job, &r));
    GT_FREED char *text = st ? NULL : gt_share_text_all(e->comm, r.text, &st);
    bool in_checkpoint = r.checkpoint;
    e->recorded = r.checkpoint;
    gt_comm_broadcast_all(e->comm, &in_checkpoint, sizeof in_checkpoint, 0);
    if (!st && *text) st = gt_job_adopt(e->job, text, *r.name ? r.name : e->job->run, &e->differences);
    e->goes_on = !st && *text;
    e->has_recipe = e->goes_on && in_checkpoint;
    free(r.text);
    return gt_comm_agree_all(e->comm, st);
}

gt_status gt_engine_refuse_given(const gt_engine *e) {
    char why[2048];
    snprintf(why, sizeof why, "%s", gt_message());
    const char *line = e->comm->rank == 0 ? e->differences : "";
    for (; *line; line += strcspn(line, "\n") + 1) gt_print_to(stderr, "%.*s\n", (int)strcspn(line, "\n"), line);
    return gt_fail(GT_USAGE,
                   "%s was begun with another job (see the table): give the same values, or another --run. The given "
                   "options do not fit the run's other values: %s",
                   e->job->run, why);
}
