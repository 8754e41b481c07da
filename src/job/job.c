/* SPDX-License-Identifier: Apache-2.0
 * A job's life: made with defaults, given values. */
#include <stdlib.h>

#include "job/table.h"

gt_job *gt_job_new(void) {
    gt_job *job = calloc(1, gt_job_own_offset(NULL));
    gt_arena *arena = gt_arena_new();
    if (!job || !arena) {
        free(job);
        gt_arena_free(arena);
        gt_fail(GT_NOMEM, "out of memory for a job");
        return NULL;
    }
    job->arena = arena;
    job->options = (gt_options){.fields = job, .state = job->state, .arena = arena};
    job->options.rows = gt_job_table(&job->options.n);
    gt_options_reset(&job->options);
    gt_job_find_family(job);
    return job;
}

void gt_job_free(gt_job *job) {
    if (!job) return;
    gt_arena_free(job->arena);
    free(job);
}

gt_status gt_job_set(gt_job *job, const char *key, const char *value, const char *where) {
    return gt_options_set(&job->options, key, value, where);
}
