/* SPDX-License-Identifier: Apache-2.0
 * Points in blocks, and sums over points that are the same bits on any number of ranks and threads. The points lie in
 * panels, as the kernels want them (kernels/door/mixture_kernels.h). A block is a run of panels: the work of one
 * thread, and a slice of the tree of sums (dist.h). The lengths of two blocks differ by one panel at most. */
#ifndef GANTRY_FEATURES_GMM_BLOCKS_H
#define GANTRY_FEATURES_GMM_BLOCKS_H

#include "dist/door/dist.h"
#include "gantry/dist.h"
#include "features/gmm/mixture.h"
#include "kernels/door/kernel_set.h"

struct gt_blocks {
    gt_comm *comm;
    gt_pool *pool;
    const gt_kernel_set *kernels;
    int64_t count; /* points of all ranks */
    size_t d;
    size_t panel;     /* points of a panel */
    gt_slices slices; /* panels into blocks */
    int first, own;   /* this rank's blocks: the number of the first, and how many */
    int64_t own_points;
    double *x; /* this rank's panels; zeros where the last panel has no points */
    size_t x_bytes;
    double *sums; /* memory for the sums of some blocks, kept from one call to the next */
    size_t sums_room;
    gt_tree_sum *tree; /* for vectors of tree_n numbers, kept likewise; NULL: none yet */
    size_t tree_n;
};

/* A panel, as a gt_panel_fn gets it. */
typedef struct gt_panel_of_points {
    const double *x; /* [d, panel] */
    size_t count;    /* of its points: as many as a panel has room for, but for the last panel of all */
    int64_t own;     /* number of the first point among this rank's points */
} gt_panel_of_points;

/* Adds what one panel contributes to sums[n]; `worker` is less than the number of threads of the pool. */
typedef void gt_panel_fn(void *arg, const gt_panel_of_points *panel, int worker, double *sums);

/* The sum over all panels of all ranks, block by block through the tree, into out[n] on rank 0. */
gt_status gt_blocks_sum(gt_blocks *b, size_t n, gt_panel_fn *fn, void *arg, double *out);
/* The sums of each block by itself, into out[blocks][n] on all ranks. For small n. */
gt_status gt_blocks_each(gt_blocks *b, size_t n, gt_panel_fn *fn, void *arg, double *out);

#endif
