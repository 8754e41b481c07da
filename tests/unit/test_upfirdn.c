/* SPDX-License-Identifier: Apache-2.0
 * FIR ops against the formulas of docs/mathematics/stylegan2-ada.md#fir-resampling in float64, their adjoints, filter
 * preparation, and faults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "linear_op.h"
#include "worse.h"

typedef struct fir_case {
    int fh, fw; /* fh 0: separable */
    gt_upfirdn_attr a;
} fir_case;

static const fir_case cases[] = {
    {0, 4, {.up_x = 2, .up_y = 2, .pad_x0 = 2, .pad_x1 = 1, .pad_y0 = 2, .pad_y1 = 1, .gain = 4}},
    {0, 4, {.down_x = 2, .down_y = 2, .pad_x0 = 1, .pad_x1 = 1, .pad_y0 = 1, .pad_y1 = 1}},
    {4, 4, {.pad_x0 = 2, .pad_x1 = 2, .pad_y0 = 2, .pad_y1 = 2}},
    {2, 3, {.up_x = 2, .down_y = 3, .pad_x0 = 1, .pad_x1 = 2, .pad_y1 = 3, .gain = 2}},
    {2, 3, {.up_x = 3, .up_y = 2, .down_x = 2, .pad_x0 = 2, .pad_x1 = -1, .pad_y0 = 1, .pad_y1 = 1, .flip = 1}},
    {3,
     2,
     {.up_x = 3, .up_y = 3, .down_x = 2, .down_y = 2, .pad_x0 = 2, .pad_x1 = 2, .pad_y0 = 2, .pad_y1 = 2, .gain = 9}},
    {0, 12, {.down_x = 2, .down_y = 2, .pad_x0 = -1, .pad_x1 = 4, .pad_y0 = 7, .pad_y1 = -2, .gain = 0.5f}},
    {0, 12, {.up_x = 2, .up_y = 2, .pad_x0 = 6, .pad_x1 = 5, .pad_y0 = 6, .pad_y1 = 5, .gain = -4}},
    {1, 1, {.up_x = 2, .up_y = 2, .pad_x0 = 1, .pad_y1 = 1, .gain = 3}},
    {0, 1, {.up_x = 5, .up_y = 4, .down_x = 3, .down_y = 2, .pad_x0 = 9, .pad_x1 = 20, .pad_y0 = 11}},
    {0, 4, {.pad_x0 = -2, .pad_x1 = -1, .pad_y0 = -1}},
    {0, 4, {.pad_x0 = 25, .pad_x1 = -20}}, /* all of the output lies beside the image */
    {2, 3, {.pad_x0 = -20, .pad_x1 = 25, .pad_y0 = 1}},
};
enum { CASES = sizeof cases / sizeof *cases };

