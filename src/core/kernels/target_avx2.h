/* SPDX-License-Identifier: Apache-2.0
 * From here to target_end.h functions are compiled for AVX2 with FMA. */
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif
