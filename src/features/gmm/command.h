/* SPDX-License-Identifier: Apache-2.0
 * The actions of gantry gmm, and what they share. */
#ifndef GANTRY_FEATURES_GMM_COMMAND_H
#define GANTRY_FEATURES_GMM_COMMAND_H

#include "command/door/cli.h"
#include "features/gmm/mixture_view.h"

typedef struct gmm_fields {
    const char *k, *array, *labels, *classes, *outdir, *axes, *decoder, *start, *film;
    gt_covariance covariance;
    int64_t restarts, iterations, lloyd, seed, n, threads;
    double tol, floor, checkpoint_minutes;
    bool overwrite, half_steps;
} gmm_fields;

static inline const gmm_fields *gmm_options(const cli_session *s) { return s->fields; }

/* The actions; the words that each one takes stand behind its name in the session's arguments. */
gt_status gmm_fit_all(cli_session *s);
gt_status gmm_predict_all(cli_session *s);
gt_status gmm_score_all(cli_session *s);
gt_status gmm_sample_all(cli_session *s);

/* Reads the points of `data`. The caller frees the points, also after an error. */
gt_status gmm_read_points_all(const cli_session *s, const char *data, gt_mixture_points *points);
/* Where the points have labels: prints and writes OUTDIR/NAME, labels against components; rank 0 alone. */
gt_status gmm_print_labels(const cli_session *s, const gt_mixture_points *p, const int32_t *components, int k,
                           const char *name);

typedef struct gmm_use { /* a mixture, and the points of DATA where there are some */
    const cli_session *session;
    gt_fit fit;
    gt_mixture_points points;
    int axes[2];
    bool first; /* rank 0 */
} gmm_use;
/* What an action does with the mixture that is its first word; `drawn`: --axes counts. */
typedef gt_status gmm_work(const gmm_use *u);
gt_status gmm_use_mixture_all(const cli_session *s, bool drawn, gmm_work *work);
/* OUTDIR/NAME, in a folder that has room for so many numbers. NULL: see gt_message(). */
const char *gmm_prepare_output(const cli_session *s, const char *name, int64_t rows, int64_t numbers);

#endif
