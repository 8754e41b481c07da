/* SPDX-License-Identifier: Apache-2.0
 * The file of the running program, and how the program starts again. */
#ifndef GANTRY_BASE_PROGRAM_H
#define GANTRY_BASE_PROGRAM_H

#include <stdint.h>

enum { GT_PROGRAM_PATH_BYTES = 4096 };

/* The path of the file of this program, and the folder of this file; "": unknown. The name by which the program was
 * called does not matter. */
void gt_program_path(char path[GT_PROGRAM_PATH_BYTES]);
void gt_program_folder(char folder[GT_PROGRAM_PATH_BYTES]);

/* Starts the program again in this process, with the environment as it is now. Returns only on failure. */
void gt_program_again(char **argv);

/* A random number, which no other process and no other call is likely to get. For names, not for results. */
uint64_t gt_random_tag(void);

#endif
