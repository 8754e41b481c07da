/* SPDX-License-Identifier: Apache-2.0
 * The parts of the files that gt_anomalies_write() writes (gantry/anomalies.h). */
#ifndef GANTRY_VIEWS_ANOMALIES_H
#define GANTRY_VIEWS_ANOMALIES_H

#include "gantry/anomalies.h"
#include "gantry/memory.h"

/* ---- parts of that ---- */

gt_status gt_anomalies_plot_errors(const gt_anomalies *l, const char *stem); /* STEM.svg and STEM.png */

typedef struct gt_roc {
    int n;
    /* [n]: shares of the normal images and of the others whose errors are at least as large as the threshold; from 0
     * and 0 to 1 and 1, a place for each error that occurs */
    double *false_positives, *true_positives, *threshold;
    double area; /* the probability that an anomaly has a larger error than a normal image, where a tie counts half */
} gt_roc;
/* The arrays live in the arena. */
gt_status gt_roc_of(gt_arena *a, const gt_anomalies *l, gt_roc *out);
gt_status gt_roc_write(gt_arena *a, const gt_roc *r, const char *stem); /* STEM.csv, STEM.svg and STEM.png */

#endif
