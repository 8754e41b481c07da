/* SPDX-License-Identifier: Apache-2.0
 * Sums gradients over slices. A rank keeps its partial sums on a stack (tree.h). The gradient of a group of slices is
 * written to the top of the stack, so that an addition is one pass over memory, and a rank with one group adds nothing.
 * Groups that run abreast have a buffer each, and are put on the stack as they end. exchange.c sums between ranks.
 *
 * In the last group a bucket is complete as soon as its outputs are written, while the backward pass goes on to others:
 * then it is launched (gt_reducer_progress), so that communication is hidden behind computation. Earlier groups have
 * nothing to send, since their sums still change. */
#include "dist/reducer.h"

#include <string.h>

#include "base/door/numbers.h"
#include "base/door/clock.h"

enum {
    LINE = 16,              /* floats of a cache line */
    LEAST_BUCKET = 1 << 16, /* floats: below, a message costs more than its bytes */
    MOST_BUCKET = 1 << 20,
    LEAST_OF_HOST = 1 << 10, /* of a bucket, for each host: likewise, as the ranks of a host send at once */
    MOST_BUCKETS = 1000,     /* message tags must stay below 2^15 */
    BUCKETS_WANTED = 16,
    MOST_SLICES = 1 << 16,
};

/* Small enough that most of a block is on its way before the backward pass ends. */
static size_t choose_bucket(const gt_comm *c, size_t floats, size_t wanted) {
    if (c->ranks == 1) return (size_t)gt_round_up((int64_t)floats, LINE);
    size_t size = wanted ? wanted : floats / BUCKETS_WANTED;
    if (!wanted && size < LEAST_BUCKET) size = LEAST_BUCKET;
    if (!wanted && size > MOST_BUCKET) size = MOST_BUCKET;
    if (!wanted && size < (size_t)c->hosts * LEAST_OF_HOST) size = (size_t)c->hosts * LEAST_OF_HOST;
    if (size < floats / MOST_BUCKETS + 1) size = floats / MOST_BUCKETS + 1;
    return (size_t)gt_round_up((int64_t)size, LINE);
}

gt_span gt_shard_of(const gt_reducer *r, int bucket, int rank) {
    size_t start = (size_t)bucket * r->bucket_floats, size = gt_bucket_size(r, bucket);
    size_t ranks = (size_t)r->comm->ranks, i = (size_t)rank;
    size_t from = size * i / ranks / LINE * LINE, to = i + 1 == ranks ? size : size * (i + 1) / ranks / LINE * LINE;
    return (gt_span){.offset = start + from, .size = to - from};
}

/* This rank's groups, from left to right or from right to left; each slice by itself where none are given. */
static gt_status take_groups(gt_reducer *r, const gt_reducer_options *o) {
    int first, count, next;
    gt_slice_range(r->comm, r->slices, r->comm->rank, &first, &count);
    r->n_groups = o->work ? o->work->n_groups : count;
    r->groups = gt_arena_array(r->arena, (size_t)r->n_groups + 1, sizeof *r->groups);
    r->place = gt_arena_array(r->arena, (size_t)r->n_groups + 1, sizeof *r->place);
    r->abreast = gt_arena_array(r->arena, (size_t)r->n_groups + 1, sizeof *r->abreast);
    if (gt_arena_failed(r->arena)) return GT_NOMEM;
    r->descends = o->work && r->n_groups > 1 && o->work->groups[1].first < o->work->groups[0].first;
    next = first;
    for (int i = 0; i < r->n_groups; i++) {
        int at = r->descends ? r->n_groups - 1 - i : i;
        gt_group b = o->work ? o->work->groups[at] : (gt_group){first + i, 1};
        if (b.first != next || b.count < 1)
            return gt_fail(GT_FAILED, "group %d, of %d slices, begins with slice %d instead of %d", at, b.count,
                           b.first, next);
        next += b.count;
        r->groups[at] = gt_tree_node_of(b.first, b.count);
    }
    for (int i = 0, at = 0; o->work && i < o->work->n_units && at < r->n_groups; at += o->work->units[i++])
        r->abreast[at] = o->work->units[i];
    for (int i = 0; !o->work && i < r->n_groups; i++) r->abreast[i] = 1;
    return next == first + count ? GT_OK
                                 : gt_fail(GT_FAILED, "groups end before slice %d instead of %d", next, first + count);
}

/* Run the stack machine over the own groups without values: how many buffers, which nodes, what the last group does. A
 * group takes the first buffer that is free. */
