/* SPDX-License-Identifier: Apache-2.0
 * Writing the metric log of a run, and going through what there is (gantry/runlog.h says which files). */
#ifndef GANTRY_RUN_DOOR_RUNLOG_H
#define GANTRY_RUN_DOOR_RUNLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/choices.h"
#include "gantry/runlog.h"
#include "gantry/status.h"

/* The mean of the series `name` among n values, of several the last; NaN: there is none. */
double gt_stat_mean(const gt_stat_value *values, int n, const char *name);

typedef struct gt_runlog gt_runlog;

typedef struct gt_runlog_options {
    gt_swmr_rule swmr;
    bool step_in_images; /* TensorBoard's steps are images; else thousands of images, rounded down */
    const char *job;     /* in words, for metrics.h5 and TensorBoard; copied; NULL: nothing */
} gt_runlog_options;

/* Opens the log in `dir` at `images` images shown (0: at the beginning of a run): lines of later ticks are removed,
 * and so is a half-written line at the end. `o` NULL: all zeros. NULL: see gt_message(). */
gt_runlog *gt_runlog_open(const char *dir, int64_t images, const gt_runlog_options *o);
/* Remove from a log.txt the lines of ticks and metrics of more than `images` images ("DATE TIME tick 7 kimg 1.234 ...",
 * "DATE TIME metrics kimg 1.234 ..."), so that a run that resumes prints none twice; all other lines stay. A missing
 * file is fine. */
gt_status gt_log_cut_back(const char *path, int64_t images);
/* Remove from all metric-NAME.jsonl of a run's directory (score.h) the lines of more than `images` images, and
 * half-written lines. */
gt_status gt_metric_lines_cut_back(const char *dir, int64_t images);
/* The recipe of the latest value of a metric's key there, "fid10k"; "": unknown. */
void gt_metric_recipe(const char *dir, const char *key, char *recipe, size_t bytes);
/* Writes one tick, with the time of the clock. The names may differ from tick to tick. Failures are logged, not
 * returned. */
void gt_runlog_tick(gt_runlog *l, int64_t images, const gt_stat_value *values, int n);
/* The line of a tick that is not whole yet, into stats.jsonl alone: whatever happens, it is on the disk. The next call
 * of gt_runlog_tick() writes the whole line in its place. */
void gt_runlog_tick_early(gt_runlog *l, int64_t images, const gt_stat_value *values, int n);
/* The latest tick gets more values, `more`, and new ones for values that it has: its line becomes `values`, which has
 * all of them. Does nothing where no tick was written since the log was opened. */
void gt_runlog_amend(gt_runlog *l, int64_t images, const gt_stat_value *values, int n, const gt_stat_value *more,
                     int n_more);
/* A picture for TensorBoard ("fakes"), as PNG. */
void gt_runlog_picture(gt_runlog *l, int64_t images, const char *name, int width, int height, int channels,
                       const void *png, size_t bytes);
/* To be called before the first tick: the mean of a series in the last line that stayed when the log was opened; 0 when
 * there is none. The clock of a run that resumes begins with the "Timing/total_sec" of that line. */
double gt_runlog_last(const gt_runlog *l, const char *name);
/* Calls `line` for each tick of stats.jsonl, in the order of the file. The values are valid during the call. */
typedef void gt_runlog_line(void *arg, int64_t images, const gt_stat_value *values, int n);
gt_status gt_runlog_each(const gt_runlog *l, gt_runlog_line *line, void *arg);
/* The mean of a series at the tick of `images`; NaN when there is none. */
double gt_runlog_at(const gt_runlog *l, int64_t images, const char *name);
/* To be called when another process has the log: this process then writes nothing more, also not in gt_runlog_close().
 */
void gt_runlog_leave(gt_runlog *l);
/* What could not be written is tried once more. GT_FAILED: something of it failed again; there was a warning. */
gt_status gt_runlog_settle(gt_runlog *l);
void gt_runlog_close(gt_runlog *l); /* NULL is fine */

#endif
