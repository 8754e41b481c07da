/* SPDX-License-Identifier: Apache-2.0
 * Statistics of a run (stats.h). */
#include "train/door/stats.h"
#include "networks/model/door/model.h"

#include <math.h>
#include <string.h>

void gt_stat_moments_add(gt_stat_moments *m, const float *values, size_t n, size_t stride) {
    for (size_t i = 0; i < n; i++, values += stride) {
        m->num += 1;
        m->sum += *values;
        m->sum2 += (double)*values * *values;
    }
}

void gt_stat_moments_join(gt_stat_moments *m, const gt_stat_moments *other) {
    m->num += other->num;
    m->sum += other->sum;
    m->sum2 += other->sum2;
}

/* At least one value. */
static gt_stat_value statistic_of(const char *name, const gt_stat_moments *m, bool counts) {
    if (counts) return (gt_stat_value){name, m->num, m->sum, 0};
    double mean = m->sum / m->num, variance = m->sum2 / m->num - mean * mean;
    return (gt_stat_value){name, m->num, mean, m->num > 1 && variance > 0 ? sqrt(variance) : 0};
}

gt_status gt_stat_table_init(gt_stat_table *t, const gt_model *m) {
    memset(t, 0, sizeof *t);
    for (int p = 0; p < m->n_phases; p++)
        for (int i = 0; i < m->phases[p].n_stats; i++) {
            const char *name = m->phases[p].stats[i].name;
            if (gt_stat_index(t, name) >= 0) continue;
            if (t->n == GT_MAX_STATS)
                return gt_fail(GT_FAILED, "model %s reports more than %d statistics", m->name, GT_MAX_STATS);
            t->counts[t->n] = m->phases[p].stats[i].counts;
            t->shown[t->n++] = (gt_stat_value){name, 0, NAN, NAN};
        }
    return GT_OK;
}

int gt_stat_index(const gt_stat_table *t, const char *name) {
    for (int i = 0; i < t->n; i++)
        if (!strcmp(t->shown[i].name, name)) return i;
    return -1;
}

void gt_stat_table_go_on(gt_stat_table *t, int i, const gt_stat_value *v) {
    const gt_stat_value *old = &t->shown[i];
    bool same = v->num == old->num && v->mean == old->mean && v->std == old->std;
    if (same) return; /* no step has renewed it since */
    t->since_tick[i] = t->counts[i] ? (gt_stat_moments){.num = v->num, .sum = v->mean}
                                    : (gt_stat_moments){v->num, v->num * v->mean,
                                                        v->num * (v->mean * v->mean + v->std * v->std)};
}

void gt_stat_table_forget(gt_stat_table *t) { memset(t->since_tick, 0, sizeof t->since_tick); }

void gt_stat_table_tick(gt_stat_table *t, bool goes_on) {
    for (int i = 0; i < t->n; i++) {
        gt_stat_moments *m = &t->since_tick[i];
        if (m->num > 0) t->shown[i] = statistic_of(t->shown[i].name, m, t->counts[i]);
        if (!goes_on || t->counts[i]) *m = (gt_stat_moments){0};
    }
}

void gt_stat_table_take_past(gt_stat_table *t, const gt_stat_value *values, int n) {
    for (int i = 0; i < n; i++) {
        int k = gt_stat_index(t, values[i].name);
        if (k >= 0) t->shown[k] = (gt_stat_value){t->shown[k].name, values[i].num, values[i].mean, values[i].std};
    }
}
