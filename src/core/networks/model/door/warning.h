/* SPDX-License-Identifier: Apache-2.0
 * Warnings of a run: rows of what goes wrong before a run fails. General rows are those of the training loop, a family
 * may add its own (gt_family.warnings). A rule judges the series of one tick, so that the same ticks give the same
 * verdicts, also when a run is gone on with. */
#ifndef GANTRY_NETWORKS_MODEL_DOOR_WARNING_H
#define GANTRY_NETWORKS_MODEL_DOOR_WARNING_H

#include "gantry/runlog.h"

enum { GT_WARNING_TEXT = 256, GT_WATCHED = 8 /* series that one rule compares with their own past */ };

/* A tick as a rule sees it. */
typedef struct gt_tick_view {
    const gt_stat_value *values;
    int n;
    double p_max; /* ceiling of the augmentation probability; 0: none */
    /* of a classifier that always names the most frequent class, or tells the classes' shares; 0: no classifier */
    double guess_accuracy, guess_loss;
    /* [GT_WATCHED] of this warning alone, zeros at first; the rule keeps it up to date while all is well */
    double *usual;
    bool young; /* the run has few ticks: nothing is usual yet */
    bool early; /* few steps, or not all images once: a network need not have learnt anything yet */
    char *text; /* [GT_WARNING_TEXT]: what is wrong, for people */
} gt_tick_view;

typedef struct gt_warning {
    const char *name;                    /* "collapse": the series is Trouble/collapse */
    bool (*rule)(const gt_tick_view *v); /* does this tick show the trouble? */
    int ticks;                           /* how long the trouble must last before the run warns */
    bool of_training;                    /* a trouble of training, not of machines: --on-trouble acts on it */
    /* What to do; several things have "|" between them. Left out is a thing whose first option ("--bn=slice",
     * "--mirror", "a smaller --lrate") the model does not have, the job has on already, or the job's other options
     * refuse. */
    const char *advice;
} gt_warning;

#endif
