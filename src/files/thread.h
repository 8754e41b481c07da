/* SPDX-License-Identifier: Apache-2.0
 * A background thread that leaves all signals to the main thread. */
#ifndef FILES_THREAD_H
#define FILES_THREAD_H

#include <pthread.h>

/* 0 or errno, as pthread_create. */
int gt_thread_start(pthread_t *thread, void *(*run)(void *), void *arg);

#endif
