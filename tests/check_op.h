/* SPDX-License-Identifier: Apache-2.0
 * One engine for numerical checks of any function that builds a graph: give it the function and its inputs' shapes, and
 * it checks
 *   - first derivatives: d<f(x), r> along a random direction v against central differences,
 *   - second derivatives: d<f'(x)^T r, u> along (v, s) in x and r against central differences of the first,
 *   - for linear functions <f(x), r> = <x, f^T r>,
 *   - that fused and unfused, one thread and two, two slices at once and one after the other, give the same bits.
 *
 * Differences are of fourth order, (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h with h = 0.02: the truncation error is
 * h^4/30 of the fifth derivative (5e-9 of it); float32 results carry about 1e-7 of their size, which division by h
 * makes 1e-5. Inner products are float64. TOLERANCE is relative to the sum of the absolute contributions. */
#ifndef GANTRY_TESTS_CHECK_OP_H
#define GANTRY_TESTS_CHECK_OP_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernels.h"
#include "graph/door/ops.h"
#include "base/door/random.h"
#include "graph/door/internal.h"

enum { CHECK_MAX_IN = 4, CHECK_DIRECTIONS = 3 };

typedef enum check_flags {
    CHECK_LINEAR = 1,   /* in all differentiated inputs together */
    CHECK_POSITIVE = 2, /* inputs are in [0.6, 1.9] */
    CHECK_CONSTANT = 4, /* derivatives are not asked for: values only, fused and threaded */
    CHECK_RELAXED = 8,  /* strongly curved: tolerance times 10 */
} check_flags;

/* f over inputs of these shapes; derivatives in those whose bit in `fixed` is not set. Unless CHECK_POSITIVE, inputs
 * are odd multiples of 1/8 between -15/8 and 15/8, so that kinks at 0 and multiples of 1/4 keep their distance (0.125)
 * from every value that is looked at (2 h |v| <= 0.04). */
typedef struct check_case {
    const char *name;
    gt_node *(*build)(gt_graph *g, gt_node *const *x);
    int n_in;
    gt_shape shape[CHECK_MAX_IN];
    unsigned fixed;
    int flags;
} check_case;

#define CHECK_TOLERANCE 2e-3
#define CHECK_STEP 0.02

typedef struct check_graph { /* f with its first and second derivatives */
    const check_case *c;
    gt_graph *g;
    gt_exec *e;
    int n_wrt, wrt[CHECK_MAX_IN];
    gt_shape y;
} check_graph;

static inline void check_fail(const check_case *c, const char *what) {
    print_error("case '%s': %s\n", c->name, what);
    fail();
}

static inline const char *check_name(char *text, const char *kind, int i) {
    sprintf(text, "%s%d", kind, i);
    return text;
}

/* Inputs x0.. (the function's), r (weights of y), u0.. (weights of the first derivatives); outputs y, g0.., h0.., hr.
 */
static inline check_graph check_build(const check_case *c, const gt_exec_options *options) {
    check_graph k = {.c = c, .g = gt_graph_new(c->name, asked_kernels())};
    gt_node *x[CHECK_MAX_IN], *wrt[CHECK_MAX_IN + 1], *first[CHECK_MAX_IN], *second[CHECK_MAX_IN + 1];
    char name[32];
    for (int i = 0; i < c->n_in; i++) {
        x[i] = gt_input(k.g, check_name(name, "x", i), c->shape[i]);
        if (c->fixed >> i & 1) continue;
        k.wrt[k.n_wrt] = i;
        wrt[k.n_wrt++] = x[i];
    }
    gt_node *y = c->build(k.g, x);
    if (!y) {
        gt_graph_status(k.g);
        check_fail(c, gt_message());
    }
    k.y = *gt_node_shape(y);
    gt_output(k.g, "y", y);
    if (!(c->flags & CHECK_CONSTANT)) {
        gt_node *r = gt_input(k.g, "r", k.y), *sum = NULL;
        if (gt_grad(k.g, 1, &y, &r, k.n_wrt, wrt, first)) check_fail(c, gt_message());
        for (int i = 0; i < k.n_wrt; i++) {
            gt_output(k.g, check_name(name, "g", i), first[i]);
            gt_node *u = gt_input(k.g, check_name(name, "u", i), c->shape[k.wrt[i]]);
            gt_node *term = gt_sum(k.g, gt_mul(k.g, first[i], u), GT_ALL_AXES);
            sum = sum ? gt_add(k.g, sum, term) : term;
        }
        wrt[k.n_wrt] = r;
        if (gt_grad(k.g, 1, &sum, NULL, k.n_wrt + 1, wrt, second)) check_fail(c, gt_message());
        for (int i = 0; i <= k.n_wrt; i++) gt_output(k.g, check_name(name, "h", i), second[i]);
    }
    k.e = gt_exec_new(k.g, options);
    if (!k.e) check_fail(c, gt_message());
    return k;
}

