/* SPDX-License-Identifier: Apache-2.0
 * Every pass over the graph, and the memory plan. */
#include "graph_check.h"
#include "graph/door/elementwise.h"
#include "graph_net.h"

/* ---- passes ---- */

static void test_common_and_dead(void **state) {
    (void)state;
    gt_graph *g = gt_graph_new("common", asked_kernels());
    gt_node *x = gt_input(g, "x", S(3, 4)), *unused = gt_input(g, "unused", S(3, 4));
    gt_sum(g, gt_exp_op(g, unused), GT_ALL_AXES);
    gt_node *a = gt_sum(g, gt_exp_op(g, x), GT_AXIS(1)), *b = gt_sum(g, gt_exp_op(g, x), GT_AXIS(1));
    gt_node *r = gt_random_normal_op(g, "s", S(3, 1)), *same = gt_random_normal_op(g, "s", S(3, 1)),
            *else_ = gt_random_normal_op(g, "t", S(3, 1));
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
    gt_graph *g = gt_graph_new("algebra", asked_kernels());
    gt_node *x = gt_input(g, "x", S(3, 4));
    gt_node *y = gt_scale(g, gt_add(g, x, gt_scalar(g, 0)), 1);
    y = gt_neg(g, gt_neg(g, gt_flip(g, gt_flip(g, y, 1), 1)));
    y = gt_permute(g, gt_permute(g, y, (const int[]){1, 0}), (const int[]){1, 0});
    y = gt_mul(g, y, gt_broadcast(g, gt_scalar(g, 1), S(3, 4)));
    gt_output(g, "same", gt_matmul(g, y, gt_broadcast(g, gt_scalar(g, 2), S(4, 1))));
    /* 3 times the sum of x */
    gt_node *s = gt_sum(g, gt_broadcast(g, gt_sum(g, x, GT_AXIS(0)), S(3, 4)), GT_AXIS(0) | GT_AXIS(1));
    gt_output(g, "sum", gt_mul(g, s, gt_add(g, gt_scalar(g, 1), gt_scalar(g, 3))));
    gt_exec *e = ready(g, NULL);
    assert_int_equal(
        steps_of(e, "permute") + steps_of(e, "flip") + steps_of(e, "neg") + steps_of(e, "mul") + steps_of(e, "add"), 0);
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
    gt_graph *g = gt_graph_new("fusion", asked_kernels());
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

/* Pooling before bias and rectifier: values keep their bits, gradients (here without ties) their values. */
static void test_pools(void **state) {
    (void)state;
    static const gt_max_pool_attr windows[] = {{.size = 2}, {.size = 3, .stride = 2, .pad = 1}};
    for (int k = 0; k < 4; k++) {
        gt_graph *g = gt_graph_new("pools", asked_kernels());
        gt_node *x = gt_input(g, "x", S(2, 6, 7, 5)), *b = gt_input(g, "b", S(5)), *dx[2], *second;
        gt_node *y = gt_leaky_relu(g, gt_add(g, x, b), k / 2 ? 0.2f : 0);
        gt_output(g, "y", y = gt_max_pool_with(g, y, windows[k % 2]));
        y = gt_mul(g, y, gt_mul(g, y, y));
        assert_int_equal(gt_grad(g, 1, &y, NULL, 2, (gt_node *[]){x, b}, dx), GT_OK);
        gt_output(g, "dx", dx[0]);
        gt_output(g, "db", dx[1]);
        gt_node *square = gt_sum(g, gt_square(g, dx[0]), GT_ALL_AXES);
        assert_int_equal(gt_grad(g, 1, &square, NULL, 1, &x, &second), GT_OK);
        gt_output(g, "second", second);
        gt_exec *e = ready(g, NULL), *plain = ready(g, &(gt_exec_options){.no_fusion = 1});
        for (int i = 0; i < e->n_steps; i++) { /* rectifiers on pooled pictures alone */
            const gt_node *n = e->steps[i].node;
            if (n->op->elementwise && n->op != &gt_op_elementwise[GT_MAP_scale] && gt_shape_size(&n->shape) == 420)
                fail_msg("'%s' goes over all pixels", n->name);
        }
        gt_exec *both[] = {e, plain};
        for (int i = 0; i < 2; i++) {
            fill(gt_exec_input(both[i], "x"), 420, 0);
            fill(gt_exec_input(both[i], "b"), 5, 1);
            run(both[i], NULL);
        }
        size_t pixels = (size_t)gt_shape_size(gt_node_shape(y));
        assert_memory_equal(gt_exec_output(e, "y"), gt_exec_output(plain, "y"), pixels * sizeof(float));
        for (int i = 0; i < 420; i++) {
            assert_float_equal(gt_exec_output(e, "dx")[i], gt_exec_output(plain, "dx")[i], 1e-4);
            assert_float_equal(gt_exec_output(e, "second")[i], gt_exec_output(plain, "second")[i], 1e-4);
        }
        for (int i = 0; i < 5; i++)
            assert_float_equal(gt_exec_output(e, "db")[i], gt_exec_output(plain, "db")[i], 1e-3);
        gt_exec_free(plain);
        done(g, e);
    }
}

/* A chain longer than one program can hold is several. */
static void test_long_fusion(void **state) {
    (void)state;
    gt_graph *g = gt_graph_new("long", asked_kernels());
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
    gt_graph *g = gt_graph_new("hoist", asked_kernels());
    gt_node *w = gt_param(g, "w", S(3), 0, 0), *p = gt_update_input(g, "p", GT_SCALAR);
    gt_node *packed = gt_exp_op(g, gt_mul(g, w, p)), *noise = gt_random_normal_op(g, "n", S(3));
    gt_output(g, "packed", packed);
    gt_output(g, "y", gt_matmul(g, gt_reshape(g, packed, S(1, 3)), gt_reshape(g, gt_input(g, "x", S(3)), S(3, 1))));
    /* not fused: the tangent is the same all update long */
    gt_output(g, "z", gt_mul(g, gt_input(g, "x", S(3)), gt_tanh_op(g, w)));
    gt_output(g, "noise", noise);
    gt_exec *e = ready(g, NULL);
    assert_int_equal(e->n_hoisted, 2);
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
    assert_int_equal(t.hoisted_nodes, 2);
    assert_true(t.hoisted_flops > 0 && t.flops > 0 && t.arena_bytes == gt_exec_arena_bytes(e));
    done(g, e);
}

/* One loss term's backward pass before the next one's forward pass: memory as for one term, not for both. */
static void test_order_saves_memory(void **state) {
    (void)state;
    size_t bytes[2];
    for (int terms = 1; terms <= 2; terms++) {
        gt_graph *g = gt_graph_new("terms", asked_kernels());
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

/* ---- memory ---- */

static void test_memory_plan(void **state) {
    (void)state;
    for (int no_fusion = 0; no_fusion <= 1; no_fusion++) {
        net n = make_net();
        gt_exec *e = ready(n.g, &(gt_exec_options){.no_fusion = no_fusion});
        check_places(e);
        assert_true(e->plan.bytes <= e->plan.least + e->plan.least / 10);
        done(n.g, e);
    }
}

/* Slices at once: a sum over slices is made as soon as its last slice's value is there, so that it can leave for other
 * ranks and memory is free. */
static void test_sums_of_slices_come_early(void **state) {
    (void)state;
    net n = make_net();
    gt_exec *e = ready(n.g, &(gt_exec_options){.slices = 4, .no_fusion = 1});
    int last_product = 0, early = 0;
    for (int k = 0; k < e->n_steps; k++)
        if (strcmp(e->steps[k].node->op->name, "conv_gradient") == 0) last_product = k;
    early = e->steps[last_product].done;
    assert_true(early >= NET_PARAMS - 2); /* the first layer's weight and bias come last */
    done(n.g, e);
}

/* Weights that many runs share are held; for one run, or where their readers are much more work, they wait for their
 * reader. */
static void test_sinking(void **state) {
    (void)state;
    for (int runs = 0; runs <= 2; runs++)
        for (int64_t rows = 2; rows <= 1 << 12; rows *= 1 << 11) {
            gt_graph *g = gt_graph_new("sink", asked_kernels());
            gt_node *w = gt_scale(g, gt_param(g, "w", S(64, 64), 0, 0), 0.5f), *x = gt_input(g, "x", S(rows, 64));
            gt_output(g, "y", gt_matmul(g, gt_tanh_op(g, x), w));
            gt_exec *e = ready(g, &(gt_exec_options){.runs = runs});
            assert_int_equal(e->n_hoisted > 0, runs == 0 || (runs == 2 && rows == 2));
            check_places(e);
            done(g, e);
        }
}

/* A matrix that is packed ahead for many runs is packed a piece at a time by its reader where it would be packed for
 * one. */
static void test_packing_vanishes(void **state) {
    (void)state;
    enum { M = 5, N = 80, K = 300 };
    float w[N * K], y[3][M * N];
    for (int i = 0; i < N * K; i++) w[i] = (float)(i * 7 % 64) / 64 - 0.3f;
    for (int runs = 0; runs <= 2; runs++) {
        gt_graph *g = gt_graph_new("packing", asked_kernels());
        gt_node *b = gt_param(g, "w", S(N, K), 0, 0), *x = gt_input(g, "x", S(M, K));
        gt_output(g, "y", gt_matmul(g, x, b, .transpose_b = true));
        gt_exec *e = ready(g, &(gt_exec_options){.runs = runs});
        assert_int_equal(steps_of(e, "matmul_pack"), runs != 1);
        assert_int_equal(e->steps[e->n_steps - 1].node->n_in, runs == 1 ? 2 : 3);
        check_places(e);
        gt_exec_bind(e, 0, w);
        for (int i = 0; i < M * K; i++) gt_exec_input(e, "x")[i] = (float)(i * 5 % 32) / 32 - 0.4f;
        run(e, NULL);
        memcpy(y[runs], gt_exec_output(e, "y"), sizeof y[runs]);
        assert_memory_equal(y[runs], y[0], sizeof y[0]);
        done(g, e);
    }
}

/* Where maxima are is found when the picture is pooled, and the picture is not held: no bit changes. */
static void test_places(void **state) {
    (void)state;
    static const gt_max_pool_attr windows[] = {{.size = 2},
                                               {.size = 2, .ceil = 1},
                                               {.size = 3, .stride = 2, .pad = 1},
                                               {.size = 3, .stride = 1, .pad = 1},
                                               {.size = 1, .width = 3, .stride_x = 2, .pad_x = 1}};
    enum { WINDOWS = sizeof windows / sizeof *windows };
    for (int k = 0; k < 3 * WINDOWS; k++) {
        int channels = 1 << k / WINDOWS * 3 /* 1, 8, 64 */, n = 2 * 7 * 6 * channels;
        gt_graph *g = gt_graph_new("places", asked_kernels());
        gt_node *x = gt_input(g, "x", S(2, 7, 6, channels)), *dx;
        gt_node *sums = gt_upfirdn(g, x, (gt_filter){0, 2, (const float[]){1, 1}},
                                   (gt_upfirdn_attr){.pad_x0 = 1, .pad_y0 = 1});
        gt_node *y = gt_max_pool_with(g, sums, windows[k % WINDOWS]), *squares = gt_mul(g, y, y);
        assert_int_equal(gt_grad(g, 1, &squares, NULL, 1, &x, &dx), GT_OK);
        gt_output(g, "dx", dx);
        gt_exec *e = ready(g, NULL), *plain = ready(g, &(gt_exec_options){.no_fusion = 1}), *both[] = {e, plain};
        assert_int_equal(steps_of(e, "max_pool_place"), 1);
        assert_int_equal(steps_of(e, "max_pool_put"), 1);
        assert_int_equal(steps_of(e, "max_pool_spread") + steps_of(plain, "max_pool_place"), 0);
        check_places(e);
        for (int i = 0; i < 2; i++) {
            float *to = gt_exec_input(both[i], "x");
            fill(to, n, 0);
            for (int p = 0; p < n; p += 3) to[p] = to[0]; /* ties */
            to[n / 2] = NAN;
            run(both[i], NULL);
        }
        assert_memory_equal(gt_exec_output(e, "dx"), gt_exec_output(plain, "dx"), (size_t)n * sizeof(float));
        gt_exec_free(plain);
        done(g, e);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_common_and_dead),  cmocka_unit_test(test_algebra),
        cmocka_unit_test(test_fusion),           cmocka_unit_test(test_long_fusion),
        cmocka_unit_test(test_hoisting),         cmocka_unit_test(test_order_saves_memory),
        cmocka_unit_test(test_memory_plan),      cmocka_unit_test(test_sums_of_slices_come_early),
        cmocka_unit_test(test_sinking),          cmocka_unit_test(test_pools),
        cmocka_unit_test(test_packing_vanishes), cmocka_unit_test(test_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
