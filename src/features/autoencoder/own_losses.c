/* SPDX-License-Identifier: Apache-2.0
 * The losses of an autoencoder on images that it is not trained on: those of training, and the evidence lower bound. */
#include <math.h>

#include "base/door/mathfn.h"
#include "graph/door/ops.h"
#include "features/autoencoder/loss.h"

/* E log p(x|z) - KL, as gantry likelihood has it: of Gaussian pixels with their constant, of Bernoulli pixels the
 * cross-entropy alone. `error`: squared error or cross-entropy, summed over pixels. */
static gt_node *bound_of(const gt_autoencoder *a, gt_graph *g, gt_node *error, gt_node *divergence) {
    const gt_job *j = a->job;
    double variance = gt_autoencoder_pixel_variance(j),
           pixels = (double)j->height * (double)j->width * (double)j->channels;
    if (variance > 0) error = gt_scale(g, error, (float)(1 / (2 * variance)));
    gt_node *bound = gt_neg(g, gt_add(g, error, divergence));
    return variance > 0 ? gt_shift(g, bound, (float)(-0.5 * pixels * gt_ln(2 * M_PI * variance))) : bound;
}

/* The most likely code of logits with Gumbel noise is a draw from their distribution (Gumbel's trick). */
static gt_node *draw_codes(const gt_autoencoder *a, gt_bound_net b, gt_node *logits) {
    gt_graph *g = b.graph;
    gt_node *chosen = gt_one_hot_max(g, gt_add(g, logits, gt_autoencoder_gumbel(g, "gumbel/judge", logits, 1)));
    return gt_autoencoder_look_up(g, chosen, gt_autoencoder_codes(b, a->job));
}

gt_graph *gt_autoencoder_own_losses(gt_model *m, const gt_request *request) {
    const gt_autoencoder *a = m->own;
    const gt_autoencoder_options *o = a->options;
    const gt_job *c = a->job;
    int n = request->n;
    gt_graph *g = gt_graph_new("losses", m->kernels);
    if (!g) return NULL;
    gt_bound_net b = {g, m->nets[0], 0};
    gt_node *pixels = gt_scale(g, gt_shift(g, gt_input(g, "images", GT_SHAPE(n, c->height, c->width, c->channels)), 1),
                               0.5f);
    gt_node *labels = gt_autoencoder_label_input(g, c, n);
    gt_decoder_output decoded;
    gt_reconstruction r = {0};
    int64_t draws = 1;
    if (o->latent == GT_LATENT_PLAIN || o->latent == GT_LATENT_VQ) {
        r = gt_autoencoder_reconstruct(a, b, pixels, labels);
        decoded = r.decoded;
    } else {
        r.encoding = gt_autoencoder_encode(b, c, pixels, labels);
        if (o->latent == GT_LATENT_NORMAL) draws = gt_autoencoder_draws(o);
        r.latent = o->latent == GT_LATENT_NORMAL ? gt_autoencoder_sample_normal(g, &r.encoding, "eps/judge", draws)
                                                 : draw_codes(a, b, r.encoding.logits);
        decoded = gt_autoencoder_decode(b, c, r.latent, gt_autoencoder_repeat(g, labels, draws));
    }
    gt_output(g, "reconstruction",
              gt_autoencoder_drawn_loss(a, g, decoded, pixels, draws, o->recon_pixels == GT_REDUCED_BY_MEAN));
    gt_node *divergence = r.latent && o->latent != GT_LATENT_VQ ? gt_autoencoder_kl(g, &r.encoding) : NULL;
    if (divergence) {
        gt_output(g, "KL", gt_autoencoder_per_image(g, divergence, o->kl_latent == GT_REDUCED_BY_MEAN));
        gt_output(g, "ELBO",
                  bound_of(a, g, gt_autoencoder_drawn_loss(a, g, decoded, pixels, draws, false),
                           gt_autoencoder_per_image(g, divergence, false)));
    }
    return gt_whole_graph(g, "the ", "losses of test images");
}
