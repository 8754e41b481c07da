/* SPDX-License-Identifier: Apache-2.0
 * Small values between ranks: broadcasts, votes, gathers, and vectors that are summed over slices by the tree. */
#include <stdlib.h>
#include <string.h>

#include "dist/comm.h"
#include "gantry/memory.h"

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

/* One message of any length from `from` to `to`, in pieces; other ranks do nothing. */
static void pass(gt_comm *c, void *data, size_t bytes, int from, int to) {
    enum { TAG = 1 };
    MPI_Comm world = gt_inside(c)->world;
    for (size_t done = 0; done < bytes; done += PIECE_BYTES) {
        int piece = (int)(bytes - done < PIECE_BYTES ? bytes - done : PIECE_BYTES);
        MPI_Request request = MPI_REQUEST_NULL;
        if (c->rank == from) MPI_Isend((char *)data + done, piece, MPI_BYTE, to, TAG, world, &request);
        if (c->rank == to) MPI_Irecv((char *)data + done, piece, MPI_BYTE, from, TAG, world, &request);
        gt_comm_wait(c, 1, &request);
    }
}

static void send_to_first(gt_comm *c, const void *mine, uint64_t bytes) {
    pass(c, &bytes, sizeof bytes, c->rank, 0);
    pass(c, (void *)mine, bytes, c->rank, 0); /* only read: this is the sending end */
}

void gt_comm_gather_all(gt_comm *c, const void *mine, size_t bytes, void *all) {
    if (c->rank != 0) {
        send_to_first(c, mine, bytes);
        return;
    }
    memmove(all, mine, bytes);
    char *next = (char *)all + bytes;
    for (int rank = 1; rank < c->ranks; rank++) {
        uint64_t size;
        pass(c, &size, sizeof size, rank, 0);
        pass(c, next, size, rank, 0);
        next += size;
    }
}

gt_status gt_comm_funnel_all(gt_comm *c, const void *mine, size_t bytes,
                             gt_status (*take)(void *arg, const void *data, size_t bytes), void *arg) {
    if (c->rank != 0) {
        send_to_first(c, mine, bytes);
        return GT_OK;
    }
    gt_status st = take(arg, mine, bytes);
    void *data = NULL;
    size_t room = 0;
    for (int rank = 1; rank < c->ranks; rank++) { /* after a failure too: the others must get rid of theirs */
        uint64_t size = 0;
        pass(c, &size, sizeof size, rank, 0);
        void *larger = size > room ? realloc(data, size) : data;
        if (size > room && !larger)
            return gt_comm_abort(
                c, gt_fail(GT_NOMEM, "out of memory for %llu bytes from rank %d", (unsigned long long)size, rank));
        data = larger;
        if (size > room) room = size;
        pass(c, data, size, rank, 0);
        if (!st) st = take(arg, data, size);
    }
    free(data);
    return st;
}

static void reduce_one(gt_comm *c, void *value, MPI_Datatype type, MPI_Op op) {
    if (c->ranks == 1) return;
    MPI_Request request;
    MPI_Iallreduce(MPI_IN_PLACE, value, 1, type, op, gt_inside(c)->world, &request);
    gt_comm_wait(c, 1, &request);
}

int gt_comm_max_all(gt_comm *c, int value) {
    reduce_one(c, &value, MPI_INT, MPI_MAX);
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

void gt_comm_rows_all(gt_comm *c, const int *first, size_t n, MPI_Datatype type, void *all) {
    gt_comm_inside *in = gt_inside(c);
    if (c->ranks == 1) return;
    for (int rank = 0; rank < c->ranks; rank++) {
        in->starts[rank] = (int)((size_t)first[rank] * n);
        in->counts[rank] = (int)((size_t)(first[rank + 1] - first[rank]) * n);
    }
    MPI_Request request;
    MPI_Iallgatherv(MPI_IN_PLACE, 0, type, all, in->counts, in->starts, type, in->world, &request);
    gt_comm_wait(c, 1, &request);
}

/* Room for every slice's vector. Returns where those of this rank's slices go; NULL: see gt_message(). */
static double *make_room(gt_comm *c, int slices, size_t n, int *first, int *count) {
    double *all = gt_comm_scratch(c, (size_t)slices, n * sizeof *all);
    gt_slice_range(slices, c->ranks, c->rank, first, count);
    return all ? all + (size_t)*first * n : NULL;
}

/* The own vectors are in place: fetch the others' and leave the tree's root in the first vector. */
static const double *sum_scratch(gt_comm *c, int slices, size_t n) {
    double *v = gt_inside(c)->scratch;
    int first[c->ranks + 1], count;
    for (int rank = 0; rank <= c->ranks; rank++) gt_slice_range(slices, c->ranks, rank, &first[rank], &count);
    gt_comm_rows_all(c, first, n, MPI_DOUBLE, v);
    for (int width = 1; width < slices; width *= 2) /* node(level, i) stands where slice i * 2^level stood */
        for (int left = 0; left + width < slices; left += 2 * width)
            for (size_t i = 0; i < n; i++) v[(size_t)left * n + i] += v[(size_t)(left + width) * n + i];
    return v;
}

gt_status gt_comm_tree_sum_all(gt_comm *c, int slices, size_t n, const double *mine, double *out) {
    int first, count;
    double *own = make_room(c, slices, n, &first, &count);
    if (!own) return GT_FAILED;
    memcpy(own, mine, (size_t)count * n * sizeof *own);
    memcpy(out, sum_scratch(c, slices, n), n * sizeof *out);
    return GT_OK;
}

gt_status gt_comm_tree_mean_all(gt_comm *c, gt_slices slices, size_t n, const float *mine, float *out) {
    int first, count;
    double *own = make_room(c, slices.count, n, &first, &count);
    if (!own) return GT_FAILED;
    for (int s = 0; s < count; s++)
        for (size_t i = 0; i < n; i++)
            own[(size_t)s * n + i] = gt_slices_weight(slices, first + s) * (double)mine[(size_t)s * n + i];
    const double *root = sum_scratch(c, slices.count, n);
    for (size_t i = 0; i < n; i++) out[i] = (float)(root[i] / slices.count);
    return GT_OK;
}
