/* SPDX-License-Identifier: Apache-2.0
 * What cmocka needs in front of it, and checks of a status with its message. */
#ifndef TESTS_EXPECT_H
#define TESTS_EXPECT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gantry/status.h"

static inline void assert_ok(gt_status st) {
    if (st) fail_msg("status %d: %s", st, gt_message());
}

static inline void assert_message(const char *part) {
    if (!strstr(gt_message(), part)) fail_msg("message '%s' does not say '%s'", gt_message(), part);
}

#endif
