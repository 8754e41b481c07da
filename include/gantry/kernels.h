/* SPDX-License-Identifier: Apache-2.0
 * A kernel set: everything about the kernels that decides the last bits of results. It is an instruction set, with the
 * version of the kernels, and a convolution mode. A kernel set is a constant that lives as long as the program; graphs
 * (gt_graph_new) and products outside graphs are given the one that they use, so that two models of different sets can
 * take turns in one process.
 *
 * Results differ in their last bits between kernel sets. A checkpoint records the set's id, and what goes on from the
 * checkpoint adopts it. */
#ifndef GANTRY_KERNELS_H
#define GANTRY_KERNELS_H

#include "gantry/status.h"

typedef struct gt_kernel_set gt_kernel_set; /* kernels/kernel_set.h */

enum { GT_KERNEL_SET_BYTES = 32 }; /* room for an id */

/* The best instruction set of this CPU, with convolution mode auto. Wherever a function takes a kernel set, NULL stands
 * for this one. */
const gt_kernel_set *gt_kernel_set_best(void);

/* What a user asks for. `isa`: "portable", "avx2" or "avx512"; NULL or "": this CPU's best. `conv`: "auto", "direct" or
 * "winograd" (wherever it is possible); NULL or "": auto. GT_USAGE: there is no such name, or this CPU lacks the
 * instruction set; the messages name the environment variables GT_ISA and GT_CONV. */
gt_status gt_kernel_set_asked(const char *isa, const char *conv, const gt_kernel_set **set);

/* "avx512-1", or with a convolution mode other than auto "avx512-1-direct". */
const char *gt_kernel_set_id(const gt_kernel_set *set);

/* *set becomes the set with this id. On an error *set keeps its instruction set and takes on the id's convolution mode
 * alone. GT_USAGE: the instruction set is unknown, or is of another version; GT_FAILED: this CPU lacks it. */
gt_status gt_kernel_set_adopt(const char *id, const gt_kernel_set **set);

/* The same set with another convolution mode, one of those above; any other name changes nothing. */
const gt_kernel_set *gt_kernel_set_with_conv(const gt_kernel_set *set, const char *conv);

#endif
