/* SPDX-License-Identifier: Apache-2.0
 * gantry anomalies: its images with their errors, and the curves made of them. */
#ifndef GANTRY_CLI_ANOMALIES_H
#define GANTRY_CLI_ANOMALIES_H

#include "cli/encoding.h"

typedef enum anomaly_kind { ANOMALY_UNKNOWN, ANOMALY_NORMAL, ANOMALY_OTHER } anomaly_kind;

typedef struct anomaly {
    float error;
    int64_t item;
    anomaly_kind kind;
} anomaly;

typedef struct anomalies {
    int64_t n;
    anomaly *all;        /* [n], the largest error first; not a number before all */
    const char *classes; /* that are normal, as the user wrote them; NULL: nobody said so */
    double threshold;
} anomalies;

/* An error that is not a number lies above, too. */
static inline bool anomaly_above(const anomalies *a, const anomaly *one) {
    return !((double)one->error <= a->threshold);
}

/* Draws errors.svg and .png: a histogram of the errors, with the threshold. */
gt_status anomalies_draw_errors(const cli_session *s, const anomalies *a, double quantile);
/* Writes roc.csv, .svg and .png. *auc: the probability that an anomaly has a larger error than a normal image, where a
 * tie counts half. */
gt_status anomalies_write_roc(const cli_session *s, const anomalies *a, double *auc);

#endif
