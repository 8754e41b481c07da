/* SPDX-License-Identifier: Apache-2.0
 * Layers with equalised learning rate: declaration of tensors, fully connected layers, statistics. */
#include "networks/nets/door/layers.h"

#include <math.h>
#include <stdarg.h>

gt_text gt_text_of(const char *format, ...) {
    gt_text text;
    va_list ap;
    va_start(ap, format);
    vsnprintf(text.s, sizeof text.s, format, ap);
    va_end(ap);
    return text;
}

gt_node *gt_leaf(gt_bound_net b, const char *layer, const char *tensor) {
    return gt_net_leaf(b.graph, b.net, b.slot, gt_text_of("%s%s", layer, tensor).s);
}

gt_net *gt_declared(gt_declarer *d) {
    if (d->net && !d->status && !gt_net_seal(d->net)) return d->net;
    gt_net_free(d->net);
    return NULL;
}

void gt_declare(gt_declarer *d, gt_tensor t, const char *layer, const char *tensor) {
    if (d->status) return;
    gt_text name = gt_text_of("%s%s", layer, tensor);
    t.name = name.s;
    d->status = gt_net_declare(d->net, &t);
}

gt_filter gt_resample_filter_setup(gt_arena *a, const gt_resample_filter *f) {
    return gt_filter_setup(a, f->value, f->taps, 0, true, false, 1, false);
}

void gt_declare_filter(gt_declarer *d, const char *owner, const gt_resample_filter *f) {
    gt_filter ready = gt_resample_filter_setup(d->net->arena, f);
    if (!d->status && !ready.taps)
        d->status = gt_fail(GT_NOMEM, "network %s: out of memory for a filter", d->net->name);
    gt_tensor t = {.file_shape = ready.fh ? GT_SHAPE(ready.fh, ready.fw) : GT_SHAPE(ready.fw),
                   .init_values = ready.taps};
    gt_declare(d, t, owner, ".resample_filter");
}

void gt_fc_declare(gt_declarer *d, const char *name, int in, int out, float lr_multiplier, float bias_init) {
    gt_declare(d, (gt_tensor){.file_shape = GT_SHAPE(out, in), .trainable = true, .init_std = 1 / lr_multiplier}, name,
               ".weight");
    gt_declare(d, (gt_tensor){.file_shape = GT_SHAPE(out), .trainable = true, .init_mean = bias_init}, name, ".bias");
}

/* x * factor, and x itself for 1: no node for the common case. */
static gt_node *scaled(gt_graph *g, gt_node *x, double factor) {
    return factor == 1 ? x : gt_scale(g, x, (float)factor);
}

gt_node *gt_fc(gt_bound_net b, const char *name, gt_node *x, const char *activation, float lr_multiplier) {
    if (!x) return NULL;
    gt_graph *g = b.graph;
    gt_scope_push(g, "%s", name);
    gt_node *w = scaled(g, gt_leaf(b, name, ".weight"), lr_multiplier / sqrt((double)gt_dim(x, 1)));
    gt_node *bias = scaled(g, gt_leaf(b, name, ".bias"), lr_multiplier);
    gt_node *y = gt_bias_act(g, gt_matmul(g, x, w, .transpose_b = true), bias, activation, -1, 0, -1);
    gt_scope_pop(g);
    return y;
}

void gt_conv2d_declare(gt_declarer *d, const char *name, gt_conv2d_shape s, const gt_resample_filter *f) {
    gt_tensor weight = {.file_shape = GT_SHAPE(s.out, s.in, s.kernel, s.kernel),
                        .layout = GT_LAYOUT_OIHW,
                        .trainable = !s.frozen,
                        .init_std = 1};
    gt_declare(d, weight, name, ".weight");
    if (s.bias) gt_declare(d, (gt_tensor){.file_shape = GT_SHAPE(s.out), .trainable = !s.frozen}, name, ".bias");
    gt_declare_filter(d, name, f);
}

gt_node *gt_conv2d(gt_bound_net b, const char *name, gt_node *x, gt_conv2d_options o) {
    gt_graph *g = b.graph;
    gt_scope_push(g, "%s", name);
    gt_node *y = NULL, *w = gt_leaf(b, name, ".weight");
    if (x && w) {
        int k = (int)gt_dim(w, 0);
        double fan_in = (double)(gt_dim(w, 0) * gt_dim(w, 1) * gt_dim(w, 2));
        gt_node *bias = gt_net_find(b.net, gt_text_of("%s.bias", name).s) ? gt_leaf(b, name, ".bias") : NULL;
        gt_resample r = {.up = o.up, .down = o.down, .pad = k / 2, .convolution = o.up > 1};
        const gt_activation *act = gt_activation_find(o.activation);
        float gain = o.gain > 0 ? o.gain : 1;
        y = gt_conv2d_resample(g, x, scaled(g, w, 1 / sqrt(fan_in)), o.filter, r);
        y = gt_bias_act(g, y, bias, o.activation, -1, (act ? act->gain : 1) * gain, o.clamp >= 0 ? o.clamp * gain : -1);
    }
    gt_scope_pop(g);
    return y;
}

