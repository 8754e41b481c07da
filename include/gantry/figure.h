/* SPDX-License-Identifier: Apache-2.0
 * The counts that a figure of a confusion matrix shows. Figures themselves are drawn inside (src/report/door/figure.h).
 *
 * For Gantry's own commands: may change with any version. */
#ifndef GANTRY_FIGURE_H
#define GANTRY_FIGURE_H

#include <stdbool.h>
#include <stdint.h>

/* How often a class is the true one: the sum of its row. */
int64_t gt_confusion_count(const int64_t *counts, int classes, int class);

#endif
