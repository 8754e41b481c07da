/* SPDX-License-Identifier: Apache-2.0
 * Runs beside each other: what their logs end with as a table, what they made in one picture. A run is called by the name of its directory. */
#ifndef GANTRY_COMPARE_H
#define GANTRY_COMPARE_H

#include <stdio.h>

#include "gantry/status.h"

/* A row per run. Losses and accuracy are means over the last quarter of the ticks (they jump), all else is of the last one; columns in which no run
 * has a value are left out. GT_USAGE: one of them is no run. */
gt_status gt_compare_table(FILE *f, const char *const *dirs, int n);

/* The newest fakes*.png of each run above its name, in so many columns (0: about square), as a PNG. Pictures wider or higher than 512 pixels are
 * made smaller. A run without pictures leaves its place empty. */
gt_status gt_compare_picture(const char *path, const char *const *dirs, int n, int columns);

#endif
