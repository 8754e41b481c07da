/* SPDX-License-Identifier: Apache-2.0
 * What ranks tell each other (ranks.h): values, errors, memory in common. With an argument it does what dist.sh and
 * shared_memory.sh watch from outside:
 *     abort  the last rank gives up while the others wait      wait  all ranks wait until they are killed
 *     KILL, STOP  the last rank gets this signal while the others wait for its gradients
 *     fence-KILL, fence-STOP  the same while they wait for what it writes to memory in common
 */
#define _GNU_SOURCE
#include "ranks.h"
#include "dist/comm.h"

#include <math.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

/* ---- values ---- */

static void ranks_know_their_place(void **state) {
    (void)state;
    assert_true(comm->rank >= 0 && comm->rank < comm->ranks && comm->hosts >= 1 && comm->host[0]);
    assert_true(comm->threads == 2 && comm->cores >= 1);
    assert_non_null(strstr(comm->description, comm->ranks == 1 ? "1 rank on " : "ranks on "));
    assert_non_null(strstr(comm->description, comm->host));
    cpu_set_t set;
    assert_int_equal(sched_getaffinity(0, sizeof set, &set), 0);
    int own = CPU_COUNT(&set), all = (int)sysconf(_SC_NPROCESSORS_ONLN);
    assert_true(own >= comm->cores);
    if (comm->local_ranks > all) assert_true(comm->oversubscribed);
}

enum { VALUES = 3, MOST_SLICES = 48 };

static int vectors_sent;
int MPI_Isend(const void *values, int count, MPI_Datatype type, int rank, int tag, MPI_Comm world, MPI_Request *r) {
    vectors_sent += type == MPI_DOUBLE;
    return PMPI_Isend(values, count, type, rank, tag, world, r);
}

static double value_of(int slice, int i) { return 1.0 / (3 + slice * 7 + i) * pow(10, (slice * 3) % 8); }

/* The plain definition: level by level, a missing sibling passes through. */
static void check_root(int slices, const double *root) {
    for (int i = 0; i < VALUES; i++) {
        double level[MOST_SLICES];
        for (int s = 0; s < slices; s++) level[s] = value_of(s, i);
        for (int n = slices; n > 1; n = (n + 1) / 2)
            for (int s = 0; s < n; s += 2) level[s / 2] = s + 1 < n ? level[s] + level[s + 1] : level[s];
        if (memcmp(&root[i], &level[0], sizeof root[i]))
            fail_msg("%d slices on %d ranks: %.17g instead of %.17g", slices, comm->ranks, root[i], level[0]);
    }
}

static void fill_values(void *arg, int own, double *vector) {
    for (int i = 0; i < VALUES; i++) vector[i] = value_of(*(int *)arg + own, i);
}

static int levels_over(int n) {
    int levels = 0;
    while (1 << levels < n) levels++;
    return levels;
}

/* Of several sums in a row, each rank late in turn, with other messages on their way meanwhile. */
static void check_small_sums(void) {
    for (int slices = 1; slices <= 33; slices++) {
        int first, count;
        double mine[MOST_SLICES][VALUES], sum[VALUES];
        gt_slice_range(comm, slices, comm->rank, &first, &count);
        for (int s = 0; s < count; s++)
            for (int i = 0; i < VALUES; i++) mine[s][i] = value_of(first + s, i);
        vectors_sent = 0;
        assert_int_equal(gt_comm_tree_sum_all(comm, slices, VALUES, mine[0], sum), GT_OK);
        assert_true(vectors_sent <=
                    levels_over(slices) + 1 + levels_over(comm->hosts) + levels_over(comm->local_ranks));
        check_root(slices, sum);
        if (slices % comm->ranks == comm->rank) usleep(300);
        assert_int_equal(gt_small_sum_begin_all(comm, slices, VALUES, fill_values, &first), GT_OK);
        if (slices % 3 == 0) assert_int_equal(gt_comm_max_all(comm, comm->rank), comm->ranks - 1);
        if ((slices + 1) % comm->ranks == comm->rank) usleep(300);
        check_root(slices, gt_small_sum_end_all(comm));
    }
}

static void small_values_are_the_serial_tree(void **state) {
    (void)state;
    check_small_sums();
}

