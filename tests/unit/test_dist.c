/* SPDX-License-Identifier: Apache-2.0
 * Ranks, slices and reductions. Runs alone and, by tests/e2e/dist.sh, on 2, 3, 4 and 8 ranks: the bits of every sum are
 * held against a serial tree. With an argument it does what that script watches from outside:
 *     abort  the last rank gives up while the others wait      wait  all ranks wait until they are killed
 *     KILL, STOP  the last rank gets this signal while the others wait for its gradients
 *     fence-KILL, fence-STOP  the same while they wait for what it writes to memory in common
 */
#define _GNU_SOURCE
#include <math.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernels.h"
#include "gantry/dist.h"
#include "gantry/log.h"
#include "gantry/model.h"
#include "gantry/ops.h"
#include "gantry/random.h"

static gt_comm *comm;
static gt_pool *pool;

static void slices_of_a_batch(void **state) {
    (void)state;
    static const struct {
        int batch, group, wanted, ranks, slices; /* slices 0: an error that says `says` */
        const char *says;
    } table[] = {
        {64, 32, 0, 1, 2, NULL},
        {8, 32, 0, 1, 1, NULL},
        {32, 4, 0, 8, 8, NULL},
        {40, 4, 0, 1, 5, NULL},
        {64, 4, 16, 16, 16, NULL},
        {64, 1, 0, 1, 8, NULL},
        {7, 1, 0, 1, 7, NULL},
        {11, 1, 0, 1, 1, NULL},
        {4, 4, 1, 1, 1, NULL},
        {40, 32, 0, 1, 0, "batches that fit are 32 and 64, or use --mbstd=8"},
        {32, 4, 3, 1, 0, "nearest that fit: 2 and 4"},
        {32, 4, 99, 1, 0, "nearest that fit: 8"},
        {32, 4, -1, 1, 0, "nearest that fit: 1"},
        /* groups over slices: parts of one, of two, of six */
        {8, 32, 2, 1, 2, NULL},
        {64, 32, 32, 1, 32, NULL},
        {24, 4, 4, 1, 4, NULL},
        {64, 32, 64, 1, 0, "nearest that fit: 32"},
        {24, 4, 8, 1, 0, "nearest that fit: 6"},
        {64, 32, 0, 4, 0, "4 ranks, but --batch=64 has 2 slices"},
        {64, 4, 0, 9, 0, "or use --slices=16, or --batch=128 --slices=16"},
        {0, 4, 0, 1, 0, "--batch=0"},
        {8, -1, 0, 1, 0, "--mbstd=-1"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int slices = 0;
        gt_status st = gt_slices_choose(table[i].batch, table[i].group, table[i].wanted, table[i].ranks, &slices);
        assert_int_equal(st, table[i].slices ? GT_OK : GT_USAGE);
        assert_int_equal(slices, table[i].slices);
        if (st && !strstr(gt_message(), table[i].says)) fail_msg("'%s' does not say '%s'", gt_message(), table[i].says);
    }
    for (int slices = 1; slices < 20; slices++)
        for (int ranks = 1; ranks <= slices; ranks++)
            for (int rank = 0, next = 0; rank < ranks; rank++) {
                int first, count;
                gt_slice_range(slices, ranks, rank, &first, &count);
                assert_true(first == next && count >= slices / ranks && count <= (slices + ranks - 1) / ranks);
                next += count;
                assert_true(rank + 1 < ranks || next == slices);
            }
}

/* What is advised to somebody with more ranks than slices works, and nothing is advised that does not. */
static void advice_on_slices_works(void **state) {
    (void)state;
    int advised = 0;
    for (int batch = 1; batch <= 64; batch++)
        for (int group = 0; group <= 9; group++)
            for (int ranks = 2; ranks <= 20; ranks += 3) {
                char text[GT_SLICES_ADVICE], *rest = text, *one;
                if (group && batch % (group < batch ? group : batch)) continue; /* no such job */
                gt_slices_advise(batch, group, ranks, text);
                while ((one = strsep(&rest, ","))) {
                    const char *b = strstr(one, "--batch="), *g = strstr(one, "--mbstd="),
                               *s = strstr(one, "--slices=");
                    int chosen = 0, new_batch = b ? atoi(b + 8) : batch, new_group = g ? atoi(g + 8) : group;
                    assert_non_null(s);
                    if (gt_slices_choose(new_batch, new_group, atoi(s + 9), ranks, &chosen))
                        fail_msg("batch %d, group %d, %d ranks: %s: %s", batch, group, ranks, text, gt_message());
                    assert_true(chosen >= ranks && (b || g || new_batch == batch));
                    assert_true(!b || new_batch % batch == 0);
                    advised++;
                }
            }
    assert_true(advised > 1000);
    char text[GT_SLICES_ADVICE];
    gt_slices_advise(4, 4, 2, text); /* StyleGAN2 at 1024x1024 */
    assert_string_equal(
        text, "--slices=2 (stddev groups then reach over slices), or --mbstd=2 --slices=2, or --batch=8 --slices=2");
    gt_slices_advise(1 << 20, 1 << 20, 1 << 21, text); /* soon, and not a batch that is refused */
    assert_string_equal(text, "fewer ranks with more threads");
}

static void unequal_slices_of_a_batch(void **state) {
    (void)state;
    int slices;
    assert_int_equal(gt_slices_choose(150, 0, 0, 3, &slices), GT_OK);
    assert_int_equal(slices, 8);
    assert_int_equal(gt_slices_choose(5, 0, 0, 1, &slices), GT_OK);
    assert_int_equal(slices, 5);
    assert_int_equal(gt_slices_choose(5, 0, 6, 1, &slices), GT_USAGE);
    for (int samples = 1; samples < 40; samples++)
        for (int s = 1; s <= samples; s++) {
            gt_slices c = {samples, s};
            double weight = 0;
            for (int i = 0, next = 0; i < s; i++) {
                assert_int_equal(gt_slices_first(c, i), next);
                next += gt_slices_samples(c, i);
                weight += gt_slices_weight(c, i) / s;
                assert_true(gt_slices_samples(c, 0) - gt_slices_samples(c, i) <= 1 &&
                            (!i || gt_slices_samples(c, i) <= gt_slices_samples(c, i - 1)));
                if (samples % s == 0) assert_true(gt_slices_weight(c, i) == 1);
                assert_true(i + 1 < s || next == samples);
            }
            assert_true(fabs(weight - 1) < 1e-14);
        }
    static const struct {
        gt_slices full;
        int rest, slices;
    } rests[] = {{{32, 8}, 8, 2},   {{32, 8}, 7, 7},   {{32, 8}, 10, 8}, {{150, 8}, 38, 2},
                 {{150, 8}, 36, 2}, {{150, 8}, 70, 8}, {{150, 8}, 3, 3}, {{6, 1}, 5, 1}};
    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
        gt_slices c = gt_slices_of_rest(rests[i].full, rests[i].rest);
        assert_true(c.samples == rests[i].rest && c.count == rests[i].slices &&
                    gt_slices_samples(c, 0) <= gt_slices_samples(rests[i].full, 0));
    }
}

