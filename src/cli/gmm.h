/* SPDX-License-Identifier: Apache-2.0
 * The actions of gantry gmm, and what they share. */
#ifndef GANTRY_CLI_GMM_H
#define GANTRY_CLI_GMM_H

#include "cli/cli.h"
#include "gantry/mixture.h"

typedef struct gmm_fields {
    const char *covariance, *array, *outdir, *axes, *decoder;
    int64_t k, restarts, iterations, seed, n, threads;
    double tol, floor, checkpoint_minutes;
} gmm_fields;

typedef struct gmm_run {
    cli_session *session;
    const gmm_fields *fields;
    const char **words; /* after the action */
    gt_comm *comm;
    gt_pool *pool;
} gmm_run;

typedef struct gmm_action {
    const char *name;
    int n_words;
    const char *words;
    gt_status (*run)(gmm_run *r); /* collective */
} gmm_action;

gt_status gmm_fit_all(gmm_run *r);
gt_status gmm_predict_all(gmm_run *r);
gt_status gmm_score_all(gmm_run *r);
gt_status gmm_sample_all(gmm_run *r);

/* All ranks: a fit of which at least one restart is over; to be freed in any case. */
gt_status gmm_read_mixture_all(gt_comm *c, const char *path, gt_fit *f);

/* OUTDIR/NAME, in the session's arena. */
const char *gmm_path(const gmm_run *r, const char *name);
/* DATA in blocks, and what it is; the source is closed again. */
gt_status gmm_read_points_all(const gmm_run *r, const char *data, gt_blocks **blocks, gt_cloud_info *info);

/* OUTDIR/curve.svg, .png: rank 0 alone. */
gt_status gmm_draw_curve(const gmm_run *r, const gt_fit *f);
/* --axes for points of d numbers; of fewer than two there are none to choose. `axes` may be NULL. */
gt_status gmm_read_axes(const gmm_run *r, int d, int axes[2]);
/* OUTDIR/clusters.svg, .png: two numbers of the points, coloured by label (both on rank 0), and ellipses. Collective.
 */
gt_status gmm_draw_clusters_all(const gmm_run *r, gt_blocks *b, const gt_mixture *m, const int32_t *labels, int64_t n);

#endif
