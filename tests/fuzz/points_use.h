/* SPDX-License-Identifier: Apache-2.0
 * Points from elsewhere, once they are open: the first ones and the last are read. */
#ifndef TESTS_FUZZ_POINTS_USE_H
#define TESTS_FUZZ_POINTS_USE_H

#include <stdlib.h>

#include "fuzz.h"
#include "features/gmm/mixture.h"

static inline void fuzz_use_points(const char *path) {
    gt_cloud *c;
    if (gt_cloud_open(&c, path, "")) return;
    gt_cloud_info info = gt_cloud_get_info(c);
    double *point = malloc((size_t)info.d * sizeof *point);
    fuzz_check(info.count > 0 && info.d > 0 && point);
    for (int64_t i = 0; i < info.count && i < 64; i++)
        if (gt_cloud_read(c, i, 1, point)) break;
    gt_status st = gt_cloud_read(c, info.count - 1, 1, point);
    (void)st;
    free(point);
    gt_cloud_close(c);
}

#endif