/* ---- gradients ---- */

/* Slice gradients of such different sizes that another order of summation gives other bits. */
static void slice_gradient(int slice, size_t n, float *g) {
    gt_random_normal((gt_key){.seed = 9, .stream = 1, .sample = (uint32_t)slice}, g, n);
    for (size_t i = 0; i < n; i++) g[i] *= ldexpf(1, (int)((i * 7 + (size_t)slice * 5) % 23));
}

/* Several slices' from `first` on, by the tree. */
static void group_gradient(gt_group b, size_t n, float *g) {
    float *sum[GT_MOST_AT_ONCE];
    for (int k = 0; k < b.count; k++) {
        sum[k] = k ? malloc(n * sizeof *g) : g;
        slice_gradient(b.first + k, n, sum[k]);
    }
    for (int width = 1; width < b.count; width *= 2)
        for (int left = 0; left + width < b.count; left += 2 * width)
            for (size_t i = 0; i < n; i++) sum[left][i] += sum[left + width][i];
    for (int k = 1; k < b.count; k++) free(sum[k]);
}

/* This rank's slices in groups of at most `most`; returns how many. */
static int make_groups(int slices, int most, gt_group *groups) {
    int first, count, n = 0;
    gt_slice_range(slices, comm->ranks, comm->rank, &first, &count);
    for (int next = first; next < first + count; next += groups[n++].count) {
        groups[n] = gt_group_from((gt_slices){slices, slices}, next, first + count, most);
        assert_true(groups[n].first == next && groups[n].count >= 1 && groups[n].count <= most);
    }
    assert_true(comm->ranks > 1 || slices > most || n == 1);
    return n;
}

