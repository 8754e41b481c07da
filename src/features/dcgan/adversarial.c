/* SPDX-License-Identifier: Apache-2.0
 * The adversarial losses of DCGAN: see adversarial.h. */
#include "features/dcgan/adversarial.h"

#include "graph/door/ops.h"
#include "features/dcgan/loss.h"

/* From the logit l of being real: softplus(l) - target l. */
static gt_node *bce(gt_graph *g, int of, gt_node *score, gt_node *targets) {
    if (!targets) return gt_softplus(g, of == GT_DCGAN_FAKE ? score : gt_neg(g, score));
    return gt_sub(g, gt_softplus(g, score), gt_mul(g, score, targets));
}

static gt_node *least_squares(gt_graph *g, int of, gt_node *score, gt_node *targets) {
    gt_node *off = targets ? gt_sub(g, score, targets) : of == GT_DCGAN_FAKE ? score : gt_shift(g, score, -1);
    return gt_scale(g, gt_square(g, off), 0.5f);
}

static gt_node *wasserstein(gt_graph *g, int of, gt_node *score, gt_node *targets) {
    (void)targets;
    return of == GT_DCGAN_FAKE ? score : gt_neg(g, score);
}

static gt_node *hinge(gt_graph *g, int of, gt_node *score, gt_node *targets) {
    gt_node *loss = wasserstein(g, of, score, targets);
    return of == GT_DCGAN_MADE ? loss : gt_leaky_relu(g, gt_shift(g, loss, 1), 0);
}

static const gt_dcgan_loss losses[] = {
    {"bce", .takes_targets = true, .with_classes = true, .judges = true, .of = bce},
    {"lsgan", .takes_targets = true, .judges = true, .boundary = 0.5f, .of = least_squares},
    {"hinge", .judges = true, .of = hinge},
    {"wgan-gp", .penalised = true, .of = wasserstein},
};

const gt_dcgan_loss *gt_dcgan_loss_find(const char *name) {
    for (size_t i = 0; name && i < sizeof losses / sizeof *losses; i++)
        if (gt_is(losses[i].name, name)) return &losses[i];
    return &losses[0];
}

gt_node *gt_dcgan_gradient_penalty(gt_graph *g, gt_node *slopes) {
    const float least = 1e-12f; /* the root has a slope at 0, too */
    gt_node *square = gt_sum(g, gt_square(g, slopes), GT_AXIS(1) | GT_AXIS(2) | GT_AXIS(3));
    return gt_square(g, gt_shift(g, gt_sqrt(g, gt_shift(g, square, least)), -1));
}

static gt_node *mean(gt_graph *g, gt_node *x, bool over_slices) {
    if (!x) return NULL;
    gt_node *sum = gt_sum(g, x, GT_AXIS(0)), *count = gt_scalar(g, (float)gt_dim(x, 0));
    return over_slices ? gt_div(g, gt_sum_over_slices(g, sum), gt_sum_over_slices(g, count)) : gt_div(g, sum, count);
}

gt_node *gt_dcgan_match_features(gt_graph *g, gt_node *real, gt_node *fake, bool over_slices) {
    gt_node *off = gt_sub(g, mean(g, real, over_slices), mean(g, fake, over_slices));
    return gt_reshape(g, gt_sum(g, gt_square(g, off), GT_ALL_AXES), GT_SHAPE(1));
}
