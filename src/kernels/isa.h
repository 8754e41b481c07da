/* SPDX-License-Identifier: Apache-2.0
 * Which instruction set the kernels use. Chosen once per process: the best one this CPU has, unless the environment
 * variable GT_ISA (portable | avx2 | avx512) asks for a lower one or gt_isa_set() imposes another.
 *
 * Results differ in the last bits between sets, so a checkpoint records the kernel set ("avx512-1": instruction set and
 * version of the kernels' summation order) and imposes it on the run that goes on from it. Impose a set before the first
 * graph is built: packed weights are laid out for one set.
 */
#ifndef GANTRY_KERNELS_ISA_H
#define GANTRY_KERNELS_ISA_H

#include <stdbool.h>

#include "gantry/status.h"

typedef enum gt_isa {
    GT_ISA_PORTABLE, /* what the compiler assumes of any CPU of this architecture */
    GT_ISA_AVX2,     /* with FMA */
    GT_ISA_AVX512,   /* F, BW, DQ, VL */
    GT_ISA_COUNT
} gt_isa;

gt_isa gt_isa_now(void);               /* the set in use */
gt_isa gt_isa_most(void);              /* the most this process may choose by itself: this CPU's best, or what GT_ISA asks for if that is less */
const char *gt_isa_id(void);           /* its kernel set id, "avx512-1" */
const char *gt_isa_name(gt_isa isa);   /* "avx512" */
bool gt_isa_available(gt_isa isa);     /* does this CPU have it? */
gt_status gt_isa_set(const char *name); /* a name or a kernel set id. GT_USAGE: unknown, or of another version; GT_FAILED: not on this CPU */
gt_status gt_isa_check_environment(void); /* GT_USAGE when GT_ISA names no set, or one this CPU lacks (it is then ignored) */

#endif
