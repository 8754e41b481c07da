/* SPDX-License-Identifier: Apache-2.0
 * Means over non-overlapping size x size windows of channels-last images, and the adjoint of that. */
#ifndef GANTRY_KERNELS_POOLING_H
#define GANTRY_KERNELS_POOLING_H

#include <stdint.h>

#include "gantry/pool.h"

/* x [n, p * size, q * size, c] -> y [n,p,q,c] */
void gt_avg_pool_run(int64_t n, int64_t p, int64_t q, int64_t c, int size, gt_pool *pool, const float *x, float *y);
/* y [n,p,q,c] -> x [n, p * size, q * size, c] */
void gt_avg_pool_adjoint_run(int64_t n, int64_t p, int64_t q, int64_t c, int size, gt_pool *pool, const float *y, float *x);

#endif
