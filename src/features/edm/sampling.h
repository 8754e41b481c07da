/* SPDX-License-Identifier: Apache-2.0
 * From noise to a picture: the probability flow of a denoiser, step by step from one level of noise to the next (Karras
 * et al., "Elucidating the Design Space", algorithms 1 and 2 and eq. 5), or the flow of a velocity from time 0 to 1
 * (Liu et al., "Flow Straight and Fast", section 2.1). A consistency function makes a picture of noise at once, and a
 * better one of that picture with new noise of a lower level (Song et al., "Consistency Models", algorithm 1). The
 * state is kept in double precision; the network computes in float.
 *
 *     gt_course c = {.sampling = &s, .size = n, .x = ..., .start = ..., .slope = ...};
 *     gt_course_begin(&c, latents, NULL);
 *     while (gt_course_next(&c, x, draw_noise, arg)) {
 *         // the network's result for x at the level c.at, with guidance if there is any -> result
 *         gt_course_take(&c, result);
 *     }
 *     // c.x is the picture
 */
#ifndef GANTRY_FEATURES_EDM_SAMPLING_H
#define GANTRY_FEATURES_EDM_SAMPLING_H

#include <stdbool.h>
#include <stddef.h>

typedef struct gt_sampling {
    bool flow;            /* levels are times, the network tells velocities; else both are of a denoiser */
    int steps;            /* at least 1 */
    const double *levels; /* steps + 1 of them: gt_sampling_levels() */
    int first;            /* the step to begin with: 0, or a later one where a picture is given */
    double second;        /* where in a step the network is asked again: 1 Heun, 1/2 midpoint; 0: nowhere (Euler) */
    /* Noise that is added before each step whose level lies between churn_min and churn_max, so that the level rises by
     * churn / steps of itself, and by sqrt 2 - 1 at most. churn_noise: the noise's standard deviation. Not of flows. */
    double churn, churn_min, churn_max, churn_noise;
    /* > 0: the network is a consistency function, and pictures have so many numbers. The new noise of a level is that
     * of the level before with its numbers in another order and with other signs: normal again, but a function of the
     * picture's latent alone, so that a picture is the same in any set and walks between latents are smooth. */
    size_t consistent;
} gt_sampling;

/* Levels from sigma_max down to sigma_min, equally spaced in their rho-th root, and 0; with one step sigma_max and 0.
 */
void gt_sampling_levels(double *levels, int steps, double sigma_min, double sigma_max, double rho);
/* Times from 0 to 1. */
void gt_sampling_times(double *levels, int steps);
/* How often the network is asked. */
int gt_sampling_evaluations(const gt_sampling *s);

typedef struct gt_course {
    const gt_sampling *sampling;
    size_t size;               /* numbers of all pictures together */
    double *x, *start, *slope; /* [size] each: of the caller. In the slope consistency keeps the noise. */
    double begin, at;          /* the level where the step began, and the one at which the network is asked */
    int step;
    bool again; /* the second time in this step */
} gt_course;

/* From latents, which are normal; `picture` (NULL: none): what the first level's noise is added to. */
void gt_course_begin(gt_course *c, const float *latents, const float *picture);
/* What the network is to be asked next, in x; false: nothing, the picture is there. `noise` draws normal numbers of a
 * step, where there is churn. */
typedef void gt_course_noise(void *arg, int step, float *to, size_t n);
bool gt_course_next(gt_course *c, float *x, gt_course_noise *noise, void *arg);
void gt_course_input(const gt_course *c, float *x); /* the same x once more: with guidance the network is asked twice */
void gt_course_take(gt_course *c, const float *result);

#endif
