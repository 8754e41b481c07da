/* SPDX-License-Identifier: Apache-2.0
 * What an execution costs, as numbers and as a table. */
#include <stdlib.h>

#include "graph/exec.h"
#include "graph/door/elementwise.h"
#include "gantry/text.h"

gt_exec_totals gt_exec_cost(const gt_exec *e) {
    gt_exec_totals t = {
        .nodes = e->n_steps - e->n_hoisted, .hoisted_nodes = e->n_hoisted, .arena_bytes = e->plan.bytes};
    for (int k = 0; k < e->n_steps; k++) {
        double flops, bytes;
        gt_node_cost(e->steps[k].node, &flops, &bytes);
        *(k < e->n_hoisted ? &t.hoisted_flops : &t.flops) += flops;
        *(k < e->n_hoisted ? &t.hoisted_bytes : &t.bytes) += bytes;
    }
    return t;
}

double gt_step_seconds(const gt_step *s) { return s->times ? s->seconds / (double)s->times : 0; }

const char *gt_node_kernel_text(const gt_node *n, char text[], size_t room) {
    if (n->op != &gt_op_fused) return n->op->kernel ? n->op->kernel(n) : n->op->name;
    gt_map_program p;
    gt_map_program_of(n, &p);
    size_t used = 0;
    for (int k = 0; k < p.n_steps && used + 1 < room; k++)
        used += (size_t)snprintf(text + used, room - used, "%s%s", k ? "," : "",
                                 gt_op_elementwise[p.step[k].code].name);
    return text;
}

static double print_steps(const gt_exec *e, FILE *f, int begin, int end) {
    double total = 0;
    for (int k = begin; k < end; k++) {
        const gt_step *s = &e->steps[k];
        double flops, bytes, ms = 1e3 * gt_step_seconds(s);
        char shape[96], kernel[160];
        gt_node_cost(s->node, &flops, &bytes);
        gt_print_to(f, "%-44s %-16s %-24s %10.3f %9.3f %9.3f\n", s->node->name, gt_shape_text(&s->node->shape, shape),
                    gt_node_kernel_text(s->node, kernel, sizeof kernel), flops / 1e6, bytes / 1e6, ms);
        total += ms;
    }
    return total;
}

static void print_total(FILE *f, const char *what, int nodes, double flops, double bytes, double ms) {
    char text[64];
    snprintf(text, sizeof text, "%s: %d nodes", what, nodes);
    gt_print_to(f, "%-44s %-16s %-24s %10.3f %9.3f %9.3f\n\n", text, "", "", flops / 1e6, bytes / 1e6, ms);
}

static int larger(const void *a, const void *b) {
    const gt_interval *x = *(const gt_interval *const *)a, *y = *(const gt_interval *const *)b;
    if (x->bytes != y->bytes) return x->bytes < y->bytes ? 1 : -1;
    return x->node - y->node;
}

/* What the arena holds when it holds most. */
static void print_peak(const gt_exec *e, FILE *f) {
    enum { SHOWN = 12 };
    const gt_memory_plan *p = &e->plan;
    const gt_graph *g = e->graph;
    GT_FREED const gt_interval **alive = malloc((size_t)(p->n_buffers + 1) * sizeof *alive);
    int n = 0;
    for (int i = 0; i < p->n_buffers && alive; i++)
        if (p->buffers[i].first <= p->peak && p->peak <= p->buffers[i].last) alive[n++] = &p->buffers[i];
    if (n) qsort(alive, (size_t)n, sizeof *alive, larger);
    gt_print_to(f, "arena: %.3f MB; %.3f MB alive at its fullest%s%s\n", (double)p->bytes / 1e6, (double)p->least / 1e6,
                p->peak < g->n_nodes ? ", by " : "", p->peak < g->n_nodes ? g->nodes[p->peak]->name : "");
    for (int i = 0; i < n && i < SHOWN; i++) {
        const gt_interval *b = alive[i];
        gt_print_to(f, "  %9.3f MB %s%s, until %s\n", (double)b->bytes / 1e6, b->scratch ? "workspace of " : "",
                    g->nodes[b->node]->name, b->last < g->n_nodes ? g->nodes[b->last]->name : "the end");
    }
    if (n > SHOWN) gt_print_to(f, "  and %d smaller\n", n - SHOWN);
}

void gt_exec_print(const gt_exec *e, FILE *f) {
    gt_exec_totals t = gt_exec_cost(e);
    gt_print_to(f, "%-44s %-16s %-24s %10s %9s %9s\n", "node", "shape", "kernel", "Mflop", "MB", "ms");
    if (e->n_hoisted)
        print_total(f, "once per update", t.hoisted_nodes, t.hoisted_flops, t.hoisted_bytes,
                    print_steps(e, f, 0, e->n_hoisted));
    print_total(f, "every run", t.nodes, t.flops, t.bytes, print_steps(e, f, e->n_hoisted, e->n_steps));
    if (e->n_slice_sums)
        gt_print_to(f, "a run stops %d times for the other slices of the batch (sum_over_slices)\n", e->n_slice_sums);
    print_peak(e, f);
}
