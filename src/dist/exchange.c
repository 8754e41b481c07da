/* SPDX-License-Identifier: Apache-2.0
 * Sums gradients between ranks by direct exchange (reduce-scatter). Each rank completes the tree for the part of each
 * bucket that it owns: it reads the nodes of its mates where they lie, and other teams send theirs. For another team
 * mates first join what the tree joins within their team, each for some owners, so that one message goes where there
 * would be one for each mate. All messages are persistent requests, so that a step allocates nothing. */
#include "dist/reducer.h"

void gt_exchange_begin(gt_reducer *r) {
    gt_exchange *x = &r->exchange;
    r->teams.reductions++;
    if (x->n_receive > 0 && !r->plain) MPI_Startall(r->buckets * x->n_receive, x->receive);
}

void gt_exchange_launch(gt_reducer *r, int bucket) {
    gt_exchange *x = &r->exchange;
    gt_team_tell(r, gt_mark_nodes(bucket), r->teams.reductions);
    if (!r->plain) return;
    size_t start = (size_t)bucket * r->bucket_floats, size = gt_bucket_size(r, bucket);
    for (int i = 0; i < r->n_nodes; i++) /* the first group's lies in the first buffer */
        if (r->node_place[i]) gt_add_to(r->pool, r->buffers + start, gt_reducer_node(r, i) + start, size);
    MPI_Iallreduce(MPI_IN_PLACE, r->buffers + start, (int)size, MPI_FLOAT, MPI_SUM, x->world, &x->receive[bucket]);
}

/* The team's nodes of a ward's part, in place: nobody else reads that part. */
static void join_for(gt_reducer *r, gt_span part) {
    gt_exchange *x = &r->exchange;
    float *stack[GT_TREE_DEPTH];
    int depth = 0;
    for (int i = 0; i < x->team.n; i++) {
        stack[depth++] = x->nodes[i] + part.offset;
        for (int k = 0; k < x->team.additions[i]; k++, depth--)
            gt_add_to(r->pool, stack[depth - 2], stack[depth - 1], part.size);
    }
}

bool gt_exchange_join(gt_reducer *r, int bucket) {
    gt_exchange *x = &r->exchange;
    if (!gt_mates_told(r, gt_mark_nodes(bucket), r->teams.reductions)) return false;
    for (int w = 0; w < x->n_wards && !r->plain; w++) join_for(r, gt_reducer_owned_of(r, bucket, x->wards[w]));
    if (x->n_send > 0) MPI_Startall(x->n_send, gt_requests_of_bucket(x->send, x->n_send, bucket));
    return true;
}

bool gt_exchange_arrived(gt_reducer *r, int bucket) {
    gt_exchange *x = &r->exchange;
    int done = 1;
    if (x->n_receive > 0)
        MPI_Testall(x->n_receive, gt_requests_of_bucket(x->receive, x->n_receive, bucket), &done, MPI_STATUSES_IGNORE);
    return done;
}

gt_nonfinite gt_exchange_complete(gt_reducer *r, int bucket) {
    gt_exchange *x = &r->exchange;
    gt_span part = r->owned[bucket];
    float *mean = r->buffers + part.offset;
    int none = 0, received = 0;
    if (r->plain)
        return gt_mean_of(r->pool, mean, (const float *[]){mean}, (gt_joining){1, &none}, part.size, r->slices);
    const float *terms[x->whole.n];
    for (int i = 0; i < x->whole.n; i++) {
        int own = i - x->team_begins;
        bool is_own = own >= 0 && own < x->team.n;
        terms[i] = is_own ? x->nodes[own] + part.offset : gt_inbox_piece(r, bucket, received++);
    }
    return gt_mean_of(r->pool, mean, terms, x->whole, part.size, r->slices);
}

void gt_exchange_end(gt_reducer *r) {
    gt_exchange *x = &r->exchange;
    if (x->n_send > 0) gt_comm_wait(r->comm, r->buckets * x->n_send, x->send);
}
