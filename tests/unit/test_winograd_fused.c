/* SPDX-License-Identifier: Apache-2.0
 * Winograd by small blocks has the bits of Winograd by large ones: random shapes, paddings, strides and scales, all
 * three directions, weights packed before or not, slices and parts, any number of threads, every instruction set. What
 * is written beside the result or the workspace, or read before it is written, is found as well. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernels.h"
#include "base/door/memory.h"
#include "base/door/pool.h"
#include "base/door/random.h"
#include "kernels/door/conv.h"
#include "kernels/winograd_run.h"

enum { SHAPES = 300, THREADS = 3, BEYOND = 64 };

/* Fewer with a sanitizer, but for each kind some. */
static int shapes(void) { return sanitized() ? SHAPES / 3 : SHAPES; }
static int least(void) { return sanitized() ? 2 : 10; }

static uint64_t state = 20261130;

/* 0 to below - 1 */
static int64_t any(int64_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)(state >> 33) % below;
}

static int64_t any_channels(bool wide) {
    static const int64_t some[] = {16, 32, 48, 64, 96, 130, 144, 530};
    int64_t c = any(3) ? some[any(wide ? 6 : 8)] : 1 + any(70);
    return wide && c < 32 ? c + 32 : c;
}

/* Of stride 1: images that are large enough for wide tiles, or not. */
static gt_conv_shape any_shape(gt_conv_direction direction) {
    bool half = any(2), wide = !half && any(2);
    int pad_y = (int)any(half ? 2 : 3), pad_x = (int)any(half ? 2 : 3);
    gt_conv_shape s = {.direction = direction, .kh = 3, .kw = 3, .stride = half ? 2 : 1, .groups = 1};
    s.c = any_channels(wide), s.o = any_channels(wide);
    s.n = 1 + any(s.c + s.o > 300 ? 2 : 5);
    if (wide && s.c * s.o > 4000) s.n = 4;
    s.p = 1 + any(wide ? 24 : 11), s.q = (wide ? 17 : 1) + any(wide ? 20 : 11);
    s.pad_top = pad_y, s.pad_left = pad_x;
    s.h = half ? 2 * s.p + 1 - pad_y - any(2) : s.p + 2 - pad_y - any(3);
    s.w = half ? 2 * s.q + 1 - pad_x - any(2) : s.q + 2 - pad_x - any(3);
    return s;
}

static float *block(size_t floats) {
    float *at = malloc((floats + BEYOND) * sizeof *at);
    assert_non_null(at);
    memset(at, 0xff, (floats + BEYOND) * sizeof *at); /* not a number */
    return at;
}

static void nothing_beyond(const float *at, size_t floats) {
    for (size_t i = 0; i < BEYOND * sizeof *at; i++) assert_int_equal(((const unsigned char *)(at + floats))[i], 0xff);
}

/* Both signs, and zeros of both signs. */
static float *numbers(size_t floats, uint32_t stream) {
    float *at = block(floats);
    gt_random_normal((gt_key){.seed = 7, .stream = stream}, at, floats);
    for (size_t i = 5; i < floats; i += 7) at[i] = i % 2 ? 0.0f : -0.0f;
    return at;
}

static float *result_by(const gt_conv_shape *s, gt_winograd_way way, gt_pool *pool, const float *const *in,
                        size_t floats) {
    size_t work = gt_winograd_workspace_by(s, way, in[2], gt_pool_threads(pool)) / sizeof(float);
    float *workspace = block(work), *out = block(floats);
    gt_winograd_run_by(s, way, pool, workspace, in, out);
    nothing_beyond(workspace, work);
    nothing_beyond(out, floats);
    free(workspace);
    return out;
}

static void compare(const gt_conv_shape *s, gt_pool *pool, bool packed, bool scaled) {
    bool back = s->direction == GT_CONV_INPUT_GRAD;
    size_t x = (size_t)(s->n * s->h * s->w * s->c), y = (size_t)(s->n * s->p * s->q * s->o), floats = back ? x : y;
    float *image = numbers(back ? y : x, 1), *w = numbers((size_t)(9 * s->c * s->o), 2);
    float *scales = numbers((size_t)(s->n * (back ? s->o : s->c)), 3), *v = block(gt_conv_winograd.packed_floats(s));
    gt_conv_winograd.pack(s, pool, w, v);
    const float *in[GT_CONV_INPUTS] = {image, w, packed ? v : NULL};
    if (scaled) in[GT_CONV_SCALES] = scales;
    float *large = result_by(s, GT_WINOGRAD_LARGE_BLOCKS, pool, in, floats),
          *small = result_by(s, GT_WINOGRAD_FUSED, pool, in, floats);
    for (size_t i = 0; i < floats; i++) assert_true(isfinite(large[i]));
    if (memcmp(large, small, floats * sizeof *large) != 0)
        fail_msg(
            "%s, direction %d, stride %d, %lld x %lldx%lld to %lldx%lld, %lld to %lld channels, padding %d and %d%s",
            gt_kernel_set_instructions(s->kernels), s->direction, s->stride, (long long)s->n, (long long)s->h,
            (long long)s->w, (long long)s->p, (long long)s->q, (long long)s->c, (long long)s->o, s->pad_top,
            s->pad_left, scaled ? ", scales" : "");
    free(large), free(small), free(image), free(w), free(scales), free(v);
}

