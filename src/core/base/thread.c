/* SPDX-License-Identifier: Apache-2.0
 * Starts threads and tickers (thread.h). */
#include "base/door/thread.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "base/door/clock.h"
#include "base/door/program.h"

int gt_thread_start(pthread_t *thread, void *(*run)(void *), void *arg) {
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error) return error;
    pthread_attr_setstacksize(&attributes, GT_THREAD_STACK_BYTES);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* inherited by the new thread */
    error = pthread_create(thread, &attributes, run, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return error;
}

void gt_condition_init(pthread_cond_t *c) {
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(c, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static void *tick(void *arg) {
    gt_ticker *t = arg;
    pthread_mutex_lock(&t->lock);
    while (!t->ending) {
        struct timespec until = gt_deadline(t->seconds);
        if (pthread_cond_timedwait(&t->wake, &t->lock, &until) != ETIMEDOUT || t->ending) continue;
        pthread_mutex_unlock(&t->lock);
        t->beat(t->arg);
        pthread_mutex_lock(&t->lock);
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

int gt_ticker_start(gt_ticker *t, double seconds, void (*beat)(void *arg), void *arg) {
    *t = (gt_ticker){.seconds = seconds, .beat = beat, .arg = arg};
    pthread_mutex_init(&t->lock, NULL);
    gt_condition_init(&t->wake);
    int error = gt_thread_start(&t->thread, tick, t);
    t->running = !error;
    return error;
}

void gt_ticker_stop(gt_ticker *t) {
    if (!t->running) return;
    pthread_mutex_lock(&t->lock);
    t->ending = true;
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->thread, NULL);
    pthread_cond_destroy(&t->wake);
    pthread_mutex_destroy(&t->lock);
    t->running = false;
}
