/* SPDX-License-Identifier: Apache-2.0
 * Results in the order of the items: see in_order.h. */
#include "runner/door/in_order.h"

#include "base/door/numbers.h"
#include "base/door/progress.h"
#include "dist/door/dist.h"

typedef struct state {
    const gt_in_order *work;
    int64_t rounds, round;
    int turn; /* the rank whose results come next */
} state;

static int64_t first_of(const state *s, int rank) { return (s->round * s->work->comm->ranks + rank) * s->work->batch; }

/* How many items of the batch that begins there exist. */
static int items_from(const state *s, int64_t first) {
    int64_t n = gt_smallest(s->work->count - first, s->work->batch);
    return n > 0 ? (int)n : 0;
}

static void tell_progress(const state *s) {
    const gt_in_order *w = s->work;
    gt_tell(gt_smallest((s->round + 1) * w->comm->ranks * w->batch, w->count));
}

static gt_status take_turn(void *arg, const void *bytes, size_t size) {
    state *s = arg;
    int64_t first = first_of(s, s->turn++);
    int n = items_from(s, first);
    return n ? s->work->take(s->work->arg, first, n, bytes, size) : GT_OK;
}

static gt_status make_batch(const state *s, gt_buffer *out) {
    const gt_in_order *w = s->work;
    int64_t first = first_of(s, w->comm->rank);
    int n = items_from(s, first);
    gt_progress();
    out->n = 0;
    gt_status st = GT_OK;
    if (w->stop && w->stop())
        st = gt_fail(GT_STOPPED, "stopped after %lld of %lld %s", (long long)gt_smallest(first_of(s, 0), w->count),
                     (long long)w->count, w->of);
    if (!st && n) st = w->make(w->arg, first, n, out);
    return !st && out->failed ? gt_fail(GT_NOMEM, "out of memory for %s %d %s", w->doing, n, w->of) : st;
}

gt_status gt_in_order_all(const gt_in_order *w) {
    state s = {.work = w};
    s.rounds = gt_pieces(gt_pieces(w->count, w->batch), w->comm->ranks);
    GT_BUFFER gt_buffer mine = {0};
    gt_status st = GT_OK;
    gt_tell_start(w->doing, w->of, w->count);
    for (; s.round < s.rounds; s.round++) {
        if (!st) st = make_batch(&s, &mine);
        if (w->take) st = gt_comm_agree_all(w->comm, st); /* also of what rank 0 has taken the last time */
        if (st) break;
        s.turn = 0;
        if (w->take) st = gt_comm_funnel_all(w->comm, mine.data, mine.n, take_turn, &s);
        if (!st) tell_progress(&s);
    }
    gt_tell_end();
    return gt_comm_agree_all(w->comm, st);
}
