/* SPDX-License-Identifier: Apache-2.0
 * A pool of threads for one rank. Work is cut into tiles whose number depends on shapes alone; threads take whole
 * tiles, so the number of threads changes no bit. A thread begins with the same part of the tiles in each job: kernels
 * that cut an array in the same order find its parts in the caches of the same cores. Waiting threads sleep (they spin
 * only briefly, and not at all when cores are oversubscribed).
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_POOL_H
#define GANTRY_POOL_H

#include <stdbool.h>

typedef struct gt_pool gt_pool;

gt_pool *gt_pool_new(int threads); /* threads >= 1, the caller included; NULL: see gt_message() */
void gt_pool_free(gt_pool *p);

int gt_processors_allowed(void); /* logical processors that this process may use */
/* Logs a warning where `threads` are more than these processors; processors < 1: it is not known how many. */
void gt_warn_of_threads(int threads, int processors);

#endif
