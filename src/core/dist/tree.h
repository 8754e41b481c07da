/* SPDX-License-Identifier: Apache-2.0
 * The tree over slices as a stack machine: push the finished nodes from left to right, or all from right to left; a
 * node whose sibling is on top of the stack is added to it, a node without a right sibling takes its parent's place.
 *
 *     level 3           0-4              push slice   additions   then on the stack
 *                      /   \             0            0           0
 *     level 2       0-3     4            1            1           0-1
 *                  /   \    |            2            0           0-1, 2
 *     level 1    0-1   2-3  4            3            2           0-3
 *                / \   / \  |            4            1           0-4: the root of 5 slices
 *     level 0   0   1 2   3 4
 *
 * Who begins with slice 2 keeps the nodes 2-3 and 4: what the tree adds them to is on another rank. */
#ifndef GANTRY_DIST_TREE_H
#define GANTRY_DIST_TREE_H

#include <stdbool.h>

#include "gantry/dist.h"

typedef struct gt_tree_node {
    int level, index;
} gt_tree_node;

enum { GT_TREE_DEPTH = 64 }; /* enough for any stack over 2^31 slices */

static inline int gt_tree_width(int slices, int level) { return (int)((slices + (1ll << level) - 1) >> level); }

/* The node that is the sum of `count` slices from `first` on (see gt_group). */
static inline gt_tree_node gt_tree_node_of(int first, int count) {
    gt_tree_node n = {0, first};
    for (; (1ll << n.level) < count; n.level++) n.index /= 2;
    return n;
}

/* Pushes a node; *depth is the height of the stack. The caller puts the value of the node at the old height, and then,
 * as often as the return value says, adds the top value to the value below and drops the top value. */
static inline int gt_tree_push(gt_tree_node *stack, int *depth, gt_tree_node node, int slices) {
    int additions = 0;
    stack[(*depth)++] = node;
    for (;;) {
        gt_tree_node *top = &stack[*depth - 1];
        int width = gt_tree_width(slices, top->level);
        if (width == 1) return additions; /* the root */
        bool alone = top->index % 2 == 0 && top->index + 1 == width;
        if (!alone) {
            if (*depth < 2 || top[-1].level != top->level || top[-1].index != (top->index ^ 1)) return additions;
            --*depth;
            --top;
            additions++;
        }
        top->level++;
        top->index /= 2;
    }
}

/* Of the stretches that ranks share, counted from the batch's beginning, the number of stretch `which`; -1: one rank
 * has all of it. */
int gt_cut_number(const gt_comm *c, int slices, int stretch, int which);

/* The nodes that slices from `first` up to `end` add up to, from left to right, in nodes[GT_TREE_DEPTH]; returns their
 * number. */
int gt_tree_nodes_between(int slices, int first, int end, gt_tree_node *nodes);
/* The same for the slices of a rank. Every rank can compute the nodes of every rank. */
int gt_tree_nodes_of(const gt_comm *c, int slices, int rank, gt_tree_node *nodes);

#endif
