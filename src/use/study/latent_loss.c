/* SPDX-License-Identifier: Apache-2.0
 * What latents cost: see latent_loss.h. */
#include "gantry/items.h"
#include "gantry/latent_loss.h"

#include <stdlib.h>
#include <string.h>

#include "use/runner/trained.h"
#include "use/runner/wrong_model.h"

enum { MOST_AT_ONCE = 16, PIXELS_AT_ONCE = 1 << 14 };

struct gt_latent_loss {
    gt_encoder *encoder;
    gt_trained trained;
    int samples;
    const float *images; /* of the runs */
    float *labels;       /* [batch,label_dim] of them */
};

static gt_status build(gt_latent_loss *l, gt_pool *pool) {
    gt_model *m = l->trained.model;
    size_t samples = PIXELS_AT_ONCE / gt_model_floats(m);
    if (!m->build_latent_loss)
        return gt_wrong_model(m, "has no continuous latent, as autoencoders have (ae, vae, cvae, digits)");
    l->labels = calloc((size_t)gt_encoder_batch(l->encoder) * (size_t)m->label_dim + 1, sizeof *l->labels);
    if (!l->labels) return gt_fail(GT_NOMEM, "out of memory for labels");
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
    if (l) free(l->labels);
    free(l);
}

int gt_latent_loss_samples(const gt_latent_loss *l) { return l->samples; }
gt_encoder *gt_latent_loss_encoder(const gt_latent_loss *l) { return l->encoder; }
float *gt_latent_loss_z(gt_latent_loss *l) { return gt_exec_input(l->trained.exec, "z"); }

gt_status gt_latent_loss_images(gt_latent_loss *l, gt_dataset *ds, int64_t first, int n, const float *images,
                                gt_encoded *out) {
    const gt_model *m = l->trained.model;
    l->images = images;
    for (int i = 0; i < n && m->label_dim; i++)
        gt_model_label(m, ds, first + i, l->labels + (size_t)i * (size_t)m->label_dim);
    return gt_encoder_run(l->encoder, images, l->labels, out);
}

gt_status gt_latent_loss_run(gt_latent_loss *l, const float **loss, const float **gradient) {
    gt_exec *x = l->trained.exec;
    size_t batch = (size_t)gt_encoder_batch(l->encoder), floats = batch * gt_model_floats(l->trained.model),
           labels = batch * (size_t)l->trained.model->label_dim;
    float *c = gt_exec_input(x, "c");
    memcpy(gt_exec_input(x, "images"), l->images, floats * sizeof *l->images);
    if (c) memcpy(c, l->labels, labels * sizeof *c);
    gt_status st = gt_exec_run(x, &(gt_exec_env){0});
    *loss = gt_exec_output(x, "loss");
    *gradient = gt_exec_output(x, "gradient");
    return st;
}
