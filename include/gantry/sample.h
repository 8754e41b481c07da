/* SPDX-License-Identifier: Apache-2.0
 * The kinds of number an image can be made of.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_SAMPLE_H
#define GANTRY_SAMPLE_H

#include <stddef.h>

typedef enum gt_sample { GT_U8, GT_U16, GT_F32 } gt_sample;

/* The numbers of pictures: their kind, and which of them stand for -1 and 1. */
typedef struct gt_sample_format {
    gt_sample type;
    double range[2];
} gt_sample_format;

/* As NumPy calls the type. */
static inline const char *gt_sample_type(gt_sample type) {
    return type == GT_U8 ? "uint8" : type == GT_U16 ? "uint16" : "float32";
}

static inline const char *gt_sample_name(gt_sample type) {
    return type == GT_U8 ? "8-bit" : type == GT_U16 ? "16-bit" : "float32";
}

#endif
