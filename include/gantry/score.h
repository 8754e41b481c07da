/* SPDX-License-Identifier: Apache-2.0
 * Metrics of sets of pictures (gantry/metric.h), fid50k_full and its like: of networks, of files, and as tables. Values
 * do not depend on the number of ranks and threads.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_SCORE_H
#define GANTRY_SCORE_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/choices.h"
#include "gantry/dist.h"
#include "gantry/metric.h"
#include "gantry/model.h"
#include "gantry/network.h"
#include "gantry/pool.h"
#include "gantry/status.h"

typedef struct gt_metric_options {
    const char *metrics; /* names: "fid50k_full,kid10k"; a number in a name is the number of fakes */
    int64_t count;       /* of fakes, of all metrics; 0: as in their names */
    bool all;            /* a name without a number ("fid") means all pictures that there are */
    const char
        *detector; /* of all metrics that need features: as gt_extractor_open(); NULL or "": the published ones */
    const char *inception, *vgg16, *lpips; /* files of weights; NULL or "": not given */
    gt_resize_rule resize;                 /* of published networks */
    bool statistics;     /* both sets are statistics of features: no network is needed where none is given */
    bool keeps_features; /* statistics are read or written: pixels are not offered, which depend on the reals */
    uint64_t seed;
    bool no_cache;           /* statistics of reals are neither read nor kept */
    const gt_options *given; /* for the detector: as in gt_network_options; NULL: nothing */
    int (*stop)(void);       /* not 0: the work ends with GT_STOPPED; NULL: never */
} gt_metric_options;

/* GT_USAGE: no such metric (the message names the nearest), a metric that needs what is not given. "none" and "": no
 * metrics. */
gt_status gt_metric_options_check(const gt_metric_options *o);
/* All metrics, a line each: name, what it needs. */
void gt_metric_help(void (*line)(void *arg, const char *name, const char *text), void *arg);
/* The names of all metrics that need no file, "authenticity,swd", and in words those that do, with what they need:
 * "fid, kid, is (--inception or --detector), ...". */
enum { GT_METRIC_LIST_BYTES = 512 };
void gt_metrics_without_files(char list[GT_METRIC_LIST_BYTES]);
void gt_metrics_with_files(char text[GT_METRIC_LIST_BYTES]);

typedef struct gt_metric_value {
    char key[64];    /* "fid10k_full", "pr50k3_precision": with the number of fakes that there were */
    char metric[64]; /* the name as it was asked for: "pr50k3" */
    double value;    /* NaN: there is none this time, and the reason was logged */
    bool more_is_better;
    /* A base rate ("authenticity10k_base"): what pictures that the network never saw reach. The value before it says
     * something only beside it, in the same line. */
    bool is_base;
    /* Detector and hash, counts, conversion, reals, held-out pictures: metrics compare where recipes are equal. */
    char recipe[GT_METRIC_RECIPE_BYTES];
} gt_metric_value;

typedef struct gt_metric_table {
    int n;
    gt_metric_value *value;
    double seconds; /* that they took */
} gt_metric_table;
void gt_metric_table_free(gt_metric_table *t); /* its arrays; as new again */

/* ---- results in a run's directory ---- */

/* A line of JSON for each metric: {"results": {key: value}, "metric": name, "total_time": seconds, "snapshot_pkl": name
 * or null, "recipe": text, "images": N}; values that are missing are null. */
gt_status gt_metric_table_lines(const gt_metric_table *t, const char *snapshot, int64_t images,
                                void (*line)(void *arg, const char *metric, const char *text), void *arg);
/* Appends the lines of one table. */
gt_status gt_metric_table_append(const char *rundir, const gt_metric_table *t, const char *snapshot, int64_t images);

/* ---- scores of a network, or of two sets of pictures ---- */

/* Whether a path is a file of statistics of features, as --save writes it; images may lie in .npz files, too. */
bool gt_is_statistics(const char *path);

/* Texts are "" where nothing is said. Messages name the options of gantry metrics: --data, --save, ... */
typedef struct gt_scores_options {
    gt_metric_options
        options;         /* statistics: both paths end with .npz, the files are asked whether they are statistics */
    const char *network; /* a checkpoint; "": two sets */
    const char *reals, *fakes; /* two sets: datasets, or files of statistics */
    const char *data;          /* real pictures beside the network; "": those of its run */
    const char *held_out;      /* real pictures that the network never saw */
    const char *classes;       /* of the real pictures, the only ones that are taken */
    gt_steps_wanted steps;     /* of models that make pictures in steps; of others zeros */
    bool equal_classes;        /* of the network's pictures; else the classes are drawn as in the data */
    bool skip_damaged;         /* real pictures; those of a run also where its job says so */
    bool mirror, mirror_given; /* not given: the run's data are mirrored as the run's job says */
    bool seed_given;           /* not given: a network's pictures have the seed of its job, not that of the options */
    const char *range;      /* floats that stand for black and white where files do not say it, as text for messages */
    double float_range[2];  /* of `range` */
    const char *run, *job;  /* the run that the network is of, and the text of its job.ini */
    const char *save;       /* file for the statistics of the reals */
    const char *save_fakes; /* file for the network's pictures that are scored */
    const char *nearest;    /* file for a picture of the fakes that are most like a real */
    gt_comm *comm;
    gt_pool *pool;
    gt_network_options reading; /* of the network; its kernels compute the metrics, too */
} gt_scores_options;

/* All ranks. The table is the caller's, and may have values also after a failure to write a file. *images: that the
 * network has been shown; 0: not known, or two sets. */
gt_status gt_score_pictures_all(const gt_scores_options *r, gt_metric_table *out, int64_t *images);

#endif
