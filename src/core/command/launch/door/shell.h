/* SPDX-License-Identifier: Apache-2.0
 * Lines and outputs of shells, and what the files of this room share of batch jobs (command/launch/door/launch.h). */
#ifndef GANTRY_COMMAND_LAUNCH_DOOR_SHELL_H
#define GANTRY_COMMAND_LAUNCH_DOOR_SHELL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "command/launch/door/launch.h"

/* ---- a training job in Slurm's queue ---- */

extern const char *const gt_batch_texts[GT_BATCH_TEXTS];

/* For bash: with the site's settings, which may name where Slurm is. $1 is the folder of the scripts. */
#define GT_SITE ". \"${GANTRY_SITE:-$1/site.env}\" && "
bool gt_batch_scripts(char folder[]); /* [GT_PROGRAM_PATH_BYTES]; false: they are not installed */

/* Do --cpus-per-task count cores? False: further options of sbatch say that hyper-threads count. */
bool gt_batch_counts_cores(const gt_batch_job *b);

typedef enum gt_queued {
    GT_QUEUED_UNKNOWN, /* Slurm does not answer */
    GT_QUEUED_NO,
    GT_QUEUED_YES,
} gt_queued;
/* The job in the queue that was made of DIR/submit.sbatch. `scripts`: the folder of those that come with the program.
 */
gt_queued gt_batch_queued(const char *scripts, const char *dir, gt_queued_job *job);

/* ---- shells ---- */

void gt_shell_print(const char *word, FILE *f); /* one word for a shell, between single quotes */
/* Runs a shell command. `text` gets what the command prints, as far as there is room; "" where the command cannot be
 * started. */
void gt_shell_output(const char *command, char *text, size_t bytes);

#endif
