/* SPDX-License-Identifier: Apache-2.0
 * The leaves of a checkpoint's tree (gt_checkpoint_root), which come in the order of writing. */
#ifndef GANTRY_RUN_CHECKPOINT_LEAVES_H
#define GANTRY_RUN_CHECKPOINT_LEAVES_H

#include "base/door/sha256.h"
#include "gantry/memory.h"
#include "gantry/pool.h"
#include "h5/door/arrays.h"

typedef struct checkpoint_leaf {
    const char *path;
    gt_sha256 hash;
} checkpoint_leaf;

typedef struct checkpoint_leaves {
    gt_pool *pool; /* whose threads hash the blocks of values */
    gt_arena *arena;
    checkpoint_leaf *of;
    int n, room;
} checkpoint_leaves;

gt_status checkpoint_leaves_add(checkpoint_leaves *l, const gt_array *a);
gt_status checkpoint_leaves_root(checkpoint_leaves *l, gt_sha256 *root); /* sorts them */

#endif
