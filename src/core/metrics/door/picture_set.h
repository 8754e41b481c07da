/* SPDX-License-Identifier: Apache-2.0
 * Sets of pictures as scores see them: the images of a dataset, or what a generator makes. The ranks share a set out by
 * gt_rows_share() (metrics/door/rows.h), each reading its items in batches that do not depend on the number of ranks.
 */
#ifndef GANTRY_METRICS_DOOR_PICTURE_SET_H
#define GANTRY_METRICS_DOOR_PICTURE_SET_H

#include "gantry/dataset.h"
#include "gantry/dist.h"
#include "gantry/hash.h"

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

#endif
