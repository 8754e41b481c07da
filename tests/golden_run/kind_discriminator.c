/* SPDX-License-Identifier: Apache-2.0
 * discriminator_*: logits, their gradients, and the gradients of the R1 penalty. */
#include "graph/door/ops.h"
#include "base/door/memory.h"
#include "golden.h"

/* The gradient of the batch mean of |d sum(logits)/d image|^2. */
static void penalty(gold *f, gold_graph *g, const char *group, gt_node *logits, gt_node *image, gt_bound_net b) {
    gt_graph *n = gold_nodes(g);
    gt_node *slope = NULL;
    if (logits) gt_grad(n, 1, &logits, NULL, 1, &image, &slope);
    if (!slope) return;
    gt_node *r1 = gt_sum(n, gt_square(n, slope), GT_AXIS(1) | GT_AXIS(2) | GT_AXIS(3));
    gold_out(g, r1, gold_path(f, "%s/out/r1_penalty", group), GOLD_PLAIN);
    gold_param_grads(f, g, gt_mean(n, r1, GT_ALL_AXES), NULL, b, gold_path(f, "%s/grad_r1/params", group));
}

static void group_of(gold *f, const char *group, json_t *c) {
    gt_discriminator_config d = gold_discriminator_config(c);
    gt_net *net = gt_discriminator_net("D", &d);
    float *block = gold_load(f, net, gold_path(f, "%s/params", group));
    if (!block) return;
    gold_graph *g = gold_graph_new(f);
    gold_bind(g, 0, block);
    gt_bound_net b = {gold_nodes(g), net, 0};
    gt_node *image = gold_in(g, gold_path(f, "%s/in/img", group), GOLD_IMAGE),
            *v = gold_in(g, gold_path(f, "%s/in/v", group), GOLD_PLAIN);
    gt_node *labels = d.c_dim > 0 ? gold_in(g, gold_path(f, "%s/in/c", group), GOLD_PLAIN) : NULL;
    gt_node *logits = gt_discriminator(b, "", &d, image, labels);
    gold_out(g, logits, gold_path(f, "%s/out/logits", group), GOLD_PLAIN);
    gold_grad(g, logits, v, image, gold_path(f, "%s/grad/img", group), GOLD_IMAGE);
    gold_param_grads(f, g, logits, v, b, gold_path(f, "%s/grad/params", group));
    if (gold_has(f, gold_path(f, "%s/grad_r1", group))) penalty(f, g, group, logits, image, b);
    gold_run(g);
    gold_graph_free(g);
    gt_block_free(block, net->block_floats * sizeof(float));
    gt_net_free(net);
}

void gold_discriminator(gold *f) {
    const char *group;
    json_t *c;
    json_object_foreach(f->config, group, c) if (json_is_object(c)) group_of(f, group, c);
}
