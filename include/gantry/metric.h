/* SPDX-License-Identifier: Apache-2.0
 * Metrics: numbers that say how good generated pictures are. A metric is a row of a file of src/metrics, and such a
 * file is a line of metrics/metric_list.h. It compares a set of fakes with a set of reals, or uses fakes alone, mostly
 * in the features of a network.
 *
 * A metric with a name is computed of sets of pictures (gantry/score.h): `gantry metrics`, and --metrics of a run. A
 * metric with a series is computed of each sheet of pictures that a run draws; from there it appears in the log, in the
 * report, in comparisons and as --best=SERIES. A metric may have both.
 *
 * A name has the number of fakes in the place of '#', in thousands where possible: "fid50k_full", "pr512_3". Where that
 * would be the plain name of another metric, '_' stands before the number: "ppl_2_wend". */
#ifndef GANTRY_METRIC_H
#define GANTRY_METRIC_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/kernels.h"
#include "gantry/runlog.h"
#include "gantry/option.h"
#include "gantry/status.h"

struct gt_metric_input;

/* Where the features of a metric come from: the network that the metric is published with. The user's own network may
 * stand in for any of them but LPIPS. */
typedef enum gt_metric_source {
    GT_METRIC_NO_NETWORK,
    GT_METRIC_INCEPTION,
    GT_METRIC_VGG16,
    GT_METRIC_LPIPS,      /* path lengths: use/score/path_length.h */
    GT_METRIC_CLASSIFIER, /* the user's own alone */
    GT_METRIC_OR_PIXELS,  /* the user's own; pixels where there is none */
} gt_metric_source;

/* What a formula is given, of fakes and, with GT_METRIC_REALS, of reals. */
enum {
    GT_METRIC_REALS = 1,
    GT_METRIC_GAUSSIAN = 2,
    GT_METRIC_ROWS = 4,
    GT_METRIC_HALVES = 8,         /* the formula may round rows to float16 in place: it comes after others */
    GT_METRIC_PROBABILITIES = 16, /* of fakes */
    GT_METRIC_CLASSES = 32,       /* of fakes */
    GT_METRIC_PICTURES = 64,
    GT_METRIC_EQUAL_COUNTS = 128, /* as many reals as fakes, and no more than there are of either */
    /* The value stands beside a base rate, that of pictures which the network never saw. It does not depend on fakes,
     * but on how many there are. */
    GT_METRIC_BASE = 256,
};

enum { GT_METRIC_MAX_KEYS = 2 };
#define GT_METRIC_BASE_KEY "_base" /* suffix of a base rate, which follows the value that it stands beside */
#define GT_METRIC_ALL INT64_MAX

typedef struct gt_metric {
    bool more_is_better;
    int needs; /* GT_METRIC_...; of sheets GT_METRIC_REALS and GT_METRIC_PICTURES alone */
    /* All ranks; puts its values on all ranks. NULL: a path length, or a series of earlier versions. */
    gt_status (*compute_all)(const struct gt_metric_input *in);

    /* ---- of sets ---- */
    const char *name;   /* "fid#_full"; NULL: of sheets alone */
    const char *plain;  /* a name without a number; NULL: none */
    int64_t count;      /* published number of fakes */
    int64_t most_reals; /* 0: as many as fakes; GT_METRIC_ALL */
    bool full;          /* reals are all images as they are, never their mirror images */
    gt_metric_source network;
    const char *keys[GT_METRIC_MAX_KEYS]; /* suffixes of the values that there always are; the first may be "" */
    const char *recipe;                   /* what belongs to the recipe beside network and sets; NULL: nothing */
    const char *help;
    bool in_z, whole, crop; /* of path lengths: gt_path_options */

    /* ---- of each sheet of pictures of a run ---- */
    bool each_sheet;          /* a value of each sheet: the one that the formula puts last */
    bool of_data;             /* the sheet is that of the reals: a property of the data, logged in each tick */
    const char *series;       /* in logs, "Fakes/spread"; without each_sheet: runs of earlier versions have it */
    const char *label;        /* in columns, "spread" */
    const char *legend;       /* of its chart; NULL: the label */
    const char *title, *note; /* of its chart in the report; both NULL: its chart is among those of all other series */
    const char *format;       /* of its value in comparisons, "%.1f"; NULL: it has no column */
    const char *before;       /* the series of earlier versions that this one takes the place of; NULL: none */
} gt_metric;

