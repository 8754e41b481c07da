/* SPDX-License-Identifier: Apache-2.0
 * Lines and outputs of shells, for the files of this room (gantry/launch.h). */
#ifndef GANTRY_LAUNCH_LAUNCH_H
#define GANTRY_LAUNCH_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "gantry/launch.h"

/* ---- a training job in Slurm's queue ---- */

extern const char *const gt_batch_texts[GT_BATCH_TEXTS];

/* ---- shells ---- */

void gt_shell_print(const char *word, FILE *f); /* one word for a shell, between single quotes */
/* Runs a shell command. `text` gets what the command prints, as far as there is room; "" where the command cannot be
 * started. */
void gt_shell_output(const char *command, char *text, size_t bytes);

#endif