static inline void check_end(check_graph *k) {
    gt_exec_free(k->e);
    gt_graph_free(k->g);
}

/* One set of numbers for all inputs: x at the point, or directions. */
typedef struct check_values {
    float *x[CHECK_MAX_IN], *r, *u[CHECK_MAX_IN];
} check_values;

static inline float *check_random(const gt_shape *s, uint32_t which, bool uniform) {
    size_t n = (size_t)gt_shape_size(s);
    float *v = calloc(n, sizeof *v);
    gt_random_uniform((gt_key){7, which, 0, 0}, v, n);
    for (size_t i = 0; i < n; i++) v[i] = uniform ? 2 * v[i] - 1 : v[i];
    return v;
}

static inline check_values check_point(const check_graph *k) {
    check_values p = {.r = check_random(&k->y, 100, true)};
    for (int i = 0; i < k->c->n_in; i++) {
        p.x[i] = check_random(&k->c->shape[i], (uint32_t)i, false);
        p.u[i] = check_random(&k->c->shape[i], 50 + (uint32_t)i, true);
        for (int64_t j = 0; j < gt_shape_size(&k->c->shape[i]); j++)
            p.x[i][j] = k->c->flags & CHECK_POSITIVE ? 0.6f + 1.3f * p.x[i][j] : floorf(p.x[i][j] * 16) / 4 - 1.875f;
    }
    return p;
}

static inline check_values check_direction(const check_graph *k, uint32_t which) {
    check_values v = {.r = check_random(&k->y, 1000 + 10 * which, true)};
    for (int j = 0; j < k->n_wrt; j++)
        v.x[k->wrt[j]] = check_random(&k->c->shape[k->wrt[j]], 1001 + 10 * which + (uint32_t)j, true);
    return v;
}

static inline void check_values_free(check_values *v) {
    free(v->r);
    for (int i = 0; i < CHECK_MAX_IN; i++) {
        free(v->x[i]);
        free(v->u[i]);
    }
}

static inline void check_put(const check_graph *k, const char *name, const float *base, const float *direction,
                             double t, const gt_shape *s) {
    float *to = gt_exec_input(k->e, name);
    for (int64_t i = 0; to && i < gt_shape_size(s); i++)
        to[i] = direction ? (float)((double)base[i] + t * (double)direction[i]) : base[i];
}

/* The inputs of the chosen slice: point + t direction; u stays. `in_r`: r moves too. */
static inline void check_place(const check_graph *k, const check_values *p, const check_values *v, double t,
                               bool in_r) {
    char name[32];
    for (int i = 0; i < k->c->n_in; i++)
        check_put(k, check_name(name, "x", i), p->x[i], v ? v->x[i] : NULL, t, &k->c->shape[i]);
    check_put(k, "r", p->r, v && in_r ? v->r : NULL, t, &k->y);
    for (int i = 0; i < k->n_wrt; i++)
        check_put(k, check_name(name, "u", i), p->u[k->wrt[i]], NULL, 0, &k->c->shape[k->wrt[i]]);
}

static inline void check_run(const check_graph *k, const check_values *p, const check_values *v, double t, bool in_r) {
    check_place(k, p, v, t, in_r);
    if (gt_exec_run(k->e, &(gt_exec_env){.seed = 3})) check_fail(k->c, gt_message());
}

/* sum += w <output, weights>, sizes likewise with absolute values. */
static inline void check_dot(const check_graph *k, const char *output, const float *weights, const gt_shape *s,
                             double w, double *sum, double *size) {
    const float *y = gt_exec_output(k->e, output);
    for (int64_t i = 0; i < gt_shape_size(s); i++) {
        double term = w * (double)y[i] * (double)weights[i];
        *sum += term;
        *size += fabs(term);
    }
}

static inline void check_compare(const check_graph *k, const char *what, double found, double wanted, double scale,
                                 double tolerance) {
    if (k->c->flags & CHECK_RELAXED) tolerance *= 10;
    if (fabs(found - wanted) <= tolerance * scale) return;
    print_error("case '%s', %s: %.9g instead of %.9g (scale %.3g, tolerance %.1e)\n", k->c->name, what, found, wanted,
                scale, tolerance);
    fail();
}

/* <y, r> or sum_i <g_i, u_i> differentiated along v by differences. */
static inline double check_difference(const check_graph *k, const check_values *p, const check_values *v, bool second) {
    static const double at[4] = {1, -1, 2, -2}, weight[4] = {8, -8, -1, 1};
    double sum = 0, unused = 0;
    char name[32];
    for (int q = 0; q < 4; q++) {
        check_run(k, p, v, at[q] * CHECK_STEP, second);
        if (!second) check_dot(k, "y", p->r, &k->y, weight[q], &sum, &unused);
        for (int i = 0; second && i < k->n_wrt; i++)
            check_dot(k, check_name(name, "g", i), p->u[k->wrt[i]], &k->c->shape[k->wrt[i]], weight[q], &sum, &unused);
    }
    return sum / (12 * CHECK_STEP);
}

