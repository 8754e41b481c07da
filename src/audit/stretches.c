/* SPDX-License-Identifier: Apache-2.0
 * The stretches of a run between its kept checkpoints: a random choice of them is computed again. Rank 0 chooses and
 * compares; the others compute with it. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/internal.h"
#include "base/door/clock.h"
#include "base/door/random.h"
#include "gantry/log.h"
#include "gantry/progress.h"

/* One after the other, as the ledger and the replay meet. Rank 0. */
typedef struct comparison {
    audit *a;
    const audit_place *from, *to;
    int64_t images;    /* compared so far, in this stretch */
    gt_status status;  /* something differs: gt_message() */
    const char *other; /* steps of another arithmetic come, which cannot be made here */
} comparison;

/* ---- the comparison ---- */

static gt_status bad_state(const comparison *c, const gt_ledger_line *line, const gt_replay_point *p) {
    char is[GT_SHA256_TEXT], says[GT_SHA256_TEXT];
    gt_sha256_text(&p->state, is);
    gt_sha256_text(&line->state, says);
    return gt_fail(GT_FAILED,
                   "computed again from %" PRId64 " images on, the run has another state at %" PRId64
                   " images (step %" PRId64 "): %s, and line %" PRId64 " of the ledger says %s",
                   c->from->images, p->images, p->step, is, line->number, says);
}

static gt_status compare(const comparison *c, const gt_ledger_line *line, const gt_replay_point *p) {
    if (line->images != p->images || !gt_sha256_equal(&line->state, &p->state)) return bad_state(c, line, p);
    return GT_OK;
}

static bool look(void *arg, const gt_replay_point *p, bool link) {
    comparison *c = arg;
    const gt_ledger_line *line = link ? gt_ledger_at(c->a->ledger, GT_LEDGER_LINK, p->step) : c->to->line;
    if (link && line && line->chain != c->a->chain->number) line = NULL;
    if (!line)
        c->status = gt_fail(GT_FAILED, "the ledger has no link at %" PRId64 " images (step %" PRId64 ")", p->images,
                            p->step);
    else if (link && strcmp(line->arithmetic, c->to->arithmetic)) c->other = line->arithmetic;
    else c->status = compare(c, line, p);
    if (c->status || c->other) return false;
    c->images = p->images - c->from->images;
    c->a->found->links_met += link;
    gt_tell(c->images);
    return true;
}

/* ---- which ---- */

static int stretches_of(const audit *a) { return a->n_places > 0 ? a->n_places - 1 : 0; }

/* A random order: its first n stretches are a random choice of n. */
static gt_status make_order(const audit *a, int **order) {
    int n = stretches_of(a);
    *order = gt_arena_array(a->arena, (size_t)n + 1, sizeof **order);
    if (!*order) return GT_NOMEM;
    for (int i = 0; i < n; i++) (*order)[i] = i;
    const gt_key key = {.seed = a->found->seed, .stream = gt_stream("audit")};
    for (int i = 0; i < n && !a->o->all; i++) {
        int k = i + (int)gt_random_below(key, (size_t)i, (uint32_t)(n - i)), kept = (*order)[i];
        (*order)[i] = (*order)[k];
        (*order)[k] = kept;
    }
    return GT_OK;
}

static int64_t images_of(const audit *a, int stretch) {
    return a->place[stretch + 1].images - a->place[stretch].images;
}

/* ---- one of them ---- */

typedef struct replaying {
    audit *a; /* of rank 0 */
    gt_comm *comm;
    gt_replay *engine; /* NULL: none is open */
    bool fresh;        /* a stretch can begin with nothing */
    const char *arithmetic, *recipe;
    gt_replay_turn *turns;
    int n_turns;
    bool traced; /* one stretch, line by line */
    audit_trace trace;
    double end; /* by gt_clock() */
    char first_unchecked[1024];
} replaying;

/* The engine that is there does, where it has this recipe and arithmetic, and its state can become that of `from`. All
 * ranks. */
static gt_status open_engine_all(replaying *r, const audit_place *from, const audit_place *to) {
    int fits = r->engine && from && (from->path || r->fresh) && !strcmp(r->arithmetic, to->arithmetic) &&
               !strcmp(r->recipe, to->recipe ? to->recipe : r->recipe);
    gt_comm_broadcast_all(r->comm, &fits, sizeof fits, 0);
    if (fits) return GT_OK;
    gt_replay_close_all(r->engine);
    r->engine = NULL;
    r->fresh = from && !from->path;
    gt_replay_about about = {0};
    if (r->a) {
        r->arithmetic = to->arithmetic;
        r->recipe = to->recipe ? to->recipe : from->recipe ? from->recipe : r->a->recipe;
        about = (gt_replay_about){.job = r->a->job,
                                  .recipe = r->recipe,
                                  .arithmetic = r->arithmetic,
                                  .data = r->a->o->data,
                                  .nothing = r->fresh};
    }
    gt_tell_start("preparing the graphs of a step", NULL, 0);
    return gt_replay_open_all(r->comm, r->a ? &about : NULL, &r->engine);
}

