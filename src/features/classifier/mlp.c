/* SPDX-License-Identifier: Apache-2.0
 * Fully connected layers, each followed by batch normalisation (if asked for), the activation and dropout: tensors
 * fc1.weight, fc1.bias, bn1.weight, ... */
#include <string.h>

#include "features/classifier/networks.h"

static gt_node *forward(gt_forward *f, gt_node *x, const gt_classifier_config *c, const void *variant,
                        gt_classifier_heads *heads) {
    (void)variant;
    (void)heads;
    gt_classifier_begin(f, c, (gt_init){.rule = GT_INIT_HE});
    for (int i = 0; i < c->n_hidden; i++) {
        x = gt_forward_linear(f, gt_text_of("fc%d", i + 1).s, x, gt_classifier_wide(c, c->hidden[i]));
        if (c->bn) x = gt_forward_norm(f, gt_text_of("bn%d", i + 1).s, x);
        x = gt_bias_act(f->graph, x, NULL, c->activation, -1, 1, -1);
        if (!strcmp(c->activation, "relu")) x = gt_forward_rectified(f, x);
        x = gt_forward_dropout(f, gt_text_of("drop%d", i + 1).s, x, gt_classifier_dropout(c, 0));
    }
    return gt_forward_linear(f, gt_text_of("fc%d", c->n_hidden + 1).s, x, c->classes);
}

const gt_classifier_net gt_classifier_mlp = {forward, NULL, "hidden activation " GT_CLASSIFIER_NORMALISED};