static inline void check_direction_both(const check_graph *k, const check_values *p, uint32_t which) {
    check_values v = check_direction(k, which);
    char name[32];
    for (int second = 0; second <= 1; second++) {
        double found = 0, scale = 1e-3, wanted = check_difference(k, p, &v, second);
        check_run(k, p, NULL, 0, false);
        for (int i = 0; i < k->n_wrt; i++)
            check_dot(k, check_name(name, second ? "h" : "g", i), v.x[k->wrt[i]], &k->c->shape[k->wrt[i]], 1, &found,
                      &scale);
        if (second) check_dot(k, check_name(name, "h", k->n_wrt), v.r, &k->y, 1, &found, &scale);
        check_compare(k, second ? "second derivative" : "first derivative", found, wanted, scale, CHECK_TOLERANCE);
    }
    check_values_free(&v);
}

static inline void check_adjoint(const check_graph *k, const check_values *p) {
    double forward = 0, backward = 0, scale = 0;
    char name[32];
    check_dot(k, "y", p->r, &k->y, 1, &forward, &scale);
    for (int i = 0; i < k->n_wrt; i++)
        check_dot(k, check_name(name, "g", i), p->x[k->wrt[i]], &k->c->shape[k->wrt[i]], 1, &backward, &scale);
    check_compare(k, "adjoint identity", forward, backward, scale, 1e-6); /* of sums whose terms are good to 1e-7 */
}

/* The numbers of all inputs move on by a place; forward, or back. */
static inline void check_turn(const check_graph *k, check_values *p, bool forward) {
    float *inputs[2 * CHECK_MAX_IN + 1] = {p->r};
    int64_t sizes[2 * CHECK_MAX_IN + 1] = {gt_shape_size(&k->y)};
    for (int i = 0; i < k->c->n_in; i++) {
        inputs[2 * i + 1] = p->x[i];
        inputs[2 * i + 2] = p->u[i];
        sizes[2 * i + 1] = sizes[2 * i + 2] = gt_shape_size(&k->c->shape[i]);
    }
    for (int i = 0; i < 2 * k->c->n_in + 1; i++) {
        float *x = inputs[i], first = x[0], last = x[sizes[i] - 1];
        size_t bytes = (size_t)(sizes[i] - 1) * sizeof *x;
        if (forward) memmove(x + 1, x, bytes), x[0] = last;
        else memmove(x, x + 1, bytes), x[sizes[i] - 1] = first;
    }
}

static inline void check_same_results(const check_graph *k, const check_graph *other, const char *way) {
    for (int i = 0; i < k->g->n_results; i++) {
        const gt_result *r = &k->g->results[i];
        size_t bytes = (size_t)gt_shape_size(&r->node->shape) * sizeof(float);
        if (memcmp(gt_exec_output(k->e, r->name), gt_exec_output(other->e, r->name), bytes) == 0) continue;
        print_error("case '%s': output '%s' is not the same %s\n", k->c->name, r->name, way);
        fail();
    }
}

/* Other ways to run the same function give the same bits. Each slice has other numbers. */
static inline void check_same_bits(const check_graph *k, check_values *p) {
    gt_pool *two = gt_pool_new(2);
    const struct {
        const char *name;
        int slices;
        gt_exec_options options;
    } ways[] = {{"without fusion", 1, {.no_fusion = 1}},
                {"with two threads", 1, {.pool = two}},
                {"in two slices", 2, {.slices = 2, .stretch = 1}}};
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++) {
        check_graph other = check_build(k->c, &ways[way].options);
        for (int slice = 0; slice < ways[way].slices; slice++, check_turn(k, p, true)) {
            gt_exec_at(other.e, slice);
            check_place(&other, p, NULL, 0, false);
        }
        if (gt_exec_run(other.e, &(gt_exec_env){.seed = 3})) check_fail(k->c, gt_message());
        for (int slice = ways[way].slices - 1; slice >= 0; slice--) {
            check_turn(k, p, false);
            check_run(k, p, NULL, 0, false);
            gt_exec_at(other.e, slice);
            check_same_results(k, &other, ways[way].name);
        }
        check_end(&other);
    }
    gt_pool_free(two);
}

/* All checks of one case. */
static inline void check_op(const check_case *c) {
    check_graph k = check_build(c, NULL);
    check_values p = check_point(&k);
    for (uint32_t i = 0; i < CHECK_DIRECTIONS && !(c->flags & CHECK_CONSTANT); i++) check_direction_both(&k, &p, i);
    check_run(&k, &p, NULL, 0, false);
    if (c->flags & CHECK_LINEAR) check_adjoint(&k, &p);
    check_same_bits(&k, &p);
    check_values_free(&p);
    check_end(&k);
}

#endif
