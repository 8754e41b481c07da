/* SPDX-License-Identifier: Apache-2.0
 * The cost model: see cost_model.h. */
#include "common/cost_model.h"
#include "networks/model/door/model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static gt_status read_phase(cost_phase *p, const gt_table *phases, int row) {
    double seconds = gt_table_number(phases, row, "seconds"), graph = gt_table_number(phases, row, "graph"),
           hoisted = gt_table_number(phases, row, "hoisted");
    /* Nodes are averages, the phase is its best run: scaled, so that parts and whole agree. */
    double scale = graph > seconds ? seconds / graph : 1;
    *p = (cost_phase){.interval = gt_table_number(phases, row, "interval"),
                      .slice = scale * (graph - hoisted) / gt_table_number(phases, row, "slices"),
                      .hoisted = scale * hoisted,
                      .outside = seconds - scale * graph,
                      .floats = gt_table_number(phases, row, "parameters")};
    snprintf(p->name, sizeof p->name, "%s", gt_table_text(phases, row, "phase"));
    return GT_OK;
}

/* MOMENTS numbers for each statistic, and their states. */
static void read_small(cost_phase *p, const gt_table *exchange) {
    enum { MOMENTS = 3 };
    for (int i = 0; i < exchange->n_rows; i++)
        if (!strcmp(gt_table_text(exchange, i, "phase"), p->name))
            p->small = gt_table_number(exchange, i, "states") + MOMENTS * gt_table_number(exchange, i, "stats");
}

static gt_status read_outputs(cost_phase *p, const gt_table *gradients) {
    for (int i = 0; i < gradients->n_rows; i++) {
        if (strcmp(gt_table_text(gradients, i, "phase"), p->name)) continue;
        if (p->n == COST_OUTPUTS) return gt_fail(GT_FORMAT, "more than %d gradients", COST_OUTPUTS);
        p->outputs[p->n++] = (cost_output){.at = gt_table_number(gradients, i, "at"),
                                           .offset = gt_table_number(gradients, i, "offset"),
                                           .floats = gt_table_number(gradients, i, "floats")};
    }
    return GT_OK;
}

gt_status cost_model_read(cost_model *m, const gt_results *step, double memory) {
    const gt_table *phases = gt_results_find(step, "phases, best time on rank 0"),
                   *training = gt_results_find(step, "training"),
                   *exchange = gt_results_find(step, "what ranks exchange in each phase"),
                   *gradients = gt_results_find(step, "when gradients are complete");
    if (!phases || !training || !training->n_rows || !exchange || !gradients)
        return gt_fail(GT_FORMAT, "not the results of the benchmark 'step --exchange'");
    memset(m, 0, sizeof *m);
    m->slice_size = gt_table_number(training, 0, "slice");
    m->memory = memory;
    gt_status st = GT_OK;
    for (int i = 0; i < phases->n_rows && !st; i++) {
        if (isnan(gt_table_number(phases, i, "graph"))) { /* the moving average: no graph */
            m->rest += gt_table_number(phases, i, "seconds");
            continue;
        }
        if (m->phases == COST_PHASES) return gt_fail(GT_FORMAT, "more than %d phases", COST_PHASES);
        cost_phase *p = &m->phase[m->phases++];
        read_phase(p, phases, i);
        read_small(p, exchange);
        st = read_outputs(p, gradients);
    }
    return st;
}

/* As the reducer cuts a block (src/core/dist/reducer.c). */
static double bucket_floats(double floats, int ranks) {
    return fmax(fmin(fmax(floats / 16, 1 << 16), 1 << 20), 1024.0 * ranks);
}
static double buckets_of(double floats, int ranks) { return ceil(floats / bucket_floats(floats, ranks)); }

