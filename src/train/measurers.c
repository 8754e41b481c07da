/* SPDX-License-Identifier: Apache-2.0
 * The table of measurers, and the loops over those of a run: see measurer.h. */
#include <stdio.h>
#include <string.h>

#include "gantry/log.h"
#include "train/measurer_list.h"

static const gt_measurer *const table[] = {
#define X(name) &gt_measurer_##name,
    GT_MEASURER_LIST(X)
#undef X
};
enum { MEASURERS = sizeof table / sizeof *table };
_Static_assert((int)MEASURERS <= (int)GT_MEASURERS_MAX, "GT_MEASURERS_MAX is too small");

/* A measurer of a run. */
typedef struct measuring {
    const gt_measurer *by;
    void *own;
} measuring;

/* The next one from *i on; false: there are no more. */
static bool next_measurer(const gt_engine *e, int *i, measuring *m) {
    while (*i < MEASURERS && !e->measuring[*i]) ++*i;
    if (*i >= MEASURERS) return false;
    *m = (measuring){table[*i], e->measuring[*i]};
    ++*i;
    return true;
}

/* ---- with the engine ---- */

gt_status gt_measurers_open_all(gt_engine *e) {
    gt_status st = GT_OK;
    for (int i = 0; i < MEASURERS && !st; i++) {
        if (table[i]->is_wanted && !table[i]->is_wanted(e)) continue;
        e->measuring[i] = gt_arena_alloc(e->model->arena, table[i]->own_bytes + 1); /* not NULL */
        if (!e->measuring[i]) st = gt_fail(GT_NOMEM, "out of memory for %s", table[i]->name);
        st = gt_comm_agree_all(e->comm, st);
        if (!st && table[i]->open_all) st = table[i]->open_all(e, e->measuring[i]);
    }
    return st;
}

void gt_measurers_use_arena(gt_engine *e) {
    measuring m;
    for (int i = 0; next_measurer(e, &i, &m);)
        if (m.by->use_arena) m.by->use_arena(m.own, e->arena);
}

void gt_measurers_close(gt_engine *e) {
    measuring m;
    for (int i = 0; next_measurer(e, &i, &m);)
        if (m.by->close) m.by->close(m.own);
}

size_t gt_measurers_bytes(const gt_engine *e) {
    measuring m;
    size_t bytes = 0;
    for (int i = 0; next_measurer(e, &i, &m);)
        if (m.by->bytes) bytes += m.by->bytes(e, m.own);
    return bytes;
}

bool gt_measurers_will_log(const gt_engine *e, const char *series) {
    measuring m;
    gt_text name;
    for (int i = 0; next_measurer(e, &i, &m);)
        for (int k = 0; m.by->series && m.by->series(e, m.own, k, &name); k++)
            if (!strcmp(name.s, series)) return true;
    return false;
}

void gt_measurers_list_series(const gt_engine *e, char *list, size_t bytes) {
    measuring m;
    gt_text name;
    for (int i = 0; next_measurer(e, &i, &m);)
        for (int k = 0; m.by->series && m.by->series(e, m.own, k, &name); k++) {
            size_t n = strlen(list);
            snprintf(list + n, bytes - n, ", %s", name.s);
        }
}

gt_status gt_measurers_cost_all(gt_engine *e) {
    measuring m;
    gt_status st = GT_OK;
    for (int i = 0; !st && next_measurer(e, &i, &m);)
        if (m.by->measure_cost_all) st = m.by->measure_cost_all(e, m.own);
    return st;
}

void gt_measurers_print_cost(const gt_engine *e, double seconds_per_image) {
    measuring m;
    for (int i = 0; next_measurer(e, &i, &m);)
        if (m.by->print_cost) m.by->print_cost(e, m.own, seconds_per_image);
}

void gt_engine_gather_average_all(gt_engine *e) {
    int net = e->model->ema_of;
    if (net >= 0) gt_reducer_gather_all(e->learners[net].reducer, e->model->ema_block);
}

/* ---- at ticks ---- */

gt_status gt_measurers_measure_all(gt_engine *e, gt_journal *j) {
    measuring m;
    gt_status st = GT_OK;
    gt_values_clear(&j->measured);
    for (int i = 0; !st && next_measurer(e, &i, &m);) {
        if (m.by->measure_all) st = m.by->measure_all(e, m.own, &j->measured);
        if (m.by->put_sheet && !e->comm->rank) m.by->put_sheet(m.own, &j->measured);
    }
    return st;
}

/* ---- with the sheets of pictures ---- */

bool gt_measurers_need_reals(const gt_engine *e) {
    measuring m;
    for (int i = 0; next_measurer(e, &i, &m);)
        if (m.by->needs_reals && m.by->needs_reals(m.own)) return true;
    return false;
}

void gt_measurers_take_sheet(gt_engine *e, const gt_sheet_pictures *p) {
    measuring m;
    for (int i = 0; next_measurer(e, &i, &m);)
        if (m.by->take_sheet) m.by->take_sheet(m.own, p);
}

void gt_measurers_put_sheet(gt_engine *e, gt_values *values) {
    measuring m;
    for (int i = 0; next_measurer(e, &i, &m);)
        if (m.by->put_sheet) m.by->put_sheet(m.own, values);
}

bool gt_measurers_can_draw(const gt_engine *e) {
    measuring m;
    for (int i = 0; next_measurer(e, &i, &m);)
        if (m.by->draw) return true;
    return false;
}

void gt_measurers_draw(gt_engine *e, gt_journal *j) {
    measuring m;
    for (int i = 0; next_measurer(e, &i, &m);)
        if (m.by->draw) m.by->draw(e, j, m.own);
}

/* ---- values that come late ---- */

bool gt_measurers_are_due(const gt_engine *e, const gt_journal *j, bool last) {
    measuring m;
    bool due = false;
    for (int i = 0; next_measurer(e, &i, &m);)
        if (m.by->is_due) due |= m.by->is_due(e, j, m.own, last);
    return due;
}

bool gt_measurers_are_missing_all(const gt_engine *e, const gt_journal *j) {
    measuring m;
    int missing = 0;
    for (int i = 0; !e->comm->rank && next_measurer(e, &i, &m);)
        if (m.by->is_missing) missing |= m.by->is_missing(e, j, m.own);
    gt_comm_broadcast_all(e->comm, &missing, sizeof missing, 0);
    return missing;
}

bool gt_measurers_late_all(gt_engine *e, gt_journal *j, bool again) {
    measuring m;
    gt_status st = GT_OK;
    gt_values_clear(&j->late);
    for (int i = 0; !st && next_measurer(e, &i, &m);)
        if (m.by->measure_late_all) st = m.by->measure_late_all(e, j, m.own, again);
    return st == GT_STOPPED;
}

/* ---- with the journal ---- */

void gt_measurers_begin(gt_engine *e, gt_journal *j) {
    measuring m;
    for (int i = 0; next_measurer(e, &i, &m);)
        if (m.by->begin) m.by->begin(e, j, m.own);
}

bool gt_measurers_settle(gt_engine *e, gt_journal *j) {
    measuring m;
    bool settled = true;
    for (int i = 0; next_measurer(e, &i, &m);)
        if (m.by->settle) settled &= m.by->settle(e, j, m.own);
    return settled;
}

void gt_measurers_end(gt_engine *e, gt_journal *j) {
    measuring m;
    for (int i = 0; next_measurer(e, &i, &m);)
        if (m.by->end) m.by->end(e, j, m.own);
}
