/* SPDX-License-Identifier: Apache-2.0
 * Ops by what they do: see families.h. */
#include "common/families.h"

#include <string.h>

const char *const bench_families[BENCH_FAMILIES] = {
    [BENCH_CONVOLUTION] = "convolution",   [BENCH_PACKING] = "packing of weights",
    [BENCH_PRODUCT] = "matrix product",    [BENCH_FIR] = "FIR",
    [BENCH_SUMS] = "sums and broadcasts",  [BENCH_MOVING] = "moving of data",
    [BENCH_AUGMENTATION] = "augmentation", [BENCH_ELEMENTWISE] = "element-wise",
};

/* Beginnings of the names of ops. Element-wise is what is left: fused chains, random numbers. */
static const struct {
    const char *begins;
    int family;
} ops[] = {
    {"conv_pack", BENCH_PACKING},    {"conv", BENCH_CONVOLUTION},
    {"matmul_pack", BENCH_PACKING},  {"matmul", BENCH_PRODUCT},
    {"upfirdn", BENCH_FIR},          {"sum", BENCH_SUMS},
    {"broadcast", BENCH_SUMS},       {"permute", BENCH_MOVING},
    {"flip", BENCH_MOVING},          {"pad", BENCH_MOVING},
    {"concat", BENCH_MOVING},        {"slice", BENCH_MOVING},
    {"select", BENCH_MOVING},        {"warp", BENCH_AUGMENTATION},
    {"reflect", BENCH_AUGMENTATION}, {"sample_fir", BENCH_AUGMENTATION},
};

static int family_of_op(const char *name) {
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (!strncmp(name, ops[i].begins, strlen(ops[i].begins))) return ops[i].family;
    return BENCH_ELEMENTWISE;
}

/* All that is in the scope of augmentation, derivatives too, but for convolutions: a gradient with respect to augmented
 * images is made by the network that sees them. */
int bench_family_of(const gt_node *n) {
    int family = family_of_op(n->op->name);
    bool of_network = family == BENCH_CONVOLUTION || family == BENCH_PACKING;
    return strstr(n->name, "aug/") && !of_network ? BENCH_AUGMENTATION : family;
}
