/* SPDX-License-Identifier: Apache-2.0
 * A guest: how far the network that is averaged is from its moving average, as a share of its own length. */
#include <math.h>

#include "train/door/measurer.h"

static bool is_wanted(const gt_engine *e) { return e->model->ema_of >= 0; }

static gt_status measure_all(gt_engine *e, void *own, gt_values *values) {
    const gt_model *m = e->model;
    const float *now = m->blocks[m->ema_of], *average = m->ema_block;
    double apart = 0, length = 0;
    (void)own;
    gt_engine_gather_average_all(e);
    for (size_t i = 0; i < m->nets[m->ema_of]->trainable_floats; i++) {
        apart += pow((double)now[i] - (double)average[i], 2);
        length += pow((double)now[i], 2);
    }
    if (!e->comm->rank) gt_values_put(values, "Average/distance", sqrt(apart / length));
    return GT_OK;
}

const gt_measurer gt_measurer_average_distance = {
    .name = "the distance from the average",
    .is_wanted = is_wanted,
    .measure_all = measure_all,
};
