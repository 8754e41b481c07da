/* SPDX-License-Identifier: Apache-2.0
 * What a run has recorded of its recipe, for a job that goes on with the run: defaults may change from version to
 * version, and a run that has begun keeps the values it began with. */
#include <stdlib.h>

#include "job/internal.h"
#include "job/door/job.h"
#include "networks/model/door/family.h"

/* Is the option kept by a run, unless somebody gives it? Sizes of pictures are found in the data again. */
static bool is_kept(const gt_option *row) { return row->class == GT_RECIPE || (row->class == GT_SHAPE && row->only); }

static gt_status adopt_row(gt_job *job, const gt_job *before, const gt_option *row) {
    gt_options mine = job->options;
    size_t i = (size_t)(row - mine.rows);
    gt_option_state recorded = (gt_option_state)before->state[i];
    if (recorded == GT_OPTION_DEFAULT) return GT_OK;
    const char *value = gt_options_effective(&before->options, row);
    mine.shapes = true;
    gt_status st = value ? gt_options_set(&mine, row->key, value, NULL) : GT_NOMEM;
    job->state[i] = recorded;
    return st;
}

/* The differences are those of values that were given: all others have just become equal. */
static gt_status list_differences(const gt_job *before, const gt_job *job, char **table) {
    size_t n;
    FILE *f = open_memstream(table, &n);
    if (!f) return gt_fail(GT_NOMEM, "out of memory comparing two jobs");
    int differences = gt_job_compare(before, "the run", job, "now", f);
    bool bad = ferror(f);
    bad |= fclose(f) != 0;
    if (!bad && differences && *table) return GT_OK;
    free(*table);
    *table = NULL;
    return bad ? gt_fail(GT_NOMEM, "out of memory comparing two jobs") : GT_OK;
}

gt_status gt_job_adopt(gt_job *job, const char *record, const char *name, char **differences) {
    *differences = NULL;
    gt_job *before = gt_job_read_record(record, name);
    gt_status st = before ? GT_OK : gt_failure();
    for (int i = 0; i < job->options.n && !st; i++) {
        const gt_option *row = &job->options.rows[i];
        if (gt_job_given(job, row->key)) continue;
        /* what a check has derived from defaults, before the record was known */
        if (job->state[i] != GT_OPTION_DEFAULT) gt_options_forget(&job->options, row->key);
        if (is_kept(row)) st = adopt_row(job, before, row);
    }
    if (!st) {
        job->goes_on = true;
        gt_job_find_family(job);
        st = list_differences(before, job, differences);
    }
    if (!st && (gt_arena_failed(job->arena) || gt_arena_failed(before->arena)))
        st = gt_fail(GT_NOMEM, "out of memory for the values of a job");
    if (before) gt_job_free(before);
    return st;
}
