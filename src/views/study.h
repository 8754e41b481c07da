/* SPDX-License-Identifier: Apache-2.0
 * What the studies share: see gantry/study_view.h. */
#ifndef GANTRY_VIEWS_STUDY_H
#define GANTRY_VIEWS_STUDY_H

#include "base/door/file.h"
#include "report/door/figure.h"

/* Writes OUTDIR/NAME.csv, .svg and .png; frees the table. */
gt_status study_write(const char *outdir, const char *name, gt_buffer *csv, const gt_panel *panels, int n, int columns);

#endif
