/* SPDX-License-Identifier: Apache-2.0
 * What measures a run beside its steps: the held-out loss and accuracy, dead units, metrics of sheets, ... A measurer
 * is a file of this folder and a line of measurer_list.h. It opens with the engine, gives values at ticks, and reads
 * its past from the log when a run resumes; the loops over all measurers are below.
 *
 *     gt_measurers_open_all(e);       // e->arena_bytes becomes large enough
 *     gt_measurers_use_arena(e);      // the arena of the engine is there
 *     rank 0: gt_measurers_begin(e, j);             // a log is open
 *     each tick: gt_measurers_measure_all(e, j);    // j->measured
 *     gt_measurers_close(e);
 *
 * Functions whose name ends with _all are called by all ranks at the same time, and return the same status on all of
 * them. Functions that take a journal and do not end with _all are called by rank 0. NULL in a row: nothing to do. */
#ifndef GANTRY_TRAIN_MEASURER_H
#define GANTRY_TRAIN_MEASURER_H

#include "nets/layers.h" /* gt_text */
#include "train/journal.h"

/* Pictures of a sheet, in the order of its cells: what a run shows of the data, or of its generator. */
typedef struct gt_sheet_pictures {
    int set; /* GT_SHEET_REALS, GT_SHEET_FAKES */
    int count;
    const float *images; /* [count,H,W,C], with the numbers that files hold */
} gt_sheet_pictures;

typedef struct gt_measurer {
    const char *name;
    size_t own_bytes; /* of its state `own`, which begins as zeros; 0: none */
    /* Is there anything to measure in this run? The same on all ranks. NULL: always. Where there is not, no other
     * function of the row is called. */
    bool (*is_wanted)(const gt_engine *e);

    /* ---- with the engine ---- */
    gt_status (*open_all)(gt_engine *e, void *own); /* e->arena_bytes grows to what own's graphs need */
    void (*use_arena)(void *own, void *arena);
    void (*close)(void *own); /* also of a state that open_all could not open */
    /* Series i, from 0, that ticks of this run will have, as far as they are known before; false: there are no more. */
    bool (*series)(const gt_engine *e, const void *own, int i, gt_text *name);
    size_t (*bytes)(const gt_engine *e, const void *own); /* memory of this rank, beside the arena */
    /* --dry-run: what the run will spend on it, in a line or two on stdout, from a short measurement. */
    gt_status (*measure_cost_all)(gt_engine *e, void *own);
    void (*print_cost)(const gt_engine *e, const void *own, double seconds_per_image);

    /* ---- at ticks ---- */
    gt_status (*measure_all)(gt_engine *e, void *own, gt_values *values); /* appends on rank 0 */

    /* ---- with the sheets of pictures ---- */
    bool (*needs_reals)(const void *own); /* before the next fakes */
    void (*take_sheet)(void *own, const gt_sheet_pictures *p);
    void (*put_sheet)(void *own, gt_values *values); /* appends what the sheets since the last call have given */
    void (*draw)(const gt_engine *e, gt_journal *j, void *own); /* pictures of its own */

    /* ---- values that come late: after the checkpoint of the tick is on the disk, since they may take hours ---- */
    bool (*is_due)(const gt_engine *e, const gt_journal *j, void *own, bool last); /* now? Says where it is not */
    bool (*is_missing)(const gt_engine *e, const gt_journal *j,
                       const void *own); /* at the checkpoint that is resumed */
    /* Appends to j->late on rank 0. `again`: by a run that resumes; some of it may be on the disk. GT_STOPPED: a stop
     * broke it off, and the run, when it resumes, measures again. No other failure ends a run: it is a warning. */
    gt_status (*measure_late_all)(gt_engine *e, gt_journal *j, void *own, bool again);

    /* ---- with the journal ---- */
    void (*begin)(gt_engine *e, gt_journal *j, void *own); /* a log is open: at the start, and after a rollback */
    /* Writes once more what could not be written. false: failed again */
    bool (*settle)(gt_engine *e, gt_journal *j, void *own);
    void (*end)(gt_engine *e, gt_journal *j, void *own); /* the journal ends */
} gt_measurer;

gt_status gt_measurers_open_all(gt_engine *e);
void gt_measurers_use_arena(gt_engine *e);
void gt_measurers_close(gt_engine *e);
size_t gt_measurers_bytes(const gt_engine *e);
bool gt_measurers_will_log(const gt_engine *e, const char *series);
void gt_measurers_list_series(const gt_engine *e, char *list, size_t bytes); /* appends ", NAME" for each */
gt_status gt_measurers_cost_all(gt_engine *e);
void gt_measurers_print_cost(const gt_engine *e, double seconds_per_image);

/* j->measured becomes the values of now. */
gt_status gt_measurers_measure_all(gt_engine *e, gt_journal *j);
bool gt_measurers_need_reals(const gt_engine *e);
void gt_measurers_take_sheet(gt_engine *e, const gt_sheet_pictures *p);
/* Appends the values of the latest sheet alone. */
void gt_measurers_put_sheet(gt_engine *e, gt_values *values);
bool gt_measurers_can_draw(const gt_engine *e);
void gt_measurers_draw(gt_engine *e, gt_journal *j);

bool gt_measurers_are_due(const gt_engine *e, const gt_journal *j, bool last);
bool gt_measurers_are_missing_all(const gt_engine *e, const gt_journal *j);
/* j->late becomes what comes late. true: a stop broke it off. */
bool gt_measurers_late_all(gt_engine *e, gt_journal *j, bool again);

void gt_measurers_begin(gt_engine *e, gt_journal *j);
bool gt_measurers_settle(gt_engine *e, gt_journal *j); /* false: something cannot be written */
void gt_measurers_end(gt_engine *e, gt_journal *j);

/* ---- for the rows ---- */

/* The moving average of the parameters whole on this rank, where a model has one. */
void gt_engine_gather_average_all(gt_engine *e);

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
