/* SPDX-License-Identifier: Apache-2.0
 * A guest: the part of all gradients of the run that were 0. What was counted so far is in checkpoints. */
#include "train/door/measurer.h"

typedef struct zeros {
    int64_t zero_now, n_now; /* by this rank since they were gathered */
    int64_t zero, n;         /* by all ranks until then; the same on all ranks */
} zeros;

static const gt_state_row state[] = {
    {"/state/zero_gradients", "values", "Gradients of the run that were 0", GT_STATE_IN(zeros, zero), .since = "1.1.0"},
    {"/state/gradients", "values", "Gradients of the run", GT_STATE_IN(zeros, n), .since = "1.1.0"},
    {0},
};

static void see(const gt_engine *e, void *own, const gt_phase *p, gt_reducer *r) {
    zeros *z = own;
    int n;
    const gt_span *owned = gt_reducer_owned(r, &n);
    (void)e, (void)p;
    for (int i = 0; i < n; i++) {
        const float *x = gt_reducer_gradient(r) + owned[i].offset;
        for (size_t k = 0; k < owned[i].size; k++) z->zero_now += x[k] == 0;
        z->n_now += (int64_t)owned[i].size;
    }
}

static void gather_all(const gt_engine *e, void *own) {
    zeros *z = own;
    z->zero += gt_comm_sum_all(e->comm, z->zero_now);
    z->n += gt_comm_sum_all(e->comm, z->n_now);
    z->zero_now = z->n_now = 0;
}

static gt_status measure_all(gt_engine *e, void *own, gt_values *values) {
    const zeros *z = own;
    gather_all(e, own);
    if (!e->comm->rank) gt_values_put(values, "Gradients/zero", (double)z->zero / (double)z->n);
    return GT_OK;
}

/* An option of the recipe: what it decides is in checkpoints. */
static bool is_wanted(const gt_engine *e) { return e->job->count_zeros; }

const gt_measurer gt_measurer_zero_gradients = {
    .name = "the count of zero gradients",
    .own_bytes = sizeof(zeros),
    .state = state,
    .is_wanted = is_wanted,
    .see = see,
    .gather_all = gather_all,
    .measure_all = measure_all,
};
