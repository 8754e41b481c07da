/* SPDX-License-Identifier: Apache-2.0
 * What a denoiser learns from: pictures with noise of a level that is drawn for each of them. EDM: Karras et al.,
 * "Elucidating the Design Space", eq. 8 and table 1. Flow: Lipman et al., "Flow Matching for Generative Modeling", eq.
 * 23 (which with sigma_min = 0 is Liu et al., "Flow Straight and Fast", eq. 1), with times drawn uniformly or
 * logit-normally (Esser et al., "Scaling Rectified Flow Transformers", eq. 19). */
#ifndef GANTRY_MODELS_EDM_LOSS_H
#define GANTRY_MODELS_EDM_LOSS_H

#include "models/edm/denoiser.h"

typedef struct gt_levels_rule { /* how levels are drawn */
    double mean, std;           /* of EDM of the logarithm of sigma, of flow of the logit of time */
    bool uniform;               /* of flow: times are uniform instead */
    double sigma_min;           /* of flow: noise that is left at time 1 */
} gt_levels_rule;

/* What is drawn for n pictures. */
typedef struct gt_loss_draws {
    gt_node *level; /* [n], normal; where times are uniform uniform in [0,1) */
    gt_node *noise; /* [n,H,W,C], normal */
} gt_loss_draws;

typedef struct gt_denoising {
    gt_node *level; /* [n] sigma, or time */
    gt_node *noisy; /* [n,H,W,C] */
    gt_node *loss;  /* [n,H,W,C]: the squared error of each number, of EDM with the weight of its level */
} gt_denoising;

/* `in`: labels and augment of the pictures [n,H,W,C] in [-1,1]. */
gt_denoising gt_denoising_of(gt_forward *f, const gt_denoiser *d, const gt_levels_rule *rule, gt_node *pictures,
                             gt_loss_draws draws, const gt_unet_inputs *in);

/* Label dropout: labels [n,labels] are zeros where the draw [n,1], uniform in [0,1), lies below p. */
gt_node *gt_drop_labels(gt_graph *g, gt_node *labels, gt_node *draw, double p);

#endif
