/* SPDX-License-Identifier: Apache-2.0
 * What latents cost: see latent_loss.h. */
#include "features/study/latent_loss.h"
#include "runner/door/runner.h"

#include <stdlib.h>

struct gt_latent_loss {
    gt_runner *encoder, *loss;
};

gt_latent_loss *gt_latent_loss_new(gt_runner *encoder, gt_pool *pool) {
    gt_latent_loss *l = calloc(1, sizeof *l);
    if (!l) {
        gt_fail(GT_NOMEM, "out of memory for the loss of latents");
        return NULL;
    }
    l->encoder = encoder;
    l->loss = gt_runner_new(
        gt_runner_model(encoder), gt_runner_params(encoder),
        &(gt_runner_options){.role = GT_ROLE_LATENT_LOSS, .request = {.n = gt_runner_batch(encoder)}, .pool = pool},
        NULL);
    if (l->loss) return l;
    gt_latent_loss_free(l);
    return NULL;
}

void gt_latent_loss_free(gt_latent_loss *l) {
    if (l) gt_runner_close(l->loss);
    free(l);
}

int gt_latent_loss_samples(const gt_latent_loss *l) { return (int)gt_runner_floats(l->loss, "loss"); }
gt_runner *gt_latent_loss_encoder(const gt_latent_loss *l) { return l->encoder; }
float *gt_latent_loss_z(gt_latent_loss *l) { return gt_runner_input(l->loss, "z"); }

gt_status gt_latent_loss_run(gt_latent_loss *l, const gt_run_batch *b, const float **loss, const float **gradient) {
    gt_status st = gt_runner_run(l->loss, b);
    *loss = gt_runner_output(l->loss, "loss");
    *gradient = gt_runner_output(l->loss, "gradient");
    return st;
}
