/* SPDX-License-Identifier: Apache-2.0
 * For tests of linear ops: run one on given numbers, and check its adjoint, the adjoint of that, and that threads
 * change no bit. */
#ifndef GANTRY_TESTS_LINEAR_OP_H
#define GANTRY_TESTS_LINEAR_OP_H

#include "kernels.h"
#include "expect.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/door/graph.h"
#include "graph/door/ops.h"
#include "base/door/random.h"

typedef gt_node *linear_op(gt_graph *g, gt_node *x, const void *arg);

static inline float *normal_values(const char *stream, size_t n) {
    float *x = malloc(sizeof(float) * n);
    assert_non_null(x);
    gt_random_normal((gt_key){.seed = 7, .stream = gt_stream(stream)}, x, n);
    return x;
}

static inline double dot(const float *a, const float *b, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

static inline gt_exec *exec_or_fail(gt_graph *g, gt_pool *pool) {
    gt_exec *e = gt_exec_new(g, &(gt_exec_options){.pool = pool});
    if (!e) fail_msg("%s", gt_message());
    return e;
}

/* op(x); free the result. */
static inline float *apply(linear_op *op, const void *arg, gt_shape shape, const float *x, gt_shape *out) {
    gt_graph *g = gt_graph_new("apply", asked_kernels());
    gt_node *y = op(g, gt_input(g, "x", shape), arg);
    if (!y) fail_msg("%s", gt_graph_status(g) ? gt_message() : "no node");
    *out = *gt_node_shape(y);
    assert_ok(gt_output(g, "y", y));
    gt_exec *e = exec_or_fail(g, NULL);
    memcpy(gt_exec_input(e, "x"), x, sizeof(float) * (size_t)gt_shape_size(&shape));
    assert_ok(gt_exec_prepare(e, NULL));
    assert_ok(gt_exec_run(e, &(gt_exec_env){.seed = 1}));
    size_t bytes = sizeof(float) * (size_t)gt_shape_size(out);
    float *copy = malloc(bytes);
    assert_non_null(copy);
    memcpy(copy, gt_exec_output(e, "y"), bytes);
    gt_exec_free(e);
    gt_graph_free(g);
    return copy;
}

/* <A x, v> = <x, A* v>, and A** = A on another vector u; both also with three threads, with the same bits. */
static inline void check_linear(linear_op *op, const void *arg, gt_shape shape) {
    gt_graph *g = gt_graph_new("linear", asked_kernels());
    gt_node *x = gt_input(g, "x", shape), *u = gt_input(g, "u", shape), *y = op(g, x, arg), *back, *again;
    if (!y) fail_msg("%s", gt_graph_status(g) ? gt_message() : "no node");
    gt_node *v = gt_input(g, "v", *gt_node_shape(y));
    assert_ok(gt_grad(g, 1, &y, &v, 1, &x, &back));
    assert_ok(gt_grad(g, 1, &back, &u, 1, &v, &again));
    size_t nx = (size_t)gt_shape_size(&shape), ny = (size_t)gt_shape_size(gt_node_shape(y));
    const struct {
        const char *name;
        gt_node *node;
        size_t n;
    } out[3] = {{"y", y, ny}, {"back", back, nx}, {"again", again, ny}};
    for (int i = 0; i < 3; i++) assert_ok(gt_output(g, out[i].name, out[i].node));
    float *in[3] = {normal_values("x", nx), normal_values("u", nx), normal_values("v", ny)}, *result[2][3];
    for (int t = 0; t < 2; t++) {
        gt_pool *pool = t ? gt_pool_new(3) : NULL;
        gt_exec *e = exec_or_fail(g, pool);
        memcpy(gt_exec_input(e, "x"), in[0], sizeof(float) * nx);
        memcpy(gt_exec_input(e, "u"), in[1], sizeof(float) * nx);
        memcpy(gt_exec_input(e, "v"), in[2], sizeof(float) * ny);
        assert_ok(gt_exec_prepare(e, NULL));
        assert_ok(gt_exec_run(e, &(gt_exec_env){.seed = 1}));
        for (int i = 0; i < 3; i++) {
            result[t][i] = malloc(sizeof(float) * out[i].n);
            assert_non_null(result[t][i]);
            memcpy(result[t][i], gt_exec_output(e, out[i].name), sizeof(float) * out[i].n);
        }
        gt_exec_free(e);
        gt_pool_free(pool);
    }
    for (int i = 0; i < 3; i++) assert_memory_equal(result[0][i], result[1][i], sizeof(float) * out[i].n);
    float **r = result[0];
    double size = sqrt(dot(r[0], r[0], ny) * dot(in[2], in[2], ny)) + 1e-30;
    double first = fabs(dot(r[0], in[2], ny) - dot(in[0], r[1], nx)),
           second = fabs(dot(r[2], in[2], ny) - dot(in[1], r[1], nx));
    if (!(first <= 1e-6 * size && second <= 1e-6 * size))
        fail_msg("not an adjoint: <Ax,v> is off by %.2g of |Ax||v|, <A**u,v> by %.2g", first / size, second / size);
    for (int i = 0; i < 3; i++) {
        free(in[i]);
        free(result[0][i]);
        free(result[1][i]);
    }
    gt_graph_free(g);
}

#endif
