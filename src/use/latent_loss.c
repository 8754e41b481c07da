/* SPDX-License-Identifier: Apache-2.0
 * What latents cost: see latent_loss.h. */
#include "use/latent_loss.h"

#include <stdlib.h>
#include <string.h>

#include "use/trained.h"
#include "use/wrong_model.h"

enum { MOST_AT_ONCE = 16, PIXELS_AT_ONCE = 1 << 14 };

struct gt_latent_loss {
    gt_encoder *encoder;
    gt_trained trained;
    int samples;
    const float *images; /* of the runs */
};

static gt_status build(gt_latent_loss *l, gt_pool *pool) {
    gt_model *m = l->trained.model;
    size_t samples = PIXELS_AT_ONCE / gt_model_floats(m);
    if (!m->build_latent_loss)
        return gt_wrong_model(m, "has no continuous latent, as autoencoders have (ae, vae, cvae, digits)");
    l->samples = samples > MOST_AT_ONCE ? MOST_AT_ONCE : samples < 1 ? 1 : (int)samples;
    return gt_trained_build(&l->trained, m->build_latent_loss(m, gt_encoder_batch(l->encoder), l->samples), pool);
}

gt_latent_loss *gt_latent_loss_new(gt_encoder *e, gt_pool *pool) {
    gt_latent_loss *l = calloc(1, sizeof *l);
    if (!l) {
        gt_fail(GT_NOMEM, "out of memory for the loss of latents");
        return NULL;
    }
    *l = (gt_latent_loss){.encoder = e, .trained = {.model = gt_encoder_model(e), .params = gt_encoder_params(e)}};
    if (!build(l, pool)) return l;
    gt_latent_loss_free(l);
    return NULL;
}

void gt_latent_loss_free(gt_latent_loss *l) {
    if (l) gt_trained_close(&l->trained);
    free(l);
}

int gt_latent_loss_samples(const gt_latent_loss *l) { return l->samples; }
gt_encoder *gt_latent_loss_encoder(const gt_latent_loss *l) { return l->encoder; }
float *gt_latent_loss_z(gt_latent_loss *l) { return gt_exec_input(l->trained.exec, "z"); }

gt_status gt_latent_loss_images(gt_latent_loss *l, const float *images, gt_encoded *out) {
    l->images = images;
    return gt_encoder_run(l->encoder, images, out);
}

gt_status gt_latent_loss_run(gt_latent_loss *l, const float **loss, const float **gradient) {
    gt_exec *x = l->trained.exec;
    size_t floats = (size_t)gt_encoder_batch(l->encoder) * gt_model_floats(l->trained.model);
    memcpy(gt_exec_input(x, "images"), l->images, floats * sizeof *l->images);
    gt_status st = gt_exec_run(x, &(gt_exec_env){0});
    *loss = gt_exec_output(x, "loss");
    *gradient = gt_exec_output(x, "gradient");
    return st;
}
