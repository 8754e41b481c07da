/* SPDX-License-Identifier: Apache-2.0
 * Products that convolutions compute as they read them: the same bits as with products in memory, in all directions, by
 * all kernels. */
#include "kernels.h"
#include "graph_check.h"
#include "graph_net.h"

#include <stdio.h>

#include "base/door/random.h"
#include "graph/door/nodes.h"
#include "kernels/door/conv.h"
#include "kernels/winograd_tiling.h"

/* A modulated convolution, forward or (up) the adjoint: images [n,h,w,c] to o channels. */
typedef struct layer {
    const char *name;
    bool up, given; /* weights: an input instead of a parameter */
    int64_t n, h, w, c, o;
    int kernel, stride, pad;
} layer;

static const layer layers[] = {
    {"3x3", false, false, 3, 7, 9, 20, 37, 3, 1, 1},
    {"3x3, weights given", false, true, 2, 8, 5, 16, 19, 3, 1, 1},
    {"3x3, no padding", false, false, 2, 9, 6, 33, 16, 3, 1, 0},
    {"3x3, wide padding", false, false, 2, 5, 5, 16, 16, 3, 1, 2},
    {"3x3, more channels than a block", false, false, 2, 4, 4, 530, 24, 3, 1, 1},
    {"3x3, down", false, false, 3, 11, 9, 21, 32, 3, 2, 0},
    {"3x3, down, padding", false, false, 2, 9, 9, 32, 16, 3, 2, 1},
    {"4x4, down", false, false, 2, 10, 8, 18, 35, 4, 2, 1},
    {"3x3, up", true, false, 3, 5, 7, 20, 37, 3, 2, 0},
    {"3x3, up, weights given", true, true, 2, 4, 4, 32, 16, 3, 2, 0},
    {"3x3, adjoint", true, false, 2, 6, 7, 17, 24, 3, 1, 1},
    {"4x4, up", true, false, 2, 5, 4, 18, 35, 4, 2, 1},
};
enum { LAYERS = sizeof layers / sizeof *layers, OUTPUTS = 6 };

/* Its result, the derivatives of that times dy, and those of a penalty on the first of these. */
static gt_graph *graph_of(const layer *l, bool penalty, const gt_kernel_set *kernels) {
    gt_graph *g = gt_graph_new(l->name, kernels);
    gt_shape of_w = l->up ? S(l->kernel, l->kernel, l->o, l->c) : S(l->kernel, l->kernel, l->c, l->o);
    gt_node *x = gt_input(g, "x", S(l->n, l->h, l->w, l->c)), *styles = gt_input(g, "s", S(l->n, l->c)),
            *d = gt_input(g, "d", S(l->n, 1, 1, l->o));
    gt_node *w = l->given ? gt_input(g, "w", of_w) : gt_param(g, "w", of_w, 0, 0);
    gt_node *y = gt_mul(g, x, gt_reshape(g, styles, S(l->n, 1, 1, l->c)));
    gt_conv_attr attr = {
        .stride = l->stride, .pad_top = l->pad, .pad_left = l->pad, .pad_bottom = l->pad, .pad_right = l->pad};
    int64_t larger = l->kernel - 2 * l->pad;
    if (l->up) y = gt_conv_input_grad(g, y, w, (l->h - 1) * l->stride + larger, (l->w - 1) * l->stride + larger, attr);
    else y = gt_conv(g, y, w, attr);
    y = gt_mul(g, d, y);
    gt_node *dy = gt_input(g, "dy", *gt_node_shape(y)), *wrt[] = {x, styles, w, d}, *first[4], *second[3];
    gt_output(g, "y", y);
    gt_grad(g, 1, &y, &dy, 4, wrt, first);
    gt_output(g, "dx", first[0]);
    gt_output(g, "ds", first[1]);
    gt_output_to(g, "dw", first[2], 1, 0);
    if (penalty) {
        gt_node *loss = gt_sum(g, gt_square(g, first[0]), GT_ALL_AXES);
        gt_grad(g, 1, &loss, NULL, 3, &wrt[1], second);
        gt_output(g, "dds", second[0]);
        gt_output_to(g, "ddw", second[1], 1, (size_t)gt_shape_size(&of_w));
        gt_output(g, "ddd", second[2]);
    }
    return g;
}

/* Both signs, and zeros of both signs. */
static void numbers(gt_exec *e, const char *name, int slice, size_t floats) {
    float *x = gt_exec_input(e, name);
    if (!x) return;
    gt_random_normal((gt_key){.seed = 3, .stream = gt_stream(name), .step = (uint32_t)slice}, x, floats);
    for (size_t i = 5; i < floats; i += 7) x[i] = i % 2 ? 0.0f : -0.0f;
}

typedef struct values {
    float *at[OUTPUTS + 1]; /* the last: slot 1 */
    size_t bytes[OUTPUTS + 1];
} values;

