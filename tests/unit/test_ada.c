/* SPDX-License-Identifier: Apache-2.0
 * The controller of the augmentation probability. Recorded trajectories of p are held against it by the golden tests.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "networks/model/door/ada.h"

static const gt_ada_config published = {.target = 0.6, .interval = 4, .batch = 64, .kimg = 500};

/* p moves by batch * interval / (kimg * 1000) per update, up or down, never below 0, and not at all on the target. */
static void moves_towards_the_target(void **state) {
    (void)state;
    gt_ada a = {0};
    float step = 64 * 4 / 500e3f;
    int updates = 0;
    for (long done = 1; done <= 40; done++) {
        gt_ada_collect(&a, 0.8 * 64, 64);
        updates += gt_ada_step(&a, &published, done);
    }
    assert_int_equal(updates, 10);
    assert_true(fabsf(a.p - 10 * step) < 1e-7f);
    assert_true(fabs(a.r - 0.8) < 1e-12);
    for (long done = 41; done <= 100; done++) {
        gt_ada_collect(&a, 0.5 * 64, 64);
        gt_ada_step(&a, &published, done);
    }
    assert_true(a.p == 0);
    gt_ada_config even = published;
    even.target = 0.5;
    a = (gt_ada){.p = 0.25f};
    gt_ada_collect(&a, 32, 64);
    assert_true(gt_ada_step(&a, &even, 4) && a.p == 0.25f);
}

/* All signs since the last update count, and none before it; without any, the last mean stays. */
static void collects_between_updates(void **state) {
    (void)state;
    gt_ada a = {0};
    gt_ada_collect(&a, 64, 64);
    assert_false(gt_ada_step(&a, &published, 1));
    gt_ada_collect(&a, 0, 192);
    assert_true(gt_ada_step(&a, &published, 4));
    assert_true(a.r == 0.25 && a.sum == 0 && a.count == 0);
    assert_true(gt_ada_step(&a, &published, 8) && a.r == 0.25);
}

static void has_no_ceiling_unless_asked(void **state) {
    (void)state;
    gt_ada_config quick = published, capped;
    quick.kimg = 1;
    capped = quick;
    capped.p_max = 0.85f;
    gt_ada a = {0}, b = {0};
    int warnings = 0, warned_at = 0;
    for (long done = 4; done <= 40; done += 4) {
        gt_ada_collect(&a, 64, 64);
        gt_ada_collect(&b, 64, 64);
        gt_ada_step(&a, &quick, done);
        gt_ada_step(&b, &capped, done);
        if (gt_ada_stays_high(&b, &capped)) warnings++, warned_at = (int)done;
    }
    assert_true(a.p > 2 && b.p == 0.85f);
    assert_int_equal(warnings, 1);
    /* 0.256 an update: above 0.8 after the fourth, and a tenth is less than one update */
    assert_int_equal(warned_at, 16);
    gt_ada slow = {.p = 0.9f};
    warnings = 0;
    for (long done = 4; done <= 4 * 250; done += 4) {
        gt_ada_collect(&slow, 0.6 * 64, 64);
        gt_ada_step(&slow, &published, done);
        if (gt_ada_stays_high(&slow, &published)) warnings++, warned_at = (int)done;
    }
    assert_int_equal(warnings, 1);
    assert_int_equal(warned_at, 4 * 196); /* 50,000 images of 256 per update */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(moves_towards_the_target),
                                       cmocka_unit_test(collects_between_updates),
                                       cmocka_unit_test(has_no_ceiling_unless_asked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
