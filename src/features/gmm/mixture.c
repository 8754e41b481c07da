/* SPDX-License-Identifier: Apache-2.0
 * Mixtures: names and shapes of covariances, memory, single numbers. */
#include "features/gmm/mixture.h"

#include <math.h>
#include <string.h>

#include "gantry/option.h"

static const char *const names[] = {[GT_COVARIANCE_FULL] = "full",
                                    [GT_COVARIANCE_TIED] = "tied",
                                    [GT_COVARIANCE_DIAGONAL] = "diag",
                                    [GT_COVARIANCE_SPHERICAL] = "spherical"};

gt_covariance gt_covariance_parse(const char *name) {
    int i = 0;
    while (i < GT_COVARIANCE_SPHERICAL && strcmp(names[i], name)) i++;
    return (gt_covariance)i;
}

const char *gt_covariance_name(gt_covariance c) { return names[c]; }

gt_shape gt_covariances_shape(gt_covariance covariance, int k, int d) {
    switch (covariance) {
    case GT_COVARIANCE_FULL: return GT_SHAPE(k, d, d);
    case GT_COVARIANCE_TIED: return GT_SHAPE(d, d);
    case GT_COVARIANCE_DIAGONAL: return GT_SHAPE(k, d);
    default: return GT_SHAPE(k);
    }
}

size_t gt_mixture_size(gt_covariance covariance, int k, int d) {
    enum { MAX_COMPONENTS = 1 << 20, MAX_NUMBERS = 1 << 17 }; /* so that nothing overflows */
    gt_shape covariances = gt_covariances_shape(covariance, k, d);
    if (k < 1 || k > MAX_COMPONENTS) gt_fail(GT_USAGE, "%d components: must be 1 to %d", k, MAX_COMPONENTS);
    else if (d < 1 || d > MAX_NUMBERS) gt_fail(GT_USAGE, "points of %d numbers: must be 1 to %d", d, MAX_NUMBERS);
    else return (size_t)(k + (int64_t)k * d + gt_shape_size(&covariances));
    return 0;
}

gt_status gt_mixture_init(gt_mixture *m, gt_arena *a, gt_covariance covariance, int k, int d) {
    *m = (gt_mixture){.covariance = covariance, .k = k, .d = d, .size = gt_mixture_size(covariance, k, d)};
    if (!m->size) return GT_USAGE;
    m->weights = gt_arena_array(a, m->size, sizeof *m->weights);
    if (!m->weights) return GT_NOMEM;
    m->means = m->weights + k;
    m->covariances = m->means + (size_t)k * (size_t)d;
    return GT_OK;
}

bool gt_mixture_has_shares(const gt_mixture *m, double *sum) {
    bool fine = true;
    *sum = 0;
    for (int i = 0; i < m->k; i++) {
        fine = fine && m->weights[i] >= 0;
        *sum += m->weights[i];
    }
    return fine && fabs(*sum - 1) <= 1e-6;
}

void gt_mixture_copy(gt_mixture *to, const gt_mixture *from) {
    memcpy(to->weights, from->weights, from->size * sizeof *to->weights);
}

double gt_mixture_free_numbers(const gt_mixture *m) {
    double k = m->k, d = m->d, triangle = d * (d + 1) / 2;
    double covariances = m->covariance == GT_COVARIANCE_FULL       ? k * triangle
                         : m->covariance == GT_COVARIANCE_TIED     ? triangle
                         : m->covariance == GT_COVARIANCE_DIAGONAL ? k * d
                                                                   : k;
    return k - 1 + k * d + covariances;
}

double gt_mixture_covariance(const gt_mixture *m, int c, int i, int j) {
    size_t d = (size_t)m->d, at = (size_t)i * d + (size_t)j;
    switch (m->covariance) {
    case GT_COVARIANCE_FULL: return m->covariances[(size_t)c * d * d + at];
    case GT_COVARIANCE_TIED: return m->covariances[at];
    case GT_COVARIANCE_DIAGONAL: return i == j ? m->covariances[(size_t)c * d + (size_t)i] : 0;
    default: return i == j ? m->covariances[c] : 0;
    }
}
