/* SPDX-License-Identifier: Apache-2.0
 * Perceptual path length: formulas. */
#include "features/score/distances/distances.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/mathfn.h"
#include "metrics/door/metric_list.h"

static double dot(size_t d, const double *a, const double *b) {
    double sum = 0;
    for (size_t i = 0; i < d; i++) sum += a[i] * b[i];
    return sum;
}

static void normalise(size_t d, double *a) {
    double length = sqrt(dot(d, a, a));
    for (size_t i = 0; i < d; i++) a[i] /= length;
}

void gt_slerp(size_t d, const float *from, const float *to, double t, float *out) {
    double a[d], b[d];
    for (size_t i = 0; i < d; i++) a[i] = (double)from[i], b[i] = (double)to[i];
    normalise(d, a);
    normalise(d, b);
    double cosine = dot(d, a, b), turn = t * gt_acos_pi(fmin(fmax(cosine, -1), 1));
    for (size_t i = 0; i < d; i++) b[i] -= cosine * a[i];
    normalise(d, b);
    for (size_t i = 0; i < d; i++) a[i] = a[i] * gt_cos_pi(turn) + b[i] * gt_sin_pi(turn);
    normalise(d, a);
    for (size_t i = 0; i < d; i++) out[i] = (float)a[i];
}

double gt_path_distance(size_t d, const float *at, const float *further, double epsilon) {
    double sum = 0;
    for (size_t i = 0; i < d; i++) {
        double moved = (double)further[i] - (double)at[i];
        sum += moved * moved;
    }
    return sum / (epsilon * epsilon);
}

static int by_value(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

gt_status gt_path_length(const float *distances, int64_t n, double *value) {
    GT_FREED float *sorted = malloc((size_t)n * sizeof *sorted + 1);
    if (!sorted) return gt_fail(GT_NOMEM, "out of memory for %lld distances", (long long)n);
    gt_status st = n > 0 ? GT_OK : gt_fail(GT_USAGE, "no distances");
    for (int64_t i = 0; i < n && !st; i++)
        if (isnan(distances[i])) st = gt_fail(GT_NONFINITE, "the path of sample %lld has no length", (long long)i);
    if (!st) {
        memcpy(sorted, distances, (size_t)n * sizeof *sorted);
        qsort(sorted, (size_t)n, sizeof *sorted, by_value);
        float least = sorted[(n - 1) / 100], most = sorted[(99 * (n - 1) + 99) / 100];
        double sum = 0, count = 0;
        for (int64_t i = 0; i < n; i++)
            if (distances[i] >= least && distances[i] <= most) sum += (double)distances[i], count++;
        *value = sum / count;
    }
    return st;
}

/* ---- the metrics: rows alone, features/score/path_length.h computes them ---- */

#define PPL(pattern, published, help_) \
    .name = pattern, .plain = published, .count = 50000, .network = GT_METRIC_LPIPS, .keys = {""}, .help = help_

const gt_metric gt_metrics_of_ppl[] = {
    {PPL("ppl#_zfull", "ppl_zfull", "Path length in Z, whole paths"), .in_z = true, .whole = true, .crop = true},
    {PPL("ppl#_wfull", "ppl_wfull", "Path length in W, whole paths"), .whole = true, .crop = true},
    {PPL("ppl#_zend", "ppl_zend", "Path length in Z, ends of paths"), .in_z = true, .crop = true},
    {PPL("ppl#_wend", "ppl_wend", "Path length in W, ends of paths"), .crop = true},
    {PPL("ppl2_#_wend", "ppl2_wend", "Path length in W, ends of paths, whole pictures")},
    {0},
};
