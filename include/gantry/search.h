/* SPDX-License-Identifier: Apache-2.0
 * What a random search varies: options with ranges, values by a formula of (seed, trial), and ranges that become
 * narrower (Bergstra and Bengio, "Random Search for Hyper-Parameter Optimization").
 *
 *     gt_varied v;
 *     gt_status st = gt_varied_read(&v, arena, rows, "lrate", "log:1e-6..1e-2");
 *     gt_vary_span span = gt_varied_whole(&v);
 *     gt_drawn d = gt_varied_draw(&v, &span, seed, trial);      // d.text "0.0003162"
 */
#ifndef GANTRY_SEARCH_H
#define GANTRY_SEARCH_H

#include <stdbool.h>

#include "gantry/option.h"

typedef enum gt_vary_kind {
    GT_VARY_LOG,    /* log:LO..HI: the logarithm is uniform */
    GT_VARY_LIN,    /* lin:LO..HI: uniform */
    GT_VARY_INT,    /* int:LO..HI: whole numbers, the ends included */
    GT_VARY_CHOICE, /* a|b|c */
} gt_vary_kind;

enum { GT_VARY_CHOICES = 64, GT_VARIED_MOST = 32, GT_DRAWN_BYTES = 32 };

typedef struct gt_varied {
    const char *key, *text; /* as given */
    gt_vary_kind kind;
    double lo, hi;
    int n_choices;
    const char *choices[GT_VARY_CHOICES];
} gt_varied;

typedef struct gt_vary_span { /* the part of a range that values are drawn from */
    double lo, hi;
    uint64_t choices; /* bit i: choice i */
} gt_vary_span;

typedef struct gt_drawn {
    double number; /* of a choice: its place */
    const char *choice;
    char text[GT_DRAWN_BYTES]; /* of a number */
} gt_drawn;
const char *gt_drawn_text(const gt_drawn *d); /* the option's value */

/* Is this value of an option a range, and not a value? */
bool gt_is_range(const char *value);

/* Reads a range of the option `key` of the table, in the arena. GT_USAGE: the range is empty or upside down, the option
 * does not take its ends or its choices, or may not vary: only what a recipe says may, but for data, seed and length,
 * since trials could not be compared. The options' fields get values of the range. */
gt_status gt_varied_read(gt_varied *v, gt_options *o, const char *key, const char *text);

gt_vary_span gt_varied_whole(const gt_varied *v);
/* A function of (seed, key, trial) and the span. Numbers are rounded to four digits, so that people can copy them. */
gt_drawn gt_varied_draw(const gt_varied *v, const gt_vary_span *span, uint64_t seed, int trial);
/* The smallest span that holds n >= 1 values. */
gt_vary_span gt_varied_narrow(const gt_varied *v, const gt_drawn *values, int n);

/* ---- trials, counted from 0 ---- */

enum { GT_SEARCH_QUARTERS = 4 };
int gt_search_quarter(int trial, int trials);         /* 0 .. 3 */
int gt_search_quarter_begin(int quarter, int trials); /* its first trial; quarter 4: `trials` */

typedef enum gt_trial_state { GT_TRIAL_OPEN, GT_TRIAL_DONE, GT_TRIAL_FAILED } gt_trial_state;
typedef struct gt_trial {
    gt_trial_state state;
    double value; /* of GT_TRIAL_DONE */
    int killed;   /* how many times a signal ended its process */
} gt_trial;

/* The done trials among the first n, the best first, of equal ones the earlier; returns how many. order[n]. */
int gt_search_rank(const gt_trial *trials, int n, bool largest, int *order);
/* How many of `done` trials the next range is to hold: a fifth, at least two; 0: the range stays as it is. */
int gt_search_fifth(int done);

#endif
