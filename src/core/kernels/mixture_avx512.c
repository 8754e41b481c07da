/* SPDX-License-Identifier: Apache-2.0
 * The vector kernels for mixtures for AVX-512. */
#include <string.h>

#include "kernels/door/mixture_kernels.h"

#if defined(__x86_64__)
#define LANES 8
#define VECS 4
#define COLS 4
#define KERNELS gt_mixture_avx512
#include "kernels/target_avx512.h"
#include "kernels/mixture_micro.h"
#include "kernels/target_end.h"
#endif
