/* SPDX-License-Identifier: Apache-2.0
 * What a generator can make that is most like an image: the latent z (of models with styles the style w) is moved until
 * the squared error of the image is as small as it gets. What is left is how unlike the image is to all that the
 * generator makes: Schlegl et al., "Unsupervised Anomaly Detection with Generative Adversarial Networks to Guide Marker
 * Discovery", section 2.2, equation 1, with squared instead of absolute differences, as autoencoders here have them.
 *
 *     gt_inverter *v = gt_inverter_new(model, params, &(gt_inverter_options){.steps = 200, .pool = pool});
 *     if (v) st = gt_invert_dataset_all(comm, v, dataset, &error);      // on rank 0 error [count]
 *     gt_inverter_close(v);
 *
 * A search begins with the latent among those of the seeds 0 to 31 (gt_seed_latent) whose image is nearest; then come
 * `steps` steps of Adam. The error is the least one on the way. What is found for an image depends neither on other
 * images nor on ranks and threads. */
#ifndef GANTRY_FEATURES_ANOMALIES_INVERT_H
#define GANTRY_FEATURES_ANOMALIES_INVERT_H

#include "gantry/dataset.h"
#include "gantry/dist.h"
#include "gantry/model.h"

typedef struct gt_inverter gt_inverter;

typedef struct gt_inverter_options {
    int64_t steps;
    gt_pool *pool; /* NULL: one thread */
} gt_inverter_options;

/* Of a model with the role of a generator, with these parameters; both must outlive the inverter. NULL: see
 * gt_message(); GT_USAGE: the model makes pictures in steps. */
gt_inverter *gt_inverter_new(gt_model *m, const float *params, const gt_inverter_options *o);
void gt_inverter_close(gt_inverter *v); /* NULL is fine */

/* All items of a dataset, by all ranks, which return the same status. *error: on rank 0 [count], squared errors summed
 * over pixels in [0,1], to be freed; NULL on other ranks. GT_USAGE: the pictures or labels of the data are not those
 * that the model takes. */
gt_status gt_invert_dataset_all(gt_comm *c, gt_inverter *v, gt_dataset *ds, float **error);

/* Reads n items of a dataset, and puts beside each the nearest image that was found: pairs [n,2,H,W,C] in [-1,1], as
 * gt_reconstruct() does. Items become those that were read. */
gt_status gt_invert_pairs(gt_inverter *v, gt_dataset *ds, int64_t n, int64_t *items, float *pairs);

#endif
