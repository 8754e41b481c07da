/* SPDX-License-Identifier: Apache-2.0
 * Principal components of pixels as features: see pixel_features.h. */
#include "features/score/pixel_features.h"

#include <stdlib.h>
#include <string.h>

#include "base/door/numbers.h"
#include "base/door/pool.h"
#include "files/codec/door/sample.h"
#include "data/door/dataset.h"

gt_status gt_pixel_components(const char *detector, int *n) {
    const char *number = strchr(detector, ':');
    *n = GT_PIXEL_COMPONENTS;
    if (!number) return GT_OK;
    char *end;
    long value = strtol(number + 1, &end, 10);
    *n = (int)value;
    if (end > number + 1 && !*end && value >= 1 && value <= GT_COMPONENTS_MAX) return GT_OK;
    return gt_fail(GT_USAGE, "--detector=%.60s: a number of components from 1 to %d, as in pixels:20", detector,
                   GT_COMPONENTS_MAX);
}

int64_t gt_pixel_reals(int64_t count, size_t pixels) {
    enum { SMALL = 4096, NUMBERS = 1 << 26 };
    if (pixels <= SMALL) return count;
    return gt_smallest(count, gt_largest(1, gt_smallest(SMALL, NUMBERS / (int64_t)pixels)));
}

typedef struct projecting {
    const gt_components *c;
    const float *pictures;
    float *features;
} projecting;

static void project_picture(void *arg, int i, int worker) {
    const projecting *p = arg;
    (void)worker;
    gt_components_project(p->c, p->pictures + (size_t)i * (size_t)p->c->d, p->features + (size_t)i * (size_t)p->c->n);
}

gt_status gt_pixel_features(const gt_components *c, gt_pool *pool, int n, const float *images, float *features) {
    size_t floats = (size_t)n * (size_t)c->d;
    GT_FREED float *pictures = malloc(floats * sizeof *pictures);
    if (!pictures) return gt_fail(GT_NOMEM, "out of memory for %d pictures", n);
    memcpy(pictures, images, floats * sizeof *pictures);
    gt_floats_round(&GT_SAMPLES_OF_8_BITS, floats, pictures);
    gt_pool_run(pool, n, project_picture, &(projecting){c, pictures, features});
    return GT_OK;
}
