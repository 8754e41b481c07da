/* SPDX-License-Identifier: Apache-2.0
 * Vectors of four floats, which every set of instructions has. */
#ifndef GANTRY_KERNELS_QUAD_H
#define GANTRY_KERNELS_QUAD_H

#include <stdint.h>

typedef float quad __attribute__((vector_size(16), aligned(4), may_alias));
typedef int32_t quad_int __attribute__((vector_size(16), may_alias));

/* A vector of the numbered lanes of a (0 to 3) and b (4 to 7). */
#ifdef __clang__
#define PICK(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else /* what older versions of gcc have as well */
#define PICK(a, b, ...) __builtin_shuffle(a, b, (quad_int){__VA_ARGS__})
#endif

#endif
