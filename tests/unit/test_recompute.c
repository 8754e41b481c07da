/* SPDX-License-Identifier: Apache-2.0
 * Values computed again instead of being held: less memory, no other bit; and memory plans of random graphs. */
#include "deep_net.h"
#include "graph_check.h"

/* ---- a deep network ---- */

enum { LAYERS = 12, ROWS = 256, WIDTH = 32 };

typedef struct outcome {
    float loss, grads[LAYERS * WIDTH * WIDTH];
    size_t bytes;
    double flops;
} outcome;

static void run_deep_net(gt_graph *g, const gt_exec_options *o, size_t relaxed, outcome *out) {
    static float weights[LAYERS * WIDTH * WIDTH];
    gt_exec *e = ready(g, o);
    if (relaxed) assert_int_equal(gt_exec_relax(e, relaxed), GT_OK);
    check_places(e);
    for (int i = 0; i < LAYERS * WIDTH * WIDTH; i++) weights[i] = 0.2f * sinf((float)(i * i % 1009));
    gt_exec_bind(e, 0, weights);
    gt_exec_bind(e, 1, out->grads);
    fill(gt_exec_input(e, "x"), ROWS * WIDTH, 0);
    run(e, &(gt_exec_env){.seed = 5});
    out->loss = *gt_exec_output(e, "loss");
    out->bytes = gt_exec_arena_bytes(e);
    out->flops = gt_exec_cost(e).flops;
    gt_exec_free(e);
}

static void assert_same_bits(const outcome *a, const outcome *b) {
    assert_memory_equal(&a->loss, &b->loss, sizeof a->loss);
    assert_memory_equal(a->grads, b->grads, sizeof a->grads);
}

static void less_memory_and_the_same_bits(void **state) {
    (void)state;
    static outcome held, again, relaxed;
    for (int second = 0; second <= 1; second++) {
        gt_graph *g = deep_net(LAYERS, ROWS, WIDTH, second);
        run_deep_net(g, NULL, 0, &held);
        run_deep_net(g, &(gt_exec_options){.recompute = 1}, 0, &again);
        assert_same_bits(&held, &again);
        print_message("held: %zu bytes, again: %zu bytes and %.3f of the work\n", held.bytes, again.bytes,
                      again.flops / held.flops);
        assert_true(again.bytes < held.bytes * 3 / 4);
        assert_true(again.flops > held.flops && again.flops < 2 * held.flops);
        /* With more room less is computed again; with room for everything nothing is. */
        size_t between = (held.bytes + again.bytes) / 2;
        run_deep_net(g, &(gt_exec_options){.recompute = 1}, between, &relaxed);
        assert_same_bits(&held, &relaxed);
        assert_true(relaxed.bytes <= between && relaxed.flops < again.flops);
        run_deep_net(g, &(gt_exec_options){.recompute = 1}, held.bytes, &relaxed);
        assert_true(relaxed.bytes <= held.bytes && relaxed.flops == held.flops);
        /* The same at once, by what is enough. */
        run_deep_net(g, &(gt_exec_options){.recompute = 1, .enough = between}, 0, &relaxed);
        assert_same_bits(&held, &relaxed);
        assert_true(relaxed.bytes <= between && relaxed.flops > held.flops && relaxed.flops <= again.flops);
        run_deep_net(g, &(gt_exec_options){.recompute = 1, .enough = held.bytes}, 0, &relaxed);
        assert_true(relaxed.bytes == held.bytes && relaxed.flops == held.flops);
        gt_graph_free(g);
    }
}

static void work_stays_within_its_share(void **state) {
    (void)state;
    static outcome held, again;
    gt_graph *g = deep_net(LAYERS, ROWS, WIDTH, true);
    run_deep_net(g, NULL, 0, &held);
    size_t last = held.bytes;
    for (double share = 0.02; share < 1; share *= 2) {
        run_deep_net(g, &(gt_exec_options){.recompute = share}, 0, &again);
        assert_true(again.flops <= held.flops * (1 + 2 * share)); /* the share is of flops and bytes together */
        assert_true(again.bytes <= last);
        last = again.bytes;
    }
    gt_graph_free(g);
}

static void a_network_with_everything(void **state) {
    (void)state;
    float params[512] = {0}, grads[2][512] = {{0}};
    for (int k = 0; k < 2; k++) {
        net n = make_net();
        gt_exec *e = ready(n.g, &(gt_exec_options){.recompute = k, .runs = k});
        check_places(e);
        assert_true(n.floats <= 512);
        fill_net(&n, e, params, grads[k]);
        run(e, NULL);
        done(n.g, e);
    }
    assert_memory_equal(grads[0], grads[1], sizeof grads[0]);
}

/* ---- random graphs ---- */

