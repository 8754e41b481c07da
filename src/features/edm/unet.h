/* SPDX-License-Identifier: Apache-2.0
 * The U-Net of score-based models as EDM trains it: DDPM++ and NCSN++ of Song et al., "Score-Based Generative Modeling
 * through Stochastic Differential Equations", appendix H, in the form and with the names of Karras et al., "Elucidating
 * the Design Space of Diffusion-Based Generative Models", appendix F.
 *
 * An encoder halves the picture level by level, a decoder doubles it again and reads what the encoder made at the same
 * place. Every block sees the embedding of the noise level, of labels and of what augmentation did.
 *
 *     tensors    map_label, map_augment, map_layer0, map_layer1, enc.HxW_..., dec.HxW_..., in the published order
 *     inputs     x [N,H,W,in] noise [N] labels [N,labels] augment [N,augment]
 *     result     [N,H,W,out] */
#ifndef GANTRY_FEATURES_EDM_UNET_H
#define GANTRY_FEATURES_EDM_UNET_H

#include "gantry/choices.h"
#include "networks/nets/door/forward.h"

enum { GT_UNET_LEVELS = 8 };

/* Edges at which a field goes on with the opposite one: columns are longitudes of the globe. */
#define GT_PERIODICS(X) X(GT_PERIODIC_NONE, "none") X(GT_PERIODIC_COLUMNS, "columns") X(GT_PERIODIC_BOTH, "both")
typedef enum gt_periodic { GT_PERIODICS(GT_CONSTANT) } gt_periodic;

/* What joins the levels beside the blocks. */
typedef enum gt_unet_path {
    GT_UNET_STANDARD, /* nothing */
    GT_UNET_SKIP,     /* encoder: the smaller picture is added; decoder: every level adds to the picture */
    GT_UNET_RESIDUAL, /* encoder: the picture, convolved from level to level, is added */
} gt_unet_path;

typedef struct gt_unet_shape {
    int height, width;   /* multiples of 2^(levels - 1) */
    int in, out;         /* channels: those of the picture that is made come first, conditions follow (gt_denoise) */
    int labels, augment; /* 0: none */
    int channels;        /* of the first convolution; a multiple of 4, above 128 of 32, as all widths are */
    int levels;          /* at most GT_UNET_LEVELS */
    int mult[GT_UNET_LEVELS]; /* channels of each level, as multiples */
    int embedding_mult;       /* channels of the embedding: 4 */
    int noise_mult;           /* channels of the noise's own embedding: 1 */
    int blocks;               /* of a level of the encoder; the decoder has one more */
    unsigned attention;       /* bit i: level i has attention */
    bool fourier;             /* random frequencies of the noise instead of powers */
    gt_unet_path encoder, decoder;
    gt_resample_filter filter; /* 1,1 or 1,3,3,1 as published; an even number of taps */
    double dropout;
    gt_periodic periodic;
} gt_unet_shape;

typedef struct gt_unet_inputs {
    gt_node *noise, *labels, *augment; /* augment NULL: nothing was done to the pictures */
    gt_node *condition;                /* [N,H,W,in - out]: for gt_denoise(); NULL: none */
    /* For tests: hears what each child returns ("enc.8x8_down"). NULL: nobody does. */
    void (*stage)(void *arg, const char *name, gt_node *n);
    void *arg;
} gt_unet_inputs;

gt_net *gt_unet_net(const char *name, const gt_unet_shape *s); /* NULL: see gt_message() */
gt_node *gt_unet(gt_forward *f, const gt_unet_shape *s, gt_node *x, const gt_unet_inputs *in);

/* GT_USAGE: the message says which size or width does not fit. */
gt_status gt_unet_check(const gt_unet_shape *s);

/* ---- the parts (unet_parts.c) ---- */

typedef struct gt_unet_parts { /* what the parts of one network share */
    gt_forward *forward;
    gt_resample_filter raw;
    gt_filter filter; /* prepared */
    double dropout;
    gt_periodic periodic;
    gt_node *embedding; /* [N,channels] */
} gt_unet_parts;

typedef struct gt_unet_conv_shape {
    int out, kernel; /* 0: resampling alone */
    bool up, down;
    bool fused; /* the filter and the convolution see the picture's border together */
    bool no_bias;
    double gain; /* of the first values; 0: 1 */
} gt_unet_conv_shape;

gt_unet_parts gt_unet_parts_of(gt_forward *f, const gt_resample_filter *filter);
gt_node *gt_unet_conv(gt_unet_parts *p, const char *name, gt_node *x, gt_unet_conv_shape c);
gt_node *gt_unet_linear(gt_unet_parts *p, const char *name, gt_node *x, int out, bool bias);
/* Group normalisation: as many groups as make four channels each, at most 32. */
gt_node *gt_unet_norm(gt_unet_parts *p, const char *name, gt_node *x);

typedef struct gt_unet_block_shape {
    int out;
    bool up, down, attention;
} gt_unet_block_shape;
gt_node *gt_unet_block(gt_unet_parts *p, const char *name, gt_node *x, gt_unet_block_shape b);

/* [N] -> [N,channels]: cosines, then sines, of noise times channels/2 frequencies. Powers: from 1 down to 1/slowest,
 * which the last one reaches if `endpoint`. Fourier: 2 pi `frequencies` [channels/2]. */
gt_node *gt_unet_powers(gt_graph *g, gt_node *noise, int channels, double slowest, bool endpoint);
gt_node *gt_unet_fourier(gt_graph *g, gt_node *noise, gt_node *frequencies);

#endif
