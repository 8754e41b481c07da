/* SPDX-License-Identifier: Apache-2.0
 * The arithmetic says what decides the last bits, and adopting it brings them back. Sets are values: two of them
 * take turns in one process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

#include <cmocka.h>

#include "graph/door/ops.h"
#include "base/door/random.h"
#include "kernels.h"

static void an_arithmetic_brings_the_bits_back(void **state) {
    (void)state;
    const gt_kernel_set *best = gt_kernel_set_best();
    for (int isa = 0; isa < GT_ISA_COUNT; isa++) {
        if (!gt_isa_available((gt_isa)isa)) continue;
        for (int i = 0; i < GT_CONV_MODES; i++) {
            char expected[GT_KERNEL_SET_BYTES + 16];
            const gt_kernel_set *set = kernels_of((gt_isa)isa, gt_conv_modes[i]),
                                *other = gt_kernel_set_with_conv(best, gt_conv_modes[(i + 1) % 3]), *asked;
            snprintf(expected, sizeof expected, "%s%s%s", kernels_of((gt_isa)isa, "auto")->id, i ? "-" : "",
                     i ? gt_conv_modes[i] : "");
            assert_string_equal(gt_kernel_set_arithmetic(set), expected);
            assert_int_equal(gt_kernel_set_adopt(set->id, &other), GT_OK);
            assert_string_equal(other->id, set->id);
            /* instructions are the best that the arithmetic allows, or what is there */
            assert_int_equal(other->isa, set->arithmetic == best->arithmetic ? best->isa : set->isa);
            other = set;
            assert_int_equal(gt_kernel_set_adopt(set->id, &other), GT_OK);
            assert_ptr_equal(other, set);
            assert_int_equal(gt_kernel_set_asked(set->instructions, gt_conv_modes[i], &asked), GT_OK);
            assert_ptr_equal(asked, set);
        }
    }
}

/* -O0 and sanitizers: the kernels are not those of other builds, and say so. */
static void instructions_that_fuse_have_one_name(void **state) {
    (void)state;
    for (int isa = 0; isa < GT_ISA_COUNT; isa++) {
        const gt_kernel_set *set = kernels_of((gt_isa)isa, "auto");
        if (!gt_isa_available((gt_isa)isa)) continue;
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
        bool fuses = isa > GT_ISA_PORTABLE;
#if defined(__FP_FAST_FMAF)
        fuses = true;
#endif
        assert_int_equal(!strncmp(set->id, "fma-", 4), fuses);
        assert_int_equal(!strncmp(set->id, "plain-", 6), !fuses);
#endif
        assert_int_equal(!strncmp(set->id, "unfused-", 8), set->arithmetic == GT_ARITHMETIC_UNFUSED);
    }
}

static void old_names_are_known(void **state) {
    (void)state;
    static const struct {
        const char *name, *conv;
        gt_arithmetic is;
        bool mixtures;
    } cases[] = {{"fma-8-direct", "direct", GT_ARITHMETIC_FMA, true},
                 {"plain-8", "auto", GT_ARITHMETIC_PLAIN, true},
                 {"avx512-7", "auto", GT_ARITHMETIC_FMA, false},
                 {"avx2-7-direct", "direct", GT_ARITHMETIC_FMA, false},
                 {"portable-7-winograd", "winograd", GT_ARITHMETIC_PLAIN, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const gt_kernel_set *set = gt_kernel_set_best();
        bool has = gt_kernel_set_with_arithmetic(set, cases[i].is) != NULL;
        assert_int_equal(gt_kernel_set_adopt(cases[i].name, &set), has ? GT_OK : GT_FAILED);
        assert_string_equal(gt_conv_modes[set->conv], cases[i].conv);
        if (has) assert_int_equal(set->arithmetic, cases[i].is);
        assert_false(gt_kernel_set_has_bits(cases[i].name, GT_BITS_OF_TRAINING));
        assert_int_equal(gt_kernel_set_has_bits(cases[i].name, GT_BITS_OF_MIXTURES), cases[i].mixtures);
    }
}

static void a_foreign_set_is_refused(void **state) {
    (void)state;
    const gt_kernel_set *portable = kernels_of(GT_ISA_PORTABLE, "auto"), *set = portable;
    char unknown[GT_KERNEL_SET_BYTES + 8];
    snprintf(unknown, sizeof unknown, "%s-fft", portable->id);
    const char *const ids[] = {unknown, "fma-0", "fma-0-direct", "avx512-6", "fma", ""};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        assert_int_equal(gt_kernel_set_adopt(ids[i], &set), GT_USAGE);
        assert_int_equal(set->isa, GT_ISA_PORTABLE);
        assert_string_equal(gt_conv_modes[set->conv], i == 2 ? "direct" : "auto");
        assert_false(gt_kernel_set_has_bits(ids[i], GT_BITS_OF_MIXTURES));
    }
}

