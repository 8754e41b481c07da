/* SPDX-License-Identifier: Apache-2.0
 * The norms of gradients, "Norms/G_grad": of each network that of its latest gradient which was looked at, over all
 * ranks. The norm of a network's gradient is that of its first phase; regularisers have norms of their own. */
#include <math.h>
#include <string.h>

#include "train/door/measurer.h"
#include "train/journal/journal.h"

enum { NORM_STEPS = 8 /* steps between two looks */ };

typedef struct norms {
    /* Sums of squares of the parts that this rank owns. When a run resumes, rank 0 has the sums of all ranks. */
    double square[GT_MAX_NETS];
} norms;

static gt_text series_of(const gt_engine *e, int net) {
    return gt_text_of("Norms/%.20s_grad", e->model->nets[net]->name);
}

static bool is_due(const gt_engine *e, const gt_phase *p) {
    const gt_phase *first = e->model->phases;
    while (first->net != p->net) first++;
    return p == first && e->step / (uint32_t)p->interval % NORM_STEPS == 0;
}

static double square_of(const float *x, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i] * x[i];
    return sum;
}

static void see(const gt_engine *e, void *own, const gt_phase *p, gt_reducer *r) {
    norms *s = own;
    int n;
    if (!is_due(e, p)) return;
    const gt_span *owned = gt_reducer_owned(r, &n);
    s->square[p->net] = 0;
    for (int i = 0; i < n; i++) s->square[p->net] += square_of(gt_reducer_gradient(r) + owned[i].offset, owned[i].size);
}

static gt_status measure_all(gt_engine *e, void *own, gt_values *values) {
    int ranks = e->comm->rank ? 1 : e->comm->ranks;
    norms all[ranks];
    gt_comm_gather_all(e->comm, own, sizeof(norms), all);
    for (int net = 0; net < e->model->n_nets && !e->comm->rank; net++) {
        double square = 0;
        for (int r = 0; r < ranks; r++) square += all[r].square[net];
        gt_values_put(values, series_of(e, net).s, sqrt(square));
    }
    return GT_OK;
}

/* The norms stay until they are looked at again, also over a stop. */
static void take_past(const gt_engine *e, void *own, const gt_stat_value *values, int n) {
    norms *s = own;
    for (int net = 0; net < e->model->n_nets; net++) {
        double norm = gt_stat_mean(values, n, series_of(e, net).s);
        if (!isnan(norm)) s->square[net] = norm * norm;
    }
}

static void begin(gt_engine *e, gt_journal *j, void *own) {
    (void)e;
    (void)j;
    memset(own, 0, sizeof(norms));
}

const gt_measurer gt_measurer_norms = {
    .name = "the norms of gradients",
    .own_bytes = sizeof(norms),
    .see = see,
    .measure_all = measure_all,
    .begin = begin,
    .take_past = take_past,
};
