/* SPDX-License-Identifier: Apache-2.0
 * Layers of networks that are written once: derivatives of normalisation, pooling and dropout, rules of initial
 * values by layer, networks without their normalisation. Values beside PyTorch's: tests/golden/alone.h5. */
#include "../check_op.h"
#include "networks/nets/door/forward.h"

/* ---- derivatives ---- */

enum { CHANNELS = 6, ROOM = 64 };

/* The network of a normalisation layer: as many groups as `arg` says; 0: batch normalisation. */
static gt_node *norm_pass(gt_forward *f, gt_node *x, const void *arg) {
    f->groups = *(const int *)arg;
    return gt_forward_norm(f, "norm", x);
}

static gt_net *checked;
static int checked_groups;

static gt_node *normalised(gt_graph *g, gt_node *const *x) {
    gt_forward f = {.graph = g, .bound = {g, checked, 0}, .training = true, .groups = checked_groups};
    return gt_forward_norm(&f, "norm", x[0]);
}

static void norm_is_differentiable_twice(void **state) {
    (void)state;
    static const int groups[] = {0, 1, 3, 6, 4}; /* 4: 3 divides the channels */
    for (size_t i = 0; i < 2 * sizeof groups / sizeof *groups; i++) {
        float block[ROOM];
        if (i % 2 && groups[i / 2] > 1) continue; /* groups of one or two values: all is a kink */
        checked_groups = groups[i / 2];
        checked = gt_forward_declare("N", norm_pass, &checked_groups, 2, 4, CHANNELS);
        assert_non_null(checked);
        assert_true(checked->block_floats <= ROOM);
        for (int k = 0; k < ROOM; k++) block[k] = 0.7f + 0.1f * (float)(k % 5);
        const check_case c = {"norm", normalised,   1, {i % 2 ? GT_SHAPE(7, CHANNELS) : GT_SHAPE(3, 2, 4, CHANNELS)},
                              0,      CHECK_RELAXED};
        check_graph k = check_build(&c, NULL);
        gt_exec_bind(k.e, 0, block);
        check_values p = check_point(&k);
        gt_exec_prepare(k.e, &(gt_exec_env){0});
        for (uint32_t way = 0; way < CHECK_DIRECTIONS; way++) check_direction_both(&k, &p, way);
        check_values_free(&p);
        check_end(&k);
        gt_net_free(checked);
    }
}

static gt_node *average(gt_graph *g, gt_node *const *x) {
    gt_forward f = {.graph = g};
    return gt_forward_average_pool(&f, x[0], (gt_max_pool_attr){.size = 3, .stride = 2, .pad = 1}, true);
}
static gt_node *average_inside(gt_graph *g, gt_node *const *x) {
    gt_forward f = {.graph = g};
    return gt_forward_average_pool(&f, x[0], (gt_max_pool_attr){.size = 3, .stride = 1, .pad = 1}, false);
}
static gt_node *average_wide(gt_graph *g, gt_node *const *x) {
    gt_forward f = {.graph = g};
    gt_max_pool_attr window = {.size = 2, .stride = 1, .width = 3, .stride_x = 2, .pad_x = 1};
    return gt_forward_average_pool(&f, x[0], window, true);
}
static gt_node *adaptive(gt_graph *g, gt_node *const *x) {
    gt_forward f = {.graph = g};
    return gt_forward_adaptive_pool(&f, x[0], 4);
}
static gt_node *mean(gt_graph *g, gt_node *const *x) {
    gt_forward f = {.graph = g};
    return gt_forward_mean(&f, x[0]);
}
static gt_node *dropped(gt_graph *g, gt_node *const *x) {
    gt_forward f = {.graph = g, .training = true};
    return gt_forward_dropout(&f, "drop", x[0], 0.4f);
}