static void what_is_asked_for_is_checked(void **state) {
    (void)state;
    static const struct {
        const char *isa, *conv;
        gt_status status;
    } cases[] = {
        {NULL, "fft", GT_USAGE},  {NULL, "", GT_OK},         {NULL, "direct", GT_OK},
        {"sse9", NULL, GT_USAGE}, {"portable", NULL, GT_OK}, {"", NULL, GT_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const gt_kernel_set *set;
        assert_int_equal(gt_kernel_set_asked(cases[i].isa, cases[i].conv, &set), cases[i].status);
        if (cases[i].status) assert_non_null(strstr(gt_message(), cases[i].isa ? "GT_ISA" : "GT_CONV"));
    }
}

/* ---- turns ---- */

enum { N = 2, SIZE = 16, CHANNELS = 24, CLASSES = 7, FLOATS = N * CLASSES, ROUNDS = 20 };

typedef struct network {
    gt_graph *graph;
    gt_exec *exec;
    float weights[3 * 3 * CHANNELS * CHANNELS];
    float alone[FLOATS];
    bool differs;
} network;

static void make(network *w, const gt_kernel_set *set) {
    gt_graph *g = w->graph = gt_graph_new("turns", set);
    gt_node *x = gt_input(g, "x", GT_SHAPE(N, SIZE, SIZE, CHANNELS)),
            *k = gt_param(g, "w", GT_SHAPE(3, 3, CHANNELS, CHANNELS), 0, 0);
    gt_node *y = gt_conv(g, x, k, (gt_conv_attr){.pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1});
    gt_node *rows = gt_reshape(g, y, GT_SHAPE(N, SIZE * SIZE * CHANNELS));
    gt_output(
        g, "y",
        gt_matmul(g, rows, gt_input(g, "classes", GT_SHAPE(CLASSES, SIZE * SIZE * CHANNELS)), .transpose_b = true));
    w->exec = gt_exec_new(g, NULL);
    assert_non_null(w->exec);
    gt_random_normal((gt_key){.seed = 1}, w->weights, sizeof w->weights / sizeof(float));
    gt_exec_bind(w->exec, 0, w->weights);
    gt_random_normal((gt_key){.seed = 2}, gt_exec_input(w->exec, "x"), N * SIZE * SIZE * CHANNELS);
    gt_random_normal((gt_key){.seed = 3}, gt_exec_input(w->exec, "classes"), CLASSES * SIZE * SIZE * CHANNELS);
}

static const float *run(network *w) {
    return gt_exec_prepare(w->exec, NULL) || gt_exec_run(w->exec, NULL) ? NULL : gt_exec_output(w->exec, "y");
}

static int run_often(void *arg) {
    network *w = arg;
    for (int i = 0; i < ROUNDS; i++) w->differs |= memcmp(run(w), w->alone, sizeof w->alone) != 0;
    return 0;
}

static void release(network *w) {
    gt_exec_free(w->exec);
    gt_graph_free(w->graph);
}

/* Only fused multiply-adds round otherwise than those in two steps. */
static bool told_apart(const gt_kernel_set *a, const gt_kernel_set *b) {
    return a->conv != b->conv || (a->arithmetic == GT_ARITHMETIC_FMA) != (b->arithmetic == GT_ARITHMETIC_FMA);
}

static void sets_take_turns(void **state) {
    (void)state;
    static network networks[3];
    const gt_kernel_set *sets[3] = {kernels_of(GT_ISA_PORTABLE, "direct"),
                                    kernels_of(gt_kernel_set_best()->isa, "winograd"),
                                    kernels_of(GT_ISA_PORTABLE, "winograd")};
    for (int i = 0; i < 3; i++) {
        make(&networks[i], sets[i]);
        memcpy(networks[i].alone, run(&networks[i]), sizeof networks[i].alone);
        release(&networks[i]);
        for (int k = 0; k < i; k++)
            if (told_apart(sets[i], sets[k])) /* or the test shows nothing */
                assert_memory_not_equal(networks[i].alone, networks[k].alone, sizeof networks[i].alone);
    }
    for (int i = 0; i < 3; i++) make(&networks[i], sets[i]);
    for (int i = 0; i < 9; i++)
        assert_memory_equal(run(&networks[i % 3]), networks[i % 3].alone, sizeof networks[i % 3].alone);
    thrd_t threads[3];
    for (int i = 0; i < 3; i++) assert_int_equal(thrd_create(&threads[i], run_often, &networks[i]), thrd_success);
    for (int i = 0; i < 3; i++) thrd_join(threads[i], NULL);
    for (int i = 0; i < 3; i++) {
        assert_false(networks[i].differs);
        release(&networks[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_arithmetic_brings_the_bits_back),
        cmocka_unit_test(instructions_that_fuse_have_one_name),
        cmocka_unit_test(old_names_are_known),
        cmocka_unit_test(a_foreign_set_is_refused),
        cmocka_unit_test(what_is_asked_for_is_checked),
        cmocka_unit_test(sets_take_turns),
    };
    return cmocka_run_group_tests_name("kernel_set", tests, NULL, NULL);
}
