/* SPDX-License-Identifier: Apache-2.0
 * The geometric augmentation against a plain float64 execution of its definition
 * (docs/mathematics/augmentation.md#resampling-by-g: mirror, upsample, sample, downsample, one after the other), its
 * adjoint, and matrices that no augmentation would draw. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "linear_op.h"
#include "networks/model/door/model.h"
#include "worse.h"

static const double sym6[12] = {0.015404109327027373, 0.0034907120842174702, -0.11799011114819057,
                                -0.048311742585633,   0.4910559419267466,    0.787641141030194,
                                0.3379294217276218,   -0.07263752278646252,  -0.021060292512300564,
                                0.04472490177066578,  0.0017677118642428036, -0.007800708325034148};

static double filter(int k) {
    double total = 0;
    for (int i = 0; i < 12; i++) total += sym6[i];
    return sym6[k] / total;
}

typedef struct image {
    const float *x;
    int64_t h, w, channels, channel;
} image;

static int64_t mirrored(int64_t i, int64_t n) {
    while (i < 0 || i >= n) i = n == 1 ? 0 : i < 0 ? -i : 2 * (n - 1) - i;
    return i;
}

static double pixel(const image *m, int64_t y, int64_t x) {
    return (double)m->x[(mirrored(y, m->h) * m->w + mirrored(x, m->w)) * m->channels + m->channel];
}

static int64_t half_down(int64_t v) { return v >= 0 ? v / 2 : -((1 - v) / 2); }

/* Value at (i, j) of the endless mirrored image upsampled by 2: zeros between the pixels, 12 taps, gain 2 along each
 * axis. */
static double upsampled(const image *m, int64_t i, int64_t j) {
    double sum = 0;
    for (int k = 0; k < 12; k++) {
        if ((i + k) % 2) continue;
        for (int l = 0; l < 12; l++) {
            if ((j + l) % 2) continue;
            sum += 4 * filter(11 - k) * filter(11 - l) * pixel(m, half_down(i + k - 6), half_down(j + l - 6));
        }
    }
    return sum;
}

/* Canvas pixel (i, j) of 2(H+6) x 2(W+6), as the definition transforms coordinates. */
static double canvas(const image *m, const float a[6], int64_t i, int64_t j) {
    double x = ((double)j - (double)(2 * (m->w + 6) - 1) / 2 + 0.5) / 2,
           y = ((double)i - (double)(2 * (m->h + 6) - 1) / 2 + 0.5) / 2;
    double u = 2 * ((double)a[0] * x + (double)a[1] * y + (double)a[2]) - 0.5 + (double)(2 * m->w - 1) / 2;
    double v = 2 * ((double)a[3] * x + (double)a[4] * y + (double)a[5]) - 0.5 + (double)(2 * m->h - 1) / 2;
    int64_t c = (int64_t)floor(u), r = (int64_t)floor(v);
    double s = u - (double)c, t = v - (double)r;
    return (1 - t) * ((1 - s) * upsampled(m, r, c) + s * upsampled(m, r, c + 1)) +
           t * ((1 - s) * upsampled(m, r + 1, c) + s * upsampled(m, r + 1, c + 1));
}

static double by_definition(const image *m, const float a[6], int64_t y, int64_t x) {
    double sum = 0;
    for (int k = 0; k < 12; k++)
        for (int l = 0; l < 12; l++) sum += filter(k) * filter(l) * canvas(m, a, 2 * y + k + 1, 2 * x + l + 1);
    return sum;
}

static gt_node *build(gt_graph *g, gt_node *x, const void *arg) {
    return gt_warp(g, x, gt_constant(g, "matrix", GT_SHAPE(gt_dim(x, 0), 2, 3), arg), (gt_warp_attr){0});
}

static const float matrices[][6] = {
    {1, 0, 0, 0, 1, 0},  /* nothing */
    {-1, 0, 0, 0, 1, 0}, /* mirror */
    {0, -1, 0, 1, 0, 0}, /* quarter turn */
    {1, 0, -3, 0, 1, 2}, /* whole pixels */
    {0.8f, -0.4f, 1.3f, 0.5f, 0.9f, -2.2f},
    {2.5f, 1.5f, 7.3f, -1.7f, 3.1f, -11.9f}, /* much smaller: mirrored many times */
    {0.1f, 0, 40.7f, 0, -0.2f, -33.1f},
};
enum { MATRICES = sizeof matrices / sizeof *matrices };

