/* SPDX-License-Identifier: Apache-2.0
 * What gantry start does with pictures: decided by a look at them (command_plan.c), before anything is written. */
#ifndef GANTRY_FEATURES_START_COMMAND_H
#define GANTRY_FEATURES_START_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/memory.h"
#include "gantry/source.h"

/* Words of a command line, from the name of the subcommand on; a NULL follows them. */
enum { CLI_LINE_WORDS = 20 };
typedef struct cli_line {
    const char *words[CLI_LINE_WORDS + 1];
    int n;
} cli_line;
/* Adds a word; memory that is short shows in gt_arena_failed(). */
void cli_line_add(gt_arena *a, cli_line *l, const char *format, ...) __attribute__((format(printf, 3, 4)));

typedef struct cli_start_plan {
    const char *source, *data, *run; /* as given; the dataset, in the folder of the run; that folder */
    gt_survey found;
    const char *unread; /* a picture that cannot be read, and why; NULL: none */
    const char *passed; /* files that hold no picture: "3 .txt"; NULL: none */
    int classes;        /* 0: none */
    bool folders;       /* the classes are the sub-folders */
    bool cond;          /* the network learns the classes */
    bool photographs;
    bool crop;  /* else pictures are padded */
    bool black; /* transparent pictures are white drawings: they lie on black, all others on white */
    int side, channels;
    const char *network; /* to begin with; NULL: none */
} cli_start_plan;

/* Fills in what follows from the pictures of p->source. GT_USAGE, GT_FORMAT: there is nothing to train on. */
gt_status cli_start_look(gt_arena *a, cli_start_plan *p);
/* The options of gantry train that say which network is trained, and with which data. */
void cli_start_add_network(gt_arena *a, const cli_start_plan *p, const char *data, cli_line *l);
void cli_start_add_dataset(gt_arena *a, const cli_start_plan *p, cli_line *l);
/* Two lines: what was found, and what becomes a dataset. */
void cli_start_print(const cli_start_plan *p);

#endif
