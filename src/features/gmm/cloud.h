/* SPDX-License-Identifier: Apache-2.0
 * What a source of points fills in. Each source is a file of its own, cloud_*.c. */
#ifndef GANTRY_FEATURES_GMM_CLOUD_H
#define GANTRY_FEATURES_GMM_CLOUD_H

#include "data/door/name_list.h"
#include "features/gmm/mixture.h"

struct gt_cloud {
    gt_arena *arena; /* holds the cloud itself, and what a source keeps */
    const char *spec;
    /* What a source fills in; all messages name the file. */
    gt_status (*read)(void *state, int64_t first, int64_t n, double *points); /* [n,d]; the caller looks for NaN */
    void (*close)(void *state);
    void *state; /* NULL: close() is not called */
    gt_cloud_info info;
    bool csv;
    gt_name_list names; /* of the numbers of a point; none: they have no names */
    gt_cloud_labels labels;
    gt_name_list label_names;
    const char **label_name; /* of `labels` */
    size_t label_room;
};

/* `labels`, `classes`: as in gt_cloud_open_labelled(). */
gt_status gt_cloud_csv(gt_cloud *c, const char *path, const char *labels);
gt_status gt_cloud_npy(gt_cloud *c, const char *path);
gt_status gt_cloud_array(gt_cloud *c, const char *path, const char *array, const char *labels);
gt_status gt_cloud_images(gt_cloud *c, const char *spec, const char *classes);

/* The label of point n, which comes behind those of the points before it. GT_FORMAT: too many different labels. */
gt_status gt_cloud_add_label(gt_cloud *c, int64_t n, const char *name);
/* After the last one. `sorted`: labels are numbered anew in the order of their numbers, or of their names where one is
 * not a number. */
gt_status gt_cloud_end_labels(gt_cloud *c, bool sorted);

#endif
