/* SPDX-License-Identifier: Apache-2.0
 * Comparison of runs: the ends of their logs as a table, and their newest pictures in one picture. The name of a run
 * is the name of its directory. */
#ifndef GANTRY_COMPARE_H
#define GANTRY_COMPARE_H

#include <stdio.h>

#include "gantry/status.h"

/* Writes a row for each run. Losses and accuracy are means over the last quarter of the ticks, since they vary much
 * from tick to tick; all other columns show the last tick. Columns without any value are left out. GT_USAGE: a
 * directory is not a run. */
gt_status gt_compare_table(FILE *f, const char *const *dirs, int n);

/* Writes a PNG with the newest fakes*.png of each run above the name of the run, in so many columns (0: about as
 * many as rows). Pictures wider or higher than 512 pixels are made smaller. The place of a run without pictures is
 * empty. */
gt_status gt_compare_picture(const char *path, const char *const *dirs, int n, int columns);

#endif
