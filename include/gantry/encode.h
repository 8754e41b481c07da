/* SPDX-License-Identifier: Apache-2.0
 * Images become latents, and latents images again, by the models that have an encoder.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_ENCODE_H
#define GANTRY_ENCODE_H

#include "gantry/runner.h"

/* What an encoder makes of n images. Arrays from gt_encoded_of() are valid until the next run. */
typedef struct gt_encoded {
    const float *latent;       /* [n,latent_size] */
    const float *log_variance; /* [n,latent_size]; NULL: latents are not distributions */
    const float *image;        /* [n,H,W,C] in [-1,1]: reconstructions */
    const float *error;        /* [n]: reconstruction error, summed over pixels in [0,1] */
} gt_encoded;

/* Reads items of a dataset, and puts beside each item what the model makes of it: pairs [n,2,H,W,C] in [-1,1]. */
gt_status gt_reconstruct(gt_runner *e, gt_dataset *ds, int64_t n, int64_t *items, float *pairs);

/* Encodes all items of a dataset, whose images must have the model's shape, on all ranks. On rank 0 the caller frees
 * the arrays of the result, of which `image` is NULL, by gt_encoded_free(); on other ranks all arrays are NULL. All
 * ranks return the same status. */
gt_status gt_encode_dataset_all(gt_comm *c, gt_runner *e, gt_dataset *ds, gt_encoded *out);
void gt_encoded_free(gt_encoded *out);

#endif
