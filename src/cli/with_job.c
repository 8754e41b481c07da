/* SPDX-License-Identifier: Apache-2.0
 * Commands that take the options of jobs besides their own. */
#include "cli/cli.h"

gt_status cli_split_with_job(gt_job *job, gt_options *own, int argc, char **argv, cli_arguments *of_job) {
    int n_job, rest = 0;
    const gt_option *of_jobs = gt_job_table(&n_job);
    gt_option *rows = gt_arena_array(job->arena, (size_t)(own->n + n_job), sizeof *rows);
    if (!rows) return GT_NOMEM;
    for (int i = 0; i < own->n + n_job; i++) rows[i] = i < own->n ? own->rows[i] : of_jobs[i - own->n];
    gt_options_reset(own);
    gt_status st = cli_split(job->arena, rows, own->n + n_job, argc, argv, false, of_job);
    for (int i = 0; i < of_job->n_pairs && !st; i++) {
        const char *key = of_job->keys[i], *value = of_job->values[i];
        if (gt_options_find(own, key)) {
            st = gt_options_set(own, key, value, NULL);
            continue;
        }
        of_job->keys[rest] = key;
        of_job->values[rest++] = value;
    }
    of_job->n_pairs = rest;
    return st;
}
