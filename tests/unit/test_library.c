/* SPDX-License-Identifier: Apache-2.0
 * Libraries that are opened late, with a table as `make` writes it for the program: the C library in several places,
 * one library that is not there, and one without a function. */
#include <math.h>
#include <monetary.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/door/library.h"
#include "base/late.h"

void gt_in_no_library(void);
void gt_not_in_it(void);

#ifdef GT_LATE_FIRST
static gt_late_library gt_late_libraries[] = {
    {"first", "libc.so.6", NULL},   {"second-of-two", "libc.so.6", NULL},
    {"threads", "libm.so.6", NULL}, {"nowhere", "libgt-nowhere.so.9", NULL},
    {"lacking", "libm.so.6", NULL}, {NULL, NULL, NULL},
};
GT_LATE_BEGIN
GT_LATE_FUNCTION(0, strfmon)
GT_LATE_DATA(0, obstack_exit_failure, 4)
GT_LATE_FUNCTION(1, sendto)
GT_LATE_FUNCTION(2, jn)
GT_LATE_FUNCTION(3, gt_in_no_library)
GT_LATE_FUNCTION(4, gt_not_in_it)

static void arguments_arrive(void **state) {
    (void)state;
    char text[200];
    assert_false(gt_library_is_open("first"));
    strfmon(text, sizeof text, "%!.1n %!.1n %!.1n %!.1n %!.1n %!.1n %!.1n %!.1n %!.1n %!.1n", 1.5, 2.5, 3.5, 4.5, 5.5,
            6.5, 7.5, 8.5, 9.5, 10.5);
    assert_string_equal(text, "1.5 2.5 3.5 4.5 5.5 6.5 7.5 8.5 9.5 10.5");
    assert_true(gt_library_is_open("first"));
    int data;
    memcpy(&data, obstack_exit_failure, sizeof data);
    assert_int_equal(data, EXIT_FAILURE); /* as it begins in the library */
    assert_false(gt_library_is_open("second"));
    int ends[2];
    char got[4] = "";
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(sendto(ends[0], "abc", 4, 0, NULL, 0), 4);
    assert_int_equal(read(ends[1], got, 4), 4);
    assert_string_equal(got, "abc");
    close(ends[0]);
    close(ends[1]);
    assert_true(gt_library_is_open("second"));
}

static pthread_barrier_t all_there;

static void *call(void *arg) {
    pthread_barrier_wait(&all_there);
    *(double *)arg = jn(2, 1.5);
    return NULL;
}

static void many_threads_may_be_first(void **state) {
    (void)state;
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    double got[THREADS];
    assert_false(gt_library_is_open("threads"));
    pthread_barrier_init(&all_there, NULL, THREADS);
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, call, &got[i]), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&all_there);
    for (int i = 0; i < THREADS; i++) assert_true(fabs(got[i] - 0.232087679) < 1e-8);
}

static void a_missing_library_is_an_error(void **state) {
    (void)state;
    assert_int_equal(gt_library_open("nowhere"), GT_FAILED);
    assert_non_null(strstr(gt_message(), "the library libgt-nowhere.so.9 cannot be opened: "));
    assert_non_null(strstr(gt_message(), "install nowhere"));
    assert_int_equal(gt_library_open("lacking"), GT_FAILED);
    assert_non_null(strstr(gt_message(), "the library libm.so.6 has no gt_not_in_it"));
    assert_false(gt_library_is_open("lacking"));
    assert_int_equal(gt_library_open("any other"), GT_OK); /* loaded with the program, if it is used at all */
    assert_string_equal(gt_library_name(4), "lacking");
    assert_null(gt_library_name(5));
}

/* Where nobody has asked before. */
static void a_call_without_library_says_why(void **state) {
    (void)state;
    char said[512] = "";
    int ends[2], how;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        gt_in_no_library();
        _exit(0);
    }
    close(ends[1]);
    for (size_t n = 0; n < sizeof said - 1;) {
        ssize_t got = read(ends[0], said + n, sizeof said - 1 - n);
        if (got <= 0) break;
        n += (size_t)got;
    }
    close(ends[0]);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGABRT);
    assert_non_null(strstr(said, "gantry: the library libgt-nowhere.so.9 cannot be opened: "));
}
#else /* all libraries are loaded with the program */
static void there_are_none(void **state) {
    (void)state;
    assert_null(gt_library_name(0));
    assert_int_equal(gt_library_open("cairo"), GT_OK);
    assert_true(gt_library_is_open("cairo"));
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
#ifdef GT_LATE_FIRST
        cmocka_unit_test(arguments_arrive),
        cmocka_unit_test(many_threads_may_be_first),
        cmocka_unit_test(a_missing_library_is_an_error),
        cmocka_unit_test(a_call_without_library_says_why),
#else
        cmocka_unit_test(there_are_none),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
