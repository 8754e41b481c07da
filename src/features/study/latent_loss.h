/* SPDX-License-Identifier: Apache-2.0
 * What latents of images cost under an autoencoder, and two studies made of that. All ranks call the studies and return
 * the same status; the results are on rank 0, with the same bits on any number of ranks and threads. */
#ifndef GANTRY_FEATURES_STUDY_LATENT_LOSS_H
#define GANTRY_FEATURES_STUDY_LATENT_LOSS_H

#include "gantry/dataset.h"
#include "gantry/dist.h"
#include "gantry/runner.h"

/* What a decoder makes of any latents of a batch of images, beside the images' encodings. */
typedef struct gt_latent_loss gt_latent_loss;
/* The encoder must outlive it; `pool` may be NULL. NULL: see gt_message(); GT_USAGE: latents are discrete. */
gt_latent_loss *gt_latent_loss_new(gt_runner *encoder, gt_pool *pool);
void gt_latent_loss_free(gt_latent_loss *l); /* NULL is fine */

/* ---- what each dimension of the latent is for ---- */

typedef struct gt_dimension {
    double mean;       /* of the latents of all images */
    double divergence; /* KL(q(z|x) || N(0,1)), mean over images; NaN: latents are not distributions */
    double rise;       /* of the error of an image, when this dimension is held at its mean and the others stay */
} gt_dimension;

/* Of the first `count` images of a dataset -> out [latent_size]. *error: the mean over images of the error with all
 * dimensions, each at the mean of q(z|x). */
gt_status gt_study_dimensions_all(gt_comm *c, gt_latent_loss *l, gt_dataset *ds, int64_t count, gt_dimension *out,
                                  double *error);

/* ---- two estimates of a gradient ---- */

/* The gradient of E[f(z)], z = m + s eps with eps ~ N(0,1) and f the loss of an image, by the means m and by the
 * log-variances log s^2, is estimated with L samples in two ways (Kingma & Welling, "Auto-Encoding Variational Bayes",
 * section 2.2; Mohamed et al., "Monte Carlo Gradient Estimation in Machine Learning"):
 *
 *     score-function (REINFORCE)   f(z) eps / s       f(z) (eps^2 - 1) / 2
 *     reparametrised               f'(z)              f'(z) eps s / 2
 *
 * Both are right on average. */
enum { GT_SCORE_FUNCTION, GT_REPARAMETRISED, GT_ESTIMATES };
enum { GT_BY_MEAN, GT_BY_LOG_VARIANCE, GT_DERIVATIVES };
enum { GT_GRADIENT_LEVELS = 20 };

typedef struct gt_gradient_study {
    int levels; /* level i has estimates of L = 2^i samples */
    /* summed over dimensions, mean over images; divisor: number of estimates - 1 */
    double variance[GT_ESTIMATES][GT_DERIVATIVES][GT_GRADIENT_LEVELS];
    /* The squared length of the mean of all estimates, mean over images. */
    double square[GT_ESTIMATES][GT_DERIVATIVES];
} gt_gradient_study;

/* Of the first `count` images, with `samples` samples each, a power of 2: estimates of up to samples / 16 samples.
 * Sample k of image i depends on seed, k and i alone. GT_USAGE: latents are not distributions. */
gt_status gt_study_gradients_all(gt_comm *c, gt_latent_loss *l, gt_dataset *ds, int64_t count, int samples,
                                 uint64_t seed, gt_gradient_study *out);

int gt_latent_loss_samples(const gt_latent_loss *l); /* latents of each image in a run; of the images' size alone */
gt_runner *gt_latent_loss_encoder(const gt_latent_loss *l);
float *gt_latent_loss_z(gt_latent_loss *l); /* [batch,samples,latent_size]: to be written before each run */
/* Runs the pictures of a batch that the encoder has seen. loss [batch,samples]: squared error or cross-entropy, summed
 * over pixels in [0,1]; gradient [batch,samples,latent_size]: its derivatives by z. */
gt_status gt_latent_loss_run(gt_latent_loss *l, const gt_run_batch *b, const float **loss, const float **gradient);

#endif
