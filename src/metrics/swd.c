/* SPDX-License-Identifier: Apache-2.0
 * Sliced Wasserstein distance: how far the patches of one set of pictures are from those of another, at several scales.
 * Karras et al., "Progressive Growing of GANs for Improved Quality, Stability, and Variation", section 5. The distance
 * needs no classifier, and tells sharpness, textures, colours and variety apart, but not what is shown.
 *
 * Pictures become Laplacian pyramids, down to 16 pixels or an odd side. Of each level of each picture 32 patches of 7x7
 * pixels are taken; each channel is normalised over all patches of the set; both sets are projected on 128 directions
 * and sorted. The distance is the mean difference, times 1000, over directions and levels. It shrinks with the number
 * of pictures: only sets of one size compare. Of more than 256 pictures (or 2^24 pixels) so many are taken. Patches and
 * directions are the same for all sets of a shape. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/log.h"
#include "gantry/memory.h"
#include "gantry/random.h"
#include "kernels/gemm.h"
#include "metrics/metric_list.h"
#include "metrics/pyramid.h"
#include "metrics/sort_floats.h"

enum {
    PATCH = 7,
    PATCHES = 32,
    DIRECTIONS = 128,
    MOST_LEVELS = 12,
    MOST_IMAGES = 256,
    MOST_PIXELS = 1 << 24 /* of all images */
};

typedef struct set {
    gt_arena *arena;
    const gt_kernel_set *kernels;
    int n, height, width, channels, levels;
    int64_t count;                /* pictures of the set, of which n are taken, evenly */
    int taken;                    /* so far */
    float *patches;               /* [levels][n * PATCHES][7*7*c]; NULL: they are described */
    float *sorted;                /* [levels][DIRECTIONS][n * PATCHES], each ascending */
    float *level, *coarse, *line; /* of one picture */
} set;

/* ---- patches ---- */

/* Image i's patches of a level as rows [PATCHES][7*7*c]. */
static void take_patches(const float *level, int h, int w, int c, int number, int i, float *rows) {
    gt_key key = {.stream = gt_stream("swd/patches"), .step = (uint32_t)number, .sample = (uint32_t)i};
    size_t line = (size_t)(PATCH * c);
    for (size_t p = 0; p < PATCHES; p++) {
        size_t y = gt_random_below(key, 2 * p, (uint32_t)(h - PATCH + 1)),
               x = gt_random_below(key, 2 * p + 1, (uint32_t)(w - PATCH + 1));
        for (size_t j = 0; j < PATCH; j++, rows += line)
            memcpy(rows, level + ((y + j) * (size_t)w + x) * (size_t)c, line * sizeof *rows);
    }
}

/* Each channel to mean 0 and standard deviation 1 over all values. */
static void normalise(float *values, size_t count, int c) {
    for (int k = 0; k < c; k++) {
        double sum = 0, square = 0, n = (double)(count / (size_t)c);
        for (size_t i = (size_t)k; i < count; i += (size_t)c) sum += (double)values[i];
        double mean = sum / n;
        for (size_t i = (size_t)k; i < count; i += (size_t)c)
            square += ((double)values[i] - mean) * ((double)values[i] - mean);
        double scale = square > 0 ? 1 / sqrt(square / n) : 0;
        for (size_t i = (size_t)k; i < count; i += (size_t)c) values[i] = (float)(((double)values[i] - mean) * scale);
    }
}

/* directions [DIRECTIONS][size], each of length 1. */
static void draw_directions(float *directions, size_t size) {
    gt_random_normal((gt_key){.stream = gt_stream("swd/directions")}, directions, DIRECTIONS * size);
    for (size_t d = 0; d < DIRECTIONS; d++) {
        double square = 0;
        for (size_t i = 0; i < size; i++) square += (double)directions[d * size + i] * (double)directions[d * size + i];
        for (size_t i = 0; i < size; i++)
            directions[d * size + i] = (float)((double)directions[d * size + i] / sqrt(square));
    }
}

/* ---- sets ---- */

static int pictures_of(int64_t n, int height, int width) {
    int64_t most = MOST_PIXELS / ((int64_t)height * width);
    if (most > MOST_IMAGES) most = MOST_IMAGES;
    if (most < 1) most = 1;
    return (int)(n < most ? n : most);
}

static void end(void *of) {
    set *s = of;
    free(s->patches);
    gt_arena_free(s->arena);
}

/* A new set: how many pictures of it are looked at, how many levels their pyramids have, and memory for the patches of
 * all of them and for the sorted projections. */