/* The root goes to hosts first: also where these have one rank, two, three in turn, the last what is left. */
static void small_values_reach_the_ranks_of_uneven_hosts(void **state) {
    (void)state;
    if (comm->ranks == 1) skip();
    gt_comm before = *comm;
    int hosts[8 + 1] = {0}, n = 0;
    assert_true(comm->ranks <= 8);
    for (int rank = 0; rank < comm->ranks; rank += 1 + n % 3, n++) hosts[n] = rank;
    hosts[n] = comm->ranks;
    comm->host_first = hosts;
    comm->hosts = n;
    for (int i = 0; i < n; i++)
        if (hosts[i] <= comm->rank && comm->rank < hosts[i + 1])
            comm->host_index = i, comm->local_rank = comm->rank - hosts[i], comm->local_ranks = hosts[i + 1] - hosts[i];
    check_small_sums();
    *comm = before;
}

/* Vectors shorter and longer than there are ranks, slices fewer and more. Twice: the second time nothing of the first
 * is left. */
static void long_vectors_are_the_serial_tree(void **state) {
    (void)state;
    static const int lengths[] = {1, 5, 37, 1000};
    for (int slices = 1; slices < 41; slices += 1 + slices / 8)
        for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
            int n = lengths[l], first, count;
            double *all = malloc((size_t)(slices * n) * sizeof *all), *out = malloc((size_t)n * sizeof *out);
            gt_tree_sum *s = gt_tree_sum_new(comm, slices, (size_t)n);
            assert_true(all && out && s);
            gt_slice_range(comm, slices, comm->rank, &first, &count);
            for (int again = 0; again < 2; again++) {
                for (int i = 0; i < slices * n; i++) all[i] = (again + 1.0) / (3 + i * 7) * pow(10, (i * 3) % 8);
                for (int i = 0; i < count; i++) gt_tree_sum_add(s, all + (first + i) * n);
                assert_int_equal(gt_tree_sum_finish_all(s, out), GT_OK);
                for (int m = slices; m > 1; m = (m + 1) / 2)
                    for (int i = 0; i < m; i += 2)
                        for (int j = 0; j < n; j++)
                            all[i / 2 * n + j] = i + 1 < m ? all[i * n + j] + all[(i + 1) * n + j] : all[i * n + j];
                if (comm->rank == 0) assert_memory_equal(out, all, (size_t)n * sizeof *out);
            }
            gt_tree_sum_free(s);
            free(all);
            free(out);
        }
}

static void values_go_round(void **state) {
    (void)state;
    int last = comm->ranks - 1;
    char text[16] = "";
    if (comm->rank == last) strcpy(text, "from the last");
    gt_comm_broadcast_all(comm, text, sizeof text, last);
    assert_string_equal(text, "from the last");
    assert_int_equal(gt_comm_max_all(comm, comm->rank == last / 2 ? 7 : 0), 7);
    assert_int_equal(gt_comm_sum_all(comm, comm->rank + 1), comm->ranks * (comm->ranks + 1) / 2);
    unsigned char mine[64], all[64 * 64];
    memset(mine, comm->rank + 1, sizeof mine);
    gt_comm_gather_all(comm, mine, (size_t)comm->rank % 5, all);
    for (int rank = 0, at = 0; comm->rank == 0 && rank < comm->ranks; rank++)
        for (int i = 0; i < rank % 5; i++) assert_int_equal(all[at++], rank + 1);
    gt_comm_barrier_all(comm);
}

static void errors_are_agreed_on(void **state) {
    (void)state;
    assert_int_equal(gt_comm_agree_all(comm, GT_OK), GT_OK);
    int failing = comm->ranks / 2;
    gt_status mine = comm->rank >= failing ? gt_fail(GT_FORMAT, "image %d is damaged", comm->rank) : GT_OK;
    assert_int_equal(gt_comm_agree_all(comm, mine), GT_FORMAT);
    char said[160];
    snprintf(said, sizeof said, "%s", gt_message());
    char want[160], host[GT_HOST_BYTES];
    memcpy(host, comm->host, sizeof host);
    gt_comm_broadcast_all(comm, host, sizeof host, failing);
    snprintf(want, sizeof want, "rank %d (%s): image %d is damaged", failing, host, failing);
    assert_string_equal(said, comm->ranks > 1 ? want : "image 0 is damaged");
    assert_int_equal(gt_comm_agree_all(comm, gt_fail(GT_USAGE, "--x: unknown")), GT_USAGE);
    assert_string_equal(gt_message(), "--x: unknown");
}

/* ---- memory in common ---- */

