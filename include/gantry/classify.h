/* SPDX-License-Identifier: Apache-2.0
 * Classifying pictures: the logits of a trained classifier, and its scores on a whole dataset. The results do not
 * depend on the number of ranks.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_CLASSIFY_H
#define GANTRY_CLASSIFY_H

#include "gantry/runner.h"

/* Of a picture. */
typedef struct gt_classified {
    int32_t truth;     /* -1: the picture has no class */
    int32_t best;      /* the class of the largest logit */
    int32_t place;     /* of the truth among the logits in falling order, from 0; -1 without truth */
    float loss;        /* cross-entropy; NaN without truth */
    float probability; /* of the best class */
} gt_classified;

enum { GT_TOP = 5 };

typedef struct gt_scores {
    int64_t count; /* pictures with a class */
    int classes;
    double loss, accuracy, top; /* means; top: the truth is among the GT_TOP largest logits */
    int64_t *confusion;         /* [classes,classes]: rows are the truth */
} gt_scores;

/* All pictures of `ds`, in its order. On rank 0 *all, and *probabilities [count,classes] where wanted (not NULL), are
 * malloc'ed; elsewhere and after an error they are NULL. */
gt_status gt_classify_dataset_all(gt_comm *c, gt_runner *with, gt_dataset *ds, gt_classified **all,
                                  float **probabilities);
/* Warns where the data have classes that the network does not know, or other names for the network's classes. */
void gt_classified_warn(const gt_runner *with, gt_dataset *ds, const gt_classified *all);
/* What rank 0 makes of them. Free out->confusion. */
gt_status gt_classify_score(const gt_classified *all, int64_t n, int classes, gt_scores *out);

#endif
