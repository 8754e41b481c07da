/* SPDX-License-Identifier: Apache-2.0
 * What the studies share: see features/study/study_view.h. */
#ifndef GANTRY_FEATURES_STUDY_STUDY_H
#define GANTRY_FEATURES_STUDY_STUDY_H

#include "base/door/file.h"
#include "figures/door/figure.h"

/* Writes OUTDIR/NAME.csv, .svg and .png; frees the table. */
gt_status study_write(const char *outdir, const char *name, gt_buffer *csv, const gt_panel *panels, int n, int columns);

#endif
