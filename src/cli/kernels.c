/* SPDX-License-Identifier: Apache-2.0
 * What the environment says of kernels: read here, once, and nowhere else. */
#include <stdlib.h>

#include "cli/cli.h"

static const gt_kernel_set *kernels;

gt_status cli_read_kernels(void) { return gt_kernel_set_asked(getenv("GT_ISA"), getenv("GT_CONV"), &kernels); }

const gt_kernel_set *cli_kernels(void) { return kernels; }
