/* SPDX-License-Identifier: Apache-2.0
 * The graph and its executor: leaves, names, faults, derivatives of derivatives, every pass, the memory plan, and that
 * a run allocates nothing. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gantry/ops.h"
#include "graph/exec.h"

#define S GT_SHAPE

/* ---- allocations are counted (where the sanitizers do not do that themselves) ---- */

static atomic_long allocations;

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED
#endif
#endif
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(SANITIZED)
extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t n, size_t bytes);
extern void *__libc_realloc(void *p, size_t bytes);
#define COUNTED
void *malloc(size_t bytes) {
    allocations++;
    return __libc_malloc(bytes);
}
void *calloc(size_t n, size_t bytes) {
    allocations++;
    return __libc_calloc(n, bytes);
}
void *realloc(void *p, size_t bytes) {
    allocations++;
    return __libc_realloc(p, bytes);
}
#endif

/* ---- helpers ---- */

static gt_exec *ready(gt_graph *g, const gt_exec_options *o) {
    gt_exec *e = gt_exec_new(g, o);
    if (!e) fail_msg("%s", gt_message());
    return e;
}

static void run(gt_exec *e, const gt_exec_env *env) {
    if (gt_exec_run(e, env)) fail_msg("%s", gt_message());
}

static void done(gt_graph *g, gt_exec *e) {
    gt_exec_free(e);
    gt_graph_free(g);
}

