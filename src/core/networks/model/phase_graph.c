/* SPDX-License-Identifier: Apache-2.0
 * What the graphs of all models' phases end with: a slice's loss, its gradients, their places. */
#include <stdio.h>

#include "networks/model/door/model.h"
#include "graph/door/ops.h"

gt_node *gt_mean_loss(gt_graph *g, gt_node *loss) {
    if (!loss) return NULL;
    gt_node *mean = gt_scale(g, gt_sum(g, loss, GT_ALL_AXES), (float)(1.0 / (double)gt_dim(loss, 0)));
    return gt_mul(g, mean, gt_input(g, GT_SLICE_WEIGHT, GT_SCALAR));
}

gt_node **gt_gradients_along(gt_graph *g, const gt_net *net, int slot, gt_node *y, gt_node *dy) {
    gt_node **wrt = gt_arena_array(gt_graph_arena(g), 2 * (size_t)net->n_tensors, sizeof *wrt),
            **out = wrt + net->n_tensors;
    if (!wrt || !y) return NULL;
    int n = 0;
    for (int i = 0; i < net->n_tensors; i++)
        if (net->tensors[i].trainable) wrt[n++] = gt_net_leaf(g, net, slot, net->tensors[i].name);
    return gt_grad(g, 1, &y, &dy, n, wrt, out) ? NULL : out;
}

gt_node **gt_gradients(gt_graph *g, const gt_net *net, int slot, gt_node *total) {
    if (!total) return NULL;
    gt_note_loss(g, total);
    return gt_gradients_along(g, net, slot, total, NULL);
}

void gt_put_gradients(gt_graph *g, const gt_net *net, gt_node **a, gt_node **b) {
    for (int i = 0, k = 0; a && i < net->n_tensors; i++) {
        const gt_tensor *t = &net->tensors[i];
        if (!t->trainable) continue;
        char name[512];
        snprintf(name, sizeof name, "grad of %s.%s", net->name, t->name);
        gt_output_to(g, name, b ? gt_add(g, a[k], b[k]) : a[k], GT_SLOT_GRAD, t->offset);
        k++;
    }
}

gt_graph *gt_whole_graph(gt_graph *g, const char *what, const char *name) {
    gt_status st = gt_graph_status(g);
    if (!st) return g;
    gt_wrap(st, "%s%s", what, name);
    gt_graph_free(g);
    return NULL;
}
