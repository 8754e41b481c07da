/* SPDX-License-Identifier: Apache-2.0
 * Sets of pictures (metrics/door/picture_set.h): of a dataset, and of a generator. */
#ifndef GANTRY_FEATURES_SCORE_PICTURE_SET_H
#define GANTRY_FEATURES_SCORE_PICTURE_SET_H

#include "gantry/model.h"
#include "gantry/runner.h"
#include "features/score/distances/gaussian.h"
#include "metrics/door/picture_set.h"

void gt_picture_set_close(gt_picture_set *s); /* as new again */

/* Pictures as everybody sees them: in -1 .. 1, with the numbers that a file of this format holds. Numbers that are not
 * finite stay. */
gt_status gt_picture_set_read(gt_picture_set *s, int64_t first, int n, float *images, float *labels);
/* GT_USAGE: the floats of `name`, of which nobody said the range, have other samples than -1 .. 1. */
gt_status gt_picture_set_leaves(const char *name, double least, double most);
/* Pictures with finer samples than those of `reals` are rounded to theirs: sets compare in numbers of one kind. Nothing
 * of a set of statistics. NULL is fine. */
void gt_picture_set_round(gt_picture_set *s, const gt_picture_set *reals);
/* Which numbers the pictures have, where that is not what their files say by themselves: a part of the key of kept
 * statistics. */
const char *gt_picture_set_numbers(const gt_picture_set *s, char text[80]);

/* The items of a dataset in its order, the first `most` (0: all). All ranks; `comm` makes identity the same on all. The
 * dataset stays the caller's. */
gt_status gt_picture_set_of_dataset_all(gt_picture_set *s, gt_comm *comm, gt_dataset *ds, int64_t most);

/* All have been read, by all ranks together. Of a set with damaged pictures, in whose places others were read, no
 * statistics are kept: the pictures may be repaired. GT_FORMAT: there are too many. */
gt_status gt_picture_set_was_read_all(gt_picture_set *s, gt_comm *comm);

struct gt_model;
struct gt_runner;

/* What a generator makes: latent z of item i by (seed, "metrics/z", kimg, i), its label that of item "metrics/label" of
 * the dataset by the same formula (`labels` NULL: classes in equal shares, item i of class i mod classes), random noise
 * by (seed, ...), where `seed` is that of `generator`, a runner of the model in this role, which stays the caller's and
 * is ready to run. GT_USAGE: the generator needs labels that the dataset does not have. */
typedef struct gt_fakes_options {
    struct gt_model *model;
    struct gt_runner *generator;
    gt_dataset *labels;
    uint64_t seed;
    int64_t images; /* that the network has been shown: kimg x 1000 */
    int64_t count;
    gt_sample_format format; /* of the data that the network learns: what the pictures are saved in */
    int class_names;         /* of the network's classes, which the caller keeps; 0: not known */
    const char *const *class_name;
} gt_fakes_options;
gt_status gt_picture_set_of_fakes(gt_picture_set *s, const gt_fakes_options *o);

#endif
