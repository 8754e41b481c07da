/* SPDX-License-Identifier: Apache-2.0
 * Autoencoders: an encoder, a latent, a decoder. One network "AE" with tensors encoder.*, latent.*, decoder.*
 *
 *   latent   plain    z = a linear head (width z_dim)
 *            normal   heads for mean and log-variance, z = mean + eps exp(logvar/2) (Kingma & Welling, "Auto-Encoding Variational Bayes")
 *            gumbel   tokens of one of `codes` codes each: a relaxed one-hot vector, softmax((logits + Gumbel noise) / temperature) (Jang et
 *                     al., "Categorical Reparameterization with Gumbel-Softmax", eq. 2), times a table of code vectors
 *            vq       each token's vector is replaced by the nearest code vector; the gradient passes straight through (van den Oord et al.,
 *                     "Neural Discrete Representation Learning", eq. 1-3); code vectors are running means (its appendix A.1)
 *   body     mlp      flattened image - 2048 - 2048, LeakyReLU 0.01; decoder mirrored
 *            conv     3x3 convolutions 32, 64 (stride 2), 64 (stride 2), 64, LeakyReLU 0.01; transposed convolutions 64, 64 (stride 2),
 *                     32 (stride 2), channels. Sides divisible by 4. Tokens of discrete latents are the pixels of its H/4 x W/4 maps
 *            digits   3x3 convolutions 20, 20 without padding, ReLU, 800; decoder z - 2000 - image, ReLU
 *
 * Pixels are in [0,1] in here; outside (images of the training loop, generated images) in [-1,1]. */
#ifndef GANTRY_AUTOENCODER_H
#define GANTRY_AUTOENCODER_H

#include "gantry/stylegan2.h"

typedef enum gt_latent_kind { GT_LATENT_PLAIN, GT_LATENT_NORMAL, GT_LATENT_GUMBEL, GT_LATENT_VQ } gt_latent_kind;
typedef enum gt_body_kind { GT_BODY_MLP, GT_BODY_CONV, GT_BODY_DIGITS } gt_body_kind;

typedef struct gt_autoencoder_config {
    gt_body_kind body;
    gt_latent_kind latent;
    int height, width, channels;
    int z_dim;            /* plain, normal: width of the latent; gumbel, vq with a body other than conv: tokens */
    int codes, code_dim;  /* gumbel, vq */
    double widths;        /* of hidden layers, relative to those above; 0: as above */
    bool sigmoid;         /* of the decoder's last layer; else linear */
} gt_autoencoder_config;

static inline bool gt_latent_is_discrete(const gt_autoencoder_config *c) { return c->latent >= GT_LATENT_GUMBEL; }
int gt_autoencoder_tokens(const gt_autoencoder_config *c);

/* Can there be such a network? GT_USAGE names what does not fit. */
gt_status gt_autoencoder_check(const gt_autoencoder_config *c);
/* NULL: see gt_message(). */
gt_net *gt_autoencoder_net(const gt_autoencoder_config *c);

/* What the encoder says of pixels [N,H,W,C]. Nodes that the kind of latent does not have are NULL. */
typedef struct gt_encoding {
    gt_node *mean;        /* plain, normal: [N,z_dim] */
    gt_node *log_variance; /* normal: [N,z_dim] */
    gt_node *logits;      /* gumbel: [N,tokens,codes] */
    gt_node *vectors;     /* vq: [N,tokens,code_dim] */
} gt_encoding;
gt_encoding gt_autoencoder_encode(gt_bound_net b, const gt_autoencoder_config *c, gt_node *pixels);

/* The table of code vectors [codes,code_dim] of discrete latents: a parameter (gumbel), or the quotient of its running sums (vq). */
gt_node *gt_autoencoder_codes(gt_bound_net b, const gt_autoencoder_config *c);
/* The nearest code of each vector as one-hot rows [N,tokens,codes]. */
gt_node *gt_autoencoder_nearest(gt_graph *g, gt_node *vectors, gt_node *codes);
/* Weights of codes [N,tokens,codes] -> [N,tokens,code_dim]. */
gt_node *gt_autoencoder_look_up(gt_graph *g, gt_node *weights, gt_node *codes);

/* A latent [N,z_dim], or token vectors [N,tokens,code_dim], as pixels [N,H,W,C]; before the sigmoid if there is one. */
gt_node *gt_autoencoder_decode(gt_bound_net b, const gt_autoencoder_config *c, gt_node *latent);
gt_node *gt_autoencoder_pixels(gt_graph *g, const gt_autoencoder_config *c, gt_node *decoded); /* after it */

#endif
