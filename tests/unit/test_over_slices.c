/* SPDX-License-Identifier: Apache-2.0
 * Sums over slices: a network that normalises over the whole batch, its loss and a gradient penalty, computed in any
 * number of slices and executions, is the network on one slice with all samples. Here the slices are summed within one
 * process; test_reducer has the ranks. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernels.h"
#include "dist/tree.h"
#include "dist/door/dist.h"
#include "networks/model/door/model.h"
#include "base/door/random.h"
#include "graph_check.h"
#include "graph_net.h"
#include "worse.h"

enum { WIDE = 5, INPUTS = 6, PARAMS = INPUTS * WIDE + WIDE * WIDE + WIDE + WIDE, SAMPLES = 12, MOST = 12, SUMS = 8 };

/* ---- the network ---- */

/* (x - mean) / sqrt(var + 1/8) over the samples of the batch, in slices of whatever size. */
static gt_node *normalised(gt_graph *g, gt_node *x) {
    gt_node *count = gt_sum_over_slices(g, gt_scalar(g, (float)gt_dim(x, 0)));
    gt_node *sum = gt_sum_over_slices(g, gt_sum(g, x, GT_AXIS(0))),
            *squares = gt_sum_over_slices(g, gt_sum(g, gt_square(g, x), GT_AXIS(0)));
    gt_node *mean = gt_div(g, sum, count), *var = gt_sub(g, gt_div(g, squares, count), gt_square(g, mean));
    return gt_mul(g, gt_sub(g, x, mean), gt_rsqrt(g, gt_shift(g, var, 0.125f)));
}

/* For slices of n samples: the loss in output "loss", its gradient in slot 1, the scores' slope in x as output "slope".
 */
static gt_graph *network(int n) {
    gt_graph *g = gt_graph_new("normalised", asked_kernels());
    gt_node *wrt[4] = {gt_param(g, "w1", S(INPUTS, WIDE), 0, 0), gt_param(g, "w2", S(WIDE, WIDE), 0, INPUTS * WIDE),
                       gt_param(g, "gamma", S(WIDE), 0, INPUTS * WIDE + WIDE * WIDE),
                       gt_param(g, "out", S(WIDE), 0, PARAMS - WIDE)};
    gt_node *x = gt_input(g, "x", S(n, INPUTS));
    gt_node *y = gt_softplus(g, gt_mul(g, normalised(g, gt_matmul(g, x, wrt[0])), wrt[2]));
    y = gt_tanh_op(g, normalised(g, gt_matmul(g, y, wrt[1])));
    gt_node *scores = gt_sum(g, gt_mul(g, y, wrt[3]), GT_AXIS(1)), *slope, *grads[4];
    gt_grad(g, 1, &scores, NULL, 1, &x, &slope);
    gt_node *penalty = gt_sum(g, gt_square(g, slope), GT_AXIS(1));
    gt_node *loss = gt_mean_loss(g, gt_add(g, gt_square(g, scores), penalty));
    gt_grad(g, 1, &loss, NULL, 4, wrt, grads);
    size_t at = 0;
    for (int i = 0; i < 4; i++) {
        gt_output_to(g, gt_node_name(wrt[i]), grads[i], 1, at);
        at += (size_t)gt_shape_size(gt_node_shape(wrt[i]));
    }
    gt_output(g, "loss", loss);
    gt_output(g, "slope", slope);
    return g;
}

/* ---- a batch in executions abreast ---- */

typedef struct batch {
    gt_slices slices;
    int n; /* executions */
    gt_group groups[MOST];
    gt_graph *g[MOST];
    gt_exec *e[MOST];
    float grads[MOST][PARAMS];
    double loss; /* the batch's mean */
    float grad[PARAMS], slope[SAMPLES * INPUTS];
} batch;

static float params[PARAMS], samples[SAMPLES * INPUTS];

