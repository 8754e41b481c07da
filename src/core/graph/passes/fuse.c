/* SPDX-License-Identifier: Apache-2.0
 * Fusion: an element-wise node takes the steps of those that make its inputs into its own program, so that what lies
 * between is never written to memory. Taken in are
 *   - nodes of the same shape that nobody else reads;
 *   - nodes that many read but that cost no more to compute again than to read (few steps over at most one input of
 *     full size), if that lets them vanish: all their readers are element-wise of the same shape;
 *   - broadcasts of smaller values, always: reading spreads them for nothing. */
#include <string.h>

#include "graph/door/elementwise.h"
#include "graph/door/passes.h"

enum { CHEAP_STEPS = 3, CHEAP_FLOPS = 6 };

typedef struct fusion {
    int *uses;       /* by id in the source */
    bool *only_maps; /* all users are element-wise, of the same shape and rate */
} fusion;

/* A program under construction and the nodes it reads. */
typedef struct joint {
    gt_map_program p;
    gt_node *in[GT_MAP_MAX_IN];
    bool full;
} joint;

static int input_register(joint *j, gt_node *x) {
    for (int i = 0; i < j->p.n_in; i++)
        if (j->in[i] == x) return i;
    if (j->p.n_in == GT_MAP_MAX_IN) {
        j->full = true;
        return 0;
    }
    j->in[j->p.n_in] = x;
    return j->p.n_in++;
}

/* Steps refer to results by STEP0 + index until the number of inputs is known. */
enum { STEP0 = 128 };

static int add_step(joint *j, const gt_map_step *s) {
    for (int k = 0; k < j->p.n_steps; k++)
        if (memcmp(&j->p.step[k], s, sizeof *s) == 0) return STEP0 + k;
    if (j->p.n_steps == GT_MAP_MAX_STEPS) {
        j->full = true;
        return STEP0;
    }
    j->p.step[j->p.n_steps] = *s;
    return STEP0 + j->p.n_steps++;
}

/* Append a program whose inputs lie in registers `from`; gives its result's register. */
static int append(joint *j, const gt_map_program *p, const int *from) {
    int at[GT_MAP_MAX_IN + GT_MAP_MAX_STEPS];
    for (int i = 0; i < p->n_in; i++) at[i] = from[i];
    for (int k = 0; k < p->n_steps; k++) {
        gt_map_step s = p->step[k];
        for (int i = 0; i < gt_map_arity(s.code); i++) s.arg[i] = (uint8_t)at[p->step[k].arg[i]];
        at[p->n_in + k] = s.code == GT_MAP_broadcast ? s.arg[0] : add_step(j, &s);
    }
    return at[p->n_in + p->n_steps - 1];
}

static int full_inputs(const gt_node *n) {
    int count = 0;
    for (int i = 0; i < n->n_in; i++) count += gt_shape_size(&n->in[i]->shape) == gt_shape_size(&n->shape);
    return count;
}

/* Shall n take in the steps of x? `now` is x with what it has taken in itself. */
static bool takes(const fusion *f, const gt_node *n, const gt_node *x, const gt_node *now) {
    if (!now->op->elementwise || !gt_shape_equal(&x->shape, &n->shape)) return false;
    gt_map_program p;
    gt_map_program_of(now, &p);
    double flops = 0;
    for (int k = 0; k < p.n_steps; k++) flops += gt_map_flops(p.step[k].code);
    if (flops == 0 && full_inputs(now) == 0) return true;
    if (x->rate != n->rate) return false;
    if (f->uses[x->id] == 1) return true;
    return f->only_maps[x->id] && p.n_steps <= CHEAP_STEPS && flops <= CHEAP_FLOPS && full_inputs(now) <= 1;
}

/* n with the inputs whose bit is set in `taken` taken in; false: too large. */
static bool join(joint *j, const gt_node *n, gt_node **in, unsigned taken) {
    int from[GT_MAP_MAX_IN];
    memset(j, 0, sizeof *j);
    gt_shape_store(&j->p.shape, &n->shape);
    for (int i = 0; i < n->n_in; i++) {
        if (!(taken >> i & 1)) {
            from[i] = input_register(j, in[i]);
            continue;
        }
        gt_map_program p;
        int inner[GT_MAP_MAX_IN];
        gt_map_program_of(in[i], &p);
        for (int k = 0; k < p.n_in; k++) inner[k] = input_register(j, in[i]->in[k]);
        from[i] = append(j, &p, inner);
    }
    gt_map_program own;
    gt_map_program_of(n, &own);
    int result = append(j, &own, from), temp[GT_MAP_MAX_STEPS];
    if (j->full || result != STEP0 + j->p.n_steps - 1) return false;
    for (int k = 0; k < j->p.n_steps; k++)
        for (int i = 0; i < gt_map_arity(j->p.step[k].code); i++)
            if (j->p.step[k].arg[i] >= STEP0) j->p.step[k].arg[i] = (uint8_t)(j->p.step[k].arg[i] - STEP0 + j->p.n_in);
    return gt_map_assign(&j->p, temp);
}

static gt_node *fuse(void *arg, gt_graph *dst, const gt_node *n, gt_node **in) {
    const fusion *f = arg;
    if (!n->op->elementwise) return NULL;
    unsigned taken = 0;
    joint j;
    for (int i = 0; i < n->n_in; i++) /* one more at a time: as many as fit */
        if (takes(f, n, n->in[i], in[i]) && join(&j, n, in, taken | 1u << i)) taken |= 1u << i;
    if (!taken || !join(&j, n, in, taken)) return NULL;
    gt_node *r = gt_map_fused(dst, j.p.n_in, j.in, &j.p);
    if (r) r->rate = n->rate;
    return r;
}

static void find_only_maps(const gt_graph *g, bool *only_maps) {
    for (int id = 0; id < g->n_nodes; id++) only_maps[id] = true;
    for (int id = 0; id < g->n_nodes; id++) {
        const gt_node *n = g->nodes[id];
        for (int i = 0; i < n->n_in; i++)
            if (!n->op->elementwise || n->rate != n->in[i]->rate || !gt_shape_equal(&n->shape, &n->in[i]->shape))
                only_maps[n->in[i]->id] = false;
    }
    for (int i = 0; i < g->n_results; i++) only_maps[g->results[i].node->id] = false;
}

const gt_graph *gt_pass_fuse(const gt_graph *src, gt_arena *arena, const gt_exec_options *options) {
    if (options->no_fusion) return src;
    fusion f = {gt_count_uses(src, arena), gt_by_node(src, arena, sizeof(bool))};
    if (!f.uses || !f.only_maps) return NULL;
    find_only_maps(src, f.only_maps);
    return gt_rewrite(src, arena, fuse, &f);
}
