/* SPDX-License-Identifier: Apache-2.0
 * All metrics of a run: see gantry/metric.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/log.h"
#include "metrics/metric_list.h"

static const gt_metric *const list[] = {
#define X(name) &gt_metric_##name,
    GT_METRIC_LIST(X)
#undef X
};
enum { METRICS = sizeof list / sizeof *list, SETS = 2 };
_Static_assert((int)METRICS <= (int)GT_METRICS_MOST, "GT_METRICS_MOST is too small");

typedef enum state { NEW, GATHERING, FAILED, KNOWN /* for good */ } state;

struct gt_metrics {
    gt_metric_input input;
    struct {
        void *sets[SETS]; /* reals, fakes; NULL: nothing is kept */
        state states[SETS];
        double value; /* NaN: none */
    } of[METRICS];
};

const gt_metric *gt_metric_at(int i) { return i < METRICS ? list[i] : NULL; }

const gt_metric *gt_metric_find(const char *series) {
    for (int i = 0; i < METRICS; i++)
        if (!strcmp(list[i]->series, series)) return list[i];
    return NULL;
}

bool gt_metric_of_fakes(const char *series) {
    const gt_metric *m = gt_metric_find(series);
    return m && m->needs & GT_METRIC_FAKES;
}

static int index_of(int set) { return set == GT_METRIC_FAKES; }

static bool is_of_data(const gt_metric *m) { return !(m->needs & GT_METRIC_FAKES); }

gt_metrics *gt_metrics_new(const gt_metric_input *input) {
    gt_metrics *m = calloc(1, sizeof *m);
    if (!m) {
        gt_fail(GT_NOMEM, "out of memory for metrics");
        return NULL;
    }
    m->input = *input;
    for (int i = 0; i < METRICS; i++) m->of[i].value = NAN;
    return m;
}

bool gt_metrics_know_reals(const gt_metrics *m) {
    for (int i = 0; i < METRICS; i++) {
        /* the log says the latter */
        bool known = m->of[i].states[0] == KNOWN || (is_of_data(list[i]) && !isnan(m->of[i].value));
        if (list[i]->needs & GT_METRIC_REALS && !known) return false;
    }
    return true;
}

static void forget(gt_metrics *m, int i, int set, state next) {
    if (m->of[i].sets[set]) list[i]->end(m->of[i].sets[set]);
    m->of[i].sets[set] = NULL;
    m->of[i].states[set] = next;
}

/* A shape without such a value is known to have none; anything else is tried again with the next pictures. */
static void give_up(gt_metrics *m, int i, int set, gt_status why) {
    if (why != GT_USAGE) gt_warn("no %s this time: %s", list[i]->series, gt_message());
    forget(m, i, set, why == GT_USAGE ? KNOWN : FAILED);
}

void gt_metrics_add(gt_metrics *m, int set, const gt_metric_batch *batch) {
    int at = index_of(set);
    for (int i = 0; i < METRICS; i++) {
        gt_status st = GT_OK;
        if (!(list[i]->needs & set) || m->of[i].states[at] >= FAILED) continue;
        if (m->of[i].states[at] == NEW) st = list[i]->begin(&m->of[i].sets[at], &m->input);
        m->of[i].states[at] = GATHERING;
        if (!st) st = list[i]->add(m->of[i].sets[at], batch);
        if (st) give_up(m, i, at, st);
    }
}

static double value_of(const gt_metrics *m, int i) {
    bool ready = !(list[i]->needs & GT_METRIC_REALS) || m->of[i].sets[0];
    return ready ? list[i]->value(m->of[i].sets[0], m->of[i].sets[1]) : NAN;
}

void gt_metrics_finish(gt_metrics *m, int set) {
    int at = index_of(set);
    for (int i = 0; i < METRICS; i++) {
        state s = m->of[i].states[at];
        bool last = set == GT_METRIC_FAKES || is_of_data(list[i]); /* of the sets that the value needs */
        if (!(list[i]->needs & set) || s == KNOWN) continue;
        if (s == GATHERING && last) m->of[i].value = value_of(m, i);
        if (m->of[i].states[at] == FAILED || set == GT_METRIC_FAKES) forget(m, i, at, NEW);
        else m->of[i].states[at] = KNOWN;
        if (is_of_data(list[i]) && m->of[i].states[at] == KNOWN) forget(m, i, at, KNOWN);
    }
}

void gt_metrics_put(gt_metrics *m, gt_stat_value *values, int *n) {
    for (int i = 0; i < METRICS; i++) {
        if (!isnan(m->of[i].value)) values[(*n)++] = (gt_stat_value){list[i]->series, 1, m->of[i].value, 0};
        if (!is_of_data(list[i])) m->of[i].value = NAN;
    }
}

void gt_metrics_go_on(gt_metrics *m, const gt_runlog *log) {
    for (int i = 0; i < METRICS; i++) {
        double last = is_of_data(list[i]) ? gt_runlog_last(log, list[i]->series) : 0;
        m->of[i].value = last > 0 ? last : NAN;
    }
}

void gt_metrics_free(gt_metrics *m) {
    for (int i = 0; m && i < METRICS; i++)
        for (int set = 0; set < SETS; set++) forget(m, i, set, NEW);
    free(m);
}
