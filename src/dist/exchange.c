/* SPDX-License-Identifier: Apache-2.0
 * Sums gradients between ranks: a reduce-scatter by direct exchange. Each rank completes the tree for its shard of each
 * bucket: it reads the nodes of its peers where they lie, and other teams send theirs. For another team peers first add
 * what the tree adds within their team, each as the leader for some owners, so that one message goes where there would
 * be one for each peer. All messages are persistent requests, so that a step allocates nothing. */
#include "dist/reducer.h"

void gt_exchange_begin(gt_reducer *r) {
    gt_exchange *x = &r->exchange;
    r->teams.reduce_epoch++;
    if (x->n_receive > 0 && !r->plain) MPI_Startall(r->buckets * x->n_receive, x->receive);
}

static void start_allreduce(gt_reducer *r, int bucket) {
    gt_exchange *x = &r->exchange;
    size_t start = (size_t)bucket * r->bucket_floats, size = gt_bucket_size(r, bucket);
    for (int i = 0; i < r->n_nodes; i++) /* the first group's lies in the first buffer */
        if (r->node_place[i]) gt_add_to(r->pool, r->buffers + start, gt_reducer_node(r, i) + start, size);
    MPI_Iallreduce(MPI_IN_PLACE, r->buffers + start, (int)size, MPI_FLOAT, MPI_SUM, x->world, &x->receive[bucket]);
}

void gt_exchange_launch(gt_reducer *r, int bucket) {
    gt_flag_post(r, gt_flag_nodes(bucket), r->teams.reduce_epoch);
    if (r->plain) start_allreduce(r, bucket);
}

/* As the leader for the shard's owner: adds the team's nodes of the shard, as far as the tree adds them in the team. */
static void add_for_remote(gt_reducer *r, gt_span shard) {
    gt_exchange *x = &r->exchange;
    float *stack[GT_TREE_DEPTH];
    int depth = 0;
    for (int i = 0; i < x->team.n; i++) {
        stack[depth++] = x->nodes[i] + shard.offset;
        for (int k = 0; k < x->team.additions[i]; k++, depth--)
            gt_add_to(r->pool, stack[depth - 2], stack[depth - 1], shard.size);
    }
}

bool gt_exchange_send(gt_reducer *r, int bucket) {
    gt_exchange *x = &r->exchange;
    if (!gt_flag_is_posted_by_all(r, gt_flag_nodes(bucket), r->teams.reduce_epoch)) return false;
    for (int i = 0; i < x->n_remotes && !r->plain; i++) add_for_remote(r, gt_shard_of(r, bucket, x->remotes[i]));
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

/* The own team's nodes are read one by one, and not as sums of the team: nobody has added them in the own shard. */
gt_nonfinite gt_exchange_complete(gt_reducer *r, int bucket) {
    gt_exchange *x = &r->exchange;
    gt_span shard = r->owned[bucket];
    float *mean = r->buffers + shard.offset;
    int none = 0, received = 0;
    if (r->plain) /* the sum is there: a fold of one term */
        return gt_mean_of(r->pool, mean, (const float *[]){mean}, (gt_fold){1, &none}, shard.size, r->slices);
    const float *terms[x->whole.n];
    for (int i = 0; i < x->whole.n; i++) {
        int own = i - x->team_begins;
        bool is_own = own >= 0 && own < x->team.n;
        terms[i] = is_own ? x->nodes[own] + shard.offset : gt_inbox_slot(r, bucket, received++);
    }
    return gt_mean_of(r->pool, mean, terms, x->whole, shard.size, r->slices);
}

/* What this rank has sent must have left before its buffers are written again. */
void gt_exchange_end(gt_reducer *r) {
    gt_exchange *x = &r->exchange;
    if (x->n_send > 0) gt_comm_wait(r->comm, r->buckets * x->n_send, x->send);
}
