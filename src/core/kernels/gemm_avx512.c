/* SPDX-License-Identifier: Apache-2.0
 * The vector kernels for AVX-512: 28 of 32 registers accumulate. */
#include <string.h>

#include "kernels/gemm_kernels.h"

#if defined(__x86_64__)
#define LANES 16
#define ROWS 14
#define KERNELS gt_gemm_avx512
#include "kernels/target_avx512.h"
#include "kernels/gemm_micro.h"
#include "kernels/target_end.h"
#endif