/* The state where the stretch begins is that of the ledger; that of the beginning was compared before. */
static gt_status check_begin(const replaying *r, const audit_place *from, const gt_replay_point *p) {
    const gt_ledger_line *line = from->line;
    if (!from->path)
        return r->a->found->begins_right ? GT_OK : gt_fail(GT_UNDECIDED, "the run cannot begin again here");
    if (gt_sha256_equal(&line->state, &p->state)) return GT_OK;
    char is[GT_SHA256_TEXT], says[GT_SHA256_TEXT];
    return gt_fail(GT_FAILED,
                   "the state of the checkpoint where a stretch begins is %s, and line %" PRId64
                   " of the ledger says %s",
                   gt_sha256_text(&p->state, is), line->number, gt_sha256_text(&line->state, says));
}

static gt_status conclude(replaying *r, comparison *c, gt_status st, double seconds) {
    audit *a = r->a;
    if (r->trace.status) return r->trace.status; /* that is the earlier difference */
    if (c->status) return c->status;
    if (st) return st;
    a->found->replayed += c->images;
    a->found->seconds += seconds;
    a->found->computed += c->images > 0;
    if (c->other)
        return gt_fail(GT_UNDECIDED, "steps after %" PRId64 " images were computed with the arithmetic %s",
                       c->from->images + c->images, c->other);
    return GT_OK;
}

static gt_status replay_stretch_all(replaying *r, int i) {
    audit *a = r->a;
    comparison c = {.a = a};
    gt_replay_point begin;
    if (a) c.from = &a->place[i], c.to = &a->place[i + 1];
    gt_status st = open_engine_all(r, c.from, c.to);
    r->fresh = false;
    if (!st) st = gt_replay_begin_all(r->engine, a ? c.from->path : NULL, &begin);
    if (!st) st = gt_comm_agree_all(r->comm, a ? check_begin(r, c.from, &begin) : GT_OK);
    if (st) return st;
    gt_replay_stretch s = {.look = look, .arg = &c};
    if (r->traced) s.line = audit_trace_line, s.line_arg = &r->trace;
    if (a && r->traced) audit_trace_begin(&r->trace, c.from, c.to);
    if (a) {
        s.images = c.to->images;
        s.turns = r->turns;
        s.n_turns = r->n_turns;
        s.seconds = isfinite(r->end) ? fmax(r->end - gt_clock(), 1e-3) : 0;
        gt_tell_start("computing again", "images", images_of(a, i));
    }
    double began = gt_clock();
    st = gt_replay_run_all(r->engine, &s);
    gt_tell_end();
    return gt_comm_agree_all(r->comm, a ? conclude(r, &c, st, gt_clock() - began) : st);
}

/* ---- the data ---- */

/* A stretch may begin there also where the networks are gone that the run has begun with. */
static const audit_place *first_kept(const audit *a) { return a->place[0].path ? a->place : a->place + 1; }

/* All samples are read, whatever the dataset says of its hashes. */
static gt_status check_data_all(replaying *r) {
    const audit *a = r->a;
    int known = a && a->data;
    gt_sha256 root;
    gt_status st = open_engine_all(r, a ? first_kept(a) : NULL, a ? &a->place[a->n_places - 1] : NULL);
    gt_comm_broadcast_all(r->comm, &known, sizeof known, 0);
    if (st || !known) return st;
    st = gt_replay_data_root_all(r->engine, &root);
    if (!st && a && !gt_sha256_equal(&root, &a->data->root)) {
        char is[GT_SHA256_TEXT], says[GT_SHA256_TEXT];
        st = gt_fail(GT_FAILED, "the hash of the data is %s, and line %" PRId64 " of the ledger says %s",
                     gt_sha256_text(&root, is), a->data->number, gt_sha256_text(&a->data->root, says));
    }
    return gt_comm_agree_all(r->comm, st);
}

/* ---- the beginning ---- */

/* The engine that has begun does for the first stretch, too, where nothing was computed with it. */
static gt_status check_beginning_all(replaying *r) {
    audit *a = r->a;
    int late = a && a->found->late;
    gt_comm_broadcast_all(r->comm, &late, sizeof late, 0);
    if (late) return GT_OK;
    gt_status st = open_engine_all(r, a ? &a->place[0] : NULL, a ? &a->place[a->n_places - 1] : NULL);
    if (!st) st = audit_begin_all(r->comm, a, r->engine);
    if (!st) st = audit_rollbacks_all(r->comm, a, r->engine);
    r->fresh = r->engine && !gt_replay_has_moved(r->engine);
    return st;
}

/* ---- all that is due ---- */

/* The next stretch by the order and the time; -1: none. */
static int next_stretch(const replaying *r, const int *order, int *at) {
    const audit *a = r->a;
    const gt_audit_found *f = a->found;
    if (r->traced && *at) return -1;
    if (r->traced && r->trace.stretch >= 0) return ++*at, r->trace.stretch;
    double left = r->end - gt_clock(), pace = f->replayed ? f->seconds / (double)f->replayed : 0;
    for (; *at < stretches_of(a); ++*at) {
        if (!a->o->all && a->o->segments && f->computed >= a->o->segments) return -1;
        if (left <= 0) return -1;
        if (f->computed && !a->o->all && !a->o->segments && pace * (double)images_of(a, order[*at]) > left) continue;
        return order[(*at)++];
    }
    return -1;
}

