/* SPDX-License-Identifier: Apache-2.0
 * The vector kernels for any CPU: vectors of 16 bytes, for which every compiler has registers. */
#include <string.h>

#include "kernels/gemm_kernels.h"

#define LANES 4
#define ROWS 6
#define KERNELS gt_gemm_portable
#include "kernels/gemm_micro.h"
