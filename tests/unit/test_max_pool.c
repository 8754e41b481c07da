/* SPDX-License-Identifier: Apache-2.0
 * Max pooling beside a plain loop, bit by bit: channels that fill vectors, and those that do not; equal values, NaN. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/door/random.h"
#include "kernels/door/max_pool.h"

enum { N = 2, H = 7, W = 6, MOST_C = 70 };

/* Where the maximum lies: the first of equal values; the last NaN. */
static int64_t place_of(const gt_max_pool_shape *s, const float *x, int64_t n, int64_t p, int64_t q, int64_t c) {
    int64_t best = -1;
    for (int a = 0; a < s->size; a++)
        for (int b = 0; b < s->width; b++) {
            int64_t y = p * s->stride - s->pad + a, z = q * s->stride_x - s->pad_x + b;
            if (y < 0 || z < 0 || y >= s->h || z >= s->w) continue;
            int64_t at = ((n * s->h + y) * s->w + z) * s->c + c;
            if (best < 0 || isnan(x[at]) || x[at] > x[best]) best = at;
        }
    return best;
}

/* Each value is added to the pixel of the maximum of its window: what the kernel makes, and what it makes of places. */
static void assert_spread(const gt_max_pool_shape *s, const float *x, const float *v) {
    static float spread[N * H * W * MOST_C], places[N * H * W * MOST_C], put[N * H * W * MOST_C];
    static double wanted[N * H * W * MOST_C];
    int64_t all = N * s->h * W * s->c;
    memset(wanted, 0, sizeof wanted);
    for (int64_t o = 0; o < N * s->p * s->q * s->c; o++) {
        int64_t pixel = o / s->c;
        wanted[place_of(s, x, pixel / s->q / s->p, pixel / s->q % s->p, pixel % s->q, o % s->c)] += (double)v[o];
    }
    gt_max_pool_spread_kernel(s, NULL, x, v, spread);
    gt_max_pool_place_kernel(s, NULL, x, places);
    gt_max_pool_put_kernel(s, NULL, places, v, put);
    assert_memory_equal(put, spread, (size_t)all * sizeof *put);
    for (int64_t i = 0; i < all; i++)
        if (!(fabs((double)spread[i] - wanted[i]) <= 1e-5))
            fail_msg("%d channels, pixel %d: %g in place of %g", (int)s->c, (int)i, (double)spread[i], wanted[i]);
    if (!gt_max_pool_apart(s)) return;
    memcpy(put, x, (size_t)all * sizeof *put); /* in its own place */
    gt_max_pool_spread_kernel(s, NULL, put, v, put);
    assert_memory_equal(put, spread, (size_t)all * sizeof *put);
}

/* Few different values, so that many are equal; some NaN, some zeros of both signs. */
static void fill(float *x, int64_t n, uint64_t seed) {
    gt_random_normal((gt_key){.seed = seed}, x, (size_t)n);
    for (int64_t i = 0; i < n; i++) x[i] = i % 29 == 3 ? NAN : i % 7 == 1 ? -0.0F : nearbyintf(2 * x[i]) / 2;
}

static void as_a_plain_loop(void **state) {
    (void)state;
    static const gt_max_pool_shape windows[] = {
        {.size = 2, .stride = 2, .pad = 0, .width = 2, .stride_x = 2, .pad_x = 0},
        {.size = 3, .stride = 3, .pad = 0, .width = 3, .stride_x = 3, .pad_x = 0},
        {.size = 3, .stride = 2, .pad = 1, .width = 3, .stride_x = 2, .pad_x = 1},
        {.size = 5, .stride = 1, .pad = 2, .width = 5, .stride_x = 1, .pad_x = 2},
        {.size = 1, .stride = 1, .pad = 0, .width = 3, .stride_x = 2, .pad_x = 1},
        {.size = 4, .stride = 3, .pad = 2, .width = 2, .stride_x = 2, .pad_x = 0},
        /* apart */
        {.h = 6, .size = 2, .stride = 2, .width = 2, .stride_x = 2},
        {.h = 6, .size = 3, .stride = 3, .width = 3, .stride_x = 3},
        {.size = 7, .stride = 7, .width = 2, .stride_x = 2}};
    static const int channels[] = {1, 3, 4, 6, 15, 16, 17, 32, 35, MOST_C};
    static float x[N * H * W * MOST_C], v[N * H * W * MOST_C], most[N * H * W * MOST_C], at[N * H * W * MOST_C];
    for (size_t k = 0; k < sizeof windows / sizeof *windows; k++)
        for (size_t i = 0; i < sizeof channels / sizeof *channels; i++) {
            gt_max_pool_shape s = windows[k];
            s.n = N, s.h = s.h ? s.h : H, s.w = W, s.c = channels[i];
            s.p = (s.h + 2 * s.pad - s.size) / s.stride + 1, s.q = (W + 2 * s.pad_x - s.width) / s.stride_x + 1;
            assert_int_equal(gt_max_pool_apart(&s), k >= 6);
            fill(x, N * H * W * s.c, k);
            gt_random_normal((gt_key){.seed = 9}, v, (size_t)(N * H * W * s.c));
            gt_max_pool_pick_kernel(&s, NULL, x, x, most);
            gt_max_pool_pick_kernel(&s, NULL, x, v, at);
            for (int64_t o = 0; o < N * s.p * s.q * s.c; o++) {
                int64_t pixel = o / s.c;
                int64_t best = place_of(&s, x, pixel / s.q / s.p, pixel / s.q % s.p, pixel % s.q, o % s.c);
                if (memcmp(&most[o], &x[best], sizeof *x) || at[o] != v[best])
                    fail_msg("window %zu, %d channels, value %d: %g in place of %g", k, channels[i], (int)o,
                             (double)most[o], (double)x[best]);
            }
            assert_spread(&s, x, v);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_a_plain_loop)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
