/* SPDX-License-Identifier: Apache-2.0
 * Reading metrics.h5, also while a run writes it. */
#ifndef FILES_METRICS_READ_H
#define FILES_METRICS_READ_H

#include <stdbool.h>

#include "gantry/runlog.h"

/* The series of a metrics.h5, to be freed with gt_stats_free(). NULL: see gt_message(); *other then tells whether
 * `path` is an HDF5 file of another kind. */
gt_stats *gt_metrics_read(const char *path, bool *other);

#endif
