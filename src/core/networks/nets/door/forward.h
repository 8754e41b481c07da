/* SPDX-License-Identifier: Apache-2.0
 * Networks that are written once: one function makes the forward pass, and the same function declares the tensors. The
 * networks of classifiers are written so.
 *
 *     static gt_node *lenet(gt_forward *f, gt_node *x) {
 *         x = gt_forward_relu(f, gt_forward_conv(f, "conv1", x, (gt_forward_conv_shape){.out = 6, .size = 5}));
 *         ...
 *         return gt_forward_linear(f, "fc3", x, 10);
 *     }
 *
 * To declare, the function is run on a graph of one sample that is thrown away: each layer adds its tensors to the
 * network, with shapes that follow from the layer's input (gt_forward_declare). Later runs take the tensors as leaves.
 * Layers and tensors have the names of PyTorch's modules: NAME.weight, NAME.bias, NAME.running_mean, ... */
#ifndef GANTRY_NETWORKS_NETS_DOOR_FORWARD_H
#define GANTRY_NETWORKS_NETS_DOOR_FORWARD_H

#include "networks/nets/door/norm.h"
#include "networks/nets/door/layers.h"

/* How weights begin. Biases begin as zeros, with GT_INIT_UNIFORM as uniform in the bound of their weights. */
typedef enum gt_init_rule {
    GT_INIT_UNIFORM, /* uniform in +-1/sqrt(fan in): PyTorch's choice for layers */
    GT_INIT_HE,      /* normal, std sqrt(2 / fan in): He et al., "Delving Deep into Rectifiers", eq. 10 */
    GT_INIT_HE_OUT,  /* the same with the fan out, eq. 14: PyTorch's choice for residual networks */
    GT_INIT_XAVIER,  /* normal, std sqrt(1 / fan in): Glorot and Bengio, "Understanding the Difficulty", eq. 10, with
                        as many outputs as inputs */
    GT_INIT_NORMAL,  /* normal with the std given */
} gt_init_rule;

typedef struct gt_init {
    gt_init_rule rule;
    float std; /* of GT_INIT_NORMAL */
} gt_init;

/* The rules of layers by the names of layers. Where several rows fit, the last one counts. */
enum { GT_INITS_MAX = 16, GT_INIT_PATTERN = 64 };
typedef struct gt_inits {
    int n;
    struct {
        char pattern[GT_INIT_PATTERN]; /* as file names are matched: fnmatch(3); "*": all layers */
        gt_init init;
    } rows[GT_INITS_MAX];
} gt_inits;

/* The sizes in pixels that linear layers, means and adaptive poolings see at the network's own size, in their order. */
enum { GT_FORWARD_WINDOWS = 320 };
typedef struct gt_forward_window {
    int64_t height, width;
} gt_forward_window;
typedef struct gt_forward_windows {
    int n;
    gt_forward_window size[GT_FORWARD_WINDOWS];
} gt_forward_windows;

typedef struct gt_forward {
    gt_graph *graph;
    gt_net *declares; /* tensors are added to this network; NULL: `bound` has them */
    gt_bound_net bound;
    bool training; /* dropout drops; normalisation is `norm` */
    /* Where dropout's uniform numbers come from; NULL: gt_random_uniform_op. */
    gt_node *(*draw)(struct gt_forward *f, const char *stream, gt_shape shape);
    gt_norm_by norm;   /* where `training`; otherwise GT_NORM_RUNNING */
    int groups;        /* normalisation layers: 0 batch normalisation; else group normalisation, so many groups */
    bool without_norm; /* a normalisation layer is a fault of the declarations */
    gt_init init;      /* of the layers that follow */
    /* go before `init`; NULL: none. A row that fits no layer is a fault of the declarations. */
    const gt_inits *inits;
    uint32_t inits_used;      /* bit i: row i has fitted a layer */
    float norm_epsilon;       /* of the normalisation layers that follow; 0: 1e-5 */
    gt_status status;         /* of the declarations: the first fault */
    gt_forward_windows *sees; /* the pass notes its windows; NULL: it does not */
    /* The convolutional form of the network: linear layers and means are convolutions with these windows, and the
     * result has a place for each window. NULL: the usual form. */
    const gt_forward_windows *convolves;
    int window;               /* the next one */
    gt_forward_window pooled; /* an adaptive pooling of this window is left to the next linear layer; height 0: none */
    /* Each rectifier becomes an output "active/LAYER" [units] of the layer before it: how many values of each unit
     * (channel, feature) are positive. */
    bool counts_active;
    gt_node *last_input; /* [N,features]: what the latest linear layer reads; of classifiers their features */
    char layer[40];      /* the latest with tensors */
} gt_forward;

