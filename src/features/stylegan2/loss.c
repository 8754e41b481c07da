/* SPDX-License-Identifier: Apache-2.0
 * The losses of StyleGAN2 as graphs: non-saturating logistic loss, R1 (Mescheder et al., "Which Training Methods for
 * GANs do actually Converge?", equation 9) and path length regularisation (Karras et al., "Analyzing and Improving the
 * Image Quality of StyleGAN", equation 4): docs/mathematics/stylegan2-ada.md#losses-of-g-and-d. The gradient of each
 * phase is multiplied by its interval. */
#include "features/stylegan2/loss.h"

#include <math.h>
#include <string.h>

#include "networks/model/door/model.h"
#include "graph/door/ops.h"
#include "networks/model/door/gan.h"
#include "networks/nets/door/layers.h"

enum { G, D };

int gt_stylegan2_interval(const gt_stylegan2 *m, const gt_stylegan2_phase *p) {
    double weight = p->net == G ? m->options->pl_weight : m->options->gamma;
    return !p->regularises ? 1 : weight > 0 ? m->reg_interval[p->net] : 0;
}

bool gt_stylegan2_own_cut(const gt_stylegan2 *m, const gt_stylegan2_phase *p) {
    return p->generates && p->regularises && m->options->pl_mean == GT_PL_MEAN_BATCH;
}

int gt_stylegan2_samples(const gt_stylegan2 *m, const gt_stylegan2_phase *p, int n) {
    if (!(p->generates && p->regularises) || gt_stylegan2_own_cut(m, p)) return n;
    int part = n / GT_STYLEGAN2_PL_SHRINK;
    return part > 0 ? part : 1;
}

static gt_node *label_input(const gt_stylegan2 *m, gt_graph *g, const char *name, int n) {
    return m->mapping.c_dim > 0 ? gt_input(g, name, GT_SHAPE(n, m->mapping.c_dim)) : NULL;
}

/* Standard normal numbers: drawn from "STREAM/PHASE", or an input when inputs are given. */
static gt_node *normal(const gt_stylegan2 *m, const gt_stylegan2_phase *p, gt_graph *g, const char *input,
                       const char *stream, gt_shape shape) {
    if (m->inputs_given) return gt_input(g, input, shape);
    return gt_random_normal_op(g, gt_text_of("%s/%s", stream, p->name).s, shape);
}

typedef struct fakes {
    gt_node *ws, *image, *labels;
} fakes;

/* One pass of G for n samples: renews w_avg, mixes the styles of two latents. */
static fakes generate(const gt_stylegan2 *m, const gt_stylegan2_phase *p, gt_graph *g, int n) {
    int z_dim = m->mapping.z_dim, num_ws = m->mapping.num_ws;
    gt_bound_net b = {g, m->nets[G], G};
    gt_node *average = NULL;
    gt_mapping_options first = {.truncation = 1, .w_avg = &average}, second = {.truncation = 1};
    fakes f = {.labels = label_input(m, g, "gen_c", n)};
    gt_scope_push(g, "G");
    gt_node *z = z_dim > 0 ? normal(m, p, g, "z", "z", GT_SHAPE(n, z_dim)) : NULL;
    f.ws = gt_mapping(b, "mapping.", &m->mapping, z, f.labels, &first);
    if (average) gt_output(g, "w_avg", average);
    if (m->options->style_mixing > 0 && z_dim > 0) {
        gt_node *mixed = gt_mapping(b, "mapping.", &m->mapping, normal(m, p, g, "z_mix", "zmix", GT_SHAPE(n, z_dim)),
                                    f.labels, &second);
        f.ws = gt_select(g, gt_input(g, "mix_mask", GT_SHAPE(1, num_ws, 1)), mixed, f.ws);
    }
    gt_text stream = gt_text_of("/%s", p->name);
    f.image = gt_synthesis(b, "synthesis.", &m->synthesis, f.ws,
                           &(gt_synthesis_options){.noise = m->noise, .stream = stream.s});
    gt_scope_pop(g);
    return f;
}

