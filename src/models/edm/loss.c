/* SPDX-License-Identifier: Apache-2.0
 * Losses of denoisers (spec-edm 4, 6). */
#include "models/edm/loss.h"

static gt_denoising of_edm(gt_forward *f, const gt_denoiser *d, const gt_levels_rule *rule, gt_node *pictures,
                           gt_loss_draws draws, const gt_unet_inputs *in) {
    gt_graph *g = f->graph;
    float data = (float)d->sigma_data;
    gt_node *sigma = gt_exp_op(g, gt_shift(g, gt_scale(g, draws.level, (float)rule->std), (float)rule->mean));
    gt_node *noisy = gt_add(g, pictures, gt_times_pictures(g, sigma, draws.noise));
    gt_node *off = gt_square(g, gt_sub(g, gt_denoise(f, d, noisy, sigma, in), pictures));
    gt_node *square = gt_square(g, sigma);
    gt_node *weight = gt_div(g, gt_shift(g, square, data * data), gt_scale(g, square, data * data));
    return (gt_denoising){sigma, noisy, gt_times_pictures(g, weight, off)};
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

gt_denoising gt_denoising_of(gt_forward *f, const gt_denoiser *d, const gt_levels_rule *rule, gt_node *pictures,
                             gt_loss_draws draws, const gt_unet_inputs *in) {
    return (d->precond == GT_PRECOND_FLOW ? of_flow : of_edm)(f, d, rule, pictures, draws, in);
}

gt_node *gt_drop_labels(gt_graph *g, gt_node *labels, gt_node *draw, double p) {
    if (!labels || !(p > 0)) return labels;
    return gt_mul(g, labels, gt_shift(g, gt_neg(g, gt_greater(g, gt_neg(g, draw), (float)-p)), 1));
}
