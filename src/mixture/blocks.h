/* SPDX-License-Identifier: Apache-2.0
 * Points in blocks, and sums over them that are the same bits on any number of ranks and threads. Points lie in panels
 * as the kernels want them (kernels/mixture_kernels.h); blocks are runs of panels, of equal length but for one, and the
 * slices of the tree (dist.h). A block is the work of one thread. */
#ifndef GANTRY_MIXTURE_BLOCKS_H
#define GANTRY_MIXTURE_BLOCKS_H

#include "gantry/mixture.h"
#include "kernels/kernel_set.h"

struct gt_blocks {
    gt_comm *comm;
    gt_pool *pool;
    const gt_kernel_set *kernels;
    int64_t count; /* points of all ranks */
    size_t d;
    size_t panel;     /* points of a panel */
    gt_slices slices; /* panels into blocks */
    int first, own;   /* this rank's blocks */
    double *x;        /* this rank's panels; what the last one has no points for is zeros */
    size_t x_bytes;
    double *sums; /* of the blocks that are worked on: kept from one sum to the next, as is */
    size_t sums_room;
    gt_tree_sum *tree; /* the tree for vectors of tree_n */
    size_t tree_n;
};

/* A panel in the hands of a block's sum. */
typedef struct gt_panel_of_points {
    const double *x; /* [d, panel] */
    size_t count;    /* points in it: the panel, but for the last one of all */
    int64_t first;   /* number of its first point */
    int64_t own;     /* the same among this rank's */
} gt_panel_of_points;

int64_t gt_blocks_first_point(const gt_blocks *b); /* of this rank */
int64_t gt_blocks_own_points(const gt_blocks *b);

/* One panel into sums[n]; `worker` < threads of the pool. */
typedef void gt_panel_fn(void *arg, const gt_panel_of_points *panel, int worker, double *sums);

/* The sum over all panels, block by block through the tree, in out[n] on rank 0. */
gt_status gt_blocks_sum(gt_blocks *b, size_t n, gt_panel_fn *fn, void *arg, double *out);
/* The same for each block by itself: out[blocks][n] on all ranks. For few numbers. */
gt_status gt_blocks_each(gt_blocks *b, size_t n, gt_panel_fn *fn, void *arg, double *out);

#endif
