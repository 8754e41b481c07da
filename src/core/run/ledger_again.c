/* SPDX-License-Identifier: Apache-2.0
 * A run that resumes computes again what came after its checkpoint. The ledger has the hashes of that, and they must be
 * met: else the data, a file or the program are others, or the machine computes wrong. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/ledger_internal.h"

static const gt_ledger_line *line_of(const gt_ledger_lines *p, int64_t number) {
    return number > 0 ? &p->line[number - 1] : NULL;
}

/* The two computed the same way? Sums of MPI_Allreduce differ with the ranks. */
static bool same_way(const gt_ledger_line *before, const gt_ledger_line *now) {
    const char *tree = "tree";
    return before && before->numbered && !strcmp(before->arithmetic, now->arithmetic) &&
           !strcmp(before->reduce, tree) && !strcmp(now->reduce, tree);
}

/* The latest line of a step that was made as this process makes it; NULL: there is none. `head`: of the line `chain`
 * that it must belong to; NULL: any. */
static const gt_ledger_line *earlier(const gt_ledger *l, gt_ledger_event event, int64_t images, const gt_sha256 *head) {
    const gt_ledger_lines *p = l->past;
    for (int i = p->n - 1; i >= 0 && !l->went_back; i--) {
        const gt_ledger_line *t = &p->line[i], *chain = line_of(p, t->chain);
        if (t->event == GT_LEDGER_ROLLBACK && t->to_images < images) return NULL; /* other random numbers before it */
        if (t->event != event || t->images != images || !t->numbered) continue;
        if (t->reseeded != l->now.reseed || t->length != l->now.length || !same_way(line_of(p, t->start), &l->now))
            continue; /* other random numbers or rates */
        /* chains of 1.0.0 have no lines of lengths */
        const gt_ledger_line *start = line_of(p, t->start);
        if (chain && chain->form < 2 && start && l->now.total && start->total != l->now.total) continue;
        if (!head || (chain && gt_sha256_equal(&chain->head, head))) return t;
    }
    return NULL;
}

/* `what`: "the link at 2048 images has". */
static gt_status fail_other(const gt_ledger *l, const gt_ledger_line *t, const char *what, const gt_ledger_line *now) {
    bool same_state = gt_sha256_equal(&t->state, &now->state);
    char before[GT_SHA256_TEXT], here[GT_SHA256_TEXT], start[64] = "";
    if (l->now.number) snprintf(start, sizeof start, ", after the start of line %" PRId64 ",", l->now.number);
    gt_sha256_text(same_state ? &t->head : &t->state, before);
    gt_sha256_text(same_state ? &now->head : &now->state, here);
    return gt_fail(GT_FAILED,
                   "%s/%s: %s the %s %s in line %" PRId64 ", and now%s the %s %s: %s, or memory has faults. `gantry "
                   "audit %s` shows more; --restart starts over, and keeps the old run in a subfolder",
                   l->dir, GT_LEDGER_NAME, what, same_state ? "head" : "state", before, t->number, start,
                   same_state ? "head" : "state", here,
                   same_state ? "the data or /chain of a checkpoint were changed"
                              : "the data or a file of the run were changed, the program computes other numbers",
                   l->dir);
}

/* ---- a start ---- */

static bool same_place(const gt_ledger_line *t, const gt_ledger_line *now) {
    return gt_sha256_equal(&t->state, &now->state) && t->has_head == now->has_head &&
           gt_sha256_equal(&t->head, &now->head);
}

static gt_status add_checkpoint(gt_ledger *l, const char *dir, gt_ledger_line *start) {
    gt_ledger_line line = *start;
    GT_FREED char *path = gt_path_join(dir, start->name);
    line.event = GT_LEDGER_CHECKPOINT;
    gt_status st = path ? gt_sha256_of_file(path, &line.file) : GT_NOMEM;
    return st ? st : gt_ledger_add(l, &line, true, &start->from);
}

