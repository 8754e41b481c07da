/* SPDX-License-Identifier: Apache-2.0
 * Augmentation that the network sees (Karras et al., "Elucidating the Design Space", appendix F.2): of each
 * picture some transforms are applied, and a few numbers say which and how much, so that what was done to the data does
 * not show in what the network makes. The pixels are moved on the host (flips, turns by 90 degrees, shifts by whole
 * pixels) and in the graph (networks/nets/door/augment.h). */
#ifndef GANTRY_NETWORKS_NETS_DOOR_AUGMENT_TOLD_H
#define GANTRY_NETWORKS_NETS_DOOR_AUGMENT_TOLD_H

#include "networks/nets/door/augment.h"

typedef enum gt_told_kind {
    GT_TOLD_XFLIP,
    GT_TOLD_YFLIP,
    GT_TOLD_ROTATE_INT,
    GT_TOLD_TRANSLATE_INT,
    GT_TOLD_SCALE,
    GT_TOLD_ROTATE_FRAC,
    GT_TOLD_ANISO,
    GT_TOLD_TRANSLATE_FRAC,
    GT_TOLD_BRIGHTNESS,
    GT_TOLD_CONTRAST,
    GT_TOLD_LUMAFLIP,
    GT_TOLD_HUE,
    GT_TOLD_SATURATION,
    GT_TOLD_KINDS,
} gt_told_kind;

enum { GT_TOLD_NUMBERS = 19 }; /* of all kinds */

typedef struct gt_told_pipe {
    float p;
    float multiplier[GT_TOLD_KINDS]; /* 0: no such transform; it is applied with probability multiplier * p */
} gt_told_pipe;

extern const char *const gt_told_names[GT_TOLD_KINDS]; /* "xflip" ... */

gt_told_pipe gt_told_standard(double p);       /* the six that were published, of nine numbers; flips always */
int gt_told_numbers(const gt_told_pipe *pipe); /* that the network is told */
gt_augment_config gt_told_config(const gt_told_pipe *pipe, int colours); /* of the graph's part */

typedef struct gt_told { /* what is done to one picture */
    bool flip_x, flip_y;
    int turns;            /* by 90 degrees */
    int shift_x, shift_y; /* in pixels */
    gt_augment_params params;
    float numbers[GT_TOLD_NUMBERS];
} gt_told;

/* Draws for one sample of a slice. Draws are called "scale_value" and "scale_gate"; whole numbers below n are a uniform
 * number times n. Turns by 90 degrees are of square pictures. images: [N,H,W,C]. */
gt_told gt_told_draw(const gt_told_pipe *pipe, const gt_augment_source *s, int sample, const gt_shape *images);

/* The pixel of the picture that is moved to row y, column x. */
void gt_told_source(const gt_told *t, int64_t height, int64_t width, int64_t *y, int64_t *x);
/* Moves the pixels of a picture [H,W,C]. */
void gt_told_move(const gt_told *t, const float *from, int64_t height, int64_t width, int64_t channels, float *to);

#endif
