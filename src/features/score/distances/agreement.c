/* SPDX-License-Identifier: Apache-2.0
 * Class agreement: the share of fakes whose class, as a classifier says, is the class that was asked for; of all fakes,
 * and of those of each class. */
#include <stdio.h>

#include "metrics/door/metric_list.h"
#include "metrics/door/metric.h"

enum { MOST_SHOWN = 32 };

/* How many fakes were asked to be of the class (-1: of any), and how many of these are. */
static void count_all(const gt_metric_input *in, int class, int64_t *asked, int64_t *right) {
    const gt_rows *r = &in->fakes.classes;
    int64_t n = 0, same = 0;
    for (int64_t i = 0; i < r->own; i++) {
        int is = (int)r->x[2 * i], wanted = (int)r->x[2 * i + 1];
        n += class < 0 ? wanted >= 0 : wanted == class;
        same += wanted >= 0 && is == wanted && (class < 0 || wanted == class);
    }
    *asked = gt_comm_sum_all(in->team->comm, n);
    *right = gt_comm_sum_all(in->team->comm, same);
}

static int classes_all(const gt_metric_input *in) {
    const gt_rows *r = &in->fakes.classes;
    int most = -1;
    for (int64_t i = 0; i < r->own; i++)
        if (r->x[2 * i + 1] > (float)most) most = (int)r->x[2 * i + 1];
    return gt_comm_max_all(in->team->comm, most) + 1;
}

static gt_status agreement_all(const gt_metric_input *in) {
    int64_t asked, right;
    int classes = classes_all(in);
    count_all(in, -1, &asked, &right);
    if (!asked)
        return gt_fail(
            GT_USAGE,
            "the fakes have no requested classes: class agreement is for conditional networks and labelled pictures");
    in->put(in->arg, "", (double)right / (double)asked);
    for (int k = 0; k < classes && classes <= MOST_SHOWN; k++) {
        char suffix[24];
        count_all(in, k, &asked, &right);
        snprintf(suffix, sizeof suffix, "_class%d", k);
        if (asked) in->put(in->arg, suffix, (double)right / (double)asked);
    }
    return GT_OK;
}

const gt_metric gt_metrics_of_agreement[] = {
    {.name = "agreement#",
     .plain = "agreement",
     .count = 10000,
     .more_is_better = true,
     .network = GT_METRIC_CLASSIFIER,
     .needs = GT_METRIC_CLASSES,
     .keys = {""},
     .help = "Share of fakes for which a classifier predicts the requested class",
     .compute_all = agreement_all},
    {0},
};
