/* SPDX-License-Identifier: Apache-2.0
 * What the table and the pictures of a comparison of runs share. */
#ifndef GANTRY_REPORT_COMPARE_H
#define GANTRY_REPORT_COMPARE_H

#include "base/file.h"
#include "gantry/compare.h"
#include "gantry/runlog.h"

/* The name of a run: that of its directory, behind that of the folder above where another run has the same name. */
void compare_name(const char *const *dirs, int n, int run, char name[GT_NAME_BYTES]);

/* Reads the logs of all runs into stats[n], to be freed each by gt_stats_free(), also after an error. GT_USAGE: a
 * directory is not a run. */
gt_status compare_read(gt_stats **stats, const char *const *dirs, int n);

#endif
