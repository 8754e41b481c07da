/* SPDX-License-Identifier: Apache-2.0
 * What a source of points fills in. Each source is a file of its own, cloud_*.c. */
#ifndef GANTRY_MIXTURE_CLOUD_H
#define GANTRY_MIXTURE_CLOUD_H

#include "gantry/mixture.h"

struct gt_cloud {
    char *spec;
    /* What a source fills in; all messages name the file. */
    gt_status (*read)(void *state, int64_t first, int64_t n, double *points); /* [n,d]; the caller looks for NaN */
    void (*close)(void *state);
    void *state; /* NULL: close() is not called */
    gt_cloud_info info;
};

gt_status gt_cloud_csv(gt_cloud *c, const char *path);
gt_status gt_cloud_array(gt_cloud *c, const char *path, const char *array);
gt_status gt_cloud_images(gt_cloud *c, const char *spec, const char *classes);

#endif
