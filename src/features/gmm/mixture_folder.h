/* SPDX-License-Identifier: Apache-2.0
 * Mixtures of points from files, fitted into a folder: a fit that was stopped resumes, several numbers of components
 * are compared by BIC and AIC.
 *
 *     gt_mixture_points points;
 *     gt_status st = gt_mixture_points_read_all(&points, comm, pool, NULL, &(gt_mixture_source){.path = "points.csv"});
 *     gt_fit_folder *folder;
 *     st = gt_fit_folder_open_all(&folder, &points, &(gt_fit_folder_options){.dir = "mixture", .k = "1-20", ...});
 *     gt_fit best;
 *     st = gt_fit_folder_fit_all(folder, &best);
 *     gt_fit_free(&best);
 *     gt_fit_folder_close(folder);
 *     gt_mixture_points_free(&points);
 *
 * Functions ending in _all are collective. Requests to stop and for checkpoints are those of stop.h. */
#ifndef GANTRY_FEATURES_GMM_MIXTURE_FOLDER_H
#define GANTRY_FEATURES_GMM_MIXTURE_FOLDER_H

#include "gantry/dist.h"
#include "features/gmm/mixture.h"
#include "gantry/pool.h"

/* ---- points of all ranks ---- */

typedef struct gt_mixture_source { /* as in gt_cloud_open_labelled(); NULL is "" */
    const char *path, *array, *labels, *classes;
} gt_mixture_source;

typedef struct gt_mixture_points { /* {0}: none */
    gt_cloud *cloud;
    gt_blocks *blocks;
    gt_cloud_info info;
} gt_mixture_points;

/* Reads the points; `pool` and `kernels` as in gt_blocks_read(). Warns of columns that are called as labels are. The
 * caller frees the points, also after an error. */
gt_status gt_mixture_points_read_all(gt_mixture_points *p, gt_comm *c, gt_pool *pool, const gt_kernel_set *kernels,
                                     const gt_mixture_source *source);
void gt_mixture_points_free(gt_mixture_points *p); /* *p becomes {0} */

/* All ranks read a fit of which at least one restart is over; GT_FAILED: there is none yet. Warns of a fit that is not
 * finished. The caller frees the fit, also after an error. */
gt_status gt_fit_read_all(gt_fit *f, gt_comm *c, const char *path);

/* ---- fits in a folder ---- */

typedef struct gt_fit_folder_options {
    const char *dir; /* made if needed */
    const char *k;   /* numbers of components, each once: "8", "1-20", "2,4,8" */
    bool k_of_start; /* with `start`, whose number of components then takes the place of `k` */
    /* Of `recipe` the members k, lloyd and start do not count. */
    gt_mixture_recipe recipe;
    int lloyd; /* steps of Lloyd's algorithm; -1: 10, or 0 with `start`, but a fit that is there keeps its own */
    const char *start;         /* a file as in gt_mixture_start_read(); "": none */
    bool overwrite;            /* a fit that is there, to other data or with other options, is replaced */
    double checkpoint_minutes; /* longest time between two writings; 0: only at the end */
} gt_fit_folder_options;

typedef struct gt_fit_folder gt_fit_folder;
/* Checks options and points, and takes the lock of the folder, which lasts until gt_fit_folder_close(). Options and
 * points live as long as the folder. GT_USAGE: they do not fit together. GT_STOPPED: while another process held the
 * lock. On failure *out is NULL. */
gt_status gt_fit_folder_open_all(gt_fit_folder **out, const gt_mixture_points *p, const gt_fit_folder_options *o);
void gt_fit_folder_close(gt_fit_folder *f); /* NULL is fine */

/* Begins a fit, or resumes the one in the folder, to its end; the fit is written to DIR/mixture.h5. Of several
 * numbers of components each has a fit DIR/kK.h5, mixture.h5 becomes the best one by BIC, and k.csv, k.svg and k.png
 * compare them. *best is to be freed, also after an error. GT_STOPPED: the fit is written, and the same call resumes
 * it. GT_USAGE, GT_FORMAT: what is in the folder is something else. */
gt_status gt_fit_folder_fit_all(gt_fit_folder *f, gt_fit *best);

/* A fit among those with other numbers of components. */
typedef struct gt_fit_choice {
    int k;
    double log_likelihood, bic, aic;
    int n_held, iterations;
    bool converged;
} gt_fit_choice;
/* After gt_fit_folder_fit_all(): the fits in the order of `k`; *n is 0 where nothing was compared. */
const gt_fit_choice *gt_fit_folder_choices(const gt_fit_folder *f, int64_t *n);
/* The choice of the least BIC, or AIC; one that the floor holds up (gt_fit.held) is worse than any other. n > 0. */
const gt_fit_choice *gt_fit_choose(const gt_fit_choice *choices, int64_t n, bool bic);

#endif
