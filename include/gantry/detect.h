/* SPDX-License-Identifier: Apache-2.0
 * Detection in its plain form (Girshick et al., "Rich feature hierarchies for accurate object detection", CVPR 2014,
 * with windows of several sizes and aspects in place of proposals): each window of a picture is brought to the size of
 * the classifier's pictures and classified, and of windows that overlap the likeliest stays.
 *
 *     gt_detect_options o = {.sizes = sizes, .n_sizes = 2, .aspects = aspects, .n_aspects = 1, .stride = 0.2,
 *                            .threshold = 0.9, .overlap = 0.3};
 *     gt_detecting *d = gt_detecting_new(classifying, pool, &o);
 *     gt_status st = gt_detecting_run(d, pixels, height, width, &found, &n);
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_DETECT_H
#define GANTRY_DETECT_H

#include "gantry/box.h"
#include "gantry/pool.h"
#include "gantry/runner.h"

typedef struct gt_detect_options {
    const float *sizes;   /* [n_sizes] side of a square of a window's area, as a part of the picture's shorter side */
    const float *aspects; /* [n_aspects] width / height */
    int n_sizes, n_aspects;
    double stride;    /* from window to window, as a part of the window's side */
    double threshold; /* least probability of an object */
    double overlap;   /* of two objects with a larger intersection over union the less likely one goes */
    int ground;       /* the class that is not an object; -1: each class is one */
} gt_detect_options;

typedef struct gt_detection {
    gt_box box;
    float probability; /* of the box's class, among all classes */
} gt_detection;

typedef struct gt_detecting gt_detecting;
/* The classifier and the options' arrays must live as long as the detector. NULL: see gt_message(). */
gt_detecting *gt_detecting_new(gt_runner *c, gt_pool *pool, const gt_detect_options *o);
void gt_detecting_free(gt_detecting *d); /* NULL is fine */
/* pixels [height,width,C] in -1..1, with the channels of the classifier. *found: the likeliest first; memory of the
 * detector, until its next run. GT_USAGE: no window fits into the picture, or there are more than 2^24. */
gt_status gt_detecting_run(gt_detecting *d, const float *pixels, int height, int width, const gt_detection **found,
                           int64_t *n);

/* Of many pictures: what was found, what is there, and how many of the objects that are there were found. An object
 * counts as found where a box of its class overlaps it by at least half; each box counts for one object only. */
typedef struct gt_detect_scores {
    int64_t found, there, right;
} gt_detect_scores;

#endif
