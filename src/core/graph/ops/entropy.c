/* SPDX-License-Identifier: Apache-2.0
 * Softmax with cross-entropy, and its derivative, each in one pass over rows of x (logits) and t (targets):
 *
 *   cross_entropy(x, t)            - sum of t log p, p = softmax(x)        [...,classes] twice -> [...,1]
 *   cross_entropy_grad(x, t, d)    d (p sum(t) - t), its derivative in x   and d [...,1]       -> [...,classes]
 *
 * Sums of a row are added in order, in float64: no bit depends on the instructions or on the other rows. */
#include "base/door/clones.h"
#include "base/door/mathfn_inline.h"
#include "base/door/numbers.h"
#include "base/door/pool.h"
#include "graph/door/ops.h"
#include "graph/door/op.h"
#include "graph/door/op_list.h"

enum { BLOCK = 2048 /* floats of rows that are worked on together */, TILE = 16384 };

static int64_t width_of(const gt_node *n) { return n->in[0]->shape.d[n->in[0]->shape.n - 1]; }

static gt_status check_inputs(const gt_node *n, gt_shape *row) {
    const gt_shape *x = &n->in[0]->shape;
    char a[96], b[96];
    if (x->n < 1) return gt_fail(GT_USAGE, "a scalar has no classes");
    *row = *x;
    row->d[x->n - 1] = 1;
    for (int i = 1; i < n->n_in; i++) {
        const gt_shape *needed = i == 1 ? x : row;
        if (!gt_shape_equal(&n->in[i]->shape, needed))
            return gt_fail(GT_USAGE, "%s: input %d of shape %s instead of %s", n->op->name, i,
                           gt_shape_text(&n->in[i]->shape, a), gt_shape_text(needed, b));
    }
    return GT_OK;
}

static gt_status entropy_shape(gt_node *n) { return check_inputs(n, &n->shape); }

static gt_status grad_shape(gt_node *n) {
    gt_shape row;
    gt_status st = check_inputs(n, &row);
    n->shape = n->in[0]->shape;
    return st;
}

static unsigned classes_of(const gt_node *x) { return GT_AXIS(x->shape.n - 1); }

static gt_node *grad_of(gt_graph *g, gt_node *x, gt_node *t, gt_node *d) {
    return gt_node_new(g, &gt_op_cross_entropy_grad, 3, (gt_node *[]){x, t, d}, NULL, 0);
}

static void entropy_vjp(gt_graph *g, gt_node *y, gt_node *dy, const bool *need, gt_node **dx) {
    if (need[0]) dx[0] = grad_of(g, y->in[0], y->in[1], dy);
    if (need[1]) dx[1] = gt_neg(g, gt_mul(g, dy, gt_log_softmax(g, y->in[0])));
}

static void grad_vjp(gt_graph *g, gt_node *y, gt_node *dy, const bool *need, gt_node **dx) {
    gt_node *x = y->in[0], *t = y->in[1], *d = y->in[2], *p = gt_softmax(g, x), *mass = gt_sum(g, t, classes_of(t)),
            *mean = gt_sum(g, gt_mul(g, dy, p), classes_of(x)), *apart = gt_sub(g, dy, mean);
    if (need[0]) dx[0] = gt_mul(g, gt_mul(g, d, mass), gt_mul(g, p, apart));
    if (need[1]) dx[1] = gt_neg(g, gt_mul(g, d, apart));
    if (need[2]) dx[2] = gt_sum(g, gt_mul(g, dy, gt_sub(g, gt_mul(g, p, mass), t)), classes_of(x));
}

gt_node *gt_cross_entropy(gt_graph *g, gt_node *logits, gt_node *targets) {
    return gt_node_new(g, &gt_op_cross_entropy, 2, (gt_node *[]){logits, targets}, NULL, 0);
}

/* ---- running ---- */

typedef struct job {
    const float *x, *t, *d;
    float *out, *room; /* of worker 0 */
    int64_t rows, width, tile, block;
} job;

/* Of each row: e = exp(x - maximum), sums of e, of t, and of t (x - maximum). */
typedef struct row_sums {
    double exps, mass, dot;
} row_sums;

static int64_t block_rows(int64_t width) { return gt_largest(1, BLOCK / width); }

