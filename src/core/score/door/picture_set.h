/* SPDX-License-Identifier: Apache-2.0
 * Sets of pictures as scores see them: the images of a dataset, or what a generator makes. The ranks share a set out by
 * gt_rows_share() (metrics/door/rows.h), each reading its items in batches that do not depend on the number of ranks.
 */
#ifndef GANTRY_SCORE_DOOR_PICTURE_SET_H
#define GANTRY_SCORE_DOOR_PICTURE_SET_H

#include "gantry/dataset.h"
#include "gantry/dist.h"
#include "gantry/hash.h"
#include "gantry/model.h"
#include "gantry/runner.h"
#include "metrics/door/gaussian.h"

typedef struct gt_picture_set {
    const char *name;    /* "reals", "fakes", or as users call the set: for messages */
    char recipe[192];    /* what the pictures are, for the recipe of a score: "fashion.zip 1a2b3c4d" */
    gt_hash128 identity; /* of what recipe and read() stand for; of fakes 0: their statistics are not kept */
    int64_t count;       /* items that there are; of fakes: that are to be made */
    int64_t unmirrored;  /* so many of the first are not mirror images of others; the rest are those of the first */
    int height, width, channels, label_dim;
    gt_label_kind label_kind;
    int class_names; /* how many of the labels' classes have names; 0: none, or there are no labels */
    const char *const *class_name;
    gt_sample_format format; /* of the samples of its files, or of those that its pictures would be saved in */
    bool rounds;             /* read() gives other numbers: gt_picture_set_read() makes them those of such a file */
    bool clamps;             /* samples may lie outside the range */
    bool guessed;            /* nobody said the range: samples outside are an error */
    bool labels_of_data;     /* of fakes: drawn from the labels of the real pictures */
    int batch;               /* items at once, at most */
    /* This rank's items first .. first+n-1, n <= batch, each a function of its number alone. images [batch,H,W,C], of a
     * generator without bounds; labels [batch,label_dim], may be NULL. Others call gt_picture_set_read(). */
    gt_status (*read)(void *arg, int64_t first, int n, float *images, float *labels);
    void (*close)(void *arg); /* NULL: there is nothing to free */
    void *arg;
    gt_dataset *skips; /* whose damaged pictures are left out; NULL: none are */
    /* Not NULL: there are no pictures, only these statistics, made by another program; of rank 0 (gt_gaussian). */
    const struct gt_gaussian *statistics;
    /* What else looks at the pictures before they are rounded, and at the labels; NULL: nothing. */
    gt_status (*watch)(void *arg, int64_t first, int n, const float *images, const float *labels);
    void *watch_arg;
} gt_picture_set;

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
