/* SPDX-License-Identifier: Apache-2.0
 * Detections: which of those that overlap stay, and how they are judged. */
#include "features/detect/detect.h"
#include "expect.h"

static void likelier_ones_stay(void **state) {
    (void)state;
    gt_detection list[] = {{{1, 0, 0, 10, 10}, 0.5f},   /* overlaps the next one by two thirds */
                           {{2, 0, 2, 10, 12}, 0.9f},   /* stays */
                           {{1, 0, 12, 10, 22}, 0.4f},  /* touches it alone */
                           {{1, 20, 20, 30, 30}, 0.4f}, /* of two equal ones one stays */
                           {{1, 20, 20, 30, 30}, 0.4f}};
    assert_int_equal(gt_detect_suppress(list, 5, 0.5), 3);
    assert_true(list[0].box.class == 2 && list[1].box.top == 12 && list[2].box.left == 20);
    assert_int_equal(gt_detect_suppress(list, 0, 0.5), 0);
    gt_detection half[] = {{{1, 0, 0, 10, 10}, 0.9f}, {{1, 0, 0, 10, 5}, 0.8f}};
    assert_int_equal(gt_detect_suppress(half, 2, 0.5), 2); /* by just as much as they may */
    assert_int_equal(gt_detect_suppress(half, 2, 0.49), 1);
}

/* A box counts for one object of its class that it overlaps by half. */
static void scores(void **state) {
    (void)state;
    const gt_box there[] = {{1, 0, 0, 10, 10}, {2, 20, 0, 30, 10}, {3, 40, 0, 50, 10}};
    const gt_detection found[] = {{{1, 0, 0, 10, 9}, 0.9f},    /* right */
                                  {{1, 0, 1, 10, 10}, 0.8f},   /* the same object again */
                                  {{1, 20, 0, 30, 10}, 0.7f},  /* another class */
                                  {{3, 40, 6, 50, 16}, 0.6f},  /* overlaps by a quarter */
                                  {{3, 40, 3, 50, 12}, 0.5f}}; /* by 7 / 12 */
    gt_detect_scores s = {0};
    gt_detect_score(&s, found, 5, there, 3);
    assert_true(s.found == 5 && s.there == 3 && s.right == 2);
    gt_detect_score(&s, found, 1, there, 0);
    gt_detect_score(&s, NULL, 0, there, 3);
    assert_true(s.found == 6 && s.there == 6 && s.right == 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(likelier_ones_stay), cmocka_unit_test(scores)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
