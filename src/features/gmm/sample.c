/* SPDX-License-Identifier: Apache-2.0
 * Draws points from a mixture: component c with probability weight_c, then x = mean_c + L z, where L L^T is the
 * covariance of c and z has d independent normal numbers. The number of a sample decides its random numbers, so any
 * part of the samples can be drawn by itself. */
#include <math.h>
#include <string.h>

#include "base/door/numbers.h"
#include "base/door/mathfn.h"
#include "kernels/door/symmetric.h"
#include "features/gmm/em.h"
#include "features/gmm/mixture.h"

double gt_mixture_uniform(gt_key key) {
    uint32_t bits[2];
    gt_random_bits(key, bits, 2);
    return (double)(((uint64_t)bits[0] << 32 | bits[1]) >> 11) * 0x1p-53;
}

static gt_key key_of(uint64_t seed, const char *stream, int64_t place) {
    return (gt_key){seed, gt_stream(stream), (uint32_t)(place >> 32), (uint32_t)place};
}

int64_t gt_mixture_choose(const double *weights, int64_t n, double *place) {
    int64_t last = -1; /* the weights may add up to a little less than was thought */
    for (int64_t i = 0; i < n; i++) {
        if (!(weights[i] > 0)) continue;
        last = i;
        if (*place < weights[i]) break;
        *place -= weights[i];
    }
    return last;
}

static int32_t draw_component(const gt_mixture *m, double place) {
    return (int32_t)gt_largest(gt_mixture_choose(m->weights, m->k, &place), 0);
}

/* point = mean + L noise */
static void place_sample(const gt_mixture *m, int32_t c, const double *root, const float *noise, double *point) {
    size_t d = (size_t)m->d;
    const double *mean = m->means + (size_t)c * d;
    for (size_t i = 0; i < d; i++) {
        double sum = 0;
        if (root)
            for (size_t j = 0; j <= i; j++) sum += root[i * d + j] * (double)noise[j];
        else sum = sqrt(gt_mixture_covariance(m, c, (int)i, (int)i)) * (double)noise[i];
        point[i] = mean[i] + sum;
    }
}

static int64_t place_of(const int64_t *places, int64_t i) { return places ? places[i] : i; }

gt_status gt_mixture_sample(const gt_mixture *m, uint64_t seed, int64_t n, const int64_t *places, double *points,
                            int32_t *components) {
    size_t d = (size_t)m->d;
    bool full = m->covariance == GT_COVARIANCE_FULL, tied = m->covariance == GT_COVARIANCE_TIED;
    GT_ARENA gt_arena *a = gt_arena_new();
    double *root = a && (full || tied) ? gt_arena_array(a, d, d * sizeof *root) : NULL;
    float *noise = a ? gt_arena_array(a, d, sizeof *noise) : NULL;
    gt_status st = a && !gt_arena_failed(a) ? GT_OK : GT_NOMEM;
    for (int64_t i = 0; i < n && !st; i++)
        components[i] = draw_component(m, gt_mixture_uniform(key_of(seed, "mixture/component", place_of(places, i))));
    for (int32_t c = 0; c < m->k && !st; c++) { /* by component: each covariance is factorised once */
        if (full || (tied && c == 0)) {
            memcpy(root, m->covariances + (full ? (size_t)c * d * d : 0), d * d * sizeof *root);
            if (!gt_cholesky(d, root)) st = gt_fail(GT_FORMAT, "the covariance of component %d is singular", c);
        }
        for (int64_t i = 0; i < n && !st; i++) {
            if (components[i] != c) continue;
            gt_random_normal(key_of(seed, "mixture/noise", place_of(places, i)), noise, d);
            place_sample(m, c, root, noise, points + (size_t)i * d);
        }
    }
    return st;
}

gt_status gt_mixture_latents(void *mixture, int64_t n, const int64_t *seeds, int z_dim, float *z) {
    const gt_mixture *m = mixture;
    if (m->d != z_dim)
        return gt_fail(GT_USAGE, "--mixture has %d dimensions, latents of the checkpoint have %d", m->d, z_dim);
    GT_ARENA gt_arena *a = gt_arena_new();
    double *points = a ? gt_arena_array(a, (size_t)n * (size_t)z_dim, sizeof *points) : NULL;
    int32_t *components = points ? gt_arena_array(a, (size_t)n, sizeof *components) : NULL;
    gt_status st = components ? gt_mixture_sample(m, 0, n, seeds, points, components) : GT_NOMEM;
    for (int64_t i = 0; i < n * z_dim && !st; i++) z[i] = (float)points[i];
    return st;
}

double gt_mixture_part(const gt_mixture *m, int c, int axis, double x) {
    double variance = gt_mixture_covariance(m, c, axis, axis),
           z = x - m->means[(size_t)c * (size_t)m->d + (size_t)axis];
    return m->weights[c] * gt_exp(-0.5 * z * z / variance) / sqrt(2 * M_PI * variance);
}
