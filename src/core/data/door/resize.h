/* SPDX-License-Identifier: Apache-2.0
 * Antialiased resizing, sample for sample what Pillow's resize() gives for 8-bit pictures.
 *
 * Two passes, columns of the result (horizontal) first. Output sample i of n made from m lies at (i + 1/2) m/n; the
 * filter is stretched by s = max(1, m/n), and its values at the input samples within reach, made to sum to 1, are the
 * weights. 8-bit samples: weights are rounded to 22 fractional bits, and each pass rounds and clips to 8 bits. Other
 * samples: float32 weights and sums, in ascending order of input samples.
 *     box      1 for -1/2 < x <= 1/2
 *     lanczos  sinc(x) sinc(x/3) for |x| < 3
 * A pass whose two lengths agree is left out. */
#ifndef GANTRY_DATA_DOOR_RESIZE_H
#define GANTRY_DATA_DOOR_RESIZE_H

#include <stddef.h>
#include <stdint.h>

#include "gantry/sample.h"
#include "gantry/status.h"
#include "gantry/transform.h"

/* Weights of the sizes met last and scratch memory: one per thread. Start with {0}. */
typedef struct gt_resizer {
    struct gt_resize_weights {
        gt_resize_filter filter;
        int in, out, taps;  /* taps: most per output sample; 0: nothing here yet */
        int *first, *count; /* [out] input samples that count */
        int32_t *fixed;     /* [out,taps] with 22 fractional bits */
        float *real;        /* [out,taps] */
    } weights[2];           /* horizontal, vertical */
    void *scratch;
    size_t room;
} gt_resizer;

void gt_resizer_free(gt_resizer *r);

/* [in_height,in_width,channels] with `in_stride` samples from row to row -> [height,width,channels], dense. */
typedef struct gt_resize_job {
    gt_resize_filter filter;
    int in_height, in_width, height, width, channels;
    size_t in_stride;
} gt_resize_job;

/* `in` and `out` hold samples of the same type: GT_U8 or GT_F32. */
gt_status gt_resize(gt_resizer *r, const gt_resize_job *job, gt_sample type, const void *in, void *out);

#endif
