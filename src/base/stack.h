/* SPDX-License-Identifier: Apache-2.0
 * A stack that is large enough where the limit of the stack (ulimit -s) is low: some sites set the limit to a few KB,
 * and a program that meets the limit ends with SIGSEGV and without a message. */
#ifndef GANTRY_BASE_STACK_H
#define GANTRY_BASE_STACK_H

#include <stddef.h>

/* what systems give main(), and what is enough for any thread */
enum { GT_STACK_BYTES = 8 << 20, GT_THREAD_STACK_BYTES = 2 << 20 };

/* Calls run(argc, argv); where the limit is below `least` bytes, on a new stack of GT_STACK_BYTES. Threads that
 * libraries start then get GT_THREAD_STACK_BYTES. Returns what run() returns; -1: there is no memory for the new stack,
 * and a message was written to stderr. */
int gt_with_stack(size_t least, int (*run)(int, char **), int argc, char **argv);

#endif
