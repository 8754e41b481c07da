/* SPDX-License-Identifier: Apache-2.0
 * Layers with equalised learning rate (docs/mathematics/stylegan2-ada.md#equalised-learning-rate): stored weights begin
 * as N(0,1), and each use multiplies them with the layer's gain. The product depends on parameters alone, so an
 * execution computes the product once per update. A layer `name` has tensors NAME.weight, NAME.bias, ...; a function
 * *_declare() adds the tensors to a network in the published order. */
#ifndef GANTRY_NETWORKS_NETS_DOOR_LAYERS_H
#define GANTRY_NETWORKS_NETS_DOOR_LAYERS_H

#include "graph/door/graph.h"
#include "networks/nets/door/nets.h"
#include "graph/door/ops.h"

/* A printed name as a value: gt_text_of("%s.weight", layer).s lives to the end of the full expression. Longer names are
 * cut to 255 bytes. */
typedef struct gt_text {
    char s[256];
} gt_text;
gt_text gt_text_of(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The leaf of the tensor whose name is `layer` followed by `tensor`, for example "b8.conv0" and ".weight". */
gt_node *gt_leaf(gt_bound_net b, const char *layer, const char *tensor);

/* Declares the tensors of `net`. `status` keeps the first fault; calls after a fault do nothing, so that the definition
 * of a network needs no checks. */
typedef struct gt_declarer {
    gt_net *net;
    gt_status status;
} gt_declarer;

/* Seals the network and returns it. NULL: d->net is NULL, or there was a fault; the network is freed then. */
gt_net *gt_declared(gt_declarer *d);

/* Declares t under the name that `layer` and `tensor` make together; t.name is not read. */
void gt_declare(gt_declarer *d, gt_tensor t, const char *layer, const char *tensor);
/* Declares the buffer OWNER.resample_filter. */
void gt_declare_filter(gt_declarer *d, const char *owner, const gt_resample_filter *f);

/* The prepared filter in arena `a`, which keeps the taps; taps NULL: out of memory. */
gt_filter gt_resample_filter_setup(gt_arena *a, const gt_resample_filter *f);

/* ---- fully connected: x [N,in] -> y [N,out] = act_gain act(x (W lrmul/sqrt(in))^T + b lrmul) ---- */
void gt_fc_declare(gt_declarer *d, const char *name, int in, int out, float lr_multiplier, float bias_init);
gt_node *gt_fc(gt_bound_net b, const char *name, gt_node *x, const char *activation, float lr_multiplier);

/* ---- convolution with resampling ---- */
typedef struct gt_resample {
    int up, down;     /* factors; 0 means 1 */
    int pad;          /* pixels of the upsampled image on all sides, without the padding that the filter needs */
    bool convolution; /* true: convolution with the stored kernel; false: correlation */
    int groups;       /* 0 means 1 */
    bool flip_filter; /* true: the FIR is a correlation */
} gt_resample;
/* Upsamples, convolves and downsamples (docs/mathematics/stylegan2-ada.md#convolution-with-resampling): x [N,H,W,I], w
 * [k,k,I/groups,O]. */
gt_node *gt_conv2d_resample(gt_graph *g, gt_node *x, gt_node *w, gt_filter f, gt_resample r);

typedef struct gt_conv2d_shape {
    int in, out, kernel;
    bool bias, frozen;
} gt_conv2d_shape;
void gt_conv2d_declare(gt_declarer *d, const char *name, gt_conv2d_shape s, const gt_resample_filter *f);

typedef struct gt_conv2d_options {
    int up, down; /* 0 means 1 */
    const char *activation;
    float gain;  /* multiplies the activation's own gain; 0 means 1 */
    float clamp; /* bound of the results, which `gain` multiplies too; < 0: none */
    gt_filter filter;
} gt_conv2d_options;
gt_node *gt_conv2d(gt_bound_net b, const char *name, gt_node *x, gt_conv2d_options o);

/* Modulated convolution (docs/mathematics/stylegan2-ada.md#modulated-convolution) without weights for each sample.
 * Styles [N,I] multiply the input channels, all samples are convolved with the same weights, and d = (styles^2 (sum_k
 * W^2) + 1e-8)^(-1/2) multiplies the output channels if `demodulate` is set: the published product in another order.
 * `noise` (broadcast against [N,H,W,1], or NULL) is added last. With up > 1 the kernel is convolved, otherwise
 * correlated. */
gt_node *gt_modulated_conv2d(gt_graph *g, gt_node *x, gt_node *w, gt_node *styles, gt_node *noise, bool demodulate,
                             gt_filter f, int up);

/* Inverted dropout: x is zero where u, uniform in [0,1), is below p, else divided by 1 - p. */
gt_node *gt_drop(gt_graph *g, gt_node *x, gt_node *u, float p);

/* Label smoothing (Szegedy et al., "Rethinking the Inception Architecture", section 7): targets for one-hot labels
 * [N,...,classes], of which a share s is spread over all classes. Ignored pixels stay zero. */
gt_node *gt_smoothed_labels(gt_graph *g, gt_node *labels, double s);

/* x / sqrt(mean over the last axis of x^2 + 1e-8) */
gt_node *gt_normalize_2nd_moment(gt_graph *g, gt_node *x);

/* Appends `channels` maps to x that hold the standard deviation over groups of G = `group_size` samples
 * (docs/mathematics/stylegan2-ada.md#minibatch-standard-deviation; 0: one group). Of N samples, sample n belongs to
 * group n mod (N/G). N is the number of samples of x, or `batch` if `batch` is larger: groups then reach over slices,
 * and x is a part of N samples in a row. Where the samples of x do not divide by N/G, the graph has an input
 * GT_STDDEV_GROUPS [samples,N/G]: 1 where a sample belongs to a group, 0 elsewhere. */
#define GT_STDDEV_GROUPS "stddev_groups"
gt_node *gt_minibatch_stddev(gt_graph *g, gt_node *x, int group_size, int channels, int batch);

#endif
