/* SPDX-License-Identifier: Apache-2.0
 * The heads of the chain of a run, computed again, line by line, from all that each of them covers (run/door/chain.h).
 *
 * The walk has the path that the run took so far: the points where its head became another one. A link is a point more.
 * A start goes back to the point that the checkpoint has from which it resumed, and a rollback to a point before the
 * trouble: what lies behind was abandoned, yet its heads were right, too. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit/internal.h"

typedef struct point {
    gt_sha256 head;
    const gt_ledger_line *line;
    int64_t step;
    int64_t linked; /* images of the latest link up to here, or of the beginning */
    int64_t total;  /* of the latest length up to here; 0: none */
    int64_t reseed; /* rollbacks so far */
} point;

typedef struct walk {
    audit *a;
    point *at; /* [n]: the path */
    int n;
} walk;

static const point *top(const walk *w) { return &w->at[w->n - 1]; }

static gt_status bad_line(const walk *w, const gt_ledger_line *line, const char *what) {
    return gt_fail(GT_FAILED, "%s/" GT_LEDGER_NAME ":%" PRId64 ": %s", w->a->o->run, line->number, what);
}

static gt_status compare(const walk *w, const gt_ledger_line *line, const gt_sha256 *head, const char *what) {
    return gt_sha256_equal(head, &line->head) ? GT_OK : bad_line(w, line, what);
}

/* Its head and step are those of the line, all else as before. */
static void push(walk *w, const gt_ledger_line *line, int64_t step) {
    w->at[w->n] = w->n ? *top(w) : (point){0};
    w->at[w->n].head = line->head;
    w->at[w->n].line = line;
    w->at[w->n].step = step;
    w->n++;
}

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
    gt_sha256 recipe, head;
    int64_t form = t->form > 1 ? t->form : 1;
    if (form > GT_CHAIN_FORM)
        return gt_fail(GT_UNDECIDED,
                       "%s has a chain of form %" PRId64 ", and this program knows forms up to %d: use a newer version",
                       a->o->run, form, GT_CHAIN_FORM);
    if (form > 1 && !t->start) return bad_line(w, t, "there is no start before it");
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
    push(w, t, t->step);
    w->at[0].linked = t->images;
    return st;
}

/* What the rates of the next steps depend on is in the head. */
static gt_status check_length(const walk *w, const gt_ledger_line *t) {
    const gt_ledger_line *start = t->start ? &w->a->ledger->line[t->start - 1] : NULL;
    if (w->a->found->form < GT_CHAIN_FORM || !start) return GT_OK;
    int64_t counts = w->a->length_counts ? start->total : 0;
    return top(w)->total == counts ? GT_OK
                                   : bad_line(w, t, "the length of the run in the chain is not that of the start");
}

static gt_status take_length(walk *w, const gt_ledger_line *t) {
    gt_sha256 head;
    gt_status st = gt_chain_length_hash(&top(w)->head, t->step, t->images, t->total, &head);
    if (!st) st = compare(w, t, &head, "the head of this length does not follow from the one before");
    push(w, t, t->step);
    w->at[w->n - 1].total = t->total;
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
    push(w, t, t->step);
    w->at[w->n - 1].linked = t->images;
    a->found->links += !t->superseded;
    return st;
}

/* Each checkpoint has the head of the latest point before it; its line may come behind later links. */
static gt_status take_checkpoint(const walk *w, const gt_ledger_line *t) {
    int i = w->n - 1;
    while (i > 0 && w->at[i].step > t->step) i--;
    const point *p = &w->at[i];
    bool same_step = p->line->event == GT_LEDGER_LINK && p->step == t->step;
    if (!t->has_head || !gt_sha256_equal(&t->head, &p->head))
        return bad_line(w, t, "the head of this checkpoint is not that of the chain before");
    if (lacks_link(w->a, p->linked, t->images)) return bad_line(w, t, "a link before it is missing");
    /* a plateau is judged between the link and the checkpoint */
    if (same_step && !w->a->plateau && !gt_sha256_equal(&t->state, &p->line->state))
        return bad_line(w, t, "the checkpoint has another state than the link of this step");
    return GT_OK;
}

/* Back to the point whose head the checkpoint has. */
static gt_status take_start(walk *w, const gt_ledger_line *t) {
    const gt_ledger_line *from = t->from > 0 && t->from < t->number ? &w->a->ledger->line[t->from - 1] : NULL;
    if (!from || from->event != GT_LEDGER_CHECKPOINT)
        return bad_line(w, t, "the start does not name the checkpoint that it goes on from");
    while (w->n > 1 && (top(w)->step > t->step || (from->has_head && !gt_sha256_equal(&top(w)->head, &from->head))))
        w->n--;
    if (from->step != t->step || (from->has_head && !gt_sha256_equal(&top(w)->head, &from->head)))
        return bad_line(w, t, "the start does not go on from the checkpoint that it names");
    if (w->a->found->form > 1 && t->reseed != top(w)->reseed)
        return bad_line(w, t, "the start says another number of rollbacks than there were");
    return GT_OK;
}

/* The rule that needs no training: one more each time, not too many, and back to before the trouble. */
static const char *breaks_rule(const walk *w, const gt_ledger_line *t) {
    const audit *a = w->a;
    if (a->found->form > 1 && t->reseed != top(w)->reseed + 1) return "a rollback that is not counted";
    if (a->found->form > 1 && !t->has_head) return "a rollback that is not in the chain";
    if (t->reseeded > GT_MOST_ROLLBACKS || (t->has_head && t->reseed != t->reseeded))
        return "more rollbacks than a run makes, or one that is not counted";
    if (t->to_images >= t->images || t->to_step >= t->step ||
        (t->has_head && (t->began > t->images || t->to_images >= t->began)))
        return "a rollback that does not go back to before its trouble";
    return NULL;
}

static gt_status take_rollback(walk *w, const gt_ledger_line *t) {
    const char *broken = breaks_rule(w, t);
    const gt_sha256 abandoned = top(w)->head;
    gt_sha256 head;
    if (broken) return bad_line(w, t, broken);
    while (w->n > 1 && top(w)->step > t->to_step) w->n--;
    if (!t->has_head) return GT_OK;
    gt_status st = gt_chain_rollback_hash(&top(w)->head, &abandoned,
                                          &(gt_chain_rollback){.step = t->step,
                                                               .images = t->images,
                                                               .to_step = t->to_step,
                                                               .to_images = t->to_images,
                                                               .began = t->began,
                                                               .reseed = t->reseed,
                                                               .cause = t->message},
                                          &head);
    if (!st) st = compare(w, t, &head, "the head of this rollback does not follow from the one before");
    push(w, t, t->to_step);
    w->at[w->n - 1].reseed = t->reseed;
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
    if (st) return st;
    gt_sha256_text(&top(&w)->head, a->found->head);
    a->found->head_images = top(&w)->linked;
    return GT_OK;
}
