/* SPDX-License-Identifier: Apache-2.0
 * Ranks of gantry train (command_ranks.c). */
#ifndef GANTRY_FEATURES_TRAIN_COMMAND_H
#define GANTRY_FEATURES_TRAIN_COMMAND_H

#include "command/door/cli.h"

/* How the ranks of `gantry train` come about. A process that no launcher has started may start some. */
typedef struct cli_ranks_start {
    gt_job *job;
    char **argv;        /* "train", arguments, NULL */
    int ranks;          /* to be started, as the user says; 0: that is to be found; 1: none, or these are all there */
    gt_starter starter; /* `of` NULL: nothing is chosen */
    gt_start how;       /* of ranks that a choice has started: its text */
} cli_ranks_start;
/* GT_USAGE: --ranks says another number than the launcher. *s must not move. */
gt_status cli_start_find(cli_ranks_start *s, gt_job *job, char **argv);
/* Starts the command on several ranks, as gantry run does; `choice`: why so many. Returns the exit status. */
int cli_start_ranks(const cli_ranks_start *s, int ranks, const char *choice);

#endif