static void make_batch(batch *b, gt_slices slices, int at_once, gt_exec_options o) {
    *b = (batch){.slices = slices};
    for (int next = 0; next < slices.count; b->n++) {
        b->groups[b->n] = gt_group_from(slices, slices.count, next, slices.count, at_once);
        next += b->groups[b->n].count;
        b->g[b->n] = network(gt_slices_samples(slices, b->groups[b->n].first));
        o.slices = b->groups[b->n].count;
        b->e[b->n] = ready(b->g[b->n], &o);
        gt_exec_bind(b->e[b->n], 0, params);
        gt_exec_bind(b->e[b->n], 1, b->grads[b->n]);
    }
}

/* Node values of the executions -> the root, by the tree. */
static void tree(const batch *b, size_t n, const float *const *own, float *root) {
    gt_tree_node stack[GT_TREE_DEPTH];
    float values[MOST][256];
    int depth = 0;
    for (int i = 0; i < b->n; i++) {
        memcpy(values[depth], own[i], n * sizeof(float));
        int height = depth + 1,
            additions = gt_tree_push(stack, &depth, gt_tree_node_of(b->groups[i].first, b->groups[i].count),
                                     b->slices.count);
        for (int k = 0; k < additions; k++, height--)
            for (size_t j = 0; j < n; j++) values[height - 2][j] += values[height - 1][j];
    }
    memcpy(root, values[0], n * sizeof(float));
}

static void sum_over_slices(const batch *b, int k) {
    const float *own[MOST];
    float root[256];
    gt_slice_sum first = gt_exec_slice_sum(b->e[0], k);
    assert_true(first.floats <= 256);
    for (int i = 0; i < b->n; i++) {
        gt_slice_sum m = gt_exec_slice_sum(b->e[i], k);
        assert_int_equal(m.floats, first.floats);
        assert_string_equal(m.name, first.name);
        own[i] = m.own;
    }
    tree(b, first.floats, own, root);
    for (int i = 0; i < b->n; i++) memcpy(gt_exec_slice_sum(b->e[i], k).total, root, first.floats * sizeof(float));
}

static void run_batch(batch *b) {
    for (int i = 0; i < b->n; i++)
        for (int k = 0; k < b->groups[i].count; k++) {
            int slice = b->groups[i].first + k;
            gt_exec_at(b->e[i], k);
            memcpy(gt_exec_input(b->e[i], "x"), samples + gt_slices_first(b->slices, slice) * INPUTS,
                   (size_t)gt_slices_samples(b->slices, slice) * INPUTS * sizeof(float));
            *gt_exec_input(b->e[i], GT_SLICE_WEIGHT) = (float)gt_slices_weight(b->slices, slice);
        }
    for (int k = 0; k <= gt_exec_slice_sums(b->e[0]); k++) {
        for (int i = 0; i < b->n; i++)
            assert_int_equal(gt_exec_run_to_sum(b->e[i], &(gt_exec_env){.seed = 1}, k), GT_OK);
        if (k < gt_exec_slice_sums(b->e[0])) sum_over_slices(b, k);
    }
    const float *own[MOST];
    for (int i = 0; i < b->n; i++) own[i] = b->grads[i];
    tree(b, PARAMS, own, b->grad);
    for (int i = 0; i < PARAMS; i++) b->grad[i] /= (float)b->slices.count;
    b->loss = 0;
    for (int i = 0; i < b->n; i++)
        for (int k = 0; k < b->groups[i].count; k++) {
            int slice = b->groups[i].first + k;
            gt_exec_at(b->e[i], k);
            b->loss += (double)*gt_exec_output(b->e[i], "loss") / b->slices.count;
            memcpy(b->slope + gt_slices_first(b->slices, slice) * INPUTS, gt_exec_output(b->e[i], "slope"),
                   gt_exec_output_size(b->e[i], "slope") * sizeof(float));
        }
}

static void free_batch(batch *b) {
    for (int i = 0; i < b->n; i++) done(b->g[i], b->e[i]);
}

static void computed(batch *b, gt_slices slices, int at_once, gt_exec_options o) {
    make_batch(b, slices, at_once, o);
    run_batch(b);
}

