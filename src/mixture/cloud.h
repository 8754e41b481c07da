/* SPDX-License-Identifier: Apache-2.0
 * What a source of points is: one file each. */
#ifndef GANTRY_MIXTURE_CLOUD_H
#define GANTRY_MIXTURE_CLOUD_H

#include "gantry/mixture.h"

typedef struct cloud_source {
    /* [n,d]; whether they are finite is seen to by the caller */
    gt_status (*read)(void *state, int64_t first, int64_t n, double *points);
    void (*close)(void *state);
} cloud_source;

struct gt_cloud {
    char *spec;
    cloud_source source;
    void *state;
    gt_cloud_info info;
};

/* Each fills in source, state and info of an open cloud; messages name the file. */
gt_status gt_cloud_csv(gt_cloud *c, const char *path);
gt_status gt_cloud_array(gt_cloud *c, const char *path, const char *array);
gt_status gt_cloud_images(gt_cloud *c, const char *spec);

#endif
