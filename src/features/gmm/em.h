/* SPDX-License-Identifier: Apache-2.0
 * Expectation maximisation, one pass over the points at a time. Every function but gt_em_free() and gt_em_rounding() is
 * collective: all ranks call the function, and all return the same. */
#ifndef GANTRY_FEATURES_GMM_EM_H
#define GANTRY_FEATURES_GMM_EM_H

#include "base/door/random.h"
#include "features/gmm/blocks.h"
#include "features/gmm/density.h"

typedef struct gt_em {
    gt_blocks *blocks;
    gt_arena *arena;       /* holds the gt_em itself and its arrays */
    gt_mixture mixture;    /* the same on all ranks */
    gt_density density;    /* of the mixture */
    double *centre;        /* [d] the mean of all points */
    double *scatter;       /* tied: second moments of all points about `centre`, on rank 0; NULL: not tied */
    double variance;       /* of the points, mean over the dimensions */
    double floor;          /* the least variance of a component in any direction */
    bool measures_scatter; /* the points are measured for the second time: for `scatter` */
    bool hard;             /* each point belongs to the nearest mean alone: in the first pass of a restart */
    /* tied: whether the last pass took the second moments about the means, summed over the components; if not, the
     * update takes them from `scatter` */
    bool about_means;
    size_t moments; /* second moments of a component: full d(d+1)/2, tied 0, else d */
    size_t n_sums;
    double *sums; /* of the last pass, on rank 0: log-likelihood, totals [k], first moments [k,d], second moments
                   * [k,moments], or (tied) the sum of those over the components, a lower triangle */
    size_t worker_doubles;
    double *work; /* [workers][worker_doubles] */
    int *ends;    /* [k] for maximise.c: what became of each component */
    int *low;     /* [k] for the caller of gt_em_low_variance() */
} gt_em;

/* `floor` is in units of the points' variance. On failure *out is NULL. */
gt_status gt_em_new(gt_em **out, gt_blocks *b, gt_covariance covariance, int k, double floor);
void gt_em_free(gt_em *em); /* NULL is fine */

/* The means begin by k-means++ (D. Arthur, S. Vassilvitskii, 2007) and recipe->lloyd steps of Lloyd; the mixture begins
 * as that of the points nearest to each mean. `start`: what the caller gives instead, where recipe->start is set. */
gt_status gt_em_start(gt_em *em, const gt_mixture_recipe *recipe, const gt_mixture_start *start, uint32_t restart);
/* To be called after the caller has changed em->mixture. */
gt_status gt_em_set(gt_em *em);
/* The E step: the log-likelihood per sample under the mixture, and the moments of the points, weighted by their shares
 * in each component. GT_NONFINITE: the log-likelihood is not finite. */
gt_status gt_em_pass(gt_em *em, double *log_likelihood);
/* The M step: the mixture becomes the one that maximises the expected log-likelihood under the shares of the last pass,
 * among the mixtures without a variance below the floor. GT_FAILED: a covariance is singular. */
gt_status gt_em_update(gt_em *em);

/* low[0 .. *n - 1], ascending, of [k]: the components of `m`, a mixture like em->mixture and the same on all ranks,
 * with a variance in some direction of at most so many floors. Tied: all, or none. Components of weight 0 do not count;
 * with a floor of 0 there are none. GT_EM_HELD floors: the components that the floor holds up. */
#define GT_EM_HELD (1 + 1e-6) /* 1, and rounding */
gt_status gt_em_low_variance(gt_em *em, const gt_mixture *m, double floors, int *low, int *n);

/* How far rounding may move a log-likelihood per sample. A covariance is known to eps of its entries, which matters the
 * more the less of a variance is left when other dimensions are known; sums over points and terms add a little. */
double gt_em_rounding(const gt_em *em, double log_likelihood);

/* The arrays of a fit whose arena, recipe and points are set and whose other members are zeros. */
gt_status gt_fit_allocate(gt_fit *f);

/* ---- the parts, for em.c ---- */

/* From em->sums to em->mixture; rank 0 alone calls this. */
gt_status gt_em_maximise(gt_em *em);
size_t gt_em_maximise_scratch(gt_covariance covariance, size_t d); /* doubles of em->work for each worker */
double gt_mixture_uniform(gt_key key);                             /* a number of [0,1), a multiple of 2^-53 */
/* Weights lie side by side from 0 on: the index of the weight that *place lies in, and *place becomes the rest of it
 * within that weight. Beyond all of them: the last weight above 0. -1: no weight is above 0. */
int64_t gt_mixture_choose(const double *weights, int64_t n, double *place);
/* Draws em->mixture.means, on all ranks. */
gt_status gt_em_seed_means(gt_em *em, uint64_t seed, uint32_t restart);
/* Moves em->mixture.means to the mean of the points nearest to each, `steps` times or until they rest. */
gt_status gt_em_lloyd(gt_em *em, int steps);
/* The shares of a panel's points [k, panel] become 1 for the nearest mean of em->mixture, else 0. */
void gt_em_share_with_nearest(const gt_em *em, const gt_panel_of_points *panel, double *shares);
double *gt_em_shares(const gt_em *em, int worker); /* room [k, panel] of a worker */

#endif
