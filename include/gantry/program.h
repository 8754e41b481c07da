/* SPDX-License-Identifier: Apache-2.0
 * The running program: its file, files that come with it, how the program starts again, a stack that is large enough.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_PROGRAM_H
#define GANTRY_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/file.h"

enum { GT_PROGRAM_PATH_BYTES = 4096 };

/* The folder of the file of this program; "": unknown. */
void gt_program_folder(char folder[GT_PROGRAM_PATH_BYTES]);

/* For gantry alone, at its start: this program is gantry, and `link` leads to its file, also when the file is moved
 * ("/proc/self/exe"). The text is not copied. Where this was not said, what the library starts (trials of a search,
 * ranks) is the gantry that came with it. */
void gt_program_is_gantry(const char *link);

/* Files that come with the program, such as jobs and networks. Those of a `folder` ("jobs") lie in ../jobs beside the
 * program, or the shared library, in a checkout, and in ../share/gantry/jobs where it is installed. Each has a name, to
 * which `ending`
 * (".ini") is added; a word with a dot is not a name. */
/* The path of the file; false: there is none of this name. */
bool gt_shipped_find(const char *folder, const char *ending, const char *name, char path[GT_PROGRAM_PATH_BYTES]);
/* The name of the file that was probably meant; false: none is near. */
bool gt_shipped_near(const char *folder, const char *ending, const char *name, char near[GT_NAME_BYTES]);
/* All names, in order: "a, b"; "": there are none. Names that no longer fit into the room are left out. */
void gt_shipped_names(const char *folder, const char *ending, size_t room, char *names);

/* Starts the program again in this process, with the environment as it is now. Returns only on failure. */
void gt_program_again(char **argv);

/* From now on a signal that ends the program (SIGINT, SIGTERM, ...) first removes the files that are half written.
 * Signals that are ignored or handled stay as they are. */
void gt_program_tidy_by_signals(void);

/* Calls run(argc, argv); where the limit of the stack (ulimit -s) is below `enough` bytes, on a new stack of 8 MB. Some
 * sites set the limit to a few KB, and a program that meets the limit ends with SIGSEGV and without a message. Threads
 * that libraries start then get GT_THREAD_STACK_BYTES. Returns what run() returns; -1: there is no memory for the new
 * stack, and a message was written to stderr. */
int gt_with_stack(size_t enough, int (*run)(int, char **), int argc, char **argv);

#endif
