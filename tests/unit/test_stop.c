/* SPDX-License-Identifier: Apache-2.0
 * How a process ends when it is asked to: a second Ctrl-C, and a rank whose launcher is gone. Each in a process of its
 * own. */
#define _GNU_SOURCE
#include "expect.h"
#include "interpose.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#include "base/door/clock.h"
#include "dist/comm.h"
#include "dist/door/stop.h"
#include "gantry/dist.h"

/* ---- a clock that the test sets ---- */

static double now; /* seconds; 0: the clock of the system */

int clock_gettime(clockid_t id, struct timespec *t) {
    if (!(now > 0) || id != CLOCK_MONOTONIC) return REAL(clock_gettime)(id, t);
    *t = gt_timespec(now);
    return 0;
}

/* ---- another process ---- */

/* What it says on stderr until nobody can say anything any more; *status: how it has ended. */
static const char *run_apart(void (*run)(void), int *status) {
    static char text[1024];
    enum { PATIENCE = 60 }; /* seconds */
    int ends[2];
    size_t n = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (!pid) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        alarm(PATIENCE);
        run();
        _exit(0);
    }
    close(ends[1]);
    for (ssize_t got; (got = read(ends[0], text + n, sizeof text - 1 - n)) > 0;) n += (size_t)got;
    text[n] = 0;
    close(ends[0]);
    assert_int_equal(waitpid(pid, status, 0), pid);
    return text;
}

/* ---- Ctrl-C ---- */

static double apart; /* seconds between two of them */

static void press_twice(void) {
    gt_comm alone = {.ranks = 1};
    now = 1000;
    gt_stop_install(&alone, "this step");
    raise(SIGINT);
    now += apart;
    raise(SIGINT);
    if (gt_stop_requested() != SIGINT) _exit(1);
}

static void a_second_one_ends_at_once(void **state) {
    (void)state;
    int status;
    apart = 0.5;
    const char *said = run_apart(press_twice, &status);
    assert_non_null(strstr(said, "stopping after this step (Ctrl-C again: at once)"));
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
}

/* Some senders deliver one twice. */
static void one_that_comes_twice_is_one(void **state) {
    (void)state;
    int status;
    apart = 0.1;
    run_apart(press_twice, &status);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* ---- a rank without its launcher ---- */

static const char farewell[] = "error: rank 3 (here): the launcher (mpirun or srun) is gone; this rank ends\n";

static pid_t ended_process(void) {
    pid_t pid = fork();
    if (!pid) _exit(0);
    waitpid(pid, NULL, 0);
    return pid;
}

static void be_rank(pid_t launcher) {
    static gt_comm_inside in = {.seen = {.rank = 3, .ranks = 4, .host = "here"}};
    gt_watchdog_start(&in, launcher);
    for (;;) pause();
}

static void lose_the_launcher(void) { be_rank(ended_process()); }

/* The rank says its words when the process that started it has ended. */
static void lose_the_parent(void) {
    int started[2];
    if (pipe(started)) _exit(1);
    pid_t pid = fork();
    if (!pid) {
        close(started[0]);
        alarm(60);
        static gt_comm_inside in = {.seen = {.rank = 3, .ranks = 4, .host = "here"}};
        gt_watchdog_start(&in, 0);
        close(started[1]);
        for (;;) pause();
    }
    close(started[1]);
    char none;
    ssize_t n = read(started[0], &none, 1); /* until it watches */
    _exit(n != 0);
}

static void a_rank_ends_with_its_launcher(void **state) {
    (void)state;
    int status;
    assert_string_equal(run_apart(lose_the_launcher, &status), farewell);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

static void a_rank_ends_with_its_parent(void **state) {
    (void)state;
    int status;
    assert_string_equal(run_apart(lose_the_parent, &status), farewell);
}

static void live_on(void) {
    static gt_comm_inside in = {.seen = {.rank = 3, .ranks = 4, .host = "here"}};
    gt_watchdog_start(&in, getppid());
    gt_sleep(1.5); /* the watchdog looks once a second; where it is late, it finds nothing either */
}

static void a_rank_with_its_launcher_lives(void **state) {
    (void)state;
    int status;
    assert_string_equal(run_apart(live_on, &status), "");
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void) {
    static const char *const of_launchers[] = {"PMIX_RANK", "PMI_RANK", GT_WAITING_LAUNCHER, GT_STARTER};
    for (size_t i = 0; i < sizeof of_launchers / sizeof *of_launchers; i++) unsetenv(of_launchers[i]);
    gt_comm_end_by(_exit);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_one_ends_at_once),      cmocka_unit_test(one_that_comes_twice_is_one),
        cmocka_unit_test(a_rank_ends_with_its_launcher),  cmocka_unit_test(a_rank_ends_with_its_parent),
        cmocka_unit_test(a_rank_with_its_launcher_lives),
    };
    return cmocka_run_group_tests_name("stop", tests, NULL, NULL);
}
