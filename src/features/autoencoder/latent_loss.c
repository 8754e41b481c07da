/* SPDX-License-Identifier: Apache-2.0
 * What given latents cost: the graph of the role "latent loss". */
#include "graph/door/ops.h"
#include "features/autoencoder/loss.h"

enum { MAX_SAMPLES = 16, PIXELS = 1 << 14 }; /* at once */

gt_graph *gt_autoencoder_latent_loss(gt_model *m, const gt_request *r) {
    const gt_autoencoder *a = m->own;
    const gt_job *c = a->job;
    gt_graph *g = gt_graph_new("loss of latents", m->kernels);
    if (!g) return NULL;
    int n = r->n, samples = gt_autoencoder_samples(m, r, MAX_SAMPLES, PIXELS);
    gt_bound_net b = {g, m->nets[0], 0};
    int64_t image = (int64_t)c->height * c->width * c->channels;
    gt_node *images = gt_input(g, "images", GT_SHAPE(n, c->height, c->width, c->channels));
    gt_node *pixels = gt_scale(g, gt_shift(g, images, 1), 0.5f);
    gt_node *z = gt_input(g, "z", GT_SHAPE(n, samples, c->z_dim)), *gradient;
    gt_decoder_output decoded = gt_autoencoder_decode(
        b, c, gt_reshape(g, z, GT_SHAPE((int64_t)n * samples, c->z_dim)),
        gt_autoencoder_repeat(g, gt_autoencoder_label_input(g, c, n), samples));
    gt_node *terms = gt_reshape(g, gt_autoencoder_pixel_terms(a, g, decoded, pixels), GT_SHAPE(n, samples, image));
    gt_node *loss = gt_reshape(g, gt_sum(g, terms, GT_AXIS(2)), GT_SHAPE(n, samples));
    gt_output(g, "loss", loss);
    if (!gt_grad(g, 1, &loss, NULL, 1, &z, &gradient)) gt_output(g, "gradient", gradient);
    return gt_whole_graph(g, "the ", "loss of latents");
}
