/* SPDX-License-Identifier: Apache-2.0
 * Kernel sets by themselves, beside gantry/kernels.h. */
#ifndef GANTRY_KERNELS_DOOR_KERNELS_H
#define GANTRY_KERNELS_DOOR_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

#include "gantry/choices.h"
#include "gantry/kernels.h"
#include "gantry/pool.h"
#include "gantry/status.h"

/* What convolutions are computed with: by shape what is fastest, or one kind wherever it is possible. */
#define GT_CONV_MODE_LIST(X) X(GT_CONV_AUTO, "auto") X(GT_CONV_ALL_DIRECT, "direct") X(GT_CONV_ALL_WINOGRAD, "winograd")
typedef enum gt_conv_mode { GT_CONV_MODE_LIST(GT_CONSTANT) GT_CONV_MODES } gt_conv_mode;
extern const char *const gt_conv_modes[GT_CONV_MODES]; /* their names */

/* The best instructions of this CPU, with convolution mode auto. Wherever a function takes a kernel set, NULL stands
 * for this one. */
const gt_kernel_set *gt_kernel_set_best(void);

/* *set takes on the arithmetic and the convolution mode of this name, and keeps its instructions where these have the
 * arithmetic, or takes lesser ones. Names of older versions ("fma-8", "avx512-7") are known where today's arithmetic
 * applies networks with the same bits. On an error *set keeps its arithmetic and takes on the convolution mode alone.
 * GT_USAGE: the name is unknown, or of another version; GT_FAILED: this CPU, or this build, lacks it. */
gt_status gt_kernel_set_adopt(const char *name, const gt_kernel_set **set);
/* Whether what adopts this name goes on with the same bits where it trains networks, or fits mixtures. */
typedef enum gt_bits { GT_BITS_OF_TRAINING, GT_BITS_OF_MIXTURES } gt_bits;
bool gt_kernel_set_has_bits(const char *name, gt_bits of);

/* The same set with another convolution mode, one of those above; any other name changes nothing. */
const gt_kernel_set *gt_kernel_set_with_conv(const gt_kernel_set *set, const char *conv);

/* ---- what the cores of this process can do at best: what every measured speed is set against ---- */

/* Each takes a few hundredths of a second. */

/* Flops per second of fused multiply-adds on registers, all threads of the pool together, with these kernels. */
double gt_probe_fma(gt_pool *pool, const gt_kernel_set *kernels);

/* Bytes per second of y += x (two reads, one write), where x and y of a thread have `bytes` together. 0: out of memory.
 */
double gt_probe_bandwidth(gt_pool *pool, size_t bytes);

#endif
