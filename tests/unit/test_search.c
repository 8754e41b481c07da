/* SPDX-License-Identifier: Apache-2.0
 * Ranges of a random search: what is drawn from them, and how they become narrower. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gantry/job.h"
#include "features/search/search.h"

static gt_varied varied(gt_job *job, const char *key, const char *text) {
    gt_varied v;
    if (gt_varied_read(&v, &job->options, key, text)) fail_msg("%s", gt_message());
    return v;
}

static void draws_fill_their_range(void **state) {
    (void)state;
    enum { N = 4000 };
    gt_job *job = gt_job_new();
    gt_varied log = varied(job, "lrate", "log:1e-6..1e-2"), lin = varied(job, "weight-decay", "lin:0..1"),
              whole = varied(job, "batch", "int:3..6"), choice = varied(job, "optimizer", "adam|sgd|adamw");
    gt_vary_span a = gt_varied_whole(&log), b = gt_varied_whole(&lin), c = gt_varied_whole(&whole),
                 d = gt_varied_whole(&choice);
    double sum_log = 0, sum_lin = 0;
    int of_whole[8] = {0}, of_choice[3] = {0};
    for (int t = 0; t < N; t++) {
        gt_drawn x = gt_varied_draw(&log, &a, 7, t), again = gt_varied_draw(&log, &a, 7, t);
        assert_string_equal(gt_drawn_text(&x), gt_drawn_text(&again));
        assert_true(x.number >= 1e-6 && x.number <= 1e-2 && strtod(gt_drawn_text(&x), NULL) == x.number);
        sum_log += log10(x.number);
        sum_lin += gt_varied_draw(&lin, &b, 7, t).number;
        of_whole[(int)gt_varied_draw(&whole, &c, 7, t).number]++;
        of_choice[(int)gt_varied_draw(&choice, &d, 7, t).number]++;
    }
    /* means of uniform numbers: 4 / sqrt(12) / sqrt(N) = 0.018, and 0.0046; five of these */
    assert_true(fabs(sum_log / N + 4) < 0.09);
    assert_true(fabs(sum_lin / N - 0.5) < 0.023);
    for (int i = 3; i <= 6; i++) assert_in_range(of_whole[i], N / 4 - 140, N / 4 + 140);
    for (int i = 0; i < 3; i++) assert_in_range(of_choice[i], N / 3 - 150, N / 3 + 150);
    gt_drawn other = gt_varied_draw(&log, &a, 8, 0), first = gt_varied_draw(&log, &a, 7, 0);
    assert_string_not_equal(gt_drawn_text(&other), gt_drawn_text(&first));
    gt_job_free(job);
}

static void a_narrow_range_holds_the_best(void **state) {
    (void)state;
    gt_job *job = gt_job_new();
    gt_varied log = varied(job, "lrate", "log:1e-6..1e-2"), choice = varied(job, "optimizer", "adam|sgd|adamw");
    gt_vary_span whole = gt_varied_whole(&log), all = gt_varied_whole(&choice);
    gt_drawn some[3], names[2] = {{.number = 2}, {.number = 0}};
    double lo = INFINITY, hi = 0;
    for (int t = 0; t < 3; t++) {
        some[t] = gt_varied_draw(&log, &whole, 1, t);
        lo = fmin(lo, some[t].number), hi = fmax(hi, some[t].number);
    }
    gt_vary_span narrow = gt_varied_narrow(&log, some, 3), two = gt_varied_narrow(&choice, names, 2);
    assert_true(narrow.lo == lo && narrow.hi == hi);
    assert_int_equal(two.choices, 5);
    assert_int_equal(all.choices, 7);
    for (int t = 0; t < 100; t++) {
        double x = gt_varied_draw(&log, &narrow, 1, t).number;
        assert_true(x >= lo && x <= hi);
        gt_drawn name = gt_varied_draw(&choice, &two, 1, t);
        assert_string_not_equal(gt_drawn_text(&name), "sgd");
    }
    gt_job_free(job);
}

static void quarters_and_ranks(void **state) {
    (void)state;
    for (int trials = 1; trials < 30; trials++) {
        assert_int_equal(gt_search_quarter_begin(0, trials), 0);
        assert_int_equal(gt_search_quarter_begin(4, trials), trials);
        for (int t = 0; t < trials; t++) {
            int q = gt_search_quarter(t, trials);
            assert_in_range(t, gt_search_quarter_begin(q, trials), gt_search_quarter_begin(q + 1, trials) - 1);
        }
    }
    gt_trial trials[] = {{GT_TRIAL_DONE, 2, 0},
                         {GT_TRIAL_FAILED, 9, 0},
                         {GT_TRIAL_DONE, 5, 0},
                         {GT_TRIAL_DONE, 2, 0},
                         {GT_TRIAL_OPEN, 7, 0}};
    int order[5], up[] = {2, 0, 3}, down[] = {0, 3, 2};
    assert_int_equal(gt_search_rank(trials, 5, true, order), 3);
    assert_memory_equal(order, up, sizeof up);
    assert_int_equal(gt_search_rank(trials, 5, false, order), 3);
    assert_memory_equal(order, down, sizeof down);
    gt_trial scores[26];
    int ranks[26];
    for (int i = 0; i < 26; i++) scores[i] = (gt_trial){.value = -i}, ranks[i] = i;
    assert_int_equal(gt_search_best(scores, ranks, 25), 5);
    assert_int_equal(gt_search_best(scores, ranks, 26), 6);
    assert_int_equal(gt_search_best(scores, ranks, 3), 2);
    assert_int_equal(gt_search_best(scores, ranks, 2), 0); /* both are the best */
    assert_int_equal(gt_search_best(scores, ranks, 0), 0);
    scores[6].value = scores[5].value = scores[4].value;
    assert_int_equal(gt_search_best(scores, ranks, 25), 7);
    for (int i = 0; i < 26; i++) scores[i].value = 0.12;
    assert_int_equal(gt_search_best(scores, ranks, 26), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_fill_their_range),
        cmocka_unit_test(a_narrow_range_holds_the_best),
        cmocka_unit_test(quarters_and_ranks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
