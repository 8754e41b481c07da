/* SPDX-License-Identifier: Apache-2.0
 * The executor: passes, plan, and then nothing but calls of kernels. */
#include "graph/exec.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/door/clock.h"
#include "base/door/memory.h"
#include "base/door/pool.h"
#include "base/door/progress.h"

/* ---- making ---- */

#define X(name) gt_pass_##name,
static gt_pass *const passes[] = {GT_PASS_LIST(X)};
#undef X
enum { PASSES = sizeof passes / sizeof *passes };

/* The graph through the passes from number `first` on, all but recomputation; NULL: see gt_message(). */
static const gt_graph *optimise(gt_exec *e, const gt_graph *g, int first) {
    for (int i = first; g && i < PASSES; i++) {
        if (passes[i] == gt_pass_prepared) e->unprepared = g, e->prepares = i;
        g = passes[i](g, e->meta, &e->options);
    }
    return g;
}

/* A step for each node that computes something, in the order of the graph: views and leaves have none. Beside the
 * steps, which of them are sums over slices, how many are hoisted, and which placed results are complete after which
 * step. */
static gt_status make_steps(gt_exec *e) {
    const gt_graph *g = e->graph;
    int threads = gt_pool_threads(e->options.pool);
    e->n_steps = e->n_hoisted = e->n_order = e->n_slice_sums = 0;
    e->steps = gt_arena_array(e->meta, (size_t)g->n_nodes + 1, sizeof *e->steps);
    e->order = gt_arena_array(e->meta, (size_t)g->n_results + 1, sizeof *e->order);
    e->slice_sums = gt_arena_array(e->meta, (size_t)g->n_nodes + 1, sizeof *e->slice_sums);
    if (gt_arena_failed(e->meta)) return GT_NOMEM;
    for (int id = 0; id < g->n_nodes; id++) {
        const gt_node *n = g->nodes[id];
        if (gt_is_leaf(n) || n->op->view) continue;
        if (gt_is_slice_sum(n)) e->slice_sums[e->n_slice_sums++] = e->n_steps;
        gt_step *s = &e->steps[e->n_steps++];
        const float **in = gt_arena_array(e->meta, (size_t)n->n_in + 1, sizeof *in);
        if (!in) return GT_NOMEM;
        s->node = n;
        gt_pool *pool = gt_node_is_shared(n, threads) ? e->options.pool : NULL;
        s->run = (gt_run){.node = n, .in = in, .pool = pool, .env = &e->env};
        if (n->rate == GT_RATE_UPDATE) e->n_hoisted++;
        for (int i = 0; i < g->n_results; i++) {
            const gt_result *r = &g->results[i];
            if (r->placed && r->node == n)
                e->order[e->n_order++] = (gt_output_place){r->name, r->slot, r->offset,
                                                           (size_t)gt_shape_size(&n->shape)};
        }
        s->done = e->n_order;
    }
    return GT_OK;
}

/* Recomputation down to `enough` bytes, places, steps. */
static gt_status make_plan(gt_exec *e, size_t enough) {
    int threads = gt_pool_threads(e->options.pool);
    const gt_graph *g = e->ordered;
    if (e->options.recompute > 0) g = gt_pass_recompute(g, e->meta, threads, e->options.recompute, enough);
    if (!g) return GT_NOMEM;
    e->graph = g;
    gt_status status = gt_plan_memory(g, threads, e->meta, &e->plan);
    return status ? status : make_steps(e);
}

/* What is alive at one time may be little enough, and the arena not. */
static gt_status first_plan(gt_exec *e) {
    size_t enough = e->options.enough;
    gt_status status = make_plan(e, enough);
    return !status && e->plan.least <= enough && e->plan.bytes > enough ? make_plan(e, 0) : status;
}

static atomic_llong made;

int64_t gt_execs_made(void) { return atomic_load(&made); }

gt_exec *gt_exec_new(gt_graph *g, const gt_exec_options *options) {
    if (gt_graph_status(g)) return NULL;
    atomic_fetch_add(&made, 1);
    gt_arena *meta = gt_arena_new();
    gt_exec *e = meta ? gt_arena_alloc(meta, sizeof *e) : NULL;
    if (e) {
        e->meta = meta;
        if (options) e->options = *options;
        if (e->options.slices < 1) e->options.slices = 1;
        e->ordered = optimise(e, g, 0);
    }
    if (e && g->loop.turns) e->loop_state = gt_arena_array(meta, g->loop.state_bytes, 1);
    if (!e || !e->ordered || first_plan(e) || gt_arena_failed(meta)) {
        gt_arena_free(meta);
        return NULL;
    }
    return e;
}

