/* SPDX-License-Identifier: Apache-2.0
 * Spread of a sheet: the mean over the samples of a picture of the standard deviation over the pictures. It is small
 * when all look alike. */
#include <math.h>

#include "gantry/memory.h"
#include "metrics/door/metric_list.h"

/* Of n pictures with so many samples; sum and square are zeros. */
static double spread_of(const float *x, int64_t n, size_t samples, double *sum, double *square) {
    double total = 0, count = (double)n;
    for (int64_t i = 0; i < n; i++)
        for (size_t k = 0; k < samples; k++, x++) {
            sum[k] += (double)*x;
            square[k] += (double)*x * (double)*x;
        }
    for (size_t k = 0; k < samples; k++) {
        double variance = square[k] / count - sum[k] / count * (sum[k] / count);
        total += variance > 0 ? sqrt(variance) : 0;
    }
    return total / (double)samples;
}

static gt_status spread_all(const gt_metric_input *in) {
    const gt_metric_set *s = in->fakes.floats ? &in->fakes : &in->reals;
    size_t samples = (size_t)s->height * (size_t)s->width * (size_t)s->channels;
    GT_ARENA gt_arena *a = gt_arena_new();
    double *sums = a ? gt_arena_array(a, samples, 2 * sizeof(double)) : NULL;
    if (sums) in->put(in->arg, "", spread_of(s->floats, s->count, samples, sums, sums + samples));
    return sums ? GT_OK : gt_fail(GT_NOMEM, "out of memory for the spread of pictures");
}

const gt_metric gt_metrics_of_spread[] = {
    {.each_sheet = true, .series = "Fakes/spread", .label = "spread", .format = "%.3f", .compute_all = spread_all},
    {.each_sheet = true,
     .of_data = true,
     .series = "Reals/spread",
     .label = "spread of reals",
     .compute_all = spread_all},
    {0},
};
