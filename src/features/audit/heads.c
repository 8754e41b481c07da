/* SPDX-License-Identifier: Apache-2.0
 * The heads of the chain of a run, computed again, line by line, from all that each of them covers (run/door/chain.h).
 *
 * The walk has the path that the run took so far: the points where its head became another one, or the numbers of its
 * next steps. A start goes back to the point that the checkpoint has from which it resumed, and a rollback to a point
 * before the trouble: what lies behind was abandoned, yet its heads were right, too. What the path is in the end
 * decides which lines count, and what is computed again: nothing that is not on it changes a number. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "features/audit/internal.h"

/* A run that is killed in the middle of a rollback makes another line of it; lengths at one step: each has a start. */
enum { MOST_ROLLBACK_LINES = 16, MOST_LENGTHS = 64 };

typedef struct point {
    gt_sha256 head;
    const gt_ledger_line *line;
    int64_t step;
    int64_t linked;               /* images of the latest link up to here, or of the beginning */
    int64_t total;                /* images of the training by which rates are; 0: they do not depend on it */
    int64_t reseed;               /* rollbacks so far */
    const gt_ledger_line *stated; /* link or beginning whose state this is, if no step and no rollback came since */
} point;

typedef struct walk {
    audit *a;
    point *at; /* [n]: the path */
    int n;
    int rollback_lines;
} walk;

static const point *top(const walk *w) { return &w->at[w->n - 1]; }

/* The latest point of the path at or before a step. */
static const point *point_at(const walk *w, int64_t step) {
    int first = 0, behind = w->n; /* steps do not fall along the path */
    while (behind - first > 1) {
        int middle = first + (behind - first) / 2;
        if (w->at[middle].step <= step) first = middle;
        else behind = middle;
    }
    return &w->at[first];
}

/* Has the path this head there? At one step it may have several, one after the other. */
static bool has_head(const walk *w, int64_t step, const gt_sha256 *head) {
    const point *p = point_at(w, step);
    while (p > w->at && p->step == step && !gt_sha256_equal(&p->head, head)) p--;
    return gt_sha256_equal(&p->head, head);
}

static gt_status bad_line(const walk *w, const gt_ledger_line *line, const char *what) {
    return gt_fail(GT_FAILED, "%s/" GT_LEDGER_NAME ":%" PRId64 ": %s", w->a->o->run, line->number, what);
}

static gt_status compare(const walk *w, const gt_ledger_line *line, const gt_sha256 *head, const char *what) {
    return gt_sha256_equal(head, &line->head) ? GT_OK : bad_line(w, line, what);
}

/* A new point, as the one before but for its line and step. */
static point *push(walk *w, const gt_ledger_line *line, int64_t step) {
    point *p = &w->at[w->n];
    *p = w->n ? *top(w) : (point){0};
    p->line = line;
    p->step = step;
    w->n++;
    return p;
}

static const gt_ledger_line *start_of(const walk *w, const gt_ledger_line *t) {
    return t->start ? &w->a->ledger->line[t->start - 1] : NULL;
}

static bool old_form(const walk *w) { return w->a->found->form < GT_CHAIN_FORM; }

/* ---- where links must be ---- */

/* Is there a link that should be there, after a link (or the beginning) at `before` images and before the end of the
 * step that ends at `images`? Steps are no longer than a batch. */
static bool lacks_link(const audit *a, int64_t before, int64_t images) {
    int64_t last = images - a->batch;
    return last > before && gt_chain_is_due(before, last, a->batch);
}

/* ---- each event ---- */

