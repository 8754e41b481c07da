/* SPDX-License-Identifier: Apache-2.0
 * The vector kernels for mixtures for AVX2. */
#include <string.h>

#include "kernels/door/mixture_kernels.h"

#if defined(__x86_64__)
#define LANES 4
#define VECS 2
#define COLS 2
#define KERNELS gt_mixture_avx2
#include "kernels/target_avx2.h"
#include "kernels/mixture_micro.h"
#include "kernels/target_end.h"
#endif