static gt_status rehearse(gt_reducer *r) {
    int depth = 0;
    bool *taken = gt_arena_array(r->arena, (size_t)r->n_groups + 1, sizeof *taken);
    if (!taken) return GT_NOMEM;
    r->n_buffers = 1; /* the result's, also without a slice */
    for (int i = 0; i < r->n_groups; i++) {
        for (int k = i; k < i + r->abreast[i]; k++) {
            while (taken[r->place[k]]) r->place[k]++;
            taken[r->place[k]] = true;
            if (r->place[k] + 1 > r->n_buffers) r->n_buffers = r->place[k] + 1;
        }
        r->stack_place[depth] = r->place[i];
        int height = depth + 1;
        r->last_additions = gt_tree_push(r->nodes, &depth, r->groups[i], r->slices);
        for (int k = 0; k < r->last_additions; k++) taken[r->stack_place[--height]] = false;
    }
    r->n_nodes = depth;
    for (int i = 0; i < depth; i++) r->node_place[r->descends ? depth - 1 - i : i] = r->stack_place[i];
    for (int i = 0, j = depth - 1; r->descends && i < j; i++, j--) {
        gt_tree_node n = r->nodes[i];
        r->nodes[i] = r->nodes[j];
        r->nodes[j] = n;
    }
    return GT_OK;
}

int gt_reducer_buffers(const gt_comm *c, const gt_reducer_options *o) {
    GT_ARENA gt_arena *arena = gt_arena_new();
    gt_reducer r = {.arena = arena, .comm = (gt_comm *)c, .slices = o->slices};
    return arena && !take_groups(&r, o) && !rehearse(&r) ? r.n_buffers : 0;
}

static gt_status set_up(gt_reducer *r, const gt_reducer_options *o) {
    gt_comm *c = r->comm;
    if (o->slices < 1) return gt_fail(GT_USAGE, "a reducer for %d slices", o->slices);
    if (o->slices > MOST_SLICES) return gt_fail(GT_USAGE, "%d slices are too many: at most %d", o->slices, MOST_SLICES);
    if (o->floats == 0) return gt_fail(GT_FAILED, "a reducer for no parameters");
    if (c->ranks > 1 && o->floats > INT32_MAX)
        return gt_fail(GT_USAGE, "%zu parameters in one network are more than MPI can address from several ranks",
                       o->floats);
    r->slices = o->slices;
    r->plain = o->plain && c->ranks > 1;
    r->lender = o->lender;
    r->floats = o->floats;
    r->stride = (size_t)gt_round_up((int64_t)o->floats, LINE);
    r->bucket_floats = choose_bucket(c, o->floats, o->bucket_floats);
    r->buckets = (int)((o->floats + r->bucket_floats - 1) / r->bucket_floats);
    gt_status st = take_groups(r, o);
    if (!st) st = rehearse(r);
    if (st) return st;
    if (r->n_buffers < o->spare_buffers) r->n_buffers = o->spare_buffers;
    r->owned = gt_arena_array(r->arena, (size_t)r->buckets, sizeof *r->owned);
    if (!r->owned) return GT_NOMEM;
    for (int b = 0; b < r->buckets; b++) r->owned[b] = gt_shard_of(r, b, c->rank);
    return GT_OK;
}

gt_reducer *gt_reducer_new_all(gt_comm *c, gt_pool *pool, const gt_reducer_options *o) {
    gt_arena *arena = gt_arena_new();
    gt_reducer *r = arena ? gt_arena_alloc(arena, sizeof *r) : NULL;
    if (r) *r = (gt_reducer){.arena = arena, .comm = c, .pool = pool};
    else gt_arena_free(arena);
    gt_status st = gt_comm_agree_all(c, r ? set_up(r, o) : GT_NOMEM);
    if (!st) st = gt_teams_open_all(r);
    if (!st) st = gt_comm_agree_all(c, gt_exchange_init(r));
    if (st) {
        gt_reducer_free_all(r);
        return NULL;
    }
    gt_exchange_connect_all(r);
    return r;
}

size_t gt_reducer_bytes(const gt_reducer *r) { return r->teams.bytes + r->exchange.inbox_floats * sizeof(float); }

bool gt_reducer_shares(const gt_reducer *r) { return gt_own_team(r).count > 1; }

void gt_reducer_free_all(gt_reducer *r) {
    if (!r) return;
    gt_exchange_free_all(r);
    gt_teams_close(r);
    gt_arena_free(r->arena);
}

const gt_span *gt_reducer_owned(const gt_reducer *r, int *n) {
    *n = r->buckets;
    return r->owned;
}

float *gt_reducer_gradient(gt_reducer *r) { return r->buffers; }

gt_traffic gt_reducer_traffic(gt_reducer *r) {
    gt_traffic t = r->traffic;
    r->traffic = (gt_traffic){0};
    return t;
}

