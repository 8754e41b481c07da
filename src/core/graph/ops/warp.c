/* SPDX-License-Identifier: Apache-2.0
 * The geometric augmentation as one linear op per image, and its exact adjoint. Images and channels are independent
 * pieces of work, each summed in one fixed order. */
#include "kernels/door/warp.h"

#include "base/door/numbers.h"
#include "graph/door/ops.h"
#include "base/door/pool.h"
#include "graph/door/op.h"

static const gt_warp_attr *attr_of(const gt_node *n) { return n->attr; }
static bool is_adjoint(const gt_node *n) { return attr_of(n)->adjoint; }

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
    dx[0] = gt_warp(g, dy, y->in[1], (gt_warp_attr){!is_adjoint(y), attr_of(y)->once});
}

/* A tile is some channels of an image: as many as share work, but fewer where threads would find nothing to do. No bit
 * depends on it. */
typedef struct job {
    const gt_run *run;
    size_t scratch;
    int64_t channels, tiles; /* per tile, per image */
} job;

static int64_t channels_per_tile(int64_t images, int64_t channels, int threads) {
    int64_t least = gt_pieces(channels, GT_WARP_CHANNELS), wanted = gt_pieces(threads, gt_largest(images, 1));
    return gt_pieces(channels, gt_smallest(gt_largest(least, wanted), gt_largest(channels, 1)));
}

static void tile(void *arg, int index, int worker) {
    const job *j = arg;
    const gt_node *n = j->run->node;
    const int64_t *d = n->shape.d, image = index / j->tiles, c = index % j->tiles * j->channels;
    int64_t first = image * d[1] * d[2] * d[3] + c;
    gt_warp_image((gt_warp_way){is_adjoint(n), attr_of(n)->once}, j->run->in[0] + first, j->run->out + first, d[3],
                  d[1], d[2], gt_smallest(j->channels, d[3] - c), j->run->in[1] + 6 * image,
                  (float *)j->run->workspace + (size_t)worker * j->scratch);
}

static void run(const gt_run *r) {
    const int64_t *d = r->node->shape.d, channels = channels_per_tile(d[0], d[3], gt_pool_threads(r->pool));
    job j = {r, gt_warp_scratch(d[1], d[2], d[3]), channels, gt_pieces(d[3], channels)};
    gt_pool_run(r->pool, (int)(d[0] * j.tiles), tile, &j);
}

static const char *kernel(const gt_node *n) { return is_adjoint(n) ? "warp_adjoint" : "warp"; }

static size_t workspace(const gt_node *n, int threads) {
    return sizeof(float) * gt_warp_scratch(n->shape.d[1], n->shape.d[2], n->shape.d[3]) * (size_t)threads;
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

gt_node *gt_warp(gt_graph *g, gt_node *x, gt_node *matrix, gt_warp_attr attr) {
    return gt_node_new(g, &gt_op_warp, 2, (gt_node *[]){x, matrix}, &attr, sizeof attr);
}
