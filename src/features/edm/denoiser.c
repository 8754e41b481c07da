/* SPDX-License-Identifier: Apache-2.0
 * Preconditioning: docs/mathematics/edm.md#preconditioning, #flow-matching. */
#include "features/edm/denoiser.h"

#include <math.h>

#include "base/door/mathfn.h"

const gt_vp_values gt_vp_published = {19.9, 0.1, 1e-5, 1000}; /* Song et al., eq. 32 */
static const double VE_LEAST = 0.02, VE_MOST = 100;
static const double TIMES = 999; /* the range of times that the embedding was made for */

const gt_vp_values *gt_denoiser_vp(const gt_denoiser *d) { return d->vp.beta_d > 0 ? &d->vp : &gt_vp_published; }

/* ln(1 + x) for x >= 0, also where 1 + x has lost digits of x: what is lost of the logarithm is lost of u - 1, too
 * (Goldberg, "What Every Computer Scientist Should Know", theorem 4). */
static gt_node *log_of_one_and(gt_graph *g, gt_node *x) {
    gt_node *u = gt_shift(g, x, 1), *kept = gt_shift(g, u, -1);
    gt_node *ratio = gt_div(g, x, gt_max(g, kept, gt_scalar(g, 1e-30f)));
    return gt_select(g, kept, gt_mul(g, gt_log_op(g, u), ratio), x);
}

static gt_coefficients of_edm(gt_graph *g, double data, gt_node *sigma) {
    float variance = (float)(data * data);
    gt_node *in = gt_rsqrt(g, gt_shift(g, gt_square(g, sigma), variance));
    return (gt_coefficients){.skip = gt_scale(g, gt_square(g, in), variance),
                             .out = gt_scale(g, gt_mul(g, sigma, in), (float)data),
                             .in = in,
                             .noise = gt_scale(g, gt_log_op(g, sigma), 0.25f)};
}

/* t with sigma(t) = sigma: (sqrt(b^2 + 2 d ln(1 + sigma^2)) - b) / d, as 2 l / (sqrt(b^2 + 2 d l) + b), which does not
 * cancel. */
static gt_coefficients of_vp(gt_graph *g, const gt_vp_values *v, gt_node *sigma) {
    double d = v->beta_d, b = v->beta_min;
    gt_node *square = gt_square(g, sigma), *l = log_of_one_and(g, square);
    gt_node *root = gt_sqrt(g, gt_shift(g, gt_scale(g, l, (float)(2 * d)), (float)(b * b)));
    gt_node *time = gt_div(g, gt_scale(g, l, 2), gt_shift(g, root, (float)b));
    return (gt_coefficients){.skip = gt_broadcast(g, gt_scalar(g, 1), *gt_node_shape(sigma)),
                             .out = gt_neg(g, sigma),
                             .in = gt_rsqrt(g, gt_shift(g, square, 1)),
                             .noise = gt_scale(g, time, (float)(v->times - 1))};
}

static gt_coefficients of_ve(gt_graph *g, gt_node *sigma) {
    gt_node *one = gt_broadcast(g, gt_scalar(g, 1), *gt_node_shape(sigma));
    return (gt_coefficients){.skip = one, .out = sigma, .in = one, .noise = gt_log_op(g, gt_scale(g, sigma, 0.5f))};
}

gt_coefficients gt_coefficients_of(gt_graph *g, const gt_denoiser *d, gt_node *sigma) {
    if (!sigma) return (gt_coefficients){0};
    switch (d->precond) {
    case GT_PRECOND_EDM: return of_edm(g, d->sigma_data, sigma);
    case GT_PRECOND_VP: return of_vp(g, gt_denoiser_vp(d), sigma);
    case GT_PRECOND_VE: return of_ve(g, sigma);
    case GT_PRECOND_FLOW: break;
    }
    return (gt_coefficients){.noise = gt_scale(g, sigma, (float)TIMES)};
}

gt_node *gt_times_pictures(gt_graph *g, gt_node *factors, gt_node *pictures) {
    if (!factors || !pictures) return NULL;
    return gt_mul(g, gt_reshape(g, factors, GT_SHAPE(gt_dim(factors, 0), 1, 1, 1)), pictures);
}

gt_node *gt_denoise(gt_forward *f, const gt_denoiser *d, gt_node *x, gt_node *sigma, const gt_unet_inputs *in) {
    gt_graph *g = f->graph;
    gt_coefficients c = gt_coefficients_of(g, d, sigma);
    gt_unet_inputs inputs = *in;
    inputs.noise = c.noise;
    gt_node *seen[] = {c.in ? gt_times_pictures(g, c.in, x) : x, in->condition};
    gt_node *y = gt_unet(f, &d->unet, in->condition ? gt_concat(g, 2, seen, 3) : seen[0], &inputs);
    return c.skip ? gt_add(g, gt_times_pictures(g, c.skip, x), gt_times_pictures(g, c.out, y)) : y;
}

/* sqrt(exp(d t^2 / 2 + b t) - 1) */
static double vp_sigma(const gt_vp_values *v, double t) {
    return sqrt(gt_exp(v->beta_d * t * t / 2 + v->beta_min * t) - 1);
}

double gt_denoiser_sigma_min(const gt_denoiser *d) {
    if (d->sigma_max > 0) return d->sigma_min;
    return d->precond == GT_PRECOND_VP   ? vp_sigma(gt_denoiser_vp(d), gt_denoiser_vp(d)->first_time)
           : d->precond == GT_PRECOND_VE ? VE_LEAST
                                         : 0;
}

double gt_denoiser_sigma_max(const gt_denoiser *d) {
    if (d->sigma_max > 0) return d->sigma_max;
    return d->precond == GT_PRECOND_VP   ? vp_sigma(gt_denoiser_vp(d), 1)
           : d->precond == GT_PRECOND_VE ? VE_MOST
                                         : (double)INFINITY;
}
