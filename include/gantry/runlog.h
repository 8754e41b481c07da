/* SPDX-License-Identifier: Apache-2.0
 * The metric log of a run, written by rank 0, once per tick:
 *     stats.jsonl            a line per tick, appended and synced: the truth
 *     metrics.h5             a dataset {num, mean, std} per series, plus `images` and `timestamp`; readable during
 *                            the run (h5py.File(path, 'r', swmr=True)); rebuilt from stats.jsonl when a run resumes or
 *                            a series is new. On file systems that hosts share, SWMR does not work: there the file is
 *                            replaced as a whole at some ticks, and at the end
 *     events.out.tfevents.*  the same for TensorBoard, with the job as a text; a new file when a run resumes
 * A disk that fills up is a warning: the lines that could not be written are kept and written later. */
#ifndef GANTRY_RUNLOG_H
#define GANTRY_RUNLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/choices.h"
#include "gantry/status.h"

typedef struct gt_stat_value {
    /* "Loss/scores/fake", "Progress/kimg": slashes make groups; no name may be a group of another name */
    const char *name;
    double num, mean, std; /* count, mean and standard deviation since the last tick; a plain number v is {1, v, 0} */
} gt_stat_value;

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

/* ---- reading a stats.jsonl, of Gantry or of the reference tool ---- */

typedef struct gt_bad_lines { /* of a log: damaged or half written */
    int64_t n, first;         /* how many; the number of the first one, from 1 on */
    bool half;                /* the last line of the file is one of them, and has no newline: it may be growing */
} gt_bad_lines;

typedef struct gt_stats_series {
    const char *name;
    gt_stat_value *values; /* [ticks]; {0, NaN, NaN} where a tick has no such value */
} gt_stats_series;

typedef struct gt_stats {
    int ticks, n_series;
    int64_t *images;         /* [ticks]; from "images", else Progress/kimg times 1000 */
    double *timestamp;       /* [ticks]; 0 where absent */
    gt_stats_series *series; /* in order of first appearance */
    gt_bad_lines bad;        /* skipped */
    struct gt_arena *arena;
} gt_stats;

/* NULL: the file cannot be read, or has more than 2^25 values (see gt_message()). A missing file gives no ticks. */
gt_stats *gt_stats_read(const char *path);
const gt_stats_series *gt_stats_find(const gt_stats *s, const char *name);
void gt_stats_free(gt_stats *s);

/* The series of a metrics.h5, also while a run writes the file; to be freed with gt_stats_free(). NULL: see
 * gt_message(); *other then tells whether `path` is an HDF5 file of another kind. */
gt_stats *gt_metrics_read(const char *path, bool *other);

/* ---- what the series mean ---- */

/* A row for each name or group of names. From this table come the attributes of metrics.h5, the notes of the report,
 * and the table of docs/reading-a-run.md (`gantry reference --series`). */
typedef struct gt_series {
    const char *name; /* "Loss/G/loss", or a pattern: "Norms/?*_grad" */
    const char *unit; /* "kimg"; "": a pure number */
    const char *help; /* one sentence or two, without a full stop at the end */
} gt_series;

const gt_series *gt_series_at(int i);              /* row i of the table, from 0; NULL: there are no more */
const gt_series *gt_series_of(const char *series); /* the first row that the name fits; NULL: unknown */

#endif