/* node(level, i), straight from its definition. */
static void serial_node(int slices, int level, int i, size_t n, float *out) {
    if (level == 0) {
        slice_gradient(i, n, out);
        return;
    }
    int below = (slices + (1 << (level - 1)) - 1) >> (level - 1);
    serial_node(slices, level - 1, 2 * i, n, out);
    if (2 * i + 1 >= below) return;
    float *right = malloc(n * sizeof *right);
    serial_node(slices, level - 1, 2 * i + 1, n, right);
    for (size_t j = 0; j < n; j++) out[j] += right[j];
    free(right);
}

static void serial_mean(int slices, size_t n, float *out) {
    int level = 0;
    while ((1 << level) < slices) level++;
    serial_node(slices, level, 0, n, out);
    for (size_t i = 0; i < n; i++) out[i] /= (float)slices;
}

enum { PIECES = 24 };

/* Outputs of uneven sizes, finished in an order that is not the block's, with gaps between them. */
static void make_outputs(size_t floats, gt_span out[PIECES]) {
    for (size_t i = 0; i < PIECES; i++) {
        size_t at = (i * 7 + 3) % PIECES, from = floats * at / PIECES, to = floats * (at + 1) / PIECES;
        out[i] = (gt_span){.offset = from + (at % 5 == 2 ? 3 : 0), .size = 0};
        out[i].size = to - out[i].offset - (at % 7 == 4 ? 2 : 0);
    }
}

typedef enum how { TREE, ABREAST, PLAIN } how;

/* One phase as the training loop does it; `poison` puts an infinity into the last slice. */
static gt_nonfinite one_phase(gt_reducer *r, const gt_reducer_schedule *plan, int slices, int most, size_t floats,
                              const gt_span *outputs, how how, bool poison) {
    float *source = malloc(floats * sizeof *source), *place[32];
    gt_group groups[32];
    int n = make_groups(slices, most, groups);
    gt_reducer_begin_all(r, plan);
    for (int k = 0; k < n && how == ABREAST; k++) place[k] = gt_reducer_begin_group(r);
    for (int k = 0; k < n; k++) {
        float *g = how == ABREAST ? place[k] : gt_reducer_begin_group(r);
        group_gradient(groups[k], floats, source);
        for (int i = 0; i < PIECES; i++) {
            memcpy(g + outputs[i].offset, source + outputs[i].offset, outputs[i].size * sizeof *g);
            if (poison && groups[k].first + groups[k].count == slices && i == 5) g[outputs[i].offset + 1] = INFINITY;
            if (i % 3 == comm->rank % 3) gt_reducer_progress(r, i + 1); /* ranks look at different times */
        }
        if (how != ABREAST) gt_reducer_end_group(r);
    }
    for (int k = 0; k < n && how == ABREAST; k++) gt_reducer_end_group(r);
    free(source);
    return gt_reducer_finish_all(r);
}

