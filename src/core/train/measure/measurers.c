/* SPDX-License-Identifier: Apache-2.0
 * The table of measurers, and the loops over those of a run: see measurer.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/job.h"
#include "gantry/log.h"
#include "train/journal/journal.h"
#include "train/measure/measurer_list.h"

static const gt_measurer *const table[] = {
#define X(name) &gt_measurer_##name,
    GT_MEASURER_LIST(X)
#undef X
};
enum { MEASURERS = sizeof table / sizeof *table };
_Static_assert((int)MEASURERS + (int)GT_FEATURE_MEASURERS_MAX <= (int)GT_MEASURERS_MAX,
               "GT_MEASURERS_MAX is too small");

/* NULL: there are no more. */
static const gt_measurer *row_at(int i) { return i < MEASURERS ? table[i] : gt_feature_measurers[i - MEASURERS]; }

/* A measurer of a run. */
typedef struct measuring {
    const gt_measurer *by;
    void *own;
} measuring;

/* The next one from *i on; false: there are no more. */
static bool next_measurer(const gt_engine *e, int *i, measuring *m) {
    while (row_at(*i) && !e->measuring[*i]) ++*i;
    if (!row_at(*i)) return false;
    *m = (measuring){row_at(*i), e->measuring[*i]};
    ++*i;
    return true;
}

/* ---- with the engine ---- */

/* What comes late is left out of a run that resumes where it cannot open: begin() says so, when the log is open. */
static gt_status open_all(gt_engine *e, int i) {
    const gt_measurer *by = row_at(i);
    gt_status st = by->open_all ? by->open_all(e, e->measuring[i]) : GT_OK;
    if (!st || !by->late || !e->resumed) return st;
    if (by->close) by->close(e->measuring[i]);
    e->measuring[i] = NULL;
    e->left_out = gt_arena_printf(e->model->arena, "%s: %s", by->name, gt_message());
    return GT_OK;
}

/* Numbers of the state are part of what is computed: a resume or an audit, which go by the recipe, would miss them, and
 * take the run's own links for damage. */
gt_status gt_measurer_check_state(const gt_engine *e, const gt_measurer *row) {
    if (!row->state || !row->is_wanted) return GT_OK;
    gt_engine by_recipe = *e;
    char *text = gt_job_to_recipe_text(e->job);
    by_recipe.job = text ? gt_job_from_recipe_text(text, "this run") : NULL;
    free(text);
    if (!by_recipe.job) return gt_failure();
    bool same = row->is_wanted(e) == row->is_wanted(&by_recipe);
    gt_job_free(by_recipe.job);
    return same ? GT_OK
                : gt_fail(GT_FAILED,
                          "%s: an option outside of the recipe decides whether its numbers are in checkpoints, "
                          "so this run could neither resume nor be audited: the option must be of the class GT_RECIPE "
                          "(src/core/train/door/measurer.h)",
                          row->name);
}

gt_status gt_measurers_open_all(gt_engine *e) {
    gt_status st = GT_OK;
    const gt_measurer *row;
    for (int i = 0; !st && (row = row_at(i)); i++) {
        if ((st = gt_comm_agree_all(e->comm, gt_measurer_check_state(e, row)))) break;
        if (row->is_wanted && !row->is_wanted(e)) continue;
        e->measuring[i] = gt_arena_alloc(e->model->arena, row->own_bytes + 1); /* not NULL */
        if (!e->measuring[i]) st = gt_fail(GT_NOMEM, "out of memory for %s", row->name);
        st = gt_comm_agree_all(e->comm, st);
        if (!st) st = open_all(e, i);
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

bool gt_measurers_are_late(const gt_engine *e) {
    measuring m;
    for (int i = 0; next_measurer(e, &i, &m);)
        if (m.by->late) return true;
    return false;
}

gt_status gt_train_check_metrics(const gt_job *job) {
    gt_status st = GT_OK;
    const gt_measurer *row;
    for (int i = 0; !st && (row = row_at(i)); i++)
        if (row->check) st = row->check(job);
    return st;
}

gt_status gt_measurers_measure_cost_all(gt_engine *e) {
    measuring m;
    gt_status st = GT_OK;
    for (int i = 0; !st && next_measurer(e, &i, &m);)
        if (m.by->measure_cost_all) st = m.by->measure_cost_all(e, m.own);
    return st;
}

void gt_measurers_print_cost(const gt_engine *e, double seconds_per_image) {
    measuring m;
    for (int i = 0; next_measurer(e, &i, &m);)
        if (m.by->print_cost) m.by->print_cost(e, m.own, (double)gt_checkpoints_by_images(e->job), seconds_per_image);
}

const char *gt_journal_dir(const gt_journal *j) { return j->dir; }

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

void gt_engine_gather_average_all(gt_engine *e) {
    int net = e->model->ema_of;
    if (net >= 0) gt_reducer_gather_all(e->learners[net].reducer, e->model->ema_block);
}

gt_status gt_measurers_each_state(const gt_engine *e, gt_status (*visit)(void *arg, const gt_state_row *row, void *own),
                                  void *arg) {
    measuring m;
    gt_status st = GT_OK;
    for (int i = 0; !st && next_measurer(e, &i, &m);)
        for (const gt_state_row *row = m.by->state; row && row->path && !st; row++) st = visit(arg, row, m.own);
    return st;
}

/* ---- in steps ---- */

void gt_measurers_gather_all(const gt_engine *e) {
    measuring m;
    for (int i = 0; next_measurer(e, &i, &m);)
        if (m.by->gather_all) m.by->gather_all(e, m.own);
}

void gt_measurers_see(const gt_engine *e, const gt_phase *p, gt_reducer *r) {
    measuring m;
    for (int i = 0; next_measurer(e, &i, &m);)
        if (m.by->see) m.by->see(e, m.own, p, r);
}

/* ---- at ticks ---- */

gt_status gt_measurers_measure_all(gt_engine *e, gt_journal *j, bool late) {
    measuring m;
    gt_status st = GT_OK;
    gt_values_clear(&j->measured);
    for (int i = 0; !st && next_measurer(e, &i, &m);)
        if (m.by->measure_all && m.by->late == late) st = m.by->measure_all(e, m.own, &j->measured);
    return st;
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

/* ---- with the journal ---- */

void gt_measurers_take_past(void *engine, int64_t images, const gt_stat_value *values, int n) {
    const gt_engine *e = engine;
    measuring m;
    (void)images;
    for (int i = 0; next_measurer(e, &i, &m);)
        if (m.by->take_past) m.by->take_past(e, m.own, values, n);
}

void gt_measurers_begin_all(gt_engine *e, gt_journal *j) {
    measuring m;
    if (e->left_out && !e->comm->rank) gt_warn("the run continues without %s", e->left_out);
    e->left_out = NULL;
    for (int i = 0; next_measurer(e, &i, &m);)
        if (m.by->begin) m.by->begin(e, j, m.own);
    if (j->log && gt_runlog_each(j->log, gt_measurers_take_past, e))
        gt_warn("values of the ticks before are missing at first: %s", gt_message());
}

bool gt_measurers_settle(gt_engine *e, gt_journal *j) {
    measuring m;
    bool settled = true;
    for (int i = 0; next_measurer(e, &i, &m);)
        if (m.by->settle) settled &= m.by->settle(e, j, m.own);
    return settled;
}