static gt_status take_chain(walk *w, const gt_ledger_line *t) {
    const audit *a = w->a;
    const gt_ledger_line *start = start_of(w, t);
    gt_sha256 recipe, head;
    int64_t form = a->found->form;
    if (form > GT_CHAIN_FORM)
        return gt_fail(GT_UNDECIDED,
                       "%s has a chain of form %" PRId64 ", and this program knows forms up to %d: use a newer version",
                       a->o->run, form, GT_CHAIN_FORM);
    if (!start || (!t->step && start->reseed) || start->reseed > GT_MOST_ROLLBACKS)
        return bad_line(w, t, "no start before it begins such a chain");
    if (!a->begun_with)
        return gt_fail(GT_UNDECIDED,
                       "no checkpoint is kept with the words of the recipe that the chain of %s began with: another "
                       "version of the program has gone on with the run",
                       a->o->run);
    gt_status st = gt_sha256_of(a->begun_with, strlen(a->begun_with), &recipe);
    if (!st && !gt_sha256_equal(&recipe, &t->recipe))
        return bad_line(w, t, "the chain begins with another recipe than it says");
    if (!st)
        st = gt_chain_begin_hash(form, t->step, t->images, t->arithmetic, &t->state, t->has_source ? &t->source : NULL,
                                 a->begun_with, &head);
    if (!st) st = compare(w, t, &head, "the head of the chain does not follow from recipe and state");
    w->n = 0;
    point *p = push(w, t, t->step);
    p->head = t->head;
    p->linked = t->images;
    p->stated = t;
    p->reseed = start->reseed;
    if (old_form(w) && a->length_counts) p->total = start->total;
    return st;
}

/* What the rates of the next steps depend on is in the head. */
static gt_status check_length(const walk *w, const gt_ledger_line *t) {
    const gt_ledger_line *start = start_of(w, t);
    int64_t counts = w->a->length_counts && start ? start->total : 0;
    return top(w)->total == counts && (counts || !w->a->length_counts)
               ? GT_OK
               : bad_line(w, t, "the length of the run in the chain is not that of the start");
}

static gt_status take_length(walk *w, const gt_ledger_line *t) {
    gt_sha256 head;
    const gt_ledger_line *start = start_of(w, t), *before = top(w)->line;
    bool is_behind_rollback = before->event == GT_LEDGER_ROLLBACK && before->to_step == t->step &&
                              before->to_images == t->images;
    if (old_form(w) || !w->a->length_counts || !t->total || t->total == top(w)->total || t->step < top(w)->step ||
        (w->n > MOST_LENGTHS && w->at[w->n - MOST_LENGTHS].step == t->step) || !start ||
        (!is_behind_rollback && (start->step != t->step || start->images != t->images)))
        return bad_line(w, t, "a length that the chain does not have here");
    gt_status st = gt_chain_length_hash(&top(w)->head, t->step, t->images, t->total, &head);
    if (!st) st = compare(w, t, &head, "the head of this length does not follow from the one before");
    point *p = push(w, t, t->step);
    p->head = t->head;
    p->total = t->total;
    return st ? st : check_length(w, t);
}

static gt_status take_link(walk *w, const gt_ledger_line *t) {
    const point *before = top(w);
    const audit *a = w->a;
    gt_sha256 head;
    if (!a->data) return bad_line(w, t, "there is no line of the hash of the data before it");
    if (t->images <= before->linked || t->step <= before->step)
        return bad_line(w, t, "the link does not come after the one before");
    if (lacks_link(a, before->linked, t->images) || !gt_chain_is_due(before->linked, t->images, a->batch))
        return bad_line(w, t, "a link before it is missing, or it is not where the recipe has one");
    gt_status st = check_length(w, t);
    if (!st)
        st = gt_chain_link_hash(&before->head, t->step, t->images, t->arithmetic, &t->state, &a->data->root, &head);
    if (!st)
        st = compare(w, t, &head, "the head of this link does not follow from the link before, its state and the data");
    point *p = push(w, t, t->step);
    p->head = t->head;
    p->linked = t->images;
    p->stated = t;
    return st;
}

/* Each checkpoint has the head of the latest point before it; its line may come behind later links. */
static gt_status take_checkpoint(const walk *w, const gt_ledger_line *t) {
    const point *p = point_at(w, t->step);
    bool same_step = p->stated && p->stated->step == t->step;
    if (!t->has_head || !gt_sha256_equal(&t->head, &p->head))
        return bad_line(w, t, "the head of this checkpoint is not that of the chain before");
    if (t->images < p->linked || lacks_link(w->a, p->linked, t->images))
        return bad_line(w, t, "a link before it is missing");
    /* a plateau is judged between the link and the checkpoint */
    bool judged = w->a->plateau && same_step && p->stated->event == GT_LEDGER_LINK;
    if (same_step && !judged && !gt_sha256_equal(&t->state, &p->stated->state))
        return bad_line(w, t, "the checkpoint has another state than the link of this step");
    return GT_OK;
}

