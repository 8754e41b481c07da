/* SPDX-License-Identifier: Apache-2.0
 * The ADA controller. Every `interval` steps
 *
 *   r = mean of the signs since the last update,  p += sign(r - target) batch interval / (1000 kimg)
 *
 * and p is kept in 0 ... p_max (0 ... infinity if p_max is 0). p is float32 and moves by float32 steps, as in the
 * published implementation. train/loop/step.c calls these functions. */
#include "networks/model/door/ada.h"

#include <math.h>

void gt_ada_collect(gt_ada *a, double sum, double count) {
    a->sum += sum;
    a->count += count;
}

bool gt_ada_step(gt_ada *a, const gt_ada_config *c, long done) {
    if (done % c->interval != 0) return false;
    if (a->count > 0) a->r = a->sum / a->count;
    a->sum = a->count = 0;
    double sign = (a->r > c->target) - (a->r < c->target);
    float p = a->p + (float)(sign * ((double)c->batch * c->interval) / (c->kimg * 1000));
    if (c->p_max > 0 && p > c->p_max) p = c->p_max;
    a->p = p > 0 ? p : 0;
    a->updates_above = a->p > GT_ADA_HIGH ? a->updates_above + 1 : 0;
    return true;
}

bool gt_ada_stays_high(const gt_ada *a, const gt_ada_config *c) {
    double tenth = ceil(0.1 * c->kimg * 1000 / ((double)c->batch * c->interval));
    return a->updates_above == (tenth > 1 ? tenth : 1);
}
