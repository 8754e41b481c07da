/* SPDX-License-Identifier: Apache-2.0
 * Ops by what they do. */
#ifndef BENCH_FAMILIES_H
#define BENCH_FAMILIES_H

#include "graph/door/op.h"

enum {
    BENCH_CONVOLUTION,
    BENCH_PACKING,
    BENCH_PRODUCT,
    BENCH_FIR,
    BENCH_SUMS,
    BENCH_MOVING,
    BENCH_AUGMENTATION,
    BENCH_ELEMENTWISE,
    BENCH_FAMILIES
};
extern const char *const bench_families[BENCH_FAMILIES]; /* "convolution" ... */
int bench_family_of(const gt_node *n);

#endif
