/* SPDX-License-Identifier: Apache-2.0
 * Names of scores: which names are read, with which counts, and which names results have. */
#include "expect.h"

#include "metrics/door/metric.h"

static gt_metric_request asked[GT_METRICS_MAX];
static int n;

/* The published names, in the order of StyleGAN2-ADA's list. */
static void published_names_have_published_counts(void **state) {
    (void)state;
    static const char *const names[] = {"fid50k_full", "kid50k_full", "pr50k3_full", "ppl2_wend",
                                        "is50k",       "fid50k",      "kid50k",      "pr50k3",
                                        "ppl_zfull",   "ppl_wfull",   "ppl_zend",    "ppl_wend"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_ok(gt_metrics_parse(names[i], 0, false, asked, &n));
        assert_int_equal(n, 1);
        assert_int_equal(asked[0].count, 50000);
        assert_string_equal(asked[0].metric, names[i]);
    }
}

static void reals_are_as_published(void **state) {
    (void)state;
    assert_ok(gt_metrics_parse("fid50k_full,kid50k_full,pr50k3_full,fid50k", 0, false, asked, &n));
    assert_int_equal(n, 4);
    assert_true(asked[0].row->most_reals == GT_METRIC_ALL && asked[0].row->full);
    assert_int_equal(asked[1].row->most_reals, 1000000);
    assert_int_equal(asked[2].row->most_reals, 200000);
    assert_true(!asked[3].row->most_reals && !asked[3].row->full);
}

static void numbers_may_be_others(void **state) {
    (void)state;
    static const struct {
        const char *name, *key;
        int64_t count;
    } cases[] = {{"fid10k", "fid10k", 10000},
                 {"fid10000_full", "fid10k_full", 10000},
                 {"pr10k3", "pr10k3", 10000},
                 {"pr512_3", "pr512_3", 512},
                 {"pr512_3_full", "pr512_3_full", 512},
                 {"is1234", "is1234", 1234},
                 {"ppl1k_wend", "ppl1k_wend", 1000},
                 {"ppl2_1k_wend", "ppl2_1k_wend", 1000},
                 {"ppl_2_wend", "ppl_2_wend", 2},
                 {"swd", "swd", 16384},
                 {"swd2k", "swd2k", 2000},
                 {"fid", "fid50k", 50000},
                 {"agreement", "agreement", 10000}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_ok(gt_metrics_parse(cases[i].name, 0, false, asked, &n));
        assert_string_equal(asked[0].metric, cases[i].key);
        assert_int_equal(asked[0].count, cases[i].count);
    }
}

static void one_count_stands_for_all(void **state) {
    (void)state;
    assert_ok(gt_metrics_parse("fid50k_full,pr50k3,ppl_wend,swd", 10000, false, asked, &n));
    static const char *const names[] = {"fid10k_full", "pr10k3", "ppl10k_wend", "swd10k"};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(asked[i].count, 10000);
        assert_string_equal(asked[i].metric, names[i]);
    }
    assert_ok(gt_metrics_parse("ppl_wend,ppl2_wend", 2, false, asked, &n));
    assert_string_equal(asked[0].metric, "ppl_2_wend");
    assert_string_equal(asked[1].metric, "ppl2_2_wend");
    assert_ok(gt_metrics_parse("fid,fid5k_full", 0, true, asked, &n));
    assert_true(asked[0].count == 0 && asked[1].count == 5000);
}

/* Each name that results have is read as the same score with the same count. */
static void names_are_read_back(void **state) {
    (void)state;
    static const int64_t counts[] = {1, 2, 5, 512, 1000, 16384, 10000, 50000, 200000};
    for (int i = 0; gt_metric_named_at(i); i++)
        for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
            char name[GT_METRIC_NAME_BYTES];
            gt_metric_name(gt_metric_named_at(i), counts[k], name);
            assert_ok(gt_metrics_parse(name, 0, false, asked, &n));
            assert_true(n == 1 && asked[0].row == gt_metric_named_at(i) && asked[0].count == counts[k]);
        }
}

static void nonsense_is_refused(void **state) {
    (void)state;
    static const char *const wrong[] = {"fid50k_ful", "fidk",   "fid0k",        "fid-5k", "fid99999999999", "pr10k",
                                        "is_",        "swd_5k", "fid10kk_full", "x",      "ppl_3_wend"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(gt_metrics_parse(wrong[i], 0, false, asked, &n), GT_USAGE);
        assert_message(wrong[i]);
    }
    assert_int_equal(gt_metrics_parse("fid50k_ful", 0, false, asked, &n), GT_USAGE);
    assert_message("did you mean fid50k_full?");
    assert_int_equal(gt_metrics_parse("fid10k,fid10000", 0, false, asked, &n), GT_USAGE);
    assert_message("named twice");
    assert_ok(gt_metrics_parse("none", 0, false, asked, &n));
    assert_int_equal(n, 0);
    assert_ok(gt_metrics_parse("", 0, false, asked, &n));
    assert_int_equal(n, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_names_have_published_counts),
        cmocka_unit_test(reals_are_as_published),
        cmocka_unit_test(numbers_may_be_others),
        cmocka_unit_test(one_count_stands_for_all),
        cmocka_unit_test(names_are_read_back),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
