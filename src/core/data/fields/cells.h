/* SPDX-License-Identifier: Apache-2.0
 * A field on another grid, by the rule of gantry/fields.h. */
#ifndef GANTRY_DATA_FIELDS_CELLS_H
#define GANTRY_DATA_FIELDS_CELLS_H

#include "gantry/fields.h"
#include "gantry/memory.h"
#include "gantry/status.h"

/* What the cells of one axis become: cell i is the sum of weight[i * taps + k] times cell first[i] + k. */
typedef struct gt_cells {
    int in, out, taps; /* taps 1 and in == out: nothing changes */
    int *first, *count;
    double *weight;
} gt_cells;

gt_status gt_cells_plan(gt_arena *a, gt_cells *c, int in, int out, gt_condition_resize how);
/* in[y->in, x->in] -> out[y->out, x->out]; NaN is missing, and so is what covers it. `scratch`: y->in * x->out. */
void gt_cells_apply(const gt_cells *y, const gt_cells *x, const float *in, double *scratch, float *out);

#endif
