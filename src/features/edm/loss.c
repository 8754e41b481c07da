/* SPDX-License-Identifier: Apache-2.0
 * Losses of denoisers (docs/mathematics/edm.md#loss, #flow-matching, #consistency), and the phase that learns from
 * them. */
#include "features/edm/loss.h"

#include <math.h>

#include "graph/door/ops.h"
#include "networks/model/door/family.h"
#include "features/edm/edm.h"

static gt_node *sigma_of(gt_graph *g, const gt_levels_rule *rule, gt_node *draw) {
    return gt_exp_op(g, gt_shift(g, gt_scale(g, draw, (float)rule->std), (float)rule->mean));
}

static gt_node *with_noise(gt_graph *g, gt_node *pictures, gt_node *sigma, gt_node *noise) {
    return gt_add(g, pictures, gt_times_pictures(g, sigma, noise));
}

static gt_denoising of_edm(gt_forward *f, const gt_denoiser *d, const gt_levels_rule *rule, gt_node *pictures,
                           gt_loss_draws draws, const gt_unet_inputs *in) {
    gt_graph *g = f->graph;
    float data = (float)d->sigma_data;
    gt_node *sigma = sigma_of(g, rule, draws.level), *noisy = with_noise(g, pictures, sigma, draws.noise);
    gt_node *off = gt_square(g, gt_sub(g, gt_denoise(f, d, noisy, sigma, in), pictures));
    gt_node *square = gt_square(g, sigma);
    gt_node *weight = gt_div(g, gt_shift(g, square, data * data), gt_scale(g, square, data * data));
    return (gt_denoising){sigma, noisy, gt_times_pictures(g, weight, off)};
}

/* Where r is 0 the network is asked at LEAST, since there is no logarithm of 0, and its answer is not used. */
static gt_node *answer_below(gt_forward *f, const gt_denoiser *d, gt_node *pictures, gt_node *below, gt_node *noise,
                             const gt_unet_inputs *in) {
    static const float LEAST = 1e-8f;
    gt_graph *g = f->graph;
    gt_node *level = gt_max(g, below, gt_scalar(g, LEAST));
    gt_node *answer = gt_denoise(f, d, with_noise(g, pictures, below, noise), level, in);
    gt_node *asked = below ? gt_reshape(g, below, GT_SHAPE(gt_dim(below, 0), 1, 1, 1)) : NULL;
    return gt_stop_gradient(g, gt_select(g, asked, answer, pictures));
}

static gt_denoising of_consistency(gt_forward *f, const gt_denoiser *d, const gt_levels_rule *rule, gt_node *pictures,
                                   gt_loss_draws draws, const gt_unet_inputs *in) {
    static const float K = 8, B = 1; /* Geng et al., appendix: values of CIFAR-10 */
    gt_graph *g = f->graph;
    float c = (float)(rule->huber * sqrt((double)d->unet.height * d->unet.width * d->unet.out));
    gt_node *sigma = sigma_of(g, rule, draws.level), *noisy = with_noise(g, pictures, sigma, draws.noise);
    gt_node *n = gt_shift(g, gt_scale(g, gt_sigmoid(g, gt_scale(g, sigma, -B)), K), 1);
    gt_node *share = gt_neg(g, gt_max(g, gt_neg(g, gt_mul(g, n, draws.gap)), gt_scalar(g, -1))); /* at most 1 */
    gt_node *below = gt_mul(g, gt_shift(g, gt_neg(g, share), 1), sigma);
    gt_node *off = gt_sub(g, gt_denoise(f, d, noisy, sigma, in), answer_below(f, d, pictures, below, draws.noise, in));
    gt_node *square = gt_sum(g, gt_square(g, off), GT_AXIS(1) | GT_AXIS(2) | GT_AXIS(3));
    gt_node *distance = gt_shift(g, gt_sqrt(g, gt_shift(g, square, c * c)), -c);
    return (gt_denoising){sigma, noisy, gt_times_pictures(g, gt_reciprocal(g, gt_mul(g, share, sigma)), distance)};
}

