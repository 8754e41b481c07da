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

#include "gantry/random.h"
#include "models/classifier/classifier.h"

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

static void slices_change_no_bit(void **state) {
    (void)state;
    static fixture f;
    static float whole[BATCH * PIXELS], parts[BATCH * PIXELS], labels[2][BATCH * CLASSES];
    begin(&f);
    f.options = (gt_classifier_options){.random_crop = 1, .random_flip = true, .cutout = 2, .mixup = 0.4};
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
        cmocka_unit_test(pictures_move_by_their_draws), cmocka_unit_test(slices_change_no_bit),
        cmocka_unit_test(partners_come_from_the_whole_batch), cmocka_unit_test(parts_are_beta_variables)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
