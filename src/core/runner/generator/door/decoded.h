/* SPDX-License-Identifier: Apache-2.0
 * What a generator, or a decoder, makes of latents, as one picture. */
#ifndef GANTRY_RUNNER_GENERATOR_DOOR_DECODED_H
#define GANTRY_RUNNER_GENERATOR_DOOR_DECODED_H

#include "gantry/generate.h"

/* Opens the generator of a checkpoint without truncation, to be closed; `pool` may be NULL. NULL: see gt_message(). */
gt_generator *gt_decoder_open(const char *checkpoint, gt_pool *pool, const gt_network_options *reading);

enum { GT_DECODED_LINES = 2 };
typedef struct gt_decoded { /* latents, and how what a generator makes of them is drawn */
    int64_t n;
    const float *z; /* [n,z_dim] */
    int columns;
    const char *title;                            /* with `words` */
    const char *const (*words)[GT_DECODED_LINES]; /* [n] the lines under each image; NULL: images alone, edge to edge */
    const float *label;                           /* [label_dim] of all images; NULL: the generator takes none */
} gt_decoded;
/* Draws what a generator makes of latents as one PNG. GT_USAGE: the generator needs a label, and there is none. */
gt_status gt_decoded_draw(gt_generator *g, const gt_decoded *d, const char *path);

#endif
