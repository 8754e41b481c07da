/* SPDX-License-Identifier: Apache-2.0
 * What a kernel set holds (gantry/kernels.h has the contract). */
#ifndef GANTRY_KERNELS_DOOR_KERNEL_SET_H
#define GANTRY_KERNELS_DOOR_KERNEL_SET_H

#include <stdbool.h>

#include "kernels/door/kernels.h"
#include "kernels/gemm_kernels.h"
#include "kernels/door/mixture_kernels.h"

typedef enum gt_isa {
    GT_ISA_PORTABLE, /* what the compiler assumes of any CPU of this architecture */
    GT_ISA_NEON,     /* what every 64-bit ARM has */
    GT_ISA_AVX2,     /* with FMA */
    GT_ISA_AVX512,   /* F, BW, DQ, VL */
    GT_ISA_COUNT
} gt_isa;

typedef enum gt_arithmetic {
    GT_ARITHMETIC_FMA,   /* sums are chains of fused multiply-adds: one arithmetic for all processors that have them */
    GT_ARITHMETIC_PLAIN, /* products are rounded before they are added: x86 without FMA */
    GT_ARITHMETIC_UNFUSED, /* the compiler did not fuse what it could: -O0, sanitizers */
    GT_ARITHMETIC_COUNT
} gt_arithmetic;

struct gt_kernel_set {
    gt_isa isa;
    gt_arithmetic arithmetic;
    gt_conv_mode conv;
    const char *instructions;     /* "avx512" */
    char id[GT_KERNEL_SET_BYTES]; /* the arithmetic's name, with the convolution mode: "fma-9-direct" */
    const gt_gemm_kernels *gemm;
    const gt_mixture_kernels *mixture;
};

bool gt_isa_available(gt_isa isa); /* does this CPU have it? */

static inline const gt_kernel_set *gt_kernel_set_or_best(const gt_kernel_set *set) {
    return set ? set : gt_kernel_set_best();
}
/* The same convolution mode; the second: of the set's instructions and those below, which a user may have asked for
 * (GT_ISA), the best that have the arithmetic; NULL: none have. */
const gt_kernel_set *gt_kernel_set_with_isa(const gt_kernel_set *set, gt_isa isa);
const gt_kernel_set *gt_kernel_set_with_arithmetic(const gt_kernel_set *set, gt_arithmetic wanted);

#endif
