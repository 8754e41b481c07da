/* SPDX-License-Identifier: Apache-2.0
 * Rows in another order, for metrics that look at parts of a set: a set may come class by class. The order is a formula
 * of the number of rows alone, so that the same set has the same value whoever computes it, with any seed. */
#ifndef GANTRY_METRICS_SHUFFLE_H
#define GANTRY_METRICS_SHUFFLE_H

#include "metrics/rows.h"

/* This rank's part of the shuffled rows into out [own,d]. All ranks. */
gt_status gt_rows_shuffle_all(const gt_team *team, const gt_rows *rows, float *out);

#endif
