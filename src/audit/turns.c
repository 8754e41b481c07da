/* SPDX-License-Identifier: Apache-2.0
 * What a ledger has of a run beside its steps: rollbacks, and how long the training was to be, which schedules of the
 * learning rate depend on. What a later start or rollback has thrown away does not count. */
#include "audit/internal.h"

typedef struct turns {
    gt_replay_turn *of;
    int n;
    int64_t total; /* as the latest start says */
} turns;

/* The run stands at `step`, after so many rollbacks: what came later never was. */
static void forget(turns *t, int64_t step, int64_t reseed) {
    int kept = 0;
    for (int i = 0; i < t->n; i++) {
        gt_replay_turn one = t->of[i];
        if (one.step > step || (one.step == step && one.reseed > reseed)) continue;
        t->of[kept++] = one;
    }
    t->n = kept;
}

static void add(turns *t, const gt_ledger_line *line) {
    bool starts = line->event == GT_LEDGER_START;
    int64_t step = starts ? line->step : line->to_step, reseed = starts ? line->reseed : line->reseeded;
    if (starts) t->total = line->total;
    forget(t, step, reseed);
    t->of[t->n++] = (gt_replay_turn){.step = step, .reseed = reseed, .total = t->total};
}

/* Starts of older programs do not say their step: they come before the chain. */
gt_status audit_turns(const audit *a, gt_replay_turn **out, int *n) {
    const gt_ledger_lines *l = a->ledger;
    turns t = {.of = gt_arena_array(a->arena, (size_t)l->n + 1, sizeof *t.of)};
    if (!t.of) return GT_NOMEM;
    for (int i = 0; i < l->n; i++)
        if (l->line[i].numbered && (l->line[i].event == GT_LEDGER_START || l->line[i].event == GT_LEDGER_ROLLBACK))
            add(&t, &l->line[i]);
    *out = t.of;
    *n = t.n;
    return GT_OK;
}
