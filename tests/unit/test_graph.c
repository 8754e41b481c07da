/* SPDX-License-Identifier: Apache-2.0
 * The graph and its executor: leaves, names, faults, derivatives of derivatives, results, and that a run allocates
 * nothing. */
#include <stdatomic.h>

#include "graph_net.h"
#include "base/door/memory.h"

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

/* ---- graphs ---- */

static void test_example(void **state) { /* graph.h's own */
    (void)state;
    gt_graph *g = gt_graph_new("example", asked_kernels());
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
    gt_graph *g = gt_graph_new("leaves", asked_kernels());
    gt_node *x = gt_input(g, "x", S(2));
    assert_ptr_equal(x, gt_input(g, "x", S(2)));
    gt_scope_push(g, "G");
    gt_scope_push(g, "b%d", 8);
    gt_node *n = gt_square(g, x);
    assert_string_equal(gt_node_name(n), "G.b8.square#1");
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

    gt_graph *a = gt_graph_new("a", asked_kernels()), *b = gt_graph_new("b", asked_kernels());
    assert_null(gt_add(a, gt_input(a, "x", S(2)), gt_input(b, "y", S(2))));
    assert_non_null((gt_graph_status(a), strstr(gt_message(), "'y'")));
    gt_graph_free(a);
    gt_graph_free(b);
}

/* f = tanh(x) e^(2x): derivatives up to the third against their formulas. */
static void test_third_derivative(void **state) {
    (void)state;
    gt_graph *g = gt_graph_new("third", asked_kernels());
    gt_node *x = gt_input(g, "x", S(5)), *d[4];
    d[0] = gt_mul(g, gt_tanh_op(g, x), gt_exp_op(g, gt_scale(g, x, 2)));
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
        double at = 0.3 * k - 0.5, t = tanh(at), u = 1 - t * t, p = exp(2 * at); /* u is the derivative of t */
        double wanted[4] = {t * p, (u + 2 * t) * p, (-2 * t * u + 4 * u + 4 * t) * p,
                            (-2 * u * u + 4 * t * t * u - 12 * t * u + 12 * u + 8 * t) * p};
        for (int i = 0; i < 4; i++) {
            sprintf(name, "d%d", i);
            assert_true(fabs((double)gt_exec_output(e, name)[k] - wanted[i]) < 3e-6 * (fabs(wanted[i]) + 1));
        }
    }
    done(g, e);
}

static void test_zero_and_blocked_gradients(void **state) {
    (void)state;
    gt_graph *g = gt_graph_new("zero", asked_kernels());
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
    gt_graph *g = gt_graph_new("warp", asked_kernels());
    gt_node *m = gt_input(g, "m", S(1, 2, 3)), *y = gt_warp(g, gt_input(g, "x", S(1, 8, 8, 1)), m, (gt_warp_attr){0}),
            *d;
    assert_int_equal(gt_grad(g, 1, &y, NULL, 1, &m, &d), GT_USAGE);
    assert_non_null(strstr(gt_message(), "'m'"));
    gt_graph_free(g);
}

/* ---- running ---- */

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

    size_t bytes = gt_exec_arena_bytes(e) > gt_exec_arena_bytes(turn) ? gt_exec_arena_bytes(e)
                                                                      : gt_exec_arena_bytes(turn);
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

static bool so_many(void *left) { return --*(int *)left >= 0; }

/* A run that is broken off says how much of the work it has done; the next whole run is not disturbed. */
static void test_part_of_a_run(void **state) {
    (void)state;
    net n = make_net();
    float *params = calloc(n.floats, sizeof *params), *grads = calloc(n.floats, sizeof *grads);
    gt_exec *e = ready(n.g, NULL);
    gt_exec_env env = {.seed = 3};
    fill_net(&n, e, params, grads);
    run(e, &env);
    float loss = *gt_exec_output(e, "loss");
    double before = 0, part;
    for (int more = 0; more < e->n_steps; more++) {
        int left = more;
        assert_int_equal(gt_exec_run_while(e, &env, so_many, &left, &part), GT_OK);
        assert_true(part >= before && part >= 0 && part <= 1);
        assert_true((part < 1) == (more + 1 < e->n_steps - e->n_hoisted));
        before = part;
    }
    fill_net(&n, e, params, grads);
    run(e, &env);
    assert_true(*gt_exec_output(e, "loss") == loss);
    done(n.g, e);
    free(params);
    free(grads);
}

/* A result that goes where a parameter lies is written after the parameter's last reader. */
static void test_update_in_place(void **state) {
    (void)state;
    gt_graph *g = gt_graph_new("in place", asked_kernels());
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

/* Large buffers of whole pages: no two of a few begin at the same place of a page, or an op that reads them together
 * waits for the same sets of the caches. */
static void test_places_of_large_buffers(void **state) {
    (void)state;
    enum { N = 6, PAGE = 4096 };
    static const char *const names[N] = {"a", "b", "c", "d", "e", "f"};
    gt_graph *g = gt_graph_new("large", asked_kernels());
    gt_node *sum = NULL;
    for (int i = 0; i < N; i++) {
        gt_node *x = gt_input(g, names[i], S(512, 512));
        sum = sum ? gt_add(g, sum, x) : x;
    }
    gt_output(g, "sum", sum);
    gt_exec *e = ready(g, NULL);
    for (int i = 0; i < N; i++)
        for (int k = 0; k < i; k++)
            assert_true(((uintptr_t)gt_exec_input(e, names[i]) - (uintptr_t)gt_exec_input(e, names[k])) % PAGE);
    done(g, e);
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

/* A loop: x becomes 2 x + 1 in each turn, and what was counted is put over the result. */
static void step_of_loop(const gt_loop *loop, gt_exec *e, const gt_exec_env *env, int turn, void *state) {
    float *counted = state, *x = gt_exec_input(e, "x");
    (void)env;
    if (turn == 0) *counted = *(const float *)loop->own;
    else *x = *gt_exec_output(e, "y");
    ++*counted;
    if (turn == loop->turns) *(float *)(uintptr_t)gt_exec_output(e, "y") += 1000 * *counted;
}

static void a_graph_is_a_loop(void **state) {
    (void)state;
    const float own = 5;
    gt_graph *g = gt_graph_new("loop", NULL);
    gt_output(g, "y", gt_shift(g, gt_scale(g, gt_input(g, "x", S(1)), 2), 1));
    gt_graph_repeat(g, &(gt_loop){.turns = 3, .state_bytes = sizeof(float), .step = step_of_loop, .own = &own});
    gt_exec *e = gt_exec_new(g, NULL);
    assert_non_null(e);
    for (int run = 0; run < 2; run++) {
        *gt_exec_input(e, "x") = 1;
        assert_int_equal(gt_exec_run(e, NULL), GT_OK);
        assert_true(*gt_exec_output(e, "y") == 15 + 1000 * (5 + 4)); /* 3, 7, 15; before three turns, and at the end */
    }
    gt_exec_free(e);
    gt_graph_free(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_example),
        cmocka_unit_test(test_leaves_and_names),
        cmocka_unit_test(test_third_derivative),
        cmocka_unit_test(test_zero_and_blocked_gradients),
        cmocka_unit_test(test_no_derivative_is_a_fault),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_part_of_a_run),
        cmocka_unit_test(test_update_in_place),
        cmocka_unit_test(test_places_of_large_buffers),
        cmocka_unit_test(test_table),
        cmocka_unit_test(a_graph_is_a_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
