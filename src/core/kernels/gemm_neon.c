/* SPDX-License-Identifier: Apache-2.0
 * The vector kernels for 64-bit ARM: 28 of 32 registers accumulate. */
#include <string.h>

#include "kernels/gemm_kernels.h"

#if defined(__aarch64__)
#define LANES 4
#define ROWS 14
#define KERNELS gt_gemm_neon
#include "kernels/gemm_micro.h"
#endif
