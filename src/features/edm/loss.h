/* SPDX-License-Identifier: Apache-2.0
 * What a denoiser learns from: pictures with noise of a level that is drawn for each of them. EDM: Karras et al.,
 * "Elucidating the Design Space", eq. 8 and table 1. Flow: Lipman et al., "Flow Matching for Generative Modeling", eq.
 * 23 (which with sigma_min = 0 is Liu et al., "Flow Straight and Fast", eq. 1), with times drawn uniformly or
 * logit-normally (Esser et al., "Scaling Rectified Flow Transformers", eq. 19).
 *
 * Consistency: Geng et al., "Consistency Models Made Easy" (arXiv 2406.14548), sections 3.1 to 3.3. The denoiser of EDM
 * becomes a function that gives the same picture for all levels of a way from the picture to noise. It has D(x; 0) = x
 * by EDM's coefficients themselves (c_skip = 1, c_out = 0). With one noise e for both levels, t and a lower level r,
 *
 *     r    = max(0, (1 - gap n(t)) t),   n(t) = 1 + 8 / (1 + exp(t))                                     eq. 15
 *     loss = (sqrt(|D(y + t e; t) - D-(y + r e; r)|^2 + c^2) - c) / (t - r)
 *
 * where D- is D without a gradient, with the same dropout, and D- = y where r = 0. The distance is the pseudo-Huber
 * metric with c = huber sqrt(numbers of a picture) (Song and Dhariwal, "Improved Techniques for Training Consistency
 * Models", section 3.3), whose gradient is that of |.|^2 / 2 with the paper's adaptive weight 1 / sqrt(|.|^2 + c^2).
 * The gap shrinks from stage to stage; while it is 1 or more, r is 0 everywhere, which is a denoiser's loss. */
#ifndef GANTRY_FEATURES_EDM_LOSS_H
#define GANTRY_FEATURES_EDM_LOSS_H

#include "features/edm/denoiser.h"

/* Regression: the network without noise, the mean of what is possible given the conditions. It is asked once, for
 * pictures of zeros at the level sigma_data, and the loss is the squared error. */
typedef struct gt_levels_rule { /* how levels are drawn */
    double mean, std;           /* of EDM of the logarithm of sigma, of flow of the logit of time */
    bool uniform;               /* of flow: times are uniform instead */
    double sigma_min;           /* of flow: noise that is left at time 1 */
    double huber;               /* of consistency: c / sqrt(numbers of a picture) */
    bool regression;            /* no level is drawn */
} gt_levels_rule;

/* What is drawn for n pictures. */
typedef struct gt_loss_draws {
    gt_node *level; /* [n], normal; where times are uniform uniform in [0,1) */
    gt_node *noise; /* [n,H,W,C], normal */
    gt_node *gap;   /* [], of consistency (gt_stages_gap); NULL: the loss is the squared error */
} gt_loss_draws;

typedef struct gt_denoising {
    gt_node *level; /* [n] sigma, or time */
    gt_node *noisy; /* [n,H,W,C] */
    gt_node *loss;  /* [n,H,W,C]: the squared error of each number, of EDM with the weight of its level; of consistency
                       [n,1,1,1] */
} gt_denoising;

/* The stages of a run that learns consistency, of `images` images each. Whatever follows the last one belongs to it. */
typedef struct gt_stages {
    int64_t n, images;
    double factor; /* by which the gap shrinks in each stage, also in the first: q of the paper */
} gt_stages;
/* 1 / factor^(1 + stage), after so many images of the run. */
double gt_stages_gap(const gt_stages *s, int64_t shown);

/* `in`: labels, augment and conditions of the pictures [n,H,W,out], usually in [-1,1]. Consistency is of EDM's
 * preconditioning alone. */
gt_denoising gt_denoising_of(gt_forward *f, const gt_denoiser *d, const gt_levels_rule *rule, gt_node *pictures,
                             gt_loss_draws draws, const gt_unet_inputs *in);

/* Dropout of labels [n,labels] or conditions [n,H,W,K]: zeros where the draw [n,1] or [n,1,1,1], uniform in [0,1), lies
 * below p. */
gt_node *gt_drop_labels(gt_graph *g, gt_node *labels, gt_node *draw, double p);

#endif
