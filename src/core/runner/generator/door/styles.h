/* SPDX-License-Identifier: Apache-2.0
 * Styles that users give: files of them, and their layers as text. */
#ifndef GANTRY_RUNNER_GENERATOR_DOOR_STYLES_H
#define GANTRY_RUNNER_GENERATOR_DOOR_STYLES_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/generate.h"
#include "gantry/status.h"

/* Reads files of styles: .npz with an array 'w', as the reference's projector writes them, .npy, and HDF5 with an array
 * 'w' (or an array alone). The content says which. HDF5 files from elsewhere have passed gt_h5_check(). */

/* All *n rows [n,num_ws,w_dim] of float32 for this generator, to be freed; any type of number in the file. GT_FORMAT:
 * damaged, no such array. GT_USAGE: of another shape, or the file's text `network` is the hash of another generator;
 * that the file has no such text is logged. GT_NONFINITE: numbers that are not finite. Messages name the path. */
gt_status gt_projected_read(const char *path, const gt_generator *g, int64_t *n, float **ws);

/* Layers of styles as text: "0-6", "8-", "0,2,5-7". */

/* Sets chosen[num_ws]. GT_USAGE: no such text, or a layer that the network does not have; the message says --styles and
 * which layers there are. */
gt_status gt_layers_read(const char *text, int num_ws, bool *chosen);

#endif
