/* SPDX-License-Identifier: Apache-2.0
 * metrics.h5: the metric log as growing HDF5 datasets, readable while it grows (single writer, multiple readers).
 * Everything in it comes from stats.jsonl, so it can always be made anew: for a series it does not have yet, after a
 * full disk, when a run goes on. */
#ifndef FILES_METRICS_H5_H
#define FILES_METRICS_H5_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/runlog.h"
#include "gantry/status.h"

typedef struct metrics_h5 metrics_h5;

/* No file yet: rebuild makes it. Without `swmr` each rebuild writes the file as a whole and leaves it closed. */
metrics_h5 *metrics_h5_new(const char *dir, bool swmr);
/* Make the file from `stats`, put it in the old one's place, and keep it open for appending. */
gt_status metrics_h5_rebuild(metrics_h5 *m, const gt_stats *stats);
/* Is the file open, with a series for each of these names? Otherwise rebuild. */
bool metrics_h5_ready(const metrics_h5 *m, const gt_stat_value *values, int n);
gt_status metrics_h5_append(metrics_h5 *m, int64_t images, double timestamp, const gt_stat_value *values, int n);
void metrics_h5_close(metrics_h5 *m); /* the file stays as it is; rebuild opens it again */
void metrics_h5_free(metrics_h5 *m);

#endif