static int begin(void **state) {
    (void)state;
    gt_random_normal((gt_key){5, 1, 0, 0}, params, PARAMS);
    gt_random_normal((gt_key){5, 2, 0, 0}, samples, SAMPLES * INPUTS);
    return 0;
}

/* ---- tests ---- */

/* Largest difference relative to the largest value. */
static double apart(const float *a, const float *b, size_t n) {
    double most = 0, size = 0;
    for (size_t i = 0; i < n; i++) {
        most = worse(most, fabs((double)a[i] - (double)b[i]));
        size = fmax(size, fabs((double)b[i]));
    }
    return most / size;
}

/* Equal and unequal slices, down to one sample each, are one slice but for rounding: sums of at most 12 float32 terms
 * in other orders, through two divisions by a deviation and their derivatives. Slices that know nothing of each other
 * are far from it. */
static void slices_are_one_slice(void **state) {
    (void)state;
    static const double tolerance = 2e-5;
    batch whole;
    computed(&whole, (gt_slices){SAMPLES, 1}, 1, (gt_exec_options){0});
    for (int slices = 2; slices <= SAMPLES; slices++) {
        batch b;
        computed(&b, (gt_slices){SAMPLES, slices}, 1, (gt_exec_options){0});
        assert_true(fabs(b.loss - whole.loss) < tolerance * fabs(whole.loss));
        assert_true(apart(b.slope, whole.slope, SAMPLES * INPUTS) < tolerance);
        assert_true(apart(b.grad, whole.grad, PARAMS) < tolerance);
        free_batch(&b);
    }
    batch half;
    computed(&half, (gt_slices){SAMPLES / 2, 1}, 1, (gt_exec_options){0});
    assert_true(apart(half.slope, whole.slope, SAMPLES / 2 * INPUTS) > 1e-2);
    free_batch(&half);
    free_batch(&whole);
}

/* d loss / d parameters along random directions against central differences, through normalisation and the penalty's
 * second derivatives, with the batch in unequal slices. Differences are of fourth order with h = 0.02, as in
 * check_op.h, whose tolerance this is. */
static void gradients_are_differences(void **state) {
    (void)state;
    batch b;
    computed(&b, (gt_slices){SAMPLES - 1, 3}, 1, (gt_exec_options){0});
    float at[PARAMS], grad[PARAMS];
    memcpy(at, params, sizeof at);
    memcpy(grad, b.grad, sizeof grad);
    for (uint32_t which = 0; which < 3; which++) {
        static const double steps[4] = {1, -1, 2, -2}, weights[4] = {8, -8, -1, 1};
        float v[PARAMS];
        double found = 0, size = 0, wanted = 0;
        gt_random_normal((gt_key){5, 10 + which, 0, 0}, v, PARAMS);
        for (int q = 0; q < 4; q++) {
            for (int i = 0; i < PARAMS; i++) params[i] = at[i] + 0.02f * (float)steps[q] * v[i];
            for (int i = 0; i < b.n; i++) assert_int_equal(gt_exec_prepare(b.e[i], NULL), GT_OK);
            run_batch(&b);
            wanted += weights[q] * b.loss / (12 * 0.02);
        }
        for (int i = 0; i < PARAMS; i++) {
            found += (double)grad[i] * (double)v[i];
            size += fabs((double)grad[i] * (double)v[i]);
        }
        if (!(fabs(found - wanted) <= 2e-3 * size)) fail_msg("%g instead of %g (scale %g)", found, wanted, size);
    }
    memcpy(params, at, sizeof params);
    free_batch(&b);
}

static void assert_same_bits(const batch *a, const batch *b) {
    assert_memory_equal(a->grad, b->grad, sizeof a->grad);
    assert_memory_equal(a->slope, b->slope, sizeof a->slope);
}

