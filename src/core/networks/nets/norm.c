/* SPDX-License-Identifier: Apache-2.0
 * Normalisation of channels: over samples and pixels, or over groups of channels. */
#include "networks/nets/door/norm.h"

static const float momentum = 0.1f;

void gt_batch_norm_declare(gt_declarer *d, const char *name, int channels, bool running, float weight_std) {
    gt_shape shape = GT_SHAPE(channels);
    gt_declare(d, (gt_tensor){.file_shape = shape, .trainable = true, .init_mean = 1, .init_std = weight_std}, name,
               ".weight");
    gt_declare(d, (gt_tensor){.file_shape = shape, .trainable = true}, name, ".bias");
    if (!running) return;
    gt_declare(d, (gt_tensor){.file_shape = shape}, name, ".running_mean");
    gt_declare(d, (gt_tensor){.file_shape = shape, .init_mean = 1}, name, ".running_var");
}

/* A slice's sum as that of the samples which are normalised together. */
static gt_node *total(gt_graph *g, gt_node *sum, gt_norm_by by) {
    return by == GT_NORM_BATCH ? gt_sum_over_slices(g, sum) : sum;
}

/* Mean over samples and pixels of each channel: the only place where samples meet. */
static gt_node *mean_over_samples(gt_graph *g, gt_node *x, gt_node *count, gt_norm_by by) {
    return gt_div(g, total(g, gt_sum(g, x, GT_AXIS(0) | GT_AXIS(1) | GT_AXIS(2)), by), count);
}

/* 0.9 of what BUFFER was and 0.1 of `now`, as the output that renews it. */
static void renew(gt_bound_net b, const char *owner, const char *name, const char *buffer, gt_node *now) {
    gt_graph *g = b.graph;
    if (!now) return;
    gt_node *before = gt_leaf(b, name, buffer);
    if (!before) return;
    gt_node *after = gt_reshape(g, now, *gt_node_shape(before));
    after = gt_add(g, gt_scale(g, before, 1 - momentum), gt_scale(g, after, momentum));
    gt_output(g, gt_text_of("%s%s%s", owner, name, buffer).s, after);
}

gt_node *gt_batch_norm(gt_bound_net b, const char *name, gt_node *x, gt_norm_by by, float epsilon) {
    gt_graph *g = b.graph;
    if (!x) return NULL;
    bool running = !(by & GT_NORM_KEEPS) && gt_net_find(b.net, gt_text_of("%s.running_mean", name).s) != NULL;
    gt_text of_net = gt_text_of("%s.", b.net->name);
    const char *owner = by & GT_NORM_OF_NET ? of_net.s : "";
    by &= ~(GT_NORM_KEEPS | GT_NORM_OF_NET);
    gt_shape channel = GT_SHAPE(1, 1, 1, gt_dim(x, 3));
    gt_node *mean, *variance;
    if (by == GT_NORM_RUNNING) {
        mean = gt_reshape(g, gt_leaf(b, name, ".running_mean"), channel);
        variance = gt_reshape(g, gt_leaf(b, name, ".running_var"), channel);
    } else {
        gt_node *count = total(g, gt_scalar(g, (float)(gt_dim(x, 0) * gt_dim(x, 1) * gt_dim(x, 2))), by);
        mean = mean_over_samples(g, x, count, by);
        variance = mean_over_samples(g, gt_square(g, gt_sub(g, x, mean)), count, by);
        if (running) {
            renew(b, owner, name, ".running_mean", mean);
            renew(b, owner, name, ".running_var", gt_mul(g, variance, gt_div(g, count, gt_shift(g, count, -1))));
        }
    }
    gt_node *scale = gt_mul(g, gt_rsqrt(g, gt_shift(g, variance, epsilon)),
                            gt_reshape(g, gt_leaf(b, name, ".weight"), channel));
    return gt_add(g, gt_mul(g, gt_sub(g, x, mean), scale), gt_reshape(g, gt_leaf(b, name, ".bias"), channel));
}

/* ---- groups ---- */

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

/* The mean of each group [N,1,1,C]: of each channel first, so that rows of pixels are summed whole. */
static gt_node *mean_of_groups(gt_graph *g, gt_node *x, int groups) {
    if (!x) return NULL;
    int64_t n = gt_dim(x, 0), c = gt_dim(x, 3);
    gt_node *mean = gt_reshape(g, gt_mean(g, x, GT_AXIS(1) | GT_AXIS(2)), GT_SHAPE(n, groups, c / groups));
    mean = gt_broadcast(g, gt_mean(g, mean, GT_AXIS(2)), GT_SHAPE(n, groups, c / groups));
    return gt_reshape(g, mean, GT_SHAPE(n, 1, 1, c));
}

gt_node *gt_group_norm(gt_bound_net b, const char *name, gt_node *x, int groups, float epsilon) {
    gt_graph *g = b.graph;
    x = gt_sub(g, x, mean_of_groups(g, x, groups));
    gt_node *scale = gt_rsqrt(g, gt_shift(g, mean_of_groups(g, gt_square(g, x), groups), epsilon));
    return gt_add(g, gt_mul(g, x, gt_mul(g, scale, gt_leaf(b, name, ".weight"))), gt_leaf(b, name, ".bias"));
}