/* ---- a reduction ---- */

float *gt_reducer_begin_group(gt_reducer *r) {
    float *own = gt_reducer_buffer(r, r->place[r->begun++]);
    for (int i = 0; i < r->schedule->n_gaps; i++)
        memset(own + r->schedule->gaps[i].offset, 0, r->schedule->gaps[i].size * sizeof *own);
    return own;
}

/* The additions that follow a group, on a range of the block; `height`: of the stack with the group's value on it. */
static void fold(gt_reducer *r, int height, int additions, size_t offset, size_t n) {
    for (int i = 0; i < additions; i++, height--)
        gt_add_to(r->pool, gt_reducer_buffer(r, r->stack_place[height - 2]) + offset,
                  gt_reducer_buffer(r, r->stack_place[height - 1]) + offset, n);
}

static void finish_bucket(gt_reducer *r, int bucket) {
    gt_span shard = r->owned[bucket];
    gt_nonfinite bad = gt_exchange_complete(r, bucket);
    r->bad.count += bad.count;
    if (bad.count && shard.offset + bad.first < r->bad.first) r->bad.first = shard.offset + bad.first;
}

/* Buckets go through the stages in the schedule's order, each as far as peers and messages let it: so the reducer needs
 * three counters and no list. */
static void finish_arrived(gt_reducer *r) {
    while (r->sent < r->launched && gt_exchange_send(r, r->schedule->order[r->sent])) r->sent++;
    while (r->finished < r->sent && gt_exchange_arrived(r, r->schedule->order[r->finished]))
        finish_bucket(r, r->schedule->order[r->finished++]);
}

/* Called in the last group only: the stack below this group's value holds what earlier ones left. */
static void launch_ready(gt_reducer *r, int done) {
    r->stack_place[r->depth] = r->place[r->group];
    while (r->launched < r->buckets && r->schedule->ready[r->schedule->order[r->launched]] <= done) {
        int bucket = r->schedule->order[r->launched++];
        if (r->launched == 1) r->launched_at = gt_clock();
        fold(r, r->depth + 1, r->last_additions, (size_t)bucket * r->bucket_floats, gt_bucket_size(r, bucket));
        gt_exchange_launch(r, bucket);
    }
}

void gt_reducer_begin_all(gt_reducer *r, const gt_reducer_schedule *schedule) {
    r->schedule = schedule;
    r->depth = r->begun = r->group = r->launched = r->sent = r->finished = 0;
    r->bad = (gt_nonfinite){.first = SIZE_MAX};
    gt_teams_await_readers(gt_owner(r));
    gt_exchange_begin(r);
    if (r->n_groups > 0) return;
    if (r->plain) memset(r->buffers, 0, r->floats * sizeof *r->buffers); /* takes part with zeros */
    launch_ready(r, INT32_MAX);
}

void gt_reducer_progress(void *reducer, int done) {
    gt_reducer *r = reducer;
    if (r->group + 1 == r->n_groups) launch_ready(r, done);
    finish_arrived(r);
    gt_heartbeat_poll(r->comm, 0);
}

void gt_reducer_end_group(gt_reducer *r) {
    if (r->group + 1 == r->n_groups) {
        launch_ready(r, INT32_MAX);
        finish_arrived(r);
    } else {
        int height = r->depth + 1;
        r->stack_place[r->depth] = r->place[r->group];
        int additions = gt_tree_push(r->stack, &r->depth, r->groups[r->group], r->slices);
        fold(r, height, additions, 0, r->floats);
    }
    r->group++;
}

gt_nonfinite gt_reducer_finish_all(gt_reducer *r) {
    double since = 0, waited = 0;
    int before = r->sent + r->finished;
    while (finish_arrived(r), r->finished < r->buckets) {
        if (r->sent + r->finished > before) since = 0; /* as long as something comes, look often */
        before = r->sent + r->finished;
        double start = gt_clock();
        gt_comm_idle(r->comm, &since);
        waited += gt_clock() - start;
    }
    double start = gt_clock();
    gt_exchange_end(r);
    if (r->comm->ranks > 1) {
        double end = gt_clock();
        gt_owner(r)->traffic.waited += waited + end - start;
        gt_owner(r)->traffic.seconds += end - r->launched_at;
    }
    r->bad.count = (uint64_t)gt_comm_sum_all(r->comm, (int64_t)r->bad.count);
    if (r->bad.count > 0) {
        int64_t first = r->bad.first > INT64_MAX ? INT64_MAX : (int64_t)r->bad.first;
        r->bad.first = (size_t)gt_comm_min_all(r->comm, first);
    }
    return r->bad;
}
