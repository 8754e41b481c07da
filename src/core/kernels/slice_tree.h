/* SPDX-License-Identifier: Apache-2.0
 * The gradient of a weight over several slices of a batch: a leaf for each slice, and the sum of the leaves by the tree
 * over slices (dist.h),
 *
 *   leaf  = gain * (product of the slice + before) + term
 *   node  = left + right                              a missing right one passes through
 *
 * where a product may have several parts (a network that runs on two batches of images has two), `before` is the
 * product of parts that were computed before, and the term is what demodulation adds: the derivative of the weight's
 * energy, which is a product of two small matrices,
 *
 *   term[r][c] = factor * w[r][c] * sum over samples n of the slice of  down[n][r mod period] * across[n][c]
 *
 * A buffer for each slice, written and read again, costs as much as the arithmetic where weights are larger than
 * images. So kernels keep the nodes of the tree on a stack beside a tile of the gradient, which stays in the first or
 * second cache, and write the gradient once (gt_product_tree). What no kernel computes so goes through a few buffers in
 * memory (gt_slice_tree). Both have the same leaves and the same tree, so the number of slices in a call changes no
 * bit of its sums. */
#ifndef GANTRY_KERNELS_SLICE_TREE_H
#define GANTRY_KERNELS_SLICE_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels/door/gemm_product.h"

enum { GT_PARTS_MAX = 4 /* of a product */ };

typedef struct gt_leaf {
    float gain;
    const float *before; /* [slices][rows][columns]; NULL: nothing */
    int64_t floats;      /* of a slice's `before` */
    const float *w;      /* of the gradient's shape; NULL: there is no term */
    float factor;
    const float *down, *across; /* [all samples][period], [all samples][columns] */
    int64_t period, columns;    /* columns: of the gradient */
    int64_t samples;            /* of a slice */
} gt_leaf;

static inline bool gt_leaf_is_product(const gt_leaf *leaf) { return leaf->gain == 1 && !leaf->w && !leaf->before; }
/* Makes leaves of products: v[i * ld + j] is that of `slice` in row `row` + i and column `column` + j. */
void gt_leaf_finish(const gt_leaf *leaf, int slice, int64_t row, int64_t column, int64_t rows, int64_t columns,
                    float *v, int64_t ld);

/* The tree as a stack of nodes of `floats` floats: node[level] waits for its right sibling where that bit of the number
 * of leaves so far is set. Adds leaf number `index` of `leaves`; returns a buffer that is free for the next leaf, at
 * the end the root. The buffers of `node`, one for each level below the root, and that of the leaf change places. */
void gt_tree_add(float *restrict to, const float *restrict from, int64_t floats);
float *gt_tree_push(float **node, float *leaf, int index, int leaves, int64_t floats);

/* ---- in tiles ---- */

/* The tree over slices of products that have A by k: in `product`, m, n and k (up to GT_PRODUCT_KC) are those of one
 * slice, pack_a and pack_b count K over all slices, number s having [s k, (s + 1) k); both are needed, and c. */
typedef struct gt_product_tree {
    gt_product product;
    int slices;
    int first; /* their number in `leaf` */
    const gt_leaf *leaf;
} gt_product_tree;

/* How many slices of such products are computed at once: a power of two, 0 where k is too large. Follows from the
 * slice's sizes alone. */
int gt_product_tree_most(const gt_gemm_kernels *kernels, int64_t n, int64_t k);
size_t gt_product_tree_workspace(const gt_product_tree *t, int threads); /* bytes; reads sizes alone */
void gt_product_tree_run(const gt_product_tree *t, gt_pool *pool, void *workspace);

/* ---- in memory ---- */

/* Threads compute leaves together or, with `each`, have slices of their own: then they read the images that they
 * wrote, and wait for each other twice a turn. */
typedef struct gt_slice_tree {
    int slices, parts;
    int64_t rows, columns;
    const gt_leaf *leaf;
    /* A power of two of slices at once, by `several`; 0: each part of each slice by `part`, without gain and term.
     * worker: whose memory; 0 but for `each`. */
    int at_once;
    void (*part)(void *arg, int slice, int part, int worker, float *to);
    void (*several)(void *arg, int first, int count, int worker, float *to);
    void *arg;
    bool apart; /* the leaves one after the other, [slices][rows][columns], instead of their sum */
    int each;   /* threads with slices of their own: see gt_slice_tree_each(); 1: none */
} gt_slice_tree;

/* Can so many threads have equally many slices, and is their sum a node of the tree? */
bool gt_slice_tree_each(const gt_slice_tree *t, int threads);
int gt_slice_tree_width(const gt_slice_tree *t);     /* slices that are computed at once */
size_t gt_slice_tree_floats(const gt_slice_tree *t); /* of buffers; reads sizes, at_once and each */
void gt_slice_tree_run(const gt_slice_tree *t, gt_pool *pool, float *buffers, float *out);

#endif
