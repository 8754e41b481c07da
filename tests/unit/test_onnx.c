/* SPDX-License-Identifier: Apache-2.0
 * ONNX files: fields of protocol buffers byte by byte; what is refused. What networks become is checked by
 * tests/e2e/onnx.sh, and so is the model of all element-wise ops that elementwise_ops() writes. */
#include <stdlib.h>
#include <unistd.h>

#include "expect.h"
#include "graph/door/ops.h"
#include "base/door/random.h"
#include "graph/door/elementwise.h"
#include "features/onnx/file.h"
#include "features/onnx/onnx.h"

static void expect_bytes(gt_buffer *b, const char *bytes, size_t n) {
    assert_int_equal(b->n, n);
    assert_memory_equal(b->data, bytes, n);
    gt_buffer_free(b);
}

static void fields(void **state) {
    (void)state;
    gt_buffer b = {0}, inner = {0};
    gt_proto_number(&b, 1, 150);
    expect_bytes(&b, "\x08\x96\x01", 3);
    b = (gt_buffer){0};
    gt_proto_number(&b, 20, -1);
    expect_bytes(&b, "\xa0\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12);
    b = (gt_buffer){0};
    gt_proto_text(&b, 2, "testing");
    expect_bytes(&b, "\x12\x07testing", 9);
    b = (gt_buffer){0};
    gt_proto_float(&b, 2, 1);
    expect_bytes(&b, "\x15\0\0\x80\x3f", 5);
    b = (gt_buffer){0};
    gt_proto_number(&inner, 1, 150);
    gt_proto_message(&b, 3, &inner);
    expect_bytes(&b, "\x1a\x03\x08\x96\x01", 5);
}

/* Sizes alone are looked at before the numbers are. */
static void too_large(void **state) {
    (void)state;
    gt_arena *a = gt_arena_new();
    gt_onnx *m = gt_onnx_new(a, "large");
    gt_onnx_value *x = gt_onnx_floats(m, "weights", &(gt_onnx_dims){2, {1 << 15, 1 << 14}, {0}}, NULL);
    assert_non_null(x);
    assert_int_equal(gt_onnx_write(m, "large.onnx"), GT_USAGE);
    assert_message("2 GiB");
    assert_int_equal(access("large.onnx", F_OK), -1);
    gt_arena_free(a);
}

typedef gt_node *body(gt_graph *g, gt_node *x);

static gt_node *by_random_numbers(gt_graph *g, gt_node *x) {
    return gt_add(g, x, gt_random_normal_op(g, "noise", *gt_node_shape(x)));
}
static gt_node *across_samples(gt_graph *g, gt_node *x) { return gt_slice(g, x, 0, 0, gt_dim(x, 0) / 2); }
static gt_node *by_their_number(gt_graph *g, gt_node *x) { return gt_scale(g, x, 1 / (float)gt_dim(x, 0)); }
static gt_node *of_other_images(gt_graph *g, gt_node *x) {
    gt_node *w = gt_reshape(g, gt_sum(g, x, GT_AXIS(0) | GT_AXIS(1)), GT_SHAPE(1, 1, 3, 4));
    return gt_conv(g, x, w, (gt_conv_attr){0});
}

static gt_graph *build(void *arg, int n) {
    gt_graph *g = gt_graph_new("odd", NULL);
    gt_output(g, "y", (*(body **)arg)(g, gt_input(g, "x", GT_SHAPE(n, 4, 4, 3))));
    return g;
}

static void untranslatable(void **state) {
    (void)state;
    static const struct {
        body *body;
        const char *message;
    } cases[] = {{by_random_numbers, "random_normal"},
                 {across_samples, "depend on the number of samples"},
                 {by_their_number, "depend on the number of samples"},
                 {of_other_images, "weights that depend on an input"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        body *b = cases[i].body;
        const gt_onnx_source s = {.build = build, .arg = &b, .outputs = (const char *const[]){"y", NULL}};
        assert_int_equal(gt_onnx_export(&s, "odd.onnx"), GT_USAGE);
        assert_message(cases[i].message);
        assert_int_equal(access("odd.onnx", F_OK), -1);
    }
}

/* ---- element-wise ops, and products ---- */

enum { SAMPLES = 3, NUMBERS = 10 };

/* Of numbers of both signs, or of positive ones. */
static bool needs_positive(const char *op) { return strstr("sqrt rsqrt log", op) != NULL; }

/* Of a matrix for each sample, each way of transposing one. */
static gt_node *products(gt_graph *g, gt_node *x) {
    gt_node *a = gt_reshape(g, x, GT_SHAPE(gt_dim(x, 0), NUMBERS / 2, 2));
    gt_node *square = gt_matmul(g, a, gt_abs(g, a), .transpose_a = true);
    return gt_reshape(g, gt_matmul(g, a, square, .transpose_b = true), *gt_node_shape(x));
}

static gt_graph *build_elementwise(void *arg, int n) {
    const char **names = arg;
    gt_graph *g = gt_graph_new("elementwise", NULL);
    gt_node *x = gt_input(g, "x", GT_SHAPE(n, NUMBERS)), *positive = gt_shift(g, gt_abs(g, x), 0.25f);
    int made = 0;
    for (int code = 0; code < GT_MAP_CODES; code++) {
        const gt_op *op = &gt_op_elementwise[code];
        const gt_map_attr attr = {.c = {0.75f, 1.5f, 1.25f}};
        if (code == GT_MAP_broadcast || code == GT_MAP_ramp_gate) continue; /* no op of a network in use */
        gt_node *in[] = {needs_positive(op->name) ? positive : x, positive, gt_scale(g, x, 0.5f)};
        gt_output(g, op->name, gt_node_new(g, op, op->min_in, in, &attr, sizeof attr));
        names[made++] = op->name;
    }
    gt_output(g, names[made++] = "products", products(g, x));
    names[made] = NULL;
    return g;
}

static void write_floats(const char *folder, const char *name, const float *x) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(x, sizeof *x, SAMPLES * NUMBERS, f), SAMPLES * NUMBERS);
    assert_int_equal(fclose(f), 0);
}

/* Writes ops.onnx, the input x and what the program computes from it to the folder $ONNX_OPS: onnx.sh compares. */
static void elementwise_ops(void **state) {
    (void)state;
    const char *names[GT_MAP_CODES + 1], *folder = getenv("ONNX_OPS");
    gt_graph *g = build_elementwise(names, SAMPLES);
    gt_exec *e = gt_exec_new(g, NULL);
    assert_non_null(e);
    float *x = gt_exec_input(e, "x");
    gt_random_normal((gt_key){1, 2, 3, 4}, x, SAMPLES * NUMBERS);
    if (folder) write_floats(folder, "x", x);
    assert_int_equal(gt_exec_run(e, NULL), GT_OK);
    for (int i = 0; folder && names[i]; i++) write_floats(folder, names[i], gt_exec_output(e, names[i]));
    char path[4096];
    snprintf(path, sizeof path, "%s/ops.onnx", folder ? folder : ".");
    const gt_onnx_source s = {.build = build_elementwise, .arg = names, .outputs = names};
    if (gt_onnx_export(&s, path)) fail_msg("%s", gt_message());
    if (!folder) unlink(path);
    gt_exec_free(e);
    gt_graph_free(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields),
        cmocka_unit_test(too_large),
        cmocka_unit_test(untranslatable),
        cmocka_unit_test(elementwise_ops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
