/* SPDX-License-Identifier: Apache-2.0
 * The kinds of number an image can be made of. */
#ifndef GANTRY_SAMPLE_H
#define GANTRY_SAMPLE_H

#include <stddef.h>

typedef enum gt_sample { GT_U8, GT_U16, GT_F32 } gt_sample;

static inline size_t gt_sample_bytes(gt_sample type) { return type == GT_U8 ? 1 : type == GT_U16 ? 2 : 4; }

#endif
