/* SPDX-License-Identifier: Apache-2.0
 * A guest: a metric, the mean of all samples of the fakes. */
#include <stdlib.h>

#include "metrics/metric_list.h"

typedef struct set {
    double sum, n;
    int64_t samples; /* of a picture */
} set;

static gt_status begin(void **out, const gt_metric_input *in) {
    set *s = calloc(1, sizeof *s);
    if (!s) return gt_fail(GT_NOMEM, "out of memory for the brightness of pictures");
    s->samples = (int64_t)in->height * in->width * in->channels;
    *out = s;
    return GT_OK;
}

static gt_status add(void *of, const gt_metric_batch *batch) {
    set *s = of;
    for (int64_t i = 0; i < batch->n * s->samples; i++) s->sum += (double)batch->pictures[i];
    s->n += (double)(batch->n * s->samples);
    return GT_OK;
}

static double value(void *reals, void *fakes) {
    const set *s = fakes;
    (void)reals;
    return s->sum / s->n;
}

const gt_metric gt_metric_fakes_brightness = {
    .series = "Fakes/brightness",
    .label = "brightness",
    .title = "Brightness",
    .note = "Mean of all samples",
    .format = "%.3f",
    .needs = GT_METRIC_FAKES,
    .more_is_better = true,
    .begin = begin,
    .add = add,
    .value = value,
    .end = free,
};
