/* SPDX-License-Identifier: Apache-2.0
 * Random search of a job's options (J. Bergstra, Y. Bengio, "Random Search for Hyper-Parameter Optimization", 2012):
 * values by a formula of (seed, trial), ranges that become narrower after each quarter of the trials, and trials, each
 * `gantry train` in a process and a run of its own.
 *
 *     gt_search *s = gt_search_new(job);
 *     gt_status st = gt_search_vary(s, "lrate", "log:1e-6..1e-2");
 *     st = gt_search_set_plan(s, &(gt_search_plan){.run = "runs/search", .by = "min:Loss/train", .trials = 20,
 *                                                  .ranks_per_trial = 1});
 *     ... the job gets its file and options ...
 *     st = gt_search_check_job(s);
 *     ... gt_job_resolve() ...
 *     st = gt_search_run(s, 0);
 *     st = gt_search_print_best(s, stdout);
 */
#ifndef GANTRY_SEARCH_H
#define GANTRY_SEARCH_H

#include <stdbool.h>
#include <stdio.h>

#include "gantry/job.h"

/* ---- ranges ---- */

typedef enum gt_vary_kind {
    GT_VARY_LOG,    /* log:LO..HI: the logarithm is uniform */
    GT_VARY_LIN,    /* lin:LO..HI: uniform */
    GT_VARY_INT,    /* int:LO..HI: whole numbers, the ends included */
    GT_VARY_CHOICE, /* a|b|c */
} gt_vary_kind;

enum { GT_VARY_CHOICES = 64, GT_VARIED_MAX = 32, GT_DRAWN_BYTES = 32 };

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

/* ---- a search ---- */

typedef struct gt_search gt_search;

/* What is searched and how, without the ranges. The texts live as long as the search. */
typedef struct gt_search_plan {
    const char *run; /* the folder of the search; src/search/search.h says what lies there */
    /* "[min:|max:]SERIES" of stats.jsonl, as the series is at the end of a trial. Without min: or max: accuracies, and
     * metrics as their kind says, are better when they are larger, all else when it is smaller. */
    const char *by;
    int trials;
    int64_t ranks_per_trial;
    const char *job_file;                    /* the first word of `gantry train`; NULL: none */
    const char *const *keys, *const *values; /* [n_fixed] options of all trials; a value NULL: the bare key */
    int n_fixed;
} gt_search_plan;

/* A search of the options of `job`, which has no values yet; the search lives in the job's arena. NULL: see
 * gt_message(). */
gt_search *gt_search_new(gt_job *job);
/* The option `key` varies over the range `text`: see gt_varied_read(). GT_USAGE: also where it has a range already. */
gt_status gt_search_vary(gt_search *s, const char *key, const char *text);
/* After the ranges. GT_USAGE: there are none. */
gt_status gt_search_set_plan(gt_search *s, const gt_search_plan *plan);
/* Checks the job, which has the values of file and options, as far as possible before trials: the options that vary
 * get a value of their range. To be called before gt_job_resolve(). */
gt_status gt_search_check_job(gt_search *s);
/* Looks how many images the accuracy that trials are judged by is a share of, for its standard error. */
void gt_search_count_judged(gt_search *s);
/* Begins the search in its folder, or resumes the search that is there: trains what no other worker trains until
 * all trials are over. Workers are the ranks of a launcher (found in the environment) and all other processes that
 * search in the folder. The first rank waits for the others, and then writes the table and the pictures. Handlers of
 * SIGINT, SIGTERM, SIGHUP, SIGUSR1 and SIGALRM stay in place after the search. GT_STOPPED: a signal came, or `seconds`
 * are over (0: never); the same search resumes. GT_USAGE: the folder has another search. */
gt_status gt_search_run(gt_search *s, double seconds);
/* The best trials and the names of the files, of a search that is over. GT_FAILED: all trials have failed. */
gt_status gt_search_print_best(const gt_search *s, FILE *f);

#endif
