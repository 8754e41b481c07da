/* SPDX-License-Identifier: Apache-2.0
 * A scoring: the metrics of sets of pictures (gantry/metric.h), fid50k_full and its like, with the networks and the
 * features that they need.
 *
 *     gt_scoring *s = gt_scoring_open_all(team, &(gt_metric_options){.metrics = "fid10k,pr10k3",
 *                                                                   .detector = "runs/judge"}, &st);
 *     st = gt_scoring_run_all(s, reals, fakes, NULL, &table);
 *     for (int i = 0; i < table.n; i++) printf("%s %g\n", table.value[i].key, table.value[i].value);
 *     gt_metric_table_free(&table);
 *     gt_scoring_close(s);
 *
 * Values do not depend on the number of ranks and threads. */
#ifndef GANTRY_FEATURES_SCORE_SCORE_H
#define GANTRY_FEATURES_SCORE_SCORE_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/score.h"
#include "gantry/status.h"
#include "metrics/door/rows.h"
#include "features/score/path_length.h"
#include "features/score/picture_set.h"

struct gt_team;
struct gt_picture_set;
struct gt_path_maker;

typedef struct gt_scoring gt_scoring;

/* Opens the detectors. The team's parts must outlive it. NULL on all ranks: see gt_message(). */
gt_scoring *gt_scoring_open_all(const struct gt_team *team, const gt_metric_options *o, gt_status *status);
void gt_scoring_close(gt_scoring *s);                   /* NULL is fine */
void gt_scoring_set_seed(gt_scoring *s, uint64_t seed); /* in place of that of the options */
/* Real pictures that the network never saw, for base rates; they must outlive the scoring's runs. Without them reals
 * are left out one at a time (features/score/distances/authenticity.h). */
void gt_scoring_set_held_out(gt_scoring *s, struct gt_picture_set *held_out);
/* How many fakes the metrics need at most. */
int64_t gt_scoring_fakes(const gt_scoring *s);
bool gt_scoring_needs_paths(const gt_scoring *s);
bool gt_scoring_needs_reals(const gt_scoring *s);
bool gt_scoring_has_base(const gt_scoring *s); /* a metric with a base rate */

/* All ranks. GT_USAGE: a detector does not take such pictures (gt_extractor_takes). */
gt_status gt_scoring_takes(gt_scoring *s, int height, int width, int channels);
/* All ranks. GT_USAGE: path lengths are wanted, and this network has none (gt_path_check). */
gt_status gt_scoring_takes_network(gt_scoring *s, const struct gt_path_maker *maker);
/* Bytes that a rank needs beside pictures and generator, about: detectors, rows of both sets, moments. After
 * gt_scoring_takes(), as gt_scoring_measure(): seconds of this rank's detectors for a picture. */
double gt_scoring_bytes(const gt_scoring *s, int64_t reals, int height, int width, int channels);
gt_status gt_scoring_measure(gt_scoring *s, int height, int width, int channels, double *seconds);

/* Where the next runs draw the fakes that are most like a real (nearest.c); NULL: nowhere. The text stays the caller's.
 */
void gt_scoring_draw_nearest(gt_scoring *s, const char *path);
/* All ranks; on all ranks the same status and values. reals NULL: metrics that need reals are GT_USAGE. `paths`: for
 * path lengths (features/score/path_length.h), or NULL. A metric that fails is NaN, with a warning; a rank that fails
 * makes all fail. */
gt_status gt_scoring_run_all(gt_scoring *s, struct gt_picture_set *reals, struct gt_picture_set *fakes,
                             struct gt_path_maker *paths, gt_metric_table *out);

/* ---- results in a run's directory ---- */

/* Lines that are to be appended to metric-NAME.jsonl, a file for each metric, synced (docs/training.md#files-of-a-run):
 * those that cannot be written stay, and are written with later ones. Rank 0. */
typedef struct gt_metric_lines gt_metric_lines;
gt_metric_lines *gt_metric_lines_new(void); /* NULL: out of memory */
gt_status gt_metric_lines_add(gt_metric_lines *l, const gt_metric_table *t, const char *snapshot, int64_t images);
gt_status gt_metric_lines_write(gt_metric_lines *l, const char *rundir);
void gt_metric_lines_free(gt_metric_lines *l); /* NULL is fine */

#endif
