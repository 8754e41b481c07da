/* SPDX-License-Identifier: Apache-2.0
 * What goes wrong in a run before it fails: collapse, divergence, a slow rank, ... The warnings look at the series of
 * each tick alone, so that the same ticks give the same warnings, also when a run resumes. A trouble must last some
 * ticks before it is a warning.
 *
 *     gt_watch w = {.p_max = job->gan.p_max};
 *     each earlier tick: gt_watch_replay(&w, images, values, n);
 *     // appends the series Trouble/NAME, says what has begun or ended
 *     each tick: int found = gt_watch_tick(&w, tick, kimg, values, &n);
 *
 * A new warning is a function and a row in warnings.c, or in the table of a family (gt_family.warnings). */
#ifndef GANTRY_TRAIN_TICKS_WARNINGS_H
#define GANTRY_TRAIN_TICKS_WARNINGS_H

#include <stdbool.h>

#include "gantry/job.h"
#include "networks/model/door/warning.h"
#include "run/door/runlog.h"

enum { GT_WARNINGS_MAX = 32 };

/* A series of 1 at ticks that a stop has cut short, and at ticks whose pictures were drawn when the run was stopped. A
 * run that was not stopped has no such tick, or no metrics of pictures there, so no decision of a resumed run may
 * follow from them. */
#define GT_LATE_PICTURES "Progress/stopped"
static inline bool gt_has_late_pictures(const gt_stat_value *values, int n) {
    return gt_stat_mean(values, n, GT_LATE_PICTURES) > 0;
}
/* Are its statistics of fewer images than those of a whole tick, since a stop has cut it short? `before`: images at the
 * tick before. */
bool gt_tick_is_cut(const gt_job *job, int64_t before, int64_t images, const gt_stat_value *values, int n);

typedef struct gt_watch {              /* what the warnings know of the ticks so far */
    double guess_accuracy, guess_loss; /* warning.h */
    double p_max;                      /* ceiling of p; 0: none */
    int64_t epoch;                     /* images of the data; 0: unknown */
    bool in_memory;                    /* images stay decoded after the first epoch: no disk is slow */
    const gt_job *job;                 /* for advice; NULL: all of it */
    const gt_warning *own;             /* of the family, ended by {0}; NULL: none */
    const gt_named *advice;            /* of the family, ended by {0}; NULL: none */
    struct {
        int lasts; /* ticks; 0: all is well */
        int began; /* the first tick of them */
        double began_kimg;
        double usual[GT_WATCHED]; /* what the series were like while all was well; 0: not known yet */
        char series[64];
    } of[GT_WARNINGS_MAX];
    int ticks;      /* seen, but for those that a stop has cut short: they change nothing */
    int64_t images; /* at the latest */
    bool quiet;     /* says nothing */
} gt_watch;

/* Looks at the *n values of a tick and appends one for each warning: "Trouble/collapse", the number of ticks that the
 * trouble has lasted so far, 0 for none (room for GT_WARNINGS_MAX is needed; the names live in *w). Each trouble is a
 * warning when it begins and a line when it is over. Returns the first trouble of the training itself (not of machines)
 * that begins with this tick, to be given to the functions below; -1: none. */
int gt_watch_tick(gt_watch *w, int tick, double kimg, gt_stat_value *values, int *n);
/* What to do about it, of what the job's model takes: "a smaller --lrate or --init=he". */
void gt_warning_advice(const gt_watch *w, const gt_warning *r, char text[GT_WARNING_TEXT]);
/* general rows, then the family's; NULL: there are no more */
const gt_warning *gt_warning_at(const gt_watch *w, int i);

/* The same for a tick of an earlier process, without a word (a gt_runlog_line; arg: the gt_watch). */
void gt_watch_replay(void *arg, int64_t images, const gt_stat_value *values, int n);

#endif