static void linear_layers_have_their_adjoints(void **state) {
    (void)state;
    static const check_case cases[] = {
        {"average pool", average, 1, {{4, {2, 7, 5, 3}}}, 0, CHECK_LINEAR},
        {"average pool inside", average_inside, 1, {{4, {2, 5, 6, 3}}}, 0, CHECK_LINEAR},
        {"average pool wide", average_wide, 1, {{4, {2, 5, 6, 3}}}, 0, CHECK_LINEAR},
        {"adaptive pool", adaptive, 1, {{4, {2, 7, 10, 3}}}, 0, CHECK_LINEAR},
        {"adaptive pool of fewer", adaptive, 1, {{4, {1, 3, 2, 2}}}, 0, CHECK_LINEAR},
        {"mean", mean, 1, {{4, {2, 3, 4, 5}}}, 0, CHECK_LINEAR},
        {"dropout", dropped, 1, {{2, {5, 40}}}, 0, CHECK_LINEAR},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check_op(&cases[i]);
}

/* ---- initial values ---- */

static gt_node *three_layers(gt_forward *f, gt_node *x, const void *arg) {
    f->inits = arg;
    f->init = (gt_init){.rule = GT_INIT_HE};
    x = gt_forward_conv(f, "conv1", x, (gt_forward_conv_shape){.out = 4, .size = 3});
    x = gt_forward_linear(f, "fc1", x, 20);
    return gt_forward_linear(f, "fc2", x, 10);
}

static gt_net *with(const gt_inits *inits) { return gt_forward_declare("C", three_layers, inits, 8, 8, 2); }

static void layers_begin_by_their_rules(void **state) {
    (void)state;
    const gt_inits inits = {
        3, {{"fc*", {GT_INIT_NORMAL, 0.25f}}, {"fc2", {GT_INIT_XAVIER, 0}}, {"c?nv1", {GT_INIT_HE_OUT, 0}}}};
    gt_net *own = with(NULL), *net = with(&inits);
    assert_non_null(own);
    assert_non_null(net);
    const struct {
        const char *name;
        double own, rule;
    } wanted[] = {{"conv1.weight", sqrt(2.0 / 18), sqrt(2.0 / 36)},
                  {"fc1.weight", sqrt(2.0 / 144), 0.25},
                  {"fc2.weight", sqrt(2.0 / 20), sqrt(1.0 / 20)}};
    float *block = calloc(net->block_floats, sizeof *block);
    gt_net_init(net, block, 1);
    for (int i = 0; i < 3; i++) {
        const gt_tensor *t = gt_net_find(net, wanted[i].name);
        assert_float_equal(gt_net_find(own, wanted[i].name)->init_std, wanted[i].own, 1e-6);
        assert_float_equal(t->init_std, wanted[i].rule, 1e-6);
        double square = 0;
        for (size_t k = 0; k < t->size; k++) square += pow((double)block[t->offset + k], 2) / (double)t->size;
        assert_true(fabs(sqrt(square) / wanted[i].rule - 1) < 4 / sqrt(2 * (double)t->size)); /* four deviations */
    }
    free(block);
    gt_net_free(own);
    gt_net_free(net);
}

static void rules_of_no_layer_are_faults(void **state) {
    (void)state;
    const gt_inits inits = {2, {{"fc1", {GT_INIT_HE, 0}}, {"fc3", {GT_INIT_HE, 0}}}};
    assert_null(with(&inits));
    assert_non_null(strstr(gt_message(), "no layer is called 'fc3'; the layers with weights are: conv1, fc1, fc2"));
}

static gt_node *one_norm(gt_forward *f, gt_node *x, const void *arg) {
    (void)arg;
    f->without_norm = true;
    return gt_forward_norm(f, "bn1", x);
}

static void networks_need_their_normalisation(void **state) {
    (void)state;
    assert_null(gt_forward_declare("C", one_norm, NULL, 8, 8, 2));
    assert_non_null(strstr(gt_message(), "this network needs its layer 'bn1'"));
}

/* ---- dropout ---- */

/* What is kept is as much larger as there is less of it: the mean stays. */
static void dropout_keeps_the_mean(void **state) {
    (void)state;
    static const float x[] = {1, -2, 3, -4, 5}, u[] = {0.1f, 0.2f, 0.25f, 0.5f, 0.99f};
    enum { N = sizeof x / sizeof *x };
    const float p = 0.25f;
    gt_graph *g = gt_graph_new("dropout", NULL);
    assert_non_null(g);
    gt_output(g, "y", gt_drop(g, gt_input(g, "x", GT_SHAPE(1, N)), gt_input(g, "u", GT_SHAPE(1, N)), p));
    gt_exec *e = gt_exec_new(g, &(gt_exec_options){0});
    assert_non_null(e);
    memcpy(gt_exec_input(e, "x"), x, sizeof x);
    memcpy(gt_exec_input(e, "u"), u, sizeof u);
    assert_int_equal(gt_exec_prepare(e, &(gt_exec_env){0}), GT_OK);
    assert_int_equal(gt_exec_run(e, &(gt_exec_env){0}), GT_OK);
    for (int i = 0; i < N; i++) {
        float kept = u[i] < p ? 0 : x[i] / (1 - p);
        assert_true(fabsf(gt_exec_output(e, "y")[i] - kept) <= 1e-6f * fabsf(kept));
    }
    gt_exec_free(e);
    gt_graph_free(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(norm_is_differentiable_twice),      cmocka_unit_test(linear_layers_have_their_adjoints),
        cmocka_unit_test(layers_begin_by_their_rules),       cmocka_unit_test(rules_of_no_layer_are_faults),
        cmocka_unit_test(networks_need_their_normalisation), cmocka_unit_test(dropout_keeps_the_mean)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
