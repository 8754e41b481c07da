/* SPDX-License-Identifier: Apache-2.0
 * What --dry-run measures: how long a step takes (time_steps.c), and what would be faster (faster.c). */
#ifndef GANTRY_TRAIN_START_DRY_RUN_H
#define GANTRY_TRAIN_START_DRY_RUN_H

#include "networks/model/door/family.h"
#include "train/door/engine.h"
#include "train/door/measurer.h"
#include "train/journal/journal.h"

/* ---- time_steps.c ---- */

enum { GT_MEASURE_SECONDS = 2 }; /* of whole steps at most */

typedef struct gt_step_time {
    double per_image; /* seconds, phases weighted by how often they run */
    bool cut;         /* two whole steps take too long: extrapolated from `pieces` */
    gt_rehearsal pieces;
} gt_step_time;

/* False: less than a hundredth of a step was made, and per_image means nothing. */
bool gt_step_time_is_known(const gt_step_time *t);

/* Of an engine that is built, and whose loader has started. Pieces of a step first: they say whether there is time for
 * whole ones. `limit`: seconds; `of_steps`: of that for whole steps. */
gt_status gt_time_steps_all(gt_engine *e, double limit, double of_steps, gt_step_time *out);

/* "35 seconds", "12.3 minutes", "7234.0 hours (301.4 days)" */
const char *gt_length_text(double seconds, char text[64]);

/* ---- faster.c ---- */

/* The job itself with several ranks, or another one like it. */
typedef struct gt_faster_way {
    const char
        *options; /* that the other job has: "--cfg=cpu"; "": the job itself; NULL: no such way, or not measured */
    gt_split split;
    double images_per_second, kimg;
    const gt_larger_batch *batch; /* NULL: it is not one */
} gt_faster_way;

typedef struct gt_faster {
    gt_faster_way ranks;   /* in place of threads, which `gantry train` would start */
    gt_faster_way smaller; /* the same data with a smaller network of the same family, by the family's advice */
    gt_faster_way batch;   /* larger, for more cores than the batch has images */
} gt_faster;

/* As far as time goes, until `end` (gt_clock). `starter`: NULL: nobody can be asked how fast ranks are. */
gt_status gt_faster_look_all(gt_engine *e, const gt_starter *starter, double seconds_per_image, double end,
                             gt_faster *out);
void gt_faster_print(const gt_engine *e, double seconds_per_image, const gt_faster *f);

#endif
