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
 * For Gantry's own commands: may change with any version. */
#ifndef GANTRY_SEARCH_H
#define GANTRY_SEARCH_H

#include <stdbool.h>
#include <stdio.h>
#include <stdint.h>

#include "gantry/family.h"
#include "gantry/status.h"

/* ---- ranges ---- */

/* Is this value of an option a range, and not a value? */
bool gt_is_range(const char *value);

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
