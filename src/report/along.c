/* SPDX-License-Identifier: Apache-2.0
 * The table of axes: see along.h. */
#include "report/along.h"

#include <math.h>

const along_axis along_axes[ALONG_AXES] = {
    [GT_OVER_KIMG] = {"kimg", "thousands of images", NULL},
    [GT_OVER_STEPS] = {"steps", "steps", "Progress/step"},
    [GT_OVER_EPOCHS] = {"epochs", "epochs", "Progress/epoch"},
    [GT_OVER_HOURS] = {"hours", "hours", "Timing/total_hours"},
};

bool along_known(const gt_stats *s, gt_compare_axis over) {
    return !along_axes[over].series || gt_stats_find(s, along_axes[over].series);
}

double along_place(const gt_stats *s, gt_compare_axis over, int tick) {
    const double kimg = 1000;
    const gt_stats_series *series = along_axes[over].series ? gt_stats_find(s, along_axes[over].series) : NULL;
    if (!along_axes[over].series) return (double)s->images[tick] / kimg;
    return series ? series->values[tick].mean : (double)NAN;
}
