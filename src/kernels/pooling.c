/* SPDX-License-Identifier: Apache-2.0
 * Average pooling and its adjoint: a tile is one line of pooled pixels. */
#include "kernels/pooling.h"

typedef struct windows {
    int64_t q, c;
    int size;
    const float *from;
    float *to;
} windows;

static void pool_line(void *arg, int line, int worker) {
    (void)worker;
    const windows *s = arg;
    int64_t wide = s->q * s->size * s->c; /* floats of a line of the large image */
    float factor = 1.0f / (float)(s->size * s->size);
    const float *window = s->from + line * s->size * wide;
    float *y = s->to + line * s->q * s->c;
    for (int64_t q = 0; q < s->q; q++, window += s->size * s->c, y += s->c) {
        for (int64_t c = 0; c < s->c; c++) y[c] = window[c];
        for (int i = 1; i < s->size * s->size; i++) {
            const float *x = window + i / s->size * wide + i % s->size * s->c;
            for (int64_t c = 0; c < s->c; c++) y[c] += x[c];
        }
        for (int64_t c = 0; c < s->c; c++) y[c] *= factor;
    }
}

static void spread_line(void *arg, int line, int worker) {
    (void)worker;
    const windows *s = arg;
    int64_t wide = s->q * s->size * s->c;
    float factor = 1.0f / (float)(s->size * s->size);
    float *window = s->to + line * s->size * wide;
    const float *y = s->from + line * s->q * s->c;
    for (int64_t q = 0; q < s->q; q++, window += s->size * s->c, y += s->c)
        for (int i = 0; i < s->size * s->size; i++) {
            float *x = window + i / s->size * wide + i % s->size * s->c;
            for (int64_t c = 0; c < s->c; c++) x[c] = y[c] * factor;
        }
}

void gt_avg_pool_run(int64_t n, int64_t p, int64_t q, int64_t c, int size, gt_pool *pool, const float *x, float *y) {
    windows s = {.q = q, .c = c, .size = size, .from = x, .to = y};
    gt_pool_run(pool, (int)(n * p), pool_line, &s);
}

void gt_avg_pool_adjoint_run(int64_t n, int64_t p, int64_t q, int64_t c, int size, gt_pool *pool, const float *y, float *x) {
    windows s = {.q = q, .c = c, .size = size, .from = y, .to = x};
    gt_pool_run(pool, (int)(n * p), spread_line, &s);
}
