/* SPDX-License-Identifier: Apache-2.0
 * What the run has begun with, and whether it had to go back: see audit/internal.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit/internal.h"
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

/* The chain of 1.0.0 does not say whether there was a source. */
static gt_status check_source(const audit *a, bool transfers) {
    if (a->found->form < 2 || transfers == a->chain->has_source) return GT_OK;
    return transfers
               ? gt_fail(GT_FAILED, "job.ini says --resume, and the chain has begun without other networks")
               : gt_fail(
                     GT_FAILED,
                     "the chain has begun with other networks, whose contents have the SHA-256 %s, and job.ini has no "
                     "--resume",
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

gt_status audit_begin_all(gt_comm *comm, audit *a, gt_replay *engine) {
    gt_replay_point p;
    gt_sha256 source;
    bool transfers = gt_replay_transfers(engine);
    if (a) a->found->transfers = transfers;
    gt_status st = gt_replay_begin_all(engine, NULL, &p);
    if (!st && transfers) st = gt_comm_agree_all(comm, a ? gt_replay_source(engine, &source) : GT_OK);
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

/* Of the path that the run took, the line of the rollback that makes i + 1 of them is line[i]. */
static int list_rollbacks(const audit *a, const gt_ledger_line *line[GT_MOST_ROLLBACKS]) {
    int n = 0;
    for (int i = 0; i < a->ledger->n; i++) {
        const gt_ledger_line *t = &a->ledger->line[i];
        if (!t->numbered || t->chain != a->chain->number) continue;
        if (t->event == GT_LEDGER_START && t->reseed < n) n = (int)t->reseed;
        if (t->event == GT_LEDGER_ROLLBACK && t->reseeded >= 1 && t->reseeded <= n + 1 &&
            t->reseeded <= GT_MOST_ROLLBACKS)
            n = (int)t->reseeded, line[n - 1] = t;
    }
    return n;
}

/* The checkpoints on the way to line[i], which end ticks. */
static gt_status list_ticks(const audit *a, const gt_ledger_line *const *line, int i, gt_replay_back *out) {
    int64_t from = i ? line[i - 1]->number : a->chain->number, to = line[i]->number;
    int64_t *ticks = gt_arena_array(a->arena, (size_t)(to - from) + 1, sizeof *ticks);
    if (!ticks) return GT_NOMEM;
    for (int64_t k = from; k < to; k++) {
        const gt_ledger_line *t = &a->ledger->line[k];
        if (t->event == GT_LEDGER_CHECKPOINT && t->reseeded == i) ticks[out->n_ticks++] = t->images;
    }
    out->ticks = ticks;
    return GT_OK;
}

typedef struct looking {
    audit *a;
    const gt_ledger_line *line[GT_MOST_ROLLBACKS];
    gt_status status; /* a link that was abandoned is another one */
} looking;

/* The link of this step on the way to rollback i, abandoned or not. */
static bool look(void *arg, const gt_replay_point *p, int i) {
    looking *l = arg;
    const audit *a = l->a;
    for (int64_t k = l->line[i]->number - 1; k >= a->chain->number; k--) {
        const gt_ledger_line *t = &a->ledger->line[k - 1];
        if (t->event != GT_LEDGER_LINK || t->step != p->step || t->reseeded != i) continue;
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

static gt_status fill_history(looking *l, gt_replay_back *back, gt_replay_history *h) {
    const audit *a = l->a;
    gt_status st = GT_OK;
    for (int i = 0; i < h->n && !st; i++) {
        const gt_ledger_line *t = l->line[i];
        back[i] = (gt_replay_back){.step = t->step,
                                   .images = t->images,
                                   .to_step = t->to_step,
                                   .to_images = t->to_images,
                                   .began = t->began,
                                   .cause = t->message};
        st = list_ticks(a, l->line, i, &back[i]);
    }
    for (int i = 0; i < a->ledger->n && !h->total; i++)
        if (a->ledger->line[i].event == GT_LEDGER_START) h->total = a->ledger->line[i].total;
    return st;
}

static gt_status judge_rollbacks(looking *l, int n, int met, gt_replay_verdict verdict) {
    audit *a = l->a;
    a->found->rollbacks_met = met == n ? a->found->rollbacks : met; /* lines may tell one twice, after a kill */
    if (l->status) return l->status;
    if (met == n) return GT_OK;
    const gt_ledger_line *t = l->line[met];
    const char *why =
        verdict == GT_REPLAY_UNKNOWN
            ? "whether that was so depends on ticks by the clock, or on pictures, which are not made again"
            : "computed again, the run has no such trouble there";
    return gt_fail(verdict == GT_REPLAY_UNKNOWN ? GT_UNDECIDED : GT_FAILED,
                   "line %" PRId64 " of the ledger says that the run went back from %" PRId64
                   " images because of '%.60s': %s",
                   t->number, t->images, t->message, why);
}

static gt_status prepare(looking *l, gt_replay_back *back, gt_replay_history *h) {
    audit *a = l->a;
    h->n = list_rollbacks(a, l->line);
    if (a->ledger->line[a->ledger->n - 1].reseeded != h->n)
        return gt_fail(GT_FAILED, "the last start says more rollbacks than the ledger has lines of them");
    if (!h->n) return GT_OK;
    if (!a->o->all)
        return gt_fail(GT_UNDECIDED, "the run went back %d time%s (%s): only --all computes again whether it had to",
                       h->n, gt_plural(h->n), a->found->rolled_back);
    if (a->length_counts && strchr(a->found->lengths, ','))
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
    gt_status st = gt_comm_agree_all(comm, a ? prepare(&l, back, &h) : GT_OK);
    gt_comm_broadcast_all(comm, &h.n, sizeof h.n, 0);
    if (st || !h.n) return st;
    if (a) st = gt_temp_folder_make("audit", folder, sizeof folder);
    st = gt_comm_agree_all(comm, st);
    gt_comm_broadcast_all(comm, folder, sizeof folder, 0);
    gt_tell_start("computing again what the run went back from", NULL, 0);
    if (!st) st = gt_replay_history_all(engine, &h, &met, &verdict);
    gt_tell_end();
    if (a && *folder) rmdir(folder);
    return st ? st : gt_comm_agree_all(comm, a ? judge_rollbacks(&l, h.n, met, verdict) : GT_OK);
}
