/* SPDX-License-Identifier: Apache-2.0
 * metrics.h5: the metric log as growing HDF5 datasets, readable while it grows (single writer, multiple readers).
 * Its content comes from stats.jsonl, so the file can always be made anew: when a series is new, after the disk was
 * full, and when a run goes on. */
#ifndef FILES_METRICS_H5_H
#define FILES_METRICS_H5_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/runlog.h"
#include "gantry/status.h"

typedef struct metrics_h5 metrics_h5;

/* Makes no file yet. Without `swmr` each metrics_h5_rebuild() writes the file as a whole and leaves the file closed.
 * `job`: in words, for the file; copied; NULL: none. NULL: see gt_message(). */
metrics_h5 *metrics_h5_new(const char *dir, bool swmr, const char *job);
/* Makes the file from `stats` in place of an older file, and keeps the file open for appending. */
gt_status metrics_h5_rebuild(metrics_h5 *m, const gt_stats *stats);
/* Is the file open, with a series for each of these names? If not, metrics_h5_rebuild() must come before
 * metrics_h5_append(). */
bool metrics_h5_ready(const metrics_h5 *m, const gt_stat_value *values, int n);
gt_status metrics_h5_append(metrics_h5 *m, int64_t images, double timestamp, const gt_stat_value *values, int n);
void metrics_h5_close(metrics_h5 *m); /* the file stays; metrics_h5_rebuild() opens it again */
void metrics_h5_free(metrics_h5 *m);

#endif
