/* SPDX-License-Identifier: Apache-2.0
 * Augmentation of what classifiers are trained on: values by their formulas, the same for any slices, partners from the
 * whole batch. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/door/random.h"
#include "networks/model/door/family.h"
#include "features/classifier/classifier.h"

enum { H = 7, W = 6, C = 2, PIXELS = H * W * C, BATCH = 24, CLASSES = 3, STEP = 5 };

typedef struct fixture {
    gt_job job;
    gt_classifier_options options;
    gt_classifier m;
    float room[2 * PIXELS + CLASSES];
    float images[BATCH * PIXELS], labels[BATCH * CLASSES];
} fixture;

/* Pictures whose pixels are all different. */
static void begin(fixture *f) {
    *f = (fixture){.job = {.height = H, .width = W, .channels = C}};
    f->m = (gt_classifier){.job = &f->job, .options = &f->options, .config = {.classes = CLASSES}, .room = f->room};
    for (int i = 0; i < BATCH * PIXELS; i++) f->images[i] = (float)i / (BATCH * PIXELS);
    for (int i = 0; i < BATCH; i++) f->labels[i * CLASSES + i % CLASSES] = 1;
}

static gt_status sample_of(void *arg, uint32_t step, uint32_t sample, float *image, float *label) {
    const fixture *f = arg;
    assert_int_equal(step, STEP);
    assert_true(sample < BATCH);
    memcpy(image, f->images + sample * PIXELS, PIXELS * sizeof *image);
    memcpy(label, f->labels + sample * CLASSES, CLASSES * sizeof *label);
    return GT_OK;
}

/* All samples of the batch, in slices of n. */
static void augment(fixture *f, int n, float *images, float *labels) {
    memcpy(labels, f->labels, sizeof f->labels);
    for (int first = 0; first < BATCH; first += n) {
        gt_slice_input s = {.n = n,
                            .seed = 9,
                            .step = STEP,
                            .sample0 = (uint32_t)first,
                            .batch = BATCH,
                            .images = f->images + first * PIXELS,
                            .sample_of = sample_of,
                            .sample_arg = f};
        assert_int_equal(gt_classifier_augment(&f->m, &s, images + first * PIXELS, labels + first * CLASSES), GT_OK);
    }
}

static float pixel(const float *image, int y, int x, int c) {
    return y < 0 || y >= H || x < 0 || x >= W ? -1 : image[(y * W + x) * C + c];
}

/* The draws of a sample: shift down, shift right, mirror, the square's row and column. */
static void pictures_move_by_their_draws(void **state) {
    (void)state;
    static fixture f;
    static float images[BATCH * PIXELS], labels[BATCH * CLASSES];
    enum { CROP = 2, SIDE = 3 };
    begin(&f);
    f.options = (gt_classifier_options){.random_crop = CROP, .random_flip = true, .cutout = SIDE};
    augment(&f, BATCH, images, labels);
    int mirrored = 0, shifts[2 * CROP + 1] = {0};
    for (int i = 0; i < BATCH; i++) {
        float u[5];
        gt_random_uniform((gt_key){9, gt_stream("augment"), STEP, (uint32_t)i}, u, 5);
        int dy = (int)floorf(u[0] * (2 * CROP + 1)) - CROP, dx = (int)floorf(u[1] * (2 * CROP + 1)) - CROP;
        int top = (int)floorf(u[3] * H) - SIDE / 2, left = (int)floorf(u[4] * W) - SIDE / 2;
        bool flip = u[2] < 0.5f;
        mirrored += flip;
        shifts[dy + CROP]++;
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++)
                for (int c = 0; c < C; c++) {
                    bool cut = y >= top && y < top + SIDE && x >= left && x < left + SIDE;
                    int column = flip ? W - 1 - (x + dx) : x + dx;
                    float wanted = cut ? -1 : pixel(f.images + i * PIXELS, y + dy, column, c);
                    assert_true(images[i * PIXELS + (y * W + x) * C + c] == wanted);
                }
    }
    assert_in_range(mirrored, BATCH / 4, 3 * BATCH / 4);
    for (int i = 0; i < 2 * CROP + 1; i++) assert_true(shifts[i] > 0);
    assert_memory_equal(labels, f.labels, sizeof labels);
}

/* The draws behind these: angle, brightness, contrast. */
static void draws_of(int sample, float u[8]) {
    gt_random_uniform((gt_key){9, gt_stream("augment"), STEP, (uint32_t)sample}, u, 8);
}

static void augment_one(fixture *f, int sample, const uint8_t *mask, float *image) {
    float label[CLASSES];
    gt_slice_input s = {.n = 1,
                        .seed = 9,
                        .step = STEP,
                        .sample0 = (uint32_t)sample,
                        .batch = BATCH,
                        .images = f->images + sample * PIXELS,
                        .masks = mask};
    if (mask) gt_classifier_targets(&f->m, &s, image);
    else assert_int_equal(gt_classifier_augment(&f->m, &s, image, label), GT_OK);
}

