/* SPDX-License-Identifier: Apache-2.0
 * A FIR filter per sample along one image axis. Its adjoint in the images is the same op with the taps reversed. */
#include "graph/door/ops.h"
#include "graph/door/op.h"
#include "kernels/door/fir.h"

typedef struct sample_fir_attr {
    int32_t axis, pad;
} sample_fir_attr;

static int64_t taps_of(const gt_node *n) { return n->in[1]->shape.d[1]; }

static gt_status shape(gt_node *n) {
    const sample_fir_attr *a = n->attr;
    const gt_shape *x = &n->in[0]->shape, *taps = &n->in[1]->shape;
    if (gt_check_images(n)) return GT_USAGE;
    if (taps->n != 2 || taps->d[0] != x->d[0]) {
        char text[96];
        return gt_fail(GT_USAGE, "sample_fir needs taps [%lld,T], one filter per image, not %s", (long long)x->d[0],
                       gt_shape_text(taps, text));
    }
    if (a->axis != 1 && a->axis != 2)
        return gt_fail(GT_USAGE, "sample_fir along axis %d: must be 1 (H) or 2 (W)", a->axis);
    if (a->pad < 0 || a->pad >= taps->d[1])
        return gt_fail(GT_USAGE, "sample_fir: pad %d: must be 0 to %lld for %lld taps", a->pad,
                       (long long)taps->d[1] - 1, (long long)taps->d[1]);
    n->shape = *x;
    n->shape.d[a->axis] += 2 * a->pad - taps->d[1] + 1;
    if (n->shape.d[a->axis] < 1)
        return gt_fail(GT_USAGE, "sample_fir: %lld taps are more than the %lld padded pixels", (long long)taps->d[1],
                       (long long)x->d[a->axis] + 2 * a->pad);
    return GT_OK;
}

static void vjp(gt_graph *g, gt_node *y, gt_node *dy, const bool *need, gt_node **dx) {
    const sample_fir_attr *a = y->attr;
    (void)need; /* no derivative in the taps: they count as constants */
    dx[0] = gt_sample_fir(g, dy, gt_flip(g, y->in[1], GT_AXIS(1)), a->axis, (int)taps_of(y) - 1 - a->pad);
}

/* The samples' filters: `taps` along the axis, a single 1 along the other. */
static gt_fir fir_of(const gt_node *n, const float *taps) {
    static const float one = 1;
    const sample_fir_attr *a = n->attr;
    const int64_t *in = n->in[0]->shape.d, *out = n->shape.d;
    gt_fir_axis along = {in[a->axis], out[a->axis], 1, 1, a->pad, taps_of(n)};
    gt_fir_axis other = {in[3 - a->axis], out[3 - a->axis], 1, 1, 0, 1};
    if (a->axis == 2) return (gt_fir){along, other, in[3], true, taps, &one, taps_of(n), 0};
    return (gt_fir){other, along, in[3], true, &one, taps, 0, taps_of(n)};
}

static void run(const gt_run *r) {
    gt_fir f = fir_of(r->node, r->in[1]);
    gt_fir_images(&f, r->pool, r->node->shape.d[0], r->in[0], r->out, r->workspace);
}

static size_t workspace(const gt_node *n, int threads) {
    gt_fir f = fir_of(n, NULL);
    return gt_fir_workspace(&f, threads);
}

static void cost(const gt_node *n, double *flops, double *bytes) {
    *flops = 2.0 * (double)taps_of(n) * (double)gt_shape_size(&n->shape);
    *bytes = 4.0 * (double)(gt_shape_size(&n->shape) + gt_shape_size(&n->in[0]->shape));
}

const gt_op gt_op_sample_fir = {.name = "sample_fir",
                                .rows = 1 | 2,
                                .min_in = 2,
                                .shape = shape,
                                .vjp = vjp,
                                .run = run,
                                .workspace = workspace,
                                .cost = cost};

gt_node *gt_sample_fir(gt_graph *g, gt_node *x, gt_node *taps, int axis, int pad) {
    sample_fir_attr a = {axis, pad};
    return gt_node_new(g, &gt_op_sample_fir, 2, (gt_node *[]){x, taps}, &a, sizeof a);
}
