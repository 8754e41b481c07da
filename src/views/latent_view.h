/* SPDX-License-Identifier: Apache-2.0
 * Pictures and arrays of latents, for the files of this room (gantry/latent_view.h). */
#ifndef GANTRY_VIEWS_LATENT_VIEW_H
#define GANTRY_VIEWS_LATENT_VIEW_H

#include "gantry/generate.h"
#include "gantry/latent_view.h"

/* ---- decoded latents ---- */

/* Bilinear between the latents of four images of the data, one in each corner. */
gt_status gt_latent_draw_interpolation(const gt_latents *l, gt_generator *g, const gt_latent_dims *dims,
                                       const gt_latent_pictures *p, const char *path);

#endif
