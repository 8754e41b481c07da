/* SPDX-License-Identifier: Apache-2.0
 * Autoencoders: an encoder, a latent, a decoder. One network "AE" with tensors encoder.*, latent.*, decoder.*
 *
 *   latent   plain    z = a linear head (width z_dim)
 *            normal   heads for mean and log-variance, z = mean + eps exp(logvar/2) (Kingma & Welling, "Auto-Encoding
 *                     Variational Bayes")
 *            gumbel   each token has one of `codes` codes: a relaxed one-hot vector, softmax((logits + Gumbel noise) /
 *                     temperature) (Jang et al., "Categorical Reparameterization with Gumbel-Softmax", eq. 2), times a
 *                     table of code vectors
 *            vq       the nearest code vector replaces the vector of each token; the gradient passes straight through
 *                     (van den Oord et al., "Neural Discrete Representation Learning", eq. 1-3); code vectors are
 *                     running means (appendix A.1 there)
 *   body     mlp      flattened image - 2048 - 2048, LeakyReLU 0.01; decoder mirrored
 *            conv     3x3 convolutions 32, 64 (stride 2), 64 (stride 2), 64, LeakyReLU 0.01; transposed convolutions
 *                     64, 64 (stride 2), 32 (stride 2), channels. Sides are divisible by 4. Tokens of discrete latents
 *                     are the pixels of the H/4 x W/4 maps
 *            digits   3x3 convolutions 20, 20 without padding, ReLU, 800; decoder z - 2000 - image, ReLU
 *   "normal" a second last layer of the decoder, which reads what the last one reads: the log variance of each pixel
 *
 * Pixels are in [0,1] in here; outside (images of the training loop, generated images) in [-1,1]. */
#ifndef GANTRY_FEATURES_AUTOENCODER_AUTOENCODER_H
#define GANTRY_FEATURES_AUTOENCODER_AUTOENCODER_H

#include "networks/model/door/family.h"

typedef enum gt_latent_kind { GT_LATENT_PLAIN, GT_LATENT_NORMAL, GT_LATENT_GUMBEL, GT_LATENT_VQ } gt_latent_kind;
typedef enum gt_body_kind { GT_BODY_MLP, GT_BODY_CONV, GT_BODY_DIGITS } gt_body_kind;

#define GT_REDUCED_BY(X) X(GT_REDUCED_BY_SUM, "sum") X(GT_REDUCED_BY_MEAN, "mean")
typedef enum gt_reduced_by { GT_REDUCED_BY(GT_CONSTANT) } gt_reduced_by;

/* The options of the family: features/autoencoder/options.c. The networks take a job whose `own` these are; of
 * its common part they read height, width, channels and z_dim: the width of the latent (plain, normal), or the number
 * of tokens (gumbel, vq with a body other than conv).
 *
 *     loss = factor * reconstruction + weight * divergence
 *
 * each summed or averaged over its dimensions and over the batch. */
typedef struct gt_autoencoder_options {
    double widths; /* of hidden layers, relative to those above */
    gt_recon recon;
    double factor;
    gt_reduced_by recon_pixels, recon_batch, kl_latent, kl_batch;
    double beta; /* weight of the divergence: normal, gumbel (Higgins et al., "beta-VAE", eq. 4) */
    /* How that weight changes (gt_growth in schedule.h): kimg in which it grows, 0: it is constant; what it begins
     * with; how often it grows, 0: once; kimg between two growths, 0: as many as a growth. */
    double kl_warmup, beta_start, kl_hold;
    int64_t kl_cycles;
    int64_t samples;         /* draws of an image's latent in a step: normal, gumbel; 0: one */
    bool sigmoid;            /* the decoder's last layer has one; with GT_RECON_BCE pixels have one in any case */
    int64_t codes, code_dim; /* gumbel, vq */
    double temperature, temperature_min, temperature_kimg; /* gumbel: start, floor, kimg in which it falls to 1/e */
    double commitment;                                     /* vq: weight of |z - e|^2 on the encoder's side */
    double code_decay;                                     /* vq: of the running means, per step */
    /* vq: a code met less often than this share of the average starts anew at an encoded token */
    double code_floor;
    int64_t prior_width, prior_layers; /* of a prior of codes: channels and layers */
    gt_body_kind body;                 /* all three by the job's model */
    gt_latent_kind latent;
    bool prior; /* the codes' prior learns, and the autoencoder stays as it is */
} gt_autoencoder_options;

