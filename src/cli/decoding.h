/* SPDX-License-Identifier: Apache-2.0
 * Pictures of latents. */
#ifndef GANTRY_CLI_DECODING_H
#define GANTRY_CLI_DECODING_H

#include "gantry/generate.h"
#include "report/sheet.h"

/* Opens the generator of a checkpoint without truncation, to be closed; `pool` may be NULL. NULL: see gt_message(). */
gt_generator *cli_open_decoder(const char *checkpoint, gt_pool *pool);

typedef struct cli_decoded { /* latents, and how what a generator makes of them is drawn */
    int64_t n;
    const float *z; /* [n,z_dim] */
    int columns;
    const char *title;                       /* with `words` */
    const char *const (*words)[SHEET_LINES]; /* [n] the lines under each image; NULL: images alone, edge to edge */
    const float *label;                      /* [label_dim] of all images; NULL: the generator takes none */
} cli_decoded;

/* Draws what a generator makes of latents as one PNG. GT_USAGE: the generator needs a label, and there is none. */
gt_status cli_draw_decoded(gt_generator *g, const cli_decoded *d, const char *path);

#endif
