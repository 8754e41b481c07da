/* SPDX-License-Identifier: Apache-2.0
 * DCGAN: Radford et al., "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks", section 3.
 *
 *   G   z - 4x4 transposed convolution to 4x4 pixels - 4x4 transposed convolutions with stride 2, padding 1 up to the image - tanh
 *   D   4x4 convolutions with stride 2, padding 1 down to 4x4 pixels - one 4x4 convolution to the logits
 *
 * Batch normalisation before each activation, but for D's first and G's last layer; LeakyReLU with slope 0.2; no biases. Side R of an image
 * has min(channel_base / R, channel_max) feature maps. Weights begin as N(0, 0.02^2), G's embedding as N(0, 1).
 *
 * Tensors, R being the side that a layer makes (G) or sees (D), as PyTorch shapes them:
 *   G.bR.conv.weight [in,out,4,4], G.bR.norm.weight, .bias, .running_mean, .running_var; D.bR.conv.weight [out,in,4,4], D.bR.norm.weight, .bias;
 *   D.out.conv.weight. With labels G.embed.weight [labels,50], numbers beside z, and D.embed.weight [labels,R*R], a channel beside the image's. */
#ifndef GANTRY_DCGAN_H
#define GANTRY_DCGAN_H

#include "gantry/stylegan2.h"

enum { GT_DCGAN_EMBEDDING = 50 }; /* numbers that labels become for G */

typedef struct gt_dcgan_config {
    int height, width, channels; /* of the images: equal sides, a power of two from 16 to 8192; 1 to 4 channels */
    int z_dim;
    int channel_base, channel_max;
    int c_dim;            /* class-conditional: length of the labels that G and D see; 0: they see none */
    int classes;          /* semi-supervised: D has a logit per class; 0: one logit, real or fake */
    bool relu;            /* in G, instead of LeakyReLU */
    bool whole_batch;     /* batch normalisation in training is over all slices' samples, not each slice's own */
} gt_dcgan_config;

/* Can there be such networks? GT_USAGE names what does not fit. */
gt_status gt_dcgan_check(const gt_dcgan_config *c);
/* Sealed networks "G" and "D"; NULL: see gt_message(). */
gt_net *gt_dcgan_generator_net(const gt_dcgan_config *c);
gt_net *gt_dcgan_discriminator_net(const gt_dcgan_config *c);

/* z [N,z_dim] and labels [N,c_dim] (NULL without) -> images [N,H,W,C] in [-1,1]. training: normalised by the statistics of these samples (or the whole batch's), and
 * the renewed running statistics become outputs under their tensors' names (gt_batch_norm); else by the running ones. */
gt_node *gt_dcgan_generator(gt_bound_net b, const gt_dcgan_config *c, gt_node *z, gt_node *labels, bool training);
/* Images [N,H,W,C] and labels -> logits [N,1], or [N,classes]; always normalised by the statistics of these samples (or the whole batch's). */
gt_node *gt_dcgan_discriminator(gt_bound_net b, const gt_dcgan_config *c, gt_node *images, gt_node *labels);

#endif