/* Back to the point whose head, and whose number of rollbacks, the checkpoint has. */
static gt_status take_start(walk *w, const gt_ledger_line *t) {
    const gt_ledger_line *from = t->from > 0 && t->from < t->number ? &w->a->ledger->line[t->from - 1] : NULL;
    if (!from || from->event != GT_LEDGER_CHECKPOINT || !from->numbered || from->step != t->step ||
        from->images != t->images)
        return bad_line(w, t, "the start does not name the checkpoint that it goes on from");
    while (w->n > 1 && (top(w)->step > t->step || top(w)->reseed > t->reseed ||
                        (from->has_head && !gt_sha256_equal(&top(w)->head, &from->head))))
        w->n--;
    if (top(w)->step > t->step || (from->has_head && !gt_sha256_equal(&top(w)->head, &from->head)))
        return bad_line(w, t, "the start does not go on from the checkpoint that it names");
    if (t->reseed != top(w)->reseed)
        return bad_line(w, t, "the start says another number of rollbacks than there were");
    if (old_form(w) && w->a->length_counts && t->total != top(w)->total) push(w, t, t->step)->total = t->total;
    return GT_OK;
}

/* ---- rollbacks ---- */

/* The newest checkpoint on the path of less than so many images; NULL: none. */
static const gt_ledger_line *newest_before(const walk *w, const gt_ledger_line *rollback, int64_t images) {
    const gt_ledger_line *newest = NULL;
    for (int64_t i = rollback->number - 1; i > w->a->chain->number; i--) {
        const gt_ledger_line *t = &w->a->ledger->line[i - 1];
        if (t->event != GT_LEDGER_CHECKPOINT || !t->has_head || t->images >= images) continue;
        bool on_path = has_head(w, t->step, &t->head);
        if (on_path && (!newest || t->images > newest->images)) newest = t;
    }
    return newest;
}

/* The rule that needs no training: one more each time, not too many, and back to the newest checkpoint before the
 * trouble. Checkpoints that were gone by then are not known. NULL: it is kept. */
static const char *breaks_rule(walk *w, const gt_ledger_line *t) {
    int64_t reseed = top(w)->reseed + 1, before = t->has_head ? t->began : t->images;
    if (!old_form(w) && !t->has_head) return "a rollback that is not in the chain";
    if (reseed > GT_MOST_ROLLBACKS || (t->has_head && t->reseed != reseed) || ++w->rollback_lines > MOST_ROLLBACK_LINES)
        return "more rollbacks than a run makes, or one that is not counted";
    if (t->to_images >= t->images || t->to_step >= t->step || before > t->images || t->to_images >= before ||
        top(w)->step > t->step)
        return "a rollback that does not go back to before its trouble";
    const gt_ledger_line *newest = newest_before(w, t, t->to_images + 1);
    if (!newest || newest->step != t->to_step || newest->images != t->to_images)
        return "a rollback to a step without a checkpoint";
    newest = newest_before(w, t, before);
    if (newest->images > t->to_images) w->a->farther = t;
    return NULL;
}

static gt_status take_rollback(walk *w, const gt_ledger_line *t) {
    const char *broken = breaks_rule(w, t);
    const gt_sha256 abandoned = top(w)->head;
    const int64_t reseed = top(w)->reseed + 1;
    gt_sha256 head;
    gt_status st = GT_OK;
    if (broken) return bad_line(w, t, broken);
    w->a->back[reseed - 1 - w->at[0].reseed] = t;
    while (w->n > 1 && top(w)->step > t->to_step) w->n--;
    if (t->has_head) st = gt_chain_rollback_hash(&top(w)->head, &abandoned, t, &head);
    if (!st && t->has_head) st = compare(w, t, &head, "the head of this rollback does not follow from the one before");
    point *p = push(w, t, t->to_step);
    if (t->has_head) p->head = t->head;
    if (old_form(w) && p->total) p->total = start_of(w, t)->total; /* the training has the length of its start */
    p->reseed = reseed;
    p->stated = NULL;
    return st;
}

