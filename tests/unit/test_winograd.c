/* SPDX-License-Identifier: Apache-2.0
 * Winograd with as many channels as the recipes have, against float64 at random places: three directions of stride 1
 * and 2, 3x3 and 4x4, on every instruction set of this CPU. (test_conv.c compares all places of smaller convolutions.)
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernels.h"
#include "base/door/memory.h"
#include "base/door/random.h"
#include "kernels/door/conv.h"
#include "kernels/winograd_tiling.h"
#include "worse.h"

/* Largest error over the largest exact value at those places. Promised: 2e-5; measured: up to 1.5e-5 by wide tiles,
 * 2.6e-6 by others. */
static double tolerance_of(const gt_conv_shape *s) { return gt_winograd_kind_of(s) == GT_WINOGRAD_WIDE ? 2e-5 : 5e-6; }
enum { PROBES = 300 };

#define SAME(N, H, C)                                                                                        \
    {                                                                                                        \
        .n = N, .h = H, .w = H, .c = C, .p = H, .q = H, .o = C, .kh = 3, .kw = 3, .stride = 1, .pad_top = 1, \
        .pad_left = 1, .groups = 1                                                                           \
    }
#define HALF(N, P, C)                                                                                          \
    {                                                                                                          \
        .n = N, .h = 2 * P + 1, .w = 2 * P + 1, .c = C, .p = P, .q = P, .o = C, .kh = 3, .kw = 3, .stride = 2, \
        .groups = 1                                                                                            \
    }
#define FOUR(N, P, C)                                                                                                \
    {                                                                                                                \
        .n = N, .h = 2 * P, .w = 2 * P, .c = C, .p = P, .q = P, .o = C, .kh = 4, .kw = 4, .stride = 2, .pad_top = 1, \
        .pad_left = 1, .groups = 1                                                                                   \
    }
static const gt_conv_shape shapes[] = {SAME(2, 16, 256), SAME(1, 16, 512), SAME(1, 8, 512), HALF(2, 8, 256),
                                       HALF(1, 8, 512),  FOUR(2, 8, 256),  FOUR(1, 4, 512)};

static size_t floats_of(const gt_conv_shape *s, int tensor) {
    return (size_t)(tensor == 0   ? s->n * s->h * s->w * s->c
                    : tensor == 1 ? s->kh * s->kw * s->c * s->o
                                  : s->n * s->p * s->q * s->o);
}

/* x, w, y of a convolution; a direction reads two of them. */
static double x_at(const gt_conv_shape *s, float *const *t, int64_t n, int64_t i, int64_t j, int64_t c) {
    bool inside = i >= 0 && i < s->h && j >= 0 && j < s->w;
    return inside ? t[0][((n * s->h + i) * s->w + j) * s->c + c] : 0;
}

static double w_at(const gt_conv_shape *s, float *const *t, int64_t a, int64_t b, int64_t c, int64_t o) {
    return t[1][((a * s->kw + b) * s->c + c) * s->o + o];
}

/* dy at a place of the image given in steps of one pixel; 0 between the results and outside. */
static double y_at(const gt_conv_shape *s, float *const *t, int64_t n, int64_t i, int64_t j, int64_t o) {
    bool inside = i >= 0 && j >= 0 && i % s->stride == 0 && j % s->stride == 0 && i / s->stride < s->p &&
                  j / s->stride < s->q;
    return inside ? t[2][((n * s->p + i / s->stride) * s->q + j / s->stride) * s->o + o] : 0;
}

static double forward_at(const gt_conv_shape *s, float *const *t, size_t place) {
    int64_t at = (int64_t)place, o = at % s->o, q = at / s->o % s->q, p = at / s->o / s->q % s->p,
            n = at / s->o / s->q / s->p;
    double sum = 0;
    for (int64_t tap = 0; tap < s->kh * s->kw; tap++)
        for (int64_t c = 0; c < s->c; c++)
            sum += x_at(s, t, n, p * s->stride + tap / s->kw - s->pad_top, q * s->stride + tap % s->kw - s->pad_left,
                        c) *
                   w_at(s, t, tap / s->kw, tap % s->kw, c, o);
    return sum;
}

static double input_grad_at(const gt_conv_shape *s, float *const *t, size_t place) {
    int64_t at = (int64_t)place, c = at % s->c, j = at / s->c % s->w, i = at / s->c / s->w % s->h,
            n = at / s->c / s->w / s->h;
    double sum = 0;
    for (int64_t tap = 0; tap < s->kh * s->kw; tap++)
        for (int64_t o = 0; o < s->o; o++)
            sum += y_at(s, t, n, i + s->pad_top - tap / s->kw, j + s->pad_left - tap % s->kw, o) *
                   w_at(s, t, tap / s->kw, tap % s->kw, c, o);
    return sum;
}

