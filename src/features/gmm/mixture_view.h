/* SPDX-License-Identifier: Apache-2.0
 * What is shown of points and mixtures: figures, films and tables.
 *
 *     int axes[2];
 *     gt_status st = gt_mixture_axes_read(axes, &points, "0,1");
 *     st = gt_mixture_draw_clusters_all(&points, axes, &fit.best, prediction.labels, "mixture/clusters");
 *
 * `groups` and `components` are numbers of components [points], which rank 0 has. A STEM becomes STEM.svg and STEM.png.
 * Functions ending in _all are collective; rank 0 alone calls the others. */
#ifndef GANTRY_FEATURES_GMM_MIXTURE_VIEW_H
#define GANTRY_FEATURES_GMM_MIXTURE_VIEW_H

#include "features/gmm/mixture_folder.h"

/* ---- figures ---- */

/* The log-likelihood over the iterations of the restart that led to f->best. */
gt_status gt_fit_draw_curve(const gt_fit *f, const char *stem);

/* "A,B", two numbers or names of columns, -> the axes of figures; points of one number have the axis 0 alone. GT_USAGE:
 * no such axes. Any rank. */
gt_status gt_mixture_axes_read(int axes[2], const gt_mixture_points *p, const char *text);
/* Points coloured by groups, and an ellipse of two standard deviations for each component; of points of one number a
 * histogram under the densities of the components, each times its weight, and under their sum. */
gt_status gt_mixture_draw_clusters_all(const gt_mixture_points *p, const int axes[2], const gt_mixture *m,
                                       const int32_t *groups, const char *stem);
/* Samples [n,d], which rank 0 has, over the points. */
gt_status gt_mixture_draw_samples_over_all(const gt_mixture_points *p, const int axes[2], const double *samples,
                                           int64_t n, const char *stem);
/* The iterations of the restart that led to f->best, which are computed again; `path` as in film.h, .webp or a folder.
 * GT_STOPPED: no film is made. */
gt_status gt_fit_film_all(const gt_fit *f, const gt_mixture_points *p, const int axes[2], const char *path);

/* OUTDIR/elbo.csv, .svg and .png: of the same iterations, which are computed again, ELBO, KL and log-likelihood after
 * each half of EM: the E step, and the M step. GT_STOPPED: nothing is written. */
gt_status gt_fit_tell_half_steps_all(const gt_fit *f, const gt_mixture_points *p, const char *outdir);

/* ---- labels against components ---- */

typedef struct gt_label_table {
    gt_cloud_labels labels; /* of the cloud */
    int k;
    int64_t *counts; /* [labels.classes,k], in the arena; NULL: the points have no labels */
    int64_t labelled;
    double rand_index; /* gt_adjusted_rand_index() */
} gt_label_table;
gt_status gt_label_table_count(gt_label_table *t, gt_arena *a, const gt_mixture_points *p, const int32_t *components,
                               int k);
gt_status gt_label_table_write(const gt_label_table *t, const char *path); /* as CSV */

/* ---- tables of points ---- */

typedef struct gt_point_column { /* one of a CSV file; the first that is not NULL counts */
    const char *name;            /* with `width` above 1: followed by a number from 0 */
    int width;                   /* 0: 1 */
    const double *doubles;       /* [n,width] */
    const float *floats;
    const int32_t *integers;
} gt_point_column;
/* Writes a CSV file of n lines behind a heading: points [n,d], with the names of `names` (a gt_fit.columns; NULL: x0,
 * x1, ...), then the columns. `points` NULL: those of the cloud are read. Messages name the path. */
gt_status gt_points_write_csv(const char *path, gt_cloud *cloud, const char *names, const double *points, int64_t n,
                              int d, const gt_point_column *columns, int n_columns);

/* HDF5 with the arrays responsibilities [n,k], labels [n], log_likelihood [n]. */
gt_status gt_prediction_write(const gt_prediction *of, int64_t n, int k, const char *path);
/* The points and, behind them, component, log_likelihood and p0, p1, ... (responsibilities); log_likelihood alone where
 * there are no responsibilities. */
gt_status gt_prediction_write_csv(const gt_prediction *of, const gt_mixture_points *p, int k, const char *path);
/* HDF5 with the arrays points [n,d] and component [n]. */
gt_status gt_samples_write(const double *points, const int32_t *components, int64_t n, int d, const char *path);

/* ---- tables of points ---- */

/* A gt_fit.columns of the cloud's names in the arena; NULL with GT_OK: there are no names, or very many. Any rank. */
gt_status gt_cloud_columns(const gt_cloud *c, gt_arena *a, const char **columns);

#endif
