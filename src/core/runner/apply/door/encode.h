/* SPDX-License-Identifier: Apache-2.0
 * Images become latents, and latents images again, by the models that have an encoder.
 *
 *     gt_runner *e = gt_runner_open("runs/first", &(gt_runner_options){.role = GT_ROLE_ENCODER, .pool = pool});
 *     gt_runner_run(e, &(gt_run_batch){.n = n, .images = images, .labels = labels});
 *     gt_encoded out = gt_encoded_of(e);             // out.latent [n,latent_size], out.image, out.error
 *     gt_runner_close(e);
 */
#ifndef GANTRY_RUNNER_APPLY_DOOR_ENCODE_H
#define GANTRY_RUNNER_APPLY_DOOR_ENCODE_H

#include "gantry/encode.h"
#include "gantry/runner.h"

/* The outputs of an encoder after a run. */
gt_encoded gt_encoded_of(const gt_runner *encoder);

#endif
