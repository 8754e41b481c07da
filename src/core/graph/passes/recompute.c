/* SPDX-License-Identifier: Apache-2.0
 * Recomputation: a value that is read, then long not, then read again may be computed twice instead of being held all
 * the while (Chen et al., "Training Deep Nets with Sublinear Memory Cost", here without fixed segments). The same
 * kernels run on the same numbers: no bit changes.
 *
 * The graph is a sequence of instances: node ids of the source, some of them more than once. A reader takes the latest
 * instance before it; so whatever is inserted or left out, every value stays right as long as one instance precedes
 * each reader.
 *
 *   source      a  b  c  d  e  f          b and f read a; most memory is alive at d
 *   sequence    a  b  c  d  e  a  f       a is computed again before f: its memory is free from b to the second a
 *
 * The greedy search repeats one step until the peak is at most `enough` bytes, or nothing helps:
 *
 *   peak           the time at which most bytes are alive
 *   candidates     values that are alive at the peak, not read there, but read again later
 *   insertion      a candidate again before its next reader after the peak, with those of its inputs that have ended by
 *                  then (but inputs SMALL times smaller than the candidate are held instead)
 *   order          most bytes of the candidate per work of the insertion first; the work of the whole sequence stays
 *                  within (1 + fraction) times the work of the source
 *   decision       the first insertion that lowers the peak is kept; each trial is a graph of its own, with lifetimes
 *
 * At the end insertions that turned out not to matter are taken back. gt_exec_new() and gt_exec_relax() (exec.c) call
 * this pass after all others, and plan memory from its result. */
#include <stdlib.h>
#include <string.h>

#include "graph/door/passes.h"

enum {
    SMALL = 16,      /* an input so many times smaller than the value is held on to instead of being computed again */
    LEAST = 500,     /* values below this part of the peak are not worth looking at */
    MOST_AGAIN = 64, /* nodes that one insertion may compute again */
};

typedef struct instance {
    int id;    /* of the source */
    int stamp; /* the insertion it came with; 0: it was always there */
} instance;

typedef struct sequence {
    instance *at;
    int n, room;
} sequence;

/* A sequence as a graph, and what lives when. */
typedef struct trial {
    gt_arena *arena;
    gt_graph *g;
    int *at; /* by node of g: its place in the sequence */
    /* The instances of a source id: 1 + node of g of the latest, by source id; of the one before it, by node of g; 0:
     * none */
    int *latest, *earlier;
    gt_memory_plan plan;
    double work;
} trial;

typedef struct search {
    const gt_graph *src;
    int threads;
    bool *fixed;   /* by source id: computed once, whatever it costs */
    bool *refused; /* by source id: computing it again did not help, as things are */
    double *work;  /* by source id */
    double most;   /* work in total */
    sequence now;
    trial best;
    int stamps;
    bool failed; /* out of memory */
} search;

static const gt_node *base(const gt_node *n) {
    while (n->op->view) n = n->in[0];
    return n;
}

/* ---- sequences and their graphs ---- */

static bool sequence_add(sequence *s, instance x) {
    if (s->n == s->room) {
        int room = s->room ? 2 * s->room : 1024;
        instance *at = realloc(s->at, (size_t)room * sizeof *at);
        if (!at) return false;
        s->at = at;
        s->room = room;
    }
    s->at[s->n++] = x;
    return true;
}

/* Marks the instances that somebody reads, or that are results; `wanted`: room for a flag for each source id. */
static void find_needed(const search *s, const sequence *q, bool *needed, bool *wanted) {
    for (int i = 0; i < s->src->n_results; i++) wanted[s->src->results[i].node->id] = true;
    for (int k = q->n - 1; k >= 0; k--) {
        const gt_node *n = s->src->nodes[q->at[k].id];
        needed[k] = wanted[n->id];
        wanted[n->id] = false;
        for (int i = 0; needed[k] && i < n->n_in; i++) wanted[n->in[i]->id] = true;
    }
}

/* The graph of a sequence: the needed instances, each rebuilt over the latest instances of its inputs; and what lives
 * when in that graph. false: out of memory. */
static bool build(const search *s, const sequence *q, trial *t, gt_arena *arena) {
    const gt_graph *src = s->src;
    gt_node **map = gt_by_node(src, arena, sizeof *map);
    bool *wanted = gt_by_node(src, arena, sizeof *wanted),
         *needed = gt_arena_array(arena, (size_t)q->n + 1, sizeof *needed);
    *t = (trial){.arena = arena,
                 .g = gt_graph_derived(src, arena),
                 .at = gt_arena_array(arena, (size_t)q->n + 1, sizeof *t->at),
                 .latest = gt_by_node(src, arena, sizeof *t->latest),
                 .earlier = gt_arena_array(arena, (size_t)q->n + 1, sizeof *t->earlier)};
    bool fine = map && wanted && needed && t->g && t->at && t->latest && t->earlier;
    if (fine) find_needed(s, q, needed, wanted);
    for (int k = 0; k < q->n && fine; k++) {
        const gt_node *n = src->nodes[q->at[k].id];
        if (!needed[k]) continue;
        t->at[t->g->n_nodes] = k;
        t->earlier[t->g->n_nodes] = t->latest[n->id];
        t->latest[n->id] = t->g->n_nodes + 1;
        t->work += s->work[n->id];
        fine = (map[n->id] = gt_node_rebuilt(t->g, n, map));
    }
    return fine && gt_rebuilt(t->g, src, map) && !gt_find_lifetimes(t->g, s->threads, arena, &t->plan);
}

