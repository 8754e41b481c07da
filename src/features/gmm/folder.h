/* SPDX-License-Identifier: Apache-2.0
 * A folder of fits, as its two files share it (features/gmm/mixture_folder.h). */
#ifndef GANTRY_FEATURES_GMM_FOLDER_H
#define GANTRY_FEATURES_GMM_FOLDER_H

#include "features/gmm/mixture_folder.h"
#include "run/door/rundir.h"
#include "features/gmm/blocks.h"

struct gt_fit_folder {
    gt_arena *arena; /* holds the folder itself and all its texts and arrays */
    gt_comm *comm;
    const gt_mixture_points *points;
    const gt_fit_folder_options *o;
    gt_mixture_recipe recipe; /* k: the first of the numbers */
    int64_t *k, n_k;
    gt_fit_choice *choices; /* [n_k] */
    char fingerprint[33];
    const char *columns; /* as gt_fit.columns */
    gt_lock *lock;       /* rank 0's */
};

/* Begins with the recipe's fit, or resumes the one at `path`, to the end. The caller frees the fit, also after an
 * error. */
gt_status gt_fit_folder_fit_one_all(const gt_fit_folder *d, const gt_mixture_recipe *recipe, const char *path,
                                    gt_fit *f);
/* Reads a fit that is there already. GT_USAGE: a fit to other data, or with other options but for iterations and tol;
 * `any_k`: the number of components may differ too. */
gt_status gt_fit_folder_read_own(const gt_fit_folder *d, const gt_mixture_recipe *recipe, const char *path, bool any_k,
                                 gt_fit *f);
/* After gt_fit_folder_read_own(): is it another fit, or none, that this one may replace? */
bool gt_fit_folder_overwrites(const gt_fit_folder *d, gt_status st);
/* Writes a fit, unless another process has taken the lock; rank 0 alone. */
gt_status gt_fit_folder_write(const gt_fit_folder *d, const gt_fit *f, const char *path);
/* A fit for each number of components, their table and figure, and the best one at `path`. */
gt_status gt_fit_folder_compare_all(const gt_fit_folder *d, const char *path, gt_fit *best);

#endif