/* Slices in groups of at most `most`. */
static void reduce_in(int most, int slices, size_t floats, size_t bucket_floats, how how) {
    gt_span outputs[PIECES];
    make_outputs(floats, outputs);
    gt_group groups[32];
    gt_reducer_options o = {.slices = slices,
                            .groups = groups,
                            .floats = floats,
                            .bucket_floats = bucket_floats,
                            .plain = how == PLAIN,
                            .abreast = how == ABREAST};
    if (most > 1) o.n_groups = make_groups(slices, most, groups); /* 1 is the default */
    gt_reducer *r = gt_reducer_new_all(comm, pool, &o);
    assert_non_null(r);
    gt_reducer_schedule *plan = gt_reducer_schedule_new(r, PIECES, outputs);
    assert_non_null(plan);

    float *mean = malloc(floats * sizeof *mean), *want = calloc(floats, sizeof *want),
          *block = calloc(floats, sizeof *block);
    serial_mean(slices, floats, mean);
    for (int i = 0; i < PIECES; i++)
        memcpy(want + outputs[i].offset, mean + outputs[i].offset, outputs[i].size * sizeof *want);

    int n_parts;
    const gt_span *parts = gt_reducer_owned(r, &n_parts);
    for (int round = 0; round < 2; round++) {
        gt_nonfinite bad = one_phase(r, plan, slices, most, floats, outputs, how, false);
        assert_int_equal(bad.count, 0);
        const float *g = gt_reducer_gradient(r);
        int64_t owned = 0;
        for (int p = 0; p < n_parts; p++) {
            owned += (int64_t)parts[p].size;
            memcpy(block + parts[p].offset, g + parts[p].offset, parts[p].size * sizeof *g);
        }
        assert_int_equal(gt_comm_sum_all(comm, owned), floats);
        gt_reducer_gather_all(r, block);
        if (how != PLAIN) assert_memory_equal(block, want, floats * sizeof *want);
        for (size_t i = 0; i < floats; i++) /* a sum of `slices` terms of at most 2^25 */
            if (!(fabsf(block[i] - want[i]) <= 4 * (float)slices))
                fail_msg("float %zu of %zu: %g, want %g", i, floats, block[i], want[i]);
    }

    gt_nonfinite bad = one_phase(r, plan, slices, most, floats, outputs, how, true);
    assert_int_equal(bad.count, 1);
    assert_int_equal(bad.first, outputs[5].offset + 1);

    for (size_t i = 0; i < floats; i++) block[i] = comm->rank == 0 ? (float)i : -1;
    gt_reducer_deal_all(r, block);
    for (int p = 0; p < n_parts; p++)
        for (size_t i = parts[p].offset; i < parts[p].offset + parts[p].size; i++) {
            assert_true(block[i] == (float)i);
            block[i] += 0.5f;
        }
    gt_reducer_collect_all(r, block);
    for (size_t i = 0; i < floats && comm->rank == 0; i++) assert_true(block[i] == (float)i + 0.5f);
    gt_reducer_free_all(r);
    free(mean), free(want), free(block);
}

static void reduce(int slices, size_t floats, size_t bucket_floats, how how) {
    reduce_in(1, slices, floats, bucket_floats, how);
}

static void gradients_are_the_serial_tree(void **state) {
    (void)state;
    for (int slices = comm->ranks; slices <= 9 || slices < comm->ranks + 2; slices++) {
        reduce(slices, 1003, 64, TREE);
        reduce(slices, 20011, 0, TREE);
    }
    reduce(comm->ranks + 3, 300000, 0, TREE);
    reduce(comm->ranks, 97, 0, TREE); /* parts without a float */
}

static void bundles_of_slices_change_no_bit(void **state) {
    (void)state;
    for (int most = 2; most <= GT_MOST_AT_ONCE; most += most)
        for (int slices = comm->ranks; slices < comm->ranks + 14; slices += 3) reduce_in(most, slices, 1003, 64, TREE);
    gt_group b[3] = {gt_group_from((gt_slices){150, 8}, 4, 8, 8), gt_group_from((gt_slices){150, 8}, 2, 8, 8),
                     gt_group_from((gt_slices){7, 7}, 4, 7, 8)};
    assert_true(b[0].count == 2 && b[1].count == 2 && b[2].count == 3); /* of equal size; aligned; the tree's edge */
    gt_reducer_options o = {
        .slices = comm->ranks, .floats = 100, .n_groups = 1, .groups = &(gt_group){comm->rank + 1, 1}};
    assert_null(gt_reducer_new_all(comm, NULL, &o));
}

static void bundles_abreast_change_no_bit(void **state) {
    (void)state;
    for (int most = 1; most <= 4; most += most)
        for (int slices = comm->ranks; slices < comm->ranks + 14; slices += 3)
            reduce_in(most, slices, 1003, 64, ABREAST);
}

static void plain_mode_agrees_nearly(void **state) {
    (void)state;
    reduce(comm->ranks + 2, 20011, 2048, PLAIN);
    reduce_in(2, comm->ranks + 2, 20011, 2048, PLAIN);
}

