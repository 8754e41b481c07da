/* SPDX-License-Identifier: Apache-2.0
 * The program's own file, the files that come with it, its end by a signal, and tags that nobody else has, beside
 * gantry/program.h. */
#ifndef GANTRY_BASE_DOOR_PROGRAM_H
#define GANTRY_BASE_DOOR_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "gantry/program.h"

/* The path of the program gantry: the one that runs, whatever the name by which it was called ("": unknown), or where
 * another program runs the one that came with the library. */
void gt_program_path(char path[GT_PROGRAM_PATH_BYTES]);
/* Becomes gantry with these words, of which the first is that path. Returns only on failure. */
void gt_program_become(char **argv);

/* The folder of the file that has the library's code: a shared library, or the program itself; "": unknown. */
void gt_library_folder(char folder[GT_PROGRAM_PATH_BYTES]);

/* The path of a program that comes with Gantry for its own use (libexec/gantry/NAME): beside the library, or where that
 * is a part of the program, beside the program; in a checkout, or installed. Where there is none: the path where it
 * ought to be. */
void gt_program_helper(const char *name, char path[GT_PROGRAM_PATH_BYTES]);

/* A random number, which no other process and no other call is likely to get. For names, not for results. */
uint64_t gt_random_tag(void);

/* Half-written files go, and the terminal has its mode again. The handler of gt_program_tidy_by_signals(), and what a
 * handler calls that ends the program itself; both do only what a handler may do. */
void gt_program_ends_by(int signal);
void gt_program_tidy(void);

enum { GT_THREAD_STACK_BYTES = 2 << 20 }; /* enough for any thread */

#endif