/* The share of the graph after which each bucket is complete, sorted. */
static int find_ready(const cost_phase *p, int ranks, double ready[COST_BUCKETS]) {
    double size = bucket_floats(p->floats, ranks);
    int n = (int)fmin(buckets_of(p->floats, ranks), COST_BUCKETS);
    for (int b = 0; b < n; b++) ready[b] = 0;
    for (int i = 0; i < p->n; i++)
        for (int b = (int)(p->outputs[i].offset / size);
             b < n && b * size < p->outputs[i].offset + p->outputs[i].floats; b++)
            ready[b] = fmax(ready[b], p->outputs[i].at);
    for (int i = 1; i < n; i++)
        for (int k = i; k > 0 && ready[k - 1] > ready[k]; k--) {
            double swap = ready[k];
            ready[k] = ready[k - 1];
            ready[k - 1] = swap;
        }
    return n;
}

/* How long after the end of a graph of so many seconds the last bucket is there. */
static double sum_after_graph(const cost_phase *p, const cost_network *n, int ranks, double graph) {
    double ready[COST_BUCKETS], now = 0;
    int buckets = find_ready(p, ranks, ready);
    double each = (ranks - 1) * n->message + 4 * p->floats / buckets * (ranks - 1) / ranks / n->rate;
    for (int b = 0; b < buckets; b++) now = fmax(now, ready[b] * graph) + each;
    return fmax(now + n->latency - graph, 0);
}

static const double seconds_of_look = 0.1e-6;

double cost_phase_seconds(const cost_phase *p, const cost_network *n, double memory, cost_ranks r) {
    enum { AT_ONCE = 16 }; /* slices of the last execution, during which buckets leave */
    int ranks = r.count;
    double compute = r.crowd * (p->hoisted / r.near + r.slices * p->slice + p->outside / ranks);
    if (ranks == 1) return compute;
    double last = r.crowd * p->slice * fmin(r.slices, AT_ONCE), others = ranks - 1;
    double sum = sum_after_graph(p, n, ranks, last), add = 4 * p->floats * (ranks + 1) / ranks / memory,
           hand_out = others * n->message + 4 * p->floats * others / ranks / n->rate + n->latency,
           vote = others * n->message + n->latency, hidden = sum + r.crowd * add + hand_out,
           small = 2 * ceil(log2(ranks)) * (n->message + n->latency + 8 * p->small / n->rate);
    double post = buckets_of(p->floats, ranks) * others * n->message, look = p->n * others * seconds_of_look;
    return compute + post + look + vote + fmax(hidden, small);
}

double cost_step(const cost_model *m, const cost_network *n, cost_ranks r) {
    double step = m->rest * r.crowd / r.count;
    for (int i = 0; i < m->phases; i++)
        step += cost_phase_seconds(&m->phase[i], n, m->memory, r) / m->phase[i].interval;
    return step;
}

/* gradients are larger, and what is smaller fits into caches and into the bursts that shaped networks allow */
enum { LEAST_BYTES = 1 << 21 };

double cost_network_fit(cost_network *n, const gt_results *reduce) {
    const gt_table *t = reduce->n_tables ? &reduce->tables[0] : NULL;
    double xx = 0, xy = 0, yy = 0, x1 = 0, y1 = 0, worst = 0;
    /* seconds = messages a + bytes / b, each row divided by its seconds: a x + (1/b) y = 1 */
    for (int pass = 0; pass < 2 && t; pass++) {
        for (int i = 0; i < t->n_rows; i++) {
            int ranks = (int)gt_table_number(t, i, "ranks");
            double bytes = 1e6 * gt_table_number(t, i, "megabytes"), seconds = 1e-3 * gt_table_number(t, i, "tree_ms");
            if (bytes < LEAST_BYTES) continue;
            double x = (buckets_of(bytes / 4, ranks) + 1) * (ranks - 1) / seconds,
                   y = 2 * bytes * (ranks - 1) / ranks / seconds;
            xx += x * x, xy += x * y, yy += y * y, x1 += x, y1 += y;
            if (pass) worst = fmax(worst, fabs(x * n->message + y / n->rate - 1));
        }
        if (pass) break;
        double det = xx * yy - xy * xy, a = (x1 * yy - y1 * xy) / det, per_byte = (y1 * xx - x1 * xy) / det;
        if (!(a > 0)) a = 0, per_byte = y1 / yy;
        if (!(per_byte > 0)) per_byte = 1e-12, a = x1 / xx;
        n->message = a;
        n->rate = 1 / per_byte;
    }
    return worst;
}