static gt_status prepare(replaying *r, int **order) {
    audit *a = r->a;
    double limit = a->o->all || a->o->segments || a->o->minutes <= 0 ? INFINITY : 60 * a->o->minutes;
    r->end = gt_clock() + limit;
    a->found->stretches = stretches_of(a);
    a->found->images = a->n_places ? a->place[a->n_places - 1].images : 0;
    gt_status st = audit_turns(a, &r->turns, &r->n_turns);
    if (!st) st = make_order(a, order);
    if (!st && r->traced) st = audit_trace_open(&r->trace, a->o);
    return st || !r->traced ? st : audit_trace_choose(&r->trace, a);
}

/* Rank 0: nothing that was computed again is nothing that was found to be true. */
static gt_status check_computed(const audit *a, bool traced) {
    if (traced || a->found->replayed || !a->found->images) return GT_OK;
    return gt_fail(GT_UNDECIDED,
                   "no step up to a link or a checkpoint was computed again in the time: give more --minutes, or "
                   "--segments=1");
}

/* A stretch that cannot be computed here does not end the audit: others may be. */
static gt_status note(replaying *r, gt_status st) {
    if (st != GT_UNDECIDED && st != GT_USAGE) return st;
    if (!*r->first_unchecked) snprintf(r->first_unchecked, sizeof r->first_unchecked, "%s", gt_message());
    return GT_OK;
}

gt_status audit_replay_all(gt_comm *comm, audit *a, bool traced) {
    replaying r = {.a = a, .comm = comm, .traced = traced, .trace.out.fd = -1};
    int *order = NULL, at = 0;
    gt_status st = gt_comm_agree_all(comm, a ? prepare(&r, &order) : GT_OK);
    if (!st) st = note(&r, check_beginning_all(&r));
    if (!st) st = check_data_all(&r);
    while (!st) {
        int i = a ? next_stretch(&r, order, &at) : -1;
        gt_comm_broadcast_all(comm, &i, sizeof i, 0);
        if (i < 0) break;
        st = note(&r, replay_stretch_all(&r, i));
    }
    gt_replay_close_all(r.engine);
    if (a && a->found->replayed)
        a->found->whole = a->found->seconds / (double)a->found->replayed *
                          (double)(a->found->images - a->place[0].images);
    if (traced) st = gt_comm_agree_all(comm, a ? audit_trace_close(&r.trace, st) : st);
    if (!st && a && a->found->late) st = audit_is_late(a);
    else if (!st && a && *r.first_unchecked) st = gt_fail(GT_UNDECIDED, "%s", r.first_unchecked);
    else if (!st && a) st = check_computed(a, traced);
    return gt_comm_agree_all(comm, st);
}

/* ---- a checkpoint that is gone ---- */

/* The latest place at or before so many images; -1: none. */
static int place_before(const audit *a, int64_t images) {
    for (int i = a->n_places - 1; i >= 0; i--)
        if (a->place[i].images <= images && (a->place[i].path || !a->place[i].images)) return i;
    return -1;
}

/* Links on the way are compared; at the end there is no line to compare with. */
static bool pass(void *arg, const gt_replay_point *p, bool link) {
    comparison *c = arg;
    return !link || look(c, p, true);
}

gt_status audit_make_all(gt_comm *comm, audit *a, int64_t images, const char *folder, char path[4200]) {
    replaying r = {.a = a, .comm = comm};
    comparison c = {.a = a};
    gt_replay_point begin;
    int i = a ? place_before(a, images) : 0;
    gt_comm_broadcast_all(comm, &i, sizeof i, 0);
    if (i < 0)
        return gt_fail(GT_UNDECIDED, "no checkpoint of '%s' from before %" PRId64 " images is kept",
                       a ? a->o->run : "the run", images);
    const audit_place end = {.images = images, .arithmetic = a ? a->chain->arithmetic : NULL};
    if (a) c.from = &a->place[i], c.to = &end;
    gt_status st = gt_comm_agree_all(comm, a ? audit_turns(a, &r.turns, &r.n_turns) : GT_OK);
    if (!st) st = open_engine_all(&r, c.from, c.to);
    if (!st) st = gt_replay_begin_all(r.engine, a ? c.from->path : NULL, &begin);
    if (!st)
        st = gt_replay_run_all(
            r.engine,
            &(gt_replay_stretch){.images = images, .turns = r.turns, .n_turns = r.n_turns, .look = pass, .arg = &c});
    if (!st) st = gt_comm_agree_all(comm, c.status ? c.status : GT_OK);
    snprintf(path, 4200, "%s/checkpoint.h5", folder);
    if (!st) st = gt_replay_save_all(r.engine, path);
    gt_replay_close_all(r.engine);
    return st;
}