/* One execution or several, threads, recomputation, fusion: no bit. */
static void ways_to_compute_change_no_bit(void **state) {
    (void)state;
    gt_pool *pool = gt_pool_new(3);
    const gt_exec_options ways[] = {{0}, {.pool = pool}, {.recompute = 0.5}, {.runs = 1}, {.no_fusion = 1}};
    for (int n = 1; n <= 8; n++) {
        batch one, other;
        gt_slices slices = {SAMPLES, n};
        computed(&one, slices, 1, (gt_exec_options){0});
        for (int at_once = 1; at_once <= 8; at_once *= 2)
            for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
                computed(&other, slices, at_once, ways[i]);
                for (int k = 0; k < other.n; k++) check_places(other.e[k]);
                assert_same_bits(&one, &other);
                run_batch(&other); /* once more, in the same memory */
                assert_same_bits(&one, &other);
                free_batch(&other);
            }
        free_batch(&one);
    }
    gt_pool_free(pool);
}

/* Sums are made as one sum unless one needs the other's result. */
static void independent_sums_are_one(void **state) {
    (void)state;
    gt_graph *g = gt_graph_new("slice sums", asked_kernels());
    gt_node *x = gt_input(g, "x", S(2, 3)), *p = gt_param(g, "p", S(3), 0, 0);
    gt_node *a = gt_sum_over_slices(g, x), *b = gt_sum_over_slices(g, gt_square(g, p)),
            *same = gt_sum_over_slices(g, x);
    gt_node *later = gt_sum_over_slices(g, gt_add(g, a, b));
    gt_output(g, "a", gt_add(g, a, same));
    gt_output_to(g, "later", later, 1, 0);
    gt_output(g, "alone", gt_sum_over_slices(g, gt_scalar(g, 2)));
    gt_sum_over_slices(g, later); /* nobody wants it */
    float param[3] = {1, 2, 3}, to[6];
    for (int slices = 1; slices <= 3; slices += 2) {
        gt_exec *e = ready(g, &(gt_exec_options){.slices = slices});
        gt_exec_bind(e, 0, param);
        gt_exec_bind(e, 1, to);
        for (int k = 0; k < slices; k++) {
            gt_exec_at(e, k);
            for (int i = 0; i < 6; i++) gt_exec_input(e, "x")[i] = (float)(i + 10 * k);
        }
        assert_int_equal(gt_exec_slice_sums(e), 2);
        assert_int_equal(gt_exec_slice_sum(e, 0).floats, 6 + 3 + 6 + 1);
        assert_string_equal(gt_exec_slice_sum(e, 0).name, "over slices: sum_over_slices#2 and 3 more");
        assert_int_equal(gt_exec_slice_sum(e, 1).floats, 6);
        run(e, NULL); /* the slices of this execution are all there are */
        for (int i = 0; i < 6; i++) {
            float sum = (float)(slices * i + 10 * (slices * (slices - 1) / 2)),
                  squares = param[i % 3] * param[i % 3] * (float)slices;
            assert_true(gt_exec_output(e, "a")[i] == 2 * sum);
            /* each slice's result is the same, and their sum is written */
            assert_true(to[i] == (float)slices * (sum + squares) * (float)slices);
        }
        assert_true(*gt_exec_output(e, "alone") == 2 * (float)slices);
        gt_exec_free(e);
    }
    gt_graph_free(g);
}

static void the_network_has_as_few_sums_as_it_can(void **state) {
    (void)state;
    batch b;
    make_batch(&b, (gt_slices){SAMPLES, 3}, 2, (gt_exec_options){0});
    for (int i = 0; i < b.n; i++) {
        assert_int_equal(gt_exec_slice_sums(b.e[i]), SUMS); /* two layers: forward, slope, and their backward passes */
        /* with the second layer's count of samples */
        assert_int_equal(gt_exec_slice_sum(b.e[i], 0).floats, 1 + WIDE + WIDE + 1);
    }
    free_batch(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_are_one_slice),
        cmocka_unit_test(gradients_are_differences),
        cmocka_unit_test(ways_to_compute_change_no_bit),
        cmocka_unit_test(independent_sums_are_one),
        cmocka_unit_test(the_network_has_as_few_sums_as_it_can),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}
