/* SPDX-License-Identifier: Apache-2.0
 * Sliced Wasserstein distance of patches. */
#include "gantry/swd.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/memory.h"
#include "gantry/random.h"
#include "gantry/status.h"
#include "kernels/gemm.h"

enum { PATCH = GT_SWD_PATCH, PATCHES = 32, DIRECTIONS = 128, LEAST_SIDE = 16, MOST_LEVELS = 12, MOST_IMAGES = 256, MOST_PIXELS = 1 << 24 /* of all images */ };

struct gt_swd {
    gt_arena *arena;
    int n, height, width, channels, levels;
    float *sorted[MOST_LEVELS]; /* [DIRECTIONS][n * PATCHES], each ascending */
};

/* ---- pyramids ---- */

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

/* Every other pixel of the blurred image: [h,w,c] -> [h/2,w/2,c]. line: [w,c]. */
static void shrink(const float *from, int h, int w, int c, float *line, float *to) {
    size_t n = (size_t)w * (size_t)c, pixel = (size_t)c;
    for (int y = 0; y < h / 2; y++) {
        memset(line, 0, n * sizeof *line);
        for (int i = 0; i < 5; i++) add_line(line, from + (size_t)mirrored(2 * y + i - 2, h) * n, n, binomial[i]);
        for (int x = 0; x < w / 2; x++, to += pixel) {
            memset(to, 0, pixel * sizeof *to);
            for (int j = 0; j < 5; j++) add_line(to, line + (size_t)mirrored(2 * x + j - 2, w) * pixel, pixel, binomial[j]);
        }
    }
}

/* fine [h,w,c] -= coarse [h/2,w/2,c] with zeros put between its pixels, blurred, times 4. line: [w/2,c]. */
static void subtract_grown(float *fine, int h, int w, int c, const float *coarse, float *line) {
    size_t n = (size_t)(w / 2) * (size_t)c, pixel = (size_t)c;
    for (int y = 0; y < h; y++) {
        memset(line, 0, n * sizeof *line);
        for (int i = y % 2; i < 5; i += 2) add_line(line, coarse + (size_t)(mirrored(y + i - 2, h) / 2) * n, n, 2 * binomial[i]);
        for (int x = 0; x < w; x++, fine += pixel)
            for (int j = x % 2; j < 5; j += 2) add_line(fine, line + (size_t)(mirrored(x + j - 2, w) / 2) * pixel, pixel, -2 * binomial[j]);
    }
}

static bool can_shrink(int h, int w) { return h % 2 == 0 && w % 2 == 0 && h / 2 >= LEAST_SIDE && w / 2 >= LEAST_SIDE; }

/* ---- patches ---- */

/* Image i's patches of a level as rows [PATCHES][7*7*c]. */
static void take_patches(const float *level, int h, int w, int c, int number, int i, float *rows) {
    gt_key key = {.stream = gt_stream("swd/patches"), .step = (uint32_t)number, .sample = (uint32_t)i};
    size_t line = (size_t)(PATCH * c);
    for (size_t p = 0; p < PATCHES; p++) {
        size_t y = gt_random_below(key, 2 * p, (uint32_t)(h - PATCH + 1)), x = gt_random_below(key, 2 * p + 1, (uint32_t)(w - PATCH + 1));
        for (size_t j = 0; j < PATCH; j++, rows += line) memcpy(rows, level + ((y + j) * (size_t)w + x) * (size_t)c, line * sizeof *rows);
    }
}

/* Each channel to mean 0 and standard deviation 1 over all values. */
static void normalise(float *values, size_t count, int c) {
    for (int k = 0; k < c; k++) {
        double sum = 0, square = 0, n = (double)(count / (size_t)c);
        for (size_t i = (size_t)k; i < count; i += (size_t)c) sum += (double)values[i];
        double mean = sum / n;
        for (size_t i = (size_t)k; i < count; i += (size_t)c) square += ((double)values[i] - mean) * ((double)values[i] - mean);
        double scale = square > 0 ? 1 / sqrt(square / n) : 0;
        for (size_t i = (size_t)k; i < count; i += (size_t)c) values[i] = (float)(((double)values[i] - mean) * scale);
    }
}