static gt_status take(walk *w, const gt_ledger_line *t) {
    if (t == w->a->chain) return take_chain(w, t);
    if (!w->n || t->chain != w->a->chain->number) return GT_OK;
    switch (t->event) {
    case GT_LEDGER_LENGTH: return take_length(w, t);
    case GT_LEDGER_LINK: return take_link(w, t);
    case GT_LEDGER_CHECKPOINT: return take_checkpoint(w, t);
    case GT_LEDGER_START: return take_start(w, t);
    case GT_LEDGER_ROLLBACK: return take_rollback(w, t);
    default: return GT_OK;
    }
}

/* ---- what follows from the path ---- */

/* A checkpoint counts that has a head of the path, and no later line of its step. */
static void mark(walk *w) {
    gt_ledger_line *line = w->a->ledger->line;
    int64_t least = INT64_MAX;
    for (int i = 0; i < w->a->ledger->n; i++)
        if (line[i].event == GT_LEDGER_LINK) line[i].superseded = true;
    for (int i = 0; i < w->n; i++)
        if (w->at[i].line->event == GT_LEDGER_LINK) line[w->at[i].line->number - 1].superseded = false;
    for (int i = w->a->ledger->n - 1; i >= 0; i--) {
        gt_ledger_line *t = &line[i];
        if (t->event != GT_LEDGER_CHECKPOINT || t->chain != w->a->chain->number) continue;
        t->superseded = t->step >= least || !has_head(w, t->step, &t->head);
        if (!t->superseded) least = t->step;
    }
}

/* Killed before the checkpoint of a rollback: a start would go on from the one before, and go back once more. */
static bool is_in_the_middle(const walk *w) {
    const gt_ledger_lines *l = w->a->ledger;
    for (int i = l->n - 1; i >= 0; i--) {
        if (l->line[i].event == GT_LEDGER_CHECKPOINT || l->line[i].event == GT_LEDGER_LINK) return false;
        if (l->line[i].event == GT_LEDGER_ROLLBACK) return true;
    }
    return false;
}

/* Where random numbers or the length become others. */
static gt_status make_turns(walk *w) {
    audit *a = w->a;
    a->turns = gt_arena_array(a->arena, (size_t)w->n + 1, sizeof *a->turns);
    if (!a->turns) return GT_NOMEM;
    for (int i = 0; i < w->n; i++) {
        const point *p = &w->at[i], *before = i ? &w->at[i - 1] : NULL;
        if (before && before->reseed == p->reseed && before->total == p->total) continue;
        a->turns[a->n_turns++] = (gt_replay_turn){.step = p->step, .reseed = p->reseed, .total = p->total};
    }
    return GT_OK;
}

gt_status audit_check_heads(audit *a) {
    const gt_ledger_lines *l = a->ledger;
    walk w = {.a = a, .at = gt_arena_array(a->arena, (size_t)l->n + 1, sizeof *w.at)};
    gt_status st = w.at ? GT_OK : GT_NOMEM;
    for (int i = 0; i < l->n && !st; i++) {
        const gt_ledger_line *t = &l->line[i];
        if (t->event == GT_LEDGER_DATA && !gt_sha256_equal(&t->root, &a->data->root))
            st = bad_line(&w, t, "the data have another hash here than in a later line");
        else if (t->numbered) st = take(&w, t);
    }
    if (!st) st = make_turns(&w);
    if (st) return st;
    mark(&w);
    for (int i = 0; i < w.n; i++) a->found->links += w.at[i].line->event == GT_LEDGER_LINK;
    a->n_back = (int)(top(&w)->reseed - w.at[0].reseed);
    if (is_in_the_middle(&w))
        return gt_fail(GT_UNDECIDED,
                       "%s was ended between a rollback and the checkpoint behind it: to resume it settles that",
                       a->o->run);
    gt_sha256_text(&top(&w)->head, a->found->head);
    a->found->head_images = top(&w)->linked;
    return GT_OK;
}
