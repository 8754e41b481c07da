/* SPDX-License-Identifier: Apache-2.0
 * Prepared values: executions that read packed weights where several ranks have put them have the bits of those that
 * pack for themselves, whoever packs what, also when parameters change. */
#include <stdio.h>
#include <string.h>

#include "graph/exec.h"
#include "base/door/memory.h"
#include "linear_op.h"

enum { RANKS = 5, TRAIN = 0, LOOK = 1, SLOT_PARAMS = 0, SLOT_GRAD = 1, SLOT_PREPARED = 2 };
enum { W1 = 9 * 32 * 64, W2 = 9 * 64 * 64, W3 = 300 * 64, SMALL = 64, FLOATS = W1 + W2 + W3 + SMALL };

/* Scaled weights, packed forwards and backwards; a matrix that is packed; a small vector, which is not worth it. */
static gt_node *forward(gt_graph *g, gt_node *w[4]) {
    w[0] = gt_param(g, "w1", GT_SHAPE(3, 3, 32, 64), SLOT_PARAMS, 0);
    w[1] = gt_param(g, "w2", GT_SHAPE(3, 3, 64, 64), SLOT_PARAMS, W1);
    w[2] = gt_param(g, "w3", GT_SHAPE(300, 64), SLOT_PARAMS, W1 + W2);
    w[3] = gt_param(g, "small", GT_SHAPE(64), SLOT_PARAMS, W1 + W2 + W3);
    gt_conv_attr around = {.pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1};
    gt_node *x = gt_conv(g, gt_input(g, "x", GT_SHAPE(2, 8, 8, 32)), gt_scale(g, w[0], 0.25f), around);
    x = gt_conv(g, gt_tanh_op(g, x), w[1], around);
    x = gt_mul(g, gt_sum(g, x, 6u), gt_exp_op(g, gt_scale(g, w[3], 0.1f)));
    return gt_matmul(g, gt_reshape(g, x, GT_SHAPE(2, 64)), w[2], .transpose_b = true);
}

typedef struct side { /* of one rank, or of the reference */
    gt_graph *graph[2];
    gt_exec *exec[2]; /* by use */
    gt_prepared *prepared;
    float grad[FLOATS];
} side;

/* Some executions get the table only after they were made. */
static void make(side *s, bool prepared, int runs) {
    bool later = prepared && runs;
    memset(s, 0, sizeof *s);
    s->prepared = prepared ? gt_prepared_new(SLOT_PREPARED) : NULL;
    for (int use = TRAIN; use <= LOOK; use++) {
        gt_node *w[4], *dw[4];
        gt_graph *g = s->graph[use] = gt_graph_new("net", asked_kernels());
        gt_node *y = forward(g, w), *loss = gt_sum(g, gt_square(g, y), GT_ALL_AXES);
        gt_output(g, "y", y);
        const int at[] = {0, W1, W1 + W2, W1 + W2 + W3};
        if (use == TRAIN) assert_ok(gt_grad(g, 1, &loss, NULL, 4, w, dw));
        for (int i = 0; use == TRAIN && i < 4; i++) {
            char name[16];
            snprintf(name, sizeof name, "dw%d", i);
            gt_output_to(g, name, dw[i], SLOT_GRAD, (size_t)at[i]);
        }
        gt_exec_options o = {.runs = runs, .prepared = later ? NULL : s->prepared, .use = later ? 0 : use};
        s->exec[use] = gt_exec_new(g, &o);
        if (!s->exec[use]) fail_msg("%s", gt_message());
        if (later) assert_ok(gt_exec_share(s->exec[use], s->prepared, use));
        gt_exec_bind(s->exec[use], SLOT_GRAD, s->grad);
    }
}

static void destroy(side *s) {
    gt_prepared_free(s->prepared);
    for (int use = TRAIN; use <= LOOK; use++) {
        gt_exec_free(s->exec[use]);
        gt_graph_free(s->graph[use]);
    }
}

static void compute(side *s, int use, float *params, const float *x) {
    gt_exec *e = s->exec[use];
    memset(s->grad, 0, sizeof s->grad);
    gt_exec_bind(e, SLOT_PARAMS, params);
    memcpy(gt_exec_input(e, "x"), x, 2 * 8 * 8 * 32 * sizeof *x);
    assert_ok(gt_exec_prepare(e, NULL));
    assert_ok(gt_exec_run(e, NULL));
}

static void expect_equal(side *a, side *b, int use) {
    assert_int_equal(gt_exec_output_size(a->exec[use], "y"), 600);
    assert_memory_equal(gt_exec_output(a->exec[use], "y"), gt_exec_output(b->exec[use], "y"), 600 * sizeof(float));
    assert_memory_equal(a->grad, b->grad, sizeof a->grad);
}

static int packings(const gt_exec *e) {
    int n = 0;
    for (int i = 0; i < e->n_steps; i++) n += strstr(e->steps[i].node->op->name, "_pack") != NULL;
    return n;
}