/* A short last batch may have fewer slices than there are ranks. */
static void ranks_without_a_slice_take_part(void **state) {
    (void)state;
    if (comm->ranks == 1) skip();
    for (int slices = 1; slices < comm->ranks; slices++) {
        for (how how = TREE; how <= PLAIN; how++) reduce(slices, 20011, 0, how);
    }
}

/* 150 samples in 8 slices: the gradient of a linear loss is the mean of the samples, and the weighted sum over slices
 * is that mean, the same bits on any number of ranks. */
static void unequal_slices_give_the_mean_over_the_batch(void **state) {
    (void)state;
    enum { SAMPLES = 150, N = 37 };
    gt_slices slices = {SAMPLES, 8};
    if (comm->ranks > slices.count) skip();
    static float sample[SAMPLES][N];
    double mean[N] = {0};
    for (int i = 0; i < SAMPLES; i++) {
        gt_random_normal((gt_key){.seed = 4, .sample = (uint32_t)i}, sample[i], N);
        for (int j = 0; j < N; j++) mean[j] += (double)sample[i][j] / SAMPLES;
    }
    gt_span whole = {0, N};
    gt_reducer *r = gt_reducer_new_all(comm, pool, &(gt_reducer_options){.slices = slices.count, .floats = N});
    gt_reducer_begin_all(r, gt_reducer_schedule_new(r, 1, &whole));
    float alone[8][N], w[N], states[8], state_mean, block[N];
    int first, count;
    gt_slice_range(slices.count, comm->ranks, comm->rank, &first, &count);
    memset(w, 0, sizeof w);
    for (int s = 0; s < slices.count; s++) { /* every rank computes all slices, to sum them serially */
        int n = gt_slices_samples(slices, s), at = gt_slices_first(slices, s);
        bool own = s >= first && s < first + count;
        gt_graph *g = gt_graph_new("linear", asked_kernels());
        gt_node *x = gt_input(g, "x", GT_SHAPE(n, N)), *p = gt_param(g, "w", GT_SHAPE(1, N), 0, 0), *dp;
        gt_node *total = gt_mean_loss(g, gt_matmul(g, x, p, .transpose_b = true));
        assert_int_equal(gt_grad(g, 1, &total, NULL, 1, &p, &dp), GT_OK);
        gt_output_to(g, "dw", dp, GT_SLOT_GRAD, 0);
        gt_exec *e = gt_exec_new(g, NULL);
        assert_non_null(e);
        gt_exec_bind(e, 0, w);
        memcpy(gt_exec_input(e, "x"), sample[at], (size_t)n * sizeof *sample);
        *gt_exec_input(e, GT_SLICE_WEIGHT) = (float)gt_slices_weight(slices, s);
        gt_exec_bind(e, GT_SLOT_GRAD, alone[s]);
        assert_int_equal(gt_exec_run(e, NULL), GT_OK);
        if (own) {
            memcpy(gt_reducer_begin_group(r), alone[s], sizeof alone[s]);
            gt_reducer_end_group(r);
            states[s - first] = (float)n; /* of which the mean over samples is known */
        }
        gt_exec_free(e);
        gt_graph_free(g);
    }
    assert_int_equal(gt_reducer_finish_all(r).count, 0);
    int parts;
    const gt_span *part = gt_reducer_owned(r, &parts);
    for (int i = 0; i < parts; i++)
        memcpy(block + part[i].offset, gt_reducer_gradient(r) + part[i].offset, part[i].size * sizeof *block);
    gt_reducer_gather_all(r, block);
    for (int j = 0; j < N; j++) {
        float pairs[4];
        for (int k = 0; k < 4; k++) pairs[k] = alone[2 * k][j] + alone[2 * k + 1][j];
        assert_true(block[j] == ((pairs[0] + pairs[1]) + (pairs[2] + pairs[3])) / 8);
        assert_true(fabs(block[j] - mean[j]) < 1e-6); /* 150 terms of about 1, rounded to float32 */
    }
    assert_int_equal(gt_comm_tree_mean_all(comm, slices, 1, states, &state_mean), GT_OK);
    assert_true(state_mean == (float)((6 * 19 * 19 + 2 * 18 * 18) / 150.0));
    gt_reducer_free_all(r);
}

