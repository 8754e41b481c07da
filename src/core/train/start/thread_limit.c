/* SPDX-License-Identifier: Apache-2.0
 * How many threads of a rank pay for a network (gantry/train.h): by what its nodes are said to cost, and what it costs
 * to share a node out. Nothing is measured, since the machine that submits a job is not the one that trains it. */
#include "base/door/numbers.h"
#include "gantry/job.h"
#include "gantry/train.h"
#include "train/door/engine.h"

enum { MOST = 4096 };

/* Seconds of a step's phases, weighted by how often they run. */
static double seconds_of(const gt_model *m, const gt_execution *x, int threads) {
    double seconds = 0;
    for (int p = 0; p < m->n_phases; p++) seconds += gt_exec_estimate(x[p].exec, threads) / m->phases[p].interval;
    return seconds;
}

/* The most for which the threads together are at least half as much faster as they are many: with more the share falls.
 */
static int most_that_pay(const gt_model *m, const gt_execution *x) {
    double alone = seconds_of(m, x, 1);
    int pays = 1, not = MOST + 1;
    while (not -pays > 1) {
        int middle = (pays + not ) / 2;
        if (2 * alone >= middle * seconds_of(m, x, middle)) pays = middle;
        else not = middle;
    }
    return pays;
}

gt_status gt_threads_that_pay(const gt_job *job, int ranks, int *threads) {
    gt_execution x[GT_MAX_PHASES] = {{0}};
    gt_model *m = gt_model_new(job);
    if (!m) return gt_failure();
    int64_t own = (job->slices + ranks - 1) / ranks, enough = 2 * GT_ENOUGH_SAMPLES / m->slice_size;
    gt_exec_options o = {.slices = (int)gt_smallest(gt_smallest(own, GT_MOST_AT_ONCE), enough > 1 ? enough : 1)};
    while (o.slices & (o.slices - 1)) o.slices--; /* groups are nodes of the tree */
    gt_status st = GT_OK;
    for (int p = 0; p < m->n_phases && !st; p++) st = gt_execution_make(&x[p], &m->phases[p], m->slice_size, &o);
    if (!st) *threads = most_that_pay(m, x);
    for (int p = 0; p < m->n_phases; p++) gt_execution_free(&x[p]);
    gt_model_free(m);
    return st;
}
