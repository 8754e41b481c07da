/* SPDX-License-Identifier: Apache-2.0
 * Layers with equalised learning rate (spec 1.1, 1.4): stored weights are N(0,1), the gain is applied when they are
 * used. The gain is a node on parameters alone, so it is hoisted: computed once per update. A layer `name` has tensors
 * NAME.weight, NAME.bias, ...; *_declare() adds them to a network in the published order. */
#ifndef GANTRY_NETS_LAYERS_H
#define GANTRY_NETS_LAYERS_H

#include "gantry/graph.h"
#include "gantry/nets.h"
#include "gantry/ops.h"

/* A printed name by value: gt_text_of("%s.weight", layer).s lives to the end of the full expression. */
typedef struct gt_text {
    char s[256];
} gt_text;
gt_text gt_text_of(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The leaf of tensor LAYER TENSOR, for example "b8.conv0" and ".weight". */
gt_node *gt_leaf(gt_bound_net b, const char *layer, const char *tensor);

/* Declares tensors until the first fault, which `status` keeps: a definition is a list of calls without checks. */
typedef struct gt_declarer {
    gt_net *net;
    gt_status status;
} gt_declarer;

/* The network, sealed; NULL, with the network freed, after a fault or without a network. */
gt_net *gt_declared(gt_declarer *d);

void gt_declare(gt_declarer *d, gt_tensor t, const char *layer, const char *tensor); /* t.name is set from the two */
/* buffer OWNER.resample_filter */
void gt_declare_filter(gt_declarer *d, const char *owner, const gt_resample_filter *f);

/* The prepared filter, in the graph's arena. */
gt_filter gt_resample_filter_setup(gt_arena *a, const gt_resample_filter *f);

/* ---- fully connected: y = act_gain act(x (W lrmul/sqrt(in))^T + b lrmul) ---- */
void gt_fc_declare(gt_declarer *d, const char *name, int in, int out, float lr_multiplier, float bias_init);
gt_node *gt_fc(gt_bound_net b, const char *name, gt_node *x, const char *activation, float lr_multiplier);

/* ---- convolution with resampling ---- */
typedef struct gt_resample {
    int up, down;     /* 0 means 1 */
    int pad;          /* on all sides, relative to the upsampled image before the filter's own padding */
    bool convolution; /* true: convolution with the stored kernel; false: correlation */
    int groups;       /* 0 means 1 */
    bool flip_filter; /* true: the FIR is a correlation */
} gt_resample;
/* Spec 1.4, any combination: x [N,H,W,I], w [k,k,I/groups,O]. */
gt_node *gt_conv2d_resample(gt_graph *g, gt_node *x, gt_node *w, gt_filter f, gt_resample r);

typedef struct gt_conv2d_shape {
    int in, out, kernel;
    bool bias, frozen;
} gt_conv2d_shape;
void gt_conv2d_declare(gt_declarer *d, const char *name, gt_conv2d_shape s, const gt_resample_filter *f);

typedef struct gt_conv2d_options {
    int up, down; /* 0 means 1 */
    const char *activation;
    float gain;  /* beside the activation's own; 0 means 1 */
    float clamp; /* < 0: none; scaled by gain */
    gt_filter filter;
} gt_conv2d_options;
gt_node *gt_conv2d(gt_bound_net b, const char *name, gt_node *x, gt_conv2d_options o);

/* Modulated convolution (spec 1.4) without weights per sample: input channels are scaled by the styles [N,I], the
 * shared weights convolve, and output channels are scaled by d = (styles^2 (sum_k W^2) + 1e-8)^(-1/2) - the same
 * product in another order. noise (broadcast against [N,H,W,1], or NULL) is added last. Up-sampling convolves,
 * otherwise it correlates. */
gt_node *gt_modulated_conv2d(gt_graph *g, gt_node *x, gt_node *w, gt_node *styles, gt_node *noise, bool demodulate,
                             gt_filter f, int up);

/* x / sqrt(mean over the last axis of x^2 + 1e-8) */
gt_node *gt_normalize_2nd_moment(gt_graph *g, gt_node *x);

/* Spec 1.7: `channels` maps with the standard deviation over groups of `group_size` samples (0: all; sample n belongs
 * to group n mod (N/G)) are appended. N: the samples of x; or `batch` where that is more: those of all slices, of which
 * x has a multiple of N/G. */
gt_node *gt_minibatch_stddev(gt_graph *g, gt_node *x, int group_size, int channels, int batch);

#endif