static const char *const outputs[OUTPUTS] = {"y", "dx", "ds", "dds", "ddd", "w"};

static values values_of(gt_exec *e, const layer *l, int slices) {
    size_t weights = (size_t)(l->kernel * l->kernel * l->c * l->o);
    float *w = malloc(weights * sizeof *w);
    values v = {.bytes[OUTPUTS] = 2 * weights * sizeof(float)};
    v.at[OUTPUTS] = calloc(2 * weights, sizeof(float));
    assert_true(w && v.at[OUTPUTS]);
    gt_random_normal((gt_key){.seed = 4}, w, weights);
    gt_exec_bind(e, 0, w);
    gt_exec_bind(e, 1, v.at[OUTPUTS]);
    for (int k = 0; k < slices; k++) {
        gt_exec_at(e, k);
        numbers(e, "x", k, (size_t)(l->n * l->h * l->w * l->c));
        numbers(e, "s", k, (size_t)(l->n * l->c));
        numbers(e, "d", k, (size_t)(l->n * l->o));
        numbers(e, "dy", k, gt_exec_output_size(e, "y"));
        numbers(e, "w", k, weights);
    }
    run(e, NULL);
    gt_exec_at(e, 0);
    for (int i = 0; i < OUTPUTS; i++) {
        v.bytes[i] = gt_exec_output_size(e, outputs[i]) * sizeof(float) * (size_t)slices;
        v.at[i] = malloc(v.bytes[i] + 1);
        assert_non_null(v.at[i]);
        if (v.bytes[i]) memcpy(v.at[i], gt_exec_output(e, outputs[i]), v.bytes[i]);
    }
    free(w);
    return v;
}

static void values_free(values *v) {
    for (int i = 0; i <= OUTPUTS; i++) free(v->at[i]);
}

/* Images that convolutions multiply as they read them. */
static int scales_in(const gt_exec *e) {
    int n = 0;
    for (int k = 0; k < e->n_steps; k++) {
        const gt_node *node = e->steps[k].node;
        if (strncmp(node->op->name, "conv", 4) != 0 || !strcmp(node->op->name, "conv_pack")) continue;
        for (const char *at = node->op->kernel(node); (at = strstr(at, "mul")); at++) n++;
    }
    return n;
}

static void compare(const layer *l, int slices, bool penalty, gt_pool *pool, const gt_kernel_set *kernels) {
    gt_graph *g = graph_of(l, penalty, kernels);
    gt_exec *e = ready(g, &(gt_exec_options){.slices = slices, .pool = pool}),
            *plain = ready(g, &(gt_exec_options){.slices = slices, .no_fusion = 1});
    check_places(e);
    bool winograd = kernels->conv == GT_CONV_ALL_WINOGRAD;
    /* forward, input gradient; weight gradient: one node for all slices */
    int each = winograd && l->given ? slices : 1, scales = winograd ? 2 * each + 2 : 0;
    if (kernels->conv != GT_CONV_AUTO && !penalty) assert_int_equal(scales_in(e), scales);
    if (winograd && penalty) assert_true(scales_in(e) > scales);
    assert_int_equal(scales_in(plain), 0);
    values a = values_of(e, l, slices), b = values_of(plain, l, slices);
    for (int i = 0; i <= OUTPUTS; i++) {
        assert_int_equal(a.bytes[i], b.bytes[i]);
        if (memcmp(a.at[i], b.at[i], a.bytes[i]))
            fail_msg("%s, %s, %d slices: %s differs", l->name, kernels->id, slices,
                     i < OUTPUTS ? outputs[i] : "a gradient of weights");
    }
    values_free(&a);
    values_free(&b);
    gt_exec_free(plain);
    done(g, e);
}

static void test_same_bits(void **state) {
    (void)state;
    gt_pool *pool = gt_pool_new(3);
    for (int isa = 0; isa < GT_ISA_COUNT; isa++) {
        if (!gt_isa_available((gt_isa)isa)) continue;
        for (int m = 0; m < 3; m++) {
            const gt_kernel_set *kernels = kernels_of((gt_isa)isa, gt_conv_modes[m]);
            for (int i = 0; i < LAYERS; i++) {
                compare(&layers[i], 1, true, NULL, kernels);
                compare(&layers[i], 1 + i % 3, false, i % 2 ? pool : NULL, kernels);
            }
            compare(&layers[0], 3, true, pool, kernels);
        }
    }
    gt_pool_free(pool);
}

/* A product stays if it must be there anyhow: for another kernel, another op, as a result; or if it is none of images
 * and scales. */
