/* SPDX-License-Identifier: Apache-2.0
 * Philox against the published answers, the legacy numpy generator against numpy's, and distributions. */
#include <math.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/door/random.h"

static void philox_known_answers(void **state) {
    (void)state;
    static const struct {
        uint32_t counter[4];
        uint64_t key;
        uint32_t want[4];
    } table[] = {
        /* kat_vectors of Random123 */
        {{0}, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{~0u, ~0u, ~0u, ~0u}, ~0ull, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         0x299f31d0a4093822ull,
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        uint32_t out[4];
        gt_philox(table[i].counter, table[i].key, out);
        assert_memory_equal(out, table[i].want, sizeof out);
    }
}

static const gt_key key = {.seed = 0x1234567890abcdefull, .stream = 77, .step = 5, .sample = 3};

static void a_number_depends_on_its_position_alone(void **state) {
    (void)state;
    enum { ALL = 1000 };
    static uint32_t bits[ALL], some_bits[ALL];
    static float uniform[ALL], normal[ALL], some[ALL];
    gt_random_bits(key, bits, ALL);
    gt_random_uniform(key, uniform, ALL);
    gt_random_normal(key, normal, ALL);
    for (uint32_t i = 0; i < ALL / 4; i++) {
        uint32_t counter[4] = {i, key.stream, key.step, key.sample}, out[4];
        gt_philox(counter, key.seed, out);
        assert_memory_equal(out, bits + 4 * i, sizeof out);
        assert_int_equal(gt_random_below(key, 4 * i + 2, 1000), (uint32_t)((uint64_t)out[2] * 1000 >> 32));
    }
    for (size_t n = 1; n < ALL; n += 37) { /* any length is a prefix of a longer one */
        some_bits[n] = 42;
        some[n] = 42;
        gt_random_bits(key, some_bits, n);
        assert_memory_equal(some_bits, bits, n * sizeof *bits);
        assert_int_equal(some_bits[n], 42);
        gt_random_uniform(key, some, n);
        assert_memory_equal(some, uniform, n * sizeof *some);
        gt_random_normal(key, some, n);
        assert_memory_equal(some, normal, n * sizeof *some);
        assert_true(some[n] == 42);
    }
    for (int i = 0; i < ALL; i += 2) { /* Box-Muller in float64 from the same two words */
        double r = sqrt(-2 * log(((bits[i] >> 1) + 0.5) * 0x1p-31)),
               a = 2 * 3.14159265358979323846 * bits[i + 1] * 0x1p-32;
        assert_true(fabs(normal[i] - r * cos(a)) < 2e-6 && fabs(normal[i + 1] - r * sin(a)) < 2e-6);
    }
}

/* Moments of n numbers: mean, variance, third and fourth central moment, lag-1 correlation. */
static void normals_are_normal(void **state) {
    (void)state;
    enum { ALL = 1 << 20 };
    static float x[ALL];
    gt_random_normal(key, x, ALL);
    double sum = 0, square = 0, cube = 0, fourth = 0, lag = 0;
    for (int i = 0; i < ALL; i++) {
        double v = x[i];
        assert_true(isfinite(v));
        sum += v, square += v * v, cube += v * v * v, fourth += v * v * v * v;
        if (i) lag += v * x[i - 1];
    }
    double five_sigma = 5 / sqrt(ALL); /* times the standard deviation of each statistic's summand */
    assert_true(fabs(sum / ALL) < five_sigma);
    assert_true(fabs(square / ALL - 1) < sqrt(2) * five_sigma);
    assert_true(fabs(cube / ALL) < sqrt(15) * five_sigma);
    assert_true(fabs(fourth / ALL - 3) < sqrt(96) * five_sigma);
    assert_true(fabs(lag / ALL) < five_sigma);
}

static void uniforms_are_uniform(void **state) {
    (void)state;
    enum { ALL = 1 << 18, BINS = 64 };
    static float x[ALL];
    gt_random_uniform(key, x, ALL);
    int bins[BINS] = {0};
    for (int i = 0; i < ALL; i++) {
        assert_true(x[i] >= 0 && x[i] < 1 && x[i] * 0x1p24f == floorf(x[i] * 0x1p24f));
        bins[(int)(x[i] * BINS)]++;
    }
    double chi2 = 0, want = (double)ALL / BINS;
    for (int i = 0; i < BINS; i++) chi2 += (bins[i] - want) * (bins[i] - want) / want;
    assert_true(chi2 < 63 + 5 * sqrt(2 * 63.0));
}

static void streams_steps_and_samples_differ(void **state) {
    (void)state;
    assert_int_not_equal(gt_stream("z/G_main"), gt_stream("z/D_main"));
    uint32_t a[4], b[4];
    gt_random_bits(key, a, 4);
    gt_key others[] = {key, key, key, key};
    others[0].seed ^= 1ull << 40, others[1].stream++, others[2].step++, others[3].sample++;
    for (int i = 0; i < 4; i++) {
        gt_random_bits(others[i], b, 4);
        assert_memory_not_equal(a, b, sizeof a);
    }
}

static void numpy_generator(void **state) {
    (void)state;
    gt_mt19937 r;
    gt_mt_seed(&r, 0); /* numpy.random.RandomState(0).randn(4) */
    static const double want[] = {1.764052345967664, 0.4001572083672233, 0.9787379841057392, 2.240893199201458};
    for (int i = 0; i < 4; i++) assert_true(gt_mt_randn(&r) == want[i]);
    gt_mt_seed(&r, 1); /* RandomState(1).permutation(10) */
    int64_t list[10] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, shuffled[10] = {2, 9, 6, 4, 0, 3, 1, 7, 8, 5};
    gt_mt_shuffle(&r, list, 10);
    assert_memory_equal(list, shuffled, sizeof list);
    gt_mt_shuffle(&r, list, 1);
    gt_mt_shuffle(&r, list, 0);
    assert_memory_equal(list, shuffled, sizeof list);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_known_answers),
        cmocka_unit_test(a_number_depends_on_its_position_alone),
        cmocka_unit_test(normals_are_normal),
        cmocka_unit_test(uniforms_are_uniform),
        cmocka_unit_test(streams_steps_and_samples_differ),
        cmocka_unit_test(numpy_generator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
