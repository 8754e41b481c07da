/* SPDX-License-Identifier: Apache-2.0
 * Running a loss of latents, for the files of this room (gantry/latent_loss.h). */
#ifndef GANTRY_STUDY_LATENT_LOSS_H
#define GANTRY_STUDY_LATENT_LOSS_H

#include "gantry/latent_loss.h"

int gt_latent_loss_samples(const gt_latent_loss *l); /* latents of each image in a run; of the images' size alone */
gt_runner *gt_latent_loss_encoder(const gt_latent_loss *l);
float *gt_latent_loss_z(gt_latent_loss *l); /* [batch,samples,latent_size]: to be written before each run */
/* Runs the pictures of a batch that the encoder has seen. loss [batch,samples]: squared error or cross-entropy, summed
 * over pixels in [0,1]; gradient [batch,samples,latent_size]: its derivatives by z. */
gt_status gt_latent_loss_run(gt_latent_loss *l, const gt_run_batch *b, const float **loss, const float **gradient);

#endif
