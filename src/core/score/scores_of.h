/* SPDX-License-Identifier: Apache-2.0
 * What gt_score_pictures_all() shares with its two forms: the scores of a network, and of two sets of pictures. */
#ifndef GANTRY_SCORE_SCORES_OF_H
#define GANTRY_SCORE_SCORES_OF_H

#include "score/door/score.h"
#include "metrics/door/rows.h"
#include "score/door/picture_set.h"

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

#endif
