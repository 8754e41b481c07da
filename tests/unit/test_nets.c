/* SPDX-License-Identifier: Apache-2.0
 * A network's table of tensors: layout of the block, file order, initial values, leaves. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernels.h"
#include "networks/nets/door/nets.h"

static gt_net *small(void) {
    static const float filter[] = {0.25f, 0.75f, 0.5f};
    gt_net *n = gt_net_new("N");
    assert_int_equal(
        gt_net_declare(n, &(gt_tensor){.name = "conv.filter", .file_shape = GT_SHAPE(3), .init_values = filter}),
        GT_OK);
    assert_int_equal(gt_net_declare(n, &(gt_tensor){.name = "conv.weight",
                                                    .file_shape = GT_SHAPE(5, 4, 3, 2),
                                                    .layout = GT_LAYOUT_OIHW,
                                                    .trainable = true,
                                                    .init_std = 2}),
                     GT_OK);
    assert_int_equal(
        gt_net_declare(n,
                       &(gt_tensor){.name = "conv.bias", .file_shape = GT_SHAPE(5), .trainable = true, .init_mean = 1}),
        GT_OK);
    assert_int_equal(gt_net_declare(n, &(gt_tensor){.name = "const",
                                                    .file_shape = GT_SHAPE(3, 4, 5),
                                                    .layout = GT_LAYOUT_CHW,
                                                    .trainable = true,
                                                    .init_std = 1}),
                     GT_OK);
    assert_int_equal(gt_net_declare(n, &(gt_tensor){.name = "strength", .file_shape = GT_SCALAR, .trainable = true}),
                     GT_OK);
    assert_int_equal(gt_net_seal(n), GT_OK);
    return n;
}

static void trainable_tensors_come_first_and_aligned(void **state) {
    (void)state;
    gt_net *n = small();
    assert_int_equal(n->n_tensors, 5);
    for (int i = 0; i < n->n_tensors; i++) {
        const gt_tensor *t = &n->tensors[i];
        assert_int_equal(t->offset % 16, 0);
        assert_int_equal(t->trainable, t->offset + t->size <= n->trainable_floats);
        assert_true(t->offset + t->size <= n->block_floats);
        for (int k = 0; k < i; k++) {
            const gt_tensor *u = &n->tensors[k];
            assert_true(u->offset + u->size <= t->offset || t->offset + t->size <= u->offset);
        }
    }
    assert_string_equal(n->tensors[0].name, "conv.filter"); /* order of declaration stays */
    assert_ptr_equal(gt_net_find(n, "const"), &n->tensors[3]);
    assert_null(gt_net_find(n, "nonesuch"));
    gt_net_free(n);
}

static void layouts_move_every_element(void **state) {
    (void)state;
    gt_net *n = small();
    float file[120], memory[120], back[120];
    for (int i = 0; i < 120; i++) file[i] = (float)i;

    const gt_tensor *w = gt_net_find(n, "conv.weight");
    assert_true(gt_shape_equal(&w->shape, &GT_SHAPE(3, 2, 4, 5)));
    gt_tensor_from_file(w, file, memory);
    for (int o = 0; o < 5; o++)
        for (int i = 0; i < 4; i++)
            for (int y = 0; y < 3; y++)
                for (int x = 0; x < 2; x++)
                    assert_true(memory[((y * 2 + x) * 4 + i) * 5 + o] == file[((o * 4 + i) * 3 + y) * 2 + x]);
    gt_tensor_to_file(w, memory, back);
    assert_memory_equal(file, back, w->size * sizeof(float));

    const gt_tensor *c = gt_net_find(n, "const");
    assert_true(gt_shape_equal(&c->shape, &GT_SHAPE(4, 5, 3)));
    gt_tensor_from_file(c, file, memory);
    for (int k = 0; k < 3; k++)
        for (int y = 0; y < 4; y++)
            for (int x = 0; x < 5; x++) assert_true(memory[(y * 5 + x) * 3 + k] == file[(k * 4 + y) * 5 + x]);
    gt_tensor_to_file(c, memory, back);
    assert_memory_equal(file, back, c->size * sizeof(float));
    gt_net_free(n);
}

