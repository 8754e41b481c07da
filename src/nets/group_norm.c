/* SPDX-License-Identifier: Apache-2.0
 * Group normalisation. */
#include "nets/group_norm.h"

void gt_group_norm_declare(gt_declarer *d, const char *name, int channels) {
    gt_tensor t = {.file_shape = GT_SHAPE(channels), .trainable = true, .init_mean = 1};
    gt_declare(d, t, name, ".weight");
    t.init_mean = 0;
    gt_declare(d, t, name, ".bias");
}

int gt_group_norm_groups(int channels, int most) {
    int groups = most < channels ? most : channels;
    while (groups > 1 && channels % groups) groups--;
    return groups;
}

gt_node *gt_group_norm(gt_bound_net b, const char *name, gt_node *x, int groups, float epsilon) {
    gt_graph *g = b.graph;
    if (!x) return NULL;
    gt_shape shape = *gt_node_shape(x);
    const unsigned own = GT_AXIS(1) | GT_AXIS(3);
    x = gt_reshape(g, x, GT_SHAPE(shape.d[0], shape.d[1] * shape.d[2], groups, shape.d[3] / groups));
    x = gt_sub(g, x, gt_mean(g, x, own));
    x = gt_mul(g, x, gt_rsqrt(g, gt_shift(g, gt_mean(g, gt_square(g, x), own), epsilon)));
    x = gt_reshape(g, x, shape);
    return gt_add(g, gt_mul(g, x, gt_leaf(b, name, ".weight")), gt_leaf(b, name, ".bias"));
}