gt_status gt_ledger_take_up(gt_ledger *l, const char *dir, gt_ledger_line *start) {
    const gt_ledger_lines *p = l->past;
    const gt_ledger_line *found = NULL, *chain;
    gt_status st = GT_OK;
    l->now = *start;
    for (int i = p->n - 1; i >= 0 && !found; i--) {
        const gt_ledger_line *t = &p->line[i];
        if (t->event == GT_LEDGER_CHECKPOINT && t->images == start->images && same_place(t, start)) found = t;
    }
    const gt_ledger_line *other = found ? NULL : earlier(l, GT_LEDGER_CHECKPOINT, start->images, NULL);
    if (other && (start->has_head || !gt_sha256_equal(&other->state, &start->state))) {
        char what[96];
        snprintf(what, sizeof what, "%s, from which the run would resume, has", start->name);
        return fail_other(l, other, what, start);
    }
    if (found) start->from = found->number, l->now.length = found->length;
    else st = add_checkpoint(l, dir, start);
    chain = found ? line_of(p, found->chain) : p->n ? line_of(p, p->line[p->n - 1].chain) : NULL;
    if (chain && start->has_head) l->has_chain = true, l->chain = chain->head;
    l->now.from = start->from;
    return st;
}

/* ---- a link, a checkpoint ---- */

gt_status gt_ledger_compare(const gt_ledger *l, const gt_ledger_line *line) {
    const gt_ledger_line *t = l->has_chain ? earlier(l, line->event, line->images, &l->chain) : NULL;
    char what[96];
    if (!t || (gt_sha256_equal(&t->state, &line->state) && gt_sha256_equal(&t->head, &line->head))) return GT_OK;
    snprintf(what, sizeof what, "the %s at %" PRId64 " images had", ledger_events[line->event], line->images);
    return fail_other(l, t, what, line);
}

void ledger_note_now(gt_ledger *l, const gt_ledger_line *line) {
    if (line->event == GT_LEDGER_START) {
        l->now = (gt_ledger_line){.number = l->lines,
                                  .images = line->images,
                                  .reseed = line->reseed,
                                  .arithmetic = line->arithmetic,
                                  .reduce = line->reduce,
                                  .total = line->total,
                                  .length = l->now.length};
    }
    if (line->event == GT_LEDGER_LENGTH) l->now.length = line->total;
    if (line->event == GT_LEDGER_CHAIN) l->has_chain = true, l->chain = line->head;
    if (line->event == GT_LEDGER_ROLLBACK) l->went_back = true;
}

static bool has_head_of_chain(const gt_ledger_line *t) {
    bool of_chain = t->event == GT_LEDGER_CHAIN || t->event == GT_LEDGER_LINK || t->event == GT_LEDGER_LENGTH;
    return t->numbered && (of_chain || (t->event == GT_LEDGER_ROLLBACK && t->has_head));
}

/* What the last start has made, or else what the checkpoint had from which it went on. */
const gt_ledger_line *gt_ledger_head(const gt_ledger_lines *l) {
    int i = l->n - 1;
    for (; i >= 0 && !(l->line[i].event == GT_LEDGER_START && l->line[i].numbered); i--)
        if (has_head_of_chain(&l->line[i])) return &l->line[i];
    const gt_ledger_line *start = i >= 0 ? &l->line[i] : NULL;
    const gt_ledger_line *from = start && start->from > 0 && start->from < start->number ? line_of(l, start->from)
                                                                                         : NULL;
    const gt_ledger_line *latest = NULL; /* of the lines that count */
    for (; i >= 0; i--) {
        const gt_ledger_line *t = &l->line[i];
        if (!has_head_of_chain(t)) continue;
        if (from && from->has_head && gt_sha256_equal(&t->head, &from->head)) return t;
        if (!latest && !t->superseded) latest = t;
    }
    return latest;
}
