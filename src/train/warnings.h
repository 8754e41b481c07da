/* SPDX-License-Identifier: Apache-2.0
 * What goes wrong in a run before it fails: collapse, divergence, a slow rank, ... Judged from the series of each tick alone, so that the same
 * ticks give the same verdicts, also when a run is gone on with. A trouble must last some ticks before it is one.
 *
 *     gt_watch w = {.p_max = job->p_max};
 *     each earlier tick: gt_watch_replay(&w, images, values, n);
 *     each tick: int found = gt_watch_tick(&w, tick, kimg, values, &n);   // appends the series Trouble/NAME, says what has begun or ended
 *
 * A new kind of trouble is a function and a row in warnings.c. */
#ifndef GANTRY_TRAIN_WARNINGS_H
#define GANTRY_TRAIN_WARNINGS_H

#include <stdbool.h>

#include "gantry/warning.h"

enum { GT_TROUBLES = 9 }; /* kinds */

typedef struct gt_watch {
    double p_max; /* ceiling of p; 0: none */
    struct {
        int lasts;  /* ticks; 0: all is well */
        int began;  /* the first of them */
        double began_kimg;
        double usual[GT_WATCHED]; /* what the series were like while all was well; 0: not known yet */
    } of[GT_TROUBLES];
    int ticks;  /* seen */
    bool quiet; /* says nothing */
} gt_watch;

/* Looks at the *n values of a tick and appends one for each kind of trouble: "Trouble/collapse", the number of ticks that it has lasted so
 * far, 0 for none (room for GT_TROUBLES is needed). Each trouble is a warning when it begins and a line when it is over. Returns the first one of
 * the training itself (not of machines) that begins with this tick, to be given to the two functions below; -1: none. */
int gt_watch_tick(gt_watch *w, int tick, double kimg, gt_stat_value *values, int *n);
const char *gt_trouble_name(int trouble);
double gt_trouble_began_kimg(const gt_watch *w, int trouble);

/* The same for a tick of an earlier process, without a word (a gt_runlog_line; arg: the gt_watch). */
void gt_watch_replay(void *arg, int64_t images, const gt_stat_value *values, int n);

#endif
