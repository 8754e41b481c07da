/* SPDX-License-Identifier: Apache-2.0
 * The exact tree between ranks against MPI_Allreduce, on blocks of gradients of several sizes. Both end with the sum on
 * every rank: the tree as sums of each rank's parts followed by the all-gather that in training hands out parameters.
 * And the small values of a step, float64 vectors summed over slices, with what the ranks send for them. Run with
 * mpirun. */
#include <inttypes.h>
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/program.h"
#include "base/door/memory.h"
#include "base/door/clock.h"
#include "dist/door/dist.h"

typedef struct reduce_options {
    bench_common common;
    int64_t megabytes, slices;
} reduce_options;

static reduce_options options;

static const gt_option rows[] = {
    BENCH_OPTIONS,
    {BENCH_ROW(reduce_options, "most", megabytes, "64", "Largest block, in MiB"), .min = 1, .max = 8192},
    {BENCH_ROW(reduce_options, "slices", slices, "0",
               "Slices of the batch, at least one for each rank; 0: one for each"),
     .max = 65536},
};

typedef struct subject {
    gt_comm *comm;
    gt_reducer *reducer;
    gt_reducer_schedule *plan;
    float *block;
    size_t floats;
    int own; /* slices of this rank */
} subject;

/* From gradients that are there to sums that are everywhere: a backward pass of no duration. Filling the gradient is
 * not counted. */
static double tree_seconds(const subject *s) {
    gt_reducer_begin_all(s->reducer, s->plan);
    for (int i = 0; i < s->own; i++) {
        if (i) gt_reducer_end_group(s->reducer);
        memset(gt_reducer_begin_group(s->reducer), 0, s->floats * sizeof(float));
    }
    gt_comm_barrier_all(s->comm);
    double start = gt_clock();
    gt_reducer_progress(s->reducer, 1);
    gt_reducer_end_group(s->reducer);
    gt_reducer_finish_all(s->reducer);
    gt_reducer_gather_all(s->reducer, s->block);
    return gt_clock() - start;
}

static double allreduce_seconds(const subject *s) {
    gt_comm_barrier_all(s->comm);
    double start = gt_clock();
    MPI_Allreduce(MPI_IN_PLACE, s->block, (int)s->floats, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    return gt_clock() - start;
}

/* What this host has sent through its network devices so far. */
static double sent_bytes(void) {
    FILE *f = fopen("/proc/net/dev", "re");
    char line[512], name[32];
    double sum = 0;
    uint64_t sent;
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, " %31[^:]: %*u %*u %*u %*u %*u %*u %*u %*u %" SCNu64, name, &sent) == 2 && strcmp(name, "lo"))
            sum += (double)sent;
    if (f) fclose(f);
    return sum;
}

/* ---- small values ---- */

static double vectors_bytes; /* that this rank has sent */
int MPI_Isend(const void *values, int count, MPI_Datatype type, int rank, int tag, MPI_Comm world, MPI_Request *r) {
    if (type == MPI_DOUBLE) vectors_bytes += count * (double)sizeof(double);
    return PMPI_Isend(values, count, type, rank, tag, world, r);
}

typedef struct small_values {
    gt_comm *comm;
    int slices;
    size_t n;
    double *mine, *sum;
} small_values;

static double small_seconds(const small_values *s) {
    gt_comm_barrier_all(s->comm);
    vectors_bytes = 0;
    double start = gt_clock();
    gt_comm_tree_sum_all(s->comm, s->slices, s->n, s->mine, s->sum);
    return gt_clock() - start;
}

static gt_status measure_small(bench *b, int slices_each, size_t n, gt_table *table) {
    const gt_comm *c = b->comm;
    small_values s = {.comm = b->comm, .slices = slices_each * c->ranks, .n = n};
    s.mine = calloc((size_t)slices_each * n, sizeof *s.mine);
    s.sum = calloc(n, sizeof *s.sum);
    gt_status st = s.mine && s.sum ? GT_OK : gt_fail(GT_NOMEM, "out of memory for small values");
    st = gt_comm_agree_all(b->comm, st);
    double best = INFINITY;
    for (int i = 0; i <= (b->common->careful ? 100 : 20) && !st; i++) {
        double now = small_seconds(&s);
        if (i && now < best) best = now;
    }
    double most = gt_comm_max_all(b->comm, (int)vectors_bytes),
           mean = (double)gt_comm_sum_all(b->comm, (int64_t)vectors_bytes) / c->ranks;
    if (!st)
        gt_table_row(table, (double)c->ranks, (double)c->hosts, (double)s.slices, (double)n, best * 1e3, mean / 1e3,
                     most / 1e3);
    free(s.mine);
    free(s.sum);
    return st;
}

