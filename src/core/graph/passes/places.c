/* SPDX-License-Identifier: Apache-2.0
 * Places of maxima: a picture that is only pooled is held until the derivative of the pooling is there, which asks
 * where the maxima are. This pass finds the places when the picture is pooled and holds them instead: with windows of
 * 2x2 they are a quarter of the picture. No bit changes. */
#include "graph/door/nodes.h"
#include "graph/door/op_list.h"
#include "graph/door/passes.h"

typedef struct reading { /* of a node */
    int uses, pools, spreads;
} reading;

static bool is_pool(const gt_node *n) { return n->op == &gt_op_max_pool_pick && n->in[0] == n->in[1]; }

static bool only_pooled(const reading *r, const gt_node *x) {
    bool again = gt_is_leaf(x) || x->op->view || x->op->elementwise; /* is there, or is soon computed again */
    return !again && r[x->id].pools && r[x->id].spreads && r[x->id].uses == 2 * r[x->id].pools + r[x->id].spreads;
}

/* Equal places become one node, the first. */
static gt_node *places(void *arg, gt_graph *g, const gt_node *n, gt_node **in) {
    bool spread = n->op == &gt_op_max_pool_spread;
    if (!(spread || is_pool(n)) || !only_pooled(arg, n->in[0])) return NULL;
    gt_node *where = gt_max_pool_places(g, n, in[0]);
    return spread ? gt_max_pool_put(g, n, where, in[1]) : NULL;
}

const gt_graph *gt_pass_places(const gt_graph *src, gt_arena *arena, const gt_exec_options *options) {
    if (options->no_fusion) return src;
    reading *r = gt_by_node(src, arena, sizeof *r);
    int *uses = gt_count_uses(src, arena);
    if (!r || !uses) return NULL;
    for (int id = 0; id < src->n_nodes; id++) {
        const gt_node *n = src->nodes[id];
        r[id].uses = uses[id];
        if (is_pool(n)) r[n->in[0]->id].pools++;
        /* a spread of the picture itself reads it twice */
        if (n->op == &gt_op_max_pool_spread && n->in[0] != n->in[1]) r[n->in[0]->id].spreads++;
    }
    return gt_rewrite(src, arena, places, r);
}
