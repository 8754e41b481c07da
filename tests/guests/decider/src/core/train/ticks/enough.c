/* SPDX-License-Identifier: Apache-2.0
 * A guest: the run is finished when each picture has been shown twice. */
#include <stdio.h>

#include "train/ticks/decider.h"

typedef struct enough {
    bool is;
} enough;

static bool is_enough(double epochs) { return epochs >= 2; }

static void begin(gt_engine *e, gt_journal *j, void *own) {
    (void)e;
    ((enough *)own)->is = is_enough(gt_runlog_last(j->log, "Progress/epoch"));
}

static bool is_over(const gt_engine *e, const void *own, gt_reason *why) {
    (void)e;
    snprintf(why->text, sizeof why->text, "each picture has been shown twice");
    return ((const enough *)own)->is;
}

static gt_verdict decide(gt_engine *e, gt_journal *j, void *own, const gt_tick *t, gt_reason *why) {
    (void)t;
    ((enough *)own)->is = is_enough(gt_stat_mean(j->logged.of, j->logged.n, "Progress/epoch"));
    return is_over(e, own, why) ? GT_STOP : GT_GO_ON;
}

const gt_decider gt_decider_enough = {
    .name = "two epochs",
    .own_bytes = sizeof(enough),
    .begin = begin,
    .is_over = is_over,
    .decide = decide,
};
