/* SPDX-License-Identifier: Apache-2.0
 * Ranks and threads of a run that `gantry train` starts by itself. No bit of a run depends on them.
 *
 * The real job is tried as R ranks with T threads each, R = 1 and divisors of the cores up to the number of slices, T
 * the cores of a rank, in processes of their own that make real steps (--dry-run=speed). The fastest is started. What
 * was chosen is kept, in a file for each machine, network and batch (kept_split.c). A run that is expected to take less
 * than five minutes, by the work of its graphs, has no trials. Where other runs have left less than two cores there is
 * nothing to try: what is kept for all cores is started, else one rank, and a tick says when the cores are free. */
#ifndef GANTRY_TRAIN_START_CHOICE_H
#define GANTRY_TRAIN_START_CHOICE_H

#include "gantry/hash.h"
#include "train/door/engine.h"

/* Of an engine that is open and not built. `out` stays as it is where nothing is chosen: then the run has one rank.
 * GT_STOPPED: a signal came. */
gt_status gt_choose_split(gt_engine *e, const gt_starter *s, gt_start *out);

/* For --dry-run: the fastest with more than one rank, as far as so many seconds allow; 0 ranks: none could be measured.
 * `options`: what the job is given as well, "" for the job itself; `slices`: those of its batch, at most so many ranks
 * share it. */
gt_split gt_fastest_split(const gt_starter *s, int64_t slices, const char *options, double seconds,
                          double *images_per_second);

/* "2 ranks with 1 thread"; without `words`: "2 x 1". */
const char *gt_split_text(gt_split s, bool words, char text[64]);

/* ---- kept_split.c: $GT_CACHE/ranks/HASH ---- */

typedef struct gt_kept_split {
    char key[2048]; /* machine, program, network and batch */
    int cores, slices;
} gt_kept_split;
gt_kept_split gt_kept_split_of(const gt_engine *e, int cores, gt_hash128 network);
/* False: nothing is kept, or too long, or the file is damaged. */
bool gt_kept_split_read(const gt_kept_split *k, gt_start *out);
/* `busy`: the machine had other work; then the choice is kept for a day, else for a month. A file that cannot be
 * written does not matter: the next run tries again. */
void gt_kept_split_write(const gt_kept_split *k, const gt_start *s, bool busy);

#endif
