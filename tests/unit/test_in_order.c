/* SPDX-License-Identifier: Apache-2.0
 * Which items a rank of several makes: all ranks together each item once, in as many rounds as it takes. The other
 * ranks are made up. */
#include "expect.h"

#include "base/door/file.h"
#include "runner/door/in_order.h"

gt_status __wrap_gt_comm_agree_all(gt_comm *c, gt_status st);
gt_status __wrap_gt_comm_agree_all(gt_comm *c, gt_status st) { return (void)c, st; }

enum { MOST = 64 };
static int made[MOST];

static gt_status make(void *arg, int64_t first, int n, gt_buffer *out) {
    int64_t count = *(const int64_t *)arg;
    (void)out;
    assert_true(n > 0 && first >= 0 && first + n <= count);
    for (int i = 0; i < n; i++) made[first + i]++;
    return GT_OK;
}

static void each_item_once(void **state) {
    (void)state;
    for (int ranks = 1; ranks <= 4; ranks++)
        for (int64_t count = 1; count < MOST; count += 5)
            for (int batch = 1; batch <= 9; batch += 4) {
                memset(made, 0, sizeof made);
                for (int rank = 0; rank < ranks; rank++) {
                    gt_comm comm = {.rank = rank, .ranks = ranks};
                    const gt_in_order work = {.comm = &comm,
                                              .count = count,
                                              .batch = batch,
                                              .doing = "making",
                                              .of = "items",
                                              .make = make,
                                              .arg = &count};
                    assert_ok(gt_in_order_all(&work));
                }
                for (int i = 0; i < MOST; i++)
                    if (made[i] != (i < count))
                        fail_msg("%d ranks, batches of %d of %d items: item %d is made %d times", ranks, batch,
                                 (int)count, i, made[i]);
            }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_item_once)};
    return cmocka_run_group_tests_name("in_order", tests, NULL, NULL);
}
