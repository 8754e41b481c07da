/* SPDX-License-Identifier: Apache-2.0
 * The metric log of a run, written by rank 0, once per tick:
 *     stats.jsonl            a line per tick, appended and synced: the truth
 *     metrics.h5             a dataset {num, mean, std} per series, plus `images` and `timestamp`; readable during
 *                            the run (h5py.File(path, 'r', swmr=True)); rebuilt from stats.jsonl when a run resumes or
 *                            a series is new. On file systems that hosts share, SWMR does not work: there the file is
 *                            replaced as a whole at some ticks, and at the end
 *     events.out.tfevents.*  the same for TensorBoard, with the job as a text; a new file when a run resumes
 * A disk that fills up is a warning: the lines that could not be written are kept and written later.
 *
 * For Gantry's own commands: may change with any version. */
#ifndef GANTRY_RUNLOG_H
#define GANTRY_RUNLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/memory.h"

typedef struct gt_stat_value {
    /* "Loss/scores/fake", "Progress/kimg": slashes make groups; no name may be a group of another name */
    const char *name;
    double num, mean, std; /* count, mean and standard deviation since the last tick; a plain number v is {1, v, 0} */
} gt_stat_value;

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
