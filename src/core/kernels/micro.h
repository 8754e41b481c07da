/* SPDX-License-Identifier: Apache-2.0
 * How the sources of vector kernels are compiled, once per set of instructions: floating-point contraction is on in
 * them, and only in them, since a += u * b must be one FMA; loops over registers are unrolled. Loads stay where they
 * are used: moved to the front of a loop, as gcc does for ARM, they push accumulators out of the registers. */
#ifdef __clang__
#pragma clang fp contract(fast)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#pragma GCC optimize("fp-contract=fast", "no-schedule-insns")
#define UNROLL _Pragma("GCC unroll 16")
#endif
/* A value that is rounded as it is: a product does not become part of a fused multiply-add. */
#if defined(__x86_64__)
#define ROUNDED(value) __asm__("" : "+v"(value))
#elif defined(__aarch64__)
#define ROUNDED(value) __asm__("" : "+w"(value))
#else
#define ROUNDED(value) __asm__("" : "+m"(value))
#endif
#define INLINE static inline __attribute__((always_inline))
