/* SPDX-License-Identifier: Apache-2.0
 * Latents as a picture. */
#ifndef GANTRY_CLI_DECODING_H
#define GANTRY_CLI_DECODING_H

#include "gantry/generate.h"

/* The generator of a checkpoint for latents as they are, `pool` may be NULL; NULL: see gt_message(). */
gt_generator *cli_open_decoder(const char *checkpoint, gt_pool *pool);

/* Latents [n,z_dim] through a generator into one PNG of `columns` images side by side. */
gt_status cli_draw_decoded(gt_generator *g, const float *z, int64_t n, int columns, const char *path);

#endif
