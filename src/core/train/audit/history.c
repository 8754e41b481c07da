/* SPDX-License-Identifier: Apache-2.0
 * A run with rollbacks, computed again with what it has abandoned: did it have to go back? The ticks of the run are
 * made again, with all values that do not depend on the clock, and judged by the same warnings. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/stop.h"
#include "train/audit/replay_internal.h"
#include "train/door/measurer.h"
#include "train/journal/journal.h"
#include "train/ticks/decider.h"
#include "train/ticks/warnings.h"

typedef struct past_tick {
    int64_t images;
    gt_values values;
} past_tick;

typedef struct history {
    gt_replay *replay;
    gt_engine *e;
    const gt_replay_history *of; /* its list of rollbacks is rank 0's */
    gt_journal j;                /* of a run that has no folder */
    gt_watch watch;
    past_tick *tick; /* [n] so far, on rank 0 */
    int n, room;
    int found; /* the trouble of the latest tick (gt_watch_tick); -1: none */
} history;

/* ---- ticks ---- */

static void forget_ticks(history *h, int64_t after) {
    while (h->n && h->tick[h->n - 1].images > after) gt_values_clear(&h->tick[--h->n].values);
}

static gt_status keep_tick(history *h) {
    if (h->n == h->room) {
        int room = h->room ? 2 * h->room : 64;
        past_tick *more = realloc(h->tick, (size_t)room * sizeof *more);
        if (!more) return gt_fail(GT_NOMEM, "out of memory for ticks");
        h->tick = more;
        h->room = room;
    }
    past_tick *t = &h->tick[h->n++];
    *t = (past_tick){.images = h->e->shown};
    gt_values_append(&t->values, &h->j.logged);
    return t->values.failed ? gt_fail(GT_NOMEM, "out of memory for ticks") : GT_OK;
}

/* As a run that resumes reads its log: what the ticks up to here were. */
static void take_past(history *h) {
    gt_troubles_watch(h->e, &h->watch);
    for (int i = 0; i < h->n; i++) {
        const past_tick *t = &h->tick[i];
        gt_stat_table_take_past(&h->e->stats, t->values.of, t->values.n);
        gt_measurers_take_past(h->e, t->images, t->values.of, t->values.n);
        gt_watch_replay(&h->watch, t->images, t->values.of, t->values.n);
    }
}

static gt_status judge(history *h) {
    int n = h->j.logged.n;
    GT_FREED gt_stat_value *values = malloc(((size_t)n + GT_WARNINGS_MAX) * sizeof *values);
    if (!values) return gt_fail(GT_NOMEM, "out of memory for ticks");
    memcpy(values, h->j.logged.of, (size_t)n * sizeof *values);
    h->watch.quiet = true;
    h->found = gt_watch_tick(&h->watch, h->n, (double)h->e->shown / 1000, values, &n);
    return keep_tick(h);
}

static gt_status tick_all(history *h) {
    gt_status st = gt_measurers_measure_all(h->e, &h->j, false);
    if (st) return st;
    gt_tick_end_interval(h->e);
    if (h->e->comm->rank == 0) {
        gt_tick_put_training(h->e, &h->j);
        gt_values_append(&h->j.logged, &h->j.measured);
        st = judge(h);
    }
    return gt_comm_agree_all(h->e->comm, st);
}

/* Where the loop of a training has one (train/loop/train.c): a checkpoint that is due ends a tick, also where the run
 * goes back before it is written; and at its end, and where a trouble was found, a run has one. */
static bool is_tick(const history *h, const gt_replay_back *b, int64_t before) {
    const gt_engine *e = h->e;
    const gt_job *j = e->job;
    bool due = gt_by_images(j->tick, before, e->shown) ||
               (j->checkpoint_kimg > 0 && gt_by_images(j->checkpoint_kimg, before, e->shown));
    if (due || e->shown == j->batch || e->shown >= j->total_images || e->step == b->step || gt_deciders_need_tick(e))
        return true;
    for (int i = 0; i < b->n_ticks; i++)
        if (b->ticks[i] == e->shown) return true;
    return false;
}

/* ---- the way to a rollback ---- */

static void path_of(const history *h, int64_t step, char path[4200]) {
    snprintf(path, 4200, "%s/%" PRId64 ".h5", h->of->folder, step);
}

/* A later rollback goes back to this step? */
static bool is_wanted(const history *h, int i) {
    for (int k = i; k < h->of->n; k++)
        if (h->of->back[k].to_step == h->e->step) return true;
    return false;
}

static gt_status keep_all(history *h, int wanted) {
    char path[4200] = "";
    gt_comm_broadcast_all(h->e->comm, &wanted, sizeof wanted, 0);
    if (!wanted) return GT_OK;
    path_of(h, h->e->step, path);
    return gt_replay_save_all(h->replay, path);
}

