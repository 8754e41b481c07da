/* SPDX-License-Identifier: Apache-2.0
 * Stretches of a run between its kept checkpoints are computed again, as far as the choice says (choice.h), one piece
 * from checkpoint to checkpoint after the other. Rank 0 chooses and compares; the others compute with it. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "features/audit/choice.h"
#include "features/audit/internal.h"
#include "base/door/clock.h"
#include "gantry/log.h"
#include "gantry/progress.h"

typedef struct replaying {
    audit *a; /* of rank 0 */
    gt_comm *comm;
    gt_replay *engine; /* NULL: none is open */
    bool fresh;        /* a stretch can begin with nothing */
    const char *arithmetic, *recipe;
    gt_replay_turn *turns;
    int n_turns;
    bool traced; /* one piece, line by line */
    audit_trace trace;
    audit_choice choice;
    bool planned;         /* how much is drawn is known */
    audit_stretch *pilot; /* the last one that was begun before */
    int pilots;           /* of them: */
    int64_t drawn;        /* these draws */
    audit_stretch *now;   /* what is computed; NULL: nothing yet */
    int piece;            /* of it: the index of its first place */
    int at;               /* in the order of the choice */
    double limit, end;    /* seconds; by gt_clock() */
    double budget;        /* images that the plan has counted on; 0: without a limit */
    char first_unchecked[1024];
} replaying;

enum { MOST_PILOT_DRAWS = 10000 };

