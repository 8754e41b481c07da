/* SPDX-License-Identifier: Apache-2.0
 * Scales: a product of images and one scale per sample and channel, as in modulated convolution, vanishes if all its
 * readers are convolutions that can multiply what they read. The images are there instead for as long as the product
 * was. */
#include "graph/door/nodes.h"
#include "graph/door/elementwise.h"
#include "graph/door/passes.h"

/* The place of the scales among n's inputs; -1: n is another kind of node. */
static int scales_of(const gt_node *n) {
    if (n->op != &gt_op_elementwise[GT_MAP_mul] || n->shape.n != 4) return -1;
    gt_shape one = GT_SHAPE(n->shape.d[0], 1, 1, n->shape.d[3]);
    for (int i = 1; i >= 0; i--)
        if (gt_shape_equal(&n->in[i]->shape, &one) && gt_shape_equal(&n->in[1 - i]->shape, &n->shape)) return i;
    return -1;
}

/* Products that vanish; those of rate UPDATE are not computed in a run anyhow. */
static void find_vanishing(const gt_graph *g, bool *vanishes) {
    for (int id = 0; id < g->n_nodes; id++)
        vanishes[id] = g->nodes[id]->rate == GT_RATE_SLICE && scales_of(g->nodes[id]) >= 0;
    for (int id = 0; id < g->n_nodes; id++)
        for (int i = 0; i < g->nodes[id]->n_in; i++)
            if (!gt_conv_node_takes_scales(g->nodes[id], i)) vanishes[g->nodes[id]->in[i]->id] = false;
    for (int i = 0; i < g->n_results; i++) vanishes[g->results[i].node->id] = false;
}

static gt_node *read_scales(void *arg, gt_graph *dst, const gt_node *n, gt_node **in) {
    const bool *vanishes = arg;
    gt_node *scales[2] = {NULL, NULL};
    for (int i = 0; i < 2 && i < n->n_in; i++) {
        if (!vanishes[n->in[i]->id]) continue;
        int at = scales_of(n->in[i]);
        scales[i] = in[i]->in[at];
        in[i] = in[i]->in[1 - at];
    }
    return scales[0] || scales[1] ? gt_conv_with_scales(dst, n, in, scales) : NULL;
}

const gt_graph *gt_pass_scales(const gt_graph *src, gt_arena *arena, const gt_exec_options *options) {
    if (options->no_fusion) return src;
    bool *vanishes = gt_by_node(src, arena, sizeof *vanishes);
    if (!vanishes) return NULL;
    find_vanishing(src, vanishes);
    return gt_rewrite(src, arena, read_scales, vanishes);
}
