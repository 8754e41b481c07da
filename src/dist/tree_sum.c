/* SPDX-License-Identifier: Apache-2.0
 * Long vectors of float64 summed over slices by the tree. A rank adds its slices up as they come and keeps the finished nodes, at most two for
 * each level; rank 0 gets all ranks' nodes in order and finishes the tree. */
#include <stdlib.h>
#include <string.h>

#include "dist/comm.h"
#include "dist/tree.h"
#include "gantry/memory.h"

struct gt_tree_sum {
    gt_comm *comm;
    int slices, first, own; /* this rank's slices */
    int added;              /* of them */
    size_t n;
    double *values;         /* of the nodes on the stack, one after the other */
    size_t bytes;
    gt_tree_node stack[GT_TREE_DEPTH];
    int depth;
};

gt_tree_sum *gt_tree_sum_new(gt_comm *c, int slices, size_t n) {
    gt_tree_sum *s = calloc(1, sizeof *s);
    if (!s) {
        gt_fail(GT_NOMEM, "out of memory for sums");
        return NULL;
    }
    *s = (gt_tree_sum){.comm = c, .slices = slices, .n = n};
    gt_slice_range(slices, c->ranks, c->rank, &s->first, &s->own);
    size_t levels = 0;
    while (1ll << levels < slices) levels++;
    bool too_many = gt_mul_overflows(2 * levels + 2, n, &s->bytes) || gt_mul_overflows(s->bytes, sizeof *s->values, &s->bytes);
    if (too_many) gt_fail(GT_NOMEM, "vectors of %zu numbers are too long to be summed", n);
    else s->values = gt_block_alloc(s->bytes, "sums over blocks of points"); /* untouched pages cost nothing */
    if (s->values) return s;
    free(s);
    return NULL;
}

void gt_tree_sum_free(gt_tree_sum *s) {
    if (!s) return;
    gt_block_free(s->values, s->bytes);
    free(s);
}

static void push(gt_tree_sum *s, gt_tree_node node, const double *values) {
    memcpy(s->values + (size_t)s->depth * s->n, values, s->n * sizeof *values);
    int additions = gt_tree_push(s->stack, &s->depth, node, s->slices);
    double *into = s->values + (size_t)(s->depth - 1 + additions) * s->n;
    for (; additions > 0; additions--) {
        double *left = into - s->n;
        for (size_t i = 0; i < s->n; i++) left[i] += into[i];
        into = left;
    }
}

void gt_tree_sum_add(gt_tree_sum *s, const double *values) {
    gt_pulse_turn(s->comm, 0); /* slices may take long, and the others wait */
    push(s, (gt_tree_node){0, s->first + s->added++}, values);
}

typedef struct funnel {
    gt_tree_sum *sum;
    int rank; /* whose nodes come next */
} funnel;

static gt_status take(void *arg, const void *data, size_t bytes) {
    funnel *f = arg;
    gt_tree_sum *s = f->sum;
    gt_tree_node nodes[GT_TREE_DEPTH];
    int n = gt_tree_nodes_of(s->slices, s->comm->ranks, f->rank, nodes);
    if (bytes != (size_t)n * s->n * sizeof(double)) return gt_fail(GT_FAILED, "rank %d sent %zu bytes of sums where %d nodes were due", f->rank, bytes, n);
    for (int i = 0; i < n && f->rank > 0; i++) push(s, nodes[i], (const double *)data + (size_t)i * s->n); /* rank 0's own are there */
    f->rank++;
    return GT_OK;
}

gt_status gt_tree_sum_finish(gt_tree_sum *s, double *out) {
    funnel f = {s, 0};
    gt_status st = s->added == s->own ? GT_OK : gt_fail(GT_FAILED, "%d of %d slices were summed", s->added, s->own);
    if (!st && s->comm->ranks > 1) st = gt_comm_funnel(s->comm, s->values, (size_t)s->depth * s->n * sizeof *s->values, take, &f);
    if (!st && s->comm->rank == 0) memcpy(out, s->values, s->n * sizeof *out);
    s->depth = s->added = 0;
    return st;
}
