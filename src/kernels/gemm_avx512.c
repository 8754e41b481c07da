/* SPDX-License-Identifier: Apache-2.0
 * The vector kernels for AVX-512: 28 of 32 registers accumulate. */
#include <string.h>

#include "kernels/gemm_kernels.h"

#if defined(__x86_64__)
#define LANES 16
#define ROWS 14
#define KERNELS gt_gemm_avx512
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")
#endif
#include "kernels/gemm_micro.h"
#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
