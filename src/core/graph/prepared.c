/* SPDX-License-Identifier: Apache-2.0
 * The table of prepared values: a graph of its own, into which executions import what they need, and for each batch of
 * values an execution that computes this rank's part of them. */
#include <stdlib.h>
#include <string.h>

#include "base/door/hash.h"
#include "graph/door/passes.h"

typedef struct value {
    const gt_node *node; /* of the table's graph */
    size_t offset;       /* bytes */
    unsigned slots;      /* bit i: parameters of slot i are needed for it */
    unsigned uses;       /* bit i: executions of use i read it */
    double work;         /* with all that leads to it */
    int batch;
} value;

typedef struct batch { /* values that change together and are read together */
    unsigned slots, uses;
    bool stale;
    gt_graph *graph;
    gt_exec *exec; /* NULL: this rank has no part of it */
} batch;

struct gt_prepared {
    int slot;
    gt_graph *graph;
    value *values;
    int n_values, room_values;
    size_t bytes;
    batch *batches;
    int n_batches, room_batches;
};

gt_prepared *gt_prepared_new(int slot) {
    gt_prepared *p = calloc(1, sizeof *p);
    if (!p) gt_fail(GT_NOMEM, "out of memory for prepared values");
    if (p) p->slot = slot;
    return p;
}

void gt_prepared_free(gt_prepared *p) {
    if (!p) return;
    for (int i = 0; i < p->n_batches; i++) {
        gt_exec_free(p->batches[i].exec);
        gt_graph_free(p->batches[i].graph);
    }
    gt_graph_free(p->graph);
    free(p);
}

int gt_prepared_slot(const gt_prepared *p) { return p->slot; }
size_t gt_prepared_bytes(const gt_prepared *p) { return p->bytes; }

/* ---- filling ---- */

bool gt_prepared_takes(gt_prepared *p, const gt_graph *g) {
    if (!p->graph) p->graph = gt_graph_new("prepared values", g->kernels);
    return p->graph && p->graph->kernels == g->kernels;
}

static bool equal(const gt_node *a, const gt_node *n, gt_node *const *in) {
    if (a->op != n->op || a->n_in != n->n_in || a->attr_bytes != n->attr_bytes) return false;
    for (int i = 0; i < a->n_in; i++)
        if (a->in[i] != in[i]) return false;
    return gt_shape_equal(&a->shape, &n->shape) && (!n->attr_bytes || !memcmp(a->attr, n->attr, n->attr_bytes));
}

/* Attributes and names are copied: an execution may go before the table does. */
static gt_node *copy_of(gt_graph *g, const gt_node *n, gt_node *const *in) {
    gt_node *copy = gt_node_clone(g, n, in);
    void *attr = n->attr_bytes ? gt_arena_alloc(g->arena, n->attr_bytes) : NULL;
    if (!copy || (n->attr_bytes && !attr)) return NULL;
    if (attr) memcpy(attr, n->attr, n->attr_bytes);
    copy->attr = attr;
    gt_node_rename(copy, "%s", n->name);
    return copy;
}

const gt_node *gt_prepared_import(gt_prepared *p, const gt_node *n, const gt_node **known) {
    if (known[n->id]) return known[n->id];
    gt_node *in[n->n_in + 1];
    for (int i = 0; i < n->n_in; i++)
        if (!(in[i] = (gt_node *)gt_prepared_import(p, n->in[i], known))) return NULL;
    for (int id = 0; id < p->graph->n_nodes && !known[n->id]; id++)
        if (equal(p->graph->nodes[id], n, in)) known[n->id] = p->graph->nodes[id];
    if (!known[n->id]) known[n->id] = copy_of(p->graph, n, in);
    return known[n->id];
}

static unsigned slots_of(const gt_node *n) {
    unsigned slots = n->op == &gt_op_param ? 1u << ((const gt_param_attr *)n->attr)->slot : 0;
    for (int i = 0; i < n->n_in; i++) slots |= slots_of(n->in[i]);
    return slots;
}