static gt_status begin(void **out, const gt_metric_input *in) {
    int h = in->height, w = in->width;
    size_t line = (size_t)w * (size_t)in->channels, size = PATCH * PATCH * (size_t)in->channels;
    if (in->count < 1 || h < PATCH || w < PATCH)
        return gt_fail(GT_USAGE, "pictures of %dx%d have no patches of %dx%d", w, h, PATCH, PATCH);
    gt_arena *arena = gt_arena_new();
    set *s = arena ? gt_arena_alloc(arena, sizeof *s) : NULL;
    if (!s) {
        gt_arena_free(arena);
        return gt_fail(GT_NOMEM, "out of memory describing pictures");
    }
    *s = (set){.arena = arena,
               .kernels = in->kernels,
               .n = pictures_of(in->count, h, w),
               .height = h,
               .width = w,
               .channels = in->channels,
               .levels = 1,
               .count = in->count};
    for (; gt_pyramid_goes_on(h, w) && s->levels < MOST_LEVELS; h /= 2, w /= 2) s->levels++;
    s->level = gt_arena_array(arena, (size_t)s->height, line * sizeof(float));
    s->coarse = gt_arena_array(arena, (size_t)s->height, line * sizeof(float));
    s->line = gt_arena_array(arena, line, sizeof(float));
    size_t rows = (size_t)(s->n * s->levels) * PATCHES;
    s->sorted = gt_arena_array(arena, rows, DIRECTIONS * sizeof(float));
    s->patches = malloc(rows * size * sizeof(float));
    *out = s;
    return s->patches && !gt_arena_failed(arena) ? GT_OK
                                                 : gt_fail(GT_NOMEM, "out of memory describing %d pictures", s->n);
}

static void add_picture(set *s, int i, const float *picture) {
    int h = s->height, w = s->width, c = s->channels;
    size_t size = PATCH * PATCH * (size_t)c;
    memcpy(s->level, picture, (size_t)h * (size_t)w * (size_t)c * sizeof *picture);
    for (int k = 0; k < s->levels; k++, h /= 2, w /= 2) {
        if (k + 1 < s->levels) {
            gt_pyramid_shrink(s->level, h, w, c, s->line, s->coarse);
            gt_pyramid_subtract(s->level, h, w, c, s->coarse, s->line);
        }
        take_patches(s->level, h, w, c, k, i, s->patches + (size_t)(k * s->n + i) * PATCHES * size);
        float *next = s->coarse;
        s->coarse = s->level;
        s->level = next;
    }
}

static gt_status add(void *of, const gt_metric_batch *batch) {
    set *s = of;
    size_t pixels = (size_t)s->height * (size_t)s->width * (size_t)s->channels;
    for (int64_t i = 0; i < batch->n && s->taken < s->n; i++)
        if (s->taken * s->count / s->n == batch->first + i) {
            add_picture(s, s->taken, batch->pictures + (size_t)i * pixels);
            s->taken++;
        }
    return GT_OK;
}

/* Patches to sorted projections; false: out of memory. */
static bool describe(set *s) {
    size_t size = PATCH * PATCH * (size_t)s->channels, rows = (size_t)s->n * PATCHES;
    float *directions = malloc((DIRECTIONS * size + rows) * sizeof *directions);
    gt_gemm_args g = {.kernels = s->kernels,
                      .m = DIRECTIONS,
                      .n = (int64_t)rows,
                      .k = (int64_t)size,
                      .transpose_b = true,
                      .a = directions,
                      .lda = (int64_t)size,
                      .b = s->patches,
                      .ldb = (int64_t)size,
                      .c = s->sorted,
                      .ldc = (int64_t)rows};
    size_t bytes = gt_gemm_workspace(&g, 1) + 1;
    void *workspace = gt_block_alloc(bytes, "a distance of pictures");
    bool good = directions && workspace && s->taken == s->n;
    if (good) draw_directions(directions, size);
    for (int k = 0; good && k < s->levels; k++) {
        float *patches = s->patches + (size_t)k * rows * size, *sorted = s->sorted + (size_t)k * DIRECTIONS * rows;
        normalise(patches, rows * size, s->channels);
        g.b = patches;
        g.c = sorted;
        gt_gemm(&g, NULL, workspace);
        for (size_t d = 0; d < DIRECTIONS; d++) gt_sort_floats(sorted + d * rows, directions + DIRECTIONS * size, rows);
    }
    gt_block_free(workspace, bytes);
    free(directions);
    if (good) {
        free(s->patches);
        s->patches = NULL;
    }
    return good;
}

static double value(void *reals, void *fakes) {
    set *a = reals, *b = fakes;
    if (a->n != b->n || a->height != b->height || a->width != b->width || a->channels != b->channels) return NAN;
    if ((a->patches && !describe(a)) || (b->patches && !describe(b))) {
        gt_warn("no distance between pictures this time: out of memory");
        return NAN;
    }
    size_t count = DIRECTIONS * (size_t)a->n * PATCHES;
    double total = 0;
    for (size_t k = 0; k < (size_t)a->levels; k++) {
        double sum = 0;
        for (size_t i = k * count; i < (k + 1) * count; i++) sum += fabs((double)a->sorted[i] - (double)b->sorted[i]);
        total += sum / (double)count;
    }
    return 1000 * total / a->levels;
}

const gt_metric gt_metric_fakes_swd = {
    .series = "Fakes/swd",
    .label = "swd",
    .format = "%.1f",
    .title = "Distance",
    .legend = "SWD",
    .note = "Generated from real images: patches at all scales (sliced Wasserstein distance, times 1000)",
    .needs = GT_METRIC_REALS | GT_METRIC_FAKES,
    .begin = begin,
    .add = add,
    .value = value,
    .end = end,
};
