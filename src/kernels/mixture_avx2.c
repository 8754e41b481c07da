/* SPDX-License-Identifier: Apache-2.0
 * The vector kernels for mixtures for AVX2. */
#include <string.h>

#include "kernels/mixture_kernels.h"

#if defined(__x86_64__)
#define LANES 4
#define VECS 2
#define COLS 2
#define KERNELS gt_mixture_avx2
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif
#include "kernels/mixture_micro.h"
#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