gt_status gt_prepared_add(gt_prepared *p, const gt_node *n, double work, int use, size_t *offset) {
    int i = 0;
    while (i < p->n_values && p->values[i].node != n) i++;
    if (i == p->n_values) {
        if (!gt_arena_grow(p->graph->arena, &p->values, i, &p->room_values, sizeof *p->values)) return GT_NOMEM;
        p->values[p->n_values++] = (value){.node = n, .offset = p->bytes, .slots = slots_of(n), .work = work};
        p->bytes += gt_buffer_bytes(gt_node_bytes(n));
    }
    p->values[i].uses |= 1u << use;
    *offset = p->values[i].offset;
    return GT_OK;
}

/* ---- what is to be known of the whole ---- */

static void hash_node(gt_hasher *h, const gt_node *n) {
    gt_hasher_add(h, n->op->name, strlen(n->op->name) + 1);
    gt_hasher_add(h, n->attr, n->attr_bytes);
    gt_hasher_add(h, n->shape.d, (size_t)n->shape.n * sizeof *n->shape.d);
    for (int i = 0; i < n->n_in; i++) gt_hasher_add(h, &n->in[i]->id, sizeof n->in[i]->id);
}

uint64_t gt_prepared_key(const gt_prepared *p) {
    gt_hasher *h = p->graph ? gt_hasher_new() : NULL;
    if (!h) return 0;
    const char *instructions = gt_kernel_set_instructions(p->graph->kernels),
               *arithmetic = gt_kernel_set_arithmetic(p->graph->kernels);
    gt_hasher_add(h, instructions, strlen(instructions) + 1);
    gt_hasher_add(h, arithmetic, strlen(arithmetic) + 1);
    for (int id = 0; id < p->graph->n_nodes; id++) hash_node(h, p->graph->nodes[id]);
    for (int i = 0; i < p->n_values; i++) {
        const value *v = &p->values[i];
        gt_hasher_add(h, (const int[]){v->node->id, (int)v->uses}, 2 * sizeof(int));
    }
    return gt_hasher_end(h).low;
}

/* ---- parts ---- */

static int find_batch(gt_prepared *p, const value *v) {
    int i = 0;
    while (i < p->n_batches && (p->batches[i].slots != v->slots || p->batches[i].uses != v->uses)) i++;
    if (i < p->n_batches) return i;
    if (!gt_arena_grow(p->graph->arena, &p->batches, p->n_batches, &p->room_batches, sizeof *p->batches)) return -1;
    p->batches[p->n_batches] = (batch){.slots = v->slots, .uses = v->uses, .stale = true};
    return p->n_batches++;
}

static int heavier(const void *a, const void *b) {
    const value *x = *(const value *const *)a, *y = *(const value *const *)b;
    if (x->work != y->work) return x->work < y->work ? 1 : -1;
    return x->offset < y->offset ? -1 : 1;
}

/* The heaviest first, each to the rank that has least so far; where several have, to the first after the one that got
 * the last: batches of a few values go round. owner: by index of the value. */
static void deal(gt_prepared *p, int index, int ranks, double *loads, const value **order, int *owner, int *next) {
    int n = 0;
    for (int i = 0; i < p->n_values; i++)
        if (p->values[i].batch == index) order[n++] = &p->values[i];
    qsort(order, (size_t)n, sizeof *order, heavier);
    memset(loads, 0, (size_t)ranks * sizeof *loads);
    for (int i = 0; i < n; i++) {
        int least = *next;
        for (int k = 0; k < ranks; k++)
            if (loads[(*next + k) % ranks] < loads[least]) least = (*next + k) % ranks;
        loads[least] += order[i]->work;
        owner[order[i] - p->values] = least;
        *next = (least + 1) % ranks;
    }
}

static gt_node *cloned(gt_graph *g, const gt_node *n, gt_node **known) {
    gt_node *in[n->n_in + 1];
    if (known[n->id]) return known[n->id];
    for (int i = 0; i < n->n_in; i++)
        if (!(in[i] = cloned(g, n->in[i], known))) return NULL;
    return known[n->id] = gt_node_clone(g, n, in);
}

