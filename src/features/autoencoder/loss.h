/* SPDX-License-Identifier: Apache-2.0
 * How an autoencoder is trained: its loss as a graph, and the model of the training loop made of it. */
#ifndef GANTRY_FEATURES_AUTOENCODER_LOSS_H
#define GANTRY_FEATURES_AUTOENCODER_LOSS_H

#include "features/autoencoder/autoencoder.h"
#include "networks/model/door/warning.h"

typedef struct gt_autoencoder {
    const gt_job *job;
    const gt_autoencoder_options *options; /* the job's own */
    const gt_net *net;
    float *divergence; /* normal: mean divergence of each latent dimension in the latest step */
} gt_autoencoder;

gt_status gt_autoencoder_make(gt_model *m, const gt_job *job);

/* Inputs, all scalars, that are written before a slice is run. */
#define GT_AE_BATCH "batch_size" /* samples in the whole batch */
#define GT_AE_BETA "beta"        /* weight of the divergence at this step */
#define GT_AE_TEMPERATURE "temperature"
/* For slice 0 its factor in the mean over slices, else 0: codes restart at tokens of slice 0. */
#define GT_AE_RESTART "restart"

/* An output of latents with a distribution: the divergence of every sample's dimensions [n,z_dim]. */
#define GT_AE_DIVERGENCES "divergences"

void gt_autoencoder_loss(const gt_autoencoder *a, gt_graph *g, int n);

/* A reconstruction without random numbers: the latent as a table of latents has it, and the pixels made from the
 * latent. */
typedef struct gt_reconstruction {
    gt_encoding encoding;
    gt_node *latent; /* [N,z_dim]: the mean; discrete: [N,tokens], the numbers of the codes */
    gt_decoder_output decoded;
} gt_reconstruction;
gt_reconstruction gt_autoencoder_reconstruct(const gt_autoencoder *a, gt_bound_net b, gt_node *pixels, gt_node *labels);
/* The divergence from the prior of each image's dimensions [N,dimensions]: normal, gumbel; NULL: there is none. */
gt_node *gt_autoencoder_kl(gt_graph *g, const gt_encoding *e);

/* mean + eps exp(log_variance / 2) [N draws,z_dim], the draws of an image one behind the other: what Kingma and
 * Welling, "Auto-Encoding Variational Bayes", eq. 10, call L samples. An image's numbers of `stream` are those of all
 * its draws. */
gt_node *gt_autoencoder_sample_normal(gt_graph *g, const gt_encoding *e, const char *stream, int64_t draws);
/* Gumbel noise for `draws` samples of logits [n,tokens,codes]: like them for one draw, else [n,draws,tokens,codes]. */
gt_node *gt_autoencoder_gumbel(gt_graph *g, const char *stream, const gt_node *logits, int64_t draws);
static inline int64_t gt_autoencoder_draws(const gt_autoencoder_options *o) { return o->samples > 1 ? o->samples : 1; }
/* The reconstruction loss [N] of `decoded` [N draws,H,W,C], the mean over draws; over pixels the mean or the sum. */
gt_node *gt_autoencoder_drawn_loss(const gt_autoencoder *a, gt_graph *g, gt_decoder_output decoded, gt_node *pixels,
                                   int64_t draws, bool mean);

/* x [N,...] -> [N]: the sum or the mean over an image's numbers */
gt_node *gt_autoencoder_per_image(gt_graph *g, gt_node *x, bool mean);
/* [N], summed over pixels */
gt_node *gt_autoencoder_pixel_loss(const gt_autoencoder *a, gt_graph *g, gt_decoder_output decoded, gt_node *pixels);
/* Of each pixel: squared error, cross-entropy, or -log p(x|z) with its constant. `decoded` is that of N draws for each
 * of the n images; the result [n,draws,image], with one draw [n,H,W,C]. */
gt_node *gt_autoencoder_pixel_terms(const gt_autoencoder *a, gt_graph *g, gt_decoder_output decoded, gt_node *pixels);

extern const gt_warning gt_autoencoder_warnings[]; /* ended by {0} */

/* ---- own_losses.c: the role "losses" ---- */
gt_graph *gt_autoencoder_own_losses(gt_model *m, const gt_request *request);

/* ---- density.c: the role "density", and gt_model.pixel_variance ---- */
gt_graph *gt_autoencoder_density(gt_model *m, const gt_request *r);
/* Draws for each image in a run: r->samples, or else as many as have so many pixels in all, at most `max`. */
int gt_autoencoder_samples(const gt_model *m, const gt_request *r, int max, size_t pixels);
double gt_autoencoder_pixel_variance(const gt_job *job); /* as gt_model has it */

/* ---- latent_loss.c: the role "latent loss" ---- */
gt_graph *gt_autoencoder_latent_loss(gt_model *m, const gt_request *r);

#endif
