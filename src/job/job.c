/* SPDX-License-Identifier: Apache-2.0
 * A job's life: made with defaults, given values. */
#include "gantry/job.h"

#include <stdlib.h>

gt_options gt_job_options(gt_job *job) {
    gt_options o = {.fields = job, .state = job->state, .arena = job->arena};
    o.rows = gt_job_table(&o.n);
    return o;
}

gt_job *gt_job_new(void) {
    gt_job *job = calloc(1, sizeof *job);
    gt_arena *arena = gt_arena_new();
    if (!job || !arena) {
        free(job);
        gt_arena_free(arena);
        gt_fail(GT_NOMEM, "out of memory for a job");
        return NULL;
    }
    job->arena = arena;
    gt_options o = gt_job_options(job);
    gt_options_reset(&o);
    return job;
}

void gt_job_free(gt_job *job) {
    if (!job) return;
    gt_arena_free(job->arena);
    free(job);
}

gt_status gt_job_set(gt_job *job, const char *key, const char *value, const char *where) {
    gt_options o = gt_job_options(job);
    return gt_options_set(&o, key, value, where);
}

static bool is_given(gt_option_state state) { return state == GT_OPTION_FILED || state == GT_OPTION_GIVEN; }

bool gt_job_given(gt_job *job, const char *key) {
    gt_options o = gt_job_options(job);
    return is_given(gt_options_state(&o, key));
}