static double weight_grad_at(const gt_conv_shape *s, float *const *t, size_t place) {
    int64_t at = (int64_t)place, o = at % s->o, c = at / s->o % s->c, tap = at / s->o / s->c;
    double sum = 0;
    for (int64_t n = 0; n < s->n; n++)
        for (int64_t p = 0; p < s->p; p++)
            for (int64_t q = 0; q < s->q; q++)
                sum += x_at(s, t, n, p * s->stride + tap / s->kw - s->pad_top,
                            q * s->stride + tap % s->kw - s->pad_left, c) *
                       y_at(s, t, n, p * s->stride, q * s->stride, o);
    return sum;
}

static const struct {
    const char *name;
    int in[2], out; /* tensors: 0 x, 1 w, 2 y */
    double (*exact)(const gt_conv_shape *s, float *const *t, size_t place);
} directions[] = {
    [GT_CONV_FORWARD] = {"forward", {0, 1}, 2, forward_at},
    [GT_CONV_INPUT_GRAD] = {"input grad", {2, 1}, 0, input_grad_at},
    [GT_CONV_WEIGHT_GRAD] = {"weight grad", {0, 2}, 1, weight_grad_at},
};
enum { DIRECTIONS = sizeof directions / sizeof *directions };

typedef struct probe {
    size_t place;
    double exact;
} probe;

static void compare(const gt_conv_shape *s, float *const *t, const probe *probes) {
    gt_conv_direction d = s->direction;
    size_t bytes = gt_conv_winograd.workspace(s, false, 1), floats = floats_of(s, directions[d].out);
    void *workspace = gt_block_alloc(bytes, "workspace");
    float *out = malloc(floats * sizeof *out);
    assert_true(workspace && out);
    gt_conv_winograd.run(s, NULL, workspace,
                         (const float *const[GT_CONV_INPUTS]){t[directions[d].in[0]], t[directions[d].in[1]]}, out);
    double error = 0, largest = 0;
    for (int i = 0; i < PROBES; i++) {
        double e = fabs((double)out[probes[i].place] - probes[i].exact);
        error = worse(error, e);
        largest = fmax(largest, fabs(probes[i].exact));
    }
    free(out);
    gt_block_free(workspace, bytes);
    printf("%s %s, stride %d, %lld channels: %.1e\n", s->kernels->id, directions[d].name, s->stride, (long long)s->c,
           error / largest);
    if (!(error <= tolerance_of(s) * largest))
        fail_msg("%s %s, stride %d, %lld channels: error %.1e", s->kernels->id, directions[d].name, s->stride,
                 (long long)s->c, error / largest);
}

static void test_many_channels(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const gt_conv_shape *s = &shapes[i];
        float *t[3];
        for (int k = 0; k < 3; k++) {
            t[k] = malloc(floats_of(s, k) * sizeof **t);
            assert_non_null(t[k]);
            gt_random_normal((gt_key){.seed = 1, .stream = (uint32_t)k}, t[k], floats_of(s, k));
        }
        for (int d = 0; d < DIRECTIONS; d++) {
            probe probes[PROBES];
            uint64_t random = 12345;
            for (int k = 0; k < PROBES; k++) {
                random = random * 6364136223846793005u + 1442695040888963407u;
                probes[k].place = (size_t)(random >> 16) % floats_of(s, directions[d].out);
                probes[k].exact = directions[d].exact(s, t, probes[k].place);
            }
            for (int isa = 0; isa < GT_ISA_COUNT; isa++) {
                if (!isa_is_tested(isa)) continue;
                gt_conv_shape with = *s;
                with.kernels = kernels_of((gt_isa)isa, "auto");
                with.direction = (gt_conv_direction)d;
                compare(&with, t, probes);
            }
        }
        for (int k = 0; k < 3; k++) free(t[k]);
    }
}

/* Flops of 3 images of 32x32 with 64 channels, stride 1: 96 tiles of 4x8 results. Lines of 6 and 10 pixels take 12 and
 * 40 additions to points, lines of 4 and 8 results 8 and 32; back 10 and 34; weights 9 and 20. */
static void test_work(void **state) {
    (void)state;
    gt_conv_shape s = {.n = 3, .h = 32, .w = 32, .c = 64, .p = 32, .q = 32, .o = 64, .kh = 3, .kw = 3, .stride = 1};
    s.pad_top = s.pad_left = s.groups = 1;
    const double values = 96 * 64, image = 10 * 12 + 6 * 40, back = 10 * 10 + 4 * 34, adjoint = 8 * 8 + 6 * 32,
                 weights = 64 * 64 * (10 * 9 + 3 * 20);
    gt_conv_work w = gt_conv_work_of(&s, GT_CONV_WINOGRAD), plain = gt_conv_work_of(&s, GT_CONV_DIRECT);
    assert_true(w.products == 2 * 60 * 96 * 64 * 64 && w.transforms == 2 * values * (image + back));
    assert_true(plain.products == 2 * 9 * 3 * 1024 * 64 * 64 && plain.transforms == 0);
    s.direction = GT_CONV_WEIGHT_GRAD;
    w = gt_conv_work_of(&s, GT_CONV_WINOGRAD);
    assert_true(w.products == 2 * 60 * 96 * 64 * 64 && w.transforms == 2 * (values * (image + adjoint) + weights));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_many_channels), cmocka_unit_test(test_work)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
