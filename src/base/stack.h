/* SPDX-License-Identifier: Apache-2.0
 * A stack that is large enough where the limit of the main one (ulimit -s) is low: some sites set it to a few KB, and a
 * program that meets the limit ends with SIGSEGV and not a word. */
#ifndef GANTRY_BASE_STACK_H
#define GANTRY_BASE_STACK_H

#include <stddef.h>

/* what systems give main(), and what is enough for any thread */
enum { GT_STACK_BYTES = 8 << 20, GT_THREAD_STACK_BYTES = 2 << 20 };

/* Calls run(argc, argv), on a stack of its own where the limit is below `least` bytes. Threads that libraries start
 * then get GT_THREAD_STACK_BYTES. -1: there is no memory for such a stack, and a message stands on stderr. */
int gt_with_stack(size_t least, int (*run)(int, char **), int argc, char **argv);

#endif
