/* SPDX-License-Identifier: Apache-2.0
 * Expectation maximisation, a pass over the points at a time. Every function but gt_em_free is collective. */
#ifndef GANTRY_MIXTURE_EM_H
#define GANTRY_MIXTURE_EM_H

#include "mixture/blocks.h"
#include "mixture/density.h"

typedef struct gt_em {
    gt_blocks *blocks;
    gt_mixture mixture;    /* on all ranks */
    gt_density density;    /* of it */
    double *centre;        /* [d] the mean of all points */
    double *scatter;       /* tied: the points' second moments about it, lower triangle; rank 0 */
    double variance;       /* of the points, mean over dimensions */
    double floor;          /* no variance in any direction is less */
    bool measures_scatter; /* measure(): whole matrices of second moments */
    bool hard;             /* points belong to the nearest mean alone: the first pass */
    /* tied: the last pass took second moments about the means, of all components together; else they come from
     * `scatter` */
    bool about_means;
    size_t moments; /* second moments of a component */
    size_t n_sums;
    double *sums; /* of the last pass, rank 0: log-likelihood, totals [k], first moments [k,d], second moments
                   * [k,moments], or (tied) their sum over components, a lower triangle */
    size_t worker_doubles;
    double *work;                   /* [workers][worker_doubles] */
    struct gt_maximiser *maximiser; /* room for the M step: rank 0 */
} gt_em;

/* floor: in units of the points' variance. */
gt_status gt_em_new(gt_em **out, gt_blocks *b, gt_covariance covariance, int k, double floor);
void gt_em_free(gt_em *em); /* NULL is fine */

/* em->mixture.means by k-means++ (D. Arthur, S. Vassilvitskii, 2007), then the mixture of the points nearest to each.
 */
gt_status gt_em_start(gt_em *em, uint64_t seed, uint32_t restart);
/* The mixture was changed from outside. */
gt_status gt_em_set(gt_em *em);
/* Log-likelihood per sample under the mixture, and the moments of its shares. */
gt_status gt_em_pass(gt_em *em, double *log_likelihood);
/* The mixture that maximises the expected log-likelihood under those shares, among those with no variance below the
 * floor. */
gt_status gt_em_update(gt_em *em);

/* What rounding may make of a log-likelihood per sample: a covariance is known to eps of its entries, which matters the
 * more the less of a variance is left when other dimensions are known; sums over points and terms add a little. */
double gt_em_rounding(const gt_em *em, double log_likelihood);

/* ---- the parts, for em.c ---- */

/* From sums to em->mixture, on rank 0. */
typedef struct gt_maximiser gt_maximiser;
gt_maximiser *gt_maximiser_new(gt_em *em); /* NULL: out of memory */
void gt_maximiser_free(gt_maximiser *m);   /* NULL is fine */
gt_status gt_em_maximise(gt_maximiser *m);
/* em->mixture.means, on all ranks. */
gt_status gt_em_seed_means(gt_em *em, uint64_t seed, uint32_t restart);

#endif
