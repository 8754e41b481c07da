/* SPDX-License-Identifier: Apache-2.0
 * Ops by what they do, and nodes by what they follow from. */
#ifndef BENCH_FAMILIES_H
#define BENCH_FAMILIES_H

#include "graph/op.h"

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
/* By id: does a node's value follow from parameters and update inputs alone? Every rank computes such a node at least
 * once in a phase, however few slices it has; also where it is not hoisted (passes/sink.c). To be freed; NULL: out of
 * memory. */
bool *bench_of_weights(const gt_graph *g);

#endif
