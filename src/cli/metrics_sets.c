/* SPDX-License-Identifier: Apache-2.0
 * gantry metrics --reals=A --fakes=B: the scores of one set of pictures beside another. */
#include "base/file.h"
#include "cli/metrics.h"
#include "gantry/train.h"

gt_status metrics_open_data_all(metrics_work *w, const char *path, const gt_dataset_options *o, const char *what,
                                gt_dataset **ds, gt_picture_set *set) {
    gt_comm *comm = w->team.comm;
    gt_status st = gt_dataset_open(ds, path, o);
    st = gt_comm_agree_all(comm, st ? gt_wrap(st, "%s", what) : GT_OK);
    if (!st) st = gt_same_data_all(comm, *ds, path);
    return st ? st : gt_picture_set_of_dataset_all(set, comm, *ds, 0);
}

gt_status metrics_run_all(metrics_work *w, gt_picture_set *reals, gt_picture_set *fakes, struct gt_path_maker *paths,
                          gt_score_table *out) {
    return gt_scoring_run_all(w->scoring, reals, fakes, paths, out);
}

/* One of the two sets: a dataset, or statistics of another program. */
static gt_status open_set_all(metrics_work *w, const char *path, const char *what, gt_dataset **ds,
                              gt_picture_set *set) {
    return metrics_open_data_all(w, path, &(gt_dataset_options){.use_labels = true}, what, ds, set);
}

gt_status metrics_of_sets_all(metrics_work *w, gt_score_table *out) {
    const metrics_fields *f = w->fields;
    gt_dataset *data[2] = {0};
    gt_picture_set reals = {0}, fakes = {0};
    gt_status st = open_set_all(w, f->reals, "--reals", &data[0], &reals);
    if (!st) st = open_set_all(w, f->fakes, "--fakes", &data[1], &fakes);
    reals.name = "reals";
    fakes.name = "fakes";
    if (!st) st = metrics_run_all(w, &reals, &fakes, NULL, out);
    gt_picture_set_close(&fakes);
    gt_picture_set_close(&reals);
    gt_dataset_close(data[1]);
    gt_dataset_close(data[0]);
    return st;
}
