/* SPDX-License-Identifier: Apache-2.0
 * The element-wise ops, a row each. Whoever needs something of all of them says what a row becomes, and includes this
 * header (which has no guard): ops.h makes prototypes of the rows, src/core/graph/ops/elementwise.c builders,
 * derivatives and descriptors, elementwise_run.c loops, src/features/onnx/elementwise.c nodes of ONNX.
 *
 *     GT_UNARY(id, builder, flops, ONNX, value, slope)         gt_node *builder(gt_graph *g, gt_node *x)
 *     GT_UNARY_WITH(id, builder, flops, ONNX, value, slope)    gt_node *builder(gt_graph *g, gt_node *x, float c0)
 *     GT_BINARY(id, builder, flops, ONNX, value)               gt_node *builder(gt_graph *g, gt_node *a, gt_node *b)
 *     GT_OTHER(id, inputs, flops, ONNX, value, derivative)     written by hand in elementwise.c
 *
 * flops: for each element, 1 for each float operation, transcendental functions as their series are long. ONNX: the op
 * that does the same, or NULL: src/features/onnx/elementwise.c makes several of them, or says that the op is for
 * training. value: of floats, the element x of the input, or a, b, c of the inputs, and the constants c0, c1, c2.
 * slope: of nodes, made in the graph g: the derivative by x, times dy; it may use x, the result y, and c0.
 * derivative: 1, vjp_<id>() in elementwise.c, as binary ops have it too; 0: there is none. */
#ifndef GT_MAP_ROW /* what there is of each op of any kind */
#define GT_MAP_ROW(id, inputs, flops, derivative, onnx, value)
#endif
#ifndef GT_UNARY
#define GT_UNARY(id, builder, flops, onnx, value, slope) GT_MAP_ROW(id, 1, flops, 1, onnx, value)
#endif
#ifndef GT_UNARY_WITH
#define GT_UNARY_WITH(id, builder, flops, onnx, value, slope) GT_MAP_ROW(id, 1, flops, 1, onnx, value)
#endif
#ifndef GT_BINARY
#define GT_BINARY(id, builder, flops, onnx, value) GT_MAP_ROW(id, 2, flops, 1, onnx, value)
#endif
#ifndef GT_OTHER
#define GT_OTHER(id, inputs, flops, onnx, value, derivative) GT_MAP_ROW(id, inputs, flops, derivative, onnx, value)
#endif

/* clang-format off */
GT_OTHER(broadcast, 1, 0, NULL, a, 1)
GT_BINARY(add, gt_add, 1, "Add", a + b)
GT_BINARY(sub, gt_sub, 1, "Sub", a - b)
GT_BINARY(mul, gt_mul, 1, "Mul", a * b)
GT_BINARY(div, gt_div, 1, "Div", a / b)
GT_BINARY(max, gt_max, 1, "Max", a > b ? a : b)
GT_OTHER(select, 3, 1, NULL, pick(a, b, c), 1)
GT_UNARY_WITH(scale, gt_scale, 1, NULL, x * c0, gt_scale(g, dy, c0))
GT_UNARY_WITH(shift, gt_shift, 1, NULL, x + c0, dy)
GT_UNARY(neg, gt_neg, 1, "Neg", -x, gt_neg(g, dy))
GT_UNARY(square, gt_square, 1, NULL, x * x, gt_scale(g, gt_mul(g, dy, x), 2))
GT_UNARY(sqrt, gt_sqrt, 1, "Sqrt", sqrtf(x), gt_scale(g, gt_div(g, dy, y), 0.5f))
GT_UNARY(rsqrt, gt_rsqrt, 2, NULL, 1 / sqrtf(x), gt_scale(g, gt_mul(g, dy, gt_mul(g, y, gt_square(g, y))), -0.5f))
GT_UNARY(reciprocal, gt_reciprocal, 1, "Reciprocal", 1 / x, gt_neg(g, gt_mul(g, dy, gt_square(g, y))))
GT_UNARY(exp, gt_exp_op, 24, "Exp", gt_inline_expf(x), gt_mul(g, dy, y))
GT_UNARY(log, gt_log_op, 28, "Log", gt_inline_logf(x), gt_div(g, dy, x))
GT_UNARY(sin, gt_sin_op, 30, "Sin", gt_inline_sinf(x), gt_mul(g, dy, gt_cos_op(g, x))) /* for |x| <= 1e4 */
GT_UNARY(cos, gt_cos_op, 30, "Cos", gt_inline_cosf(x), gt_neg(g, gt_mul(g, dy, gt_sin_op(g, x))))
GT_UNARY(tanh, gt_tanh_op, 30, "Tanh", gt_inline_tanhf(x), gt_mul(g, dy, gt_shift(g, gt_neg(g, gt_square(g, y)), 1)))
GT_UNARY(sigmoid, gt_sigmoid, 28, "Sigmoid", gt_inline_sigmoidf(x), gt_mul(g, dy, gt_sub(g, y, gt_square(g, y))))
GT_UNARY(softplus, gt_softplus, 60, "Softplus", gt_inline_softplusf(x), gt_mul(g, dy, gt_sigmoid(g, x)))
GT_UNARY(abs, gt_abs, 1, "Abs", fabsf(x), gt_mul(g, dy, gt_sign(g, x)))
GT_OTHER(sign, 1, 2, "Sign", (float)(a > 0) - (float)(a < 0), 0)
GT_OTHER(greater, 1, 1, NULL, a > c0 ? 1.0f : 0.0f, 0)
GT_OTHER(elu, 1, 26, NULL, elu(a, c0), 1)
GT_OTHER(ramp, 1, 4, NULL, ramp(a, c0, c1, c2), 1)
GT_OTHER(ramp_gate, 2, 3, NULL, ramp_gate(a, b, c0, c1, c2), 1)
/* clang-format on */

#undef GT_MAP_ROW
#undef GT_UNARY
#undef GT_UNARY_WITH
#undef GT_BINARY
#undef GT_OTHER