/* One after the other, as the ledger and the replay meet. Rank 0. */
typedef struct comparison {
    audit *a;
    replaying *r; /* NULL: everything up to `to` is wanted */
    const audit_place *from, *to;
    double began;      /* by gt_clock() */
    int64_t images;    /* compared so far, in this piece */
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

/* How much of the choice is computed, by the speed so far. A tenth of the time is kept for steps that take longer than
 * the first ones. */
static void plan(replaying *r, double images, double seconds) {
    const double share = 0.9;
    r->budget = share * r->limit * images / seconds;
    audit_choice_fit(&r->choice, r->budget);
    audit_choice_make(&r->choice);
    r->planned = true;
}

/* A twentieth of the time shows the speed. */
static void measure(const comparison *c) {
    const double share = 0.05;
    double seconds = c->a->found->seconds + gt_clock() - c->began;
    if (seconds >= share * c->r->limit) plan(c->r, (double)(c->a->found->replayed + c->images), seconds);
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
    if (c->r && !c->r->planned) measure(c);
    /* where the piece ends it ends by itself: the state of the checkpoint comes behind that of the link */
    return !link || !c->r || p->images < c->r->now->target || p->images >= c->to->images;
}

/* ---- which ---- */

/* Links that count, and places. */
static gt_status open_choice(replaying *r) {
    const audit *a = r->a;
    int64_t *place = gt_arena_array(a->arena, (size_t)a->n_places + 1, sizeof *place),
            *link = gt_arena_array(a->arena, (size_t)a->ledger->n + 1, sizeof *link);
    int links = 0;
    if (!place || !link) return GT_NOMEM;
    for (int i = 0; i < a->n_places; i++) place[i] = a->place[i].images;
    for (int i = 0; i < a->ledger->n; i++) {
        const gt_ledger_line *t = &a->ledger->line[i];
        if (t->event == GT_LEDGER_LINK && !t->superseded && t->chain == a->chain->number) link[links++] = t->images;
    }
    r->choice = (audit_choice){.seed = a->found->seed, .all = a->o->all, .draws = a->o->segments};
    return audit_choice_open(&r->choice, a->arena, place, a->n_places, link, links);
}

/* As long as the speed is not known: whole stretches, as the draws come. */
static audit_stretch *next_pilot(replaying *r) {
    const audit_choice *c = &r->choice;
    while (r->pilots < c->stretches && r->drawn < MOST_PILOT_DRAWS) {
        audit_stretch *s = &c->stretch[audit_choice_draw(c, r->drawn++)->stretch];
        if (s->begun) continue;
        r->pilots++;
        s->target = s->reach;
        return r->pilot = s;
    }
    return NULL;
}

static audit_stretch *next_stretch(replaying *r) {
    const audit_choice *c = &r->choice;
    audit_stretch *pilot = r->planned ? NULL : next_pilot(r);
    if (pilot) return pilot;
    if (!r->planned) plan(r, (double)r->a->found->replayed, r->a->found->seconds);
    while (r->at < c->ordered) {
        audit_stretch *s = &c->stretch[c->order[r->at++]];
        if (!s->begun) return s;
    }
    return NULL;
}

/* The place where the next piece begins; -1: there is none, or no time. */
static int next_piece(replaying *r) {
    const audit_stretch *s = r->now;
    if (r->end - gt_clock() <= 0) return -1;
    if (s && r->piece + 1 < s->last && s->done >= r->a->place[r->piece + 1].images && s->done < s->target)
        return ++r->piece;
    r->now = next_stretch(r);
    if (!r->now) return -1;
    r->now->begun = true;
    return r->piece = r->now->first;
}

/* The one piece of a trace: that of the other trace, or the one where the first draw begins. */
static int traced_piece(const replaying *r) {
    const audit *a = r->a;
    int i = 0;
    if (r->trace.stretch >= 0) return r->trace.stretch;
    if (!r->choice.n) return -1;
    for (int64_t images = a->o->all ? 0 : audit_choice_draw(&r->choice, 0)->begin; a->place[i + 1].images <= images;)
        i++;
    return i;
}

/* ---- a piece ---- */

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
                                  .sourceless = r->a->found->form > 1 && !r->a->chain->has_source,
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

static gt_status conclude(replaying *r, comparison *c, gt_status st) {
    audit *a = r->a;
    if (r->trace.status) return r->trace.status; /* that is the earlier difference */
    if (c->status) return c->status;
    a->found->replayed += c->images;
    a->found->seconds += gt_clock() - c->began;
    int64_t done = c->from->images + c->images;
    if (r->now) r->now->done = done;
    for (int i = 0; i < r->choice.n; i++) {
        int64_t end = r->choice.interval[i].end;
        a->found->computed += end > c->from->images && end <= done;
    }
    if (st) return st;
    if (c->other)
        return gt_fail(GT_UNDECIDED, "steps after %" PRId64 " images were computed with the arithmetic %s", done,
                       c->other);
    return GT_OK;
}

/* A run that goes on removes checkpoints. */
static gt_status check_there(const audit_place *from) {
    if (!from->path || !access(from->path, F_OK)) return GT_OK;
    return gt_fail(GT_UNDECIDED, "%s is gone since the audit has begun: the run goes on", from->path);
}

static gt_status replay_piece_all(replaying *r, int i) {
    audit *a = r->a;
    comparison c = {.a = a, .r = r->traced ? NULL : r};
    gt_replay_point begin;
    if (a) c.from = &a->place[i], c.to = &a->place[i + 1];
    gt_status st = open_engine_all(r, c.from, c.to);
    r->fresh = false;
    c.began = gt_clock();
    if (!st) st = gt_comm_agree_all(r->comm, a ? check_there(c.from) : GT_OK);
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
        int64_t end = r->now ? r->now->target : s.images;
        gt_tell_start("computing again", "images", (end < s.images ? end : s.images) - c.from->images);
    }
    st = gt_replay_run_all(r->engine, &s);
    gt_tell_end();
    return gt_comm_agree_all(r->comm, a ? conclude(r, &c, st) : st);
}

/* ---- the data ---- */

/* A stretch may begin there also where the networks are gone that the run has begun with. */
static const audit_place *first_kept(const audit *a) { return a->place[0].path ? a->place : a->place + 1; }

/* All samples are read, whatever the dataset says of its hashes. */
static gt_status compare_data_all(replaying *r) {
    audit *a = r->a;
    int known = a && a->data;
    gt_sha256 root;
    gt_comm_broadcast_all(r->comm, &known, sizeof known, 0);
    if (!known) return GT_OK;
    gt_status st = gt_replay_data_root_all(r->engine, &root);
    if (!st && a && !gt_sha256_equal(&root, &a->data->root)) {
        char is[GT_SHA256_TEXT], says[GT_SHA256_TEXT];
        st = gt_fail(GT_FAILED, "the hash of the data is %s, and line %" PRId64 " of the ledger says %s",
                     gt_sha256_text(&root, is), a->data->number, gt_sha256_text(&a->data->root, says));
    }
    if (a) a->found->data_met = !st;
    return gt_comm_agree_all(r->comm, st);
}

