/* SPDX-License-Identifier: Apache-2.0
 * Augmentation of what a classifier is trained on, each a function of (seed, step, sample): pictures are shifted by up
 * to `crop` pixels, mirrored, get a black square (DeVries and Taylor, "Improved Regularization of Convolutional Neural
 * Networks with Cutout"), and are mixed with another picture of the batch (Zhang et al., "mixup"). */
#include <math.h>
#include <string.h>

#include "gantry/mathfn.h"
#include "gantry/source.h"
#include "gantry/random.h"
#include "models/classifier/classifier.h"

enum { DRAW_Y, DRAW_X, DRAW_FLIP, DRAW_BOX_Y, DRAW_BOX_X, DRAWS };

static const float black = -1;

bool gt_classifier_augments(const gt_classifier_options *o) {
    return o->random_crop || o->random_flip || o->cutout || o->mixup > 0;
}

/* The pixel `at` of a picture that was moved by `shift`, mirrored or not; < 0 or >= size: outside. */
static int64_t source(int64_t at, int64_t shift, bool flipped, int64_t size) {
    int64_t from = at + shift;
    return flipped ? size - 1 - from : from;
}

static bool in_box(int64_t at, double centre, int64_t side, int64_t size) {
    int64_t middle = (int64_t)(centre * (double)size);
    return side && at >= middle - side / 2 && at < middle - side / 2 + side;
}

typedef struct motion { /* what is drawn for a sample */
    int64_t dy, dx;
    bool flipped;
    float box_y, box_x; /* middle of the black square */
} motion;

static motion motion_of(const gt_classifier *m, const gt_slice_input *s, uint32_t sample) {
    const gt_classifier_options *o = m->options;
    gt_key key = {.seed = s->seed, .stream = gt_stream("augment"), .step = s->step, .sample = sample};
    float u[DRAWS];
    gt_random_uniform(key, u, DRAWS);
    int64_t spread = 2 * o->random_crop + 1;
    return (motion){.dy = (int64_t)(u[DRAW_Y] * (float)spread) - o->random_crop,
                    .dx = (int64_t)(u[DRAW_X] * (float)spread) - o->random_crop,
                    .flipped = o->random_flip && u[DRAW_FLIP] < 0.5f,
                    .box_y = u[DRAW_BOX_Y],
                    .box_x = u[DRAW_BOX_X]};
}

/* The pixel that comes to (y, x); -1: it lies outside. */
static int64_t pixel_from(const gt_job *j, const motion *d, int64_t y, int64_t x) {
    int64_t row = source(y, d->dy, false, j->height), column = source(x, d->dx, d->flipped, j->width);
    bool inside = row >= 0 && row < j->height && column >= 0 && column < j->width;
    return inside ? row * j->width + column : -1;
}

/* A picture [H,W,C] as sample `sample` of the step sees it. */
static void move(const gt_classifier *m, const gt_slice_input *s, uint32_t sample, const float *from, float *to) {
    const gt_classifier_options *o = m->options;
    const gt_job *j = m->job;
    motion d = motion_of(m, s, sample);
    int64_t c = j->channels;
    for (int64_t y = 0; y < j->height; y++) {
        bool boxed = in_box(y, (double)d.box_y, o->cutout, j->height);
        for (int64_t x = 0; x < j->width; x++, to += c) {
            int64_t at = boxed && in_box(x, (double)d.box_x, o->cutout, j->width) ? -1 : pixel_from(j, &d, y, x);
            for (int64_t k = 0; k < c; k++) to[k] = at >= 0 ? from[at * c + k] : black;
        }
    }
}

void gt_classifier_targets(const gt_classifier *m, const gt_slice_input *s, float *targets) {
    const gt_job *j = m->job;
    int64_t pixels = j->height * j->width, classes = m->config.classes;
    memset(targets, 0, (size_t)(s->n * pixels * classes) * sizeof *targets);
    for (int i = 0; i < s->n; i++, targets += pixels * classes) {
        const uint8_t *mask = s->masks ? s->masks + i * pixels : NULL;
        motion d = motion_of(m, s, s->sample0 + (uint32_t)i);
        int64_t counted = 0;
        for (int pass = 0; pass < 2; pass++) /* first the pixels are counted */
            for (int64_t at = 0; at < pixels; at++) {
                int64_t from = pixel_from(j, &d, at / j->width, at % j->width);
                int class = from < 0 || !mask ? GT_MASK_IGNORE : mask[from];
                if (class >= classes) continue;
                if (pass) targets[at * classes + class] = 1 / (float)counted;
                else counted++;
            }
    }
}

/* Beta(a, a) by Johnk's rejection (Devroye, "Non-Uniform Random Variate Generation", IX.3): for a <= 1. */
static float beta(gt_key key, double a) {
    enum { TRIES = 64 };
    float u[2 * TRIES];
    gt_random_uniform(key, u, 2 * TRIES);
    for (int i = 0; i < TRIES; i++) {
        double x = u[2 * i] > 0 ? gt_pow((double)u[2 * i], 1 / a) : 0,
               y = u[2 * i + 1] > 0 ? gt_pow((double)u[2 * i + 1], 1 / a) : 0;
        if (x + y > 0 && x + y <= 1) return (float)(x / (x + y));
    }
    return 0.5f;
}

/* The partner is the sample so many places further on, the same number for all samples of the step. */
static gt_status mix(const gt_classifier *m, const gt_slice_input *s, uint32_t sample, float *image, float *label) {
    const gt_job *j = m->job;
    size_t pixels = (size_t)(j->height * j->width * j->channels), classes = (size_t)m->config.classes;
    gt_key of_step = {.seed = s->seed, .stream = gt_stream("mixup/partner"), .step = s->step};
    gt_key of_sample = {.seed = s->seed, .stream = gt_stream("mixup/part"), .step = s->step, .sample = sample};
    if (s->batch < 2) return GT_OK;
    uint32_t partner = (sample + 1 + gt_random_below(of_step, 0, (uint32_t)s->batch - 1)) % (uint32_t)s->batch;
    float part = beta(of_sample, m->options->mixup);
    float *other = m->room, *moved = other + pixels, *truth = moved + pixels;
    gt_status st = s->sample_of(s->sample_arg, s->step, partner, other, truth);
    if (st) return st;
    move(m, s, partner, other, moved);
    for (size_t i = 0; i < pixels; i++) image[i] = part * image[i] + (1 - part) * moved[i];
    for (size_t i = 0; i < classes; i++) label[i] = part * label[i] + (1 - part) * truth[i];
    return GT_OK;
}

gt_status gt_classifier_augment(const gt_classifier *m, const gt_slice_input *s, float *images, float *labels) {
    const gt_job *j = m->job;
    size_t pixels = (size_t)(j->height * j->width * j->channels), classes = (size_t)m->config.classes;
    gt_status st = GT_OK;
    for (int i = 0; i < s->n && !st; i++) {
        uint32_t sample = s->sample0 + (uint32_t)i;
        float *image = images + (size_t)i * pixels;
        move(m, s, sample, s->images + (size_t)i * pixels, image);
        if (m->options->mixup > 0) st = mix(m, s, sample, image, labels + (size_t)i * classes);
    }
    return st;
}
