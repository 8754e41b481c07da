/* SPDX-License-Identifier: Apache-2.0
 * Lloyd's algorithm: means move to the mean of the points nearest to them. One step:
 *
 *   mean_c += mean of x - mean_c over the points x whose nearest mean is mean_c
 *
 * The sums over points are those of blocks.h, so the means are the same bits on any number of ranks and threads.
 * gt_em_start() (em.c) calls gt_em_lloyd() after the means are drawn. */
#include <string.h>

#include "gantry/progress.h"
#include "features/gmm/em.h"

static const double AT_REST = 1e-4; /* the squared moves of all means together, in units of the points' variance */

/* sums: totals [k], first moments about the means [k,d] */
static void add_panel(void *arg, const gt_panel_of_points *panel, int worker, double *sums) {
    const gt_em *em = arg;
    size_t p = em->blocks->panel, d = em->blocks->d, k = (size_t)em->mixture.k;
    double *shares = gt_em_shares(em, worker), *first = sums + k;
    gt_em_share_with_nearest(em, panel, shares);
    for (size_t c = 0; c < k; c++) {
        for (size_t n = panel->count; n < p; n++) shares[c * p + n] = 0;
        em->blocks->kernels->mixture->moments_diagonal(p, d, panel->x, em->mixture.means + c * d, shares + c * p,
                                                       sums + c, first + c * d, NULL);
    }
}

/* Rank 0: the means move; whether they come to rest. A mean without points stays. */
static bool move_means(gt_em *em) {
    size_t d = em->blocks->d, k = (size_t)em->mixture.k;
    const double *total = em->sums, *first = total + k;
    double moved = 0;
    for (size_t c = 0; c < k; c++)
        for (size_t j = 0; j < d && total[c] > 0; j++) {
            double shift = first[c * d + j] / total[c];
            em->mixture.means[c * d + j] += shift;
            moved += shift * shift;
        }
    return moved <= AT_REST * em->variance;
}

gt_status gt_em_lloyd(gt_em *em, int steps) {
    gt_comm *c = em->blocks->comm;
    size_t d = em->blocks->d, k = (size_t)em->mixture.k;
    int rests = 0;
    gt_tell_start("moving the means", "passes", steps);
    for (int i = 0; i < steps && !rests; i++) {
        gt_status st = gt_blocks_sum(em->blocks, k + k * d, add_panel, em, em->sums);
        if (st) return st;
        if (c->rank == 0) rests = move_means(em);
        gt_comm_broadcast_all(c, &rests, sizeof rests, 0);
        gt_comm_broadcast_all(c, em->mixture.means, k * d * sizeof *em->mixture.means, 0);
        gt_tell(i + 1);
    }
    return GT_OK;
}