static gt_status look_all(history *h, int i, int *goes_on) {
    gt_replay_point p = {.step = h->e->step, .images = h->e->shown};
    gt_status st = gt_engine_root_all(h->e, &p.state);
    if (!st && h->e->comm->rank == 0) *goes_on = h->of->look(h->of->arg, &p, i);
    gt_comm_broadcast_all(h->e->comm, goes_on, sizeof *goes_on, 0);
    return st;
}

static gt_status step_all(history *h, const gt_replay_back *b, int i, int *goes_on) {
    gt_engine *e = h->e;
    int64_t before = e->shown;
    if (gt_comm_max_all(e->comm, gt_stop_requested())) return gt_fail(GT_STOPPED, "stopped as it was asked to");
    gt_status st = gt_engine_check_data_all(e);
    if (!st) st = gt_engine_step_all(e);
    if (!st && replay_is_link(e)) st = look_all(h, i, goes_on);
    if (st || !*goes_on) return st;
    int due = e->comm->rank == 0 && is_tick(h, b, before);
    gt_comm_broadcast_all(e->comm, &due, sizeof due, 0);
    h->found = -1;
    if (!st) st = replay_judge_epoch_all(e, &h->j);
    if (!st && due) st = tick_all(h);
    return st ? st : keep_all(h, e->comm->rank == 0 && is_wanted(h, i));
}

/* Rank 0: at the step of the rollback. */
static gt_replay_verdict compare(const history *h, const gt_replay_back *b) {
    const gt_warning *w = h->found >= 0 ? gt_warning_at(&h->watch, h->found) : NULL;
    int64_t began = w ? llround(1000 * h->watch.of[h->found].began_kimg) : 0;
    if (w && !strcmp(w->name, b->cause) && (!b->began || b->began == began)) return GT_REPLAY_MET;
    bool by_clock = h->e->job->tick_minutes > 0, of_pictures = !strcmp(b->cause, "collapse");
    return by_clock || of_pictures ? GT_REPLAY_UNKNOWN : GT_REPLAY_NOT_MET;
}

static gt_status go_back_all(history *h, const gt_replay_back *b, int64_t reseed) {
    char path[4200] = "";
    path_of(h, b->to_step, path);
    gt_status st = replay_load_all(h->e, path);
    if (st) return st;
    h->e->reseed = reseed;
    h->found = -1;
    gt_stat_table_tick(&h->e->stats, false); /* what was gathered since is of no use */
    gt_measurers_begin_all(h->e, &h->j);
    if (h->e->comm->rank == 0) forget_ticks(h, b->to_images), take_past(h);
    return gt_engine_start_loader_all(h->e);
}

static gt_status way_all(history *h, int i, gt_replay_verdict *verdict) {
    gt_comm *c = h->e->comm;
    gt_replay_back b = c->rank == 0 ? h->of->back[i] : (gt_replay_back){0};
    int goes_on = 1;
    gt_status st = GT_OK;
    gt_comm_broadcast_all(c, &b.step, sizeof b.step, 0);
    gt_comm_broadcast_all(c, &b.to_step, sizeof b.to_step, 0);
    while (!st && goes_on && h->e->step < b.step) st = step_all(h, &b, i, &goes_on);
    if (st) return st;
    *verdict = !goes_on ? GT_REPLAY_NOT_MET : c->rank == 0 ? compare(h, &b) : GT_REPLAY_MET;
    gt_comm_broadcast_all(c, verdict, sizeof *verdict, 0);
    return *verdict == GT_REPLAY_MET ? go_back_all(h, &b, i + 1) : GT_OK;
}

gt_status gt_replay_history_all(gt_replay *r, const gt_replay_history *of, int *met, gt_replay_verdict *verdict) {
    GT_FREED history *h = calloc(1, sizeof *h);
    gt_engine *e = &r->engine;
    int64_t total = of->total;
    int n = of->n;
    *met = 0;
    *verdict = GT_REPLAY_MET;
    gt_status st = gt_comm_agree_all(e->comm, h ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a history"));
    if (st) return st;
    *h = (history){.replay = r, .e = e, .of = of, .found = -1};
    r->moved = true;
    gt_comm_broadcast_all(e->comm, &n, sizeof n, 0);
    gt_comm_broadcast_all(e->comm, &total, sizeof total, 0);
    gt_engine_set_length(e, total);
    gt_measurers_begin_all(e, &h->j);
    if (e->comm->rank == 0) take_past(h);
    st = gt_engine_start_loader_all(e);
    for (int i = 0; i < n && !st && *verdict == GT_REPLAY_MET; i++) {
        st = way_all(h, i, verdict);
        *met += !st && *verdict == GT_REPLAY_MET;
    }
    if (e->comm->rank == 0) forget_ticks(h, -1);
    free(h->tick);
    gt_values_clear(&h->j.measured);
    gt_values_clear(&h->j.logged);
    return st;
}
