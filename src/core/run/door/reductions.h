/* SPDX-License-Identifier: Apache-2.0
 * How the losses of an autoencoder's run are reduced. */
#ifndef GANTRY_RUN_DOOR_REDUCTIONS_H
#define GANTRY_RUN_DOOR_REDUCTIONS_H

#include <stdbool.h>

#include "gantry/choices.h"
#include "gantry/status.h"

/* How an autoencoder's run reduces its losses, and of how many numbers. */
typedef struct gt_reductions {
    bool any; /* it is an autoencoder's */
    gt_recon recon;
    bool mean_pixels, mean_batch, mean_latent, mean_kl_batch;
    double pixels, latent;           /* numbers of an image and of its latent; 0: not known */
    double factor, beta, commitment; /* weights of reconstruction, divergence and commitment */
} gt_reductions;

/* From the folder of a run. */
gt_status gt_reductions_read(const char *dir, gt_reductions *out);

#endif
