/* SPDX-License-Identifier: Apache-2.0
 * A kernel set: instructions, an arithmetic and a convolution mode. It is a constant that lives as long as the program;
 * graphs (gt_graph_new) and products outside graphs are given the one that they use, so that two models of different
 * sets can take turns in one process.
 *
 * The arithmetic, with the convolution mode, decides every bit of results: in which order what is added, and where
 * products are rounded. A checkpoint records its name, and what resumes from the checkpoint adopts it. AVX-512, AVX2
 * with FMA and NEON have the same one, "fma-9". The instructions decide speed alone.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_KERNELS_H
#define GANTRY_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

#include "gantry/status.h"

typedef struct gt_kernel_set gt_kernel_set; /* kernels/door/kernel_set.h */

enum { GT_KERNEL_SET_BYTES = 32 }; /* room for the name of an arithmetic */

/* What a user asks for. `isa`: "portable", "neon", "avx2" or "avx512"; NULL or "": this CPU's best. `conv`: "auto",
 * "direct" or "winograd" (wherever it is possible); NULL or "": auto. GT_USAGE: there is no such name, or this CPU
 * lacks the instructions; the messages name the environment variables GT_ISA and GT_CONV. */
gt_status gt_kernel_set_asked(const char *isa, const char *conv, const gt_kernel_set **set);

/* "fma-9", or with a convolution mode other than auto "fma-9-direct". Other arithmetics: "plain-9" of x86 without FMA,
 * "unfused-9" of builds whose compiler does not fuse (-O0, sanitizers). */
const char *gt_kernel_set_arithmetic(const gt_kernel_set *set);
const char *gt_kernel_set_instructions(const gt_kernel_set *set); /* "avx512" */

/* "OpenBLAS 0.3.21 ... SkylakeX MAX_THREADS=64": version and options of the BLAS that this program was linked with, and
 * the core that the BLAS chose; before the program has opened it, the version with which it was built. Static. */
const char *gt_blas_description(void);
/* For the beginning of a program: OpenBLAS, which is opened at its first use, then starts no threads. False: it was
 * loaded with the program, has started one for each core, and does without them only if the program starts again. */
bool gt_blas_without_threads(void);

#endif
