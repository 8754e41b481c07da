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
#include "base/door/pool.h"
#include "dist/door/dist.h"
#include "dist/tree.h"
#include "gantry/log.h"
#include "model/door/model.h"
#include "graph/door/ops.h"
#include "base/door/random.h"

static gt_comm *comm;
static gt_pool *pool;

static void slices_of_a_batch(void **state) {
    (void)state;
    static const struct {
        int batch, slices, ranks;
        const char *says; /* NULL: it fits */
    } table[] = {
        {64, 64, 64, NULL},
        {64, 8, 8, NULL},
        {7, 7, 7, NULL},
        {5, 6, 1, "--slices=6: more slices than the images of --batch=5"},
        {0, 1, 1, "--batch=0"},
        {8, 0, 1, "--slices=0"},
        {64, 2, 4, "a new run with --slices=64 allows up to 64"},
        {8, 8, 32, "--batch=8 has work for only 8, with one image each"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        gt_status st = gt_slices_check(table[i].batch, table[i].slices);
        if (!st) st = gt_slices_check_ranks(table[i].batch, table[i].slices, table[i].ranks);
        assert_int_equal(st, table[i].says ? GT_USAGE : GT_OK);
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

static void unequal_slices_of_a_batch(void **state) {
    (void)state;
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

/* ---- what ranks compute ---- */

enum { MOST_SLICES = 64 };

typedef struct plan {
    gt_work work;
    gt_group groups[MOST_SLICES + 1];
    int units[MOST_SLICES + 1];
} plan;

static const gt_work *plan_of(plan *p, int slices, int stretch, int ranks, int rank, int most) {
    p->work = (gt_work){.groups = p->groups, .units = p->units};
    gt_work_plan((gt_slices){slices, slices}, stretch, ranks, rank, most, &p->work);
    return &p->work;
}

static bool lies_in_tree(gt_group g, int slices) {
    gt_tree_node n = gt_tree_node_of(g.first, g.count);
    int end = (n.index + 1) << n.level;
    return g.first == n.index << n.level && g.first + g.count == (end < slices ? end : slices);
}

/* Every slice in one group; groups are nodes of both trees; a unit of several groups is what the rank has of a stretch.
 */
static void check_plan(const gt_work *w, int slices, int stretch, int ranks, int rank, int most) {
    int first, count, sum = 0, at = 0, step = 0;
    gt_slice_range(slices, ranks, rank, &first, &count);
    for (int i = 0; i < w->n_groups; i++) {
        gt_group g = w->groups[i];
        int place = g.first % stretch;
        sum += g.count;
        assert_true(g.count >= 1 && g.count <= most && g.first >= first && g.first + g.count <= first + count);
        assert_true(lies_in_tree(g, slices));
        if (place + g.count > stretch) assert_true(place == 0 && g.count % stretch == 0);
        else assert_true(lies_in_tree((gt_group){place, g.count}, stretch));
        if (!i) continue;
        int now = g.first > w->groups[i - 1].first ? 1 : -1;
        assert_true(!step || step == now);
        step = now;
    }
    assert_int_equal(sum, count);
    for (int u = 0; u < w->n_units; at += w->units[u++]) {
        int low = slices, high = 0, which = w->groups[at].first / stretch;
        for (int i = at; i < at + w->units[u]; i++) {
            gt_group g = w->groups[i];
            if (g.first < low) low = g.first;
            if (g.first + g.count > high) high = g.first + g.count;
        }
        int begin = which * stretch > first ? which * stretch : first,
            end = (which + 1) * stretch < first + count ? (which + 1) * stretch : first + count;
        assert_true(low == begin && (high == end || w->units[u] == 1));
    }
    assert_int_equal(at, w->n_groups);
}

/* Ranks that each wait, in a stretch that they share, for all that share it: does everybody come to the end? */
static void check_meetings(int slices, int stretch, int ranks) {
    plan p[8];
    int at[8] = {0}, unit[8] = {0};
    for (int r = 0; r < ranks; r++) plan_of(&p[r], slices, stretch, ranks, r, 4);
    for (bool moved = true; moved;) {
        moved = false;
        for (int r = 0; r < ranks; r++) {
            const gt_work *w = &p[r].work;
            if (unit[r] == w->n_units) continue;
            int which = w->groups[at[r]].first / stretch;
            bool ready = true;
            for (int q = 0; q < ranks; q++) {
                int first, count;
                gt_slice_range(slices, ranks, q, &first, &count);
                bool shares = count && first < (which + 1) * stretch && first + count > which * stretch;
                if (!shares || gt_cut_number(slices, stretch, ranks, which) < 0) continue;
                ready &= unit[q] < p[q].work.n_units && p[q].work.groups[at[q]].first / stretch == which;
            }
            for (int q = 0; ready && q < ranks; q++) {
                bool here = unit[q] < p[q].work.n_units && p[q].work.groups[at[q]].first / stretch == which;
                if (q != r && (!here || gt_cut_number(slices, stretch, ranks, which) < 0)) continue;
                at[q] += p[q].work.units[unit[q]++];
                moved = true;
            }
        }
    }
    for (int r = 0; r < ranks; r++) assert_int_equal(unit[r], p[r].work.n_units);
}

static void the_work_of_ranks(void **state) {
    (void)state;
    for (int stretch = 1; stretch <= 12; stretch++)
        for (int stretches = 1; stretches * stretch <= MOST_SLICES; stretches++) {
            int slices = stretch * stretches;
            for (int ranks = 1; ranks <= 8; ranks++) {
                for (int most = 1; most <= MOST_SLICES; most *= 4)
                    for (int rank = 0; rank < ranks; rank++) {
                        plan p;
                        check_plan(plan_of(&p, slices, stretch, ranks, rank, most), slices, stretch, ranks, rank, most);
                    }
                check_meetings(slices, stretch, ranks);
            }
        }
    plan p; /* a rank with whole stretches has executions of several, and meets nobody */
    const gt_work *w = plan_of(&p, 64, 4, 2, 0, 32);
    assert_true(w->n_groups == 1 && w->groups[0].count == 32);
    w = plan_of(&p, 64, 4, 3, 1, 32); /* slices 21 to 41: 21 | 22 23 | 24 to 31 | 32 to 39 | 40 41 */
    assert_true(w->n_groups == 5 && w->n_units == 4 && w->units[0] == 2 && w->groups[0].first == 21);
    w = plan_of(&p, 64, 4, 3, 2, 32); /* its only shared stretch has the number 1: last */
    assert_true(w->groups[0].first > w->groups[w->n_groups - 1].first);
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

/* This rank's part of slices in groups of at most `most`; abreast: all of them, or those of a stretch. */
static const gt_work *work_of(plan *p, int slices, int most, int stretch, how how) {
    plan_of(p, slices, how == ABREAST && !stretch ? slices : stretch ? stretch : 1, comm->ranks, comm->rank, most);
    return &p->work;
}

/* One phase as the training loop does it; `poison` puts an infinity into the last slice. */
static gt_nonfinite one_phase(gt_reducer *r, const gt_reducer_schedule *schedule, const gt_work *w, int slices,
                              size_t floats, const gt_span *outputs, bool poison) {
    float *source = malloc(floats * sizeof *source), *place[MOST_SLICES];
    gt_reducer_begin_all(r, schedule);
    for (int u = 0, at = 0; u < w->n_units; at += w->units[u++]) {
        for (int k = at; k < at + w->units[u]; k++) place[k] = gt_reducer_begin_group(r);
        for (int k = at; k < at + w->units[u]; k++) {
            gt_group b = w->groups[k];
            group_gradient(b, floats, source);
            for (int i = 0; i < PIECES; i++) {
                memcpy(place[k] + outputs[i].offset, source + outputs[i].offset, outputs[i].size * sizeof *source);
                if (poison && b.first + b.count == slices && i == 5) place[k][outputs[i].offset + 1] = INFINITY;
                if (i % 3 == comm->rank % 3) gt_reducer_progress(r, i + 1); /* ranks look at different times */
            }
        }
        for (int k = at; k < at + w->units[u]; k++) gt_reducer_end_group(r);
    }
    free(source);
    return gt_reducer_finish_all(r);
}

/* Slices in groups of at most `most`. A second reducer, of as many slices less one, uses the first one's memory in
 * between. */
static void reduce_in(int most, int slices, size_t floats, size_t bucket_floats, int stretch, how how) {
    gt_span outputs[PIECES];
    make_outputs(floats, outputs);
    plan p, fewer;
    const gt_work *w = work_of(&p, slices, most, stretch, how),
                  *less = work_of(&fewer, slices > 1 ? slices - 1 : 1, 1, 0, TREE);
    gt_reducer_options o = {.slices = slices,
                            .work = most > 1 || how == ABREAST || stretch ? w : NULL,
                            .floats = floats,
                            .bucket_floats = bucket_floats,
                            .plain = how == PLAIN};
    gt_reducer_options other = o;
    other.slices = slices > 1 ? slices - 1 : 1;
    other.work = less;
    o.spare_buffers = gt_reducer_buffers(comm, &other);
    gt_reducer *r = gt_reducer_new_all(comm, pool, &o);
    assert_non_null(r);
    gt_reducer_schedule *schedule = gt_reducer_schedule_new(r, PIECES, outputs);
    assert_non_null(schedule);
    other.lender = r;
    gt_reducer *borrower = gt_reducer_new_all(comm, pool, &other);
    assert_non_null(borrower);
    assert_true(gt_reducer_bytes(borrower) < gt_reducer_bytes(r));
    gt_reducer_schedule *others = gt_reducer_schedule_new(borrower, PIECES, outputs);

    float *mean = malloc(floats * sizeof *mean), *want = calloc(floats, sizeof *want),
          *block = calloc(floats, sizeof *block);
    serial_mean(slices, floats, mean);
    for (int i = 0; i < PIECES; i++)
        memcpy(want + outputs[i].offset, mean + outputs[i].offset, outputs[i].size * sizeof *want);

    int n_parts;
    const gt_span *parts = gt_reducer_owned(r, &n_parts);
    for (int round = 0; round < 2; round++) {
        gt_nonfinite bad = one_phase(borrower, others, less, other.slices, floats, outputs, false);
        assert_int_equal(bad.count, 0);
        gt_reducer_gather_all(borrower, block);
        bad = one_phase(r, schedule, w, slices, floats, outputs, false);
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

    gt_nonfinite bad = one_phase(r, schedule, w, slices, floats, outputs, true);
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
    gt_reducer_free_all(borrower);
    gt_reducer_free_all(r);
    free(mean), free(want), free(block);
}

static void reduce(int slices, size_t floats, size_t bucket_floats, how how) {
    reduce_in(1, slices, floats, bucket_floats, 0, how);
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
    for (int most = 2; most <= 16; most += most)
        for (int slices = comm->ranks; slices < comm->ranks + 14; slices += 3)
            reduce_in(most, slices, 1003, 64, 0, TREE);
    gt_group b[3] = {gt_group_from((gt_slices){150, 8}, 1, 4, 8, 8), gt_group_from((gt_slices){150, 8}, 1, 2, 8, 8),
                     gt_group_from((gt_slices){7, 7}, 1, 4, 7, 8)};
    assert_true(b[0].count == 2 && b[1].count == 2 && b[2].count == 3); /* of equal size; aligned; the tree's edge */
    gt_work wrong = {.n_groups = 1, .n_units = 1, .groups = &(gt_group){comm->rank + 1, 1}, .units = &(int){1}};
    gt_reducer_options o = {.slices = comm->ranks, .floats = 100, .work = &wrong};
    assert_null(gt_reducer_new_all(comm, NULL, &o));
}

/* Those of a stretch begin together, and some ranks go from right to left. */
static void bundles_abreast_change_no_bit(void **state) {
    (void)state;
    for (int most = 1; most <= 4; most += most)
        for (int slices = comm->ranks; slices < comm->ranks + 14; slices += 3)
            reduce_in(most, slices, 1003, 64, 0, ABREAST);
    for (int stretch = 2; stretch <= 6; stretch++)
        for (int most = 1; most <= 16; most *= 4)
            reduce_in(most, (comm->ranks + stretch) / stretch * 2 * stretch, 1003, 64, stretch, ABREAST);
}

static void plain_mode_agrees_nearly(void **state) {
    (void)state;
    reduce(comm->ranks + 2, 20011, 2048, PLAIN);
    reduce_in(2, comm->ranks + 2, 20011, 2048, 0, PLAIN);
    reduce_in(2, 4 * comm->ranks + 4, 20011, 2048, 4, PLAIN);
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
            gt_neighbours_post(with);
            gt_neighbours_await(with);
            for (int turn = 1; turn <= 5; turn++) {
                if (turn % comm->ranks == comm->rank) usleep(2000);
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

/* Ranks with any number of slices, in groups of any size, down to none; over stretches of any width. */
static void slice_sums_are_the_serial_trees(void **state) {
    (void)state;
    enum { N = 37 };
    for (int slices = 1; slices < comm->ranks + 14; slices++)
        for (int stretch = 1; stretch <= slices; stretch++)
            for (int most = 1; most <= 4 && slices % stretch == 0; most += most) {
                static float own[MOST_SLICES][N], total[MOST_SLICES][N], sum[MOST_SLICES][N];
                const float *from[MOST_SLICES];
                float *to[MOST_SLICES];
                plan p;
                const gt_work *w = plan_of(&p, slices, stretch, comm->ranks, comm->rank, most);
                gt_meetings *m = gt_meetings_new_all(comm, slices, stretch);
                assert_non_null(m);
                for (int u = 0, at = 0; u < w->n_units; at += w->units[u++]) {
                    gt_group g = w->groups[at];
                    if (g.count >= stretch) continue; /* whole ones need no sum */
                    for (int k = at; k < at + w->units[u]; k++) {
                        group_gradient(w->groups[k], N, own[k]);
                        from[k] = own[k];
                        to[k] = total[k];
                    }
                    assert_int_equal(gt_meetings_sum(m, w->units[u], w->groups + at, N, from + at, to + at), GT_OK);
                    for (int k = 0; k < stretch; k++) slice_gradient(g.first / stretch * stretch + k, N, sum[k]);
                    for (int width = 1; width < stretch; width *= 2)
                        for (int left = 0; left + width < stretch; left += 2 * width)
                            for (int i = 0; i < N; i++) sum[left][i] += sum[left + width][i];
                    for (int k = at; k < at + w->units[u]; k++) assert_memory_equal(total[k], sum[0], sizeof sum[0]);
                }
                gt_meetings_free_all(m);
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
    gt_neighbours_post(with);
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
        cmocka_unit_test(the_work_of_ranks),
        cmocka_unit_test(unequal_slices_of_a_batch),
        cmocka_unit_test(ranks_know_their_place),
        cmocka_unit_test(order_of_summation_matters_here),
        cmocka_unit_test(gradients_are_the_serial_tree),
        cmocka_unit_test(bundles_of_slices_change_no_bit),
        cmocka_unit_test(all_gathers_follow_each_other),
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
        cmocka_unit_test(slice_sums_are_the_serial_trees),
        cmocka_unit_test(values_go_round),
        cmocka_unit_test(errors_are_agreed_on),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    gt_pool_free(pool);
    gt_comm_stop_all(comm);
    return failed != 0;
}
