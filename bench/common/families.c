/* SPDX-License-Identifier: Apache-2.0
 * Ops by what they do: see families.h. */
#include "common/families.h"

#include <string.h>

enum { CONVOLUTION, PACKING, PRODUCT, FIR, SUMS, MOVING, AUGMENTATION, ELEMENTWISE };

const char *const bench_families[BENCH_FAMILIES] = {
    [CONVOLUTION] = "convolution",   [PACKING] = "packing of weights",
    [PRODUCT] = "matrix product",    [FIR] = "FIR",
    [SUMS] = "sums and broadcasts",  [MOVING] = "moving of data",
    [AUGMENTATION] = "augmentation", [ELEMENTWISE] = "element-wise",
};

/* Beginnings of the names of ops. Element-wise is what is left: fused chains, random numbers. */
static const struct {
    const char *begins;
    int family;
} ops[] = {
    {"conv_pack", PACKING}, {"conv", CONVOLUTION},  {"matmul_pack", PACKING},  {"matmul", PRODUCT},
    {"upfirdn", FIR},       {"sum", SUMS},          {"broadcast", SUMS},       {"permute", MOVING},
    {"flip", MOVING},       {"pad", MOVING},        {"concat", MOVING},        {"slice", MOVING},
    {"select", MOVING},     {"warp", AUGMENTATION}, {"reflect", AUGMENTATION}, {"sample_fir", AUGMENTATION},
};

int bench_family_of(const gt_node *n) {
    if (strstr(n->name, "aug/")) return AUGMENTATION; /* everything in the scope of augmentation, derivatives too */
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (!strncmp(n->op->name, ops[i].begins, strlen(ops[i].begins))) return ops[i].family;
    return ELEMENTWISE;
}
