/* SPDX-License-Identifier: Apache-2.0
 * Numbers of samples, beside gantry/sample.h. */
#ifndef GANTRY_FILES_CODEC_DOOR_SAMPLE_H
#define GANTRY_FILES_CODEC_DOOR_SAMPLE_H

#include <stddef.h>

#include "gantry/arrays.h"
#include "gantry/sample.h"

static inline size_t gt_sample_bytes(gt_sample type) { return type == GT_U8 ? 1 : type == GT_U16 ? 2 : 4; }

/* The smallest type that holds samples of so many bits. */
static inline gt_sample gt_sample_of_bits(int bits) { return bits <= 8 ? GT_U8 : bits <= 16 ? GT_U16 : GT_F32; }

/* The values of black and white, unless a dataset gives others. */
static inline double gt_sample_low(gt_sample type) { return type == GT_F32 ? -1 : 0; }
static inline double gt_sample_high(gt_sample type) { return type == GT_U8 ? 255 : type == GT_U16 ? 65535 : 1; }

#define GT_SAMPLES_OF_8_BITS ((gt_sample_format){GT_U8, {0, 255}})

/* In HDF5 files. */
static inline gt_number gt_sample_number(gt_sample type) {
    return type == GT_U8 ? GT_NUMBER_UINT8 : type == GT_U16 ? GT_NUMBER_UINT16 : GT_NUMBER_FLOAT;
}

#endif
