/* SPDX-License-Identifier: Apache-2.0
 * The loss of classifiers: cross-entropy over the classes, with label smoothing (networks/nets/door/layers.h) and the
 * losses of further heads. */
#include "graph/door/ops.h"
#include "networks/model/door/family.h"
#include "features/classifier/classifier.h"
#include "networks/nets/door/layers.h"

/* Of all numbers of a sample. */
static gt_node *sum_up(gt_graph *g, gt_node *x) {
    return x ? gt_sum(g, x, GT_AXIS(gt_node_shape(x)->n) - GT_AXIS(1)) : NULL;
}

gt_node *gt_classifier_entropy(gt_graph *g, gt_node *logits, gt_node *targets) {
    return sum_up(g, gt_cross_entropy(g, logits, targets));
}

/* [N,1]: 1 where the largest logit is that of the class of `truth`. */
static gt_node *hit(gt_graph *g, gt_node *logits, gt_node *truth) {
    return sum_up(g, gt_mul(g, gt_one_hot_max(g, logits), truth));
}

gt_node *gt_classifier_logits(const gt_classifier *m, gt_forward *f, gt_node *images, gt_classifier_heads *heads) {
    gt_graph *g = f->graph;
    gt_node *pixels = gt_scale(g, gt_shift(g, images, 1), 0.5f); /* 0 .. 1 */
    if (m->mean) {
        gt_shape channels = GT_SHAPE(m->job->channels);
        pixels = gt_div(g, gt_sub(g, pixels, gt_constant(g, "means of pixels", channels, m->mean)),
                        gt_constant(g, "deviations of pixels", channels, m->std));
    }
    return m->row->forward(f, pixels, &m->config, m->row->variant, heads);
}

void gt_classifier_loss(const gt_classifier *m, gt_graph *g, int n) {
    const gt_job *job = m->job;
    gt_forward f = {.graph = g,
                    .bound = {g, m->net, 0},
                    .training = true,
                    .norm = job->bn == GT_BN_BATCH ? GT_NORM_BATCH : GT_NORM_SLICE};
    gt_classifier_heads heads = {0};
    gt_shape shape = gt_classifier_dense(m->row) ? GT_SHAPE(n, job->height, job->width, m->config.classes)
                                                 : GT_SHAPE(n, m->config.classes);
    gt_node *labels = gt_input(g, "labels", shape),
            *targets = gt_smoothed_labels(g, labels, m->options->label_smoothing);
    gt_scope_push(g, "C");
    gt_node *logits = gt_classifier_logits(
        m, &f, gt_input(g, "images", GT_SHAPE(n, job->height, job->width, job->channels)), &heads);
    gt_scope_pop(g);
    gt_node *loss = gt_classifier_entropy(g, logits, targets);
    gt_output(g, "Loss/train", loss);
    gt_output(g, "Accuracy/train", hit(g, logits, labels));
    for (int i = 0; i < heads.n; i++)
        loss = gt_add(g, loss, gt_scale(g, gt_classifier_entropy(g, heads.logits[i], targets), heads.weight));
    gt_put_gradients(g, m->net, gt_gradients(g, m->net, 0, gt_mean_loss(g, loss)), NULL);
}
