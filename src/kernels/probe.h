/* SPDX-License-Identifier: Apache-2.0
 * What the cores of this process can do at best: what every measured speed is set against. Each takes a few hundredths
 * of a second. */
#ifndef GANTRY_KERNELS_PROBE_H
#define GANTRY_KERNELS_PROBE_H

#include <stddef.h>

#include "gantry/kernels.h"
#include "gantry/pool.h"

/* Flops per second of fused multiply-adds on registers, all threads of the pool together, with these kernels. */
double gt_probe_fma(gt_pool *pool, const gt_kernel_set *kernels);

/* Bytes per second of y += x (two reads, one write), where x and y of a thread have `bytes` together. 0: out of memory.
 */
double gt_probe_bandwidth(gt_pool *pool, size_t bytes);

#endif