GT_CLONES static void exps_of(float *e, int64_t n) {
    for (int64_t i = 0; i < n; i++) e[i] = gt_inline_expf(e[i]);
}

GT_CLONES static void logs_of(float *e, int64_t n) {
    for (int64_t i = 0; i < n; i++) e[i] = gt_inline_logf(e[i]);
}

static float maximum(const float *x, int64_t n) {
    float most = x[0];
    for (int64_t i = 1; i < n; i++) most = x[i] > most ? x[i] : most;
    return most;
}

static void sum_rows(const float *x, const float *t, int64_t rows, int64_t width, float *e, row_sums *sums) {
    for (int64_t r = 0; r < rows; r++) {
        const float *from = x + r * width, *target = t + r * width;
        float most = maximum(from, width), *to = e + r * width;
        double mass = 0, dot = 0;
        for (int64_t i = 0; i < width; i++) {
            to[i] = from[i] - most;
            mass += (double)target[i];
            dot += (double)target[i] * (double)to[i];
        }
        sums[r] = (row_sums){.mass = mass, .dot = dot};
    }
    exps_of(e, rows * width);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < width; i++) sums[r].exps += (double)e[r * width + i];
}

static void entropy_block(const job *j, int64_t first, int64_t rows, float *e) {
    row_sums sums[BLOCK];
    float *logs = j->out + first;
    sum_rows(j->x + first * j->width, j->t + first * j->width, rows, j->width, e, sums);
    for (int64_t r = 0; r < rows; r++) logs[r] = (float)sums[r].exps;
    logs_of(logs, rows);
    for (int64_t r = 0; r < rows; r++) logs[r] = (float)(sums[r].mass * (double)logs[r] - sums[r].dot);
}

static void grad_block(const job *j, int64_t first, int64_t rows, float *e) {
    row_sums sums[BLOCK];
    const float *t = j->t + first * j->width;
    float *to = j->out + first * j->width;
    sum_rows(j->x + first * j->width, t, rows, j->width, e, sums);
    for (int64_t r = 0; r < rows; r++, e += j->width, t += j->width, to += j->width) {
        float share = (float)(sums[r].mass / sums[r].exps), d = j->d[first + r];
        for (int64_t i = 0; i < j->width; i++) to[i] = d * (e[i] * share - t[i]);
    }
}

static void run_tile(void *arg, int tile, int worker) {
    const job *j = arg;
    int64_t end = gt_smallest((tile + 1) * j->tile, j->rows);
    float *e = j->room + worker * j->block * j->width;
    for (int64_t first = tile * j->tile; first < end; first += j->block)
        (j->d ? grad_block : entropy_block)(j, first, gt_smallest(j->block, end - first), e);
}

static void run(const gt_run *r) {
    int64_t width = width_of(r->node), block = block_rows(width);
    job j = {.x = r->in[0],
             .t = r->in[1],
             .d = r->node->n_in > 2 ? r->in[2] : NULL,
             .out = r->out,
             .room = r->workspace,
             .rows = gt_shape_size(&r->node->in[0]->shape) / width,
             .width = width,
             .tile = gt_round_up(gt_pieces(TILE, width), block),
             .block = block};
    gt_pool_run(r->pool, (int)gt_pieces(j.rows, j.tile), run_tile, &j);
}

static size_t workspace(const gt_node *n, int threads) {
    return (size_t)(threads * block_rows(width_of(n)) * width_of(n)) * sizeof(float);
}

static void cost(const gt_node *n, double *flops, double *bytes) {
    (void)bytes;
    *flops = 30 * (double)gt_shape_size(&n->in[0]->shape);
}

#define ENTROPY_OP(id, inputs, row_bits, shape_of, derivative) \
    const gt_op gt_op_##id = {.name = #id,                     \
                              .rows = row_bits,                \
                              .min_in = inputs,                \
                              .max_in = inputs,                \
                              .shape = shape_of,               \
                              .vjp = derivative,               \
                              .run = run,                      \
                              .workspace = workspace,          \
                              .cost = cost}
ENTROPY_OP(cross_entropy, 2, 3, entropy_shape, entropy_vjp);
ENTROPY_OP(cross_entropy_grad, 3, 7, grad_shape, grad_vjp);
