/* SPDX-License-Identifier: Apache-2.0
 * gantry search: what its files share.
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
 * that were killed less often, until it was killed SEARCH_TRIES times. Then it has failed: trials after it are drawn
 * from ranges that take this for granted, so that no later start may change it.
 *
 * The values of a trial follow from (seed, trial) and the ranges; the ranges of a quarter follow from the results of
 * all trials before it, so that workers wait for those. Nothing depends on who trained what, or when. */
#ifndef GANTRY_CLI_SEARCH_H
#define GANTRY_CLI_SEARCH_H

#include "cli/cli.h"
#include "gantry/rundir.h"
#include "gantry/search.h"

enum { SEARCH_TRIES = 3 };

typedef struct search {
    gt_job *job;              /* the trials' job, with some values of the ranges; its arena serves all texts */
    const char *job_file;     /* NULL: there is none */
    cli_arguments fixed;      /* options of all trials */
    const char *run, *series; /* the folder; what trials are judged by */
    bool largest;             /* is the largest value the best? */
    uint64_t seed;
    int trials, n_varied;
    int64_t ranks; /* of a trial */
    int threads;   /* of a rank; 0: as gantry train chooses */
    gt_varied varied[GT_VARIED_MOST];
    /* of quarters 0 .. n_spans-1: the results before the others are not all there yet */
    gt_vary_span span[GT_SEARCH_QUARTERS][GT_VARIED_MOST];
    int n_spans;
    gt_trial *trial; /* [trials] */
    int worker;      /* rank of `gantry run` */
} search;

/* ---- search_state.c ---- */
/* Begins the search in its folder, or goes on with it. GT_USAGE: the folder has another one. */
gt_status search_open(search *s);
/* Reads the results that are new, and finds the ranges that follow from them. */
gt_status search_look(search *s);
/* The value of option `i` for a trial whose quarter has its ranges. */
gt_drawn search_draw(const search *s, int trial, int i);
const char *search_path(const search *s, int trial, const char *format); /* "%s/state/%04d/result", in the arena */
/* The folder of a trial's lock and result. Workers that wait look there again and again: nothing is put into the arena.
 */
enum { SEARCH_PATH = 4200 };
void search_state_dir(const search *s, int trial, char dir[SEARCH_PATH]);
/* The table of all trials with what became of this one, then the trial's result. */
gt_status search_note(search *s, int trial, gt_trial_state state, double value, const char *why);
/* The same of a trial whose process the signal ended, once more. The trial stays open, or has failed now. */
gt_status search_note_killed(search *s, int trial, int signal);
int search_count(const search *s, gt_trial_state state);

/* ---- search_trial.c ---- */
void search_handle_signals(double seconds); /* asked to stop after so long; 0: not by the clock */
bool search_stopped(void);
/* Trains a trial that this worker holds. *status: the exit status, or 128 and the signal. */
gt_status search_train(const search *s, int trial, int *status);

/* ---- search_report.c ---- */
void search_say_trial(const search *s, int trial, const char *why);
void search_say_range(const search *s, int quarter);
gt_status search_write_csv(const search *s);
gt_status search_draw_pictures(const search *s);
void search_print_best(const search *s, FILE *f);

#endif
