/* SPDX-License-Identifier: Apache-2.0
 * Is the memory plan of an execution right? By brute force. */
#ifndef GANTRY_TESTS_GRAPH_CHECK_H
#define GANTRY_TESTS_GRAPH_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "graph/exec.h"

static inline size_t blocks_of(const gt_node *n) {
    return ((size_t)gt_shape_size(&n->shape) * sizeof(float) + 63) / 64;
}

/* Who wrote each 64 bytes of the arena last, followed through some steps: every reader finds what it wants. */
static inline void follow(const gt_exec *e, int begin, int end, int *writer) {
    const gt_memory_plan *plan = &e->plan;
    for (int k = begin; k < end; k++) {
        const gt_node *n = e->steps[k].node;
        for (int i = 0; i < n->n_in; i++) {
            const gt_node *x = n->in[i];
            const gt_place *p = &plan->places[x->id];
            size_t end = (p->offset + (size_t)gt_shape_size(&x->shape) * sizeof(float) + 63) / 64;
            if (!gt_reads(n, i)) continue;
            while (x->op->view) x = x->in[0];
            for (size_t b = p->offset / 64; p->kind == GT_PLACE_ARENA && b < end; b++)
                if (writer[b] != x->id)
                    fail_msg("'%s' reads '%s' after '%s' has written there", n->name, x->name,
                             e->graph->nodes[writer[b]]->name);
        }
        const gt_place *p = &plan->places[n->id];
        if (plan->scratch_in[n->id] >= 0) {
            const gt_interval *scratch = &plan->buffers[plan->scratch_in[n->id]];
            for (size_t b = 0; b < scratch->bytes / 64; b++) writer[scratch->offset / 64 + b] = n->id;
            if (p->kind == GT_PLACE_ARENA)
                assert_true(p->offset + 64 * blocks_of(n) <= scratch->offset ||
                            scratch->offset + scratch->bytes <= p->offset);
        }
        for (size_t b = 0; p->kind == GT_PLACE_ARENA && b < blocks_of(n); b++) writer[p->offset / 64 + b] = n->id;
    }
}

/* No two buffers share bytes while both are alive, and prepare and two runs read what was meant. */
static inline void check_places(const gt_exec *e) {
    const gt_memory_plan *p = &e->plan;
    for (int i = 0; i < p->n_buffers; i++)
        for (int k = 0; k < i; k++) {
            const gt_interval *a = &p->buffers[i], *b = &p->buffers[k];
            bool together = a->first <= b->last && b->first <= a->last,
                 share = a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
            if (together && share)
                fail_msg("'%s' and '%s' share bytes", e->graph->nodes[a->node]->name, e->graph->nodes[b->node]->name);
            assert_true(a->offset + a->bytes <= p->bytes);
        }
    int *writer = calloc(p->bytes / 64 + 1, sizeof *writer);
    for (int id = 0; id < e->graph->n_nodes; id++) {
        const gt_node *x = e->graph->nodes[id];
        bool given = x->op == &gt_op_input || x->op == &gt_op_update_input;
        for (size_t b = 0; given && b < blocks_of(x); b++) writer[p->places[id].offset / 64 + b] = id;
    }
    follow(e, 0, e->n_hoisted, writer);
    for (int again = 0; again < 2; again++) follow(e, e->n_hoisted, e->n_steps, writer);
    free(writer);
}

#endif
