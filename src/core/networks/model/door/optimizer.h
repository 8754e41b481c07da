/* SPDX-License-Identifier: Apache-2.0
 * Optimisers as rows of a table, and the moving average of parameters. All functions work on contiguous ranges of
 * floats, so that a rank can update the ranges of a network that the rank owns: pointers point at the first float of a
 * range. All arithmetic is float32, element by element: the result does not depend on how a block is cut into ranges.
 */
#ifndef GANTRY_NETWORKS_MODEL_DOOR_OPTIMIZER_H
#define GANTRY_NETWORKS_MODEL_DOOR_OPTIMIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/pool.h"

enum { GT_MAX_MOMENTS = 2 };

typedef struct gt_optimizer_settings {
    double lr;
    double beta1, beta2; /* adam, adamw: of the moments */
    double momentum;     /* sgd, rmsprop; 0: none */
    double rho;          /* rmsprop: of the mean of squares */
    double eps;
    double decay;     /* weight decay: lambda; 0: none */
    double history;   /* historical averaging: weight of the penalty; 0: none */
    bool nesterov;    /* sgd */
    bool eps_outside; /* adam: eps is added to the root of the uncorrected moment */
} gt_optimizer_settings;

typedef struct gt_optimizer {
    const char *name; /* "adam" */
    int n_moments;
    const char *moment_names[GT_MAX_MOMENTS]; /* as in checkpoints: "exp_avg", "exp_avg_sq" */
    /* One step over n floats. `step` counts from 1 (this step included). moments[i]: n floats each, zeros before the
     * first step; NULL where the settings need none. */
    void (*update)(const gt_optimizer_settings *s, uint64_t step, size_t n, const float *grad, float *params,
                   float *const *moments);
    bool betas; /* has betas, which lazy regularisation changes (gt_optimizer_lazy) */
    /* Weight decay shrinks the weights by lr * decay before the step (Loshchilov and Hutter, "Decoupled Weight Decay
     * Regularization", algorithm 2); otherwise decay * weights is added to the gradient. */
    bool decoupled;
    /* The setting that is 0 where moment `optional` is not needed; NULL: all moments are needed. */
    double (*momentum)(const gt_optimizer_settings *s);
    int optional;
    double eps; /* where nobody gives one; 0: 1e-8 */
    bool plain; /* a step is a rate times the gradient: rates are larger than those of others */
} gt_optimizer;

static inline bool gt_optimizer_needs(const gt_optimizer *o, const gt_optimizer_settings *s, int moment) {
    return !o->momentum || moment != o->optional || o->momentum(s) > 0;
}

const gt_optimizer *gt_optimizer_find(const char *name); /* NULL: unknown */
extern const gt_optimizer gt_optimizers[];               /* ended by {0} */

/* One update of n floats, cleaning before and averaging after the update, in one pass over memory, tile by tile. */
typedef struct gt_update {
    const gt_optimizer *optimizer; /* NULL: parameters stay as they are, only the average moves */
    gt_optimizer_settings settings;
    uint64_t step;
    size_t n;
    double decay; /* of these floats, in place of settings.decay */
    bool clean;   /* the gradient first: gt_clean_nonfinite() */
    float *grad, *params, *moments[GT_MAX_MOMENTS];
    /* Historical averaging (Salimans et al., "Improved Techniques for Training GANs", section 3.3): the loss has the
     * part settings.history * |params - history|^2, `history` being the mean of the parameters before each of the
     * `step` updates. It is renewed first; zeros before the first step. NULL: no such part. */
    float *history;
    float *average; /* NULL: none; else gt_ema_update() with average_beta */
    double average_beta;
} gt_update;

void gt_update_run(const gt_update *u, gt_pool *pool); /* the same bits for any pool; NULL: one thread */

/* Settings for a network whose regularisation phase runs every `interval` steps and shares its optimiser
 * (docs/mathematics/stylegan2-ada.md#lazy-regularisation): c = interval/(interval+1); lr *= c, and, of an optimiser
 * with betas, betas = beta^c. */
gt_optimizer_settings gt_optimizer_lazy(const gt_optimizer *o, gt_optimizer_settings s, int interval);

/* NaN -> 0, +inf -> 1e5, -inf -> -1e5 (docs/mathematics/stylegan2-ada.md#optimisers-and-moving-average); returns how
 * many there were. */
size_t gt_clean_nonfinite(float *x, size_t n);

/* Spec 4.4: beta = 0.5^(batch / max(n, 1e-8)) with n = ema_kimg * 1000, limited to images_shown * rampup when rampup >
 * 0. */
double gt_ema_beta(double ema_kimg, double rampup, double images_shown, double batch);
/* average = params + beta (average - params) over n floats; beta 0 copies. */
void gt_ema_update(float *average, const float *params, size_t n, double beta);

#endif
