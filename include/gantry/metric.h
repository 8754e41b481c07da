/* SPDX-License-Identifier: Apache-2.0
 * Metrics: numbers that say how good generated pictures are. A metric is a row of a file of src/features, and the name
 * of such a file is a word of the list METRICS in src/features/list.h. It compares a set of fakes with a set of reals,
 * or uses fakes alone, mostly in the features of a network.
 *
 * A metric with a name is computed of sets of pictures (gantry/score.h): `gantry metrics`, and --metrics of a run. A
 * metric with a series is computed of each sheet of pictures that a run draws; from there it appears in the log, in the
 * report, in comparisons and as --best=SERIES. A metric may have both.
 *
 * A name has the number of fakes in the place of '#', in thousands where possible: "fid50k_full", "pr512_3". Where that
 * would be the plain name of another metric, '_' stands before the number: "ppl_2_wend".
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_METRIC_H
#define GANTRY_METRIC_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/option.h"
#include "gantry/status.h"

struct gt_metric_input;

/* Where the features of a metric come from: the network that the metric is published with. The user's own network may
 * stand in for any of them but LPIPS. */
typedef enum gt_metric_source {
    GT_METRIC_NO_NETWORK,
    GT_METRIC_INCEPTION,
    GT_METRIC_VGG16,
    GT_METRIC_LPIPS,      /* path lengths: features/score/path_length.h */
    GT_METRIC_CLASSIFIER, /* the user's own alone */
    GT_METRIC_OR_PIXELS,  /* the user's own; pixels where there is none */
} gt_metric_source;

enum { GT_METRIC_MAX_KEYS = 2 };

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

enum { GT_METRIC_RECIPE_BYTES = 1024 }; /* how a value was computed, as text */

/* Whether a detector is the principal components of pixels, "pixels" or "pixels:20", and no file. A file of this name
 * is given as ./pixels. */
bool gt_is_pixels(const char *detector);

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

#endif