/* The tensor LAYER TENSOR: declared as `t` says, or found. */
gt_node *gt_forward_tensor(gt_forward *f, const char *layer, const char *tensor, gt_tensor t);

typedef struct gt_forward_conv_shape {
    int out;
    int size, width; /* of the window: size rows and width columns; width 0: size */
    int stride;      /* 0 means 1 */
    int pad, pad_x;  /* above and below, left and right; pad_x is asked for with width, else it is pad */
    int groups;      /* 0 means 1 */
    bool no_bias;
} gt_forward_conv_shape;

gt_node *gt_forward_conv(gt_forward *f, const char *name, gt_node *x, gt_forward_conv_shape s);
/* x [N,H,W,C] `factor` times as large, of so many rows and columns (H is that divided by the factor and rounded up): a
 * transposed convolution of 2 factor x 2 factor, without bias, that begins as bilinear interpolation of each channel.
 * Its weight is that of PyTorch's ConvTranspose2d: [in,out,rows,columns]. */
gt_node *gt_forward_upsample(gt_forward *f, const char *name, gt_node *x, int factor, int64_t height, int64_t width);
/* x [N,...] is flattened to [N,features] in PyTorch's order: channels, rows, columns. */
gt_node *gt_forward_linear(gt_forward *f, const char *name, gt_node *x, int out);
/* x [N,H,W,C] or [N,C]. With groups: the largest number up to f->groups that divides the channels. A layer whose
 * running statistics are frozen normalises by them also in training. */
gt_node *gt_forward_norm(gt_forward *f, const char *name, gt_node *x);
/* Inverted dropout: each value is zero with probability p, else divided by 1 - p. Masks are drawn from the stream
 * "dropout/NAME", for each sample of each step. */
gt_node *gt_forward_dropout(gt_forward *f, const char *name, gt_node *x, float p);
gt_node *gt_forward_relu(gt_forward *f, gt_node *x);
/* x, the output of a rectifier made in another way than by gt_forward_relu(), for f->counts_active. */
gt_node *gt_forward_rectified(gt_forward *f, gt_node *x);
/* [N,H,W,C] -> [N,C]: the mean over pixels. */
gt_node *gt_forward_mean(gt_forward *f, gt_node *x);
/* Means over windows as max pooling has them, without `ceil`; zeros outside count or do not. */
gt_node *gt_forward_average_pool(gt_forward *f, gt_node *x, gt_max_pool_attr window, bool count_pad);
/* [N,H,W,C] -> [N,size,size,C]: output i is the mean of the rows floor(i H / size) .. ceil((i + 1) H / size) - 1, of
 * columns likewise: PyTorch's AdaptiveAvgPool2d. */
gt_node *gt_forward_adaptive_pool(gt_forward *f, gt_node *x, int size);

/* A network NAME of the tensors that `pass` declares for images of this shape, sealed; NULL: see gt_message(). */
typedef gt_node *(*gt_forward_pass)(gt_forward *f, gt_node *images, const void *arg);
gt_net *gt_forward_declare(const char *name, gt_forward_pass pass, const void *arg, int height, int width,
                           int channels);

#endif
