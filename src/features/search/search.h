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
 *
 * DESIGN
 * A trial is `gantry train` in a process of its own, with the values as options: so it gives the bits that it gives
 * alone, may have ranks of its own, and may fail or be killed without harm to the others. Any number of workers (ranks
 * of `gantry run`, tasks of a Slurm array, commands typed twice) share a search through its folder alone:
 *
 *     search.txt              what is searched; another search in this folder is refused
 *     state/0007/result       what became of trial 7, written whole or not at all: done or failed for good, or how many
 *                             times a signal (kill -9, short memory) ended its process
 *     state/0007/lock         held by the worker that trains it (gantry/rundir.h): gone or silent, the trial is free
 *                             again
 *     state/0007/said         what the trial printed; kept where it failed
 *     trials/0007/            its run; a trial that was stopped resumes from its checkpoint
 *     search.csv              a table of all trials, written anew after each
 *     curves.png values.png   the pictures
 *
 * A trial whose process a signal ended says nothing of its values: it resumes from its checkpoint, after all trials
 * that were killed less often, until it was killed GT_SEARCH_TRIES times. Then it has failed: trials after it are drawn
 * from ranges that take this for granted, so that no later start may change it.
 *
 * The values of a trial follow from (seed, trial) and the ranges; the ranges of a quarter follow from the results of
 * all trials before it, so that workers wait for those. Nothing depends on who trained what, or when. */
#ifndef GANTRY_FEATURES_SEARCH_SEARCH_H
#define GANTRY_FEATURES_SEARCH_SEARCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "gantry/status.h"
#include "gantry/rundir.h"
#include "networks/model/door/family.h"

/* ---- a search ---- */

typedef struct gt_search gt_search;

/* What is searched and how, without the ranges. The texts live as long as the search. */
typedef struct gt_search_plan {
    const char *run; /* the folder of the search; see DESIGN above */
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

/* ---- ranges ---- */

/* Is this value of an option a range, and not a value? */
bool gt_is_range(const char *value);

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
/* Of so many ranked trials, those that narrow the ranges: the best fifth, at least two, and whose value equals the last
 * one's; 0: no trial is worse, so that nothing is known. */
int gt_search_best(const gt_trial *trials, const int *order, int done);

enum { GT_SEARCH_TRIES = 3 };

struct gt_search {
    gt_job *job; /* its arena serves all memory of the search */
    gt_search_plan plan;
    const char *series; /* what trials are judged by */
    bool largest;       /* is the largest value the best? */
    int64_t judged;     /* images that an accuracy is a share of; 0: another series, or not known */
    uint64_t seed;
    int n_varied;
    int threads; /* of a rank; 0: as gantry train chooses */
    gt_varied varied[GT_VARIED_MAX];
    /* of quarters 0 .. n_spans-1: the results before the others are not all there yet */
    gt_vary_span span[GT_SEARCH_QUARTERS][GT_VARIED_MAX];
    int n_spans;
    gt_trial *trial; /* [trials] */
    int worker;      /* rank of `gantry run` */
};

/* ---- folder.c ---- */
/* Begins the search in its folder, or resumes it. GT_USAGE: the folder has another one. */
gt_status gt_search_open(gt_search *s);
/* Reads the results that are new, and finds the ranges that follow from them. */
gt_status gt_search_read_results(gt_search *s);
/* The value of option `i` for a trial whose quarter has its ranges. */
gt_drawn gt_search_value(const gt_search *s, int trial, int i);
/* A path made of "%s/state/%04d/result", in the arena. */
const char *gt_search_path(const gt_search *s, int trial, const char *format);
/* The folder of a trial's lock and result. Workers that wait ask for this path again and again: nothing is put into
 * the arena. */
enum { GT_SEARCH_PATH_BYTES = 4200 };
void gt_search_state_dir(const gt_search *s, int trial, char dir[GT_SEARCH_PATH_BYTES]);
/* Writes the table of all trials with what became of this one, then the trial's result. */
gt_status gt_search_note_result(gt_search *s, int trial, gt_trial_state state, double value, const char *why);
/* The same of a trial whose process the signal ended, once more. The trial stays open, or has failed now. */
gt_status gt_search_note_killed(gt_search *s, int trial, int signal);
int gt_search_count(const gt_search *s, gt_trial_state state);

/* ---- trial.c ---- */
void gt_search_handle_signals(double seconds); /* asked to stop after so long; 0: not by the clock */
bool gt_search_stop_requested(void);
/* Trains a trial that this worker holds. *status: the exit status, or GT_TRIAL_SIGNALLED and the signal. */
enum { GT_TRIAL_STOPPED = 75, GT_TRIAL_SIGNALLED = 128 };
gt_status gt_search_train_trial(const gt_search *s, int trial, int *status);

/* ---- report.c ---- */
void gt_search_print_trial(const gt_search *s, int trial, const char *why);
void gt_search_print_range(const gt_search *s, int quarter);
gt_status gt_search_write_csv(const gt_search *s);
gt_status gt_search_draw_pictures(const gt_search *s);

#endif
