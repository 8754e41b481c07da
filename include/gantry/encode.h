/* SPDX-License-Identifier: Apache-2.0
 * Images become latents, and latents images again, by the models that have an encoder.
 *
 *     gt_encoder *e = gt_encoder_open("runs/first", pool, NULL);
 *     int n = gt_encoder_batch(e);
 *     gt_encoded out;
 *     gt_encoder_run(e, images, labels, &out);       // out.latent [n,latent_size], out.image, out.error
 *     gt_encoder_close(e);
 */
#ifndef GANTRY_ENCODE_H
#define GANTRY_ENCODE_H

#include "gantry/dataset.h"
#include "gantry/dist.h"
#include "gantry/model.h"

typedef struct gt_encoder gt_encoder;

/* What the encoder makes of n images. Arrays from gt_encoder_run() are valid until the next call of it. */
typedef struct gt_encoded {
    const float *latent;       /* [n,latent_size] */
    const float *log_variance; /* [n,latent_size]; NULL: latents are not distributions */
    const float *image;        /* [n,H,W,C] in [-1,1]: reconstructions */
    const float *error;        /* [n]: reconstruction error, summed over pixels in [0,1] */
} gt_encoded;

/* Opens the encoder of a checkpoint; of a run's directory the newest checkpoint is taken. `pool` may be NULL. The
 * encoder computes with the kernel set of the checkpoint if this CPU has that set, else with `kernels` (NULL: the
 * best). NULL: see gt_message(); the status is GT_USAGE for a model that does not encode. */
gt_encoder *gt_encoder_open(const char *checkpoint, gt_pool *pool, const gt_kernel_set *kernels);
/* Makes the encoder of a model in memory with these parameters of network 0; model and parameters must outlive it.
 * `batch`: images at a time. */
gt_encoder *gt_encoder_new(gt_model *m, const float *params, int batch, gt_pool *pool);
void gt_encoder_close(gt_encoder *e); /* NULL is fine */
gt_model *gt_encoder_model(const gt_encoder *e);
const float *gt_encoder_params(const gt_encoder *e); /* of the model's network 0; as long as the encoder lives */
int gt_encoder_batch(const gt_encoder *e);
/* images [batch,H,W,C] in [-1,1]; labels [batch,label_dim] of a model that sees labels, else NULL. */
gt_status gt_encoder_run(gt_encoder *e, const float *images, const float *labels, gt_encoded *out);

/* Reads items of a dataset, and puts beside each item what the model makes of it: pairs [n,2,H,W,C] in [-1,1]. */
gt_status gt_reconstruct(gt_encoder *e, gt_dataset *ds, int64_t n, const int64_t *items, float *pairs);

/* Encodes all items of a dataset, whose images must have the model's shape, on all ranks. On rank 0 the caller frees
 * the arrays of the result, of which `image` is NULL, by gt_encoded_free(); on other ranks all arrays are NULL. All
 * ranks return the same status. */
gt_status gt_encode_dataset_all(gt_comm *c, gt_encoder *e, gt_dataset *ds, gt_encoded *out);
void gt_encoded_free(gt_encoded *out);

#endif