/* Bilinear, with black outside, by sums over all pixels: each has a tent of width 1 around it. */
static void rotation_is_bilinear(void **state) {
    (void)state;
    static fixture f;
    static float images[BATCH * PIXELS], labels[BATCH * CLASSES];
    begin(&f);
    f.options = (gt_classifier_options){.random_crop = 1, .random_flip = true, .random_rotation = 50};
    augment(&f, BATCH, images, labels);
    double least = 50, most = -50;
    for (int i = 0; i < BATCH; i++) {
        float u[8];
        draws_of(i, u);
        int dy = (int)floorf(u[0] * 3) - 1, dx = (int)floorf(u[1] * 3) - 1;
        double degrees = 50 * (2 * (double)u[5] - 1), a = degrees * M_PI / 180;
        least = fmin(least, degrees);
        most = fmax(most, degrees);
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++)
                for (int c = 0; c < C; c++) {
                    double right = x - (W - 1) / 2.0, down = y - (H - 1) / 2.0;
                    double row = cos(a) * down + sin(a) * right + (H - 1) / 2.0 + dy;
                    double column = cos(a) * right - sin(a) * down + (W - 1) / 2.0 + dx, sum = -1;
                    if (u[2] < 0.5f) column = W - 1 - column;
                    for (int v = 0; v < H; v++)
                        for (int w = 0; w < W; w++)
                            sum += fmax(0, 1 - fabs(row - v)) * fmax(0, 1 - fabs(column - w)) *
                                   (1 + (double)pixel(f.images + i * PIXELS, v, w, c));
                    assert_float_equal(images[i * PIXELS + (y * W + x) * C + c], sum, 1e-5);
                }
    }
    assert_true(least < -20 && most > 20);
}

/* By a quarter turn, counter-clockwise, pixels change their places alone, and so do masks. */
static void quarter_turns_are_exact(void **state) {
    (void)state;
    static fixture f;
    enum { N = 6 };
    uint8_t mask[N * N];
    float image[PIXELS], targets[N * N * CLASSES];
    int found = 0;
    begin(&f);
    f.job.height = f.job.width = N;
    for (int i = 0; i < N * N; i++) mask[i] = (uint8_t)(i * 7 % 11 % CLASSES);
    for (int sample = 0; sample < BATCH; sample++) {
        float u[8];
        draws_of(sample, u);
        double side = 2 * (double)u[5] - 1;
        for (int quarters = -2; quarters <= 2; quarters++) {
            double most = 90 * quarters / side;
            if (!(most >= 0 && most <= 180) || most * side / 180 != quarters / 2.0) continue;
            found++;
            f.options = (gt_classifier_options){.random_rotation = most};
            augment_one(&f, sample, NULL, image);
            augment_one(&f, sample, mask, targets);
            for (int y = 0; y < N; y++)
                for (int x = 0; x < N; x++) {
                    int row = y, column = x;
                    for (int k = 0; k < (quarters + 4) % 4; k++) {
                        int before = row;
                        row = column;
                        column = N - 1 - before;
                    }
                    int from = row * N + column, at = y * N + x;
                    for (int c = 0; c < C; c++)
                        assert_true(image[at * C + c] == f.images[sample * PIXELS + from * C + c]);
                    for (int class = 0; class < CLASSES; class ++)
                        assert_true((targets[at * CLASSES + class] > 0) == (mask[from] == class));
                }
        }
    }
    assert_true(found > BATCH);
}

static double in_range(double p) { return fmin(1, fmax(0, p)); }

/* torchvision's adjust_brightness and adjust_contrast. */
static void colours_by_their_formulas(void **state) {
    (void)state;
    static fixture f;
    static const struct {
        int channels, colours;
        double of_grey[3];
    } rows[] = {{3, 0, {0.2989, 0.587, 0.114}}, {1, 0, {1}}, {2, 1, {1}}, {2, -1, {0.5, 0.5}}};
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
        for (int sample = 0; sample < BATCH; sample++) {
            float image[PIXELS], u[8];
            int channels = rows[r].channels, pixels = PIXELS / channels;
            begin(&f);
            for (int i = 0; i < BATCH * PIXELS; i++) f.images[i] = (float)(i * 37 % 101) / 50 - 1;
            f.job.width = pixels / H;
            f.job.channels = channels;
            f.job.colours = rows[r].colours;
            f.options = (gt_classifier_options){.random_brightness = 0.6, .random_contrast = 0.9};
            augment_one(&f, sample, NULL, image);
            draws_of(sample, u);
            double brightness = 1 + 0.6 * (2 * (double)u[6] - 1), contrast = 1 + 0.9 * (2 * (double)u[7] - 1), mean = 0;
            const float *from = f.images + sample * PIXELS;
            for (int i = 0; i < PIXELS; i++)
                mean += rows[r].of_grey[i % channels] * in_range(brightness * ((double)from[i] + 1) / 2) / pixels;
            for (int i = 0; i < PIXELS; i++) {
                double p = in_range(brightness * ((double)from[i] + 1) / 2);
                bool is_colour = rows[r].of_grey[i % channels] > 0;
                double wanted = is_colour ? 2 * in_range(contrast * p + (1 - contrast) * mean) - 1 : (double)from[i];
                assert_float_equal(image[i], wanted, 1e-5);
            }
        }
}

