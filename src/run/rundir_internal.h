/* SPDX-License-Identifier: Apache-2.0
 * Functions on the directory of a run that several files of this room use. */
#ifndef GANTRY_RUN_RUNDIR_INTERNAL_H
#define GANTRY_RUN_RUNDIR_INTERNAL_H

#include "gantry/status.h"

/* Makes a directory in `dir` whose name is `before`, a number of at least so many digits, and `after`: the first such
 * number from `number` on whose name is free. Returns the path, to be freed; NULL: see gt_message(). */
char *gt_rundir_numbered(const char *dir, long number, const char *before, int digits, const char *after);

/* Renames DIR/NAME to TO_DIR/TO_NAME. */
gt_status gt_rundir_move(const char *dir, const char *name, const char *to_dir, const char *to_name);

#endif
