/* SPDX-License-Identifier: Apache-2.0
 * Numpy's .npy files (format: numpy.lib.format): headers of versions 1 to 3 are read, version 1 is written. */
#ifndef GANTRY_CODEC_NPY_H
#define GANTRY_CODEC_NPY_H

#include <stddef.h>

#include "gantry/status.h"

enum { GT_NPY_HEAD_MOST = 65536, GT_NPY_DIMENSIONS_MOST = 4 };

typedef struct gt_npy {
    char type; /* 'u', 'i', 'f', 'b' */
    int size;  /* bytes of an element: little-endian, C order */
    int dimensions;
    size_t shape[GT_NPY_DIMENSIONS_MOST];
    size_t elements; /* of the whole array */
    size_t head;     /* bytes before the array */
} gt_npy;

/* `bytes`: the beginning of the file, GT_NPY_HEAD_MOST bytes or all of it. GT_FORMAT: no .npy file, or an array that is
 * not read: pickled objects, Fortran order, big-endian, more than 4 dimensions. */
gt_status gt_npy_head(gt_npy *out, const void *bytes, size_t n);

/* Element i of an array of any type as a number. */
double gt_npy_number(const gt_npy *a, const void *data, size_t i);

/* Writes float32 [height, width, channels], whole or not at all. */
gt_status gt_npy_write(const char *path, const float *samples, int height, int width, int channels);

#endif
