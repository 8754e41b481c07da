/* SPDX-License-Identifier: Apache-2.0
 * Hoisting: what depends on parameters and update inputs alone comes first; gt_exec_prepare() runs it once per update.
 */
#include "graph/door/passes.h"

const gt_graph *gt_pass_hoist(const gt_graph *src, gt_arena *arena, const gt_exec_options *options) {
    (void)options;
    int *order = gt_by_node(src, arena, sizeof *order), n = 0;
    if (!order) return NULL;
    for (int rate = GT_RATE_UPDATE; rate <= GT_RATE_SLICE; rate++)
        for (int id = 0; id < src->n_nodes; id++)
            if (src->nodes[id]->rate == (gt_rate)rate) order[n++] = id;
    return gt_reorder(src, arena, order);
}
