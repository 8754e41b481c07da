/* SPDX-License-Identifier: Apache-2.0
 * The vector kernels for mixtures for any CPU. */
#include <string.h>

#include "kernels/door/mixture_kernels.h"

#define LANES 2
#define VECS 2
#define COLS 2
#define KERNELS gt_mixture_portable
#include "kernels/mixture_micro.h"
