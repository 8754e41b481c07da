/* SPDX-License-Identifier: Apache-2.0
 * The kernels that the environment asks for (GT_ISA, GT_CONV): what benchmarks compute with. */
#ifndef BENCH_KERNELS_H
#define BENCH_KERNELS_H

#include <stdio.h>
#include <stdlib.h>

#include "kernels/door/kernel_set.h"

static inline const gt_kernel_set *bench_kernels(void) {
    const gt_kernel_set *set;
    if (!gt_kernel_set_asked(getenv("GT_ISA"), getenv("GT_CONV"), &set)) return set;
    fprintf(stderr, "%s\n", gt_message());
    exit(2);
}

#endif