static void initial_values_depend_on_name_and_seed_alone(void **state) {
    (void)state;
    gt_net *n = small();
    size_t bytes = n->block_floats * sizeof(float);
    float *a = malloc(bytes), *b = malloc(bytes);
    memset(a, 0x7f, bytes);
    memset(b, 0x3c, bytes);
    gt_net_init(n, a, 7);
    gt_net_init(n, b, 7);
    assert_memory_equal(a, b, bytes); /* padding too */
    gt_net_init(n, b, 8);
    const gt_tensor *w = gt_net_find(n, "conv.weight"), *bias = gt_net_find(n, "conv.bias"),
                    *filter = gt_net_find(n, "conv.filter");
    assert_memory_not_equal(a + w->offset, b + w->offset, w->size * sizeof(float));
    assert_true(a[bias->offset] == 1 && a[bias->offset + 4] == 1 && a[bias->offset + 5] == 0);
    assert_true(a[filter->offset + 1] == 0.75f);
    double squares = 0;
    for (size_t i = 0; i < w->size; i++) squares += (double)a[w->offset + i] * a[w->offset + i];
    assert_true(fabs(sqrt(squares / (double)w->size) - 2) < 0.6); /* 120 numbers of deviation 2: 4 standard errors */
    free(a);
    free(b);
    gt_net_free(n);
}

static void faults_are_named(void **state) {
    (void)state;
    gt_net *n = gt_net_new("N");
    gt_tensor t = {.name = "a", .file_shape = GT_SHAPE(2), .trainable = true};
    assert_int_equal(gt_net_declare(n, &t), GT_OK);
    assert_int_equal(gt_net_declare(n, &t), GT_USAGE);
    assert_non_null(strstr(gt_message(), "'a'"));
    assert_int_equal(gt_net_declare(n, &(gt_tensor){.name = "b", .file_shape = GT_SHAPE(2), .layout = GT_LAYOUT_OIHW}),
                     GT_USAGE);
    assert_int_equal(gt_net_declare(n, &(gt_tensor){.name = "b", .file_shape = GT_SHAPE(0)}), GT_USAGE);
    assert_int_equal(gt_net_declare(n, &(gt_tensor){.name = "b", .file_shape = GT_SHAPE(INT64_MAX, 4)}), GT_USAGE);
    assert_int_equal(gt_net_seal(n), GT_OK);
    assert_int_equal(gt_net_declare(n, &(gt_tensor){.name = "late", .file_shape = GT_SHAPE(1)}), GT_USAGE);
    gt_net_free(n);
}

static void leaves_are_the_tensors(void **state) {
    (void)state;
    gt_net *n = small();
    gt_graph *g = gt_graph_new("test", asked_kernels());
    gt_node *w = gt_net_leaf(g, n, 2, "conv.weight");
    assert_true(gt_shape_equal(gt_node_shape(w), &GT_SHAPE(3, 2, 4, 5)));
    assert_string_equal(gt_node_name(w), "N.conv.weight");
    assert_ptr_equal(w, gt_net_leaf(g, n, 2, "conv.weight"));
    assert_int_equal(gt_graph_status(g), GT_OK);
    assert_null(gt_net_leaf(g, n, 2, "nonesuch"));
    assert_int_not_equal(gt_graph_status(g), GT_OK);
    assert_non_null(strstr(gt_message(), "nonesuch"));
    gt_graph_free(g);
    gt_net_free(n);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trainable_tensors_come_first_and_aligned),
        cmocka_unit_test(layouts_move_every_element),
        cmocka_unit_test(initial_values_depend_on_name_and_seed_alone),
        cmocka_unit_test(faults_are_named),
        cmocka_unit_test(leaves_are_the_tensors),
    };
    return cmocka_run_group_tests_name("nets", tests, NULL, NULL);
}