static bool has_kernels(int kind) {
    const gt_tile_kernels *tiles = gt_kernel_set_best()->gemm->tiles;
    return tiles && tiles->transform[kind][GT_WINOGRAD_IMAGE];
}

static void test_same_bits(void **unused) {
    (void)unused;
    gt_pool *pools[THREADS + 1] = {NULL};
    int done[GT_WINOGRAD_KINDS][2] = {{0}};
    for (int i = 2; i <= THREADS; i++) assert_non_null(pools[i] = gt_pool_new(i));
    for (int i = 0, n = shapes(); i < n; i++) {
        gt_conv_shape s = any_shape(any(2) ? GT_CONV_INPUT_GRAD : GT_CONV_FORWARD);
        gt_pool *pool = pools[1 + any(THREADS)];
        bool packed = any(2), scaled = any(2);
        if (s.h < 1 || s.w < 1 || !gt_conv_winograd.possible(&s)) continue;
        for (int isa = 0; isa < GT_ISA_COUNT; isa++) {
            if (!isa_is_tested(isa)) continue;
            s.kernels = kernels_of((gt_isa)isa, "auto");
            gt_winograd_tiling p = gt_winograd_tiling_of(&s);
            if (!gt_winograd_fused_possible(&p)) continue;
            compare(&s, pool, packed, scaled);
            done[p.kind][s.direction]++;
        }
    }
    for (int i = 2; i <= THREADS; i++) gt_pool_free(pools[i]);
    for (int direction = 0; direction < 2; direction++) {
        printf("direction %d: %d, %d and %d shapes\n", direction, done[GT_WINOGRAD_WHOLE][direction],
               done[GT_WINOGRAD_WIDE][direction], done[GT_WINOGRAD_HALF][direction]);
        for (int kind = GT_WINOGRAD_WHOLE; kind <= GT_WINOGRAD_HALF; kind++)
            assert_true(!has_kernels(kind) || done[kind][direction] > least());
    }
}

/* ---- weight gradient ---- */

enum { PARTS = 2, MOST_AT_ONCE = 4 };

/* at_once 0: of all images together. */
static float *gradient_by(const gt_conv_shape *s, gt_winograd_way way, const gt_conv_slices *all, int at_once,
                          gt_pool *pool) {
    int threads = gt_pool_threads(pool);
    size_t floats = (size_t)(9 * s->c * s->o),
           work = at_once ? gt_winograd_slices_workspace(s, way, at_once, all->parts, threads)
                          : gt_winograd_workspace_by(s, way, false, threads);
    float *workspace = block(work / sizeof(float)), *out = block(floats);
    if (at_once) gt_winograd_run_slices(s, way, all, 0, at_once, pool, workspace, out);
    else gt_winograd_run_by(s, way, pool, workspace, all->in[0], out);
    nothing_beyond(workspace, work / sizeof(float));
    nothing_beyond(out, floats);
    free(workspace);
    return out;
}

static void compare_gradients(const gt_conv_shape *s, gt_pool *pool, int at_once, int parts, bool scaled) {
    if (at_once > MOST_AT_ONCE) at_once = MOST_AT_ONCE;
    size_t images = (size_t)(s->n * (at_once ? at_once : 1));
    float *x[PARTS], *y[PARTS], *sx[PARTS], *sy[PARTS];
    const float *in[PARTS][GT_CONV_INPUTS] = {{NULL}};
    for (int i = 0; i < PARTS; i++) {
        in[i][0] = x[i] = numbers(images * (size_t)(s->h * s->w * s->c), 10 + (uint32_t)i);
        in[i][1] = y[i] = numbers(images * (size_t)(s->p * s->q * s->o), 20 + (uint32_t)i);
        sx[i] = numbers(images * (size_t)s->c, 30 + (uint32_t)i);
        sy[i] = numbers(images * (size_t)s->o, 40 + (uint32_t)i);
        if (scaled) in[i][GT_CONV_SCALES] = sx[i];
        if (scaled && i) in[i][GT_CONV_SCALES + 1] = sy[i];
    }
    gt_leaf leaf = {.gain = 0.75f};
    gt_conv_slices all = {.slices = at_once, .parts = parts, .leaf = &leaf, .in = (void *)in};
    float *large = gradient_by(s, GT_WINOGRAD_LARGE_BLOCKS, &all, at_once, pool),
          *small = gradient_by(s, GT_WINOGRAD_FUSED, &all, at_once, pool);
    size_t floats = (size_t)(9 * s->c * s->o);
    for (size_t i = 0; i < floats; i++) assert_true(isfinite(large[i]));
    if (memcmp(large, small, floats * sizeof *large) != 0)
        fail_msg("%s, weight gradient, stride %d, %d slices, %lld x %lldx%lld to %lldx%lld, %lld to %lld channels",
                 gt_kernel_set_instructions(s->kernels), s->stride, at_once, (long long)s->n, (long long)s->h,
                 (long long)s->w, (long long)s->p, (long long)s->q, (long long)s->c, (long long)s->o);
    for (int i = 0; i < PARTS; i++) free(x[i]), free(y[i]), free(sx[i]), free(sy[i]);
    free(large), free(small);
}