/* A trial in an arena of its own; false: out of memory, and the trial holds nothing. */
static bool try(const search *s, const sequence *q, trial *t) {
    gt_arena *arena = gt_arena_new();
    if (arena && build(s, q, t, arena)) return true;
    gt_arena_free(arena);
    *t = (trial){0};
    return false;
}

/* ---- what can be computed again ---- */

/* By node of the best trial: when it is read, views of it included. */
typedef struct reading {
    int next; /* first reader after the peak; INT_MAX: none */
    int last;
    bool now; /* read at the peak itself */
} reading;

static void find_reading(const trial *t, reading *r) {
    const gt_graph *g = t->g;
    for (int id = 0; id < g->n_nodes; id++) {
        const gt_node *n = g->nodes[id];
        r[id] = (reading){INT32_MAX, -1, id == t->plan.peak};
        for (int i = 0; i < n->n_in && !n->op->view; i++) {
            if (!gt_reads(n, i)) continue;
            reading *x = &r[base(n->in[i])->id];
            x->last = id;
            x->now |= id == t->plan.peak;
            if (id > t->plan.peak && id < x->next) x->next = id;
        }
    }
}

typedef struct insertion {
    int of;     /* source id of the value that is not held any more */
    int before; /* place in the sequence */
    int n;
    int id[MOST_AGAIN]; /* source ids, ascending */
    size_t bytes;       /* freed at the peak */
    double work;
} insertion;

static bool listed(const insertion *x, int id) {
    for (int i = 0; i < x->n; i++)
        if (x->id[i] == id) return true;
    return false;
}

/* The instance of a source id that a reader at `time` would take. */
static const gt_node *instance_at(const search *s, int id, int time) {
    const trial *t = &s->best;
    int k = t->latest[id];
    while (k > time) k = t->earlier[k - 1];
    return k ? t->g->nodes[k - 1] : NULL;
}

/* Adds source node n, needed at `time`, and what it needs itself; false: impossible, or too much. */
static bool again(const search *s, const reading *r, const gt_node *n, int time, size_t small, insertion *x) {
    if (listed(x, n->id)) return true;
    if (s->fixed[n->id] || gt_is_leaf(n) || n->rate == GT_RATE_UPDATE || x->n == MOST_AGAIN) return false;
    int at = x->n++;
    while (at > 0 && x->id[at - 1] > n->id) x->id[at] = x->id[at - 1], at--;
    x->id[at] = n->id;
    x->work += s->work[n->id];
    for (int i = 0; i < n->n_in; i++) {
        const gt_node *in = n->in[i], *y = base(in);
        if (!gt_reads(n, i) || gt_is_leaf(y) || y->rate == GT_RATE_UPDATE) continue;
        const gt_node *there = instance_at(s, y->id, time);
        if (there && (r[there->id].last >= time || gt_node_bytes(y) * SMALL <= small)) continue;
        for (const gt_node *v = in; v != y; v = v->in[0])
            if (!again(s, r, v, time, small, x)) return false;
        if (!again(s, r, y, time, small, x)) return false;
    }
    return true;
}

static int by_gain(const void *a, const void *b) {
    const insertion *x = a, *y = b;
    double gx = (double)x->bytes * y->work, gy = (double)y->bytes * x->work;
    return gx > gy ? -1 : gx < gy ? 1 : x->of - y->of;
}

/* All that might help at the peak, best first. */
static int find_insertions(const search *s, const reading *r, insertion *x) {
    const trial *t = &s->best;
    int n = 0;
    for (int id = 0; id < t->plan.peak && id < t->g->n_nodes; id++) {
        const gt_node *v = t->g->nodes[id], *of = s->src->nodes[s->now.at[t->at[id]].id];
        if (v->op->view || s->refused[of->id] || r[id].now || r[id].next == INT32_MAX) continue;
        if (t->plan.values_in[id] < 0 || gt_node_bytes(v) < t->plan.least / LEAST) continue;
        x[n] = (insertion){.of = of->id, .before = t->at[r[id].next], .bytes = gt_node_bytes(v)};
        if (again(s, r, of, r[id].next, gt_node_bytes(v), &x[n]) && t->work + x[n].work <= s->most) n++;
    }
    qsort(x, (size_t)n, sizeof *x, by_gain);
    return n;
}

/* The sequence with an insertion; views of what is inserted come with it. Later instances of the same are left out: one
 * must do. */
