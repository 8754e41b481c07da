/* SPDX-License-Identifier: Apache-2.0
 * The table of vector kernels for mixtures of the instruction set in use. */
#include "kernels/mixture_kernels.h"

#include "kernels/isa.h"

const gt_mixture_kernels *gt_mixture_kernels_now(void) {
    switch (gt_isa_now()) {
#if defined(__x86_64__)
    case GT_ISA_AVX512: return &gt_mixture_avx512;
    case GT_ISA_AVX2: return &gt_mixture_avx2;
#endif
    default: return &gt_mixture_portable;
    }
}
