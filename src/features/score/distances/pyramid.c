/* SPDX-License-Identifier: Apache-2.0
 * Laplacian pyramids. */
#include "features/score/distances/transforms.h"

#include <string.h>

/* A place outside [0,size) is mirrored at the edge pixel; never further than two outside. */
static int mirrored(int i, int size) {
    if (i < 0) i = -i;
    return i >= size ? 2 * (size - 1) - i : i;
}

static const float binomial[5] = {1 / 16.0f, 4 / 16.0f, 6 / 16.0f, 4 / 16.0f, 1 / 16.0f};

/* sum[i] += weight * from[i] */
static void add_line(float *restrict sum, const float *restrict from, size_t n, float weight) {
    for (size_t i = 0; i < n; i++) sum[i] += weight * from[i];
}

void gt_pyramid_shrink(const float *from, int h, int w, int c, float *line, float *to) {
    size_t n = (size_t)w * (size_t)c, pixel = (size_t)c;
    for (int y = 0; y < h / 2; y++) {
        memset(line, 0, n * sizeof *line);
        for (int i = 0; i < 5; i++) add_line(line, from + (size_t)mirrored(2 * y + i - 2, h) * n, n, binomial[i]);
        for (int x = 0; x < w / 2; x++, to += pixel) {
            memset(to, 0, pixel * sizeof *to);
            for (int j = 0; j < 5; j++)
                add_line(to, line + (size_t)mirrored(2 * x + j - 2, w) * pixel, pixel, binomial[j]);
        }
    }
}

void gt_pyramid_subtract(float *fine, int h, int w, int c, const float *coarse, float *line) {
    size_t n = (size_t)(w / 2) * (size_t)c, pixel = (size_t)c;
    for (int y = 0; y < h; y++) {
        memset(line, 0, n * sizeof *line);
        for (int i = y % 2; i < 5; i += 2)
            add_line(line, coarse + (size_t)(mirrored(y + i - 2, h) / 2) * n, n, 2 * binomial[i]);
        for (int x = 0; x < w; x++, fine += pixel)
            for (int j = x % 2; j < 5; j += 2)
                add_line(fine, line + (size_t)(mirrored(x + j - 2, w) / 2) * pixel, pixel, -2 * binomial[j]);
    }
}

bool gt_pyramid_goes_on(int h, int w) {
    enum { LEAST_SIDE = 16 };
    return h % 2 == 0 && w % 2 == 0 && h / 2 >= LEAST_SIDE && w / 2 >= LEAST_SIDE;
}
