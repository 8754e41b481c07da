/* SPDX-License-Identifier: Apache-2.0
 * Steps from noise to a picture: see sampling.h. */
#include "features/edm/sampling.h"

#include <math.h>
#include <string.h>

#include "base/door/mathfn.h"
#include "base/door/random.h"

void gt_sampling_levels(double *levels, int steps, double sigma_min, double sigma_max, double rho) {
    double most = gt_pow(sigma_max, 1 / rho), least = gt_pow(sigma_min, 1 / rho);
    for (int i = 0; i < steps; i++) levels[i] = i ? gt_pow(most + i / (steps - 1.0) * (least - most), rho) : sigma_max;
    levels[steps] = 0;
}

void gt_sampling_times(double *levels, int steps) {
    for (int i = 0; i <= steps; i++) levels[i] = (double)i / steps;
}

/* The step to the level 0 has no second slope: a denoiser knows none there. */
static bool has_second(const gt_sampling *s, int step) { return s->second > 0 && (s->flow || step < s->steps - 1); }

int gt_sampling_evaluations(const gt_sampling *s) {
    int n = 0;
    for (int i = s->first; i < s->steps; i++) n += has_second(s, i) ? 2 : 1;
    return n;
}

void gt_course_begin(gt_course *c, const float *latents, const float *picture) {
    const gt_sampling *s = c->sampling;
    double level = s->levels[s->first], noise = s->flow ? 1 - level : level, kept = s->flow ? level : 1;
    for (size_t i = 0; i < c->size; i++)
        c->x[i] = noise * (double)latents[i] + (picture ? kept * (double)picture[i] : 0);
    for (size_t i = 0; s->consistent && i < c->size; i++) c->slope[i] = (double)latents[i];
    c->step = s->first;
    c->again = false;
}

/* The step's first level, which churn raises, and the state there in `start`. */
static void begin_step(gt_course *c, float *room, gt_course_noise *noise, void *arg) {
    const gt_sampling *s = c->sampling;
    double level = s->levels[c->step];
    bool churns = !s->flow && s->churn > 0 && level >= s->churn_min && level <= s->churn_max;
    double raised = churns ? level * (1 + fmin(s->churn / s->steps, M_SQRT2 - 1)) : level;
    double added = churns ? sqrt(raised * raised - level * level) * s->churn_noise : 0;
    if (churns) noise(arg, c->step, room, c->size);
    for (size_t i = 0; i < c->size; i++) c->start[i] = churns ? c->x[i] + added * (double)room[i] : c->x[i];
    c->at = raised;
}

void gt_course_input(const gt_course *c, float *x) {
    const double *from = c->again ? c->x : c->start;
    for (size_t i = 0; i < c->size; i++) x[i] = (float)from[i];
}

bool gt_course_next(gt_course *c, float *x, gt_course_noise *noise, void *arg) {
    if (c->step >= c->sampling->steps) return false;
    if (!c->again) begin_step(c, x, noise, arg);
    gt_course_input(c, x);
    return true;
}

static size_t divisor_of(size_t a, size_t b) {
    while (b) {
        size_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Number i comes from place i a mod n, where a has no divisor with n in common and is about n times the golden ratio:
 * neighbours come from far apart. Without signs the mean of the numbers would stay. */
static void renew_noise(gt_course *c) {
    enum { BITS = 128 };
    size_t n = c->sampling->consistent, a = (size_t)((double)n * 0.6180339887498949);
    uint32_t stream = gt_stream("renewed"), signs[BITS / 32] = {0};
    while (divisor_of(n, a) > 1) a--;
    memcpy(c->start, c->slope, c->size * sizeof *c->start);
    for (size_t i = 0, from = 0; i < n; i++, from = (from + a) % n) {
        if (i % BITS == 0) gt_philox((uint32_t[]){(uint32_t)(i / BITS), stream, (uint32_t)c->step, 0}, 0, signs);
        double sign = signs[i % BITS / 32] >> i % 32 & 1 ? -1 : 1;
        for (size_t p = 0; p < c->size; p += n) c->slope[p + i] = sign * c->start[p + from];
    }
}

/* The picture is there, and noise of the next level over it, unless that is 0. */
static void take_picture(gt_course *c, const float *result) {
    double next = c->sampling->levels[++c->step];
    if (next > 0) renew_noise(c);
    for (size_t i = 0; i < c->size; i++) c->x[i] = (double)result[i] + (next > 0 ? next * c->slope[i] : 0);
}

/* The second slope's share grows as the place where the network is asked comes nearer: of Heun both count half, of the
 * midpoint the second alone. */
void gt_course_take(gt_course *c, const float *result) {
    const gt_sampling *s = c->sampling;
    if (s->consistent) {
        take_picture(c, result);
        return;
    }
    double next = s->levels[c->step + 1], second = s->second;
    bool more = !c->again && has_second(s, c->step);
    const double *from = c->again ? c->x : c->start;
    double share = c->again ? 1 / (2 * second) : 1;
    double begin = c->again ? c->begin : c->at, length = (next - begin) * (more ? second : 1);
    for (size_t i = 0; i < c->size; i++) {
        double slope = s->flow ? (double)result[i] : (from[i] - (double)result[i]) / c->at;
        if (more) c->slope[i] = slope;
        else if (c->again) slope = (1 - share) * c->slope[i] + share * slope;
        c->x[i] = c->start[i] + length * slope;
    }
    if (more) {
        c->begin = c->at;
        c->at += length;
    } else c->step++;
    c->again = more;
}