static void test_products_that_stay(void **state) {
    (void)state;
    gt_conv_attr same = {.pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1};
    for (int why = 0; why < 5; why++) {
        gt_graph *g = gt_graph_new("stays", asked_kernels());
        gt_node *x = gt_input(g, "x", S(2, 16, 16, 32)),
                *s = gt_input(g, "s", why == 4 ? S(1, 1, 1, 32) : S(2, 1, 1, 32));
        gt_node *w = gt_input(g, "w", S(3, 3, 32, 32)), *w1 = gt_input(g, "w1", S(1, 1, 32, 3)), *y = gt_mul(g, x, s);
        gt_output(g, "y", gt_conv(g, y, w, same));
        if (why == 1) gt_output(g, "rgb", gt_conv(g, y, w1, (gt_conv_attr){0}));
        if (why == 2) gt_output(g, "sum", gt_sum(g, y, GT_ALL_AXES));
        if (why == 3) gt_output(g, "product", y);
        gt_exec *e = ready(g, NULL);
        assert_int_equal(scales_in(e), why == 0);
        assert_int_equal(steps_of(e, "mul"), why != 0);
        done(g, e);
    }
}

/* The product's memory is saved where its images are there anyhow. */
static void test_less_memory(void **state) {
    (void)state;
    size_t bytes[2];
    for (int none = 0; none <= 1; none++) {
        gt_graph *g = gt_graph_new("memory", asked_kernels());
        gt_conv_attr same = {.pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1};
        gt_node *x = gt_reflect_pad(g, gt_input(g, "x", S(2, 64, 64, 32)), 1), *s = gt_input(g, "s", S(2, 1, 1, 32)),
                *w = gt_input(g, "w", S(3, 3, 32, 32));
        gt_node *y = gt_conv(g, gt_mul(g, x, s), w, same);
        gt_output(g, "sum", gt_sum(g, gt_mul(g, x, y), GT_ALL_AXES));
        gt_exec *e = ready(g, &(gt_exec_options){.no_fusion = none});
        bytes[none] = e->plan.least;
        done(g, e);
    }
    assert_int_equal(bytes[0] + 2 * 66 * 66 * 32 * sizeof(float), bytes[1]);
}

/* Pixels outside are +0 when they have been multiplied, whatever the signs of the scales. */
static void test_zeros_outside(void **state) {
    (void)state;
    enum { CHANNELS = 3, IMAGES = 2 };
    const gt_conv_shape s = {.n = IMAGES,
                             .h = 4,
                             .w = 4,
                             .c = CHANNELS,
                             .p = 4,
                             .q = 4,
                             .o = 1,
                             .kh = 3,
                             .kw = 3,
                             .stride = 1,
                             .pad_top = 1,
                             .pad_left = 1,
                             .groups = 1};
    gt_winograd_tiling p = gt_winograd_tiling_of(&s);
    const float scales[IMAGES * CHANNELS] = {1, -1, 0, -0.0f, -2, 3};
    float pixels[IMAGES * 4 * 4 * CHANNELS] = {0}, zeros[IMAGES * CHANNELS];
    const float *from[GT_WINOGRAD_POINTS_MAX + 1];
    gt_winograd_images images = gt_winograd_images_of(&p, &p.from, pixels, scales, zeros);
    for (int image = 0; image < IMAGES; image++) {
        int read = gt_winograd_read(&p, &p.from, &images, image, from);
        assert_int_equal(read, 6 * 6 + 1);
        for (int c = 0; c < CHANNELS; c++) {
            float product = from[0][c] * from[read - 1][c];
            assert_true(from[read - 1][c] == scales[image * CHANNELS + c] && product == 0 && !signbit(product));
        }
    }
}

/* Scales come when derivatives have been taken: nodes that have them have none, and say so. */
static void test_faults(void **state) {
    (void)state;
    for (int fault = 0; fault < 2; fault++) {
        gt_graph *g = gt_graph_new("faults", asked_kernels());
        gt_node *x = gt_input(g, "x", S(2, 16, 16, 32)), *w = gt_input(g, "w", S(3, 3, 32, 32)),
                *s = gt_input(g, "s", fault ? S(2, 1, 1, 31) : S(2, 1, 1, 32));
        gt_node *y = gt_conv(g, x, w, (gt_conv_attr){0}), *dx;
        assert_true(gt_conv_node_takes_scales(y, 0) && !gt_conv_node_takes_scales(y, 1) &&
                    !gt_conv_node_takes_scales(x, 0));
        y = gt_conv_with_scales(g, y, y->in, (gt_node *const[]){s, NULL});
        if (!fault) {
            assert_false(gt_conv_node_takes_scales(y, 0));
            assert_int_equal(gt_grad(g, 1, &y, NULL, 1, &x, &dx), GT_USAGE);
        }
        assert_int_equal(gt_graph_status(g), GT_USAGE);
        assert_non_null(strstr(gt_message(), fault ? "scales of images have shape" : "op 'conv' has no derivative"));
        gt_graph_free(g);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits),   cmocka_unit_test(test_products_that_stay),
        cmocka_unit_test(test_less_memory), cmocka_unit_test(test_zeros_outside),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