gt_node *gt_modulated_conv2d(gt_graph *g, gt_node *x, gt_node *w, gt_node *styles, gt_node *noise, bool demodulate,
                             gt_filter f, int up) {
    if (!x || !w || !styles) return NULL;
    int64_t n = gt_dim(styles, 0), in = gt_dim(w, 2), out = gt_dim(w, 3);
    gt_resample r = {.up = up, .pad = (int)gt_dim(w, 0) / 2, .convolution = up > 1};
    gt_node *y = gt_mul(g, x, gt_reshape(g, styles, GT_SHAPE(n, 1, 1, in)));
    y = gt_conv2d_resample(g, y, w, f, r);
    if (demodulate) {
        gt_node *energy = gt_reshape(g, gt_sum(g, gt_square(g, w), GT_AXIS(0) | GT_AXIS(1)), GT_SHAPE(in, out));
        gt_node *d = gt_rsqrt(g, gt_shift(g, gt_matmul(g, gt_square(g, styles), energy), 1e-8f));
        y = gt_mul(g, y, gt_reshape(g, d, GT_SHAPE(n, 1, 1, out)));
    }
    return noise ? gt_add(g, y, noise) : y;
}

gt_node *gt_drop(gt_graph *g, gt_node *x, gt_node *u, float p) {
    return gt_mul(g, x, gt_scale(g, gt_shift(g, gt_neg(g, gt_greater(g, gt_neg(g, u), -p)), 1), 1 / (1 - p)));
}

gt_node *gt_smoothed_labels(gt_graph *g, gt_node *labels, double s) {
    if (!labels || !(s > 0)) return labels;
    gt_node *kept = gt_scale(g, labels, (float)(1 - s));
    int last = gt_node_shape(labels)->n - 1;
    float share = (float)(s / (double)gt_dim(labels, last));
    if (last == 1) return gt_shift(g, kept, share);
    return gt_add(g, kept, gt_scale(g, gt_sum(g, labels, GT_AXIS(last)), share)); /* ignored pixels stay zero */
}

gt_node *gt_normalize_2nd_moment(gt_graph *g, gt_node *x) {
    gt_node *mean = gt_mean(g, gt_square(g, x), x ? GT_AXIS(gt_node_shape(x)->n - 1) : 0);
    return gt_mul(g, x, gt_rsqrt(g, gt_shift(g, mean, 1e-8f)));
}

/* Samples in stddev groups. Values of samples have the first axes [n / groups, groups], as sample i belongs to group
 * i mod groups, or [n, 1] with a table of members. */
typedef struct grouping {
    gt_graph *g;
    int64_t n, group, groups; /* samples at hand; of a group, all slices' together; groups */
    gt_node *members;         /* [n,groups,1,1,1], GT_STDDEV_GROUPS; or NULL */
} grouping;

/* The mean of each group, [1,groups,...]. */
static gt_node *mean_of_groups(const grouping *o, gt_node *x) {
    gt_node *sum = gt_sum(o->g, o->members ? gt_mul(o->g, x, o->members) : x, GT_AXIS(0));
    bool over_slices = o->members || o->group > o->n / o->groups;
    return gt_scale(o->g, over_slices ? gt_sum_over_slices(o->g, sum) : sum, (float)(1.0 / (double)o->group));
}

/* What each sample's group has of [1,groups,...]. */
static gt_node *of_own_group(const grouping *o, gt_node *x) {
    return o->members ? gt_sum(o->g, gt_mul(o->g, x, o->members), GT_AXIS(1)) : x;
}

gt_node *gt_minibatch_stddev(gt_graph *g, gt_node *x, int group_size, int channels, int batch) {
    if (!x) return NULL;
    int64_t n = gt_dim(x, 0), h = gt_dim(x, 1), w = gt_dim(x, 2), c = gt_dim(x, 3);
    int64_t all = batch > n ? batch : n, group = group_size > 0 && group_size < all ? group_size : all;
    grouping o = {g, n, group, all / group, NULL};
    bool listed = n % o.groups;
    if (listed)
        o.members = gt_reshape(g, gt_input(g, GT_STDDEV_GROUPS, GT_SHAPE(n, o.groups)), GT_SHAPE(n, o.groups, 1, 1, 1));
    int64_t rows = listed ? n : n / o.groups, columns = listed ? 1 : o.groups;
    /* a wrong fit is the reshape's fault to report */
    gt_node *y = gt_reshape(g, x, GT_SHAPE(rows, columns, h * w, channels, c / channels));
    gt_node *deviation = gt_sub(g, y, of_own_group(&o, mean_of_groups(&o, y)));
    y = gt_sqrt(g, gt_shift(g, mean_of_groups(&o, gt_square(g, deviation)), 1e-8f));
    y = of_own_group(&o, gt_mean(g, y, GT_AXIS(2) | GT_AXIS(4))); /* [1, groups, 1, channels, 1] */
    y = gt_broadcast(g, y, GT_SHAPE(rows, columns, h * w, channels, 1));
    y = gt_reshape(g, y, GT_SHAPE(n, h, w, channels));
    return gt_concat(g, 2, (gt_node *[]){x, y}, 3);
}
