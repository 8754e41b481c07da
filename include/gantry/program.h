/* SPDX-License-Identifier: Apache-2.0
 * The running program: its file, how the program starts again, a stack that is large enough, tags that nobody else
 * has. */
#ifndef GANTRY_PROGRAM_H
#define GANTRY_PROGRAM_H

#include <stddef.h>
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

/* From now on a signal that ends the program (SIGINT, SIGTERM, ...) first removes the files that are half written.
 * Signals that are ignored or handled stay as they are. gt_program_ends_by() is the handler, gt_program_tidy() what a
 * handler calls that ends the program itself; both do only what a handler may do. */
void gt_program_tidy_by_signals(void);
void gt_program_ends_by(int signal);
void gt_program_tidy(void);

enum { GT_THREAD_STACK_BYTES = 2 << 20 }; /* enough for any thread */
/* Calls run(argc, argv); where the limit of the stack (ulimit -s) is below `enough` bytes, on a new stack of 8 MB. Some
 * sites set the limit to a few KB, and a program that meets the limit ends with SIGSEGV and without a message. Threads
 * that libraries start then get GT_THREAD_STACK_BYTES. Returns what run() returns; -1: there is no memory for the new
 * stack, and a message was written to stderr. */
int gt_with_stack(size_t enough, int (*run)(int, char **), int argc, char **argv);

#endif
