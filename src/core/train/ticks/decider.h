/* SPDX-License-Identifier: Apache-2.0
 * What reads the values of a tick and says what follows from them: the schedule plateau, --early-stopping, the
 * warnings, --best. A decider is a file of this folder and a line of decider_list.h, in whose order the deciders of a
 * tick decide. Rank 0 has the values and decides; all ranks get the decision.
 *
 *     gt_deciders_begin_all(e, j);                   // the log of the ticks before is open
 *     each tick: gt_deciders_decide_all(e, j, &tick, &decision);
 *
 * Values that come late (metrics of sets, measured when the checkpoint is on the disk) make a second tick of the same
 * images. A decider decides once: in the first tick or, where it waits for such values, in the second one. */
#ifndef GANTRY_TRAIN_TICKS_DECIDER_H
#define GANTRY_TRAIN_TICKS_DECIDER_H

#include "train/journal/journal.h"

/* What is known of a tick beside its values. */
typedef struct gt_tick {
    bool late;       /* the second tick of its images */
    bool more;       /* a second tick follows */
    bool stop;       /* the run is stopped here */
    bool checkpoint; /* a checkpoint of these images is made after the tick (late: was made). GT_STOP sets it. */
} gt_tick;

typedef enum gt_verdict {
    GT_GO_ON = 0,
    GT_BEST = 1,     /* the checkpoint of these images is the best so far */
    GT_STOP = 2,     /* the run is finished */
    GT_ROLL_BACK = 4 /* a trouble has begun: --on-trouble, no decider behind this one is asked */
} gt_verdict;

/* Why. GT_STOP: the sentence for the log. GT_ROLL_BACK: the name of the trouble, and where it began, in images. */
typedef struct gt_reason {
    char text[512];
    int64_t began;
} gt_reason;

typedef struct gt_decision {
    unsigned verdicts; /* of all deciders: GT_BEST | GT_STOP, or GT_ROLL_BACK alone */
    gt_reason reason;  /* of the strongest verdict */
} gt_decision;

/* NULL in a row: nothing to do. All functions are called on rank 0. */
typedef struct gt_decider {
    const char *name;
    size_t own_bytes;                      /* of its state `own`, which is zeros before each begin(); 0: none */
    bool (*is_wanted)(const gt_engine *e); /* NULL: in each run */
    /* At these steps alone, each of which ends with a tick. NULL: at each tick. */
    bool (*at_step)(const gt_engine *e);
    bool (*waits)(const gt_engine *e); /* is a value that comes late what is judged? */
    /* The log of the ticks before is open, at the start and after a rollback: the state becomes what it was after them.
     * Checkpoints hold nothing of it. */
    void (*begin)(gt_engine *e, gt_journal *j, void *own);
    /* What all deciders know has begun: have the ticks before ended the run? Then *why is set. */
    bool (*is_over)(const gt_engine *e, const void *own, gt_reason *why);
    /* Reads the values j->logged, and may append to them or renew what it has changed. Sets *why beside GT_STOP and
     * GT_ROLL_BACK. */
    gt_verdict (*decide)(gt_engine *e, gt_journal *j, void *own, const gt_tick *t, gt_reason *why);
} gt_decider;

/* Also sets e->stopped_early, and says why. Opens the states first, where that was not done. */
gt_status gt_deciders_begin_all(gt_engine *e, gt_journal *j);
bool gt_deciders_need_tick(const gt_engine *e); /* does one of them decide at this step? */
/* Sets *d, e->stopped_early and t->checkpoint; on rank 0 j->logged gets what they append. */
void gt_deciders_decide_all(gt_engine *e, gt_journal *j, gt_tick *t, gt_decision *d);
/* The state of a row in this run; NULL: it does not decide here, or this is not rank 0. */
void *gt_decider_own(const gt_journal *j, const gt_decider *row);

/* ---- rate.c ---- the schedule plateau */
bool gt_plateau_is_due(const gt_engine *e); /* does this step end an epoch? */
/* Judges the epoch by the values of its end; true: the learning rate becomes smaller. Rank 0. */
bool gt_plateau_judge(gt_engine *e, const gt_values *v);

/* ---- early_stop.c ---- */
/* Values before `value` do not compare with this value and later ones. Rank 0. */
void gt_early_stop_begin_anew(const gt_engine *e, const gt_journal *j, double value);

/* ---- best.c ---- */
/* After the second tick of a checkpoint: it is the best so far, or is not. Rank 0. */
void gt_best_settle(const gt_engine *e, gt_journal *j, bool is_best);

/* ---- troubles.c ---- */
struct gt_watch;
void gt_troubles_watch(const gt_engine *e, struct gt_watch *w); /* of this run, before its first tick */

/* ---- rollback.c ---- */
/* Applies --on-trouble to GT_ROLL_BACK. GT_OK: the run was set back to an earlier step, where e then is. */
gt_status gt_roll_back_all(gt_engine *e, gt_journal *j, const gt_reason *why);

#endif
