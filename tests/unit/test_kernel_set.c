/* SPDX-License-Identifier: Apache-2.0
 * The kernel set's id says what decides the last bits, and imposing it brings them back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernels/conv.h"
#include "kernels/isa.h"
#include "kernels/kernel_set.h"

static void an_id_brings_the_set_back(void **state) {
    (void)state;
    static const char *const modes[] = {"auto", "direct", "winograd"};
    for (int isa = 0; isa < GT_ISA_COUNT; isa++) {
        if (!gt_isa_available((gt_isa)isa)) continue;
        for (int i = 0; i < 3; i++) {
            char id[GT_KERNEL_SET_BYTES], expected[GT_KERNEL_SET_BYTES + 16];
            assert_int_equal(gt_isa_set(gt_isa_name((gt_isa)isa)), GT_OK);
            assert_int_equal(gt_conv_mode_set(modes[i]), GT_OK);
            snprintf(id, sizeof id, "%s", gt_kernel_set_id());
            snprintf(expected, sizeof expected, "%s%s%s", gt_isa_id(), i ? "-" : "", i ? modes[i] : "");
            assert_string_equal(id, expected);
            assert_int_equal(gt_isa_set("portable"), GT_OK);
            assert_int_equal(gt_conv_mode_set(modes[(i + 1) % 3]), GT_OK);
            assert_int_equal(gt_kernel_set_adopt(id), GT_OK);
            assert_int_equal(gt_isa_now(), isa);
            assert_string_equal(gt_conv_mode(), modes[i]);
        }
    }
}

static void a_foreign_set_is_refused(void **state) {
    (void)state;
    assert_int_equal(gt_isa_set("portable"), GT_OK);
    char unknown[GT_KERNEL_SET_BYTES];
    snprintf(unknown, sizeof unknown, "%s-fft", gt_isa_id());
    assert_int_equal(gt_kernel_set_adopt(unknown), GT_USAGE);
    assert_int_equal(gt_kernel_set_adopt("portable-0-direct"), GT_USAGE);
    assert_int_equal(gt_kernel_set_adopt("sse9-1"), GT_USAGE);
    assert_int_equal(gt_kernel_set_adopt(""), GT_USAGE);
    assert_int_equal(gt_isa_now(), GT_ISA_PORTABLE);
}

static void the_environment_is_checked(void **state) {
    (void)state;
    static const struct {
        const char *name, *value;
        gt_status status;
    } cases[] = {
        {"GT_CONV", "fft", GT_USAGE}, {"GT_CONV", "", GT_OK},       {"GT_CONV", "direct", GT_OK},
        {"GT_ISA", "sse9", GT_USAGE}, {"GT_ISA", "portable", GT_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        setenv(cases[i].name, cases[i].value, 1);
        assert_int_equal(gt_kernel_set_check_environment(), cases[i].status);
        if (cases[i].status) assert_non_null(strstr(gt_message(), cases[i].name));
        unsetenv(cases[i].name);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_brings_the_set_back),
        cmocka_unit_test(a_foreign_set_is_refused),
        cmocka_unit_test(the_environment_is_checked),
    };
    return cmocka_run_group_tests_name("kernel_set", tests, NULL, NULL);
}
