/* SPDX-License-Identifier: Apache-2.0
 * Mean and standard deviation of each channel over all images of a dataset. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runner/apply/door/classify.h"
#include "runner/door/each_item.h"

enum { BATCH = 64 };

typedef struct sums { /* of an image's channel */
    double sum, square;
} sums;

static gt_status sum_batch(void *arg, int64_t first, int n, const float *images, void *records) {
    (void)first;
    const gt_dataset_info *info = arg;
    size_t pixels = (size_t)info->height * (size_t)info->width, channels = (size_t)info->channels;
    memset(records, 0, (size_t)n * channels * sizeof(sums));
    for (int i = 0; i < n; i++) {
        sums *to = (sums *)records + (size_t)i * channels;
        for (size_t p = 0; p < pixels; p++)
            for (size_t c = 0; c < channels; c++) {
                double v = ((double)*images++ + 1) / 2;
                to[c].sum += v;
                to[c].square += v * v;
            }
    }
    return GT_OK;
}

gt_status gt_channel_moments_all(gt_comm *comm, gt_dataset *ds, double *mean, double *std) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    size_t channels = (size_t)info->channels;
    GT_FREED void *all = NULL;
    gt_each_item each = {.comm = comm,
                         .data = ds,
                         .count = info->count,
                         .batch = BATCH,
                         .bytes = channels * sizeof(sums),
                         .doing = "measuring means of",
                         .make = sum_batch,
                         .arg = (void *)info};
    gt_status st = gt_each_item_all(&each, &all);
    for (size_t c = 0; c < channels && all; c++) {
        sums total = {0};
        for (int64_t i = 0; i < info->count; i++) {
            const sums *one = (const sums *)all + (size_t)i * channels + c;
            total.sum += one->sum;
            total.square += one->square;
        }
        double n = (double)info->count * info->height * info->width;
        mean[c] = total.sum / n;
        std[c] = sqrt(fmax(0, total.square / n - mean[c] * mean[c]));
    }
    if (st) return st;
    gt_comm_broadcast_all(comm, mean, channels * sizeof *mean, 0);
    gt_comm_broadcast_all(comm, std, channels * sizeof *std, 0);
    return GT_OK;
}