extern const gt_family gt_family_autoencoder;

static inline bool gt_latent_is_discrete(const gt_job *job) {
    return ((const gt_autoencoder_options *)job->own)->latent >= GT_LATENT_GUMBEL;
}
int gt_autoencoder_tokens(const gt_job *job);

/* NULL: see gt_message(). */
gt_net *gt_autoencoder_net(const gt_job *job);

/* Conditional models (job->label_dim > 0; Sohn et al., "Learning Structured Output Representation using Deep
 * Conditional Generative Models", with N(0,1) for the prior of all classes) see a label, one-hot or a vector, twice.
 * The encoder: body mlp behind the pixels of the flattened image; conv and digits as constant planes behind the colour
 * channels, so that all convolutions can use the label. The decoder: behind the numbers of the latent. The input "c"
 * [n,label_dim] of a graph; NULL: the model sees no labels, and `labels` below is NULL. */
gt_node *gt_autoencoder_label_input(gt_graph *g, const gt_job *job, int n);
/* Labels [N,label_dim] as [N times,label_dim], each `times` times in turn; NULL: NULL. */
gt_node *gt_autoencoder_repeat(gt_graph *g, gt_node *labels, int64_t times);

/* The results of the encoder for pixels [N,H,W,C] and labels [N,label_dim]. Nodes that the kind of latent does not have
 * are NULL. */
typedef struct gt_encoding {
    gt_node *mean;         /* plain, normal: [N,z_dim] */
    gt_node *log_variance; /* normal: [N,z_dim] */
    gt_node *logits;       /* gumbel: [N,tokens,codes] */
    gt_node *vectors;      /* vq: [N,tokens,code_dim] */
} gt_encoding;
gt_encoding gt_autoencoder_encode(gt_bound_net b, const gt_job *job, gt_node *pixels, gt_node *labels);

/* The table of code vectors [codes,code_dim] of discrete latents: a parameter (gumbel), or the quotient of its running
 * sums (vq). */
gt_node *gt_autoencoder_codes(gt_bound_net b, const gt_job *job);
/* The nearest code of each vector as one-hot rows [N,tokens,codes]. */
gt_node *gt_autoencoder_nearest(gt_graph *g, gt_node *vectors, gt_node *codes);
/* Weights of codes [N,tokens,codes] -> [N,tokens,code_dim]. */
gt_node *gt_autoencoder_look_up(gt_graph *g, gt_node *weights, gt_node *codes);

/* What the decoder makes, both [N,H,W,C]. */
typedef struct gt_decoder_output {
    gt_node *pixels; /* before the sigmoid, where pixels have one: that of the job, or of the cross-entropy on logits */
    /* "normal": of pixels in [0,1], else NULL; by a last layer of its own, decoder.log_variance, which gives x. At
     * least GT_AE_LOG_VARIANCE, a deviation of 0.01, and smooth there: L + softplus(x - L), as Rybkin
     * et al., "Simple and Effective VAE Training with Calibrated Decoders", bound theirs. */
    gt_node *log_variance;
} gt_decoder_output;
#define GT_AE_LOG_VARIANCE (-9.21034037198f) /* 2 ln 0.01 */
/* Of a latent [N,z_dim], or token vectors [N,tokens,code_dim]. */
gt_decoder_output gt_autoencoder_decode(gt_bound_net b, const gt_job *job, gt_node *latent, gt_node *labels);
/* Pixels after the sigmoid. */
gt_node *gt_autoencoder_pixels(gt_graph *g, const gt_job *job, gt_decoder_output d);

#endif