static int by_value(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* directions [DIRECTIONS][size], each of length 1. */
static void draw_directions(float *directions, size_t size) {
    gt_random_normal((gt_key){.stream = gt_stream("swd/directions")}, directions, DIRECTIONS * size);
    for (size_t d = 0; d < DIRECTIONS; d++) {
        double square = 0;
        for (size_t i = 0; i < size; i++) square += (double)directions[d * size + i] * (double)directions[d * size + i];
        for (size_t i = 0; i < size; i++) directions[d * size + i] = (float)((double)directions[d * size + i] / sqrt(square));
    }
}

/* ---- sets ---- */

typedef struct scratch {
    float *level, *coarse, *line; /* of one image */
    float *patches[MOST_LEVELS]; /* [n * PATCHES][7*7*c] */
    float *directions;
    void *workspace;
} scratch;

static gt_gemm_args projection(const gt_swd *s, const scratch *z, int level) {
    int64_t rows = (int64_t)s->n * PATCHES, size = PATCH * PATCH * (int64_t)s->channels;
    return (gt_gemm_args){.m = DIRECTIONS, .n = rows, .k = size, .transpose_b = true, .a = z->directions, .lda = size, .b = z->patches[level], .ldb = size,
        .c = s->sorted[level], .ldc = rows};
}

static bool allocate(gt_swd *s, scratch *z) {
    size_t pixels = (size_t)s->height * (size_t)s->width * (size_t)s->channels, rows = (size_t)s->n * PATCHES, size = PATCH * PATCH * (size_t)s->channels;
    z->level = malloc(pixels * sizeof(float));
    z->coarse = malloc(pixels * sizeof(float));
    z->line = malloc((size_t)s->width * (size_t)s->channels * sizeof(float));
    z->directions = malloc(DIRECTIONS * size * sizeof(float));
    bool good = z->level && z->coarse && z->line && z->directions;
    for (int k = 0; k < s->levels; k++) {
        z->patches[k] = malloc(rows * size * sizeof(float));
        s->sorted[k] = gt_arena_array(s->arena, DIRECTIONS * rows, sizeof(float));
        good = good && z->patches[k] && s->sorted[k];
    }
    gt_gemm_args g = projection(s, z, 0);
    size_t bytes = (gt_gemm_workspace(&g, 1) + 63) / 64 * 64;
    z->workspace = aligned_alloc(64, bytes ? bytes : 64);
    return good && z->workspace;
}

static void release(scratch *z) {
    free(z->level);
    free(z->coarse);
    free(z->line);
    free(z->directions);
    free(z->workspace);
    for (int k = 0; k < MOST_LEVELS; k++) free(z->patches[k]);
}

static void add_image(const gt_swd *s, scratch *z, int i, const float *image) {
    int h = s->height, w = s->width, c = s->channels;
    size_t size = PATCH * PATCH * (size_t)c;
    memcpy(z->level, image, (size_t)h * (size_t)w * (size_t)c * sizeof *image);
    for (int k = 0; k < s->levels; k++, h /= 2, w /= 2) {
        if (k + 1 < s->levels) {
            shrink(z->level, h, w, c, z->line, z->coarse);
            subtract_grown(z->level, h, w, c, z->coarse, z->line);
        }
        take_patches(z->level, h, w, c, k, i, z->patches[k] + (size_t)i * PATCHES * size);
        float *next = z->coarse;
        z->coarse = z->level;
        z->level = next;
    }
}

static int images_of(int n, int height, int width) {
    int64_t most = MOST_PIXELS / ((int64_t)height * width);
    if (most > MOST_IMAGES) most = MOST_IMAGES;
    if (most < 1) most = 1;
    return n < most ? n : (int)most;
}

gt_swd *gt_swd_new(int n, int height, int width, int channels, const float *images) {
    if (n < 1 || height < PATCH || width < PATCH) {
        gt_fail(GT_USAGE, "images of %dx%d have no patches of %dx%d", width, height, PATCH, PATCH);
        return NULL;
    }
    gt_arena *arena = gt_arena_new();
    gt_swd *s = arena ? gt_arena_alloc(arena, sizeof *s) : NULL;
    scratch z = {0};
    if (s) {
        *s = (gt_swd){.arena = arena, .n = images_of(n, height, width), .height = height, .width = width, .channels = channels, .levels = 1};
        for (int h = height, w = width; can_shrink(h, w) && s->levels < MOST_LEVELS; h /= 2, w /= 2) s->levels++;
    }
    if (!s || !allocate(s, &z)) {
        gt_fail(GT_NOMEM, "out of memory describing %d images", n);
        gt_arena_free(arena);
        release(&z);
        return NULL;
    }
    size_t pixels = (size_t)height * (size_t)width * (size_t)channels, size = PATCH * PATCH * (size_t)channels, rows = (size_t)s->n * PATCHES;
    for (int i = 0; i < s->n; i++) add_image(s, &z, i, images + (size_t)((int64_t)i * n / s->n) * pixels);
    draw_directions(z.directions, size);
    for (int k = 0; k < s->levels; k++) {
        normalise(z.patches[k], rows * size, channels);
        gt_gemm_args g = projection(s, &z, k);
        gt_gemm(&g, NULL, z.workspace);
        for (size_t d = 0; d < DIRECTIONS; d++) qsort(s->sorted[k] + d * rows, rows, sizeof(float), by_value);
    }
    release(&z);
    return s;
}

void gt_swd_free(gt_swd *s) {
    if (s) gt_arena_free(s->arena);
}

double gt_swd_distance(const gt_swd *a, const gt_swd *b) {
    if (a->n != b->n || a->height != b->height || a->width != b->width || a->channels != b->channels) return NAN;
    size_t count = DIRECTIONS * (size_t)a->n * PATCHES;
    double total = 0;
    for (int k = 0; k < a->levels; k++) {
        double sum = 0;
        for (size_t i = 0; i < count; i++) sum += fabs((double)a->sorted[k][i] - (double)b->sorted[k][i]);
        total += sum / (double)count;
    }
    return 1000 * total / a->levels;
}
