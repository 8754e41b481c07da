/* SPDX-License-Identifier: Apache-2.0
 * Hoisting: what depends on parameters and update inputs alone comes first; gt_exec_prepare() runs it once per update. */
#include <stdlib.h>

#include "graph/passes/passes.h"

gt_graph *gt_pass_hoist(const gt_graph *src, gt_arena *arena) {
    int *order = calloc((size_t)src->n_nodes + 1, sizeof *order), n = 0;
    if (!order) {
        gt_fail(GT_NOMEM, "out of memory for graph '%s'", src->name);
        return NULL;
    }
    for (int rate = GT_RATE_UPDATE; rate <= GT_RATE_SLICE; rate++)
        for (int id = 0; id < src->n_nodes; id++)
            if (src->nodes[id]->rate == (gt_rate)rate) order[n++] = id;
    gt_graph *dst = gt_reorder(src, arena, order);
    free(order);
    return dst;
}