enum { SIDE = 16, NODES = 60, SEEDS = 60, OUTPUTS = 3 };

static unsigned draw(unsigned *state, unsigned below) {
    return (*state = *state * 1664525u + 1013904223u) / 65536 % below;
}

static gt_node *random_node(gt_graph *g, gt_node *const *from, int n, unsigned *state) {
    gt_node *a = from[draw(state, (unsigned)n)], *b = from[n - 1 - (int)draw(state, n < 8 ? (unsigned)n : 8)];
    switch (draw(state, 8)) {
    case 0: return gt_tanh_op(g, a);
    case 1: return gt_mul(g, a, b);
    case 2: return gt_matmul(g, gt_scale(g, a, 0.1f), b);
    case 3: return gt_add(g, gt_reshape(g, gt_reshape(g, a, S(SIDE * SIDE)), S(SIDE, SIDE)), b);
    case 4: return gt_mul(g, gt_mean(g, a, GT_AXIS(0)), b);
    case 5: return gt_permute(g, b, (const int[]){1, 0});
    case 6: return gt_flip(g, a, GT_AXIS(1));
    default: return gt_leaky_relu(g, gt_sub(g, b, a), 0.2f);
    }
}

/* Of a few inputs and parameters, with second derivatives; some results are placed, some are kept. */
static gt_graph *random_graph(unsigned seed) {
    gt_graph *g = gt_graph_new("random", asked_kernels());
    gt_node *x[NODES] = {gt_input(g, "x", S(SIDE, SIDE)), gt_param(g, "w", S(SIDE, SIDE), 0, 0),
                         gt_random_normal_op(g, "r", S(SIDE, SIDE)),
                         gt_tanh_op(g, gt_param(g, "v", S(SIDE, SIDE), 0, SIDE * SIDE))};
    int n = 4;
    while (n < NODES) x[n] = random_node(g, x, n, &seed), n++;
    gt_node *loss = gt_sum(g, gt_square(g, gt_tanh_op(g, x[n - 1])), GT_ALL_AXES), *slope, *dw[2];
    gt_grad(g, 1, &loss, NULL, 1, x, &slope);
    loss = gt_add(g, loss, gt_sum(g, gt_square(g, gt_tanh_op(g, slope)), GT_ALL_AXES));
    gt_grad(g, 1, &loss, NULL, 2, (gt_node *[]){x[1], x[3]}, dw);
    gt_output(g, "0", loss);
    gt_output(g, "1", x[4 + draw(&seed, NODES - 5)]);
    gt_output(g, "2", slope);
    gt_output_to(g, "3", dw[0], 1, 0);
    gt_output_to(g, "4", dw[1], 1, SIDE * SIDE);
    gt_output_to(g, "5", gt_sub(g, x[1], gt_scale(g, dw[0], 1e-3f)), 0, 0); /* where a parameter lies */
    return g;
}

typedef struct results {
    float kept[OUTPUTS][SIDE * SIDE], placed[2 * SIDE * SIDE], params[2 * SIDE * SIDE];
} results;

static void run_random_graph(gt_graph *g, const gt_exec_options *o, results *out) {
    gt_exec *e = ready(g, o);
    check_places(e);
    memset(out, 0, sizeof *out);
    fill(out->params, 2 * SIDE * SIDE, 0.1f);
    gt_exec_bind(e, 0, out->params);
    gt_exec_bind(e, 1, out->placed);
    fill(gt_exec_input(e, "x"), SIDE * SIDE, 0);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(gt_exec_prepare(e, NULL), GT_OK);
        run(e, &(gt_exec_env){.seed = 3});
    }
    for (int i = 0; i < OUTPUTS; i++) {
        char name[] = {(char)('0' + i), 0};
        memcpy(out->kept[i], gt_exec_output(e, name), gt_exec_output_size(e, name) * sizeof(float));
    }
    gt_exec_free(e);
}

static void plans_of_random_graphs_are_right(void **state) {
    (void)state;
    static results plain, other;
    static const gt_exec_options ways[] = {
        {.runs = 1}, {.recompute = 0.1}, {.recompute = 3, .runs = 1}, {.recompute = 3, .no_fusion = 1}};
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        gt_graph *g = random_graph(seed);
        run_random_graph(g, &(gt_exec_options){.no_fusion = 1}, &plain);
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
            run_random_graph(g, &ways[i], &other);
            if (memcmp(&plain, &other, sizeof plain)) fail_msg("graph %u, way %zu: other results", seed, i);
        }
        gt_graph_free(g);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(less_memory_and_the_same_bits),
        cmocka_unit_test(work_stays_within_its_share),
        cmocka_unit_test(a_network_with_everything),
        cmocka_unit_test(plans_of_random_graphs_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
