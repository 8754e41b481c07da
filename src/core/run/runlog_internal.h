/* SPDX-License-Identifier: Apache-2.0
 * What the files of the metric log (runlog.h) use of each other. */
#ifndef GANTRY_RUN_RUNLOG_INTERNAL_H
#define GANTRY_RUN_RUNLOG_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/runlog.h"
#include "gantry/status.h"

/* ---- keep_lines.c cuts a log back to its state at an earlier moment. The log may have any size: memory holds only the
 * places of lines. ---- */

typedef enum verdict { KEEP, LATER, BAD, UNKNOWN /* out of memory: nothing is cut back */, VERDICTS } verdict;
/* What becomes of a line when a run resumes at `images`. The function may change the line. `whole`: the line ends with
 * a newline. */
typedef verdict line_verdict(char *line, bool whole, int64_t images, void *scratch);

/* Removes all lines whose verdict is not KEEP, and adds the number of lines of each verdict to `counts`. The file is
 * written only when a line is removed, or when the last line lacks its newline. *last: the byte at which the last line
 * begins afterwards; -1: there are no lines. A missing file has no lines. */
gt_status keep_lines(const char *path, int64_t images, line_verdict *verdict_of_line, void *scratch,
                     int counts[VERDICTS], int64_t *last);

/* ---- damage.c says what cannot be read (gt_logs_warn) ---- */

/* Line `number` cannot be read; `whole`: it has its newline. */
void note_bad_line(gt_bad_lines *bad, int64_t number, bool whole);

/* ---- metrics_h5.c: the metric log as growing HDF5 datasets, readable while they grow (single writer, multiple
 * readers). The content comes from stats.jsonl, so the file can always be made anew: when a series is new, after the
 * disk was full, and when a run resumes. ---- */

typedef struct metrics_h5 metrics_h5;

/* Makes no file yet. Without `swmr` each metrics_h5_rebuild() writes the file as a whole and leaves the file closed.
 * `job`: in words, for the file; copied; NULL: none. NULL: see gt_message(). */
metrics_h5 *metrics_h5_new(const char *dir, bool swmr, const char *job);
bool metrics_h5_is_there(const metrics_h5 *m); /* a file that this or another process has made */
/* Makes the file from `stats` in place of an older file, and keeps the file open for appending. */
gt_status metrics_h5_rebuild(metrics_h5 *m, const gt_stats *stats);
/* Is the file open, with a series for each of these names? If not, metrics_h5_rebuild() must come before
 * metrics_h5_append(). */
bool metrics_h5_ready(const metrics_h5 *m, const gt_stat_value *values, int n);
gt_status metrics_h5_append(metrics_h5 *m, int64_t images, double timestamp, const gt_stat_value *values, int n);
void metrics_h5_close(metrics_h5 *m); /* the file stays; metrics_h5_rebuild() opens it again */
void metrics_h5_free(metrics_h5 *m);

#endif