static gt_status check_data_all(replaying *r) {
    const audit *a = r->a;
    gt_status st = open_engine_all(r, a ? first_kept(a) : NULL, a ? &a->place[a->n_places - 1] : NULL);
    return st ? st : compare_data_all(r);
}

/* ---- the beginning ---- */

/* The engine that has begun does for the first stretch, too, where nothing was computed with it. */
static gt_status check_beginning_all(replaying *r) {
    audit *a = r->a;
    int late = a && a->found->late;
    gt_comm_broadcast_all(r->comm, &late, sizeof late, 0);
    if (late) return GT_OK;
    audit_place to = a ? a->place[a->n_places - 1] : (audit_place){0};
    if (a) to.arithmetic = a->chain->arithmetic;
    gt_status st = open_engine_all(r, a ? &a->place[0] : NULL, a ? &to : NULL);
    if (!st) st = audit_begin_all(r->comm, a, r->engine);
    if (!st) st = audit_rollbacks_all(r->comm, a, r->engine);
    r->fresh = r->engine && !gt_replay_has_moved(r->engine);
    return st;
}

/* ---- all that is due ---- */

static gt_status prepare(replaying *r) {
    audit *a = r->a;
    bool limited = !a->o->all && !a->o->segments && a->o->minutes > 0;
    a->found->images = a->n_places ? a->place[a->n_places - 1].images : 0;
    r->turns = a->turns;
    r->n_turns = a->n_turns;
    gt_status st = open_choice(r);
    if (!st && r->traced) st = audit_trace_open(&r->trace, a->o);
    if (!st && r->traced) st = audit_trace_choose(&r->trace, a);
    a->found->intervals = r->choice.n;
    r->limit = limited ? 60 * a->o->minutes : INFINITY;
    if (!limited && !a->o->segments) r->choice.all = true;
    r->planned = !limited || !r->choice.n;
    if (!st && r->planned) audit_choice_make(&r->choice);
    return st;
}

/* Rank 0: what was computed, and what that is worth. A trace promises nothing. */
static void sum_up(replaying *r) {
    audit_choice *c = &r->choice;
    gt_audit_found *f = r->a->found;
    bool whole = r->planned && !r->traced;
    for (int i = 0; i < c->stretches; i++) whole &= c->stretch[i].done >= c->stretch[i].target;
    /* Pilots are the first stretches of the order. Only the last one may not be: then its images are none of the
     * choice. Where the steps became slower, it counts nothing that just these draws were computed in time: others
     * would not have been. */
    const audit_stretch *p = r->pilot;
    bool chosen = p && r->pilots <= c->ordered && &c->stretch[c->order[r->pilots - 1]] == p;
    double none = p && !chosen ? (double)(p->done - p->begin) : 0, images = (double)f->replayed;
    double in_time = f->seconds > 0 ? images / f->seconds * r->limit : INFINITY;
    if (!whole || in_time < r->budget) audit_choice_cut(c, (whole ? in_time : fmin(images, in_time)) - none);
    if (r->traced) c->draws = 0;
    audit_choice_unseen(c, &f->unseen, &f->worst);
    /* the rest of the run follows from these */
    if (!f->begins_right || f->rollbacks_met < f->rollbacks) f->unseen = f->worst = 1;
    f->draws = c->all ? 0 : c->draws;
    if (f->replayed) f->whole = f->seconds / (double)f->replayed * (double)(f->images - r->a->place[0].images);
}

/* Rank 0: nothing that was computed again is nothing that was found to be true. */
static gt_status check_computed(const audit *a, bool traced) {
    if (traced || a->found->replayed || !a->found->images) return GT_OK;
    return gt_fail(GT_UNDECIDED,
                   "no step up to a link or a checkpoint was computed again in the time: give more --minutes, or "
                   "--segments=1");
}