static int steps_of(const gt_exec *e, const char *op) {
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

static gt_node *net_param(net *n, int i, const char *name, gt_shape shape) {
    n->param[i] = gt_param(n->g, name, shape, 0, n->floats);
    n->floats += (size_t)gt_shape_size(&shape);
    return n->param[i];
}

static gt_node *net_scores(net *n, gt_node *image) {
    gt_graph *g = n->g;
    gt_conv_attr same = {.pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1}, half = {.stride = 2};
    gt_node *x = gt_conv(g, image, gt_scale(g, n->param[0], 0.2f), same);
    x = gt_bias_act(g, x, n->param[1], "lrelu", -1, 0, 256);
    x = gt_conv(g, x, gt_scale(g, n->param[2], 0.1f), half);
    x = gt_bias_act(g, x, n->param[3], "lrelu", -1, 0, -1);
    x = gt_reshape(g, x, S(gt_dim(x, 0), -1));
    return gt_matmul(g, x, n->param[4]);
}

static net make_net(void) {
    net n = {.g = gt_graph_new("net")};
    gt_graph *g = n.g;
    net_param(&n, 0, "conv0.weight", S(3, 3, 3, 8));
    net_param(&n, 1, "conv0.bias", S(8));
    net_param(&n, 2, "conv1.weight", S(2, 2, 8, 6));
    net_param(&n, 3, "conv1.bias", S(6));
    net_param(&n, 4, "out.weight", S(24, 1));
    gt_node *real = gt_input(g, "real", S(2, 4, 4, 3));
    gt_node *fake = gt_add(g, gt_input(g, "fake", S(2, 4, 4, 3)), gt_scale(g, gt_random_normal_op(g, "noise", S(2, 4, 4, 3)), 0.1f));
    gt_node *scores = net_scores(&n, real), *slope;
    gt_node *loss = gt_add(g, gt_mean(g, gt_softplus(g, gt_neg(g, scores)), GT_ALL_AXES), gt_mean(g, gt_softplus(g, net_scores(&n, fake)), GT_ALL_AXES));
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

static void fill(float *x, size_t n, float from) {
    for (size_t i = 0; x && i < n; i++) x[i] = from + 0.13f * (float)((i * 7 + 3) % 11) - 0.6f;
}

static void fill_net(const net *n, gt_exec *e, float *params, float *grads) {
    fill(params, n->floats, 0);
    gt_exec_bind(e, 0, params);
    gt_exec_bind(e, 1, grads);
    fill(gt_exec_input(e, "real"), 2 * 4 * 4 * 3, 0.1f);
    fill(gt_exec_input(e, "fake"), 2 * 4 * 4 * 3, -0.1f);
}

/* ---- graphs ---- */

static void test_example(void **state) { /* graph.h's own */
    (void)state;
    gt_graph *g = gt_graph_new("example");
    gt_node *x = gt_input(g, "x", S(4, 8)), *w = gt_param(g, "w", S(3, 8), GT_SLOT(0), 0), *dw;
    gt_node *y = gt_matmul(g, x, w, .transpose_b = true);
    gt_node *loss = gt_mean(g, gt_square(g, y), GT_ALL_AXES);
    assert_int_equal(gt_grad(g, 1, &loss, NULL, 1, &w, &dw), GT_OK);
    assert_string_equal(gt_node_name(dw), "grad of w");
    gt_output(g, "loss", loss);
    gt_output_to(g, "grad of w", dw, GT_SLOT(1), 5);
    gt_exec *e = ready(g, NULL);
    float params[24], grads[29] = {0}, *in = gt_exec_input(e, "x");
    fill(params, 24, 0);
    fill(in, 32, 0);
    assert_int_equal(gt_exec_run(e, NULL), GT_USAGE); /* nothing bound yet */
    assert_non_null(strstr(gt_message(), "slot"));
    gt_exec_bind(e, 0, params);
    gt_exec_bind(e, 1, grads);
    run(e, NULL);
    double wanted = 0, dw00 = 0;
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 3; j++) {
            double sum = 0;
            for (int k = 0; k < 8; k++) sum += (double)in[8 * i + k] * (double)params[8 * j + k];
            wanted += sum * sum / 12;
            if (j == 0) dw00 += 2 * sum * (double)in[8 * i] / 12;
        }
    assert_true(fabs((double)*gt_exec_output(e, "loss") - wanted) < 1e-6 * wanted);
    assert_true(fabs((double)grads[5] - dw00) < 1e-5 * (fabs(dw00) + 0.1));
    assert_true(grads[4] == 0);
    assert_null(gt_exec_output(e, "no such output"));
    done(g, e);
}

static void test_leaves_and_names(void **state) {
    (void)state;
    gt_graph *g = gt_graph_new("leaves");
    gt_node *x = gt_input(g, "x", S(2));
    assert_ptr_equal(x, gt_input(g, "x", S(2)));
    gt_scope_push(g, "G");
    gt_scope_push(g, "b%d", 8);
    gt_node *n = gt_name(gt_square(g, x), "mod");
    assert_string_equal(gt_node_name(n), "G.b8.mod");
    gt_scope_pop(g);
    assert_non_null(strstr(gt_node_name(gt_neg(g, n)), "G.neg"));
    gt_scope_pop(g);
    assert_int_equal(gt_graph_status(g), GT_OK);
    assert_null(gt_input(g, "x", S(3)));
    assert_int_equal(gt_graph_status(g), GT_USAGE);
    assert_non_null(strstr(gt_message(), "'x'"));
    assert_null(gt_add(g, x, gt_input(g, "z", S(5)))); /* a second fault: the first is what is told */
    assert_int_equal(gt_graph_status(g), GT_USAGE);
    assert_non_null(strstr(gt_message(), "'x'"));
    gt_graph_free(g);

    gt_graph *a = gt_graph_new("a"), *b = gt_graph_new("b");
    assert_null(gt_add(a, gt_input(a, "x", S(2)), gt_input(b, "y", S(2))));
    assert_non_null((gt_graph_status(a), strstr(gt_message(), "'y'")));
    gt_graph_free(a);
    gt_graph_free(b);
}

/* f = sin(x) e^(2x): derivatives up to the third against their formulas. */
static void test_third_derivative(void **state) {
    (void)state;
    gt_graph *g = gt_graph_new("third");
    gt_node *x = gt_input(g, "x", S(5)), *d[4];
    d[0] = gt_mul(g, gt_sin_op(g, x), gt_exp_op(g, gt_scale(g, x, 2)));
    char name[16];
    for (int i = 0; i < 4; i++) {
        if (i) assert_int_equal(gt_grad(g, 1, &d[i - 1], NULL, 1, &x, &d[i]), GT_OK);
        sprintf(name, "d%d", i);
        gt_output(g, name, d[i]);
    }
    gt_exec *e = ready(g, NULL);
    for (int i = 0; i < 5; i++) gt_exec_input(e, "x")[i] = 0.3f * (float)i - 0.5f;
    run(e, NULL);
    for (int k = 0; k < 5; k++) {
        double at = 0.3 * k - 0.5, s = sin(at), c = cos(at), p = exp(2 * at);
        double wanted[4] = {s * p, (c + 2 * s) * p, (3 * s + 4 * c) * p, (2 * s + 11 * c) * p};
        for (int i = 0; i < 4; i++) {
            sprintf(name, "d%d", i);
            assert_true(fabs((double)gt_exec_output(e, name)[k] - wanted[i]) < 3e-6 * (fabs(wanted[i]) + 1));
        }
    }
    done(g, e);
}

static void test_zero_and_blocked_gradients(void **state) {
    (void)state;
    gt_graph *g = gt_graph_new("zero");
    gt_node *x = gt_input(g, "x", S(3)), *other = gt_input(g, "other", S(2, 2));
    gt_node *y = gt_mul(g, x, gt_stop_gradient(g, x)), *wrt[2] = {x, other}, *d[2];
    assert_int_equal(gt_grad(g, 1, &y, NULL, 2, wrt, d), GT_OK);
    gt_output(g, "dx", d[0]);
    gt_output_to(g, "d other", d[1], 2, 0);
    gt_exec *e = ready(g, NULL);
    float zeros[4];
    for (int i = 0; i < 3; i++) gt_exec_input(e, "x")[i] = (float)i;
    gt_exec_bind(e, 2, zeros);
    for (int again = 0; again < 2; again++) { /* a placed constant is written by every run */
        fill(zeros, 4, 1);
        run(e, NULL);
        for (int i = 0; i < 4; i++) assert_true(zeros[i] == 0);
        for (int i = 0; i < 3; i++) assert_true(gt_exec_output(e, "dx")[i] == (float)i);
    }
    done(g, e);
}

static void test_no_derivative_is_a_fault(void **state) {
    (void)state;
    gt_graph *g = gt_graph_new("warp");
    gt_node *m = gt_input(g, "m", S(1, 2, 3)), *y = gt_warp(g, gt_input(g, "x", S(1, 8, 8, 1)), m), *d;
    assert_int_equal(gt_grad(g, 1, &y, NULL, 1, &m, &d), GT_USAGE);
    assert_non_null(strstr(gt_message(), "'m'"));
    gt_graph_free(g);
}

/* ---- passes ---- */

static void test_common_and_dead(void **state) {
    (void)state;
    gt_graph *g = gt_graph_new("common");
    gt_node *x = gt_input(g, "x", S(3, 4)), *unused = gt_input(g, "unused", S(3, 4));
    gt_sum(g, gt_exp_op(g, unused), GT_ALL_AXES);
    gt_node *a = gt_sum(g, gt_exp_op(g, x), GT_AXIS(1)), *b = gt_sum(g, gt_exp_op(g, x), GT_AXIS(1));
    gt_node *r = gt_random_normal_op(g, "s", S(3, 1)), *same = gt_random_normal_op(g, "s", S(3, 1)), *else_ = gt_random_normal_op(g, "t", S(3, 1));
    gt_output(g, "y", gt_concat(g, 5, (gt_node *[]){a, b, r, same, else_}, 1));
    gt_exec *e = ready(g, NULL);
    assert_int_equal(steps_of(e, "sum"), 1);
    assert_int_equal(steps_of(e, "exp"), 1);
    assert_int_equal(steps_of(e, "random_normal"), 2);
    assert_null(gt_exec_input(e, "unused"));
    done(g, e);
}

static void test_algebra(void **state) {
    (void)state;
    gt_graph *g = gt_graph_new("algebra");
    gt_node *x = gt_input(g, "x", S(3, 4));
    gt_node *y = gt_scale(g, gt_add(g, x, gt_scalar(g, 0)), 1);
    y = gt_neg(g, gt_neg(g, gt_flip(g, gt_flip(g, y, 1), 1)));
    y = gt_permute(g, gt_permute(g, y, (const int[]){1, 0}), (const int[]){1, 0});
    y = gt_mul(g, y, gt_broadcast(g, gt_scalar(g, 1), S(3, 4)));
    gt_output(g, "same", gt_matmul(g, y, gt_broadcast(g, gt_scalar(g, 2), S(4, 1))));
    gt_node *s = gt_sum(g, gt_broadcast(g, gt_sum(g, x, GT_AXIS(0)), S(3, 4)), GT_AXIS(0) | GT_AXIS(1)); /* 3 times the sum of x */
    gt_output(g, "sum", gt_mul(g, s, gt_add(g, gt_scalar(g, 1), gt_scalar(g, 3))));
    gt_exec *e = ready(g, NULL);
    assert_int_equal(steps_of(e, "permute") + steps_of(e, "flip") + steps_of(e, "neg") + steps_of(e, "mul") + steps_of(e, "add"), 0);
    assert_int_equal(steps_of(e, "sum"), 1);
    assert_int_equal(steps_of(e, "scale"), 1);
    for (int i = 0; i < 12; i++) gt_exec_input(e, "x")[i] = (float)i;
    run(e, NULL);
    assert_true(gt_exec_output(e, "same")[1] == 2 * (4 + 5 + 6 + 7));
    assert_true(gt_exec_output(e, "sum")[0] == 4 * 3 * 66);
    done(g, e);
}

static void test_fusion(void **state) {
    (void)state;
    gt_graph *g = gt_graph_new("fusion");
    gt_node *x = gt_input(g, "x", S(2, 3, 3, 4)), *b = gt_input(g, "b", S(4)), *s = gt_input(g, "s", S(2, 1, 1, 4));
    gt_node *y = gt_bias_act(g, gt_mul(g, x, s), b, "lrelu", -1, 0, 256);
    gt_node *cheap = gt_scale(g, x, 3); /* read by two that can take it in */
    gt_output(g, "y", gt_add(g, y, cheap));
    gt_output(g, "z", gt_tanh_op(g, cheap));
    gt_exec *e = ready(g, NULL), *plain = ready(g, &(gt_exec_options){.no_fusion = 1});
    assert_int_equal(e->n_steps, 2);
    assert_int_equal(plain->n_steps, 6);
    const char *names[] = {"x", "b", "s"};
    for (int i = 0; i < 3; i++) {
        fill(gt_exec_input(e, names[i]), i ? (i == 1 ? 4 : 8) : 72, 0);
        fill(gt_exec_input(plain, names[i]), i ? (i == 1 ? 4 : 8) : 72, 0);
    }
    run(e, NULL);
    run(plain, NULL);
    assert_memory_equal(gt_exec_output(e, "y"), gt_exec_output(plain, "y"), 72 * sizeof(float));
    assert_memory_equal(gt_exec_output(e, "z"), gt_exec_output(plain, "z"), 72 * sizeof(float));
    gt_exec_free(plain);
    done(g, e);
}

/* A chain longer than one program can hold is several. */
static void test_long_fusion(void **state) {
    (void)state;
    gt_graph *g = gt_graph_new("long");
    gt_node *y = gt_input(g, "x0", S(700));
    char name[16];
    for (int i = 1; i <= 200; i++) {
        sprintf(name, "x%d", i % 30);
        y = gt_mul(g, gt_shift(g, y, 0.5f), gt_tanh_op(g, gt_input(g, name, S(700))));
    }
    gt_output(g, "y", y);
    gt_exec *e = ready(g, NULL), *plain = ready(g, &(gt_exec_options){.no_fusion = 1});
    assert_true(e->n_steps < 60);
    for (int i = 0; i < 30; i++) {
        sprintf(name, "x%d", i);
        fill(gt_exec_input(e, name), 700, (float)i);
        fill(gt_exec_input(plain, name), 700, (float)i);
    }
    run(e, NULL);
    run(plain, NULL);
    assert_memory_equal(gt_exec_output(e, "y"), gt_exec_output(plain, "y"), 700 * sizeof(float));
    gt_exec_free(plain);
    done(g, e);
}

static void test_hoisting(void **state) {
    (void)state;
    gt_graph *g = gt_graph_new("hoist");
    gt_node *w = gt_param(g, "w", S(3), 0, 0), *p = gt_update_input(g, "p", GT_SCALAR);
    gt_node *packed = gt_exp_op(g, gt_mul(g, w, p)), *noise = gt_random_normal_op(g, "n", S(3));
    gt_output(g, "packed", packed);
    gt_output(g, "y", gt_matmul(g, gt_reshape(g, packed, S(1, 3)), gt_reshape(g, gt_input(g, "x", S(3)), S(3, 1))));
    gt_output(g, "noise", noise);
    gt_exec *e = ready(g, NULL);
    assert_int_equal(e->n_hoisted, 1);
    float weights[3] = {0, 0, 0};
    gt_exec_bind(e, 0, weights);
    *gt_exec_input(e, "p") = 1;
    for (int i = 0; i < 3; i++) gt_exec_input(e, "x")[i] = 1;
    assert_int_equal(gt_exec_prepare(e, NULL), GT_OK);
    run(e, &(gt_exec_env){.step = 1});
    float first = gt_exec_output(e, "noise")[0];
    assert_true(*gt_exec_output(e, "y") == 3);
    weights[0] = 1;
    run(e, &(gt_exec_env){.step = 2}); /* not prepared again: as before */
    assert_true(*gt_exec_output(e, "y") == 3);
    assert_true(gt_exec_output(e, "noise")[0] != first); /* random nodes are not hoisted */
    assert_int_equal(gt_exec_prepare(e, NULL), GT_OK);
    run(e, &(gt_exec_env){.step = 1});
    assert_true(*gt_exec_output(e, "y") > 4.7f);
    assert_true(gt_exec_output(e, "noise")[0] == first);
    gt_exec_totals t = gt_exec_cost(e);
    assert_int_equal(t.hoisted_nodes, 1);
    assert_true(t.hoisted_flops > 0 && t.flops > 0 && t.arena_bytes == gt_exec_arena_bytes(e));
    done(g, e);
}

/* ---- memory ---- */

/* Who wrote each 64 bytes of the arena last, followed through prepare and two runs: every reader finds what it wants. */
static void follow(const gt_exec *e, int begin, int end, int *writer) {
    for (int k = begin; k < end; k++) {
        const gt_node *n = e->steps[k].node;
        for (int i = 0; i < n->n_in; i++) {
            const gt_node *x = n->in[i];
            const gt_place *p = &e->plan.places[x->id];
            while (x->op->view) x = x->in[0];
            size_t blocks = ((size_t)gt_shape_size(&x->shape) * 4 + 63) / 64;
            for (size_t b = 0; p->kind == GT_PLACE_ARENA && b < blocks; b++)
                if (writer[p->offset / 64 + b] != x->id) fail_msg("'%s' reads '%s' after '%s' has written there", n->name, x->name, e->graph->nodes[writer[p->offset / 64 + b]]->name);
        }
        size_t scratch = n->op->workspace ? n->op->workspace(n, gt_pool_threads(e->pool)) : 0;
        for (size_t b = 0; b < (scratch + 63) / 64; b++) writer[e->plan.workspace[n->id] / 64 + b] = n->id;
        const gt_place *p = &e->plan.places[n->id];
        for (size_t b = 0; p->kind == GT_PLACE_ARENA && b < ((size_t)gt_shape_size(&n->shape) * 4 + 63) / 64; b++) {
            for (int i = 0; i < n->n_in && scratch; i++) assert_true(p->offset + 64 * b < e->plan.workspace[n->id] || p->offset + 64 * b >= e->plan.workspace[n->id] + scratch);
            writer[p->offset / 64 + b] = n->id;
        }
    }
}

static void test_memory_plan(void **state) {
    (void)state;
    for (int no_fusion = 0; no_fusion <= 1; no_fusion++) {
        net n = make_net();
        gt_exec *e = ready(n.g, &(gt_exec_options){.no_fusion = no_fusion});
        int *writer = calloc(e->plan.bytes / 64 + 1, sizeof *writer);
        for (int id = 0; id < e->graph->n_nodes; id++) {
            const gt_node *x = e->graph->nodes[id];
            for (size_t b = 0; x->op == &gt_op_input && b < ((size_t)gt_shape_size(&x->shape) * 4 + 63) / 64; b++)
                writer[e->plan.places[id].offset / 64 + b] = id;
        }
        follow(e, 0, e->n_hoisted, writer);
        for (int again = 0; again < 2; again++) follow(e, e->n_hoisted, e->n_steps, writer);
        const gt_memory_plan *p = &e->plan;
        for (int i = 0; i < p->n_buffers; i++)
            for (int k = 0; k < i; k++) {
                const gt_buffer *a = &p->buffers[i], *b = &p->buffers[k];
                bool together = a->first <= b->last && b->first <= a->last, share = a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
                assert_false(together && share);
            }
        assert_true(p->bytes <= p->least + p->least / 10);
        free(writer);
        done(n.g, e);
    }
}

static void count_calls(void *arg, int finished) {
    int *seen = arg;
    assert_true(finished >= seen[1]);
    seen[0]++;
    seen[1] = finished;
}

/* The same bits with other memory, dirty memory, memory shared by two that take turns; no allocation in a run. */
static void test_runs(void **state) {
    (void)state;
    net n = make_net();
    gt_pool *pool = gt_pool_new(2);
    gt_exec *e = ready(n.g, &(gt_exec_options){.pool = pool}), *turn = ready(n.g, NULL);
    float *params = calloc(n.floats, 4), *grads = calloc(n.floats, 4), *again = calloc(n.floats, 4);
    gt_exec_env env = {.seed = 3};
    fill_net(&n, e, params, grads);
    assert_int_equal(gt_exec_prepare(e, &env), GT_OK);
    run(e, &env);
    float loss = *gt_exec_output(e, "loss");
    assert_true(isfinite(loss) && loss > 0);

    int seen[2] = {0, 0};
    gt_exec_env watched = {.seed = 3, .between = count_calls, .between_arg = seen};
    long before = allocations;
    gt_exec_bind(e, 1, again);
    assert_int_equal(gt_exec_prepare(e, &env), GT_OK);
    run(e, &watched);
#ifdef COUNTED
    assert_true(before > 0);
#endif
    assert_int_equal(allocations, before);
    assert_memory_equal(grads, again, n.floats * 4);
    assert_int_equal(seen[0], e->n_steps - e->n_hoisted);
    const gt_output_place *order;
    assert_int_equal(gt_exec_output_order(e, &order), NET_PARAMS);
    assert_int_equal(seen[1], NET_PARAMS);
    for (int i = 0; i < NET_PARAMS; i++) assert_int_equal(order[i].slot, 1);

    size_t bytes = gt_exec_arena_bytes(e) > gt_exec_arena_bytes(turn) ? gt_exec_arena_bytes(e) : gt_exec_arena_bytes(turn);
    float *arena = gt_block_alloc(bytes, "shared");
    memset(arena, 0xff, bytes); /* NaNs */
    gt_exec *both[2] = {e, turn};
    for (int i = 0; i < 4; i++) {
        gt_exec_use_arena(both[i % 2], arena);
        memset(again, 0, n.floats * 4);
        fill_net(&n, both[i % 2], params, again);
        assert_int_equal(gt_exec_prepare(both[i % 2], &env), GT_OK);
        run(both[i % 2], &env);
        assert_true(*gt_exec_output(both[i % 2], "loss") == loss);
        assert_memory_equal(grads, again, n.floats * 4);
    }
    gt_exec_free(turn);
    done(n.g, e);
    gt_block_free(arena, bytes);
    gt_pool_free(pool);
    free(params);
    free(grads);
    free(again);
}

/* A result that goes where a parameter lies is written after the parameter's last reader. */
static void test_update_in_place(void **state) {
    (void)state;
    gt_graph *g = gt_graph_new("in place");
    gt_node *w = gt_param(g, "w", S(3), 0, 0), *x = gt_input(g, "x", S(3));
    gt_output_to(g, "new w", gt_sub(g, w, x), 0, 0);
    gt_output(g, "late", gt_sum(g, gt_exp_op(g, gt_mul(g, w, x)), GT_ALL_AXES));
    gt_exec *e = ready(g, NULL);
    float weights[3] = {1, 2, 3};
    gt_exec_bind(e, 0, weights);
    for (int i = 0; i < 3; i++) gt_exec_input(e, "x")[i] = 1;
    run(e, NULL);
    assert_true(weights[0] == 0 && weights[2] == 2);
    assert_true(fabsf(*gt_exec_output(e, "late") - 30.1928749f) < 1e-4f);
    done(g, e);
}

/* One loss term's backward pass before the next one's forward pass: memory as for one term, not for both. */
static void test_order_saves_memory(void **state) {
    (void)state;
    size_t bytes[2];
    for (int terms = 1; terms <= 2; terms++) {
        gt_graph *g = gt_graph_new("terms");
        gt_node *w[6], *dw[6], *loss = NULL;
        char name[16];
        for (int i = 0; i < 6; i++) w[i] = gt_param(g, (sprintf(name, "w%d", i), name), S(16, 16), 0, (size_t)i * 256);
        for (int t = 0; t < terms; t++) {
            gt_node *x = gt_input(g, (sprintf(name, "x%d", t), name), S(512, 16));
            for (int i = 0; i < 6; i++) x = gt_tanh_op(g, gt_matmul(g, x, w[i]));
            gt_node *term = gt_sum(g, x, GT_ALL_AXES);
            loss = loss ? gt_add(g, loss, term) : term;
        }
        gt_grad(g, 1, &loss, NULL, 6, w, dw);
        for (int i = 0; i < 6; i++) gt_output_to(g, (sprintf(name, "d%d", i), name), dw[i], 1, (size_t)i * 256);
        gt_exec *e = ready(g, NULL);
        bytes[terms - 1] = gt_exec_arena_bytes(e);
        done(g, e);
    }
    assert_true(bytes[1] < bytes[0] + bytes[0] / 4);
}

static void test_table(void **state) {
    (void)state;
    net n = make_net();
    gt_exec *e = ready(n.g, NULL);
    float *params = calloc(n.floats, 4), *grads = calloc(n.floats, 4), *text = calloc(1, 100000);
    fill_net(&n, e, params, grads);
    gt_exec_profile(e, true);
    run(e, NULL);
    FILE *f = fmemopen(text, 100000, "w");
    gt_exec_print(e, f);
    fclose(f);
    assert_non_null(strstr((char *)text, "grad of conv0.weight"));
    assert_non_null(strstr((char *)text, "once per update"));
    free(params);
    free(grads);
    free(text);
    done(n.g, e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_example),
        cmocka_unit_test(test_leaves_and_names),
        cmocka_unit_test(test_third_derivative),
        cmocka_unit_test(test_zero_and_blocked_gradients),
        cmocka_unit_test(test_no_derivative_is_a_fault),
        cmocka_unit_test(test_common_and_dead),
        cmocka_unit_test(test_algebra),
        cmocka_unit_test(test_fusion),
        cmocka_unit_test(test_long_fusion),
        cmocka_unit_test(test_hoisting),
        cmocka_unit_test(test_memory_plan),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_update_in_place),
        cmocka_unit_test(test_order_saves_memory),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
