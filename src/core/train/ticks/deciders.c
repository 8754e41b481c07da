/* SPDX-License-Identifier: Apache-2.0
 * The table of deciders, and the loops over those of a run: see decider.h. */
#include <string.h>

#include "gantry/log.h"
#include "train/ticks/decider_list.h"

static const gt_decider *const table[] = {
#define X(name) &gt_decider_##name,
    GT_DECIDER_LIST(X)
#undef X
};
enum { DECIDERS = sizeof table / sizeof *table };
_Static_assert((int)DECIDERS <= (int)GT_DECIDERS_MAX, "GT_DECIDERS_MAX is too small");

static bool is_wanted(const gt_engine *e, const gt_decider *by) { return !by->is_wanted || by->is_wanted(e); }

void *gt_decider_own(const gt_journal *j, const gt_decider *row) {
    for (int i = 0; i < DECIDERS; i++)
        if (table[i] == row) return j->deciding[i];
    return NULL;
}

/* ---- at the start, and after a rollback ---- */

static gt_status open_states(gt_engine *e, gt_journal *j) {
    for (int i = 0; i < DECIDERS; i++) {
        if (j->deciding[i] || !is_wanted(e, table[i])) continue;
        j->deciding[i] = gt_arena_alloc(e->model->arena, table[i]->own_bytes + 1); /* not NULL */
        if (!j->deciding[i]) return gt_fail(GT_NOMEM, "out of memory for %s", table[i]->name);
    }
    return GT_OK;
}

static bool begin(gt_engine *e, gt_journal *j, gt_reason *why) {
    bool over = false;
    for (int i = 0; i < DECIDERS; i++) {
        if (!j->deciding[i]) continue;
        memset(j->deciding[i], 0, table[i]->own_bytes);
        if (table[i]->begin) table[i]->begin(e, j, j->deciding[i]);
    }
    for (int i = 0; i < DECIDERS && !over; i++)
        over = j->deciding[i] && table[i]->is_over && table[i]->is_over(e, j->deciding[i], why);
    return over;
}

gt_status gt_deciders_begin_all(gt_engine *e, gt_journal *j) {
    gt_reason why = {0};
    bool first = e->comm->rank == 0;
    gt_status st = gt_comm_agree_all(e->comm, first ? open_states(e, j) : GT_OK);
    if (st) return st;
    e->stopped_early = first && begin(e, j, &why);
    gt_comm_broadcast_all(e->comm, &e->stopped_early, sizeof e->stopped_early, 0);
    if (first && e->stopped_early) gt_info("%s", why.text);
    return GT_OK;
}

/* ---- at ticks ---- */

bool gt_deciders_need_tick(const gt_engine *e) {
    for (int i = 0; i < DECIDERS; i++)
        if (is_wanted(e, table[i]) && table[i]->at_step && table[i]->at_step(e)) return true;
    return false;
}

static bool is_asked(const gt_engine *e, const gt_decider *by, const gt_tick *t) {
    bool waits = by->waits && by->waits(e);
    if (t->late ? !waits : t->more && waits) return false; /* in the other tick of these images */
    return !by->at_step || by->at_step(e);
}

static void decide(gt_engine *e, gt_journal *j, gt_tick *t, gt_decision *d) {
    bool only_warns = e->job->on_trouble == GT_ON_TROUBLE_WARN;
    for (int i = 0; i < DECIDERS; i++) {
        gt_reason why = {0};
        if (!j->deciding[i] || !is_asked(e, table[i], t)) continue;
        gt_verdict v = table[i]->decide(e, j, j->deciding[i], t, &why);
        if (v == GT_ROLL_BACK && only_warns) v = GT_GO_ON;
        if (v == GT_STOP || v == GT_ROLL_BACK) d->reason = why;
        t->checkpoint |= v == GT_STOP;
        d->verdicts |= v;
        if (v != GT_ROLL_BACK) continue;
        d->verdicts = v;
        return;
    }
}

void gt_deciders_decide_all(gt_engine *e, gt_journal *j, gt_tick *t, gt_decision *d) {
    *d = (gt_decision){0};
    if (e->comm->rank == 0 && j->logged.n) decide(e, j, t, d);
    gt_comm_broadcast_all(e->comm, d, sizeof *d, 0);
    gt_comm_broadcast_all(e->comm, t, sizeof *t, 0);
    gt_comm_broadcast_all(e->comm, &e->plateau, sizeof e->plateau, 0); /* what they change of the state */
    e->stopped_early |= (d->verdicts & GT_STOP) != 0;
}
