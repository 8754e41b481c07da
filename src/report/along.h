/* SPDX-License-Identifier: Apache-2.0
 * What curves of a run are drawn over: thousands of images, which each line of a log tells, or a series of the log. */
#ifndef GANTRY_REPORT_ALONG_H
#define GANTRY_REPORT_ALONG_H

#include "gantry/compare.h"
#include "gantry/runlog.h"

enum { ALONG_AXES = GT_OVER_HOURS + 1 };

typedef struct along_axis {
    const char *name;   /* as in GT_COMPARE_AXES; also the unit */
    const char *label;  /* below a figure */
    const char *series; /* NULL: images */
} along_axis;
extern const along_axis along_axes[ALONG_AXES]; /* by gt_compare_axis */

/* Has the log the series of the axis? Logs of older programs lack some. */
bool along_known(const gt_stats *s, gt_compare_axis over);
/* Where a tick stands on a known axis; not finite: the line does not say so. */
double along_place(const gt_stats *s, gt_compare_axis over, int tick);

#endif
