/* SPDX-License-Identifier: Apache-2.0
 * Spread: the mean over the samples of a picture of the standard deviation over the pictures. It is small when all look
 * alike. */
#include <math.h>

#include "gantry/memory.h"
#include "metrics/metric_list.h"

typedef struct set {
    gt_arena *arena;
    size_t samples; /* of a picture */
    int64_t n;      /* pictures */
    double *sum, *square;
} set;

static gt_status begin(void **out, const gt_metric_input *in) {
    size_t samples = (size_t)in->height * (size_t)in->width * (size_t)in->channels;
    gt_arena *a = gt_arena_new();
    set *s = a ? gt_arena_alloc(a, sizeof *s) : NULL;
    if (s)
        *s = (set){.arena = a,
                   .samples = samples,
                   .sum = gt_arena_array(a, samples, sizeof(double)),
                   .square = gt_arena_array(a, samples, sizeof(double))};
    if (s && s->sum && s->square) {
        *out = s;
        return GT_OK;
    }
    gt_arena_free(a);
    return gt_fail(GT_NOMEM, "out of memory for the spread of pictures");
}

static gt_status add(void *of, const gt_metric_batch *batch) {
    set *s = of;
    const float *x = batch->pictures;
    for (int64_t i = 0; i < batch->n; i++)
        for (size_t k = 0; k < s->samples; k++, x++) {
            s->sum[k] += (double)*x;
            s->square[k] += (double)*x * (double)*x;
        }
    s->n += batch->n;
    return GT_OK;
}

static double value(void *reals, void *fakes) {
    const set *s = reals ? reals : fakes;
    double total = 0, n = (double)s->n;
    for (size_t k = 0; k < s->samples; k++) {
        double variance = s->square[k] / n - s->sum[k] / n * (s->sum[k] / n);
        total += variance > 0 ? sqrt(variance) : 0;
    }
    return total / (double)s->samples;
}

static void end(void *of) { gt_arena_free(((set *)of)->arena); }

const gt_metric gt_metric_fakes_spread = {
    .series = "Fakes/spread",
    .label = "spread",
    .format = "%.3f",
    .needs = GT_METRIC_FAKES,
    .begin = begin,
    .add = add,
    .value = value,
    .end = end,
};

const gt_metric gt_metric_reals_spread = {
    .series = "Reals/spread",
    .label = "spread of reals",
    .needs = GT_METRIC_REALS,
    .begin = begin,
    .add = add,
    .value = value,
    .end = end,
};
