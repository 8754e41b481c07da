/* SPDX-License-Identifier: Apache-2.0
 * The running program: its file, how the program starts again, a stack that is large enough, tags that nobody else
 * has.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_PROGRAM_H
#define GANTRY_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

enum { GT_PROGRAM_PATH_BYTES = 4096 };

/* The folder of the file of this program; "": unknown. */
void gt_program_folder(char folder[GT_PROGRAM_PATH_BYTES]);

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