/* The execution of this rank's part of a batch. */
static gt_status make_part(gt_prepared *p, int index, int rank, const int *owner, gt_pool *pool) {
    batch *b = &p->batches[index];
    b->graph = gt_graph_new("prepared values", p->graph->kernels);
    if (!b->graph) return GT_NOMEM;
    gt_node **known = gt_by_node(p->graph, b->graph->arena, sizeof *known);
    for (int i = 0; known && i < p->n_values && !b->graph->status; i++) {
        const value *v = &p->values[i];
        if (v->batch != index || owner[i] != rank) continue;
        gt_node *n = cloned(b->graph, v->node, known);
        char *name = gt_arena_printf(b->graph->arena, "prepared value %d", i);
        if (n && name) gt_output_to(b->graph, name, n, p->slot, v->offset / sizeof(float));
    }
    if (gt_graph_status(b->graph)) return GT_NOMEM;
    if (!b->graph->n_results) return GT_OK;
    b->exec = gt_exec_new(b->graph, &(gt_exec_options){.pool = pool, .runs = 1});
    return b->exec ? GT_OK : GT_FAILED;
}

gt_status gt_prepared_divide(gt_prepared *p, int ranks, int rank, gt_pool *pool) {
    if (!p->n_values) return GT_OK;
    gt_arena *arena = p->graph->arena;
    double *loads = gt_arena_array(arena, (size_t)ranks, sizeof *loads);
    const value **order = gt_arena_array(arena, (size_t)p->n_values, sizeof *order);
    int *owner = gt_arena_array(arena, (size_t)p->n_values, sizeof *owner), next = 0;
    for (int i = 0; i < p->n_values; i++)
        if ((p->values[i].batch = find_batch(p, &p->values[i])) < 0) break;
    if (gt_arena_failed(arena)) return gt_fail(GT_NOMEM, "out of memory for prepared values");
    gt_status st = GT_OK;
    for (int i = 0; i < p->n_batches && !st; i++) {
        deal(p, i, ranks, loads, order, owner, &next);
        st = make_part(p, i, rank, owner, pool);
    }
    return st;
}

size_t gt_prepared_arena_bytes(const gt_prepared *p) {
    size_t most = 0;
    for (int i = 0; i < p->n_batches; i++)
        if (p->batches[i].exec && gt_exec_arena_bytes(p->batches[i].exec) > most)
            most = gt_exec_arena_bytes(p->batches[i].exec);
    return most;
}

void gt_prepared_use_arena(gt_prepared *p, void *memory) {
    for (int i = 0; i < p->n_batches; i++)
        if (p->batches[i].exec) gt_exec_use_arena(p->batches[i].exec, memory);
}

void gt_prepared_bind(gt_prepared *p, int slot, void *base) {
    for (int i = 0; i < p->n_batches; i++)
        if (p->batches[i].exec) gt_exec_bind(p->batches[i].exec, slot, base);
}

/* ---- running ---- */

void gt_prepared_changed(gt_prepared *p, int slot) {
    for (int i = 0; i < p->n_batches; i++) p->batches[i].stale |= p->batches[i].slots >> slot & 1;
}

static bool is_due(const batch *b, int use) { return b->stale && b->uses >> use & 1; }

bool gt_prepared_due(const gt_prepared *p, int use) {
    bool any = false;
    for (int i = 0; i < p->n_batches; i++) any |= is_due(&p->batches[i], use);
    return any;
}

gt_status gt_prepared_run(gt_prepared *p, int use, const gt_exec_env *env) {
    gt_status st = GT_OK;
    for (int i = 0; i < p->n_batches && !st; i++) {
        batch *b = &p->batches[i];
        if (!is_due(b, use)) continue;
        if (b->exec) st = gt_exec_run(b->exec, env);
        b->stale = false;
    }
    return st;
}
