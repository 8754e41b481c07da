/* SPDX-License-Identifier: Apache-2.0
 * The vector kernels for mixtures for AVX-512. */
#include <string.h>

#include "kernels/mixture_kernels.h"

#if defined(__x86_64__)
#define LANES 8
#define VECS 4
#define COLS 4
#define KERNELS gt_mixture_avx512
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")
#endif
#include "kernels/mixture_micro.h"
#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
