/* SPDX-License-Identifier: Apache-2.0
 * The training graph of a deep fully connected network: gradients of gradients, and many values that may be computed
 * again. */
#ifndef TESTS_DEEP_NET_H
#define TESTS_DEEP_NET_H

#include <stdio.h>

#include "graph_net.h"

/* Its loss, with a penalty on the input's gradient when `second`, and gradients of all weights in slot 1. NULL: see
 * gt_message(). */
static inline gt_graph *deep_net(int layers, int rows, int width, bool second) {
    gt_graph *g = gt_graph_new("deep", asked_kernels());
    if (!g) return NULL;
    gt_node *w[layers], *dw[layers], *x = gt_input(g, "x", S(rows, width)), *y = x, *slope;
    size_t floats = (size_t)width * (size_t)width; /* of one layer */
    char name[16];
    for (int i = 0; i < layers; i++) {
        w[i] = gt_param(g, (sprintf(name, "w%d", i), name), S(width, width), 0, (size_t)i * floats);
        y = gt_tanh_op(g, gt_matmul(g, y, w[i]));
    }
    gt_node *loss = gt_sum(g, gt_mul(g, y, gt_random_normal_op(g, "noise", S(rows, width))), GT_ALL_AXES);
    if (second) {
        gt_grad(g, 1, &loss, NULL, 1, &x, &slope);
        loss = gt_add(g, loss, gt_sum(g, gt_square(g, slope), GT_ALL_AXES));
    }
    gt_grad(g, 1, &loss, NULL, layers, w, dw);
    for (int i = 0; i < layers; i++) gt_output_to(g, (sprintf(name, "d%d", i), name), dw[i], 1, (size_t)i * floats);
    gt_output(g, "loss", loss);
    return g;
}

#endif