/* Nobody writes into what a slow rank still reads, whether all-gathers or reductions follow. */
static void all_gathers_follow_each_other(void **state) {
    (void)state;
    enum { N = 20011, TURNS = 12 };
    static float block[N];
    gt_reducer_options o = {.slices = comm->ranks, .floats = N, .bucket_floats = 1024};
    gt_reducer *r = gt_reducer_new_all(comm, pool, &o);
    const gt_reducer_schedule *plan = gt_reducer_schedule_new(r, 1, &(gt_span){0, N});
    int n_parts;
    const gt_span *parts = gt_reducer_owned(r, &n_parts);
    for (int turn = 0; turn < TURNS; turn++) {
        if (turn % comm->ranks == comm->rank) usleep(3000); /* each is late in turn: the bits must not depend on it */
        for (int p = 0; p < n_parts; p++)
            for (size_t i = 0; i < parts[p].size; i++)
                block[parts[p].offset + i] = (float)((size_t)turn * N + parts[p].offset + i);
        gt_reducer_gather_all(r, block);
        for (int i = 0; i < N; i++) assert_true(block[i] == (float)(turn * N + i));
        if (turn % 3 < 2) continue;
        gt_reducer_begin_all(r, plan);
        float *g = gt_reducer_begin_group(r);
        for (int i = 0; i < N; i++) g[i] = (float)(comm->rank + turn);
        gt_reducer_end_group(r);
        assert_int_equal(gt_reducer_finish_all(r).count, 0);
        float mean = (float)(comm->ranks * (comm->ranks - 1) / 2 + turn * comm->ranks) / (float)comm->ranks;
        for (int p = 0; p < n_parts; p++)
            for (size_t i = 0; i < parts[p].size; i++) assert_true(gt_reducer_gradient(r)[parts[p].offset + i] == mean);
    }
    gt_reducer_free_all(r);
}

/* Ranks pretend to be on so many NUMA nodes, in turn. */
static void pretend_nodes(int nodes) {
    char node[16];
    snprintf(node, sizeof node, "%d", comm->local_rank % nodes);
    if (nodes > 1) setenv("GT_NUMA_NODE", node, 1);
    else unsetenv("GT_NUMA_NODE");
}

/* Neighbours are those with one key on one node; what one of them writes all see, and nobody else. */
static void neighbours_have_memory_in_common(void **state) {
    (void)state;
    for (int nodes = 1; nodes <= 2; nodes++)
        for (int keys = 1; keys <= 3; keys += 2) {
            pretend_nodes(nodes);
            uint64_t key = (uint64_t)(comm->local_rank % keys);
            int kind = comm->local_rank % (nodes * keys), count = 0,
                place = 0; /* nodes and keys have no common divisor */
            for (int r = 0; r < comm->local_ranks; r++) {
                count += r % (nodes * keys) == kind;
                place += r % (nodes * keys) == kind && r < comm->local_rank;
            }
            assert_int_equal(gt_neighbours_count_all(comm, key), count);
            size_t n = 5000 + 1000 * key;
            gt_neighbours *with = gt_neighbours_open_all(comm, key, n * sizeof(int));
            assert_true((with != NULL) == (comm->local_ranks > 1));
            for (int turn = 0; turn < 5 && !with; turn++) gt_comm_barrier_all(comm);
            if (!with) continue;
            assert_int_equal(with->count, count);
            assert_int_equal(with->place, place);
            int *memory = with->memory;
            for (size_t i = 0; i < n; i++) assert_int_equal(memory[i], 0);
            gt_neighbours_post(with);
            gt_neighbours_await(with);
            for (int turn = 1; turn <= 5; turn++) {
                if (turn % comm->ranks == comm->rank) usleep(2000); /* late, in turn */
                for (size_t i = (size_t)place; i < n; i += (size_t)count) memory[i] = turn * 10000 + kind;
                gt_neighbours_post(with);
                gt_neighbours_await(with);
                for (size_t i = 0; i < n; i++) assert_int_equal(memory[i], turn * 10000 + kind);
                gt_comm_barrier_all(comm);
            }
            gt_neighbours_close(with);
        }
    pretend_nodes(1);
    assert_null(gt_neighbours_open_all(comm, 0, 0));
}

