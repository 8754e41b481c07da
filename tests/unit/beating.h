/* SPDX-License-Identifier: Apache-2.0
 * For tests of locks: one whose holder is not this process, and a process that holds one and lives. */
#ifndef TESTS_BEATING_H
#define TESTS_BEATING_H

#include "scratch.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#define ELSEWHERE "host elsewhere/boot/ns\npid 1 started 1\ntoken 00aa\n" /* process 1 lives on this host as well */

/* The lock of a folder, so many seconds old. It comes whole: another process may look. */
static inline void put_lock(const char *dir, const char *holder, unsigned beat, double age) {
    char text[256], path[512], lock[512];
    struct timespec times[2];
    snprintf(lock, sizeof lock, "%s/lock", dir);
    snprintf(path, sizeof path, "%s/new", dir);
    int n = snprintf(text, sizeof text, "beat %010u\n%s", beat, holder);
    put(path, text, (size_t)n);
    clock_gettime(CLOCK_REALTIME, &times[0]);
    times[0].tv_sec -= (time_t)age;
    times[1] = times[0];
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    assert_int_equal(rename(path, lock), 0);
}

/* A process whose beat moves, and whose clock is so many seconds late; it goes with this one. */
static inline pid_t start_beating(const char *dir, const char *holder, double age) {
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid) return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (unsigned beat = 1;; beat++) {
        put_lock(dir, holder, beat, age);
        usleep(50000);
    }
}

static inline void kill_and_wait(pid_t pid) {
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

#endif
