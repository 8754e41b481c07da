/* SPDX-License-Identifier: Apache-2.0
 * A pool of threads for one rank. Work is cut into tiles whose number depends on shapes alone; threads take whole
 * tiles, so the number of threads changes no bit. A thread begins with the same part of the tiles in each job: kernels
 * that cut an array in the same order find its parts in the caches of the same cores. Waiting threads sleep (they spin
 * only briefly, and not at all when cores are oversubscribed). */
#ifndef GANTRY_POOL_H
#define GANTRY_POOL_H

#include <stdbool.h>

typedef struct gt_pool gt_pool;

/* One tile of work. `worker` is 0 .. threads-1 and unique among those running at the same time: an index for scratch
 * memory. */
typedef void gt_tile_fn(void *arg, int tile, int worker);

gt_pool *gt_pool_new(int threads); /* threads >= 1, the caller included; NULL: see gt_message() */
void gt_pool_free(gt_pool *p);
int gt_pool_threads(const gt_pool *p); /* 1 for NULL */
/* Threads that wait spin for a moment; to be switched off where other processes want these cores. A new pool spins
 * where the process has as many cores as the pool has threads. */
void gt_pool_spin(gt_pool *p, bool on);
/* Calls fn for each tile; returns when all tiles are done. p NULL: this thread alone. */
void gt_pool_run(gt_pool *p, int tiles, gt_tile_fn *fn, void *arg);

int gt_processors_allowed(void); /* logical processors that this process may use */
/* Logs a warning where `threads` are more than these processors; processors < 1: it is not known how many. */
void gt_warn_of_threads(int threads, int processors);

#endif
