/* SPDX-License-Identifier: Apache-2.0
 * Writing a dataset as HDF5 (its layout: gantry/dataset.h). Equal contents give equal bytes. Main thread only. */
#ifndef FILES_DATASET_H5_H
#define FILES_DATASET_H5_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/sample.h"
#include "gantry/status.h"

typedef struct gt_h5_dataset {
    size_t count;
    int height, width, channels;
    gt_sample type;
    bool deflated; /* the chunks are: shuffled if samples have several bytes, then deflated by zlib at `level` */
    int level;
    const int32_t *classes; /* [count], or NULL */
    const float *vectors;   /* [count,label_width], or NULL */
    int label_width;
    int class_names; /* 0: none */
    const char *const *class_name;
    const char *channel_names; /* NULL: none */
    const double *range;       /* [2], or NULL */
    /* The chunk of image i, called for 0 .. count-1 in order; valid until the next call. */
    gt_status (*next)(void *arg, size_t i, const void **data, size_t *n);
    void *arg;
} gt_h5_dataset;

/* Creates or replaces `path`. */
gt_status gt_h5_dataset_write(const char *path, const gt_h5_dataset *d);

#endif
