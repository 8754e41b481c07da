/* SPDX-License-Identifier: Apache-2.0
 * Threads that leave all signals to the main thread, which handles them between two steps. */
#ifndef GANTRY_BASE_DOOR_THREAD_H
#define GANTRY_BASE_DOOR_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* 0 or errno, like pthread_create(). The stack has GT_THREAD_STACK_BYTES, whatever the limit of the stack is. */
int gt_thread_start(pthread_t *thread, void *(*run)(void *), void *arg);

/* Makes a condition for which pthread_cond_timedwait() takes a gt_deadline(). */
void gt_condition_init(pthread_cond_t *c);

/* A thread that calls beat(arg) again and again, `seconds` after the start and after each call. */
typedef struct gt_ticker {
    double seconds;
    void (*beat)(void *arg);
    void *arg;
    bool running, ending;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
} gt_ticker;

int gt_ticker_start(gt_ticker *t, double seconds, void (*beat)(void *arg), void *arg); /* 0 or errno */
void gt_ticker_stop(gt_ticker *t); /* waits until a call is over; a ticker that did not start is fine */

#endif
