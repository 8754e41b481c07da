/* SPDX-License-Identifier: Apache-2.0
 * DCGAN: Radford et al., "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
 * Networks", section 3.
 *
 *   G   z - 4x4 transposed convolution to 4x4 pixels - 4x4 transposed convolutions with stride 2, padding 1 up to the
 *       image - tanh
 *   D   4x4 convolutions with stride 2, padding 1 down to 4x4 pixels - one 4x4 convolution to the logits
 *
 * Batch normalisation before each activation, but for D's first and G's last layer; LeakyReLU with slope 0.2; no
 * biases. Side R of an image has min(channel_base / R, channel_max) feature maps. Weights begin as N(0, 0.02^2),
 * embeddings as N(0, 1). Options change each of these: without normalisation a bias is in its place; with pooling D has
 * 3x3 convolutions that keep the size, then 2x2 pooling; with nearest upsampling G repeats each pixel 2x2 times, then
 * has a 3x3 convolution; --d-depth and --g-depth add 3x3 convolutions that keep the size, each normalised, behind
 * the layer of each size (but the last of G); dropout follows activations.
 *
 * Tensors, R being the side that a layer makes (G) or sees (D), as PyTorch shapes them:
 *   G.bR.conv.weight [in,out,4,4], G.bR.norm.weight, .bias, .running_mean, .running_var; D.bR.conv.weight [out,in,4,4],
 * D.bR.norm.weight, .bias (with classes also .running_mean, .running_var); D.out.conv.weight. The further layers
 * are bR.1, bR.2, ...; a convolution of G that is not transposed has [out,in,3,3], a bias is bR.conv.bias. With labels
 * G.embed.weight [labels,50], numbers beside z, and D.embed.weight [labels,R*R], a channel beside the image's. */
#ifndef GANTRY_FEATURES_DCGAN_DCGAN_H
#define GANTRY_FEATURES_DCGAN_DCGAN_H

#include "gantry/choices.h"
#include "gantry/family.h"
#include "graph/door/graph.h"
#include "networks/nets/door/nets.h"

enum { GT_DCGAN_EMBEDDING = 50 }; /* numbers that labels become for G */

#define GT_LATENTS_DRAWN(X) X(GT_LATENT_IS_NORMAL, "normal") X(GT_LATENT_IS_UNIFORM, "uniform")
typedef enum gt_latent_drawn { GT_LATENTS_DRAWN(GT_CONSTANT) } gt_latent_drawn;

/* Mixed: D sees real and fake images in one batch, which share statistics. */
#define GT_D_BATCHES(X) X(GT_D_BATCHES_SEPARATE, "separate") X(GT_D_BATCHES_MIXED, "mixed")
typedef enum gt_d_batches { GT_D_BATCHES(GT_CONSTANT) } gt_d_batches;

#define GT_SMOOTHINGS(X) \
    X(GT_SMOOTHING_NONE, "none") X(GT_SMOOTHING_ONE_SIDED, "one-sided") X(GT_SMOOTHING_TWO_SIDED, "two-sided")
typedef enum gt_smoothing_rule { GT_SMOOTHINGS(GT_CONSTANT) } gt_smoothing_rule;

/* How D halves sizes, and G doubles them. */
#define GT_HALVINGS(X) X(GT_DOWN_STRIDE, "stride") X(GT_DOWN_MAX_POOL, "max-pool") X(GT_DOWN_AVG_POOL, "avg-pool")
typedef enum gt_halving { GT_HALVINGS(GT_CONSTANT) } gt_halving;
#define GT_DOUBLINGS(X) X(GT_UP_TRANSPOSE, "transpose") X(GT_UP_NEAREST, "nearest")
typedef enum gt_doubling { GT_DOUBLINGS(GT_CONSTANT) } gt_doubling;

/* The options of the family: features/dcgan/options.c. The networks take a job whose `own` these are; of its
 * common part they read height, width, channels, z_dim, cbase, cmax, cond and label_dim. */
typedef struct gt_dcgan_options {
    gt_latent_drawn latent;
    gt_d_batches d_batches;
    gt_smoothing_rule smoothing;
    double flip; /* share of images that D's targets take for the other kind */
    /* Targets as "0.9" or "0.7..1.2", and shares of one kind; where nobody gave them: by `smoothing` and `flip`. */
    const char *smooth_real, *smooth_fake, *smooth_g;
    double flip_real, flip_fake, flip_g;
    double smooth_classes;      /* semi: share of a class's target that is spread over all classes */
    double instance_noise;      /* standard deviation of noise that is added to all images that D sees */
    double instance_noise_kimg; /* thousands of images in which that noise falls to 0; 0: the noise stays */
    double d_lrate;
    const char *g_activation, *d_activation; /* "lrelu" "relu" "elu" ...; d_activation "": "lrelu" */
    double slope, init_std;                  /* of the leaky ReLU, and of first weights, where somebody gave them */
    gt_halving down;
    gt_doubling up;
    int64_t g_depth; /* further convolutions of G at each size but that of its pictures */
    int64_t d_depth; /* further convolutions of D at each size */
    double g_dropout, d_dropout;
    bool semi;             /* D has a logit for each class of real images; else one, real or fake */
    double labelled;       /* semi: share of the data whose labels count */
    bool semi_baseline;    /* beside D a network C of the same form is trained on the labels alone */
    double gp_weight;      /* wgan-gp, where somebody gave it: weight of the gradient penalty */
    int64_t d_steps;       /* updates of D for each of G; 0: 1 */
    double history;        /* weight of historical averaging; 0: none */
    bool feature_matching; /* G learns to give D's features their means of real images */
} gt_dcgan_options;

extern const gt_family gt_family_dcgan;

/* Sealed networks "G" and "D"; NULL: see gt_message(). */
gt_net *gt_dcgan_generator_net(const gt_job *job);
gt_net *gt_dcgan_discriminator_net(const gt_job *job);

/* A pass in training: dropout draws its masks from the streams "dropout/NET.LAYER/KIND/PHASE". The samples are of one
 * kind, such as "fake", or in equal parts of two. */
typedef struct gt_dcgan_pass {
    const char *phase, *kinds[2]; /* kinds[1] NULL: there is one */
    bool renews;                  /* D's running statistics, if it has some: outputs "D.b8.norm.running_mean", ... */
} gt_dcgan_pass;

/* z [N,z_dim] and labels [N,label_dim] (NULL without) -> images [N,H,W,C] in [-1,1]. In training normalised by the
 * statistics of these samples (or of the whole batch), and the renewed running statistics become outputs under their
 * tensors' names (gt_batch_norm); else (pass NULL) by the running ones. */
gt_node *gt_dcgan_generator(gt_bound_net b, const gt_job *job, gt_node *z, gt_node *labels, const gt_dcgan_pass *pass);
/* Images [N,H,W,C] and labels -> logits [N,1], or [N,classes]; always normalised by the statistics of these samples (or
 * of the whole batch), but for a network with classes that is not in training: by running statistics. pass NULL: not
 * in training, there is no dropout. */
gt_node *gt_dcgan_discriminator(gt_bound_net b, const gt_job *job, gt_node *images, gt_node *labels,
                                const gt_dcgan_pass *pass);
/* The same but for the last layer: the maps [N,4,4,C] that it sees; and the last layer. */
gt_node *gt_dcgan_features(gt_bound_net b, const gt_job *job, gt_node *images, gt_node *labels,
                           const gt_dcgan_pass *pass);
gt_node *gt_dcgan_logits(gt_bound_net b, gt_node *features);

#endif