/* D on augmented images; `which`: "fake" or "real". Reports scores and signs. */
static gt_node *discriminate(const gt_stylegan2 *m, const gt_stylegan2_phase *p, gt_graph *g, const char *which,
                             gt_node *image, gt_node *labels) {
    image = gt_gan_augment(g, &m->augment, p->name, which, image);
    gt_scope_push(g, "D");
    gt_node *logits = gt_discriminator((gt_bound_net){g, m->nets[D], D}, "", &m->discriminator, image, labels);
    gt_scope_pop(g);
    gt_gan_report(g, which, logits);
    return logits;
}

/* Gradients of interval * mean(loss) in the phase's network. The slices of a batch are equal: no weights. */
static gt_node **gradients(const gt_stylegan2 *m, const gt_stylegan2_phase *p, gt_graph *g, gt_node *loss) {
    if (!loss) return NULL;
    double gain = (double)gt_stylegan2_interval(m, p) / (double)gt_dim(loss, 0);
    return gt_gradients(g, m->nets[p->net], p->net, gt_scale(g, gt_sum(g, loss, GT_ALL_AXES), (float)gain));
}

static void put_gradients(const gt_stylegan2 *m, const gt_stylegan2_phase *p, gt_graph *g, gt_node **a, gt_node **b) {
    gt_put_gradients(g, m->nets[p->net], a, b);
}

static void g_main(const gt_stylegan2 *m, const gt_stylegan2_phase *p, gt_graph *g, int n) {
    fakes f = generate(m, p, g, n);
    gt_node *loss = gt_softplus(g, gt_neg(g, discriminate(m, p, g, "fake", f.image, f.labels)));
    gt_output(g, "Loss/G/loss", loss);
    put_gradients(m, p, g, gradients(m, p, g, loss), NULL);
}

/* The mean of the lengths: of this slice, or of all slices. */
static gt_node *mean_length(gt_graph *g, gt_node *length, bool of_all) {
    if (!length || !of_all) return gt_mean(g, length, GT_ALL_AXES);
    gt_node *sum = gt_sum_over_slices(g, gt_sum(g, length, GT_ALL_AXES)),
            *count = gt_sum_over_slices(g, gt_scalar(g, (float)gt_shape_size(gt_node_shape(length))));
    return gt_div(g, sum, count);
}

/* The gradients of interval * mean(loss) for a loss (l - a)^2 * weight of lengths l, where a = after has a part of
 * PL_DECAY of the mean of all lengths: over all slices dL/dl = 2 weight (l - a + PL_DECAY (a - mean)), up to the gain.
 * All of that is known with the mean, and no derivative need be summed over slices. */
static gt_node **gradients_by_lengths(const gt_stylegan2 *m, const gt_stylegan2_phase *p, gt_graph *g, gt_node *loss,
                                      gt_node *length, gt_node *after, gt_node *mean) {
    if (!loss || !length) return NULL;
    double gain = (double)gt_stylegan2_interval(m, p) / (double)gt_dim(loss, 0);
    gt_node *off = gt_sub(g, length, after);
    off = gt_add(g, off, gt_scale(g, gt_sub(g, after, mean), (float)GT_STYLEGAN2_PL_DECAY));
    gt_note_loss(g, gt_scale(g, gt_sum(g, loss, GT_ALL_AXES), (float)gain));
    return gt_gradients_along(g, m->nets[p->net], p->net, length,
                              gt_scale(g, off, (float)(2 * m->options->pl_weight * gain)));
}

/* The length of d image / d w along a random direction is drawn towards its running mean, through which the gradient
 * flows too. */
