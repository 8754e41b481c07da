/* SPDX-License-Identifier: Apache-2.0
 * Augmentation of what a classifier is trained on, each a function of (seed, step, sample). A picture is mirrored,
 * shifted by up to `random_crop` pixels and turned about its middle by up to `random_rotation` degrees to both sides in
 * one step: pixel (y, x) of the result comes from
 *
 *     row = middle + sin(a) (x - middle) + cos(a) (y - middle) + dy
 *     column = middle + cos(a) (x - middle) - sin(a) (y - middle) + dx     mirrored: width - 1 - column
 *
 * of the picture (bilinear; black outside), where a is the angle, counter-clockwise. Masks take the nearest pixel.
 * Then, with factors f uniform in 1-b .. 1+b, in the order and by the formulas of torchvision's ColorJitter, for pixels
 * p in 0 .. 1:
 *
 *     brightness   clamp(f p, 0, 1)
 *     contrast     clamp(f p + (1 - f) m, 0, 1), where m is the picture's mean of 0.2989 R + 0.587 G + 0.114 B, of
 * other numbers of colours the mean of all
 *
 * Channels that are not colours stay. Then come a black square (DeVries and Taylor, "Improved Regularization of
 * Convolutional Neural Networks with Cutout") and a mixture with another picture of the batch (Zhang et al., "mixup").
 */
#include <math.h>
#include <string.h>

#include "base/door/numbers.h"
#include "base/door/mathfn.h"
#include "gantry/source.h"
#include "base/door/random.h"
#include "networks/model/door/family.h"
#include "features/classifier/classifier.h"

/* New draws stand at the end: the others keep their values. */
enum { DRAW_Y, DRAW_X, DRAW_FLIP, DRAW_BOX_Y, DRAW_BOX_X, DRAW_ANGLE, DRAW_BRIGHTNESS, DRAW_CONTRAST, DRAWS };

static const float black = -1;

bool gt_classifier_augments(const gt_classifier_options *o) {
    return o->random_crop || o->random_flip || o->random_rotation > 0 || o->random_brightness > 0 ||
           o->random_contrast > 0 || o->cutout || o->mixup > 0;
}

typedef struct motion { /* what is drawn for a sample */
    int64_t dy, dx;
    bool flipped, turned;
    double cosine, sine;        /* of the angle */
    float brightness, contrast; /* factors */
    float box_y, box_x;         /* middle of the black square */
} motion;

/* -1 .. 1 */
static double to_both_sides(float u) { return 2 * (double)u - 1; }

static motion motion_of(const gt_classifier *m, const gt_slice_input *s, uint32_t sample) {
    const gt_classifier_options *o = m->options;
    gt_key key = {.seed = s->seed, .stream = gt_stream("augment"), .step = s->step, .sample = sample};
    float u[DRAWS];
    gt_random_uniform(key, u, DRAWS);
    int64_t spread = 2 * o->random_crop + 1;
    double turn = o->random_rotation * to_both_sides(u[DRAW_ANGLE]) / 180;
    return (motion){.dy = (int64_t)(u[DRAW_Y] * (float)spread) - o->random_crop,
                    .dx = (int64_t)(u[DRAW_X] * (float)spread) - o->random_crop,
                    .flipped = o->random_flip && u[DRAW_FLIP]<0.5f, .turned = o->random_rotation> 0,
                    .cosine = gt_cos_pi(turn),
                    .sine = gt_cos_pi(turn - 0.5),
                    .brightness = (float)(1 + o->random_brightness * to_both_sides(u[DRAW_BRIGHTNESS])),
                    .contrast = (float)(1 + o->random_contrast * to_both_sides(u[DRAW_CONTRAST])),
                    .box_y = u[DRAW_BOX_Y],
                    .box_x = u[DRAW_BOX_X]};
}

/* The number of a pixel; -1: it lies outside. */
static int64_t pixel_at(const gt_job *j, int64_t row, int64_t column) {
    bool inside = row >= 0 && row < j->height && column >= 0 && column < j->width;
    return inside ? row * j->width + column : -1;
}

/* The pixel that (y, x) comes from where nothing is turned. */
static int64_t shifted_pixel(const gt_job *j, const motion *d, int64_t y, int64_t x) {
    int64_t column = x + d->dx;
    return pixel_at(j, y + d->dy, d->flipped ? j->width - 1 - column : column);
}

typedef struct place {
    double row, column;
} place;

/* Where pixel (y, x) comes from. */
static place turned_place(const gt_job *j, const motion *d, int64_t y, int64_t x) {
    double middle_y = (double)(j->height - 1) / 2, middle_x = (double)(j->width - 1) / 2;
    double v = (double)y - middle_y, u = (double)x - middle_x;
    double row = d->sine * u + d->cosine * v + middle_y + (double)d->dy,
           column = d->cosine * u - d->sine * v + middle_x + (double)d->dx;
    return (place){row, d->flipped ? (double)(j->width - 1) - column : column};
}

