/* SPDX-License-Identifier: Apache-2.0
 * The kernels that the environment asks for (GT_ISA, GT_CONV): what tests compute with where they do not choose. */
#ifndef TESTS_KERNELS_H
#define TESTS_KERNELS_H

#include <stdio.h>
#include <stdlib.h>

#include "kernels/door/kernel_set.h"
#include "unit/sanitized.h"

static inline const gt_kernel_set *asked_kernels(void) {
    const gt_kernel_set *set;
    if (!gt_kernel_set_asked(getenv("GT_ISA"), getenv("GT_CONV"), &set)) return set;
    fprintf(stderr, "%s\n", gt_message());
    exit(1);
}

static inline const gt_kernel_set *kernels_of(gt_isa isa, const char *conv) {
    return gt_kernel_set_with_conv(gt_kernel_set_with_isa(gt_kernel_set_best(), isa), conv);
}

/* Is this instruction set to be tested? With sanitizers only the one of which the matrix products have them
 * (tests/e2e/sanitizers.sh). */
static inline bool isa_is_tested(int isa) {
    return gt_isa_available((gt_isa)isa) && (!sanitized() || (gt_isa)isa == gt_kernel_set_best()->isa);
}

#endif
