/* SPDX-License-Identifier: Apache-2.0
 * Every op there is: derivatives of first and second order, adjoints, the same bits fused or not, threaded or not, in
 * slices or not (check_op.h); values of what moves and adds numbers; faults of shapes and attributes. */
#include "check_op.h"

#include "graph/door/op_list.h"
#include "graph/ops/joined.h"

/* ---- cases, a line each: name, flags, shapes of the inputs x, y, z, and the function ---- */

static check_case cases[128];
static int n_cases;

static void add_case(check_case c) {
    if (n_cases == sizeof cases / sizeof *cases) abort();
    cases[n_cases++] = c;
}

#define x in[0]
#define y in[1]
#define z in[2]
#define S GT_SHAPE
#define BUILD(name, ...) \
    static gt_node *build_##name(gt_graph *g, gt_node *const *in) { return (__VA_ARGS__); }
#define LIST(...) __VA_ARGS__
#define CASE(name, flags, shapes, ...) FIXED(name, 0, flags, shapes, __VA_ARGS__)
/* Without derivatives in the inputs of the bits in `fixed`. */
#define FIXED(name, fixed, flags, shapes, ...)                                       \
    BUILD(name, __VA_ARGS__)                                                         \
    __attribute__((constructor)) static void add_##name(void) {                      \
        enum { N = sizeof((gt_shape[]){LIST shapes}) / sizeof(gt_shape) };           \
        add_case((check_case){#name, build_##name, N, {LIST shapes}, fixed, flags}); \
    }

CASE(add, CHECK_LINEAR, (S(2, 3, 4), S(3, 1)), gt_add(g, x, y))
CASE(sub, CHECK_LINEAR, (S(4), S(2, 3, 4)), gt_sub(g, x, y))
CASE(mul, 0, (S(2, 3, 4, 5), S(2, 1, 1, 5)), gt_mul(g, x, y))
CASE(mul3, 0, (S(2, 3, 4, 5), S(2, 3, 4, 1), S(5)), gt_mul(g, gt_mul(g, x, y), z))
CASE(div, CHECK_POSITIVE, (S(2, 700), S(2, 1)), gt_div(g, x, y))
CASE(max, 0, (S(5, 3), S(5, 1)), gt_max(g, x, gt_shift(g, y, 0.1f)))
CASE(select, 0, (S(5, 3), S(5, 3), S(3)), gt_select(g, x, gt_square(g, y), z))
CASE(scale, CHECK_LINEAR, (S(7)), gt_scale(g, x, -1.5f))
CASE(shift, 0, (S(7)), gt_square(g, gt_shift(g, x, 0.3f)))
CASE(neg, CHECK_LINEAR, (S(7, 1)), gt_neg(g, x))
CASE(square, 0, (S(40000)), gt_square(g, x))
CASE(sqrt, CHECK_POSITIVE, (S(30)), gt_sqrt(g, x))
CASE(rsqrt, CHECK_POSITIVE, (S(30)), gt_rsqrt(g, x))
CASE(reciprocal, CHECK_POSITIVE, (S(30)), gt_reciprocal(g, x))
CASE(exp, 0, (S(30)), gt_exp_op(g, x))
CASE(log, CHECK_POSITIVE, (S(30)), gt_log_op(g, x))
CASE(sin, 0, (S(30)), gt_sin_op(g, x))
CASE(cos, 0, (S(30)), gt_cos_op(g, x))
CASE(tanh, 0, (S(30)), gt_tanh_op(g, x))
CASE(sigmoid, 0, (S(30)), gt_sigmoid(g, x))
CASE(softplus, 0, (S(30)), gt_softplus(g, x))
CASE(abs, 0, (S(30)), gt_mul(g, gt_abs(g, x), x))
CASE(sign, 0, (S(30)), gt_mul(g, gt_sign(g, x), gt_square(g, x)))
CASE(greater, 0, (S(30)), gt_mul(g, gt_greater(g, x, 0.25f), gt_square(g, x)))
CASE(leaky_relu, 0, (S(30)), gt_leaky_relu(g, x, 0.2f))
CASE(clamp, 0, (S(30)), gt_mul(g, gt_bias_act(g, x, NULL, "linear", -1, 1, 0.5f), x))
/* The derivative of a ramp is an op that only gt_grad makes. */
static gt_node *ramp_gate(gt_graph *g, gt_node *const *in) {
    gt_node *ramp = gt_bias_act(g, gt_leaky_relu(g, x, 0.2f), NULL, "linear", -1, 1, 0.5f), *dx = NULL;
    gt_grad(g, 1, &ramp, &y, 1, &x, &dx);
    return dx;
}
CASE(ramp_gate, 0, (S(30), S(30)), ramp_gate(g, in))
CASE(elu, 0, (S(30)), gt_elu(g, x))
CASE(broadcast, 0, (S(3, 1, 5)), gt_square(g, gt_broadcast(g, x, S(2, 3, 4, 5))))
CASE(linear, CHECK_LINEAR, (S(2, 3, 5), S(5)), gt_bias_act(g, x, y, "linear", -1, 0, -1))
CASE(relu, 0, (S(2, 3, 5)), gt_bias_act(g, x, NULL, "relu", -1, 0, -1))
CASE(lrelu, 0, (S(2, 3, 5)), gt_square(g, gt_bias_act(g, x, NULL, "lrelu", -1, 0, 1)))
CASE(act_tanh, 0, (S(2, 3, 5), S(5)), gt_bias_act(g, x, y, "tanh", -1, 0, -1))
CASE(act_sigmoid, 0, (S(2, 3, 5), S(5)), gt_bias_act(g, x, y, "sigmoid", -1, 2, -1))
CASE(act_elu, 0, (S(2, 3, 5)), gt_bias_act(g, x, NULL, "elu", -1, 0, -1))
CASE(selu, 0, (S(2, 3, 5)), gt_bias_act(g, x, NULL, "selu", -1, 0, -1))
CASE(act_softplus, 0, (S(2, 3, 5), S(5)), gt_bias_act(g, x, y, "softplus", -1, 0, -1))
CASE(swish, 0, (S(2, 3, 5), S(5)), gt_bias_act(g, x, y, "swish", -1, 0, -1))

CASE(sum_all, 0, (S(3, 50)), gt_square(g, gt_sum(g, x, GT_ALL_AXES)))
CASE(sum_last, CHECK_LINEAR, (S(2, 3, 2, 40)), gt_sum(g, x, GT_AXIS(3)))
CASE(sum_channels, CHECK_LINEAR, (S(2, 3, 4, 5)), gt_sum(g, x, GT_AXIS(0) | GT_AXIS(1) | GT_AXIS(2)))
CASE(sum_image, 0, (S(2, 3, 4, 5)), gt_square(g, gt_sum(g, x, GT_AXIS(1) | GT_AXIS(2))))
CASE(sum_mixed, CHECK_LINEAR, (S(2, 3, 4, 5)), gt_sum(g, x, GT_AXIS(0) | GT_AXIS(2)))
CASE(mean, 0, (S(2, 3, 4, 5)), gt_mean(g, gt_square(g, x), GT_AXIS(0) | GT_AXIS(3)))
CASE(sum_to, CHECK_LINEAR, (S(2, 3, 4, 5)), gt_sum_to(g, x, S(3, 1, 5)))
CASE(sum_over_slices, 0, (S(2, 3)), gt_square(g, gt_sum_over_slices(g, gt_sum_over_slices(g, x))))

CASE(reshape, CHECK_LINEAR, (S(2, 3, 4)), gt_reshape(g, x, S(6, -1)))
FIXED(stop_gradient, 2, CHECK_LINEAR, (S(2, 3), S(2, 3)), gt_mul(g, x, gt_square(g, gt_stop_gradient(g, y))))
CASE(permute, CHECK_LINEAR, (S(2, 3, 4, 5)), gt_permute(g, x, (const int[]){0, 3, 1, 2}))
CASE(permute_odd, CHECK_LINEAR, (S(2, 37, 3, 19)), gt_permute(g, x, (const int[]){0, 3, 1, 2}))
CASE(permute_all, CHECK_LINEAR, (S(2, 3, 4, 5)), gt_permute(g, x, (const int[]){3, 1, 0, 2}))
CASE(slice, CHECK_LINEAR, (S(2, 3, 4, 5)), gt_slice(g, x, 2, 1, 3))
CASE(concat, CHECK_LINEAR, (S(2, 3, 4), S(2, 1, 4), S(2, 2, 4)), gt_concat(g, 3, in, 1))
CASE(flip, CHECK_LINEAR, (S(2, 3, 4, 5)), gt_flip(g, x, GT_AXIS(1) | GT_AXIS(3)))
CASE(pad, CHECK_LINEAR, (S(2, 3, 4, 5)), gt_pad(g, x, (const int64_t[4][2]){{0, 0}, {1, 2}, {-1, 3}, {0, -2}}))

CASE(matmul, 0, (S(3, 4), S(4, 5)), gt_matmul(g, x, y))
CASE(matmul_ta, 0, (S(2, 4, 3), S(2, 4, 5)), gt_matmul(g, x, y, .transpose_a = 1))
CASE(matmul_tb, 0, (S(3, 4), S(5, 4)), gt_matmul(g, x, y, .transpose_b = 1))
CASE(matmul_tatb, 0, (S(4, 3), S(5, 4)), gt_matmul(g, x, y, .transpose_a = 1, .transpose_b = 1))
CASE(conv, 0, (S(2, 5, 4, 3), S(3, 3, 3, 4)),
     gt_conv(g, x, y, (gt_conv_attr){.pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1}))
CASE(conv_odd, 0, (S(2, 7, 6, 3), S(3, 2, 3, 4)),
     gt_conv(g, x, y, (gt_conv_attr){.stride = 2, .pad_top = 2, .pad_right = 1}))
CASE(conv_groups, 0, (S(2, 5, 4, 4), S(3, 3, 2, 6)), gt_conv(g, x, y, (gt_conv_attr){.pad_left = 1, .groups = 2}))
CASE(conv_input_grad, 0, (S(2, 4, 3, 4), S(3, 3, 3, 4)),
     gt_conv_input_grad(g, x, y, 9, 8, (gt_conv_attr){.stride = 2, .pad_top = 1}))
CASE(conv_weight_grad, 0, (S(2, 7, 6, 3), S(2, 3, 4, 4)),
     gt_conv_weight_grad(g, x, y, 3, 2, (gt_conv_attr){.stride = 2, .pad_left = 1, .pad_right = 1}))

static const float taps2d[6] = {1, 2, -1, 0.5f, 3, 1}, taps1d[4] = {1, 3, 3, -1};
CASE(upfirdn, CHECK_LINEAR, (S(2, 5, 6, 3)),
     gt_upfirdn(g, x, (gt_filter){2, 3, taps2d},
                (gt_upfirdn_attr){
                    .up_x = 2, .up_y = 3, .down_x = 3, .pad_x0 = 2, .pad_x1 = -1, .pad_y1 = 1, .gain = 2}))
CASE(upfirdn_separable, CHECK_LINEAR, (S(2, 6, 6, 3)),
     gt_upfirdn(g, x, (gt_filter){0, 4, taps1d},
                (gt_upfirdn_attr){
                    .down_x = 2, .down_y = 2, .pad_x0 = 1, .pad_x1 = 1, .pad_y0 = 1, .pad_y1 = 1, .flip = 1}))
FIXED(sample_fir, 2, CHECK_LINEAR, (S(2, 5, 6, 3), S(2, 4)), gt_sample_fir(g, x, y, 2, 2))
FIXED(sample_fir_rows, 2, CHECK_LINEAR, (S(2, 5, 6, 3), S(2, 3)), gt_sample_fir(g, x, y, 1, 1))
CASE(reflect_pad, CHECK_LINEAR, (S(2, 5, 6, 3)), gt_reflect_pad(g, x, 3))
CASE(reflect_pad_far, CHECK_LINEAR, (S(2, 3, 4, 2)), gt_reflect_pad(g, x, 7))
CASE(reflect_pad_adjoint, CHECK_LINEAR, (S(2, 11, 12, 3)), gt_reflect_pad(g, x, -3))
/* With the places of the maxima given: differences of gt_max_pool() itself would cross the kinks. */
static gt_node *pool_op(gt_graph *g, const gt_op *op, gt_node *const *in, gt_max_pool_attr a) {
    return gt_node_new(g, op, 2, in, &a, sizeof a);
}
static const gt_max_pool_attr halves = {.size = 2}, overlapping = {.size = 3, .stride = 2, .pad = 1},
                              up = {.size = 3, .stride = 2, .ceil = 1},
                              wide = {.size = 2, .width = 3, .stride_x = 2, .pad_x = 1};
FIXED(max_pool, 1, CHECK_LINEAR, (S(2, 6, 8, 3), S(2, 6, 8, 3)), pool_op(g, &gt_op_max_pool_pick, in, halves))
FIXED(max_pool_overlaps, 1, CHECK_LINEAR, (S(2, 7, 6, 70), S(2, 7, 6, 70)),
      pool_op(g, &gt_op_max_pool_pick, in, overlapping))
FIXED(max_pool_wide, 1, CHECK_LINEAR, (S(2, 6, 8, 3), S(2, 6, 8, 3)), pool_op(g, &gt_op_max_pool_pick, in, wide))
FIXED(max_pool_ceil, 1, CHECK_LINEAR, (S(1, 8, 7, 2), S(1, 8, 7, 2)), pool_op(g, &gt_op_max_pool_pick, in, up))
FIXED(max_pool_spread, 1, CHECK_LINEAR, (S(2, 7, 6, 70), S(2, 4, 3, 70)),
      pool_op(g, &gt_op_max_pool_spread, in, overlapping))
FIXED(warp, 2, CHECK_LINEAR, (S(2, 8, 8, 3), S(2, 2, 3)), gt_warp(g, x, y, (gt_warp_attr){0}))
FIXED(warp_adjoint, 2, CHECK_LINEAR, (S(2, 8, 8, 3), S(2, 2, 3)), gt_warp(g, x, y, (gt_warp_attr){.adjoint = 1}))
FIXED(warp_once, 2, CHECK_LINEAR, (S(2, 8, 8, 3), S(2, 2, 3)), gt_warp(g, x, y, (gt_warp_attr){.once = 1}))
CASE(random_normal, CHECK_LINEAR, (S(2, 40)), gt_mul(g, x, gt_random_normal_op(g, "a", S(2, 40))))
FIXED(one_hot_max, 2, CHECK_LINEAR, (S(2, 3, 5), S(2, 3, 5)), gt_mul(g, x, gt_one_hot_max(g, y)))
CASE(log_softmax, 0, (S(2, 3, 5)), gt_log_softmax(g, x))
CASE(cross_entropy, 0, (S(2, 3, 5), S(2, 3, 5)), gt_cross_entropy(g, x, y))
CASE(cross_entropy_wide, 0, (S(3, 130), S(3, 130)), gt_cross_entropy(g, x, y))
/* Its derivative is an op of its own. */
static gt_node *entropy_grad(gt_graph *g, gt_node *const *in) {
    return gt_node_new(g, &gt_op_cross_entropy_grad, 3, in, NULL, 0);
}
CASE(cross_entropy_grad, 0, (S(2, 3, 5), S(2, 3, 5), S(2, 3, 1)), entropy_grad(g, in))
CASE(random_uniform, 0, (S(2, 40)), gt_add(g, x, gt_random_uniform_op(g, "a", S(2, 40))))

#undef x
#undef y
#undef z

static void test_case(void **state) { check_op(*state); }

/* ---- no op without a case, none without a rule ---- */

static void mark_ops(const check_case *c, bool *seen) {
    gt_graph *g = gt_graph_new(c->name, asked_kernels());
    gt_node *in[CHECK_MAX_IN];
    char name[32];
    for (int i = 0; i < c->n_in; i++) in[i] = gt_input(g, check_name(name, "x", i), c->shape[i]);
    assert_non_null(c->build(g, in));
    for (int k = 0; gt_op_list[k]; k++)
        for (int id = 0; id < g->n_nodes; id++) seen[k] |= g->nodes[id]->op == gt_op_list[k];
    gt_graph_free(g);
}

static void test_every_op_has_a_case(void **state) {
    (void)state;
    bool seen[256] = {false};
    for (int i = 0; i < n_cases; i++) mark_ops(&cases[i], seen);
    for (int k = 0; gt_op_list[k]; k++) {
        const gt_op *op = gt_op_list[k];
        /* Made by products where it pays, by the pass that computes slices together (test_stylegan2), and by that for
         * places of maxima (test_passes). */
        bool inner = op == &gt_op_conv_pack || op == &gt_op_matmul_pack || op == &gt_op_slice_view ||
                     op == &gt_op_max_pool_place || op == &gt_op_max_pool_put;
        if (!seen[k] && !inner) fail_msg("op '%s' has no case", op->name);
        if (!op->vjp == !op->not_differentiable)
            fail_msg("op '%s' must have a derivative or say that it has none", op->name);
        if (!op->run == !op->view) fail_msg("op '%s' must have a kernel or be a view", op->name);
        assert_non_null(op->shape);
    }
}

/* ---- values ---- */

/* f of the numbers 0, 1, 2 ... in `shape`. */
static void expect(gt_node *(*build)(gt_graph *, gt_node *const *), gt_shape shape, int n, const float *wanted) {
    gt_graph *g = gt_graph_new("values", asked_kernels());
    gt_node *in = gt_input(g, "x", shape);
    gt_output(g, "y", build(g, &in));
    gt_exec *e = gt_exec_new(g, NULL);
    if (!e) fail_msg("%s", gt_message());
    for (int i = 0; i < gt_shape_size(&shape); i++) gt_exec_input(e, "x")[i] = (float)i;
    assert_int_equal(gt_exec_run(e, NULL), GT_OK);
    for (int i = 0; i < n; i++)
        if (gt_exec_output(e, "y")[i] != wanted[i])
            fail_msg("element %d is %g instead of %g", i, (double)gt_exec_output(e, "y")[i], (double)wanted[i]);
    gt_exec_free(e);
    gt_graph_free(g);
}

BUILD(value_permute, gt_permute(g, in[0], (const int[]){1, 0}))
BUILD(value_flip, gt_flip(g, in[0], GT_AXIS(1)))
BUILD(value_pad, gt_pad(g, in[0], (const int64_t[2][2]){{0, -1}, {1, 1}}))
BUILD(value_slice, gt_slice(g, in[0], 1, 1, 3))
BUILD(value_sum, gt_sum(g, in[0], GT_AXIS(0)))
BUILD(value_mean, gt_mean(g, in[0], GT_ALL_AXES))
BUILD(value_ramp, gt_bias_act(g, gt_shift(g, in[0], -3), NULL, "lrelu", 0.5f, 2, 3))

static void test_values(void **state) {
    (void)state;
    expect(build_value_permute, S(2, 3), 6, (const float[]){0, 3, 1, 4, 2, 5});
    expect(build_value_flip, S(2, 3), 6, (const float[]){2, 1, 0, 5, 4, 3});
    expect(build_value_pad, S(2, 3), 5, (const float[]){0, 0, 1, 2, 0});
    expect(build_value_slice, S(2, 3), 4, (const float[]){1, 2, 4, 5});
    expect(build_value_sum, S(2, 3), 3, (const float[]){3, 5, 7});
    expect(build_value_mean, S(2, 3), 1, (const float[]){2.5f});
    expect(build_value_ramp, S(6), 6, (const float[]){-3, -2, -1, 0, 2, 3});
}

/* Sums are good to float32 however many terms they have, whatever way they are cut. */
static void test_large_sums(void **state) {
    (void)state;
    static const struct {
        gt_shape shape;
        unsigned axes;
    } sums[] = {{S(300000), 1},  {S(3, 70000), 2},    {S(70000, 3), 1}, {S(2, 500, 40, 3), 6},
                {S(3, 5000), 1}, {S(500, 20, 30), 5}, {S(40, 3000), 2}};
    for (size_t k = 0; k < sizeof sums / sizeof *sums; k++) {
        const gt_shape *s = &sums[k].shape;
        gt_graph *g = gt_graph_new("sum", asked_kernels());
        gt_node *sum = gt_sum(g, gt_input(g, "x", *s), sums[k].axes);
        gt_output(g, "y", sum);
        gt_exec *e = gt_exec_new(g, NULL);
        float *in = gt_exec_input(e, "x");
        int64_t n = gt_shape_size(s), m = gt_shape_size(gt_node_shape(sum));
        double *wanted = calloc((size_t)m, sizeof *wanted);
        gt_random_normal((gt_key){1, 2, 3, 4}, in, (size_t)n);
        for (int64_t i = 0; i < n; i++) {
            int64_t rest = i, to = 0, step = 1;
            for (int a = s->n - 1; a >= 0; a--) {
                int64_t at = rest % s->d[a];
                rest /= s->d[a];
                if (sums[k].axes >> a & 1) continue;
                to += at * step;
                step *= s->d[a];
            }
            wanted[to] += (double)in[i];
        }
        assert_int_equal(gt_exec_run(e, NULL), GT_OK);
        for (int64_t i = 0; i < m; i++)
            if (fabs((double)gt_exec_output(e, "y")[i] - wanted[i]) > 1e-7 * (fabs(wanted[i]) + 1e-3))
                fail_msg("sum %zu, element %lld: %.9g instead of %.9g", k, (long long)i,
                         (double)gt_exec_output(e, "y")[i], wanted[i]);
        free(wanted);
        gt_exec_free(e);
        gt_graph_free(g);
    }
}

/* A random number belongs to its sample: a slice that begins at sample 1, or whose samples have their numbers in the
 * node's layer, has what the whole has from there on. */
static void test_random_samples(void **state) {
    (void)state;
    static const uint32_t numbers[2][2] = {{3, 4}, {11, 12}};
    float all[3 * 5];
    for (int way = 0; way < 3; way++) {
        gt_graph *g = gt_graph_new("random", asked_kernels());
        gt_output(g, "y", gt_random_normal_in(g, "z/G_main", 1, S(way ? 2 : 3, 5)));
        gt_exec *e = gt_exec_new(g, NULL);
        const gt_exec_env env = {
            .seed = 5, .step = 9, .sample0 = way == 1 ? 11 : 10, .numbers = way == 2 ? numbers[0] : NULL};
        assert_int_equal(gt_exec_run(e, &env), GT_OK);
        if (way == 0) memcpy(all, gt_exec_output(e, "y"), sizeof all);
        else assert_memory_equal(gt_exec_output(e, "y"), all + 5, 10 * sizeof(float));
        gt_exec_free(e);
        gt_graph_free(g);
    }
}

/* ---- faults are found when the node is made ---- */

BUILD(bad_add, gt_add(g, in[0], gt_input(g, "other", S(3, 4))))
BUILD(bad_reshape, gt_reshape(g, in[0], S(4, -1)))
BUILD(bad_permute, gt_permute(g, in[0], (const int[]){0, 0}))
BUILD(bad_slice, gt_slice(g, in[0], 1, 2, 9))
BUILD(bad_concat, gt_concat(g, 2, (gt_node *[]){in[0], gt_input(g, "other", S(3, 4))}, 0))
BUILD(bad_pad, gt_pad(g, in[0], (const int64_t[2][2]){{-1, -1}, {0, 0}}))
BUILD(bad_sum, gt_sum(g, in[0], GT_AXIS(2)))
BUILD(bad_broadcast, gt_broadcast(g, in[0], S(2, 4)))
BUILD(bad_activation, gt_bias_act(g, in[0], NULL, "lreluu", -1, 0, -1))
BUILD(bad_matmul, gt_matmul(g, in[0], in[0]))
BUILD(bad_sum_to, gt_sum_to(g, in[0], S(2, 2)))

/* Many rows, so that several blocks and tiles have their share, against float64; logits whose exponentials overflow. */
static void test_cross_entropy(void **state) {
    (void)state;
    static const int64_t sizes[][2] = {{3000, 10}, {700, 3}, {2, 5000}, {5, 1}};
    for (size_t k = 0; k < 8; k++) {
        int64_t rows = sizes[k / 2][0], width = sizes[k / 2][1], n = rows * width;
        float large = k % 2 ? 300 : 1;
        gt_graph *g = gt_graph_new("entropy", asked_kernels());
        gt_node *x = gt_input(g, "x", S(rows, width)), *dx,
                *y = gt_cross_entropy(g, x, gt_input(g, "t", S(rows, width)));
        gt_output(g, "y", y);
        assert_int_equal(gt_grad(g, 1, &y, NULL, 1, &x, &dx), GT_OK);
        gt_output(g, "dx", dx);
        gt_exec *e = gt_exec_new(g, NULL);
        float *logits = gt_exec_input(e, "x"), *t = gt_exec_input(e, "t");
        gt_random_normal((gt_key){1, 2, 3, 4}, logits, (size_t)n);
        gt_random_uniform((gt_key){5, 6, 7, 8}, t, (size_t)n);
        for (int64_t i = 0; i < n; i++) logits[i] *= large;
        assert_int_equal(gt_exec_run(e, &(gt_exec_env){0}), GT_OK);
        for (int64_t r = 0; r < rows; r++) {
            const float *l = logits + r * width, *target = t + r * width, *slope = gt_exec_output(e, "dx") + r * width;
            double most = l[0], sum = 0, mass = 0, wanted = 0;
            for (int64_t i = 0; i < width; i++) most = fmax(most, l[i]), mass += target[i];
            for (int64_t i = 0; i < width; i++) sum += exp(l[i] - most);
            for (int64_t i = 0; i < width; i++) wanted -= target[i] * (l[i] - most - log(sum));
            assert_float_equal(gt_exec_output(e, "y")[r], wanted, 1e-6 * (wanted + mass));
            for (int64_t i = 0; i < width; i++)
                assert_float_equal(slope[i], mass * exp(l[i] - most) / sum - target[i], 1e-6 * (mass + 1));
        }
        gt_exec_free(e);
        gt_graph_free(g);
    }
}

static void test_faults(void **state) {
    (void)state;
    static gt_node *(*const builds[])(gt_graph *, gt_node *const *) = {
        build_bad_add, build_bad_reshape,   build_bad_permute,    build_bad_slice,  build_bad_concat, build_bad_pad,
        build_bad_sum, build_bad_broadcast, build_bad_activation, build_bad_matmul, build_bad_sum_to,
    };
    for (size_t i = 0; i < sizeof builds / sizeof *builds; i++) {
        gt_graph *g = gt_graph_new("faulty", asked_kernels());
        gt_node *in = gt_input(g, "the input", S(2, 3));
        gt_scope_push(g, "D.b16");
        gt_node *bad = builds[i](g, &in);
        gt_scope_pop(g);
        if (bad) fail_msg("fault %zu was not found", i);
        assert_null(gt_square(g, bad));
        assert_int_equal(gt_graph_status(g), GT_USAGE);
        if (!strstr(gt_message(), "D.b16") && !strstr(gt_message(), "the input"))
            fail_msg("fault %zu names no node: %s", i, gt_message());
        assert_null(gt_exec_new(g, NULL));
        gt_graph_free(g);
    }
}

int main(void) {
    const struct CMUnitTest others[] = {
        cmocka_unit_test(test_every_op_has_a_case), cmocka_unit_test(test_values), cmocka_unit_test(test_large_sums),
        cmocka_unit_test(test_random_samples),      cmocka_unit_test(test_faults), cmocka_unit_test(test_cross_entropy),
    };
    struct CMUnitTest tests[sizeof cases / sizeof *cases + sizeof others / sizeof *others];
    for (int i = 0; i < n_cases; i++) tests[i] = (struct CMUnitTest){cases[i].name, test_case, NULL, NULL, &cases[i]};
    memcpy(tests + n_cases, others, sizeof others);
    return _cmocka_run_group_tests("ops", tests, (size_t)n_cases + sizeof others / sizeof *others, NULL, NULL);
}