static void test_weight_gradient(void **unused) {
    (void)unused;
    gt_pool *pools[THREADS + 1] = {NULL};
    int done[GT_WINOGRAD_KINDS][2] = {{0}}; /* blocks; slices */
    for (int i = 2; i <= THREADS; i++) assert_non_null(pools[i] = gt_pool_new(i));
    for (int i = 0, n = shapes(); i < n; i++) {
        gt_conv_shape s = any_shape(GT_CONV_WEIGHT_GRAD);
        gt_pool *pool = pools[1 + any(THREADS)];
        bool scaled = any(2);
        int parts = 1 + (int)any(PARTS);
        if (any(2)) s.n = 1;
        if (s.h < 1 || s.w < 1 || s.c * s.o > 20000 || !gt_conv_winograd.possible(&s)) continue;
        for (int isa = 0; isa < GT_ISA_COUNT; isa++) {
            if (!isa_is_tested(isa)) continue;
            s.kernels = kernels_of((gt_isa)isa, "auto");
            gt_winograd_tiling p = gt_winograd_tiling_of(&s);
            if (!gt_winograd_fused_gradient_possible(&p)) continue;
            compare_gradients(&s, pool, gt_winograd_most_slices(&s, parts), parts, scaled);
            compare_gradients(&s, pool, 0, 1, scaled);
            done[p.kind][gt_winograd_most_slices(&s, parts) > 0]++;
        }
    }
    for (int i = 2; i <= THREADS; i++) gt_pool_free(pools[i]);
    for (int kind = GT_WINOGRAD_WHOLE; kind <= GT_WINOGRAD_HALF; kind++) {
        printf("kind %d: %d without slices, %d with them\n", kind, done[kind][0], done[kind][1]);
        assert_true(!has_kernels(kind) || done[kind][1] > least());
    }
}

/* So many tiles that three threads take spans of large blocks of their own, and tiles are left that they share; a
 * weight gradient has several blocks. */
static void test_spans(void **unused) {
    (void)unused;
    gt_conv_shape many[] = {{.n = 7, .h = 185, .w = 177, .c = 16, .p = 92, .q = 88, .o = 12, .stride = 2},
                            {.n = 1, .h = 168, .w = 270, .c = 32, .p = 168, .q = 270, .o = 32, .stride = 1}};
    gt_pool *pool = gt_pool_new(THREADS);
    assert_non_null(pool);
    for (int i = 0; i < 6; i++) {
        gt_conv_shape s = many[i / 3];
        s.kh = s.kw = 3, s.groups = 1, s.pad_top = s.pad_left = s.stride == 1;
        s.direction = (gt_conv_direction)(i % 3);
        gt_winograd_tiling p = gt_winograd_tiling_of(&s);
        if (s.direction == GT_CONV_WEIGHT_GRAD) {
            assert_true(p.block < p.tiles);
            if (gt_winograd_fused_gradient_possible(&p)) compare_gradients(&s, pool, 0, 1, true);
            continue;
        }
        int64_t span = p.to.side.x == p.to.step.x ? p.block : p.per_image;
        assert_true(span >= p.block && p.tiles / span >= 2 * THREADS && p.tiles % (THREADS * span) > 0);
        if (gt_winograd_fused_possible(&p)) compare(&s, pool, true, true);
    }
    gt_pool_free(pool);
}

/* The recipes' layers of 32 and 64 channels take small blocks, those of 256 do not. */
static void test_choice(void **unused) {
    (void)unused;
    static const struct {
        int64_t side, channels;
        bool small;
    } layers[] = {{32, 64, true}, {64, 32, true}, {16, 64, true}, {8, 64, true}, {32, 256, false}, {8, 512, false}};
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        int64_t side = layers[i].side, c = layers[i].channels;
        gt_conv_shape s = {.n = 8,
                           .h = side,
                           .w = side,
                           .c = c,
                           .p = side,
                           .q = side,
                           .o = c,
                           .kh = 3,
                           .kw = 3,
                           .stride = 1,
                           .pad_top = 1,
                           .pad_left = 1,
                           .groups = 1};
        gt_winograd_tiling p = gt_winograd_tiling_of(&s);
        assert_int_equal(gt_winograd_fused_pays(&p, 1), layers[i].small && gt_winograd_fused_possible(&p));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_bits), cmocka_unit_test(test_weight_gradient),
                                       cmocka_unit_test(test_spans), cmocka_unit_test(test_choice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
