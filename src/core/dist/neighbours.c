/* SPDX-License-Identifier: Apache-2.0
 * Memory in common: what ranks of a host share (shared.h), cut into one copy for each kind of neighbours. A rank's part
 * of it is a page with its flag, and behind that, where the rank is the first of its neighbours, their copy: so the
 * copy lies near their cores. A flag holds an epoch, how often its rank has posted: so no flag is ever taken back. */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdlib.h>

#include "base/door/machine.h"
#include "dist/shared.h"
#include "base/door/log.h"

enum { PAGE = 4096 };

typedef struct kind { /* what a rank brings; equal for neighbours */
    uint64_t key, bytes;
    int64_t node;
} kind;

typedef struct inside {
    gt_neighbours seen; /* must be first: the public pointer points to it */
    gt_comm *comm;
    gt_shared shared;
    kind *kinds;    /* [local_ranks] */
    uint64_t epoch; /* how often this rank has posted */
} inside;

static const inside *inside_of(const gt_neighbours *n) { return (const inside *)n; }

/* The NUMA node that holds all cores of this rank; -1: they lie on several. GT_NUMA_NODE pretends one, for tests. */
static int own_node(void) {
    const char *pretended = getenv("GT_NUMA_NODE");
    if (pretended) return atoi(pretended);
    cpu_set_t set;
    int node = -1;
    if (sched_getaffinity(0, sizeof set, &set)) return -1;
    for (int i = 0, first = 1; i < CPU_SETSIZE; i++) {
        if (!CPU_ISSET(i, &set)) continue;
        int its = gt_processor_node(i);
        if (!first && its != node) return -1;
        node = its;
        first = 0;
    }
    return node;
}

static void meet_all(gt_comm *c, uint64_t key, size_t bytes, kind *kinds) {
    kinds[c->local_rank] = (kind){key, bytes, own_node()};
    if (c->local_ranks == 1) return;
    MPI_Request request;
    MPI_Iallgather(MPI_IN_PLACE, 0, MPI_BYTE, kinds, sizeof *kinds, MPI_BYTE, gt_inside(c)->node, &request);
    gt_comm_wait(c, 1, &request);
}

static bool alike(const kind *a, const kind *b) { return a->key == b->key && a->node == b->node; }

/* How many ranks before local rank `end` are neighbours of `of`. */
static int count_before(const kind *kinds, int of, int end) {
    int n = 0;
    for (int i = 0; i < end; i++) n += alike(&kinds[i], &kinds[of]);
    return n;
}

static int first_of(const kind *kinds, int of) {
    int i = 0;
    while (!alike(&kinds[i], &kinds[of])) i++;
    return i;
}

int gt_neighbours_count_all(gt_comm *c, uint64_t key) {
    kind kinds[c->local_ranks];
    meet_all(c, key, 0, kinds);
    return count_before(kinds, c->local_rank, c->local_ranks);
}

static _Atomic uint64_t *flag_of(const inside *in, int local_rank) { return gt_shared_part(&in->shared, local_rank); }

static void *memory_of(const inside *in, int local_rank) {
    return (char *)gt_shared_part(&in->shared, first_of(in->kinds, local_rank)) + PAGE;
}

gt_neighbours *gt_neighbours_open_all(gt_comm *c, uint64_t key, size_t bytes) {
    inside *in = calloc(1, sizeof *in);
    kind *kinds = calloc((size_t)c->local_ranks, sizeof *kinds);
    gt_status st = in && kinds ? GT_OK : gt_fail(GT_NOMEM, "out of memory for the ranks of a host");
    if (gt_comm_agree_all(c, st)) goto none; /* as if there were no memory to share */
    *in = (inside){.comm = c, .kinds = kinds};
    meet_all(c, key, bytes, kinds);
    bool leads = first_of(kinds, c->local_rank) == c->local_rank;
    st = gt_comm_agree_all(c, gt_shared_open_all(c, PAGE + (leads ? bytes : 0), &in->shared));
    if (st && c->rank == 0)
        gt_log_once(GT_WARNING, "%s. Each rank keeps its own copy of data that they could share", gt_message());
    gt_comm_barrier_all(c); /* where the flags lie, shared.c has had its tags: now all are zeros */
    if (!in->shared.base || !bytes) goto none;
    in->seen = (gt_neighbours){.count = count_before(kinds, c->local_rank, c->local_ranks),
                               .place = count_before(kinds, c->local_rank, c->local_rank),
                               .memory = memory_of(in, c->local_rank),
                               .bytes = bytes};
    return &in->seen;
none:
    if (in) gt_shared_close(&in->shared);
    free(kinds);
    free(in);
    return NULL;
}

void gt_neighbours_close(gt_neighbours *n) {
    inside *in = (inside *)n;
    if (!in) return;
    gt_shared_close(&in->shared);
    free(in->kinds);
    free(in);
}

void gt_neighbours_post(gt_neighbours *n) {
    inside *in = (inside *)n;
    atomic_store_explicit(flag_of(in, in->comm->local_rank), ++in->epoch, memory_order_release);
}

void gt_neighbours_await(gt_neighbours *n) {
    const inside *in = inside_of(n);
    const gt_comm *c = in->comm;
    for (int i = 0; i < c->local_ranks; i++) {
        double since = 0;
        if (!alike(&in->kinds[i], &in->kinds[c->local_rank])) continue;
        while (atomic_load_explicit(flag_of(in, i), memory_order_acquire) < in->epoch) gt_comm_idle(in->comm, &since);
    }
}

bool gt_neighbours_hold(const gt_neighbours *n, const void *from, size_t bytes) {
    if (!n) return false;
    uintptr_t begin = (uintptr_t)n->memory, at = (uintptr_t)from;
    return at >= begin && at - begin <= n->bytes && bytes <= n->bytes - (at - begin);
}

const void *gt_neighbours_copy(const gt_neighbours *n, int local_rank, const void *place) {
    const inside *in = inside_of(n);
    const kind *own = &in->kinds[in->comm->local_rank], *other = &in->kinds[local_rank];
    if (own->key != other->key || own->bytes != other->bytes) return NULL;
    return (char *)memory_of(in, local_rank) + ((const char *)place - (const char *)n->memory);
}
