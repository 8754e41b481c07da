/* SPDX-License-Identifier: Apache-2.0
 * How the learning rate changes during a run: a factor that is a function of how far the run is, so that a run that
 * goes on has the same rates. */
#ifndef GANTRY_SCHEDULE_H
#define GANTRY_SCHEDULE_H

#include "gantry/status.h"

enum { GT_SCHEDULE_STEPS = 32 };

typedef struct gt_schedule {
    const char *kind; /* "constant" "step" "cosine" "one-cycle" */
    double warmup;    /* the rate grows linearly in so many epochs; not with one-cycle, which begins low itself */
    double length;    /* epochs after which cosine and one-cycle are at their end */
    double factor;    /* step: the rate is multiplied by this number at each of ... */
    double at[GT_SCHEDULE_STEPS]; /* ... these epochs */
    int n_at;
} gt_schedule;

/* "10,20": rising numbers, into s->at. GT_USAGE: another text. */
gt_status gt_schedule_parse(const char *key, const char *text, gt_schedule *s);

/* What the rate of the update is multiplied by that begins after `epoch` and moves the run by `step` epochs.
 * cosine: (1 + cos(pi t)) / 2 (Loshchilov and Hutter, "SGDR", eq. 5, without restarts). one-cycle: from 1/25 to 1 in
 * the first 0.3 of the length, then down to 1/250,000, both along half a cosine (Smith and Topin, "Super-Convergence",
 * as PyTorch's OneCycleLR has it). */
double gt_schedule_rate(const gt_schedule *s, double epoch, double step);

#endif
