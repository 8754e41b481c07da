/* SPDX-License-Identifier: Apache-2.0
 * The adversarial losses of DCGAN as rows of a table.
 *
 *   bce      binary cross-entropy of D, non-saturating of G: Goodfellow et al., "Generative Adversarial Nets",
 *            section 3
 *   lsgan    half the squared distance of the score from its target: Mao et al., "Least Squares Generative Adversarial
 *            Networks", equation 9
 *   hinge    D: max(0, 1 - score) of real images, max(0, 1 + score) of fake ones; G: -score: Lim and Ye, "Geometric
 *            GAN", section 3; Miyato et al., "Spectral Normalization for GANs", equations 16 and 17
 *   wgan-gp  D: -score of real images, score of fake ones, and a penalty on D's gradient; G: -score: Gulrajani et al.,
 *            "Improved Training of Wasserstein GANs", algorithm 1 */
#ifndef GANTRY_FEATURES_DCGAN_ADVERSARIAL_H
#define GANTRY_FEATURES_DCGAN_ADVERSARIAL_H

#include "graph/door/graph.h"

typedef struct gt_dcgan_loss {
    const char *name;
    bool takes_targets; /* smooth and flipped ones */
    bool with_classes;  /* D may tell classes, too: they and fake images are one distribution */
    bool penalised;     /* D's loss has the gradient penalty */
    bool judges;        /* D takes an image for real where its score is above `boundary` */
    float boundary;
    /* The loss [n,1] of scores [n,1]. `of`: GT_DCGAN_REAL or _FAKE, of D; GT_DCGAN_MADE, of G. Targets [n,1]; NULL: 1,
     * of fake images 0. */
    gt_node *(*of)(gt_graph *g, int of, gt_node *score, gt_node *targets);
} gt_dcgan_loss;

/* The row of a name; "bce" where the name is NULL. */
const gt_dcgan_loss *gt_dcgan_loss_find(const char *name);

/* (|slope| - 1)^2 for each sample of slopes [n,H,W,C]: [n,1,1,1]. */
gt_node *gt_dcgan_gradient_penalty(gt_graph *g, gt_node *slopes);

/* The squared distance [1] of the means of real and of fake images' features [n,...]: Salimans et al., "Improved
 * Techniques for Training GANs", section 3.1. The means are over the slice; over_slices: over the whole batch. */
gt_node *gt_dcgan_match_features(gt_graph *g, gt_node *real, gt_node *fake, bool over_slices);

#endif