gt_status gt_exec_share(gt_exec *e, gt_prepared *prepared, int use) {
    e->options.prepared = prepared;
    e->options.use = use;
    const gt_graph *g = gt_pass_prepared(e->unprepared, e->meta, &e->options);
    if (g == e->unprepared) return GT_OK; /* the table has nothing for it */
    e->ordered = optimise(e, g, e->prepares + 1);
    return e->ordered && !first_plan(e) && !gt_arena_failed(e->meta) ? GT_OK : gt_failure();
}

void gt_exec_free(gt_exec *e) {
    if (!e) return;
    if (e->owns_memory) gt_block_free(e->memory, e->plan.bytes);
    gt_arena_free(e->meta);
}

/* ---- memory ---- */

size_t gt_exec_arena_bytes(const gt_exec *e) { return e->plan.bytes; }

gt_status gt_exec_relax(gt_exec *e, size_t bytes) {
    if (e->graph == e->ordered || e->memory || e->plan.bytes >= bytes) return GT_OK;
    /* A plan may come out a little larger than what is alive at one time. */
    gt_status status = GT_OK;
    size_t enough = bytes;
    do {
        status = make_plan(e, enough);
        enough -= enough / 16;
    } while (!status && e->plan.bytes > bytes && enough > bytes / 2);
    return !status && e->plan.bytes > bytes ? first_plan(e) : status;
}

void gt_exec_use_arena(gt_exec *e, void *memory) {
    if (e->memory == memory) return;
    if (e->owns_memory) gt_block_free(e->memory, e->plan.bytes);
    e->memory = memory;
    e->owns_memory = e->resolved = e->prepared = false;
}

void gt_exec_bind(gt_exec *e, int slot, void *base) {
    if (slot < 0 || slot >= GT_MAX_SLOTS || e->slots[slot] == base) return;
    e->slots[slot] = base;
    e->resolved = false;
}

static gt_status have_memory(gt_exec *e) {
    if (e->memory) return GT_OK;
    e->memory = gt_block_alloc(e->plan.bytes ? e->plan.bytes : 1, e->graph->name);
    e->owns_memory = e->memory;
    return e->memory ? GT_OK : GT_NOMEM;
}

/* Where n's values lie; NULL: its slot is not bound. */
static float *address(const gt_exec *e, const gt_node *n) {
    const gt_place *p = &e->plan.places[n->id];
    switch (p->kind) {
    case GT_PLACE_ARENA: return (float *)((char *)e->memory + p->offset);
    case GT_PLACE_SLOT: return e->slots[p->slot] ? (float *)(e->slots[p->slot] + p->offset) : NULL;
    case GT_PLACE_CONSTANT: break;
    }
    while (n->op->view) n = n->in[0];
    return (float *)n->attr;
}

static gt_status unbound(const gt_exec *e, const gt_node *n) {
    return gt_fail(GT_USAGE, "graph '%s': node '%s' lies in slot %d, which is not bound (gt_exec_bind)", e->graph->name,
                   n->name, e->plan.places[n->id].slot);
}

/* All the pointers the steps need. Allocates nothing but, the first time, the arena. */
static gt_status resolve(gt_exec *e) {
    if (e->resolved) return GT_OK;
    if (have_memory(e)) return GT_NOMEM;
    for (int k = 0; k < e->n_steps; k++) {
        gt_step *s = &e->steps[k];
        const float **in = (const float **)s->run.in;
        for (int i = 0; i < s->node->n_in; i++)
            if (!(in[i] = address(e, s->node->in[i]))) return unbound(e, s->node->in[i]);
        if (!(s->run.out = address(e, s->node))) return unbound(e, s->node);
        int scratch = e->plan.scratch_in[s->node->id];
        s->run.workspace = scratch < 0 ? NULL : (char *)e->memory + e->plan.buffers[scratch].offset;
    }
    e->resolved = true;
    return GT_OK;
}

void gt_exec_at(gt_exec *e, int slice) { e->at = slice; }

/* Where the chosen slice begins in values that hold all slices. */
static float *slice_at(const gt_exec *e, const gt_node *n) {
    return address(e, n) + (int64_t)e->at * (gt_shape_size(&n->shape) / e->options.slices);
}

static const gt_node *find_input(const gt_exec *e, const char *name) {
    for (int id = 0; id < e->graph->n_nodes; id++) {
        const gt_node *n = e->graph->nodes[id];
        if ((n->op == &gt_op_input || n->op == &gt_op_update_input) && strcmp(n->name, name) == 0) return n;
    }
    return NULL;
}

bool gt_exec_has_input(const gt_exec *e, const char *name) { return find_input(e, name) != NULL; }

float *gt_exec_input(gt_exec *e, const char *name) {
    const gt_node *n = find_input(e, name);
    if (!n || have_memory(e)) return NULL;
    return n->op == &gt_op_input ? slice_at(e, n) : address(e, n);
}

