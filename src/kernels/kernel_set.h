/* SPDX-License-Identifier: Apache-2.0
 * What a kernel set holds (gantry/kernels.h has the contract). */
#ifndef GANTRY_KERNELS_KERNEL_SET_H
#define GANTRY_KERNELS_KERNEL_SET_H

#include <stdbool.h>

#include "gantry/kernels.h"
#include "kernels/gemm_kernels.h"
#include "kernels/mixture_kernels.h"

typedef enum gt_isa {
    GT_ISA_PORTABLE, /* what the compiler assumes of any CPU of this architecture */
    GT_ISA_AVX2,     /* with FMA */
    GT_ISA_AVX512,   /* F, BW, DQ, VL */
    GT_ISA_COUNT
} gt_isa;

/* What gt_conv_choose() may choose from. */
typedef enum gt_conv_mode { GT_CONV_AUTO, GT_CONV_ALL_DIRECT, GT_CONV_ALL_WINOGRAD, GT_CONV_MODES } gt_conv_mode;
extern const char *const gt_conv_modes[GT_CONV_MODES]; /* "auto", "direct", "winograd" */

struct gt_kernel_set {
    gt_isa isa;
    gt_conv_mode conv;
    const char *name; /* of the instruction set: "avx512" */
    const char *id;
    const gt_gemm_kernels *gemm;
    const gt_mixture_kernels *mixture;
};

bool gt_isa_available(gt_isa isa); /* does this CPU have it? */

static inline const gt_kernel_set *gt_kernel_set_or_best(const gt_kernel_set *set) {
    return set ? set : gt_kernel_set_best();
}
const gt_kernel_set *gt_kernel_set_with_isa(const gt_kernel_set *set, gt_isa isa); /* the same convolution mode */

#endif