static bool insert(const search *s, const insertion *x, int stamp, sequence *q) {
    const gt_graph *src = s->src;
    q->n = 0;
    for (int k = 0; k <= s->now.n; k++) {
        for (int id = 0; id < src->n_nodes && k == x->before; id++) {
            bool comes = !s->fixed[id] && (listed(x, id) || listed(x, base(src->nodes[id])->id));
            if (comes && !sequence_add(q, (instance){id, stamp})) return false;
        }
        if (k == s->now.n) break;
        const instance *old = &s->now.at[k];
        bool replaced = k > x->before && old->stamp && listed(x, old->id);
        if (!replaced && !sequence_add(q, *old)) return false;
    }
    return true;
}

/* ---- the search ---- */

static void adopt(search *s, sequence *q, trial *t) {
    sequence old = s->now;
    gt_arena_free(s->best.arena);
    s->now = *q;
    s->best = *t;
    *q = old;
}

/* One insertion that lowers the peak; false: there is none, or out of memory. */
static bool improve(search *s, sequence *q) {
    reading *r = gt_by_node(s->best.g, s->best.arena, sizeof *r);
    insertion *x = gt_by_node(s->best.g, s->best.arena, sizeof *x);
    s->failed |= !r || !x;
    if (s->failed) return false;
    find_reading(&s->best, r);
    int n = find_insertions(s, r, x);
    for (int i = 0; i < n; i++) {
        trial t;
        s->failed = !insert(s, &x[i], s->stamps + 1, q) || !try(s, q, &t);
        if (s->failed) return false;
        if (t.plan.least < s->best.plan.least) {
            adopt(s, q, &t);
            s->stamps++;
            memset(s->refused, 0, (size_t)s->src->n_nodes);
            return true;
        }
        gt_arena_free(t.arena);
        s->refused[x[i].of] = true;
    }
    return false;
}

/* Takes back insertions without which the peak does not rise, or stays within `enough`. */
static void take_back(search *s, sequence *q, size_t enough) {
    for (int stamp = s->stamps; stamp > 0; stamp--) {
        q->n = 0;
        bool any = false;
        for (int k = 0; k < s->now.n; k++) {
            any |= s->now.at[k].stamp == stamp;
            if (s->now.at[k].stamp != stamp && !sequence_add(q, s->now.at[k])) s->failed = true;
        }
        trial t;
        if (!any) continue;
        if (!s->failed) s->failed = !try(s, q, &t);
        if (s->failed) return;
        if (t.work <= s->best.work && (t.plan.least <= s->best.plan.least || t.plan.least <= enough)) adopt(s, q, &t);
        else gt_arena_free(t.arena);
    }
}

/* Results are computed once, where they are. */
static void fix_results(search *s) {
    for (int i = 0; i < s->src->n_results; i++)
        for (const gt_node *r = s->src->results[i].node;; r = r->in[0]) {
            s->fixed[r->id] = true;
            if (!r->op->view) break;
        }
}

/* A result may go where a parameter lies: after that the parameter cannot be read again. */
static bool reads_overwritten(const gt_graph *g, const gt_node *n) {
    for (int i = 0; i < n->n_in; i++) {
        const gt_node *x = base(n->in[i]);
        for (int k = 0; k < g->n_results && x->op == &gt_op_param; k++)
            if (gt_overlaps_param(&g->results[k], x)) return true;
    }
    return false;
}

static bool begin(search *s, gt_arena *arena) {
    const gt_graph *src = s->src;
    s->fixed = gt_by_node(src, arena, sizeof *s->fixed);
    s->refused = gt_by_node(src, arena, sizeof *s->refused);
    s->work = gt_by_node(src, arena, sizeof *s->work);
    if (gt_arena_failed(arena)) return false;
    fix_results(s);
    for (int id = 0; id < src->n_nodes; id++) {
        s->fixed[id] |= reads_overwritten(src, src->nodes[id]) || gt_is_slice_sum(src->nodes[id]);
        s->work[id] = gt_node_work(src->nodes[id]);
        if (!sequence_add(&s->now, (instance){id, 0})) return false;
    }
    return try(s, &s->now, &s->best);
}

/* Is the graph small enough as it is? */
static bool is_small(const gt_graph *src, gt_arena *arena, int threads, size_t enough) {
    gt_memory_plan plan;
    return enough && !gt_find_lifetimes(src, threads, arena, &plan) && plan.least <= enough;
}

const gt_graph *gt_pass_recompute(const gt_graph *src, gt_arena *arena, int threads, double fraction, size_t enough) {
    search s = {.src = src, .threads = threads};
    sequence other = {0};
    const gt_graph *dst = NULL;
    if (is_small(src, arena, threads, enough)) return src;
    if (begin(&s, arena)) {
        s.most = s.best.work * (1 + fraction);
        while (s.best.plan.least > enough && improve(&s, &other)) continue;
        if (!s.failed) take_back(&s, &other, enough);
        trial final;
        if (!s.failed && build(&s, &s.now, &final, arena)) dst = final.g;
    }
    if (!dst) gt_fail(GT_NOMEM, "out of memory for graph '%s'", src->name);
    gt_arena_free(s.best.arena);
    free(s.now.at);
    free(other.at);
    return dst;
}