const gt_metric *gt_metric_at(int i);       /* number i of all metrics, from 0; NULL: there are no more */
const gt_metric *gt_metric_named_at(int i); /* the same of those with a name */

/* ---- names ---- */

/* What the series of a metric's key begin with in the logs of a run: "Metrics/fid10k". */
#define GT_METRIC_SERIES "Metrics/"

enum { GT_METRIC_NAME_BYTES = 48, GT_METRICS_MAX = 32 /* of a request */ };

typedef struct gt_metric_request {
    const gt_metric *row;
    int64_t count; /* of fakes; 0: as many as there are */
    char metric[GT_METRIC_NAME_BYTES];
} gt_metric_request;

/* Reads names between commas; "" and "none" mean no metrics. `count` > 0 stands for the number in all names. A name
 * without a number stands for the published number, or, with `all`, for as many as there are. GT_USAGE: no such name,
 * two of one name, more than GT_METRICS_MAX. */
gt_status gt_metrics_parse(const char *list, int64_t count, bool all, gt_metric_request out[GT_METRICS_MAX], int *n);
gt_status gt_metrics_check(const gt_option *o, const char *value); /* the `check` of an option that is such a list */
/* GT_USAGE: an option on the command line names a network that none of these metrics takes. */
gt_status gt_metrics_check_takes(const gt_options *o, const gt_metric_request *asked, int n);
/* The metric that a key such as "pr10k3_recall" is a value of, and whether more of it is better; NULL: none. */
const gt_metric *gt_metric_of_key(const char *key, bool *more);
/* The name with this number of fakes; the plain name for the published number, where there is one. */
void gt_metric_name(const gt_metric *m, int64_t count, char name[GT_METRIC_NAME_BYTES]);

/* ---- series of sheets ---- */

const gt_metric *gt_metric_of_series(const char *series); /* NULL: the series is not that of a metric of sheets */
bool gt_metric_of_fakes(const char *series);              /* whether its values are those of sheets of fakes */
/* The series that a run logs in place of this one of an earlier version; another series is itself. */
const char *gt_metric_series_now(const char *series);

/* ---- the metrics of the sheets of a run: values of the newest pictures; rank 0 alone ---- */

typedef struct gt_sheet_metrics gt_sheet_metrics;

enum { GT_SHEET_REALS = 1, GT_SHEET_FAKES = 2, GT_SHEET_MAX_VALUES = 64 };

/* For sheets of `count` pictures. `kernels` NULL: the best of this CPU. NULL: out of memory, see gt_message(). */
gt_sheet_metrics *gt_sheet_metrics_new(const gt_kernel_set *kernels, int height, int width, int channels,
                                       int64_t count);
/* Whether all metrics that need reals have them; if not, the caller must add the reals before the next fakes. */
bool gt_sheet_metrics_know_reals(const gt_sheet_metrics *m);
/* The sheet `set`, GT_SHEET_...: pictures [count,H,W,C], range -1 .. 1, which stay the caller's. A metric that fails is
 * a warning, and has no value this time; one of which the pictures have none (GT_USAGE) has none, and nothing is said.
 */
void gt_sheet_metrics_add(gt_sheet_metrics *m, int set, const float *pictures);
/* Appends the values that there are to the *n values of a tick, which need room for GT_SHEET_MAX_VALUES more. Values of
 * fakes are then forgotten: a tick without new pictures has none. */
void gt_sheet_metrics_put(gt_sheet_metrics *m, gt_stat_value *values, int *n);
/* To be called when a log has been opened. Values of fakes are forgotten, since a checkpoint ends a tick, whose log has
 * them; values of reals become those in the log. */
void gt_sheet_metrics_go_on(gt_sheet_metrics *m, const gt_runlog *log);
void gt_sheet_metrics_free(gt_sheet_metrics *m); /* NULL is fine */

#endif
