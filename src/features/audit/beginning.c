/* SPDX-License-Identifier: Apache-2.0
 * What the run has begun with, and whether it had to go back: see features/audit/internal.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "features/audit/internal.h"
#include "base/door/file.h"
#include "gantry/log.h"
#include "gantry/progress.h"
#include "gantry/text.h"

/* ---- the first state ---- */

static gt_status other_state(const audit *a, const gt_replay_point *p, bool transfers) {
    char is[GT_SHA256_TEXT], says[GT_SHA256_TEXT];
    gt_sha256_text(&p->state, is);
    gt_sha256_text(&a->chain->state, says);
    return gt_fail(transfers ? GT_UNDECIDED : GT_FAILED,
                   "the state with which the run begins, made again from %s, is %s, and line %" PRId64
                   " of the ledger says %s%s",
                   transfers ? "recipe, seed and the networks of --resume" : "recipe and seed", is, a->chain->number,
                   says, transfers ? ": those networks may be others than the run has begun with" : "");
}

/* The chain of 1.0.0 does not tell whether there was a source. */
static gt_status check_source(const audit *a, bool transfers) {
    if (a->found->form < 2 || transfers == a->chain->has_source) return GT_OK;
    return gt_fail(GT_UNDECIDED,
                   "the chain has begun with other networks, whose contents have the SHA-256 %s, and job.ini "
                   "names no place of theirs (resume)",
                   a->found->source);
}

static gt_status judge_begin(audit *a, const gt_replay_point *p, bool transfers, const gt_sha256 *source) {
    gt_status st = check_source(a, transfers);
    char is[GT_SHA256_TEXT];
    if (st) return st;
    if (transfers && a->chain->has_source && !gt_sha256_equal(source, &a->chain->source))
        return gt_fail(GT_UNDECIDED,
                       "the networks of --resume have the SHA-256 %s, and the run has begun with those of %s: another "
                       "file is there now",
                       gt_sha256_text(source, is), a->found->source);
    if (transfers && !a->chain->has_source) gt_sha256_text(source, a->found->source);
    if (!gt_sha256_equal(&p->state, &a->chain->state)) return other_state(a, p, transfers);
    a->found->begins_right = true;
    return GT_OK;
}

/* Each row that the recipe has of the data, at its end, is also what the data say. */
static gt_status check_shape(const audit *a, const gt_replay *engine) {
    static const char mark[] = "[shape]\n";
    GT_FREED char *own = gt_replay_recipe(engine);
    const char *is = own ? strstr(own, mark) : NULL, *row = strstr(a->recipe, mark);
    bool same = is && row;
    if (!own) return GT_NOMEM;
    for (row = same ? row + strlen(mark) : ""; *row && same; row += strcspn(row, "\n") + 1) {
        GT_FREED char *line = strndup(row, strcspn(row, "\n") + 1);
        if (!line) break;
        same = strstr(is, line);
    }
    return same ? GT_OK
                : gt_fail(GT_FAILED,
                          "the recipe that the chain begins with says another size, or other labels, than the "
                          "data have");
}

gt_status audit_begin_all(gt_comm *comm, audit *a, gt_replay *engine) {
    gt_replay_point p;
    gt_sha256 source;
    bool transfers = gt_replay_transfers(engine);
    if (a) a->found->transfers = a->found->form > 1 ? a->chain->has_source : transfers;
    gt_status st = gt_replay_begin_all(engine, NULL, &p);
    if (!st && transfers) st = gt_comm_agree_all(comm, a ? gt_replay_source(engine, &source) : GT_OK);
    if (!st) st = gt_comm_agree_all(comm, a ? check_shape(a, engine) : GT_OK);
    return st ? st : gt_comm_agree_all(comm, a ? judge_begin(a, &p, transfers, &source) : GT_OK);
}

gt_status audit_is_late(const audit *a) {
    return gt_fail(GT_UNDECIDED,
                   "the chain of %s begins at %" PRId64
                   " images and not with the run (an older version of the program made what was before, or the ledger "
                   "was changed): the network is not proven",
                   a->o->run, a->found->begin);
}

/* ---- rollbacks ---- */

/* The checkpoints on the way to back[i], which end ticks. */
static gt_status list_ticks(const audit *a, int i, gt_replay_back *out) {
    int64_t from = i ? a->back[i - 1]->number : a->chain->number, to = a->back[i]->number;
    int64_t *ticks = gt_arena_array(a->arena, (size_t)(to - from) + 1, sizeof *ticks);
    if (!ticks) return GT_NOMEM;
    for (int64_t k = from; k < to; k++) {
        const gt_ledger_line *t = &a->ledger->line[k];
        if (t->event == GT_LEDGER_CHECKPOINT && t->reseeded == i) ticks[out->n_ticks++] = t->images;
        /* a tick that a stop has ended decides nothing: the next one also has its steps */
        if (t->event == GT_LEDGER_END && !strcmp(t->ended, "stopped"))
            while (out->n_ticks && ticks[out->n_ticks - 1] == t->images) out->n_ticks--;
    }
    out->ticks = ticks;
    return GT_OK;
}

typedef struct looking {
    audit *a;
    gt_status status; /* a link that was abandoned is another one */
    bool other_ticks; /* than the engine makes */
} looking;

