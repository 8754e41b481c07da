/* SPDX-License-Identifier: Apache-2.0
 * A guest: an op, y[..., i] = x[..., 0] + ... + x[..., i] along the last axis. */
#include "base/door/numbers.h"
#include "base/door/pool.h"
#include "graph/door/ops.h"
#include "graph/ops/joined.h"
#include "graph/door/op_list.h"

enum { ROWS = 64 }; /* of a tile: by the shape, never by the number of threads */

static gt_status running_sum_shape(gt_node *n) {
    if (n->in[0]->shape.n < 1) return gt_fail(GT_USAGE, "a scalar has no axis to sum along");
    return gt_same_shape(n);
}

static void running_sum_tile(void *arg, int tile, int worker) {
    (void)worker;
    const gt_run *r = arg;
    const gt_shape *s = &r->node->shape;
    int64_t width = s->d[s->n - 1], rows = gt_shape_size(s) / width, begin = (int64_t)tile * ROWS;
    for (int64_t row = begin; row < gt_smallest(begin + ROWS, rows); row++) {
        float sum = 0;
        for (int64_t i = row * width; i < (row + 1) * width; i++) r->out[i] = sum += r->in[0][i];
    }
}

static void running_sum_run(const gt_run *r) {
    const gt_shape *s = &r->node->shape;
    gt_run job = *r;
    gt_pool_run(r->pool, (int)gt_pieces(gt_shape_size(s) / s->d[s->n - 1], ROWS), running_sum_tile, &job);
}

/* dx[i] = dy[i] + ... + dy[last], made of nodes, so that it has derivatives too. */
static void running_sum_vjp(gt_graph *g, gt_node *y, gt_node *dy, const bool *need, gt_node **dx) {
    (void)need; /* the only input */
    unsigned last = GT_AXIS(y->shape.n - 1);
    dx[0] = gt_flip(g, gt_running_sum(g, gt_flip(g, dy, last)), last);
}

/* Several slices at once: row by row, unless the only axis is the slices' own. */
static gt_node *running_sum_joined(gt_graph *g, const gt_node *n, int slices, gt_node *const *in, const bool *shared) {
    return n->shape.n > 1 ? gt_slices_by_rows(g, n, slices, in, shared, 1) : NULL;
}

const gt_op gt_op_running_sum = {
    .name = "running_sum",
    .min_in = 1,
    .shape = running_sum_shape,
    .vjp = running_sum_vjp,
    .joined = running_sum_joined,
    .run = running_sum_run,
};

gt_node *gt_running_sum(gt_graph *g, gt_node *x) { return gt_node_new(g, &gt_op_running_sum, 1, &x, NULL, 0); }
