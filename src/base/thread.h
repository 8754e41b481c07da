/* SPDX-License-Identifier: Apache-2.0
 * Threads that leave all signals to the main thread: it decides between two steps what they mean. */
#ifndef GANTRY_BASE_THREAD_H
#define GANTRY_BASE_THREAD_H

#include <pthread.h>
#include <stddef.h>

/* 0 or errno, as pthread_create. `stack_bytes` 0: GT_THREAD_STACK_BYTES, whatever the limit of the main one. */
int gt_thread_start(pthread_t *thread, size_t stack_bytes, void *(*run)(void *), void *arg);

/* A condition to be waited for until a gt_deadline(). */
void gt_condition_init(pthread_cond_t *c);

#endif
