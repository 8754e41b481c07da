/* SPDX-License-Identifier: Apache-2.0
 * Sums over the slices of a stretch in the middle of executions. The sums are made by the stretch's tree and in
 * float32, as gradients are, so that the sum of a group is a node of the tree. Ranks that share a stretch meet: each
 * gets the finished nodes of all of them and adds them up itself, as the values are small, and ranks wait for one
 * exchange instead of two. A rank is in two such meetings at most, with those before it and with those behind it. */
#include <stdlib.h>
#include <string.h>

#include "dist/comm.h"
#include "dist/door/dist.h"
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

/* ---- meetings ---- */

typedef struct meeting {
    int stretch; /* which; -1: this rank has none of this kind */
    MPI_Comm comm;
    int n, own;           /* ranks that have slices of it, and this one among them */
    int *first;           /* [n + 1] nodes of the stretch's tree before those of each */
    int *counts, *starts; /* [n] numbers in a message */
    gt_tree_node *nodes;  /* of all */
} meeting;

struct gt_meetings {
    gt_comm *comm;
    int slices, stretch;
    meeting kinds[2]; /* those with even and with odd numbers (gt_cut_number) */
};

/* The slices of a stretch that a rank has, by their places in it. */
static bool part_of(const gt_meetings *m, int which, int rank, int *begin, int *end) {
    int first, count, start = which * m->stretch;
    gt_slice_range(m->comm, m->slices, rank, &first, &count);
    *begin = first > start ? first - start : 0;
    *end = first + count - start < m->stretch ? first + count - start : m->stretch;
    return *begin < *end;
}

/* Which stretch of a kind this rank shares; -1: none. */
static int find_shared(const gt_meetings *m, int kind) {
    int first, count;
    gt_slice_range(m->comm, m->slices, m->comm->rank, &first, &count);
    if (!count) return -1;
    const int ends[] = {first / m->stretch, (first + count - 1) / m->stretch};
    for (int i = 0; i < 2; i++) {
        int number = gt_cut_number(m->comm, m->slices, m->stretch, ends[i]);
        if (number >= 0 && number % 2 == kind) return ends[i];
    }
    return -1;
}

static gt_status list_nodes(gt_meetings *m, meeting *k) {
    int begin, end, ranks = m->comm->ranks;
    k->first = calloc((size_t)ranks + 1, sizeof *k->first);
    k->counts = calloc((size_t)ranks, sizeof *k->counts);
    k->starts = calloc((size_t)ranks, sizeof *k->starts);
    k->nodes = calloc((size_t)m->stretch + GT_TREE_DEPTH, sizeof *k->nodes);
    if (!k->first || !k->counts || !k->starts || !k->nodes)
        return gt_fail(GT_NOMEM, "out of memory for sums over slices");
    for (int rank = 0; rank < ranks; rank++) {
        if (!part_of(m, k->stretch, rank, &begin, &end)) continue;
        if (rank == m->comm->rank) k->own = k->n;
        k->first[k->n + 1] = k->first[k->n] + gt_tree_nodes_between(m->stretch, begin, end, k->nodes + k->first[k->n]);
        k->n++;
    }
    return GT_OK;
}

gt_meetings *gt_meetings_new_all(gt_comm *c, int slices, int stretch) {
    gt_meetings *m = calloc(1, sizeof *m);
    gt_status st = m ? GT_OK : gt_fail(GT_NOMEM, "out of memory for sums over slices");
    if (m) *m = (gt_meetings){.comm = c, .slices = slices, .stretch = stretch};
    for (int kind = 0; kind < 2 && m; kind++) {
        m->kinds[kind].stretch = stretch > 1 ? find_shared(m, kind) : -1;
        if (m->kinds[kind].stretch >= 0 && !st) st = list_nodes(m, &m->kinds[kind]);
    }
    if ((st = gt_comm_agree_all(c, st))) {
        gt_meetings_free_all(m);
        return NULL;
    }
    for (int kind = 0; kind < 2 && c->ranks > 1 && stretch > 1; kind++) {
        int which = m->kinds[kind].stretch;
        MPI_Comm_split(gt_inside(c)->world, which < 0 ? MPI_UNDEFINED : which, c->rank, &m->kinds[kind].comm);
    }
    return m;
}

void gt_meetings_free_all(gt_meetings *m) {
    for (int kind = 0; m && kind < 2; kind++) {
        meeting *k = &m->kinds[kind];
        if (k->stretch >= 0 && k->comm) MPI_Comm_free(&k->comm);
        free(k->first);
        free(k->counts);
        free(k->starts);
        free(k->nodes);
    }
    free(m);
}

/* ---- a sum ---- */

/* The nodes of all ranks come to each. */
static void meet(gt_comm *c, meeting *k, size_t n, float *all) {
    for (int i = 0; i < k->n; i++) {
        k->starts[i] = (int)((size_t)k->first[i] * n);
        k->counts[i] = (int)((size_t)(k->first[i + 1] - k->first[i]) * n);
    }
    MPI_Request request;
    MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_FLOAT, all, k->counts, k->starts, MPI_FLOAT, k->comm, &request);
    gt_comm_wait(c, 1, &request);
}

static gt_tree_node node_of(const gt_meetings *m, gt_group g) { return gt_tree_node_of(g.first % m->stretch, g.count); }

gt_status gt_meetings_sum(gt_meetings *m, int n_groups, const gt_group *groups, size_t n, const float *const *own,
                          float *const *total) {
    if (!n_groups) return GT_OK;
    int which = groups[0].first / m->stretch;
    meeting *k = NULL;
    for (int kind = 0; kind < 2; kind++)
        if (m->kinds[kind].stretch == which) k = &m->kinds[kind];
    int nodes = k ? k->first[k->n] : 0;
    float *all = gt_comm_scratch(m->comm, (size_t)(nodes + n_groups), n * sizeof *all);
    if (!all) return GT_FAILED;

    stack mine = {.slices = m->stretch, .n = n}, whole = mine;
    float *partial = all + (size_t)nodes * n, *sum;
    for (int i = 0; i < n_groups; i++) {
        memcpy(partial + (size_t)i * n, own[i], n * sizeof *all);
        push(&mine, node_of(m, groups[i]), partial + (size_t)i * n);
    }
    sum = mine.values[0];
    if (k) {
        /* groups may have come from right to left */
        for (int i = 0; i < mine.depth; i++) {
            int at = groups[0].first <= groups[n_groups - 1].first ? i : mine.depth - 1 - i;
            memcpy(all + (size_t)(k->first[k->own] + at) * n, mine.values[i], n * sizeof *all);
        }
        meet(m->comm, k, n, all);
        for (int i = 0; i < nodes; i++) push(&whole, k->nodes[i], all + (size_t)i * n);
        sum = whole.values[0];
    }
    for (int i = 0; i < n_groups; i++) memcpy(total[i], sum, n * sizeof *all);
    return GT_OK;
}
