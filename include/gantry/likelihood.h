/* SPDX-License-Identifier: Apache-2.0
 * How likely images are under a variational autoencoder: log p(x), which no formula gives, estimated with K importance
 * samples z_k ~ q(z|x) (Burda et al., "Importance Weighted Autoencoders", eq. 8):
 *
 *     log w_k = log p(x|z_k) + log p(z_k) - log q(z_k|x),     log p(x) ~ log( 1/K sum_k w_k )
 *
 * The estimate is low on average, and exact as K grows. The mean of log w_k is the ELBO, and log p(x) = ELBO +
 * KL(q(z|x) || p(z|x)): the second term is what the encoder's Gaussian costs. The ELBO is in turn E log p(x|z) -
 * KL(q(z|x) || p(z)). Everything is in nats, so that it compares with the log-likelihood of any other model of the same
 * pixels in [0,1] (of pixels in units u times as large: add D log u).
 *
 * What p(x|z) is. A loss of w (squared error summed over the D pixels) + KL is -ELBO of a Gaussian around the decoded
 * image x' with the variance sigma^2 = 1/(2w) for every pixel, up to a constant that training does not need and a
 * likelihood does:
 *
 *     log p(x|z) = - |x - x'|^2 / (2 sigma^2) - D/2 log(2 pi sigma^2)
 *
 * w follows from factor, beta and reductions of the job; by default w is 1 and sigma 0.707, far from what images are.
 * Another sigma can be given: the decoder stays the same, the density does not. Cross-entropy is -log of a Bernoulli
 * distribution, which is a probability only where pixels are 0 or 1. A decoder that gives each pixel a variance of its
 * own (--recon=normal) is trained with -log p(x|z) itself, and its density is that of training.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_LIKELIHOOD_H
#define GANTRY_LIKELIHOOD_H

#include "gantry/dataset.h"
#include "gantry/dist.h"
#include "gantry/model.h"

typedef struct gt_likelihood_options {
    int samples;   /* K */
    double sigma;  /* of a pixel; 0: what the loss means. GT_USAGE where pixels are not Gaussian, or have their own */
    uint64_t seed; /* of the samples: those of item i depend on seed, i and k alone */
    gt_pool *pool; /* NULL: one thread */
} gt_likelihood_options;

typedef struct gt_likelihood { /* of an image, in nats */
    double log_likelihood;     /* log p(x), estimated */
    double bound;              /* ELBO */
    double divergence;         /* KL(q(z|x) || p(z)), estimated with the same samples */
    double error; /* mean over the samples of the loss, summed over pixels: squared error, cross-entropy, -log p */
} gt_likelihood;

typedef struct gt_estimator gt_estimator;

/* `params`: of the model's network 0. Model and parameters must outlive the estimator. NULL: see gt_message(); the
 * status is GT_USAGE for a model without a density. */
gt_estimator *gt_estimator_new(gt_model *m, const float *params, const gt_likelihood_options *o);
void gt_estimator_free(gt_estimator *e);          /* NULL is fine */
double gt_estimator_sigma(const gt_estimator *e); /* 0: Bernoulli; < 0: each pixel has its own */

/* Estimates all items of a dataset on all ranks, with the same bits on any number of ranks. On rank 0 the caller frees
 * *out; on other ranks *out is NULL. All ranks return the same status. */
gt_status gt_likelihood_dataset_all(gt_comm *c, gt_estimator *e, gt_dataset *ds, gt_likelihood **out);

#endif