/* The last is wider than the strips in which the kernel works; some have more channels than share its work. */
static const gt_shape shapes[] = {{4, {1, 6, 8, 2}}, {4, {1, 4, 4, 5}}, {4, {1, 1, 5, 1}},
                                  {4, {1, 2, 1, 3}}, {4, {1, 9, 3, 4}}, {4, {1, 3, 261, 1}}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static void matches_the_definition(void **state) {
    (void)state;
    for (int k = 0; k < MATRICES * SHAPES; k++) {
        gt_shape s = shapes[k % SHAPES], out;
        const float *a = matrices[k / SHAPES];
        float *x = normal_values("x", (size_t)gt_shape_size(&s)), *y = apply(build, a, s, x, &out);
        image m = {x, s.d[1], s.d[2], s.d[3], 0};
        double worst = 0, size = 0;
        for (int64_t i = 0; i < m.h * m.w; i += 1 + m.h * m.w / 30)
            for (m.channel = 0; m.channel < m.channels; m.channel++) {
                double want = by_definition(&m, a, i / m.w, i % m.w);
                worst = worse(worst, fabs(want - (double)y[i * m.channels + m.channel]));
                size = fmax(size, fabs(want));
            }
        if (!(worst <= 3e-6 * size))
            fail_msg("matrix %d, shape %d: off by %g of %g", k / SHAPES, k % SHAPES, worst, size);
        free(x);
        free(y);
    }
}

/* sym6 is orthogonal to its shifts by two: up, down and nothing between gives the image back; whole pixels move it. */
static void whole_pixels_are_exact(void **state) {
    (void)state;
    gt_shape s = GT_SHAPE(1, 12, 10, 3), out;
    float *x = normal_values("x", (size_t)gt_shape_size(&s)), *y = apply(build, matrices[3], s, x, &out);
    image m = {x, 12, 10, 3, 1};
    for (int64_t i = 0; i < 120; i++)
        assert_true(fabs(pixel(&m, i / 10 + 2, i % 10 - 3) - (double)y[3 * i + 1]) < 2e-6);
    free(x);
    free(y);
}

static void adjoints(void **state) {
    (void)state;
    float list[3][6];
    for (int k = 0; k + 3 <= MATRICES; k++) {
        memcpy(list, matrices[k], sizeof list); /* another matrix for each of three images */
        check_linear(build, list, GT_SHAPE(3, 16, 16, 3));
        check_linear(build, list, GT_SHAPE(3, 5, 12, 1));
        check_linear(build, list, GT_SHAPE(3, 1, 2, 1));
        check_linear(build, list, GT_SHAPE(3, 5, 130, 1));
        check_linear(build, list, GT_SHAPE(1, 7, 6, 6)); /* threads share the channels of an image */
    }
}

/* No matrix reads or writes outside the image; what is finite stays finite. */
static void any_matrix_is_safe(void **state) {
    (void)state;
    static const float list[][6] = {{1e30f, 0, 0, 0, 1e-30f, 0},
                                    {0, 0, 0, 0, 0, 0},
                                    {1, 0, 1e20f, 0, 1, -1e20f},
                                    {INFINITY, 0, 0, 0, 1, 0},
                                    {1, 0, NAN, 0, 1, -INFINITY}};
    gt_shape s = GT_SHAPE(1, 7, 5, 1), out;
    float *x = normal_values("x", 35);
    for (int k = 0; k < 5; k++) {
        float *y = apply(build, list[k], s, x, &out);
        for (int i = 0; i < 35 && k < 3; i++) assert_true(fabsf(y[i]) < 100);
        free(y);
        if (k < 3) check_linear(build, list[k], s);
    }
    free(x);
}

typedef struct warping {
    float matrix[6];
    gt_warp_attr attr;
} warping;

static gt_node *build_warping(gt_graph *g, gt_node *x, const void *arg) {
    const warping *w = arg;
    return gt_warp(g, x, gt_constant(g, "matrix", GT_SHAPE(1, 2, 3), w->matrix), w->attr);
}

/* Rows of samples at one place along y, and samples of a row at one place along x, are worked out once. Turned by less
 * than a rounding, they are worked out one by one, to the same bits. */
static void what_is_not_turned_has_the_same_bits(void **state) {
    (void)state;
    static const float whole[][6] = {{1, 0, 0.3f, 0, 1, 0.2f},
                                     {-1.2f, 0, 3.3f, 0, 0.7f, -1.6f},
                                     {0, -1, 0.3f, 1, 0, 0.7f},
                                     {0, 2.1f, 9.3f, 3.4f, 0, 40.7f}};
    static const gt_shape images[] = {{4, {1, 12, 11, 3}}, {4, {1, 5, 138, 1}}, {4, {1, 9, 4, 7}}};
    for (int k = 0; k < 4 * 4 * 3; k++) {
        gt_shape s = images[k % 3], out;
        warping w = {.attr = {.adjoint = k / 3 & 1, .once = k / 6 & 1}};
        memcpy(w.matrix, whole[k / 12], sizeof w.matrix);
        float *x = normal_values("x", (size_t)gt_shape_size(&s)), *want = apply(build_warping, &w, s, x, &out);
        for (int i = 0; i < 6; i++)
            if (w.matrix[i] == 0) w.matrix[i] = 1e-30f;
        float *y = apply(build_warping, &w, s, x, &out);
        if (memcmp(y, want, sizeof(float) * (size_t)gt_shape_size(&out)) != 0)
            fail_msg("matrix %d, shape %d, %s%s: other bits", k / 12, k % 3, w.attr.adjoint ? "adjoint" : "forward",
                     w.attr.once ? ", once" : "");
        free(x);
        free(want);
        free(y);
    }
}

static void faults_are_named(void **state) {
    (void)state;
    gt_graph *g = gt_graph_new("faults", asked_kernels());
    assert_null(
        gt_warp(g, gt_input(g, "x", GT_SHAPE(2, 4, 4, 3)), gt_input(g, "m", GT_SHAPE(1, 2, 3)), (gt_warp_attr){0}));
    assert_int_equal(gt_graph_status(g), GT_USAGE);
    assert_non_null(strstr(gt_message(), "2x2x3"));
    gt_graph_free(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_the_definition),
        cmocka_unit_test(whole_pixels_are_exact),
        cmocka_unit_test(adjoints),
        cmocka_unit_test(any_matrix_is_safe),
        cmocka_unit_test(what_is_not_turned_has_the_same_bits),
        cmocka_unit_test(faults_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
