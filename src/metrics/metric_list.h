/* SPDX-License-Identifier: Apache-2.0
 * Every metric there is: one line each, in the order of the logs. */
#ifndef GANTRY_METRICS_METRIC_LIST_H
#define GANTRY_METRICS_METRIC_LIST_H

#include "gantry/metric.h"

#define GT_METRIC_LIST(X) \
    X(fakes_spread)       \
    X(reals_spread)       \
    X(fakes_swd)

#define X(name) extern const gt_metric gt_metric_##name;
GT_METRIC_LIST(X)
#undef X

#endif
