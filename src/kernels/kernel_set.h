/* SPDX-License-Identifier: Apache-2.0
 * The kernel set: everything about the kernels that decides the last bits of results, as one id. It is the instruction set
 * with the version of the kernels (isa.h), and the convolution mode (conv.h) unless that is auto: "avx512-1",
 * "avx512-1-direct". A checkpoint records it and imposes it on whatever goes on from it. */
#ifndef GANTRY_KERNELS_KERNEL_SET_H
#define GANTRY_KERNELS_KERNEL_SET_H

#include "gantry/status.h"

enum { GT_KERNEL_SET_BYTES = 32 };

/* The set in use; lives until this thread's next call. */
const char *gt_kernel_set_id(void);

/* Before the first graph is built. The convolution mode is taken over in any case. GT_USAGE: an instruction set that is
 * unknown or of another version; GT_FAILED: one that this CPU lacks; then it stays as it was. */
gt_status gt_kernel_set_adopt(const char *id);

/* GT_USAGE: GT_ISA or GT_CONV asks for what there is not. */
gt_status gt_kernel_set_check_environment(void);

#endif