static const gt_node *find_output(const gt_exec *e, const char *name) {
    for (int i = 0; i < e->graph->n_results; i++)
        if (strcmp(e->graph->results[i].name, name) == 0) return e->graph->results[i].node;
    return NULL;
}

const float *gt_exec_output(gt_exec *e, const char *name) {
    const gt_node *n = find_output(e, name);
    return !n || have_memory(e) ? NULL : slice_at(e, n);
}

size_t gt_exec_output_size(const gt_exec *e, const char *name) {
    const gt_node *n = find_output(e, name);
    return n ? (size_t)gt_shape_size(&n->shape) / (size_t)e->options.slices : 0;
}

int gt_exec_output_order(const gt_exec *e, const gt_output_place **places) {
    *places = e->order;
    return e->n_order;
}

/* ---- running ---- */

/* Where one thread computes, its processor time: other programs on the machine do not count. */
static double now_of(const gt_exec *e) {
    return gt_clock_of(gt_pool_threads(e->options.pool) > 1 ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID);
}

void gt_exec_profile(gt_exec *e, bool on) {
    enum { TIMES = 64 };
    e->profiled = on;
    e->clock = HUGE_VAL;
    for (int i = 0; on && i < TIMES; i++) {
        double start = now_of(e);
        e->clock = fmin(e->clock, now_of(e) - start);
    }
}

static void run_steps(gt_exec *e, int begin, int end) {
    for (int k = begin; k < end; k++) {
        gt_step *s = &e->steps[k];
        double start = e->profiled ? now_of(e) : 0;
        s->node->op->run(&s->run);
        if (e->profiled) {
            s->seconds += fmax(now_of(e) - start - e->clock, 0);
            s->times++;
        }
        if (e->env.between) e->env.between(e->env.between_arg, s->done);
    }
}

static gt_status set_env(gt_exec *e, const gt_exec_env *env) {
    e->env = env ? *env : (gt_exec_env){0};
    return resolve(e);
}

gt_status gt_exec_prepare(gt_exec *e, const gt_exec_env *env) {
    gt_status status = set_env(e, env);
    if (status) return status;
    run_steps(e, 0, e->n_hoisted);
    e->prepared = true;
    return GT_OK;
}

static gt_status run_from(gt_exec *e, const gt_exec_env *env, int begin, int end) {
    gt_status status = e->prepared ? GT_OK : gt_exec_prepare(e, env);
    if (!status) status = set_env(e, env);
    if (status) return status;
    run_steps(e, begin, end);
    return GT_OK;
}

/* For other ranks, and for people. */
static void tell_turn(int turn, int turns) {
    char more[64];
    snprintf(more, sizeof more, "evaluation %d of %d", turn, turns);
    gt_progress();
    gt_tell_more(more);
}

gt_status gt_exec_run(gt_exec *e, const gt_exec_env *env) {
    const gt_loop *loop = &e->graph->loop;
    if (!loop->turns) return run_from(e, env, e->n_hoisted, e->n_steps);
    gt_status status = have_memory(e);
    for (int turn = 0; turn < loop->turns && !status; turn++) {
        loop->step(loop, e, env, turn, e->loop_state);
        status = run_from(e, env, e->n_hoisted, e->n_steps);
        tell_turn(turn + 1, loop->turns);
    }
    if (!status) loop->step(loop, e, env, loop->turns, e->loop_state);
    return status;
}

gt_status gt_exec_run_while(gt_exec *e, const gt_exec_env *env, bool (*go_on)(void *arg), void *arg, double *part) {
    double all = 0, done = 0;
    int at = e->n_hoisted;
    gt_status status = run_from(e, env, at, at);
    for (int k = at; k < e->n_steps; k++) all += gt_node_work(e->steps[k].node);
    while (!status && at < e->n_steps && (at == e->n_hoisted || go_on(arg))) {
        run_steps(e, at, at + 1);
        done += gt_node_work(e->steps[at++].node);
    }
    *part = at < e->n_steps && all > 0 ? done / all : 1;
    return status;
}

/* ---- sums over slices ---- */

int gt_exec_slice_sums(const gt_exec *e) { return e->n_slice_sums; }

gt_status gt_exec_run_to_sum(gt_exec *e, const gt_exec_env *env, int k) {
    int first = k > 0 ? e->slice_sums[k - 1] + 1 : e->n_hoisted,
        end = k < e->n_slice_sums ? e->slice_sums[k] : e->n_steps;
    return run_from(e, env, first, end);
}

gt_slice_sum gt_exec_slice_sum(const gt_exec *e, int i) {
    const gt_step *s = &e->steps[e->slice_sums[i]];
    return (gt_slice_sum){.name = s->node->name,
                          .floats = (size_t)gt_shape_size(&s->node->shape),
                          .own = s->run.in[0],
                          .total = s->run.out};
}
