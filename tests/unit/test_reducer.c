/* SPDX-License-Identifier: Apache-2.0
 * Sums of gradients (ranks.h): their bits are held against a serial tree. */
#include "ranks.h"

#include <math.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/door/random.h"
#include "graph/door/ops.h"
#include "kernels.h"
#include "networks/model/door/model.h"
#include "work_plan.h"

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
    plan_of(p, comm, slices, how == ABREAST && !stretch ? slices : stretch ? stretch : 1, comm->rank, most);
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
    float alone[8][N], w[N], block[N];
    double states[8], states_sum;
    int first, count;
    gt_slice_range(comm, slices.count, comm->rank, &first, &count);
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
            states[s - first] = gt_slices_weight(slices, s) * n; /* of which the mean over samples is known */
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
    assert_int_equal(gt_comm_tree_sum_all(comm, slices.count, 1, states, &states_sum), GT_OK);
    assert_true((float)(states_sum / slices.count) == (float)((6 * 19 * 19 + 2 * 18 * 18) / 150.0));
    gt_reducer_free_all(r);
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
                const gt_work *w = plan_of(&p, comm, slices, stretch, comm->rank, most);
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

int main(void) {
    if (!begin_ranks(2)) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_of_summation_matters_here),
        cmocka_unit_test(gradients_are_the_serial_tree),
        cmocka_unit_test(bundles_of_slices_change_no_bit),
        cmocka_unit_test(memory_that_cannot_be_shared_changes_no_bit),
        cmocka_unit_test(ranks_without_a_slice_take_part),
        cmocka_unit_test(unequal_slices_give_the_mean_over_the_batch),
        cmocka_unit_test(bundles_abreast_change_no_bit),
        cmocka_unit_test(plain_mode_agrees_nearly),
        cmocka_unit_test(wrong_plans_are_refused),
        cmocka_unit_test(slice_sums_are_the_serial_trees),
    };
    return end_ranks(cmocka_run_group_tests(tests, begin_pool, NULL));
}