/* A block that neighbours have once is gathered in place, and copied from node to node; one of a rank's own as ever. */
static void blocks_in_common_are_gathered_in_place(void **state) {
    (void)state;
    enum { N = 20011, TURNS = 8 };
    static float own_block[N];
    for (int nodes = 1; nodes <= 3; nodes++) {
        pretend_nodes(nodes);
        gt_neighbours *with = gt_neighbours_open_all(comm, 0, 3 * N * sizeof(float));
        assert_true((with != NULL) == (comm->local_ranks > 1));
        gt_reducer_options o = {.slices = comm->ranks, .floats = N, .bucket_floats = 1024};
        gt_reducer *r = gt_reducer_new_all(comm, pool, &o);
        assert_true(gt_reducer_shares(r) == (comm->local_ranks > 1));
        const gt_reducer_schedule *plan = gt_reducer_schedule_new(r, 1, &(gt_span){0, N});
        gt_reducer_use_neighbours(r, with);
        int n_parts;
        const gt_span *parts = gt_reducer_owned(r, &n_parts);
        for (int turn = 0; turn < TURNS; turn++) {
            float *block = with && turn % 3 < 2 ? (float *)with->memory + turn % 3 * N : own_block;
            if (turn % comm->ranks == comm->rank) usleep(3000); /* late to begin, and late to read */
            for (int p = 0; p < n_parts; p++)
                for (size_t i = 0; i < parts[p].size; i++)
                    block[parts[p].offset + i] = (float)((size_t)turn * N + parts[p].offset + i);
            gt_reducer_gather_all(r, block);
            if ((turn + 1) % comm->ranks == comm->rank) usleep(3000);
            for (int i = 0; i < N; i++) assert_true(block[i] == (float)(turn * N + i));
            gt_reducer_begin_all(r, plan);
            memset(gt_reducer_begin_group(r), 0, N * sizeof(float));
            gt_reducer_end_group(r);
            assert_int_equal(gt_reducer_finish_all(r).count, 0);
        }
        gt_reducer_free_all(r);
        gt_neighbours_close(with);
    }
    pretend_nodes(1);
}

/* ---- ranks that are lost ---- */

/* The last rank comes no further than to the middle of a reduction. */
static void lose_a_rank(int signal) {
    enum { N = 20011 };
    gt_reducer *r = gt_reducer_new_all(comm, NULL, &(gt_reducer_options){.slices = comm->ranks, .floats = N});
    gt_reducer_begin_all(r, gt_reducer_schedule_new(r, 1, &(gt_span){0, N}));
    gt_comm_heartbeat(comm, 3);
    gt_comm_doing(comm, 7, "gradients");
    gt_comm_barrier_all(comm);
    memset(gt_reducer_begin_group(r), 0, N * sizeof(float));
    if (comm->rank == comm->ranks - 1) raise(signal);
    gt_reducer_end_group(r);
    gt_reducer_finish_all(r);
}

/* It never writes its part. */
static void lose_a_neighbour(int signal) {
    gt_neighbours *with = gt_neighbours_open_all(comm, 0, 4096);
    gt_comm_heartbeat(comm, 3);
    gt_comm_doing(comm, 7, "packing");
    gt_comm_barrier_all(comm);
    if (comm->rank == comm->ranks - 1) raise(signal);
    gt_neighbours_post(with);
    gt_neighbours_await(with);
}

int main(int argc, char **argv) {
    if (!begin_ranks(argc > 1 ? 0 : 2)) return 1;
    if (argc > 1) {
        gt_info("%s", comm->description);
        if (strcmp(argv[1], "KILL") == 0) lose_a_rank(SIGKILL);
        if (strcmp(argv[1], "STOP") == 0) lose_a_rank(SIGSTOP);
        if (strcmp(argv[1], "fence-KILL") == 0) lose_a_neighbour(SIGKILL);
        if (strcmp(argv[1], "fence-STOP") == 0) lose_a_neighbour(SIGSTOP);
        if (strcmp(argv[1], "abort") == 0 && comm->rank == comm->ranks - 1)
            return gt_comm_abort(comm, gt_fail(GT_FAILED, "the disk is on fire"));
        for (;;) gt_comm_max_all(comm, comm->rank == 0 && strcmp(argv[1], "wait") == 0 ? (int)sleep(1) : 0);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_know_their_place),
        cmocka_unit_test(all_gathers_follow_each_other),
        cmocka_unit_test(neighbours_have_memory_in_common),
        cmocka_unit_test(blocks_in_common_are_gathered_in_place),
        cmocka_unit_test(small_values_are_the_serial_tree),
        cmocka_unit_test(small_values_reach_the_ranks_of_uneven_hosts),
        cmocka_unit_test(long_vectors_are_the_serial_tree),
        cmocka_unit_test(values_go_round),
        cmocka_unit_test(errors_are_agreed_on),
    };
    return end_ranks(cmocka_run_group_tests(tests, begin_pool, NULL));
}
