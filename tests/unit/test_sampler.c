/* SPDX-License-Identifier: Apache-2.0
 * The order of samples: every item once per epoch, another order for every epoch and seed, no pattern in it, and the
 * same positions whoever asks. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/door/sampler.h"

static void every_item_once_per_epoch(void **state) {
    (void)state;
    static const int sizes[] = {1, 2, 3, 4, 5, 7, 16, 17, 100, 1000, 4096, 50000};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        int n = sizes[k];
        gt_sampler s = gt_sampler_make(5, n);
        int *seen = calloc((size_t)n, sizeof *seen);
        for (uint64_t epoch = 0; epoch < 3; epoch++) {
            for (int i = 0; i < n; i++) {
                int64_t item = gt_sampler_item(&s, epoch * (uint64_t)n + (uint64_t)i);
                assert_in_range(item, 0, n - 1);
                seen[item]++;
            }
            for (int i = 0; i < n; i++) assert_int_equal(seen[i], epoch + 1);
        }
        free(seen);
    }
}

/* Rank r of N takes samples r*batch/N .. of every batch: together all of them, whatever N is. */
static void ranks_share_the_samples(void **state) {
    (void)state;
    enum { N = 96, BATCH = 24 };
    gt_sampler s = gt_sampler_make(1, N);
    for (int ranks = 1; ranks <= 8; ranks *= 2) {
        int seen[N] = {0};
        for (int rank = 0; rank < ranks; rank++)
            for (int step = 0; step < N / BATCH; step++)
                for (int j = rank * BATCH / ranks; j < (rank + 1) * BATCH / ranks; j++)
                    seen[gt_sampler_item(&s, (uint64_t)(step * BATCH + j))]++;
        for (int i = 0; i < N; i++) assert_int_equal(seen[i], 1);
    }
}

static int differences(gt_sampler a, uint64_t epoch_a, gt_sampler b, uint64_t epoch_b, int n) {
    int count = 0;
    for (int i = 0; i < n; i++)
        count += gt_sampler_item(&a, epoch_a * (uint64_t)n + (uint64_t)i) !=
                 gt_sampler_item(&b, epoch_b * (uint64_t)n + (uint64_t)i);
    return count;
}

static void seeds_and_epochs_differ(void **state) {
    (void)state;
    enum { N = 1000 };
    gt_sampler a = gt_sampler_make(1, N), b = gt_sampler_make(2, N), c = gt_sampler_make(1 + ((uint64_t)1 << 32), N);
    assert_int_equal(differences(a, 0, a, 0, N), 0);
    assert_true(differences(a, 0, b, 0, N) > N * 9 / 10);
    assert_true(differences(a, 0, c, 0, N) > N * 9 / 10);
    assert_true(differences(a, 0, a, 1, N) > N * 9 / 10);
    assert_true(differences(a, 1, a, 1 + ((uint64_t)1 << 32), N) > N * 9 / 10); /* an epoch has more than 32 bits */
}

/* Over many epochs item i must come at every place equally often: chi squared over (place, item) cells in blocks.
 * Degrees of freedom (B-1)^2 = 225, standard deviation sqrt(450) = 21.2; the bound is more than five of them away. */
static void no_place_is_preferred(void **state) {
    (void)state;
    enum { N = 160, B = 16, EPOCHS = 400 };
    static int cell[B][B];
    gt_sampler s = gt_sampler_make(3, N);
    for (uint64_t e = 0; e < EPOCHS; e++)
        for (int i = 0; i < N; i++) cell[i * B / N][gt_sampler_item(&s, e * N + (uint64_t)i) * B / N]++;
    double expected = (double)EPOCHS * N / (B * B), chi = 0;
    for (int i = 0; i < B; i++)
        for (int j = 0; j < B; j++) chi += pow(cell[i][j] - expected, 2) / expected;
    if (chi > 340 || chi < 120) fail_msg("chi squared %.1f for 225 degrees of freedom", chi);
}

/* Neighbours in the data do not stay neighbours: |difference| of consecutive items averages n/3. */
static void neighbours_part(void **state) {
    (void)state;
    enum { N = 10000 };
    gt_sampler s = gt_sampler_make(9, N);
    double sum = 0;
    for (uint64_t i = 1; i < N; i++) sum += fabs((double)(gt_sampler_item(&s, i) - gt_sampler_item(&s, i - 1)));
    assert_true(fabs(sum / (N - 1) / N - 1.0 / 3) < 0.02); /* standard deviation about 0.24 / sqrt(N) = 0.0024 */
}

static void steps_of_an_epoch(void **state) {
    (void)state;
    static const struct {
        gt_epoch_end end;
        int batch;
        int rest;
        uint64_t position[5]; /* of steps 0 .. 4 */
        int size[5];
    } table[] = {
        {GT_EPOCH_RUNS_ON, 4, 0, {0, 4, 8, 12, 16}, {4, 4, 4, 4, 4}},
        {GT_EPOCH_SHORT, 4, 2, {0, 4, 8, 10, 14}, {4, 4, 2, 4, 4}},
        {GT_EPOCH_DROPPED, 4, 0, {0, 4, 10, 14, 20}, {4, 4, 4, 4, 4}},
        {GT_EPOCH_SHORT, 5, 0, {0, 5, 10, 15, 20}, {5, 5, 5, 5, 5}},
        {GT_EPOCH_SHORT, 16, 10, {0, 10, 20, 30, 40}, {10, 10, 10, 10, 10}},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        gt_steps s = {.items = 10, .batch = table[i].batch, .end = table[i].end};
        int64_t shown = 0;
        assert_int_equal(gt_steps_rest(&s), table[i].rest);
        for (uint64_t step = 0; step < 5; step++) {
            assert_int_equal(gt_steps_position(&s, step), table[i].position[step]);
            assert_int_equal(gt_steps_batch(&s, step), table[i].size[step]);
            assert_int_equal(gt_steps_shown(&s, step), shown);
            shown += table[i].size[step];
        }
    }
}

static void large_sets_work(void **state) {
    (void)state;
    int64_t n = (int64_t)1 << 40;
    gt_sampler s = gt_sampler_make(1, n);
    assert_true((uint64_t)s.a * s.b >= s.n);
    for (uint64_t p = 0; p < 1000; p++) {
        int64_t item = gt_sampler_item(&s, p * 1000003);
        assert_true(item >= 0 && item < n);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_once_per_epoch), cmocka_unit_test(ranks_share_the_samples),
        cmocka_unit_test(seeds_and_epochs_differ),   cmocka_unit_test(no_place_is_preferred),
        cmocka_unit_test(neighbours_part),           cmocka_unit_test(large_sets_work),
        cmocka_unit_test(steps_of_an_epoch),
    };
    return cmocka_run_group_tests_name("sampler", tests, NULL, NULL);
}
