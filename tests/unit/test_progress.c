/* SPDX-License-Identifier: Apache-2.0
 * How far work is (gantry/progress.h): what is told, and when. Time goes as fast as a test wants. */
#define _GNU_SOURCE
#include "expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/door/clock.h"
#include "base/door/log.h"
#include "base/door/progress.h"
#include "base/door/terminal.h"
#include "interpose.h"

static double later; /* seconds that the clock is ahead */

int clock_gettime(clockid_t id, struct timespec *t) {
    int failed = REAL(clock_gettime)(id, t);
    t->tv_sec += (time_t)later;
    return failed;
}

static FILE *said;
static long heard; /* bytes of it */
static int before;

static int listen_in(void **state) {
    (void)state;
    said = tmpfile();
    heard = 0;
    before = dup(STDERR_FILENO);
    return said && dup2(fileno(said), STDERR_FILENO) >= 0 ? 0 : -1;
}

static int listen_no_more(void **state) {
    (void)state;
    gt_tell_end();
    gt_tell_allow(true);
    gt_log_setup(0, 1, GT_INFO);
    unsetenv(GT_TERMINAL);
    dup2(before, STDERR_FILENO);
    close(before);
    return fclose(said);
}

/* What came since the last call. */
static const char *news(void) {
    static char text[1 << 14];
    ssize_t n = pread(fileno(said), text, sizeof text - 1, heard);
    assert_true(n >= 0);
    text[n] = 0;
    heard += n;
    return text;
}

static void assert_news(const char *text) { assert_string_equal(news(), text); }
static void assert_news_with(const char *part) {
    const char *text = news();
    if (!strstr(text, part)) fail_msg("no '%s' in '%s'", part, text);
}
static void wait_for_news(const char *part) {
    for (int i = 0; !strstr(news(), part); i++) {
        assert_true(i < 6000); /* a minute */
        usleep(10000);
    }
}

/* Without a terminal: nothing for a minute, then a line a minute. */
static void a_line_a_minute(void **state) {
    (void)state;
    gt_tell_start("generating", "images", 1000);
    for (int i = 1; i <= 10; i++) gt_tell(i);
    assert_news("");
    later += 59;
    gt_tell(100);
    assert_news("");
    later += 2;
    gt_tell(200);
    assert_news_with("generating: 200 of 1000 images (20 %), 3.");
    later += 30;
    gt_tell(300);
    assert_news("");
    later += 31;
    gt_tell(400);
    assert_news_with("ETA 3m 0");
    assert_true(gt_tell_due());
    gt_tell_line("a line of the caller's", "this step"); /* whose log tells */
    assert_false(gt_tell_due());
    later += 100;
    gt_tell_line("a line of the caller's", "this step");
    assert_news("");
    gt_tell_end();
    gt_tell(500); /* of no work */
    later += 100;
    gt_tell(500);
    assert_news("");
}

/* The rest is told from the third sign on, by the rate since the first one. */
static void warm_signs(void **state) {
    (void)state;
    setenv(GT_TERMINAL, "100", 1);
    gt_tell_start("making", "images", 100);
    assert_news("\r\033[Kmaking: 0 of 100 images (0 %)");
    later += 50; /* the first piece is slow */
    gt_tell(10);
    assert_news_with("making: 10 of 100 images (10 %), 50s so far");
    later += 10;
    gt_tell(20);
    assert_news_with("20 of 100 images (20 %), 1m 00s so far");
    later += 10;
    gt_tell_with(30, "loss 1.5");
    assert_news_with("30 of 100 images (30 %), 1 images/s, ETA 1m 10s, loss 1.5");
    later += 10;
    gt_tell_more("evaluation 3 of 35"); /* nothing is done meanwhile */
    assert_news_with("30 of 100 images (30 %), 1 images/s, ETA 1m 00s, evaluation 3 of 35");
    later += 60;
    gt_tell(100);
    assert_news_with("100 of 100 images (100 %), 1 images/s");
    gt_tell_end();
    assert_news_with("\r\033[K");
}

/* Nothing comes from the work, and the line is renewed all the same. */
static void never_silent(void **state) {
    (void)state;
    setenv(GT_TERMINAL, "100", 1);
    gt_tell_start("preparing", NULL, 0);
    news();
    wait_for_news("preparing: ");
    gt_tell_line("[###---] 50.0%", "this step");
    assert_news_with("\r\033[K[###---] 50.0%");
    wait_for_news("[###---] 50.0%  (this step: ");
    gt_tell_end();
    news();
    gt_sleep(1.5); /* longer than the thread, if it were still there, is silent */
    assert_news("");
}

/* A part has a count, a rate and a rest of its own; without a work, and in a line of the caller's, there is none. */
static void parts_of_a_work(void **state) {
    (void)state;
    setenv(GT_TERMINAL, "100", 1);
    gt_tell_part("distances", "images", 100);
    assert_news("");
    gt_tell_start("pr10k3", NULL, 0);
    assert_news("\r\033[Kpr10k3");
    later += 1;
    gt_tell_part("1/4", "images", 100);
    assert_news_with("\r\033[Kpr10k3 1/4: 0 of 100 images (0 %), 1s so far");
    for (int i = 1; i <= 3; i++) {
        later += 10;
        gt_tell(10 * i);
    }
    assert_news_with("pr10k3 1/4: 30 of 100 images (30 %), 1 images/s, ETA 1m 10s");
    later += 1;
    gt_tell_part("2/4", "rows", 5);
    assert_news_with("pr10k3 2/4: 0 of 5 rows (0 %), ");
    later += 1;
    gt_tell_start("reading", "images", 3);
    assert_news_with("\r\033[Kreading: 0 of 3 images (0 %)");
    gt_tell_line("a line", "this step");
    news();
    gt_tell_part("radii", "images", 100);
    assert_news("");
}

static void who_tells(void **state) {
    (void)state;
    setenv(GT_TERMINAL, "100", 1);
    gt_tell_allow(false);
    gt_tell_start("making", "images", 100);
    assert_news("");
    assert_false(gt_tell_due());
    gt_tell_allow(true);
    gt_tell_end();
    gt_log_setup(1, 2, GT_INFO); /* not rank 0 */
    gt_tell_start("making", "images", 100);
    gt_tell(50);
    assert_news("");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, listen_in, listen_no_more)
    const struct CMUnitTest tests[] = {TEST(never_silent), /* the first: its thread sleeps by the clock of the system */
                                       TEST(a_line_a_minute), TEST(warm_signs), TEST(parts_of_a_work), TEST(who_tells)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
