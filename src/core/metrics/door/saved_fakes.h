/* SPDX-License-Identifier: Apache-2.0
 * The pictures that scores look at, as a dataset: gantry metrics --save-fakes.
 *
 *     st = writer->begin_all(&saved, team, "fakes.zip", &fakes);
 *     if (!st) st = writer->end_all(saved, gt_scoring_run_all(scoring, &reals, &fakes, paths, &scores));
 *
 * Each rank keeps the samples of its pictures in a file without a name while they are scored; then rank 0 writes the
 * dataset, in the order of the pictures, with the labels that were asked for. */
#ifndef GANTRY_METRICS_DOOR_SAVED_FAKES_H
#define GANTRY_METRICS_DOOR_SAVED_FAKES_H

#include "metrics/door/rows.h"
#include "metrics/door/picture_set.h"

typedef struct gt_saved_fakes gt_saved_fakes;

/* The feature that writes datasets (src/features/list.h). */
typedef struct gt_fakes_writer {
    /* `fakes` is a set of gt_picture_set_of_fakes(); the pictures of the next pass over the set are kept. `path` must
     * last; a file that lies there is replaced. GT_USAGE: such a file cannot hold these pictures, or somebody else
     * makes it. On failure *out is NULL. */
    gt_status (*begin_all)(gt_saved_fakes **out, const gt_team *team, const char *path, gt_picture_set *fakes);
    /* `st`: what became of the pass; with a failure nothing is written. Returns the first failure, and frees `saved`.
     */
    gt_status (*end_all)(gt_saved_fakes *saved, gt_status st);
} gt_fakes_writer;
extern const gt_fakes_writer *const gt_fakes_writers[]; /* of all features, and NULL; the first one is taken */

#endif
