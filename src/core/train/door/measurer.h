/* SPDX-License-Identifier: Apache-2.0
 * What measures a run beside its steps: the held-out loss and accuracy, dead units, metrics of sheets, ... A measurer
 * is a file of train/measure and a line of measurer_list.h there, or of a feature and a word in the list MEASURERS of
 * src/features/list.h. It opens with the engine, gives values at ticks, and reads
 * its past from the log when a run resumes; the loops over all measurers are below.
 *
 *     gt_measurers_open_all(e);       // e->arena_bytes becomes large enough
 *     gt_measurers_use_arena(e);      // the arena of the engine is there
 *     gt_measurers_begin_all(e, j);                        // the state that training goes on from is there
 *     each update of a step: gt_measurers_see(e, p, r);
 *     each tick: gt_measurers_measure_all(e, j, false);    // j->measured
 *     gt_measurers_close(e);
 *
 * Functions whose name ends with _all are called by all ranks at the same time, and return the same status on all of
 * them. Functions that take a journal and do not end with _all are called by rank 0. NULL in a row: nothing to do. */
#ifndef GANTRY_TRAIN_DOOR_MEASURER_H
#define GANTRY_TRAIN_DOOR_MEASURER_H

#include "networks/nets/door/layers.h" /* gt_text */
#include "run/door/state_row.h"
#include "train/door/engine.h"
#include "train/door/values.h"

typedef struct gt_journal gt_journal; /* train/journal/journal.h */

typedef struct gt_measurer {
    const char *name;
    size_t own_bytes; /* of its state `own`, which begins as zeros; 0: none */
    /* Its values may take hours: they are measured when the checkpoint of a tick is on the disk, and make a second tick
     * of the same images (late.c says at which checkpoints). One of the values is GT_LATE_SECONDS. GT_STOPPED from
     * measure_all: a stop broke it off, and the run, when it resumes, measures again. In a run that resumes, a measurer
     * that cannot open is a warning, and left out. */
    bool late;
    /* Numbers of `own` that checkpoints keep, at "/state/NAME" (run/door/state_row.h), ended by {0}. They are there
     * again when begin() is called. NULL: none. The chain of hashes covers them, so they are what a resume and an audit
     * must compute again: they follow from the recipe and the steps alone, never from ticks, ranks or an option that a
     * run may change from start to start. A row that is_wanted() by such an option ends the start of the run
     * (gt_measurer_check_state); is it wanted by an option, that option is of the class GT_RECIPE. */
    const gt_state_row *state;
    /* Is there anything to measure in this run? The same on all ranks. NULL: always. Where there is not, no other
     * function of the row is called. */
    bool (*is_wanted)(const gt_engine *e);
    /* Can the values of a job that is resolved be computed for its data (gt_train_check_metrics)? NULL: yes. */
    gt_status (*check)(const gt_job *job);

    /* ---- with the engine ---- */
    /* e->arena_bytes grows to what own's graphs need, e->measurer_bytes by other memory worth counting */
    gt_status (*open_all)(gt_engine *e, void *own);
    void (*use_arena)(void *own, void *arena);
    void (*close)(void *own); /* also of a state that open_all could not open */
    /* Series i, from 0, that ticks of this run will have, as far as they are known before; false: there are no more. */
    bool (*series)(const gt_engine *e, const void *own, int i, gt_text *name);

    /* ---- in steps: nothing is allocated, and nothing printed ---- */
    /* The sum of a phase's gradients is there, clipped, on each rank in its part of the parameters
     * (gt_reducer_owned), which are not updated yet. Called on each rank, without an order among ranks. */
    void (*see)(const gt_engine *e, void *own, const gt_phase *p, gt_reducer *r);

    /* ---- at any step ---- */
    /* All ranks: the numbers of `state` become those of all steps so far, the same on all ranks. Called before the
     * state is hashed or written, and before another one is read. NULL: they always are. */
    void (*gather_all)(const gt_engine *e, void *own);

    /* ---- at ticks ---- */
    gt_status (*measure_all)(gt_engine *e, void *own, gt_values *values); /* appends on rank 0 */
    void (*draw)(const gt_engine *e, gt_journal *j, void *own); /* rank 0, after the sheets: pictures of its own */

    /* ---- with the journal ---- */
    /* All ranks: the state that training goes on from is there, at the start, after a resume and after a rollback. On
     * rank 0 the log of the ticks before is open (j->log), other ranks have an empty journal. */
    void (*begin)(gt_engine *e, gt_journal *j, void *own);
    /* Rank 0, after begin(): a tick before, from the first one on. */
    void (*take_past)(const gt_engine *e, void *own, const gt_stat_value *values, int n);
    /* Writes once more what could not be written. false: failed again */
    bool (*settle)(gt_engine *e, gt_journal *j, void *own);

    /* ---- for --dry-run ---- what the run will spend on the values, from a short measurement; rank 0 prints it */
    gt_status (*measure_cost_all)(gt_engine *e, void *own);
    void (*print_cost)(const gt_engine *e, const void *own, double checkpoints, double seconds_per_image);
} gt_measurer;