static void ranks_prepare_for_each_other(void **state) {
    (void)state;
    static side reference, all[RANKS];
    float *params = normal_values("params", FLOATS), *x = normal_values("x", 2 * 8 * 8 * 32);
    for (int ranks = 1; ranks <= RANKS; ranks++) {
        make(&reference, false, 0);
        for (int r = 0; r < ranks; r++) make(&all[r], true, r % 2);
        size_t bytes = gt_prepared_bytes(all[0].prepared);
        assert_true(bytes > (W1 + W2) * 2 * sizeof(float)); /* forwards and backwards, and more */
        void *memory = gt_block_alloc(bytes, "test");
        for (int r = 0; r < ranks; r++) {
            gt_prepared *p = all[r].prepared;
            assert_true(gt_prepared_key(p) == gt_prepared_key(all[0].prepared));
            assert_ok(gt_prepared_divide(p, ranks, r, NULL));
            gt_prepared_bind(p, SLOT_PARAMS, params);
            gt_prepared_bind(p, SLOT_PREPARED, memory);
            for (int use = TRAIN; use <= LOOK; use++) {
                gt_exec_bind(all[r].exec[use], SLOT_PREPARED, memory);
                assert_int_equal(packings(all[r].exec[use]), 0);
            }
        }
        assert_true(packings(reference.exec[TRAIN]) >= 4);
        for (int turn = 0; turn < 3; turn++) {
            int first = turn == 1 ? LOOK : TRAIN;
            for (int r = 0; r < ranks; r++) {
                assert_true(gt_prepared_due(all[r].prepared, first));
                assert_ok(gt_prepared_run(all[r].prepared, first, NULL));
                assert_false(gt_prepared_due(all[r].prepared, first));
                assert_false(gt_prepared_due(all[r].prepared, LOOK)); /* reads nothing that training does not */
                assert_true(gt_prepared_due(all[r].prepared, TRAIN) == (first == LOOK));
                if (first == LOOK) assert_ok(gt_prepared_run(all[r].prepared, TRAIN, NULL));
            }
            for (int use = TRAIN; use <= LOOK; use++) {
                compute(&reference, use, params, x);
                for (int r = 0; r < ranks; r++) {
                    compute(&all[r], use, params, x);
                    expect_equal(&reference, &all[r], use);
                }
            }
            for (int i = 0; i < FLOATS; i++) params[i] *= 1 + 0.25f * (float)(i % 3);
            for (int r = 0; r < ranks; r++) gt_prepared_changed(all[r].prepared, SLOT_PARAMS);
            for (int r = 0; r < ranks; r++) gt_prepared_changed(all[r].prepared, SLOT_GRAD); /* nobody reads it */
        }
        destroy(&reference);
        for (int r = 0; r < ranks; r++) destroy(&all[r]);
        gt_block_free(memory, bytes);
    }
    free(params);
    free(x);
}

/* Each value is prepared by one rank, and of equal values all ranks have equally many. */
static void parts_are_of_about_the_same_work(void **state) {
    (void)state;
    enum { MATRICES = 24, SIDE = 96 };
    double most = 0, all = 0;
    for (int rank = 0; rank < 4; rank++) {
        gt_prepared *p = gt_prepared_new(SLOT_PREPARED);
        gt_graph *g = gt_graph_new("many", asked_kernels());
        gt_node *x = gt_input(g, "x", GT_SHAPE(4, SIDE));
        for (int i = 0; i < MATRICES; i++) {
            char name[16];
            snprintf(name, sizeof name, "w%d", i);
            gt_node *w = gt_param(g, name, GT_SHAPE(SIDE, SIDE), SLOT_PARAMS, (size_t)i * SIDE * SIDE);
            x = gt_tanh_op(g, gt_matmul(g, x, w, .transpose_b = true));
        }
        gt_output(g, "y", x);
        gt_exec *e = gt_exec_new(g, &(gt_exec_options){.prepared = p});
        assert_non_null(e);
        static float params[MATRICES * SIDE * SIDE];
        for (int i = 0; i < MATRICES * SIDE * SIDE; i++) params[i] = 1;
        assert_ok(gt_prepared_divide(p, 4, rank, NULL));
        size_t bytes = gt_prepared_bytes(p);
        float *memory = gt_block_alloc(bytes, "test");
        gt_prepared_bind(p, SLOT_PARAMS, params);
        gt_prepared_bind(p, SLOT_PREPARED, memory);
        assert_ok(gt_prepared_run(p, 0, NULL));
        double own = 0;
        for (size_t i = 0; i < bytes / sizeof(float); i++) own += memory[i];
        all += own;
        if (own > most) most = own;
        gt_block_free(memory, bytes);
        gt_prepared_free(p);
        gt_exec_free(e);
        gt_graph_free(g);
    }
    assert_true(all == MATRICES * SIDE * SIDE && most == all / 4);
}

/* Other instructions pack in other ways, other networks have other values: such ranks share nothing. */
static void keys_tell_what_is_needed(void **state) {
    (void)state;
    const char *const sets[] = {"portable", "avx2", "avx512"};
    uint64_t seen[6];
    int n = 0;
    for (int i = 0; i < 6; i++) {
        const gt_kernel_set *kernels;
        if (gt_kernel_set_asked(sets[i % 3], NULL, &kernels)) continue;
        gt_prepared *p = gt_prepared_new(SLOT_PREPARED);
        gt_graph *g = gt_graph_new("net", kernels);
        gt_node *w[4];
        gt_output(g, "y", gt_scale(g, forward(g, w), 1));
        if (i >= 3) gt_output(g, "more", gt_conv(g, gt_input(g, "x2", GT_SHAPE(1, 8, 8, 64)), w[1], (gt_conv_attr){0}));
        if (i >= 3) gt_output(g, "w", gt_mul(g, gt_input(g, "f", GT_SCALAR), gt_exp_op(g, w[1])));
        gt_exec *e = gt_exec_new(g, &(gt_exec_options){.prepared = p});
        assert_non_null(e);
        seen[n] = gt_prepared_key(p);
        for (int k = 0; k < n; k++) assert_true(seen[k] != seen[n]);
        n++;
        gt_prepared_free(p);
        gt_exec_free(e);
        gt_graph_free(g);
    }
    assert_true(n >= 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(ranks_prepare_for_each_other),
                                       cmocka_unit_test(parts_are_of_about_the_same_work),
                                       cmocka_unit_test(keys_tell_what_is_needed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
