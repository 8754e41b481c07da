/* SPDX-License-Identifier: Apache-2.0
 * Choosing along the last axis: the maximum as a one-hot vector, and the softmax that rests on it. */
#include <string.h>

#include "base/door/numbers.h"
#include "base/door/pool.h"
#include "graph/door/ops.h"
#include "graph/ops/joined.h"
#include "graph/door/op_list.h"

enum { TILE_FLOATS = 16384 };

static gt_status choice_shape(gt_node *n) {
    if (n->in[0]->shape.n < 1) return gt_fail(GT_USAGE, "a scalar has no axis to choose along");
    n->shape = n->in[0]->shape;
    return GT_OK;
}

typedef struct choice_job {
    const float *x;
    float *y;
    int64_t rows, width, rows_per_tile;
} choice_job;

static void choice_tile(void *arg, int tile, int worker) {
    (void)worker;
    const choice_job *j = arg;
    int64_t begin = tile * j->rows_per_tile,
            end = begin + j->rows_per_tile < j->rows ? begin + j->rows_per_tile : j->rows;
    memset(j->y + begin * j->width, 0, (size_t)((end - begin) * j->width) * sizeof *j->y);
    for (int64_t r = begin; r < end; r++) {
        const float *x = j->x + r * j->width;
        int64_t best = 0;
        for (int64_t i = 1; i < j->width; i++)
            if (x[i] > x[best]) best = i;
        j->y[r * j->width + best] = 1;
    }
}

static void choice_run(const gt_run *r) {
    const gt_shape *s = &r->node->shape;
    choice_job j = {.x = r->in[0], .y = r->out, .width = s->d[s->n - 1]};
    j.rows = gt_shape_size(s) / j.width;
    j.rows_per_tile = j.width < TILE_FLOATS ? TILE_FLOATS / j.width : 1;
    gt_pool_run(r->pool, (int)gt_pieces(j.rows, j.rows_per_tile), choice_tile, &j);
}

/* The only axis of a vector is the slices' own. */
static gt_node *choice_joined(gt_graph *g, const gt_node *n, int slices, gt_node *const *in, const bool *shared) {
    return n->shape.n > 1 ? gt_slices_by_rows(g, n, slices, in, shared, 1) : NULL;
}

const gt_op gt_op_one_hot_max = {.name = "one_hot_max",
                                 .min_in = 1,
                                 .shape = choice_shape,
                                 .not_differentiable = true,
                                 .joined = choice_joined,
                                 .run = choice_run};

gt_node *gt_one_hot_max(gt_graph *g, gt_node *x) { return gt_node_new(g, &gt_op_one_hot_max, 1, &x, NULL, 0); }

static unsigned last_axis(const gt_node *x) { return x && x->shape.n ? GT_AXIS(x->shape.n - 1) : 0; }

/* The maximum is a constant for the derivative: it cancels. */
gt_node *gt_log_softmax(gt_graph *g, gt_node *x) {
    gt_node *top = gt_stop_gradient(g, gt_sum(g, gt_mul(g, x, gt_one_hot_max(g, x)), last_axis(x)));
    gt_node *shifted = gt_sub(g, x, top);
    return gt_sub(g, shifted, gt_log_op(g, gt_sum(g, gt_exp_op(g, shifted), last_axis(x))));
}

gt_node *gt_softmax(gt_graph *g, gt_node *x) { return gt_exp_op(g, gt_log_softmax(g, x)); }
