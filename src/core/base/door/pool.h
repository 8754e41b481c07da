/* SPDX-License-Identifier: Apache-2.0
 * Work for a pool of threads (gantry/pool.h). */
#ifndef GANTRY_BASE_DOOR_POOL_H
#define GANTRY_BASE_DOOR_POOL_H

#include <stdbool.h>

#include "gantry/pool.h"

/* One tile of work. `worker` is 0 .. threads-1 and unique among those running at the same time: an index for scratch
 * memory. */
typedef void gt_tile_fn(void *arg, int tile, int worker);

int gt_pool_threads(const gt_pool *p); /* 1 for NULL */
/* Threads that wait spin for a moment; to be switched off where other processes want these cores. A new pool spins
 * where the process has as many cores as the pool has threads. */
void gt_pool_spin(gt_pool *p, bool on);
/* Calls fn for each tile; returns when all tiles are done. p NULL: this thread alone. */
void gt_pool_run(gt_pool *p, int tiles, gt_tile_fn *fn, void *arg);

#endif