/* The last one is large enough to be made in pieces of rows. */
static const gt_shape shapes[] = {
    {4, {2, 9, 11, 3}}, {4, {1, 10, 9, 1}}, {4, {2, 7, 9, 40}}, {4, {1, 8, 9, 13}}, {4, {1, 22, 50, 130}}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static int one_if_zero(int v) { return v ? v : 1; }

static gt_node *build_fir(gt_graph *g, gt_node *x, const void *arg) {
    const fir_case *c = arg;
    float *taps = normal_values("taps", 144);
    gt_node *y = gt_upfirdn(g, x, (gt_filter){c->fh, c->fw, taps}, c->a);
    free(taps);
    return y;
}

/* One output pixel, word for word as the formula has it. */
static double by_definition(const fir_case *c, const float *taps, const float *x, const gt_shape *s,
                            const int64_t at[4]) {
    int up_x = one_if_zero(c->a.up_x), up_y = one_if_zero(c->a.up_y), fh = c->fh ? c->fh : c->fw;
    double sum = 0, gain = c->a.gain != 0 ? (double)c->a.gain : 1;
    for (int k = 0; k < fh; k++)
        for (int l = 0; l < c->fw; l++) {
            int64_t i = at[1] * one_if_zero(c->a.down_y) + k - c->a.pad_y0,
                    j = at[2] * one_if_zero(c->a.down_x) + l - c->a.pad_x0;
            if (i < 0 || j < 0 || i % up_y || j % up_x || i / up_y >= s->d[1] || j / up_x >= s->d[2]) continue;
            int kf = c->a.flip ? k : fh - 1 - k, lf = c->a.flip ? l : c->fw - 1 - l;
            double tap = c->fh ? (double)taps[kf * c->fw + lf] : (double)taps[kf] * (double)taps[lf];
            sum += tap * (double)x[((at[0] * s->d[1] + i / up_y) * s->d[2] + j / up_x) * s->d[3] + at[3]];
        }
    return gain * sum;
}

static void matches_the_definition(void **state) {
    (void)state;
    float *taps = normal_values("taps", 144);
    for (int k = 0; k < CASES * SHAPES; k++) {
        const fir_case *c = &cases[k / SHAPES];
        const gt_shape *s = &shapes[k % SHAPES];
        gt_shape out;
        float *x = normal_values("x", (size_t)gt_shape_size(s)), *y = apply(build_fir, c, *s, x, &out);
        double worst = 0, size = 0;
        for (int64_t i = 0, n = gt_shape_size(&out); i < n; i += 1 + n / 20000) {
            int64_t at[4], rest = i;
            for (int a = 3; a >= 0; rest /= out.d[a--]) at[a] = rest % out.d[a];
            double want = by_definition(c, taps, x, s, at);
            worst = worse(worst, fabs(want - (double)y[i]));
            size = fmax(size, fabs(want));
        }
        if (!(worst <= 2e-6 * size))
            fail_msg("case %d, shape %d: off by %g of %g", k / SHAPES, k % SHAPES, worst, size);
        free(x);
        free(y);
    }
    free(taps);
}

static void adjoints(void **state) {
    (void)state;
    for (int k = 0; k < CASES * SHAPES; k++) check_linear(build_fir, &cases[k / SHAPES], shapes[k % SHAPES]);
}

static void filters_are_prepared(void **state) {
    (void)state;
    static const float v[] = {1, 3, 3, 1}, wide[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    gt_arena *a = gt_arena_new();
    gt_filter f = gt_filter_setup(a, v, 4, 0, true, false, 1, false);
    assert_int_equal(f.fh, 4);
    for (int i = 0; i < 16; i++) assert_true(f.taps[i] == v[i / 4] * v[i % 4] / 64);
    f = gt_filter_setup(a, v, 4, -1, true, false, 4, false); /* kept separable: gain 2 for each pass */
    assert_int_equal(f.fh, 0);
    for (int i = 0; i < 4; i++) assert_true(f.taps[i] == v[i] / 4);
    f = gt_filter_setup(a, wide, 8, 0, false, true, 1, false);
    assert_int_equal(f.fh, 0);
    for (int i = 0; i < 8; i++) assert_true(f.taps[i] == wide[7 - i]);
    f = gt_filter_setup(a, wide, 8, 0, false, false, 1, true);
    assert_int_equal(f.fh, 8);
    f = gt_filter_setup(a, wide, 4, 2, false, false, 2, false);
    assert_int_equal(f.fh, 2);
    for (int i = 0; i < 8; i++) assert_true(f.taps[i] == 2 * wide[i]);
    f = gt_filter_setup(a, NULL, 0, 0, true, false, 1, false);
    assert_true(f.fh == 1 && f.fw == 1 && f.taps[0] == 1);
    gt_arena_free(a);
}

static const float binomial[] = {1, 3, 3, 1};

static gt_node *build_up(gt_graph *g, gt_node *x, const void *arg) {
    (void)arg;
    return gt_upsample2d(g, x, gt_filter_setup(gt_graph_arena(g), binomial, 4, 0, true, false, 1, false), 2);
}

static gt_node *build_down(gt_graph *g, gt_node *x, const void *arg) {
    (void)arg;
    return gt_downsample2d(g, x, gt_filter_setup(gt_graph_arena(g), binomial, 4, 0, true, false, 1, false), 2);
}

/* Sampling up and down keeps a constant image constant, away from the edges. */
static void helpers_keep_constants(void **state) {
    (void)state;
    float x[8 * 8];
    gt_shape out;
    for (int i = 0; i < 64; i++) x[i] = 1;
    float *y = apply(build_up, NULL, GT_SHAPE(1, 8, 8, 1), x, &out);
    assert_true(out.d[1] == 16 && out.d[2] == 16);
    for (int i = 1; i < 15; i++)
        for (int j = 1; j < 15; j++) assert_true(y[16 * i + j] == 1);
    free(y);
    y = apply(build_down, NULL, GT_SHAPE(1, 8, 8, 1), x, &out);
    assert_true(out.d[1] == 4 && out.d[2] == 4);
    assert_true(y[5] == 1 && y[6] == 1 && y[0] == 0.765625f); /* the corner misses one row and one column: (7/8)^2 */
    free(y);
}

typedef struct factor {
    int taps, by;
} factor;

static gt_node *build_up_by(gt_graph *g, gt_node *x, const void *arg) {
    const factor *f = arg;
    return gt_upsample2d(g, x, gt_filter_setup(gt_graph_arena(g), binomial, f->taps, 0, true, false, 1, false), f->by);
}

static gt_node *build_down_by(gt_graph *g, gt_node *x, const void *arg) {
    const factor *f = arg;
    return gt_downsample2d(g, x, gt_filter_setup(gt_graph_arena(g), binomial, f->taps, 0, true, false, 1, false),
                           f->by);
}

/* Filters shorter than the factor, too: an image becomes exactly `by` times as large, or as small as its samples reach.
 */
static void sizes_by_any_factor(void **state) {
    (void)state;
    float x[8 * 8] = {0};
    for (int taps = 1; taps <= 4; taps++)
        for (int by = 1; by <= 4; by++) {
            gt_shape out;
            free(apply(build_up_by, &(factor){taps, by}, GT_SHAPE(1, 8, 8, 1), x, &out));
            assert_int_equal(out.d[1], 8 * by);
            assert_int_equal(out.d[2], 8 * by);
            /* the paddings are taps - by in all */
            free(apply(build_down_by, &(factor){taps, by}, GT_SHAPE(1, 8, 8, 1), x, &out));
            assert_int_equal(out.d[1], (8 - by) / by + 1);
        }
}

typedef struct sample_case {
    int axis, pad, n;
    bool flip;
} sample_case;

static gt_node *build_sample_fir(gt_graph *g, gt_node *x, const void *arg) {
    const sample_case *c = arg;
    float *taps = normal_values("taps", (size_t)(gt_dim(x, 0) * c->n));
    gt_node *given = gt_constant(g, "taps", GT_SHAPE(gt_dim(x, 0), c->n), taps);
    free(taps);
    return gt_sample_fir(g, x, c->flip ? gt_flip(g, given, GT_AXIS(1)) : given, c->axis, c->pad);
}

static void filters_per_sample(void **state) {
    (void)state;
    static const sample_case list[] = {
        {1, 0, 5, false}, {2, 4, 5, true}, {2, 1, 3, false}, {1, 6, 7, true}, {2, 0, 1, false}};
    gt_shape s = GT_SHAPE(3, 6, 7, 3), out;
    float *x = normal_values("x", (size_t)gt_shape_size(&s));
    for (int k = 0; k < 5; k++) {
        const sample_case *c = &list[k];
        float *taps = normal_values("taps", (size_t)(3 * c->n)), *y = apply(build_sample_fir, c, s, x, &out);
        assert_int_equal(out.d[c->axis], s.d[c->axis] + 2 * c->pad - c->n + 1);
        for (int64_t i = 0, n = gt_shape_size(&out); i < n; i++) {
            int64_t at[4], rest = i;
            for (int a = 3; a >= 0; rest /= out.d[a--]) at[a] = rest % out.d[a];
            double want = 0;
            for (int t = 0; t < c->n; t++) {
                int64_t p[4] = {at[0], at[1], at[2], at[3]};
                p[c->axis] += t - c->pad;
                if (p[c->axis] < 0 || p[c->axis] >= s.d[c->axis]) continue;
                double tap = (double)taps[at[0] * c->n + (c->flip ? c->n - 1 - t : t)];
                want += tap * (double)x[((p[0] * s.d[1] + p[1]) * s.d[2] + p[2]) * s.d[3] + p[3]];
            }
            assert_true(fabs(want - (double)y[i]) < 1e-5);
        }
        check_linear(build_sample_fir, c, s);
        free(taps);
        free(y);
    }
    free(x);
}

static gt_node *build_reflect(gt_graph *g, gt_node *x, const void *arg) {
    return gt_reflect_pad(g, x, *(const int *)arg);
}

static void margins_are_mirrored(void **state) {
    (void)state;
    static const float x[3] = {1, 2, 3};
    static const float wanted[13] = {2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3, 2}; /* pad 5: mirrored again and again */
    static const int pads[] = {0, 1, 5, 21};
    gt_shape out;
    float *y = apply(build_reflect, &pads[2], GT_SHAPE(1, 1, 3, 1), x, &out);
    assert_true(out.d[1] == 11 && out.d[2] == 13);
    for (int i = 0; i < 11; i++) assert_memory_equal(y + 13 * i, wanted, sizeof wanted);
    free(y);
    for (int i = 0; i < 4; i++) {
        check_linear(build_reflect, &pads[i], GT_SHAPE(2, 4, 7, 3));
        check_linear(build_reflect, &pads[i], GT_SHAPE(1, 1, 2, 1));
    }
}

static void expect_fault(gt_graph *g, gt_node *n, const char *text) {
    assert_null(n);
    assert_int_not_equal(gt_graph_status(g), GT_OK);
    if (!strstr(gt_message(), text)) fail_msg("'%s' does not say '%s'", gt_message(), text);
    gt_graph_free(g);
}

static void faults_are_named(void **state) {
    (void)state;
    float taps[65] = {1};
    gt_graph *g = gt_graph_new("faults", asked_kernels());
    expect_fault(g,
                 gt_upfirdn(g, gt_input(g, "x", GT_SHAPE(1, 3, 3, 1)), (gt_filter){0, 4, taps}, (gt_upfirdn_attr){0}),
                 "does not fit");
    g = gt_graph_new("faults", asked_kernels());
    expect_fault(g,
                 gt_upfirdn(g, gt_input(g, "x", GT_SHAPE(1, 3, 3, 1)), (gt_filter){0, 65, taps}, (gt_upfirdn_attr){0}),
                 "1 to 64");
    g = gt_graph_new("faults", asked_kernels());
    expect_fault(g, gt_upfirdn(g, gt_input(g, "x", GT_SHAPE(3, 3)), (gt_filter){0, 1, taps}, (gt_upfirdn_attr){0}),
                 "[N,H,W,C]");
    g = gt_graph_new("faults", asked_kernels());
    expect_fault(
        g,
        gt_upfirdn(g, gt_input(g, "x", GT_SHAPE(1, 3, 3, 1)), (gt_filter){0, 1, taps}, (gt_upfirdn_attr){.up_x = -1}),
        "-1");
    g = gt_graph_new("faults", asked_kernels());
    gt_node *x = gt_input(g, "x", GT_SHAPE(2, 3, 3, 1));
    expect_fault(g, gt_sample_fir(g, x, gt_input(g, "taps", GT_SHAPE(1, 3)), 1, 1), "one filter per image");
    g = gt_graph_new("faults", asked_kernels());
    expect_fault(g, gt_reflect_pad(g, gt_input(g, "x", GT_SHAPE(1, 3, 3, 1)), -2), "leave nothing");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_the_definition), cmocka_unit_test(adjoints),
        cmocka_unit_test(filters_are_prepared),   cmocka_unit_test(helpers_keep_constants),
        cmocka_unit_test(sizes_by_any_factor),    cmocka_unit_test(filters_per_sample),
        cmocka_unit_test(margins_are_mirrored),   cmocka_unit_test(faults_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
