/* SPDX-License-Identifier: Apache-2.0
 * The program's own file, the files that come with it, its end by a signal, and tags that nobody else has, beside
 * gantry/program.h. */
#ifndef GANTRY_BASE_DOOR_PROGRAM_H
#define GANTRY_BASE_DOOR_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "gantry/program.h"

/* The path of the file of this program; "": unknown. The name by which the program was called does not matter. */
void gt_program_path(char path[GT_PROGRAM_PATH_BYTES]);

/* A random number, which no other process and no other call is likely to get. For names, not for results. */
uint64_t gt_random_tag(void);

/* Half-written files go, and the terminal has its mode again. The handler of gt_program_tidy_by_signals(), and what a
 * handler calls that ends the program itself; both do only what a handler may do. */
void gt_program_ends_by(int signal);
void gt_program_tidy(void);

enum { GT_THREAD_STACK_BYTES = 2 << 20 }; /* enough for any thread */

#endif
