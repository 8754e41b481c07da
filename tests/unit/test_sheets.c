/* SPDX-License-Identifier: Apache-2.0
 * When the clock asks for pictures of a run: soon at first, then as often as it was told. */
#include "expect.h"

#include "train/journal/journal.h"

static void soon_at_first(void **state) {
    (void)state;
    const double times[] = {60, 120, 300, 600, 1500, 2400};
    double last = 0;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        assert_false(gt_sheet_is_due(last, times[i] - 1, 900));
        assert_true(gt_sheet_is_due(last, times[i], 900));
        last = times[i];
    }
}

/* A step that takes longer than an interval, pictures between, pictures more often, and none by the clock. */
static void other_times(void **state) {
    (void)state;
    assert_true(gt_sheet_is_due(0, 1000, 900));
    assert_false(gt_sheet_is_due(1000, 1899, 900));
    assert_false(gt_sheet_is_due(90, 119, 900));
    assert_true(gt_sheet_is_due(90, 120, 900));
    assert_true(gt_sheet_is_due(0, 30, 30));
    assert_false(gt_sheet_is_due(0, 1e6, 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(soon_at_first),
        cmocka_unit_test(other_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
