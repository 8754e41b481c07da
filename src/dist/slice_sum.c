/* SPDX-License-Identifier: Apache-2.0
 * Sums over slices in the middle of executions. The sums are made by the tree and in float32, as gradients are, so that
 * the sum of a group is a node of the tree. Every rank gets the finished nodes of all ranks and adds them up itself:
 * the values are small, and ranks wait for one exchange instead of two. */
#include <string.h>

#include "dist/comm.h"
#include "dist/tree.h"

typedef struct stack {
    int slices;
    size_t n;
    gt_tree_node stack[GT_TREE_DEPTH];
    float *values[GT_TREE_DEPTH];
    int depth;
} stack;

/* Put a node on the stack; its values, and those below, are added into. */
static void push(stack *m, gt_tree_node node, float *values) {
    m->values[m->depth] = values;
    int height = m->depth + 1, additions = gt_tree_push(m->stack, &m->depth, node, m->slices);
    for (int k = 0; k < additions; k++, height--)
        for (size_t i = 0; i < m->n; i++) m->values[height - 2][i] += m->values[height - 1][i];
}

gt_status gt_comm_slice_sum_all(gt_comm *c, int slices, int n_groups, const gt_group *groups, size_t n,
                                const float *const *own, float *const *total) {
    gt_tree_node nodes[GT_TREE_DEPTH];
    int first[c->ranks + 1];
    first[0] = 0;
    for (int rank = 0; rank < c->ranks; rank++)
        first[rank + 1] = first[rank] + gt_tree_nodes_of(slices, c->ranks, rank, nodes);
    float *all = gt_comm_scratch(c, (size_t)(first[c->ranks] + n_groups), n * sizeof *all);
    if (!all) return GT_FAILED;

    stack mine = {.slices = slices, .n = n}, whole = mine;
    float *partial = all + (size_t)first[c->ranks] * n;
    for (int i = 0; i < n_groups; i++) {
        memcpy(partial + (size_t)i * n, own[i], n * sizeof *all);
        push(&mine, gt_tree_node_of(groups[i].first, groups[i].count), partial + (size_t)i * n);
    }
    for (int i = 0; i < mine.depth; i++)
        memcpy(all + (size_t)(first[c->rank] + i) * n, mine.values[i], n * sizeof *all);
    gt_comm_rows_all(c, first, n, MPI_FLOAT, all);
    for (int rank = 0; rank < c->ranks; rank++) {
        int count = gt_tree_nodes_of(slices, c->ranks, rank, nodes);
        for (int i = 0; i < count; i++) push(&whole, nodes[i], all + (size_t)(first[rank] + i) * n);
    }
    for (int i = 0; i < n_groups; i++) memcpy(total[i], whole.values[0], n * sizeof *all);
    return GT_OK;
}