/* Nobody writes into what a slow rank still reads, whether gatherings or reductions follow. */
static void gatherings_follow_each_other(void **state) {
    (void)state;
    enum { N = 20011, TURNS = 12 };
    static float block[N];
    gt_reducer_options o = {.slices = comm->ranks, .floats = N, .bucket_floats = 1024};
    gt_reducer *r = gt_reducer_new_all(comm, pool, &o);
    const gt_reducer_schedule *plan = gt_reducer_schedule_new(r, 1, &(gt_span){0, N});
    int n_parts;
    const gt_span *parts = gt_reducer_owned(r, &n_parts);
    for (int turn = 0; turn < TURNS; turn++) {
        if (turn % comm->ranks == comm->rank) usleep(3000);
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
            gt_neighbours_tell(with);
            gt_neighbours_await(with);
            for (int turn = 1; turn <= 5; turn++) {
                if (turn % comm->ranks == comm->rank) usleep(2000);
                for (size_t i = (size_t)place; i < n; i += (size_t)count) memory[i] = turn * 10000 + kind;
                gt_neighbours_tell(with);
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
            if (turn % comm->ranks == comm->rank) usleep(3000);
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

/* Where one rank of a host can neither make the memory nor receive it, the ranks of this host send messages. */
static void memory_that_cannot_be_shared_changes_no_bit(void **state) {
    (void)state;
    enum { FLOATS = 300000 };
    if (comm->ranks == 1) skip();
    int next_file = dup(0);
    close(next_file);
    const struct {
        int rank;
        int what;
        rlim_t most;
    } limits[] = {{0, RLIMIT_FSIZE, FLOATS}, {comm->ranks - 1, RLIMIT_NOFILE, (rlim_t)next_file}};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct rlimit before;
        assert_int_equal(getrlimit(limits[i].what, &before), 0);
        struct rlimit limit = {limits[i].most, before.rlim_max};
        if (limits[i].rank == comm->rank) assert_int_equal(setrlimit(limits[i].what, &limit), 0);
        reduce(comm->ranks + 1, FLOATS, 0, TREE);
        gt_neighbours *with = gt_neighbours_open_all(comm, 0, FLOATS);
        if (comm->hosts == 1) assert_null(with); /* other hosts go on sharing */
        gt_neighbours_close(with);
        assert_int_equal(setrlimit(limits[i].what, &before), 0);
    }
}

static void order_of_summation_matters_here(void **state) {
    (void)state; /* or the test above could not fail */
    enum { N = 1003, SLICES = 5 };
    float tree[N], chain[N] = {0}, g[N];
    serial_mean(SLICES, N, tree);
    for (int s = 0; s < SLICES; s++) {
        slice_gradient(SLICES - 1 - s, N, g);
        for (int i = 0; i < N; i++) chain[i] += g[i];
    }
    for (int i = 0; i < N; i++) chain[i] /= SLICES;
    assert_memory_not_equal(tree, chain, sizeof tree);
}

static void wrong_plans_are_refused(void **state) {
    (void)state;
    gt_reducer *r = gt_reducer_new_all(comm, NULL, &(gt_reducer_options){.slices = comm->ranks, .floats = 100});
    assert_null(gt_reducer_schedule_new(r, 2, (gt_span[]){{0, 60}, {50, 10}}));
    assert_null(gt_reducer_schedule_new(r, 1, (gt_span[]){{50, 51}}));
    assert_null(gt_reducer_schedule_new(r, 1, (gt_span[]){{50, SIZE_MAX}}));
    assert_non_null(gt_reducer_schedule_new(r, 0, NULL));
    gt_reducer_free_all(r);
    assert_null(gt_reducer_new_all(comm, NULL, &(gt_reducer_options){.slices = 0, .floats = 100}));
}

/* ---- values ---- */

static void small_values_are_the_serial_tree(void **state) {
    (void)state;
    enum { N = 3 };
    for (int slices = comm->ranks; slices < comm->ranks + 10; slices++) {
        double all[32][N], mine[32][N], sum[N];
        float mine_float[32][N], mean[N], all_float[32][N];
        int first, count;
        gt_slice_range(slices, comm->ranks, comm->rank, &first, &count);
        for (int s = 0; s < slices; s++)
            for (int i = 0; i < N; i++) {
                all[s][i] = 1.0 / (3 + s * 7 + i) * pow(10, (s * 3) % 8);
                all_float[s][i] = (float)all[s][i];
            }
        memcpy(mine, all[first], (size_t)count * sizeof *mine);
        memcpy(mine_float, all_float[first], (size_t)count * sizeof *mine_float);
        assert_int_equal(gt_comm_tree_sum_all(comm, slices, N, mine[0], sum), GT_OK);
        assert_int_equal(gt_comm_tree_mean_all(comm, (gt_slices){slices, slices}, N, mine_float[0], mean), GT_OK);
        for (int i = 0; i < N; i++) {
            double level[32], exact = 0;
            for (int s = 0; s < slices; s++) level[s] = all[s][i], exact += all_float[s][i];
            for (int n = slices; n > 1; n = (n + 1) / 2)
                for (int s = 0; s < n; s += 2) level[s / 2] = s + 1 < n ? level[s] + level[s + 1] : level[s];
            assert_true(sum[i] == level[0]);
            assert_true(fabs(mean[i] - exact / slices) <= 1e-7 * fabs(exact));
        }
    }
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
            gt_slice_range(slices, comm->ranks, comm->rank, &first, &count);
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

/* Ranks with any number of slices, in groups of any size, down to none. */
static void slice_sums_are_the_serial_tree(void **state) {
    (void)state;
    enum { N = 37 };
    for (int slices = 1; slices < comm->ranks + 14; slices++)
        for (int most = 1; most <= 4; most += most) {
            float own[32][N], total[32][N], want[N], *to[32];
            const float *from[32];
            gt_group groups[32];
            int n = make_groups(slices, most, groups), level = 0;
            for (int k = 0; k < n; k++) {
                group_gradient(groups[k], N, own[k]);
                from[k] = own[k];
                to[k] = total[k];
            }
            while ((1 << level) < slices) level++;
            serial_node(slices, level, 0, N, want);
            assert_int_equal(gt_comm_slice_sum_all(comm, slices, n, groups, N, from, to), GT_OK);
            for (int k = 0; k < n; k++) assert_memory_equal(total[k], want, sizeof want);
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
    gt_neighbours_tell(with);
    gt_neighbours_await(with);
}

int main(int argc, char **argv) {
    comm = gt_comm_start_all(argc > 1 ? 0 : 2, NULL);
    if (!comm) return printf("%s\n", gt_message()), 1;
    gt_log_setup(comm->rank, comm->ranks, GT_INFO);
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
    if (comm->ranks > 1) setenv("CMOCKA_TEST_ABORT", "1", 1); /* a rank that fails must not leave the others waiting */
    pool = gt_pool_new(comm->threads);
    gt_pool_spin(pool, !comm->oversubscribed);
    if (comm->rank == 0) printf("%s\n", comm->description);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_of_a_batch),
        cmocka_unit_test(advice_on_slices_works),
        cmocka_unit_test(unequal_slices_of_a_batch),
        cmocka_unit_test(ranks_know_their_place),
        cmocka_unit_test(order_of_summation_matters_here),
        cmocka_unit_test(gradients_are_the_serial_tree),
        cmocka_unit_test(bundles_of_slices_change_no_bit),
        cmocka_unit_test(gatherings_follow_each_other),
        cmocka_unit_test(neighbours_have_memory_in_common),
        cmocka_unit_test(blocks_in_common_are_gathered_in_place),
        cmocka_unit_test(memory_that_cannot_be_shared_changes_no_bit),
        cmocka_unit_test(ranks_without_a_slice_take_part),
        cmocka_unit_test(unequal_slices_give_the_mean_over_the_batch),
        cmocka_unit_test(bundles_abreast_change_no_bit),
        cmocka_unit_test(plain_mode_agrees_nearly),
        cmocka_unit_test(wrong_plans_are_refused),
        cmocka_unit_test(small_values_are_the_serial_tree),
        cmocka_unit_test(long_vectors_are_the_serial_tree),
        cmocka_unit_test(slice_sums_are_the_serial_tree),
        cmocka_unit_test(values_go_round),
        cmocka_unit_test(errors_are_agreed_on),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    gt_pool_free(pool);
    gt_comm_stop_all(comm);
    return failed != 0;
}
