/* SPDX-License-Identifier: Apache-2.0
 * The graph and the variance from which likelihood.h estimates p(x) under a variational autoencoder. */
#include "graph/door/ops.h"
#include "features/autoencoder/loss.h"

enum { MAX_SAMPLES = 32, PIXELS = 1 << 18 }; /* at once */

int gt_autoencoder_samples(const gt_model *m, const gt_request *r, int max, size_t pixels) {
    size_t n = pixels / gt_model_floats(m);
    return r->samples ? r->samples : n > (size_t)max ? max : n < 1 ? 1 : (int)n;
}

/* With eps the draws, log p(z) - log q(z|x) = sum over dimensions of (eps^2 + log variance - z^2) / 2: the constants
 * are the same. */
gt_graph *gt_autoencoder_density(gt_model *m, const gt_request *r) {
    const gt_autoencoder *a = m->own;
    const gt_job *c = a->job;
    gt_graph *g = gt_graph_new("density", m->kernels);
    if (!g) return NULL;
    int n = r->n, samples = gt_autoencoder_samples(m, r, MAX_SAMPLES, PIXELS);
    gt_bound_net b = {g, m->nets[0], 0};
    int64_t z_dim = c->z_dim, image = (int64_t)c->height * c->width * c->channels;
    gt_node *images = gt_input(g, "images", GT_SHAPE(n, c->height, c->width, c->channels));
    gt_node *pixels = gt_scale(g, gt_shift(g, images, 1), 0.5f);
    gt_node *labels = gt_autoencoder_label_input(g, c, n);
    gt_encoding e = gt_autoencoder_encode(b, c, pixels, labels);
    if (!e.mean || !e.log_variance) return gt_whole_graph(g, "the ", "density");

    gt_shape one = GT_SHAPE(n, 1, z_dim);
    gt_node *mean = gt_reshape(g, e.mean, one), *log_variance = gt_reshape(g, e.log_variance, one);
    gt_node *eps = gt_random_normal_op(g, "importance", GT_SHAPE(n, samples, z_dim));
    gt_node *z = gt_add(g, mean, gt_mul(g, eps, gt_exp_op(g, gt_scale(g, log_variance, 0.5f))));
    gt_node *terms = gt_sub(g, gt_add(g, gt_square(g, eps), log_variance), gt_square(g, z));
    gt_output(g, "ratio", gt_reshape(g, gt_scale(g, gt_sum(g, terms, GT_AXIS(2)), 0.5f), GT_SHAPE(n, samples)));

    gt_decoder_output decoded = gt_autoencoder_decode(b, c, gt_reshape(g, z, GT_SHAPE((int64_t)n * samples, z_dim)),
                                                      gt_autoencoder_repeat(g, labels, samples));
    gt_node *loss = gt_reshape(g, gt_autoencoder_pixel_terms(a, g, decoded, pixels), GT_SHAPE(n, samples, image));
    gt_output(g, "observation", gt_reshape(g, gt_sum(g, loss, GT_AXIS(2)), GT_SHAPE(n, samples)));
    return gt_whole_graph(g, "the ", "density");
}

/* The loss of a sample is, but for a factor, w (squared error) + divergence: a Gaussian with 1 / (2 variance) = w. */
double gt_autoencoder_pixel_variance(const gt_job *j) {
    const gt_autoencoder_options *o = j->own;
    if (o->recon == GT_RECON_BCE) return 0;
    if (o->recon == GT_RECON_NORMAL) return -1;
    double pixels = (double)j->height * (double)j->width * (double)j->channels, beta = o->beta > 0 ? o->beta : 1,
           batch = (double)j->batch;
    double reconstruction = o->factor / (o->recon_pixels == GT_REDUCED_BY_MEAN ? pixels : 1) *
                            (o->recon_batch == GT_REDUCED_BY_MEAN ? 1 : batch);
    double divergence = beta / (o->kl_latent == GT_REDUCED_BY_MEAN ? (double)j->z_dim : 1) *
                        (o->kl_batch == GT_REDUCED_BY_MEAN ? 1 : batch);
    return divergence / (2 * reconstruction);
}
