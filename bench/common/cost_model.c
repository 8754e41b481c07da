/* SPDX-License-Identifier: Apache-2.0
 * The cost model: see cost_model.h. */
#include "common/cost_model.h"

#include <math.h>

gt_status cost_model_read(cost_model *m, const gt_results *step) {
    const gt_table *phases = gt_results_find(step, "phases, best time on rank 0"),
                   *training = gt_results_find(step, "training");
    if (!phases || !training || !training->n_rows) return gt_fail(GT_FORMAT, "not the results of the benchmark 'step'");
    *m = (cost_model){.overlap = 0.5, .slice_size = gt_table_number(training, 0, "slice")};
    for (int i = 0; i < phases->n_rows; i++) {
        double seconds = gt_table_number(phases, i, "seconds"), graph = gt_table_number(phases, i, "graph"),
               hoisted = gt_table_number(phases, i, "hoisted");
        if (isnan(graph)) { /* the moving average: no graph */
            m->rest += seconds;
            continue;
        }
        if (m->phases == COST_PHASES) return gt_fail(GT_FORMAT, "more than %d phases", COST_PHASES);
        /* Nodes are averages, the phase is its best run: scaled, so that parts and whole agree. */
        double scale = graph > seconds ? seconds / graph : 1;
        m->phase[m->phases++] = (cost_phase){.interval = gt_table_number(phases, i, "interval"),
                                             .slice = scale * (graph - hoisted) / gt_table_number(phases, i, "slices"),
                                             .hoisted = scale * hoisted,
                                             .outside = seconds - scale * graph,
                                             .floats = gt_table_number(phases, i, "parameters")};
    }
    return GT_OK;
}

/* As the reducer cuts a block (src/dist/reducer.c). */
static double buckets_of(double floats) {
    double size = fmin(fmax(floats / 16, 1 << 16), 1 << 20);
    return ceil(floats / size);
}

static double sum_seconds(const cost_network *n, double floats, int ranks) {
    return buckets_of(floats) * (ranks - 1) * n->message + 4 * floats * (ranks - 1) / ranks / n->rate;
}

static double hand_out_seconds(const cost_network *n, double floats, int ranks) {
    return (ranks - 1) * n->message + 4 * floats * (ranks - 1) / ranks / n->rate;
}

double cost_step(const cost_model *m, const cost_network *n, cost_ranks r) {
    double step = m->rest * r.crowd;
    for (int i = 0; i < m->phases; i++) {
        const cost_phase *p = &m->phase[i];
        double seconds = r.crowd * (p->hoisted / r.near + r.slices * p->slice + p->outside);
        if (r.count > 1) {
            double sum = sum_seconds(n, p->floats, r.count);
            seconds += sum - fmin(sum, m->overlap * r.crowd * p->slice) + hand_out_seconds(n, p->floats, r.count) +
                       4 * ceil(log2(r.count)) * n->message;
        }
        step += seconds / p->interval;
    }
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
            double x = (buckets_of(bytes / 4) + 1) * (ranks - 1) / seconds,
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
