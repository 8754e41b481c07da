/* SPDX-License-Identifier: Apache-2.0
 * The values of a tick: what the log gets, and what the terminal and the deciders (journal.h) read. */
#ifndef GANTRY_TRAIN_DOOR_VALUES_H
#define GANTRY_TRAIN_DOOR_VALUES_H

#include "gantry/memory.h"
#include "gantry/runlog.h"

/* What belongs to a value besides its number. */
typedef struct gt_value_note {
    const char *label;  /* on the line of a tick; NULL: the line does not show the value */
    const char *recipe; /* how a metric was computed: values of other recipes do not compare; NULL: no metric */
} gt_value_note;

/* All zeros: no values. */
typedef struct gt_values {
    gt_stat_value *of; /* [n], as gt_runlog_tick() takes them */
    gt_value_note *note;
    int n;
    int room, note_room;
    gt_arena *arena; /* of all of it */
    bool failed;     /* memory was short: values are missing */
} gt_values;

void gt_values_clear(gt_values *v); /* frees all of it, too */
/* Appends a value; the names are copied. `note` may be NULL. */
void gt_values_put_stat(gt_values *v, gt_stat_value value, const gt_value_note *note);
void gt_values_put(gt_values *v, const char *series, double value);
void gt_values_append(gt_values *v, const gt_values *more);
/* The same, but a value whose series is there takes the place of that one. */
void gt_values_renew(gt_values *v, const gt_values *more);
const gt_stat_value *gt_values_find(const gt_values *v, const char *series); /* NULL: there is none */

#endif
