/* SPDX-License-Identifier: Apache-2.0
 * The actions of gantry gmm, and what they share. */
#ifndef GANTRY_CLI_GMM_H
#define GANTRY_CLI_GMM_H

#include "cli/cli.h"
#include "gantry/figure.h"
#include "gantry/mixture.h"
#include "gantry/rundir.h"

typedef struct gmm_fields {
    const char *k, *covariance, *array, *labels, *classes, *outdir, *axes, *decoder, *start, *film;
    int64_t restarts, iterations, lloyd, seed, n, threads;
    double tol, floor, checkpoint_minutes;
    bool overwrite;
} gmm_fields;

static inline const gmm_fields *gmm_options(const cli_session *s) { return s->fields; }

/* The actions; the words that each one takes stand behind its name in the session's arguments. */
gt_status gmm_fit_all(cli_session *s);
gt_status gmm_predict_all(cli_session *s);
gt_status gmm_score_all(cli_session *s);
gt_status gmm_sample_all(cli_session *s);

/* ---- points and mixtures ---- */

typedef struct gmm_points { /* {0}: none */
    gt_cloud *cloud;
    gt_blocks *blocks;
    gt_cloud_info info;
} gmm_points;

/* Reads the points of `data`. The caller frees them, also after an error. */
gt_status gmm_read_points_all(const cli_session *s, const char *data, gmm_points *points);
void gmm_free_points(gmm_points *p);

/* All ranks read a fit of which at least one restart is over. The caller frees the fit, also after an error. */
gt_status gmm_read_mixture_all(gt_comm *c, const char *path, gt_fit *f);

/* What an action does with the mixture, and with the points of DATA where there are some. */
typedef gt_status gmm_work(const cli_session *s, const gt_fit *f, const gmm_points *points);
gt_status gmm_with_mixture_all(const cli_session *s, gmm_work *work);

/* ---- fitting ---- */

typedef struct gmm_task { /* fits to one set of points in one folder */
    const cli_session *session;
    const gmm_points *points;
    gt_mixture_recipe recipe;
    char fingerprint[33];
    char *columns; /* as gt_fit.columns */
    gt_lock *lock; /* of OUTDIR; rank 0's */
} gmm_task;

/* Begins with the recipe's fit, or goes on with the one at `path`, to the end. The caller frees the fit, also after an
 * error. */
gt_status gmm_fit_one_all(const gmm_task *t, const gt_mixture_recipe *recipe, const char *path, gt_fit *f);
/* Reads a fit that is there already. GT_USAGE: a fit to other data, or with other options but for iterations and tol;
 * `any_k`: the number of components may differ too. */
gt_status gmm_read_own(const gmm_task *t, const gt_mixture_recipe *recipe, const char *path, bool any_k, gt_fit *f);
/* After gmm_read_own(): is it another fit, or none, that --overwrite lets this one replace? */
bool gmm_overwrites(const gmm_task *t, gt_status st);
/* A fit for each of the n numbers of components, a table and a picture of them, and the best one at `path`. */
gt_status gmm_fit_range_all(const gmm_task *t, const int64_t *k, int64_t n, const char *path, gt_fit *best);
/* "component 3 (12 points) is", "components 3 (12 points), 4 (8 points) are" held up by the floor: a line; none where
 * there is no such component. */
void gmm_print_held(const gt_fit *f);

/* ---- pictures ---- */

/* Draws OUTDIR/curve.svg and .png; for rank 0 alone. */
gt_status gmm_draw_curve(const cli_session *s, const gt_fit *f);
/* Reads --axes, two numbers or names, for the points; points of one number have the axis 0 alone. `axes` may be NULL.
 */
gt_status gmm_read_axes(const cli_session *s, const gmm_points *p, int axes[2]);

typedef struct gmm_view { /* points on two axes, or of one number; rank 0's arrays live in the session's arena */
    int axes[2];
    bool plane;
    int64_t n;
    float *x, *y;     /* [n]; y NULL: not a plane */
    double ranges[4]; /* of x and of y: whole, with margins; of a line: of the density as well */
    char labels[2][64];
    double *edges, *heights, *at, *density; /* of a line */
} gmm_view;
gt_status gmm_view_all(const cli_session *s, const gmm_points *p, gmm_view *v);
/* A panel of the points, coloured by `groups` [n], and of the mixture, on rank 0. It refers to `v`, `curve` and
 * `ellipses` [k]. */
gt_panel gmm_panel(gmm_view *v, const gt_mixture *m, const int32_t *groups, gt_curve *curve, gt_ellipse *ellipses);
/* All ranks draw OUTDIR/STEM.svg and .png: two numbers of the points, coloured by `groups` (which rank 0 has), and an
 * ellipse for each component. */
gt_status gmm_draw_clusters_all(const cli_session *s, const gmm_points *p, const gt_mixture *m, const int32_t *groups,
                                const char *stem);
/* Draws OUTDIR/over-data.svg and .png: samples [n,d] over the points. */
gt_status gmm_draw_over_data_all(const cli_session *s, const gmm_points *p, const double *samples, int64_t n);
/* The iterations of the restart that led to f->best, which are computed again, as --film. */
gt_status gmm_film_all(const cli_session *s, const gmm_points *p, const gt_fit *f);

/* ---- tables ---- */

/* Where the points have labels: prints and writes OUTDIR/NAME, labels against components; rank 0 alone. */
gt_status gmm_tell_labels(const cli_session *s, const gmm_points *p, const int32_t *components, int k,
                          const char *name);

typedef struct gmm_column { /* one of a CSV file; the first that is not NULL counts */
    const char *name;       /* with `width` above 1: followed by a number from 0 */
    int width;              /* 0: 1 */
    const double *doubles;  /* [n,width] */
    const float *floats;
    const int32_t *integers;
} gmm_column;
/* Writes a CSV file of n lines behind a heading: n points [n,d], with the names of `names` (a gt_fit.columns; NULL: x0,
 * x1, ...), then the columns. `points` NULL: those of the cloud are read. Messages name the path. */
gt_status gmm_write_csv(const char *path, gt_cloud *cloud, const char *names, const double *points, int64_t n, int d,
                        const gmm_column *columns, int n_columns);
char *gmm_columns_of(const gt_cloud *c, int d); /* a gt_fit.columns; NULL: there are no names, or very many */

#endif