double gt_stages_gap(const gt_stages *s, int64_t shown) {
    int64_t stage = shown / s->images;
    double gap = 1;
    for (int64_t i = 0; i <= stage && i < s->n; i++) gap /= s->factor;
    return gap;
}

static gt_denoising of_flow(gt_forward *f, const gt_denoiser *d, const gt_levels_rule *rule, gt_node *pictures,
                            gt_loss_draws draws, const gt_unet_inputs *in) {
    gt_graph *g = f->graph;
    float goes = (float)(1 - rule->sigma_min); /* of the noise, until time 1 */
    gt_node *time = draws.level;
    if (!rule->uniform) time = gt_sigmoid(g, gt_shift(g, gt_scale(g, time, (float)rule->std), (float)rule->mean));
    gt_node *noise_left = gt_shift(g, gt_scale(g, time, -goes), 1);
    gt_node *noisy = gt_add(g, gt_times_pictures(g, time, pictures), gt_times_pictures(g, noise_left, draws.noise));
    gt_node *velocity = gt_sub(g, pictures, gt_scale(g, draws.noise, goes));
    return (gt_denoising){time, noisy, gt_square(g, gt_sub(g, gt_denoise(f, d, noisy, time, in), velocity))};
}

static gt_denoising of_regression(gt_forward *f, const gt_denoiser *d, const gt_levels_rule *rule, gt_node *pictures,
                                  gt_loss_draws draws, const gt_unet_inputs *in) {
    gt_graph *g = f->graph;
    (void)rule, (void)draws;
    if (!pictures) return (gt_denoising){0};
    gt_node *level = gt_broadcast(g, gt_scalar(g, (float)d->sigma_data), GT_SHAPE(gt_dim(pictures, 0))),
            *nothing = gt_broadcast(g, gt_scalar(g, 0), *gt_node_shape(pictures));
    return (gt_denoising){level, nothing, gt_square(g, gt_sub(g, gt_denoise(f, d, nothing, level, in), pictures))};
}

gt_denoising gt_denoising_of(gt_forward *f, const gt_denoiser *d, const gt_levels_rule *rule, gt_node *pictures,
                             gt_loss_draws draws, const gt_unet_inputs *in) {
    return (rule->regression                ? of_regression
            : draws.gap                     ? of_consistency
            : d->precond == GT_PRECOND_FLOW ? of_flow
                                            : of_edm)(f, d, rule, pictures, draws, in);
}

gt_node *gt_drop_labels(gt_graph *g, gt_node *labels, gt_node *draw, double p) {
    if (!labels || !(p > 0)) return labels;
    return gt_mul(g, labels, gt_shift(g, gt_neg(g, gt_greater(g, gt_neg(g, draw), (float)-p)), 1));
}

/* ---- the phase ---- */

/* Which of the bins, equally likely, a draw lies in, as ones and zeros [n,GT_EDM_BINS]. */
static gt_node *bins_of(gt_graph *g, gt_node *draw, bool uniform) {
    static const float normal[] = {-0.67448975f, 0, 0.67448975f}, even[] = {0.25f, 0.5f, 0.75f};
    gt_node *column = draw ? gt_reshape(g, draw, GT_SHAPE(gt_dim(draw, 0), 1)) : NULL, *bins[GT_EDM_BINS],
            *above = gt_scalar(g, 1);
    for (int i = 0; i < GT_EDM_BINS; i++) {
        gt_node *next = i < GT_EDM_BINS - 1 ? gt_greater(g, column, uniform ? even[i] : normal[i])
                                            : gt_scale(g, column, 0);
        bins[i] = gt_sub(g, above, next);
        above = next;
    }
    return gt_concat(g, GT_EDM_BINS, bins, 1);
}

