/* SPDX-License-Identifier: Apache-2.0
 * The vector kernels for AVX2 with FMA: 12 of 16 registers accumulate. */
#include <string.h>

#include "kernels/gemm_kernels.h"

#if defined(__x86_64__)
#define LANES 8
#define ROWS 6
#define KERNELS gt_gemm_avx2
#include "kernels/target_avx2.h"
#include "kernels/gemm_micro.h"
#include "kernels/target_end.h"
#endif
