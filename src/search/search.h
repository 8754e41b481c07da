/* SPDX-License-Identifier: Apache-2.0
 * A search, as the files of this room share it (gantry/search.h).
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
#ifndef GANTRY_SEARCH_SEARCH_H
#define GANTRY_SEARCH_SEARCH_H

#include "gantry/rundir.h"
#include "gantry/search.h"

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
