/* SPDX-License-Identifier: Apache-2.0
 * Small values between ranks: broadcasts, votes and gathers. Vectors that are summed over slices: small_sum.c. */
#include <stdlib.h>
#include <string.h>

#include "dist/comm.h"
#include "base/door/memory.h"
#include "dist/door/dist.h"

enum { PIECE_BYTES = 1 << 30 }; /* MPI counts in int */

void gt_comm_broadcast_all(gt_comm *c, void *data, size_t bytes, int root) {
    if (c->ranks == 1) return;
    for (size_t done = 0; done < bytes; done += PIECE_BYTES) {
        size_t piece = bytes - done < PIECE_BYTES ? bytes - done : PIECE_BYTES;
        MPI_Request request;
        MPI_Ibcast((char *)data + done, (int)piece, MPI_BYTE, root, gt_inside(c)->world, &request);
        gt_comm_wait(c, 1, &request);
    }
}

bool gt_comm_as_first_all(gt_comm *c, const void *mine, size_t bytes) {
    uint8_t first[bytes];
    memcpy(first, mine, bytes);
    gt_comm_broadcast_all(c, first, bytes, 0);
    return !memcmp(first, mine, bytes);
}

/* ---- what every rank has, on rank 0 ---- */

enum { TAG_GATHERED = 1 };

static int pieces_of(uint64_t bytes) { return (int)((bytes + PIECE_BYTES - 1) / PIECE_BYTES); }

static int piece_at(uint64_t bytes, int piece) {
    uint64_t rest = bytes - (uint64_t)piece * PIECE_BYTES;
    return (int)(rest < PIECE_BYTES ? rest : PIECE_BYTES);
}

/* What each rank brings, on rank 0; NULL on the others. free() it. */
static uint64_t *gather_sizes_all(gt_comm *c, uint64_t bytes) {
    uint64_t *sizes = NULL;
    if (c->rank == 0 && !(sizes = calloc((size_t)c->ranks, sizeof *sizes))) {
        gt_comm_abort(c, gt_fail(GT_NOMEM, "out of memory for the values of %d ranks", c->ranks));
        return NULL;
    }
    if (sizes) sizes[0] = bytes;
    if (c->ranks == 1) return sizes;
    MPI_Request request;
    MPI_Igather(&bytes, 1, MPI_UINT64_T, sizes, 1, MPI_UINT64_T, 0, gt_inside(c)->world, &request);
    gt_comm_wait(c, 1, &request);
    return sizes;
}

static void send_to_first(gt_comm *c, const void *mine, uint64_t bytes) {
    for (int i = 0; i < pieces_of(bytes); i++) {
        MPI_Request request;
        MPI_Isend((const char *)mine + (size_t)i * PIECE_BYTES, piece_at(bytes, i), MPI_BYTE, 0, TAG_GATHERED,
                  gt_inside(c)->world, &request);
        gt_comm_wait(c, 1, &request);
    }
}

static void receive_from(gt_comm *c, int rank, void *data, uint64_t bytes, MPI_Request *requests) {
    for (int i = 0; i < pieces_of(bytes); i++)
        MPI_Irecv((char *)data + (size_t)i * PIECE_BYTES, piece_at(bytes, i), MPI_BYTE, rank, TAG_GATHERED,
                  gt_inside(c)->world, &requests[i]);
}

/* From all at once: hundreds of ranks one after the other would each wait for an answer of the network. */
static void receive_from_others(gt_comm *c, const uint64_t *sizes, char *all) {
    int n = 0;
    for (int rank = 1; rank < c->ranks; rank++) n += pieces_of(sizes[rank]);
    GT_FREED MPI_Request *requests = calloc((size_t)n + 1, sizeof(MPI_Request));
    if (!requests) {
        gt_comm_abort(c, gt_fail(GT_NOMEM, "out of memory for messages from %d ranks", c->ranks));
        return;
    }
    n = 0;
    for (int rank = 1; rank < c->ranks; rank++) {
        receive_from(c, rank, all, sizes[rank], requests + n);
        n += pieces_of(sizes[rank]);
        all += sizes[rank];
    }
    gt_comm_wait(c, n, requests);
}