static void slices_change_no_bit(void **state) {
    (void)state;
    static fixture f;
    static float whole[BATCH * PIXELS], parts[BATCH * PIXELS], labels[2][BATCH * CLASSES];
    begin(&f);
    f.options = (gt_classifier_options){.random_crop = 1, .random_flip = true, .cutout = 2, .mixup = 0.4};
    f.options.random_rotation = 30;
    f.options.random_brightness = f.options.random_contrast = 0.3;
    augment(&f, BATCH, whole, labels[0]);
    for (int n = 1; n < BATCH; n++) {
        if (BATCH % n) continue;
        augment(&f, n, parts, labels[1]);
        assert_memory_equal(whole, parts, sizeof whole);
        assert_memory_equal(labels[0], labels[1], sizeof labels[0]);
    }
}

/* A sample is part of itself and of the sample `far` places further on, which is the same for the whole step. */
static void partners_come_from_the_whole_batch(void **state) {
    (void)state;
    static fixture f;
    static float images[BATCH * PIXELS], labels[BATCH * CLASSES];
    begin(&f);
    for (int i = 0; i < BATCH * CLASSES; i++) f.labels[i] = (float)((i * 7) % 11); /* all but equal rows */
    f.options = (gt_classifier_options){.mixup = 0.4};
    augment(&f, 4, images, labels);
    int far = 1 + (int)gt_random_below((gt_key){9, gt_stream("mixup/partner"), STEP, 0}, 0, BATCH - 1);
    assert_in_range(far, 1, BATCH - 1);
    double mean = 0;
    for (int i = 0; i < BATCH; i++) {
        const float *own = f.images + i * PIXELS, *other = f.images + (i + far) % BATCH * PIXELS;
        const float *mine = f.labels + i * CLASSES, *theirs = f.labels + (i + far) % BATCH * CLASSES;
        double part = ((double)images[i * PIXELS] - (double)other[0]) / ((double)own[0] - (double)other[0]);
        assert_true(part > -1e-4 && part < 1 + 1e-4);
        mean += part / BATCH;
        for (int k = 0; k < PIXELS; k++)
            assert_float_equal(images[i * PIXELS + k], part * (double)own[k] + (1 - part) * (double)other[k], 1e-4);
        for (int k = 0; k < CLASSES; k++)
            assert_float_equal(labels[i * CLASSES + k], part * (double)mine[k] + (1 - part) * (double)theirs[k], 2e-3);
    }
    assert_true(mean > 0.25 && mean < 0.75);
}

/* Beta(a, a) has the mean 1/2 and the variance 1/(4 (2 a + 1)). */
static void parts_are_beta_variables(void **state) {
    (void)state;
    static fixture f;
    enum { ROUNDS = 100, N = BATCH * ROUNDS };
    const double of[] = {0.2, 1};
    for (int k = 0; k < 2; k++) {
        double sum = 0, square = 0;
        begin(&f);
        f.options = (gt_classifier_options){.mixup = of[k]};
        for (int i = 0; i < BATCH; i++) f.labels[i * CLASSES] = 0;
        for (uint32_t round = 0; round < ROUNDS; round++) {
            for (int i = 0; i < BATCH; i++) { /* own label 1, the partner's 0: the label is the part */
                float image[PIXELS], label[CLASSES] = {1};
                gt_slice_input s = {.n = 1,
                                    .seed = round,
                                    .step = STEP,
                                    .sample0 = (uint32_t)i,
                                    .batch = BATCH,
                                    .images = f.images + i * PIXELS,
                                    .sample_of = sample_of,
                                    .sample_arg = &f};
                assert_int_equal(gt_classifier_augment(&f.m, &s, image, label), GT_OK);
                sum += (double)label[0] / N;
                square += (double)label[0] * (double)label[0] / N;
            }
        }
        double variance = 1 / (4 * (2 * of[k] + 1));
        assert_float_equal(sum, 0.5, 4 * sqrt(variance / N));
        assert_float_equal(square - sum * sum, variance, 0.1 * variance);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_move_by_their_draws), cmocka_unit_test(rotation_is_bilinear),
        cmocka_unit_test(quarter_turns_are_exact),      cmocka_unit_test(colours_by_their_formulas),
        cmocka_unit_test(slices_change_no_bit),         cmocka_unit_test(partners_come_from_the_whole_batch),
        cmocka_unit_test(parts_are_beta_variables)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
