/* SPDX-License-Identifier: Apache-2.0
 * gantry metrics: what its two forms share, of a network and of two sets of pictures. */
#ifndef GANTRY_CLI_METRICS_H
#define GANTRY_CLI_METRICS_H

#include "cli/cli.h"
#include "gantry/score.h"
#include "metrics/rows.h"
#include "use/score/picture_set.h"

typedef struct metrics_fields {
    const char *network, *data, *reals, *fakes, *held_out, *save, *nearest, *classes, *fake_classes, *save_fakes,
        *range;
    bool mirror, json, no_cache, verbose;
    int64_t threads, seed, gpus;
    cli_assumed assumed;
    gt_metric_options score;
    double float_range[2]; /* of `range` */
    bool few;              /* without --metrics and a detector: the scores that need no file */
    /* found by the first rank, before the ranks meet */
    const char *dir; /* of the run that the network is of; "": none */
    const char *job; /* the run's job.ini; "": none */
    bool overwrite;
} metrics_fields;

typedef struct metrics_work {
    cli_session *session;
    const metrics_fields *fields;
    gt_team team;
    gt_scoring *scoring;
    bool ranged; /* --range was of use */
    gt_dataset *held_out_data;
    gt_picture_set held_out; /* --held-out */
} metrics_work;

/* All ranks: the scores of a network, and of two sets. The table is the caller's. *images: that the network has been
 * shown. */
gt_status metrics_of_network_all(metrics_work *w, gt_metric_table *out, int64_t *images);
gt_status metrics_of_sets_all(metrics_work *w, gt_metric_table *out);

/* All ranks: *both: the two sets are files of statistics. */
gt_status metrics_are_statistics_all(gt_comm *comm, const metrics_fields *f, bool *both);

/* All ranks, on the first of which `path` has been checked. --range counts here. */
gt_status metrics_open_data_all(metrics_work *w, const char *path, gt_dataset_options o, const char *what,
                                gt_dataset **ds, gt_picture_set *set);
/* All ranks: the scores, --save, --save-fakes and --nearest. */
gt_status metrics_run_all(metrics_work *w, gt_picture_set *reals, gt_picture_set *fakes, struct gt_path_maker *paths,
                          gt_metric_table *out);

#endif
