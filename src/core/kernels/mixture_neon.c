/* SPDX-License-Identifier: Apache-2.0
 * The vector kernels for mixtures for 64-bit ARM. */
#include <string.h>

#include "kernels/door/mixture_kernels.h"

#if defined(__aarch64__)
#define LANES 2
#define VECS 4
#define COLS 4
#define KERNELS gt_mixture_neon
#include "kernels/mixture_micro.h"
#endif