/* The link of this step on the way to rollback i, abandoned or not. */
static bool look(void *arg, const gt_replay_point *p, int i) {
    looking *l = arg;
    const audit *a = l->a;
    for (int64_t k = a->back[i]->number - 1; k >= a->chain->number; k--) {
        const gt_ledger_line *t = &a->ledger->line[k - 1];
        if (t->event != GT_LEDGER_LINK || t->step != p->step || t->reseeded != i) continue;
        if (strcmp(t->arithmetic, a->chain->arithmetic)) {
            l->status = gt_fail(GT_UNDECIDED, "the arithmetic has changed before a rollback");
            return false;
        }
        if (gt_sha256_equal(&t->state, &p->state)) return true;
        l->status = gt_fail(GT_FAILED,
                            "computed again up to rollback %d, the run has another state at %" PRId64
                            " images than line %" PRId64 " of the ledger says",
                            i + 1, p->images, t->number);
        return false;
    }
    l->status = gt_fail(GT_FAILED, "the ledger has no link at %" PRId64 " images before rollback %d", p->images, i + 1);
    return false;
}

/* Lines of 1.0.0 do not tell the ticks of their start. */
static bool has_other_ticks(const audit *a, int64_t tick) {
    bool other = false;
    for (int i = 0; i < a->ledger->n; i++)
        other |= a->ledger->line[i].event == GT_LEDGER_START && a->ledger->line[i].tick != tick;
    return other;
}

static gt_status fill_history(looking *l, gt_replay_back *back, gt_replay_history *h) {
    const audit *a = l->a;
    gt_status st = GT_OK;
    for (int i = 0; i < h->n && !st; i++) {
        const gt_ledger_line *t = a->back[i];
        back[i] = (gt_replay_back){.step = t->step,
                                   .images = t->images,
                                   .to_step = t->to_step,
                                   .to_images = t->to_images,
                                   .began = t->began,
                                   .cause = t->message};
        st = list_ticks(a, i, &back[i]);
    }
    h->total = a->ledger->line[a->chain->start - 1].total;
    return st;
}

static gt_status judge_rollbacks(looking *l, int n, int met, gt_replay_verdict verdict) {
    audit *a = l->a;
    a->found->rollbacks_met = a->farther ? 0 : met;
    if (l->status) return l->status;
    if (met == n && !a->farther) return GT_OK;
    if (met == n)
        return gt_fail(
            GT_UNDECIDED,
            "line %" PRId64 " of the ledger says that the run went back to %" PRId64
            " images: there was a newer checkpoint from before the trouble, and whether that one was gone is "
            "not known",
            a->farther->number, a->farther->to_images);
    bool unknown = verdict == GT_REPLAY_UNKNOWN || l->other_ticks;
    const gt_ledger_line *t = a->back[met];
    const char *why =
        unknown ? "computed again, there is no such trouble; but it may depend on ticks by the clock or of an "
                  "earlier start, or on pictures, which are not made again"
                : "computed again, the run has no such trouble there";
    return gt_fail(unknown ? GT_UNDECIDED : GT_FAILED,
                   "line %" PRId64 " of the ledger says that the run went back from %" PRId64
                   " images because of '%.60s': %s",
                   t->number, t->images, t->message, why);
}

static gt_status prepare(looking *l, gt_replay_back *back, gt_replay_history *h) {
    audit *a = l->a;
    h->n = a->n_back;
    if (!h->n) return GT_OK;
    if (!a->o->all)
        return gt_fail(GT_UNDECIDED, "the run went back %d time%s (%s): only --all computes again whether it had to",
                       h->n, gt_plural(h->n), a->found->rolled_back);
    if (a->length_counts && a->n_lengths > 1)
        return gt_fail(GT_UNDECIDED,
                       "the run went back, and its length, on which the learning rate depends, was changed: "
                       "whether it had to go back is not known");
    return fill_history(l, back, h);
}

gt_status audit_rollbacks_all(gt_comm *comm, audit *a, gt_replay *engine) {
    gt_replay_back back[GT_MOST_ROLLBACKS] = {0};
    char folder[4096] = "";
    looking l = {.a = a};
    gt_replay_history h = {.back = back, .folder = folder, .look = look, .arg = &l};
    gt_replay_verdict verdict = GT_REPLAY_MET;
    int met = 0;
    if (a) l.other_ticks = has_other_ticks(a, gt_replay_tick(engine));
    gt_status st = gt_comm_agree_all(comm, a ? prepare(&l, back, &h) : GT_OK);
    gt_comm_broadcast_all(comm, &h.n, sizeof h.n, 0);
    if (st || !h.n) return st;
    if (a) st = gt_temp_folder_make("audit", folder, sizeof folder);
    st = gt_comm_agree_all(comm, st);
    gt_comm_broadcast_all(comm, folder, sizeof folder, 0);
    gt_tell_start("computing again what the run went back from", NULL, 0);
    if (!st) st = gt_replay_history_all(engine, &h, &met, &verdict);
    gt_tell_end();
    if (a && *folder) gt_temp_folder_remove(folder);
    return st ? st : gt_comm_agree_all(comm, a ? judge_rollbacks(&l, h.n, met, verdict) : GT_OK);
}
