/* SPDX-License-Identifier: Apache-2.0
 * The actions of gantry gmm, and what they share. */
#ifndef GANTRY_CLI_GMM_H
#define GANTRY_CLI_GMM_H

#include "cli/cli.h"
#include "gantry/mixture.h"

typedef struct gmm_fields {
    const char *covariance, *array, *classes, *outdir, *axes, *decoder;
    int64_t k, restarts, iterations, seed, n, threads;
    double tol, floor, checkpoint_minutes;
} gmm_fields;

static inline const gmm_fields *gmm_options(const cli_session *s) { return s->fields; }

/* The actions; the words that each one takes stand behind its name in the session's arguments. */
gt_status gmm_fit_all(cli_session *s);
gt_status gmm_predict_all(cli_session *s);
gt_status gmm_score_all(cli_session *s);
gt_status gmm_sample_all(cli_session *s);

/* All ranks read a fit of which at least one restart is over. The caller frees the fit, also after an error. */
gt_status gmm_read_mixture_all(gt_comm *c, const char *path, gt_fit *f);

/* Reads the points of `data` into blocks, which the caller frees, and says in *info what the points are. */
gt_status gmm_read_points_all(const cli_session *s, const char *data, gt_blocks **blocks, gt_cloud_info *info);

/* Draws OUTDIR/curve.svg and .png; for rank 0 alone. */
gt_status gmm_draw_curve(const cli_session *s, const gt_fit *f);
/* Reads --axes for points of d numbers; points of one number have the axis 0 alone. `axes` may be NULL. */
gt_status gmm_read_axes(const cli_session *s, int d, int axes[2]);
/* All ranks draw OUTDIR/clusters.svg and .png: two numbers of the points, coloured by `labels` (which rank 0 has), and
 * an ellipse for each component. */
gt_status gmm_draw_clusters_all(const cli_session *s, gt_blocks *b, const gt_mixture *m, const int32_t *labels,
                                int64_t n);

#endif
