/* SPDX-License-Identifier: Apache-2.0
 * The running program itself: where it lies, and started once more. */
#ifndef GANTRY_BASE_PROGRAM_H
#define GANTRY_BASE_PROGRAM_H

enum { GT_PROGRAM_PATH_BYTES = 4096 };

/* Where this program lies, whatever name it was called by, and the folder it lies in; "": that cannot be told. */
void gt_program_path(char path[GT_PROGRAM_PATH_BYTES]);
void gt_program_folder(char folder[GT_PROGRAM_PATH_BYTES]);

/* Starts it anew in this process, with the environment as it is now. Returns only where that is impossible. */
void gt_program_again(char **argv);

#endif
