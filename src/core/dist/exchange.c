/* SPDX-License-Identifier: Apache-2.0
 * Sums gradients between ranks: a reduce-scatter. A bucket is cut into shards, one for each rank, and at the end each
 * rank has the mean over slices of its own shards. Together with the all-gather of parameters (gather.c) that moves as
 * much as an all-reduce (Rabenseifner, "Optimization of Collective Reduction Operations", 2004), and each rank updates
 * the parameters of its own shards alone in between (Rajbhandari et al., "ZeRO", 2020).
 *
 * Why not MPI_Reduce_scatter, a ring or a butterfly: these add in an order that depends on the number of ranks, and so
 * do the bits. Here each rank adds the terms of its shard itself, in the order of the tree over slices (tree.h). What
 * goes from host to host is therefore not always one sum: it is the nodes of the tree that the host's slices add up to.
 *
 * An example: 2 hosts with 2 ranks each, and 5 slices. g0 to g4 are the gradients of the slices, in one bucket with the
 * shards q0 to q3. They lie in memory that the ranks of a host, which are peers, share:
 *
 *                   host A, team 0              |              host B, team 1
 *        rank 0                rank 1           |   rank 2                rank 3
 *     +-- g0 --------+      +-- g1 --------+    |  +-- g2 --------+      +-- g3 --------+  +-- g4 --------+
 *     | q0 q1 q2 q3  |      | q0 q1 q2 q3  |    |  | q0 q1 q2 q3  |      | q0 q1 q2 q3  |  | q0 q1 q2 q3  |
 *     +--------------+      +--------------+    |  +--------------+      +--------------+  +--------------+
 *
 *     the tree, for any number of ranks:  ((g0 + g1) + (g2 + g3)) + g4
 *     its nodes in host A: g0 + g1        in host B: g2 + g3, and g4, which the tree adds last
 *
 * 1. launch: each rank posts the flag "nodes" of the bucket to its peer: its buffers are complete.
 * 2. send: when all peers have posted, leaders add for the ranks of the other host. For each of those there is another
 *    leader, so that all ranks of a host add and send (Bayatpour et al., "Scalable Reduction Collectives with Data
 *    Partitioning-based Multi-Leader Design", 2017):
 *
 *     shard  owner    on host A                                     on host B
 *     q0     rank 0   inbox of rank 0            <-- 2 messages --  rank 2 adds g2 += g3, and sends g2 and g4
 *     q1     rank 1   inbox of rank 1            <-- 2 messages --  rank 3 adds g2 += g3, and sends g2 and g4
 *     q2     rank 2   rank 0 adds g0 += g1,      --- 1 message -->  inbox of rank 2
 *                     and sends g0
 *     q3     rank 3   rank 1 adds g0 += g1,      --- 1 message -->  inbox of rank 3
 *                     and sends g0
 *
 *    (Where the ranks of a host share no memory, each is a team of its own, and leader for all others.)
 *    Additions are made in place: rank 3 writes q1 of g2, which is in rank 2's memory. That is safe, since only the
 *    leader of q1's owner reads q1 on this host.
 * 3. complete: when the messages have arrived, each rank adds what it reads in memory and in its inbox [ ]:
 *
 *     rank 0, q0:  ((g0 + g1) + [g2+g3]) + [g4]      rank 2, q2:  ([g0+g1] + (g2 + g3)) + g4
 *     rank 1, q1:  ((g0 + g1) + [g2+g3]) + [g4]      rank 3, q3:  ([g0+g1] + (g2 + g3)) + g4
 *
 *    and divides by 5. The mean is in its own first buffer: rank 3's is in the place of q3 of g3.
 * 4. A sum over all ranks of the numbers that are not finite ends the reduction (gt_reducer_finish_all). No rank has
 *    that sum before all ranks have their shards, so nobody writes the next gradient over what another still reads.
 *
 * When rank 3 dies in step 1, rank 2 waits for its flag, rank 1 for its messages, rank 0 for those of rank 2; when it
 * dies after it has sent, the three others complete their shards (its memory outlives it) and wait in step 4. Nobody
 * updates a parameter in either case. Ranks that wait send heartbeats and listen to others: after --heartbeat-limit
 * rank 0 names rank 3, and all ranks end (heartbeat.c), unless the launcher has ended them before. The run resumes from
 * its checkpoint, in which there is nothing of this step.
 *
 * All messages are persistent requests, so that a step allocates nothing. A rank starts to receive when its reduction
 * begins, long before others send: MPI then puts what comes into the inbox at once, and keeps no copy of it. */
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
    MPI_Request *of_bucket = gt_requests_of_bucket(x->receive, x->n_receive, bucket);
    x->n_arrived = gt_comm_done(x->n_receive, of_bucket, x->n_arrived);
    return x->n_arrived == x->n_receive;
}

/* The own team's nodes are read one by one, and not as sums of the team: nobody has added them in the own shard. */
gt_nonfinite gt_exchange_complete(gt_reducer *r, int bucket) {
    gt_exchange *x = &r->exchange;
    gt_span shard = r->owned[bucket];
    float *mean = r->buffers + shard.offset;
    int none = 0, received = 0;
    x->n_arrived = 0;
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