static void g_reg(const gt_stylegan2 *m, const gt_stylegan2_phase *p, gt_graph *g, int n) {
    bool of_all = gt_stylegan2_own_cut(m, p);
    fakes f = generate(m, p, g, gt_stylegan2_samples(m, p, n));
    if (!f.image) return;
    double pixels = (double)(gt_dim(f.image, 1) * gt_dim(f.image, 2));
    gt_node *direction = gt_scale(g, normal(m, p, g, "pl_noise", "pl_noise", *gt_node_shape(f.image)),
                                  (float)(1 / sqrt(pixels)));
    gt_node *slope = NULL;
    if (gt_grad(g, 1, &f.image, &direction, 1, &f.ws, &slope)) return;
    gt_node *length = gt_sqrt(g, gt_mean(g, gt_sum(g, gt_square(g, slope), GT_AXIS(2)), GT_AXIS(1)));
    gt_node *before = gt_update_input(g, "pl_mean", GT_SHAPE(1));
    gt_node *mean = gt_reshape(g, mean_length(g, length, of_all), GT_SHAPE(1));
    gt_node *after = gt_add(g, before, gt_scale(g, gt_sub(g, mean, before), (float)GT_STYLEGAN2_PL_DECAY));
    gt_node *penalty = gt_square(g, gt_sub(g, length, after));
    gt_node *loss = gt_scale(g, penalty, (float)m->options->pl_weight);
    gt_output(g, "pl_mean", after);
    gt_output(g, "Loss/pl_penalty", penalty);
    gt_output(g, "Loss/G/reg", loss);
    put_gradients(m, p, g, of_all ? gradients_by_lengths(m, p, g, loss, length, after, mean) : gradients(m, p, g, loss),
                  NULL);
}

static gt_node *images(const gt_stylegan2 *m, gt_graph *g, int n) {
    const gt_discriminator_config *c = &m->discriminator;
    return gt_input(g, "images", GT_SHAPE(n, c->height, c->width, c->channels));
}

/* The backward pass of the fakes comes before the forward pass of the reals: their activations never live together. */
static void d_main(const gt_stylegan2 *m, const gt_stylegan2_phase *p, gt_graph *g, int n) {
    fakes f = generate(m, p, g, n);
    gt_node *fake_loss = gt_softplus(g, discriminate(m, p, g, "fake", gt_stop_gradient(g, f.image), f.labels));
    gt_node **of_fakes = gradients(m, p, g, fake_loss);
    gt_node *real_loss = gt_softplus(
        g, gt_neg(g, discriminate(m, p, g, "real", images(m, g, n), label_input(m, g, "real_c", n))));
    gt_node **of_reals = gradients(m, p, g, real_loss);
    gt_output(g, "Loss/D/loss", gt_add(g, fake_loss, real_loss));
    if (of_reals) put_gradients(m, p, g, of_fakes, of_reals);
}

/* R1: with respect to the images before augmentation. */
static void d_reg(const gt_stylegan2 *m, const gt_stylegan2_phase *p, gt_graph *g, int n) {
    gt_node *real = images(m, g, n), *slope = NULL;
    gt_node *logits = discriminate(m, p, g, "real", real, label_input(m, g, "real_c", n));
    if (gt_grad(g, 1, &logits, NULL, 1, &real, &slope)) return;
    gt_node *penalty = gt_sum(g, gt_square(g, slope), GT_AXIS(1) | GT_AXIS(2) | GT_AXIS(3));
    gt_node *loss = gt_scale(g, penalty, (float)(m->options->gamma / 2));
    gt_output(g, "Loss/r1_penalty", penalty);
    gt_output(g, "Loss/D/reg", loss);
    put_gradients(m, p, g, gradients(m, p, g, loss), NULL);
}

const gt_stylegan2_phase gt_stylegan2_phases[GT_STYLEGAN2_PHASES] = {
    {.name = "G_main",
     .net = G,
     .generates = true,
     .sees_fakes = true,
     .build = g_main,
     .stats = {"Loss/scores/fake", "Loss/signs/fake", "Loss/G/loss"}},
    {.name = "G_reg",
     .net = G,
     .generates = true,
     .regularises = true,
     .build = g_reg,
     .stats = {"Loss/pl_penalty", "Loss/G/reg"}},
    {.name = "D_main",
     .net = D,
     .generates = true,
     .sees_fakes = true,
     .sees_reals = true,
     .build = d_main,
     .stats = {"Loss/scores/fake", "Loss/signs/fake", "Loss/scores/real", "Loss/signs/real", "Loss/D/loss"}},
    {.name = "D_reg",
     .net = D,
     .regularises = true,
     .sees_reals = true,
     .build = d_reg,
     .stats = {"Loss/scores/real", "Loss/signs/real", "Loss/r1_penalty", "Loss/D/reg"}},
};
