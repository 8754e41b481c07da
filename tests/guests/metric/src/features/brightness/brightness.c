/* SPDX-License-Identifier: Apache-2.0
 * A guest: a metric, the mean of all samples of the fakes, 0 .. 255; of sets of pictures and of each sheet of a run. */
#include "metrics/door/metric_list.h"
#include "metrics/door/metric.h"

static gt_status brightness_all(const gt_metric_input *in) {
    const gt_metric_set *s = &in->fakes;
    int64_t samples = (int64_t)s->height * s->width * s->channels,
            own = gt_rows_share(s->count, 1, in->team->comm).own * samples, sum = 0;
    for (int64_t i = 0; i < own; i++) sum += s->pictures[i];
    in->put(in->arg, "", (double)gt_comm_sum_all(in->team->comm, sum) / (double)(s->count * samples));
    return GT_OK;
}

const gt_metric gt_metrics_of_brightness[] = {
    {.name = "brightness#",
     .plain = "brightness",
     .count = 1000,
     .needs = GT_METRIC_PICTURES,
     .keys = {""},
     .help = "Mean of all samples",
     .each_sheet = true,
     .series = "Fakes/brightness",
     .label = "brightness",
     .title = "Brightness",
     .note = "Mean of all samples",
     .format = "%.3f",
     .more_is_better = true,
     .compute_all = brightness_all},
    {0},
};
