/* SPDX-License-Identifier: Apache-2.0
 * The kind of a file that is written, beside gantry/outfile.h. */
#ifndef GANTRY_RUN_DOOR_OUTFILE_H
#define GANTRY_RUN_DOOR_OUTFILE_H

#include <stdbool.h>

#include "gantry/outfile.h"

/* The kind of what lies at `path`, which is not a folder. Calls gt_h5_check(): before MPI_Init, where `written`, what
 * is to be written, is NETWORK or ARRAYS. */
gt_outfile_kind gt_outfile_kind_of(const char *path, gt_outfile_kind written);

/* GT_USAGE: the folder of a run or a search (`what`) holds none, and a file that is there would be replaced by it. */
gt_status gt_outfile_fail_taken(const char *dir, const char *what, const char *path);

#endif