void gt_comm_gather_all(gt_comm *c, const void *mine, size_t bytes, void *all) {
    GT_FREED uint64_t *sizes = gather_sizes_all(c, bytes);
    if (c->rank == 0) memmove(all, mine, bytes);
    if (c->rank > 0) send_to_first(c, mine, bytes);
    else if (sizes) receive_from_others(c, sizes, (char *)all + bytes);
}

gt_status gt_comm_funnel_all(gt_comm *c, const void *mine, size_t bytes,
                             gt_status (*take)(void *arg, const void *data, size_t bytes), void *arg) {
    GT_FREED uint64_t *sizes = gather_sizes_all(c, bytes);
    if (c->rank != 0) {
        send_to_first(c, mine, bytes);
        return GT_OK;
    }
    if (!sizes) return GT_NOMEM;
    gt_status st = take(arg, mine, bytes);
    uint64_t room = 0;
    for (int rank = 1; rank < c->ranks; rank++)
        if (sizes[rank] > room) room = sizes[rank];
    GT_FREED void *data = malloc(room + 1);
    GT_FREED MPI_Request *requests = calloc((size_t)pieces_of(room) + 1, sizeof(MPI_Request));
    bool failed = !data || !requests;
    if (failed) /* does not come back, but where there is one rank alone */
        st = gt_comm_abort(c, gt_fail(GT_NOMEM, "out of memory for %llu bytes of a rank", (unsigned long long)room));
    for (int rank = 1; !failed && rank < c->ranks;
         rank++) { /* after a failure too: the others must get rid of theirs */
        receive_from(c, rank, data, sizes[rank], requests);
        gt_comm_wait(c, pieces_of(sizes[rank]), requests);
        if (!st) st = take(arg, data, sizes[rank]);
    }
    return st;
}

/* ---- votes ---- */

static void reduce_one(gt_comm *c, void *value, MPI_Datatype type, MPI_Op op) {
    if (c->ranks == 1) return;
    MPI_Request request;
    MPI_Iallreduce(MPI_IN_PLACE, value, 1, type, op, gt_inside(c)->world, &request);
    gt_comm_wait(c, 1, &request);
}

int64_t gt_comm_max_all(gt_comm *c, int64_t value) {
    reduce_one(c, &value, MPI_INT64_T, MPI_MAX);
    return value;
}

int64_t gt_comm_min_all(gt_comm *c, int64_t value) {
    reduce_one(c, &value, MPI_INT64_T, MPI_MIN);
    return value;
}

double gt_comm_max_double_all(gt_comm *c, double value) {
    reduce_one(c, &value, MPI_DOUBLE, MPI_MAX);
    return value;
}

void gt_comm_barrier_all(gt_comm *c) { gt_comm_max_all(c, 0); }

int64_t gt_comm_sum_all(gt_comm *c, int64_t value) {
    reduce_one(c, &value, MPI_INT64_T, MPI_SUM);
    return value;
}

void *gt_comm_scratch(gt_comm *c, size_t rows, size_t row_bytes) {
    gt_comm_inside *in = gt_inside(c);
    size_t bytes;
    if (gt_mul_overflows(rows, row_bytes, &bytes) || bytes / sizeof(float) > INT32_MAX) {
        gt_comm_abort(c,
                      gt_fail(GT_FAILED, "%zu vectors of %zu bytes are too many to sum over slices", rows, row_bytes));
        return NULL;
    }
    if (bytes > in->scratch_bytes) {
        void *larger = realloc(in->scratch, bytes);
        if (!larger) {
            gt_comm_abort(c, gt_fail(GT_NOMEM, "out of memory for %zu bytes to sum over slices", bytes));
            return NULL;
        }
        in->scratch = larger;
        in->scratch_bytes = bytes;
    }
    return in->scratch;
}