static int64_t nearest_pixel(const gt_job *j, const motion *d, int64_t y, int64_t x) {
    if (!d->turned) return shifted_pixel(j, d, y, x);
    place p = turned_place(j, d, y, x);
    return pixel_at(j, (int64_t)floor(p.row + 0.5), (int64_t)floor(p.column + 0.5));
}

static float value_at(const gt_job *j, const float *image, int64_t pixel, int64_t channel) {
    return pixel < 0 ? black : image[pixel * j->channels + channel];
}

/* The pixel between four. */
static void interpolate(const gt_job *j, const float *image, place p, float *to) {
    int64_t row = (int64_t)floor(p.row), column = (int64_t)floor(p.column);
    float down = (float)(p.row - (double)row), right = (float)(p.column - (double)column);
    int64_t here = pixel_at(j, row, column), beside = pixel_at(j, row, column + 1),
            below = pixel_at(j, row + 1, column), across = pixel_at(j, row + 1, column + 1);
    for (int64_t k = 0; k < j->channels; k++) {
        float above = (1 - right) * value_at(j, image, here, k) + right * value_at(j, image, beside, k);
        float under = (1 - right) * value_at(j, image, below, k) + right * value_at(j, image, across, k);
        to[k] = (1 - down) * above + down * under;
    }
}

static void fill_pixel(const gt_job *j, const motion *d, const float *image, int64_t y, int64_t x, float *to) {
    if (d->turned) {
        interpolate(j, image, turned_place(j, d, y, x), to);
        return;
    }
    int64_t pixel = shifted_pixel(j, d, y, x);
    for (int64_t k = 0; k < j->channels; k++) to[k] = value_at(j, image, pixel, k);
}

/* ---- colours ---- */

static int64_t count_colours(const gt_job *j) { return j->colours > 0 ? j->colours : j->channels; }

static float clamped(float x) { return x < -1 ? -1 : x > 1 ? 1 : x; }

/* The picture's mean grey, 0 .. 1. */
static double mean_grey(const gt_job *j, const float *image) {
    static const double of_rgb[] = {0.2989, 0.587, 0.114};
    int64_t pixels = j->height * j->width, colours = count_colours(j);
    double sum = 0;
    for (int64_t i = 0; i < pixels; i++)
        for (int64_t k = 0; k < colours; k++) {
            double weight = colours == 3 ? of_rgb[k] : 1 / (double)colours;
            sum += weight * ((double)image[i * j->channels + k] + 1) / 2;
        }
    return sum / (double)pixels;
}

/* Colours x become factor x + offset. */
static void scale_colours(const gt_job *j, float factor, float offset, float *image) {
    int64_t pixels = j->height * j->width, colours = count_colours(j);
    for (int64_t i = 0; i < pixels; i++)
        for (int64_t k = 0; k < colours; k++) {
            float *x = &image[i * j->channels + k];
            *x = clamped(factor * *x + offset);
        }
}

/* A factor f and an offset of p = (x + 1) / 2 are f and f - 1 + 2 offset of x. */
static void change_colours(const gt_job *j, const motion *d, float *image) {
    if (d->brightness != 1) scale_colours(j, d->brightness, d->brightness - 1, image);
    if (d->contrast == 1) return;
    float mean = (float)(2 * mean_grey(j, image) - 1);
    scale_colours(j, d->contrast, (1 - d->contrast) * mean, image);
}

/* ---- pictures and masks ---- */

static void put_square(const gt_job *j, const motion *d, int64_t side, float *image) {
    int64_t top = (int64_t)((double)d->box_y * (double)j->height) - side / 2,
            left = (int64_t)((double)d->box_x * (double)j->width) - side / 2;
    for (int64_t y = gt_largest(top, 0); y < gt_smallest(top + side, j->height); y++)
        for (int64_t x = gt_largest(left, 0); x < gt_smallest(left + side, j->width); x++)
            for (int64_t k = 0; k < j->channels; k++) image[(y * j->width + x) * j->channels + k] = black;
}

/* A picture [H,W,C] as sample `sample` of the step has it. */
static void augment_picture(const gt_classifier *m, const gt_slice_input *s, uint32_t sample, const float *from,
                            float *to) {
    const gt_job *j = m->job;
    motion d = motion_of(m, s, sample);
    for (int64_t y = 0; y < j->height; y++)
        for (int64_t x = 0; x < j->width; x++) fill_pixel(j, &d, from, y, x, to + (y * j->width + x) * j->channels);
    change_colours(j, &d, to);
    put_square(j, &d, m->options->cutout, to);
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
                int64_t from = nearest_pixel(j, &d, at / j->width, at % j->width);
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
static gt_status mix_with_partner(const gt_classifier *m, const gt_slice_input *s, uint32_t sample, float *image,
                                  float *label) {
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
    augment_picture(m, s, partner, other, moved);
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
        augment_picture(m, s, sample, s->images + (size_t)i * pixels, image);
        if (m->options->mixup > 0) st = mix_with_partner(m, s, sample, image, labels + (size_t)i * classes);
    }
    return st;
}