/* The loss of a picture is the sum over its numbers; what is logged is their mean, and the mean where the draw of the
 * level lies in each quarter: times four, because only a quarter of pictures are there. */
static void report(gt_graph *g, gt_node *loss, gt_node *draw, bool uniform) {
    gt_node *mean = gt_mean(g, loss, GT_AXIS(1) | GT_AXIS(2) | GT_AXIS(3));
    if (!mean || !draw) return;
    mean = gt_reshape(g, mean, GT_SHAPE(gt_dim(draw, 0), 1));
    gt_output(g, "Loss/loss", mean);
    gt_output(g, "Loss/levels", gt_scale(g, gt_mul(g, bins_of(g, draw, uniform), mean), GT_EDM_BINS));
}

/* Channels begin .. end-1 of pictures [n,H,W,C]; NULL: there are none. */
static gt_node *channels_of(gt_graph *g, gt_node *pictures, int begin, int end) {
    if (begin == end) return NULL;
    return pictures && gt_dim(pictures, 3) == end - begin ? pictures : gt_slice(g, pictures, 3, begin, end);
}

gt_node *gt_edm_denoise_all(gt_forward *f, const gt_denoiser *d, gt_node *x, gt_node *level, gt_unet_inputs *in) {
    gt_graph *g = f->graph;
    int made = d->unet.out, channels = x ? (int)gt_dim(x, 3) : made;
    in->condition = channels_of(g, x, made, d->unet.in);
    gt_node *both[] = {gt_denoise(f, d, channels_of(g, x, 0, made), level, in), channels_of(g, x, made, channels)};
    return both[1] ? gt_concat(g, 2, both, 3) : both[0];
}

void gt_edm_phase(const gt_edm *m, const gt_net *net, gt_graph *g, int n) {
    const gt_unet_shape *s = &m->denoiser.unet;
    int channels = (int)m->job->channels;
    gt_forward f = {.graph = g, .bound = {g, net, 0}, .training = true};
    gt_node *pictures = gt_input(g, "images", GT_SHAPE(n, s->height, s->width, channels));
    gt_unet_inputs in = {0};
    if (s->labels) {
        double p = m->options->label_dropout;
        in.labels = gt_input(g, "c", GT_SHAPE(n, s->labels));
        if (p > 0) in.labels = gt_drop_labels(g, in.labels, gt_random_uniform_op(g, "labels", GT_SHAPE(n, 1)), p);
    }
    if (s->augment) {
        in.augment = gt_input(g, GT_EDM_NUMBERS, GT_SHAPE(n, s->augment));
        pictures = gt_augment(g, &m->config, GT_EDM_AUGMENT, pictures);
    }
    gt_node *targets = channels_of(g, pictures, 0, s->out), *mask = channels_of(g, pictures, s->in, channels);
    in.condition = channels_of(g, pictures, s->out, s->in);
    if (in.condition && m->options->condition_drop > 0)
        in.condition = gt_drop_labels(g, in.condition, gt_random_uniform_op(g, "conditions", GT_SHAPE(n, 1, 1, 1)),
                                      m->options->condition_drop);
    bool uniform = m->rule.uniform;
    gt_loss_draws draws = {.level = uniform ? gt_random_uniform_op(g, "level", GT_SHAPE(n))
                                            : gt_random_normal_op(g, "level", GT_SHAPE(n)),
                           .noise = gt_random_normal_op(g, "noise", GT_SHAPE(n, s->height, s->width, s->out)),
                           .gap = m->stages.n ? gt_input(g, GT_EDM_GAP, GT_SCALAR) : NULL};
    gt_denoising r = gt_denoising_of(&f, &m->denoiser, &m->rule, targets, draws, &in);
    if (mask) r.loss = gt_mul(g, r.loss, mask);
    report(g, r.loss, draws.level, uniform);
    gt_put_gradients(g, net, gt_gradients(g, net, 0, gt_mean_loss(g, r.loss)), NULL);
}
