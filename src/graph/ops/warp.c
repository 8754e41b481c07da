/* SPDX-License-Identifier: Apache-2.0
 * The geometric augmentation as one linear op per image, and its exact adjoint. Images and channels are independent
 * pieces of work, each summed in one fixed order. */
#include "kernels/warp.h"

#include "gantry/ops.h"
#include "graph/op.h"

typedef struct warp_attr {
    int32_t adjoint;
} warp_attr;

static bool is_adjoint(const gt_node *n) { return ((const warp_attr *)n->attr)->adjoint; }

static gt_status shape(gt_node *n) {
    const gt_shape *x = &n->in[0]->shape, *m = &n->in[1]->shape;
    if (gt_check_images(n)) return GT_USAGE;
    if (m->n != 3 || m->d[0] != x->d[0] || m->d[1] != 2 || m->d[2] != 3) {
        char text[96];
        return gt_fail(GT_USAGE, "%s needs matrices %lldx2x3, not %s", n->op->name, (long long)x->d[0],
                       gt_shape_text(m, text));
    }
    n->shape = *x;
    return GT_OK;
}

/* No derivative in the matrix: it counts as a constant. */
static void vjp(gt_graph *g, gt_node *y, gt_node *dy, const bool *need, gt_node **dx) {
    (void)need;
    dx[0] = gt_warp(g, dy, y->in[1], !is_adjoint(y));
}

typedef struct job {
    const gt_run *run;
    size_t scratch;
} job;

static void tile(void *arg, int index, int worker) {
    const job *j = arg;
    const gt_node *n = j->run->node;
    const int64_t *d = n->shape.d, image = index / d[3], first = image * d[1] * d[2] * d[3] + index % d[3];
    gt_warp_plane(is_adjoint(n), j->run->in[0] + first, j->run->out + first, d[3], d[1], d[2],
                  j->run->in[1] + 6 * image, (float *)j->run->workspace + (size_t)worker * j->scratch);
}

static void run(const gt_run *r) {
    const int64_t *d = r->node->shape.d;
    job j = {r, gt_warp_scratch(d[1], d[2])};
    gt_pool_run(r->pool, (int)(d[0] * d[3]), tile, &j);
}

static const char *kernel(const gt_node *n) { return is_adjoint(n) ? "warp_adjoint" : "warp"; }

static size_t workspace(const gt_node *n, int threads) {
    return sizeof(float) * gt_warp_scratch(n->shape.d[1], n->shape.d[2]) * (size_t)threads;
}

static void cost(const gt_node *n, double *flops, double *bytes) {
    *flops = gt_warp_flops(n->shape.d[1], n->shape.d[2]) * (double)(n->shape.d[0] * n->shape.d[3]);
    *bytes = 8.0 * (double)gt_shape_size(&n->shape);
}

const gt_op gt_op_warp = {.name = "warp",
                          .rows = 1 | 2,
                          .min_in = 2,
                          .shape = shape,
                          .vjp = vjp,
                          .run = run,
                          .workspace = workspace,
                          .cost = cost,
                          .kernel = kernel};

gt_node *gt_warp(gt_graph *g, gt_node *x, gt_node *matrix, bool adjoint) {
    return gt_node_new(g, &gt_op_warp, 2, (gt_node *[]){x, matrix}, &(warp_attr){adjoint}, sizeof(warp_attr));
}
