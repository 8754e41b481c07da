/* SPDX-License-Identifier: Apache-2.0
 * The table of optimisers, and the moving average of parameters. */
#include "networks/model/door/optimizer.h"

#include <math.h>
#include <string.h>

#include "base/door/clones.h"
#include "base/door/mathfn.h"

/* beta^step in float64; beta 0 is the published setting, which gt_pow() does not take. */
static double power(double beta, uint64_t step) { return beta > 0 ? gt_pow(beta, (double)step) : 0; }

/* Kingma & Ba, "Adam: A Method for Stochastic Optimization", algorithm 1. */
GT_CLONES static void adam(const gt_optimizer_settings *s, uint64_t step, size_t n, const float *grad, float *params,
                           float *const *moments) {
    float *restrict m = moments[0], *restrict v = moments[1], *restrict p = params;
    float b1 = (float)s->beta1, b2 = (float)s->beta2, c1 = (float)(1 - s->beta1), c2 = (float)(1 - s->beta2);
    float rate = (float)(s->lr / (1 - power(s->beta1, step)));
    float root = (float)sqrt(1 - power(s->beta2, step));
    /* the root of the corrected moment is that of the uncorrected one, divided by `root` */
    float eps = (float)(s->eps_outside ? s->eps / (double)root : s->eps);
    for (size_t i = 0; i < n; i++) {
        float g = grad[i], first = m ? b1 * m[i] + c1 * g : g;
        if (m) m[i] = first;
        v[i] = b2 * v[i] + c2 * (g * g);
        p[i] -= rate * (first / (sqrtf(v[i]) / root + eps));
    }
}

/* Momentum: Sutskever et al., "On the Importance of Initialization and Momentum", as PyTorch has it: the buffer is a
 * sum of gradients, and Nesterov's form looks one step ahead. */
GT_CLONES static void sgd(const gt_optimizer_settings *s, uint64_t step, size_t n, const float *grad, float *params,
                          float *const *moments) {
    (void)step;
    float *restrict m = moments[0], *restrict p = params;
    float momentum = (float)s->momentum, lr = (float)s->lr, ahead = s->nesterov ? momentum : 0;
    for (size_t i = 0; i < n; i++) {
        float first = m ? momentum * m[i] + grad[i] : grad[i];
        if (m) m[i] = first;
        p[i] -= lr * (ahead > 0 ? grad[i] + ahead * first : first);
    }
}

/* Duchi et al., "Adaptive Subgradient Methods", section 1. */
GT_CLONES static void adagrad(const gt_optimizer_settings *s, uint64_t step, size_t n, const float *grad, float *params,
                              float *const *moments) {
    (void)step;
    float *restrict v = moments[0], *restrict p = params;
    float lr = (float)s->lr, eps = (float)s->eps;
    for (size_t i = 0; i < n; i++) {
        v[i] += grad[i] * grad[i];
        p[i] -= lr * (grad[i] / (sqrtf(v[i]) + eps));
    }
}

/* Tieleman and Hinton, "Neural Networks for Machine Learning", lecture 6.5; momentum as PyTorch has it. */
GT_CLONES static void rmsprop(const gt_optimizer_settings *s, uint64_t step, size_t n, const float *grad, float *params,
                              float *const *moments) {
    (void)step;
    float *restrict v = moments[0], *restrict m = moments[1], *restrict p = params;
    float lr = (float)s->lr, eps = (float)s->eps, rho = (float)s->rho, rest = (float)(1 - s->rho);
    float momentum = (float)s->momentum;
    for (size_t i = 0; i < n; i++) {
        v[i] = rho * v[i] + rest * (grad[i] * grad[i]);
        float by = grad[i] / (sqrtf(v[i]) + eps);
        if (m) m[i] = by = momentum * m[i] + by;
        p[i] -= lr * by;
    }
}

static double beta1_of(const gt_optimizer_settings *s) { return s->beta1; }
static double momentum_of(const gt_optimizer_settings *s) { return s->momentum; }

const gt_optimizer gt_optimizers[] = {
    {"adam", 2, {"exp_avg", "exp_avg_sq"}, adam, .betas = true, .momentum = beta1_of},
    {"sgd", 1, {"momentum"}, sgd, .momentum = momentum_of, .plain = true},
    {"adagrad", 1, {"sum"}, adagrad, .betas = false, .eps = 1e-10},
    {"rmsprop", 2, {"square_avg", "momentum"}, rmsprop, .momentum = momentum_of, .optional = 1},
    {"adamw", 2, {"exp_avg", "exp_avg_sq"}, adam, .betas = true, .momentum = beta1_of, .decoupled = true},
    {0},
};

const gt_optimizer *gt_optimizer_find(const char *name) {
    for (const gt_optimizer *o = gt_optimizers; o->name; o++)
        if (!strcmp(o->name, name)) return o;
    return NULL;
}

gt_optimizer_settings gt_optimizer_lazy(const gt_optimizer *o, gt_optimizer_settings s, int interval) {
    double c = (double)interval / (interval + 1);
    s.lr *= c;
    if (!o->betas) return s;
    s.beta1 = s.beta1 > 0 ? gt_pow(s.beta1, c) : 0;
    s.beta2 = s.beta2 > 0 ? gt_pow(s.beta2, c) : 0;
    return s;
}

static size_t count_nonfinite(const float *x, size_t n) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++) count += !isfinite(x[i]);
    return count;
}

size_t gt_clean_nonfinite(float *x, size_t n) {
    size_t count = count_nonfinite(x, n);
    for (size_t i = 0; count && i < n; i++)
        if (!isfinite(x[i])) x[i] = isnan(x[i]) ? 0 : copysignf(1e5f, x[i]);
    return count;
}

/* ---- the moving average of a network's parameters ----
 *
 *   average = beta average + (1 - beta) parameters
 *   beta    = 0.5^(batch / images),  images = 1000 ema_kimg, at most rampup images_shown where there is a rampup
 *
 * so `images` is the half-life. train/loop/update.c calls gt_ema_update() with each update of the parameters,
 * train/loop/step.c for buffers. */

double gt_ema_beta(double ema_kimg, double rampup, double images_shown, double batch) {
    double images = ema_kimg * 1000;
    if (rampup > 0) images = fmin(images, images_shown * rampup);
    return gt_pow(0.5, batch / fmax(images, 1e-8));
}

/* Computed from the nearer end, which keeps the small step exact. */
GT_CLONES void gt_ema_update(float *restrict average, const float *restrict params, size_t n, double beta) {
    float b = (float)beta, rest = (float)(1 - beta);
    if (b < 0.5f)
        for (size_t i = 0; i < n; i++) average[i] = params[i] + b * (average[i] - params[i]);
    else
        for (size_t i = 0; i < n; i++) average[i] = average[i] - rest * (average[i] - params[i]);
}
