/* SPDX-License-Identifier: Apache-2.0
 * Which parts of a run an audit computes again, and how probable it is that one forged part goes unseen. Arithmetic
 * alone: nothing here reads a run or computes a step.
 *
 * What is chosen. The links of the chain cut the run into *intervals*. An interval can only be reached from a kept
 * checkpoint: a *stretch* goes from one kept checkpoint to another, and whoever computes an interval again has computed
 * all intervals before it in the stretch. A stretch has at least one whole interval between two links. Checkpoints that
 * are nearer to each other do not end a stretch; the images behind the last link of a stretch belong to its last
 * interval. So nobody makes a place that is almost never drawn by keeping two checkpoints beside each other.
 *
 * How. An audit makes n draws. A draw is one of the N images, each with the same probability, whatever was drawn
 * before. The interval with this image is computed again, and the way to it from the beginning of its stretch.
 *
 * The probability. One interval is forged by somebody who does not know the draws. A draw finds it if its image lies in
 * the interval, or behind the interval in the same stretch: let m of the N images lie there. The draw misses with
 * probability 1 - m/N. Draws do not depend on each other, so all n miss with probability (1 - m/N)^n. The largest of
 * these numbers belongs to the worst place. Their mean, where each interval counts by its images, belongs to a forger
 * who takes each image with the same probability.
 *
 * With a limit of time. What cannot be reached in the time, at the speed of the first images, is never computed: a draw
 * there finds nothing, and there the probability is 1. The number n follows from the speed and the stretches, never
 * from the draws: the most draws for which the time is enough wherever they fall, or, if that is more, the most whose
 * ways are together shorter than the time on average and by two standard deviations. (As many draws as happen to fit
 * would be a false n: the draw that does not fit any more is seldom a near one, so far places would be found less often
 * than n promises.) If the time ends before all n are computed, or steps became so slow that it could have, the
 * probability is that of fewer draws: the most that would have been computed in time wherever they had fallen. */
#ifndef GANTRY_FEATURES_AUDIT_CHOICE_H
#define GANTRY_FEATURES_AUDIT_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/memory.h"
#include "gantry/status.h"

typedef struct audit_interval {
    int stretch;
    int64_t begin, end; /* images; each interval begins where the one before ends */
} audit_interval;

typedef struct audit_stretch {
    int first, last; /* kept checkpoints where it begins and ends, as indices of `place`; between them may be others */
    int64_t begin;   /* images */
    int64_t reach;   /* up to here it can be computed: at first its end */
    int64_t target;  /* up to here it is chosen; `begin`: not chosen */
    int64_t done;    /* the caller's: up to here it was computed */
    bool begun;      /* the caller's */
} audit_stretch;

typedef struct audit_choice {
    uint64_t seed;
    int64_t draws;
    bool all;                 /* all that can be reached, whatever is drawn */
    audit_interval *interval; /* [n] */
    int n;
    audit_stretch *stretch; /* [stretches] */
    int stretches;
    int *order; /* [ordered] chosen stretches, as draws have met them */
    int ordered;
    int64_t *way; /* [stretches] room for images */
} audit_choice;

/* Intervals and stretches of a run, in the arena. `place`: images of kept checkpoints, ascending, first that where the
 * chain can be computed from and last the end of the run, whether or not a checkpoint is there; `link`: images of the
 * links, ascending. Nothing is chosen. */
gt_status audit_choice_open(audit_choice *c, gt_arena *arena, const int64_t *place, int places, const int64_t *link,
                            int links);
/* The interval of the draw `i` = 0, 1, ... */
const audit_interval *audit_choice_draw(const audit_choice *c, int64_t i);
/* Sets reach, draws and all for a time in which so many images can be computed. */
void audit_choice_fit(audit_choice *c, double images);
/* Sets order and targets for the draws. */
void audit_choice_make(audit_choice *c);
/* The choice was broken off after so many images, in its order: fewer draws count. */
void audit_choice_cut(audit_choice *c, double images);
/* How probably one forged interval goes unseen: with each image of the run alike, and at the worst place. What comes
 * before the first interval is never seen. */
void audit_choice_unseen(const audit_choice *c, double *even, double *worst);

#endif
