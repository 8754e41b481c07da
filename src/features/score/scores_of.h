/* SPDX-License-Identifier: Apache-2.0
 * What gt_score_pictures_all() shares with its two forms: the scores of a network, and of two sets of pictures. */
#ifndef GANTRY_FEATURES_SCORE_SCORES_OF_H
#define GANTRY_FEATURES_SCORE_SCORES_OF_H

#include "features/score/score.h"
#include "metrics/door/rows.h"
#include "features/score/picture_set.h"
#include "features/score/distances/gaussian.h"

typedef struct gt_scores_work {
    const gt_scores_options *request;
    gt_team team;
    gt_scoring *scoring;
    bool ranged; /* the range of the request was of use */
    gt_dataset *held_out_data;
    gt_picture_set held_out;
} gt_scores_work;

/* All ranks. *images: that the network has been shown. */
gt_status gt_scores_of_network_all(gt_scores_work *w, gt_metric_table *out, int64_t *images);

/* All ranks: a dataset with the range of the request, as a set. `what`: the option that named the path. */
gt_status gt_scores_open_data_all(gt_scores_work *w, const char *path, gt_dataset_options o, const char *what,
                                  gt_dataset **ds, gt_picture_set *set);
/* All ranks: the scores, and the files that the request names. */
gt_status gt_scores_run_all(gt_scores_work *w, gt_picture_set *reals, gt_picture_set *fakes,
                            struct gt_path_maker *paths, gt_metric_table *out);

/* ---- nearest.c ---- */

/* All ranks: mean and covariance of all of the set, by the detector of the first score that needs a Gaussian; *out on
 * rank 0 is the caller's. GT_USAGE: there is no such score. */
gt_status gt_scoring_gaussian_all(gt_scoring *s, gt_picture_set *set, gt_gaussian *out);

/* ---- statistics_file.c ---- */

/* Statistics of features in the files of the usual FID programs: .npz with mu [d] and sigma [d,d], the covariance with
 * the divisor n - 1. Our own files have n too, as count, and are exact again when they are read. */

/* The arrays are the caller's: gt_gaussian_free(). GT_FORMAT: damaged, no such arrays, shapes that do not fit;
 * GT_NONFINITE: a number is NaN or infinite. Messages name the path. */
gt_status gt_statistics_read(const char *path, gt_gaussian *out);
/* GT_USAGE: the Gaussian is of one row, which has no covariance. */
gt_status gt_statistics_write(const char *path, const gt_gaussian *g);

#endif