/* A stretch that cannot be computed here does not end the audit: others may be. Its rest goes unseen. */
static gt_status note(replaying *r, gt_status st) {
    if (st != GT_UNDECIDED && st != GT_USAGE) return st;
    if (r->now) r->now->reach = r->now->target = r->now->done;
    if (!*r->first_unchecked) snprintf(r->first_unchecked, sizeof r->first_unchecked, "%s", gt_message());
    return GT_OK;
}

gt_status audit_replay_all(gt_comm *comm, audit *a, bool traced) {
    replaying r = {.a = a, .comm = comm, .traced = traced, .trace.out.fd = -1};
    gt_status st = gt_comm_agree_all(comm, a ? prepare(&r) : GT_OK);
    if (!st) st = note(&r, check_beginning_all(&r));
    if (!st) st = check_data_all(&r);
    r.end = gt_clock() + r.limit;
    for (bool once = false; !st && !(traced && once); once = true) {
        int i = !a ? -1 : traced ? traced_piece(&r) : next_piece(&r);
        gt_comm_broadcast_all(comm, &i, sizeof i, 0);
        if (i < 0) break;
        st = note(&r, replay_piece_all(&r, i));
    }
    gt_replay_close_all(r.engine);
    if (a) sum_up(&r);
    if (traced) st = gt_comm_agree_all(comm, a ? audit_trace_close(&r.trace, st) : st);
    if (!st && a && a->found->late) st = audit_is_late(a);
    else if (!st && a && a->untold)
        st = gt_fail(GT_UNDECIDED, "%s is newer than the ledger, and has no line there: to resume the run settles that",
                     a->untold);
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
    if (link) return look(c, p, true);
    if (p->images != c->to->images)
        c->status = gt_fail(GT_FAILED, "no step of the run ends at %" PRId64 " images", c->to->images);
    return !c->status;
}

/* Images of the run as far as the ledger tells. */
static int64_t end_of(const audit *a) {
    int64_t end = a->place[a->n_places - 1].images;
    for (int i = 0; i < a->ledger->n; i++) {
        const gt_ledger_line *t = &a->ledger->line[i];
        if (t->event == GT_LEDGER_END && t->numbered && t->images > end) end = t->images;
    }
    return end;
}

gt_status audit_make_all(gt_comm *comm, audit *a, int64_t images, const char *folder, char path[4200]) {
    replaying r = {.a = a, .comm = comm};
    comparison c = {.a = a};
    gt_replay_point begin;
    int i = a ? place_before(a, images) : 0;
    gt_status asked = gt_comm_agree_all(
        comm, a && images > end_of(a)
                  ? gt_fail(GT_FAILED, "the ledger of '%s' ends before %" PRId64 " images", a->o->run, images)
                  : GT_OK);
    if (asked) return asked;
    gt_comm_broadcast_all(comm, &i, sizeof i, 0);
    if (i < 0)
        return gt_fail(GT_UNDECIDED, "no checkpoint of '%s' from before %" PRId64 " images is kept",
                       a ? a->o->run : "the run", images);
    const audit_place end = {.images = images, .arithmetic = a ? a->chain->arithmetic : NULL};
    if (a) c.from = &a->place[i], c.to = &end;
    if (a) r.turns = a->turns, r.n_turns = a->n_turns;
    gt_status st = open_engine_all(&r, c.from, c.to);
    int begins = a && !c.from->path;
    gt_comm_broadcast_all(comm, &begins, sizeof begins, 0);
    if (!st && begins) st = audit_begin_all(comm, a, r.engine);
    if (!st) st = compare_data_all(&r);
    if (!st) st = gt_replay_begin_all(r.engine, a ? c.from->path : NULL, &begin);
    if (!st)
        st = gt_replay_run_all(
            r.engine,
            &(gt_replay_stretch){.images = images, .turns = r.turns, .n_turns = r.n_turns, .look = pass, .arg = &c});
    if (!st && a && c.other)
        c.status = gt_fail(GT_UNDECIDED, "steps before %" PRId64 " images were computed with the arithmetic %s", images,
                           c.other);
    if (!st) st = gt_comm_agree_all(comm, c.status ? c.status : st);
    snprintf(path, 4200, "%s/checkpoint.h5", folder);
    if (!st) st = gt_replay_save_all(r.engine, path);
    gt_replay_close_all(r.engine);
    return st;
}
