/* SPDX-License-Identifier: Apache-2.0
 * A little network with two losses and a gradient penalty, and helpers, for tests of the graph engine. */
#ifndef GANTRY_TESTS_GRAPH_NET_H
#define GANTRY_TESTS_GRAPH_NET_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernels.h"
#include "graph/door/ops.h"
#include "graph/exec.h"

#define S GT_SHAPE

static inline gt_exec *ready(gt_graph *g, const gt_exec_options *o) {
    gt_exec *e = gt_exec_new(g, o);
    if (!e) fail_msg("%s", gt_message());
    return e;
}

static inline void run(gt_exec *e, const gt_exec_env *env) {
    if (gt_exec_run(e, env)) fail_msg("%s", gt_message());
}

static inline void done(gt_graph *g, gt_exec *e) {
    gt_exec_free(e);
    gt_graph_free(g);
}

static inline int steps_of(const gt_exec *e, const char *op) {
    int n = 0;
    for (int k = 0; k < e->n_steps; k++) n += strcmp(e->steps[k].node->op->name, op) == 0;
    return n;
}

/* A little network with everything in it: two convolutions, a bias and an activation each, a linear end, its loss twice
 * (two terms), R1-like penalty on the input's gradient, gradients of all parameters placed in slot 1. */
enum { NET_PARAMS = 5 };
typedef struct net {
    gt_graph *g;
    gt_node *param[NET_PARAMS];
    size_t floats;
} net;

static inline gt_node *net_param(net *n, int i, const char *name, gt_shape shape) {
    n->param[i] = gt_param(n->g, name, shape, 0, n->floats);
    n->floats += (size_t)gt_shape_size(&shape);
    return n->param[i];
}

static inline gt_node *net_scores(net *n, gt_node *image) {
    gt_graph *g = n->g;
    gt_conv_attr same = {.pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1}, half = {.stride = 2};
    gt_node *x = gt_conv(g, image, gt_scale(g, n->param[0], 0.2f), same);
    x = gt_bias_act(g, x, n->param[1], "lrelu", -1, 0, 256);
    x = gt_conv(g, x, gt_scale(g, n->param[2], 0.1f), half);
    x = gt_bias_act(g, x, n->param[3], "lrelu", -1, 0, -1);
    x = gt_reshape(g, x, S(gt_dim(x, 0), -1));
    return gt_matmul(g, x, n->param[4]);
}

static inline net make_net(void) {
    net n = {.g = gt_graph_new("net", asked_kernels())};
    gt_graph *g = n.g;
    net_param(&n, 0, "conv0.weight", S(3, 3, 3, 8));
    net_param(&n, 1, "conv0.bias", S(8));
    net_param(&n, 2, "conv1.weight", S(2, 2, 8, 6));
    net_param(&n, 3, "conv1.bias", S(6));
    net_param(&n, 4, "out.weight", S(24, 1));
    gt_node *real = gt_input(g, "real", S(2, 4, 4, 3));
    gt_node *fake = gt_add(g, gt_input(g, "fake", S(2, 4, 4, 3)),
                           gt_scale(g, gt_random_normal_op(g, "noise", S(2, 4, 4, 3)), 0.1f));
    gt_node *scores = net_scores(&n, real), *slope;
    gt_node *loss = gt_add(g, gt_mean(g, gt_softplus(g, gt_neg(g, scores)), GT_ALL_AXES),
                           gt_mean(g, gt_softplus(g, net_scores(&n, fake)), GT_ALL_AXES));
    gt_grad(g, 1, &scores, NULL, 1, &real, &slope);
    loss = gt_add(g, loss, gt_scale(g, gt_sum(g, gt_square(g, slope), GT_ALL_AXES), 0.5f));
    gt_node *grads[NET_PARAMS];
    gt_grad(g, 1, &loss, NULL, NET_PARAMS, n.param, grads);
    size_t at = 0;
    for (int i = 0; i < NET_PARAMS; i++) {
        gt_output_to(g, gt_node_name(n.param[i]), grads[i], 1, at);
        at += (size_t)gt_shape_size(gt_node_shape(n.param[i]));
    }
    gt_output(g, "loss", loss);
    return n;
}

static inline void fill(float *x, size_t n, float from) {
    for (size_t i = 0; x && i < n; i++) x[i] = from + 0.13f * (float)((i * 7 + 3) % 11) - 0.6f;
}

static inline void fill_net(const net *n, gt_exec *e, float *params, float *grads) {
    fill(params, n->floats, 0);
    gt_exec_bind(e, 0, params);
    gt_exec_bind(e, 1, grads);
    fill(gt_exec_input(e, "real"), 2 * 4 * 4 * 3, 0.1f);
    fill(gt_exec_input(e, "fake"), 2 * 4 * 4 * 3, -0.1f);
}

#endif
