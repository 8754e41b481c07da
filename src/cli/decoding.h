/* SPDX-License-Identifier: Apache-2.0
 * Pictures of latents. */
#ifndef GANTRY_CLI_DECODING_H
#define GANTRY_CLI_DECODING_H

#include "gantry/generate.h"

/* Opens the generator of a checkpoint without truncation, to be closed; `pool` may be NULL. NULL: see gt_message(). */
gt_generator *cli_open_decoder(const char *checkpoint, gt_pool *pool);

/* Draws what a generator makes of latents [n,z_dim] as one PNG, `columns` images side by side. `label`: of all images,
 * gt_generator_labels() floats; NULL: none, which a conditional model refuses. */
gt_status cli_draw_decoded(gt_generator *g, const float *z, const float *label, int64_t n, int columns,
                           const char *path);

#endif