static gt_status small_table(bench *b) {
    static const gt_column columns[] = {
        {"ranks", "ranks", 0},         {"hosts", "hosts", 0}, {"slices", "slices", 0},
        {"numbers", "numbers", 0},     {"ms", "ms", 3},       {"sent_mean", "a rank sends kB", 1},
        {"sent_most", "at most kB", 1}};
    gt_table *table = gt_results_table(b->results, "small values summed over slices, on all ranks", columns, 7);
    gt_status st = GT_OK;
    for (int slices = 1; slices <= 2 && !st; slices++)
        for (size_t n = 64; n <= 4096 && !st; n *= 8) st = measure_small(b, slices, n, table);
    return st;
}

/* ---- gradients ---- */

static double best_of(double (*seconds)(const subject *), const subject *s, int runs) {
    double best = INFINITY;
    for (int i = 0; i <= runs; i++) {
        double now = seconds(s);
        if (i && now < best) best = now; /* the first touches the memory and opens connections */
    }
    return best;
}

static gt_status measure(bench *b, size_t floats, gt_table *table) {
    subject s = {.comm = b->comm, .floats = floats};
    int slices = options.slices ? (int)options.slices : b->comm->ranks, first;
    gt_slice_range(b->comm, slices, b->comm->rank, &first, &s.own);
    s.reducer = gt_reducer_new_all(b->comm, NULL, &(gt_reducer_options){.slices = slices, .floats = floats});
    s.plan = s.reducer ? gt_reducer_schedule_new(s.reducer, 1, &(gt_span){0, floats}) : NULL;
    s.block = gt_block_alloc(floats * sizeof(float), "a block of gradients");
    gt_status st = gt_comm_agree_all(b->comm, s.plan && s.block ? GT_OK : GT_FAILED);
    if (!st) {
        int runs = b->common->careful ? 10 : 4;
        double before = sent_bytes(), tree = best_of(tree_seconds, &s, runs),
               sent = b->comm->hosts > 1 ? (sent_bytes() - before) / (runs + 1) / 1e6 : NAN,
               all = best_of(allreduce_seconds, &s, runs), bytes = (double)(floats * sizeof(float));
        gt_table_row(table, (double)b->comm->ranks, (double)b->comm->hosts, bytes / 1e6, tree * 1e3, bytes / tree / 1e6,
                     all * 1e3, bytes / all / 1e6, all / tree, sent);
    }
    gt_reducer_free_all(s.reducer);
    gt_block_free(s.block, floats * sizeof(float));
    return st;
}

static gt_status run(bench *b) {
    static const gt_column columns[] = {{"ranks", "ranks", 0},
                                        {"hosts", "hosts", 0},
                                        {"megabytes", "block MB", 2},
                                        {"tree_ms", "tree ms", 2},
                                        {"tree", "tree MB/s", 0},
                                        {"allreduce_ms", "Allreduce ms", 2},
                                        {"allreduce", "Allreduce MB/s", 0},
                                        {"ratio", "tree/Allreduce", 2},
                                        {"sent", "host sends MB", 2}};
    if (b->comm->ranks == 1) return gt_fail(GT_USAGE, "several ranks are needed: mpirun -n 2 gantry bench reduce");
    if (options.slices && options.slices < b->comm->ranks) return gt_fail(GT_USAGE, "--slices: fewer than ranks");
    gt_table *table = gt_results_table(b->results, "sum of a block of gradients on all ranks; MB/s of the block",
                                       columns, 9);
    gt_status st = GT_OK;
    for (size_t floats = 1 << 16; floats * sizeof(float) <= (size_t)options.megabytes << 20 && !st; floats *= 4)
        st = measure(b, floats, table);
    return st ? st : small_table(b);
}

BENCH_MAIN(.name = "reduce",
           .help = "Sums of gradients over ranks: the exact tree against MPI_Allreduce; run it with mpirun", .run = run,
           .ranks = true)