/* Those of features, behind the others in the order of the logs; NULL ends the list. */
enum { GT_FEATURE_MEASURERS_MAX = 4 };
extern const gt_measurer *const gt_feature_measurers[];

#define GT_LATE_SECONDS "Timing/metrics_sec" /* what the late values of a checkpoint have taken */

gt_status gt_measurers_open_all(gt_engine *e);
void gt_measurers_use_arena(gt_engine *e);
void gt_measurers_close(gt_engine *e);
bool gt_measurers_will_log(const gt_engine *e, const char *series);
void gt_measurers_list_series(const gt_engine *e, char *list, size_t bytes); /* appends ", NAME" for each */
bool gt_measurers_are_late(const gt_engine *e);                              /* has the run values that come late? */

gt_status gt_measurers_each_state(const gt_engine *e, gt_status (*visit)(void *arg, const gt_state_row *row, void *own),
                                  void *arg);

/* GT_FAILED: whether the row keeps numbers in the checkpoints of this run does not follow from the recipe. */
gt_status gt_measurer_check_state(const gt_engine *e, const gt_measurer *row);
void gt_measurers_gather_all(const gt_engine *e);
void gt_measurers_see(const gt_engine *e, const gt_phase *p, gt_reducer *r);
/* j->measured becomes the values of now: those that come late, or all others. */
gt_status gt_measurers_measure_all(gt_engine *e, gt_journal *j, bool late);
bool gt_measurers_can_draw(const gt_engine *e);
void gt_measurers_draw(gt_engine *e, gt_journal *j);

void gt_measurers_begin_all(gt_engine *e, gt_journal *j);
/* Rank 0: a tick before; a gt_runlog_line of the engine. */
void gt_measurers_take_past(void *engine, int64_t images, const gt_stat_value *values, int n);
bool gt_measurers_settle(gt_engine *e, gt_journal *j); /* false: something cannot be written */

/* ---- late.c ---- when the values come that come late; rank 0 */
void gt_late_begin(const gt_engine *e, gt_journal *j); /* the log of the ticks before is open */
bool gt_late_is_due(const gt_engine *e, const gt_journal *j,
                    bool last); /* at this checkpoint? Says where they are not */
/* At the checkpoint that is resumed: a stop or a kill broke them off, or the process before has failed before it had
 * written all of them. All ranks. */
bool gt_late_is_missing_all(const gt_engine *e, const gt_journal *j);
void gt_late_count(gt_journal *j); /* j->measured has late values */

/* ---- --dry-run: what the run will spend on measurers, from a short measurement; on stdout */
gt_status gt_measurers_measure_cost_all(gt_engine *e);
void gt_measurers_print_cost(const gt_engine *e, double seconds_per_image);

/* ---- for the rows ---- */

/* The moving average of the parameters whole on this rank, where a model has one. */
void gt_engine_gather_average_all(gt_engine *e);
/* The parameters that are evaluated, of the network that tells classes or else of the first: the moving average, where
 * that network has one. */
const float *gt_eval_params(const gt_engine *e);
const char *gt_journal_dir(const gt_journal *j); /* of the run; rank 0 */

/* A confusion matrix that the sheets of a run show: confusion.png, of the test pictures, or else of the validation
 * pictures: of the set that was evaluated last. */

typedef struct gt_confusion {
    int64_t *of; /* [classes,classes]; NULL: none */
} gt_confusion;

void gt_confusion_take(gt_confusion *c, int64_t *matrix); /* takes over what malloc has given */
/* `names` of the classes; NULL: none. A picture that cannot be written is a warning. */
void gt_confusion_draw(const gt_confusion *c, const gt_engine *e, gt_journal *j, const char *const *names);
void gt_confusion_free(gt_confusion *c);

#endif
