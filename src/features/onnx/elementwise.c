/* SPDX-License-Identifier: Apache-2.0
 * Element-wise nodes as ONNX nodes, which broadcast as ours do. */
#include "graph/door/elementwise.h"

#include <math.h>
#include <string.h>

#include "features/onnx/forms.h"

static const char *const same_op[GT_MAP_CODES] = {
#define GT_MAP_ROW(id, inputs, flops, derivative, onnx, value) [GT_MAP_##id] = onnx,
#include "graph/door/elementwise_ops.h"
};

/* clamp(gain (x > 0 ? x : alpha x)) */
static gt_onnx_value *ramp(gt_translation *t, const gt_node *n, gt_onnx_value *x, const float *c) {
    const gt_onnx_attr slope[] = {{GT_ONNX_FLOAT, "alpha", .number = c[0]}, {0}};
    if (c[0] == 0) x = GT_EMIT(t, n, "Relu", NULL, x);
    else if (c[0] != 1) x = GT_EMIT(t, n, "LeakyRelu", slope, x);
    if (c[1] != 1) x = GT_EMIT(t, n, "Mul", NULL, x, gt_onnx_number(t->model, c[1]));
    if (isfinite(c[2]))
        x = GT_EMIT(t, n, "Clip", NULL, x, gt_onnx_number(t->model, -c[2]), gt_onnx_number(t->model, c[2]));
    return x;
}

static gt_onnx_value *greater(gt_translation *t, const gt_node *n, gt_onnx_value *x, float bound) {
    return GT_EMIT(t, n, "Greater", NULL, x, gt_onnx_number(t->model, bound));
}

static gt_onnx_value *emitted(gt_translation *t, const gt_node *n, gt_onnx_value *const *x) {
    static const gt_onnx_attr to_float[] = {{GT_ONNX_INT, "to", .n = 1, .ints = {1}}, {0}};
    const float *c = ((const gt_map_attr *)n->attr)->c;
    gt_map_code code = (gt_map_code)(n->op - gt_op_elementwise);
    if (same_op[code]) return gt_emit(t, n, same_op[code], n->n_in, x, NULL);
    switch (code) {
    case GT_MAP_scale: return GT_EMIT(t, n, "Mul", NULL, x[0], gt_onnx_number(t->model, c[0]));
    case GT_MAP_shift: return GT_EMIT(t, n, "Add", NULL, x[0], gt_onnx_number(t->model, c[0]));
    case GT_MAP_square: return GT_EMIT(t, n, "Mul", NULL, x[0], x[0]);
    case GT_MAP_rsqrt: return GT_EMIT(t, n, "Reciprocal", NULL, GT_EMIT(t, n, "Sqrt", NULL, x[0]));
    case GT_MAP_select: return GT_EMIT(t, n, "Where", NULL, greater(t, n, x[0], 0), x[1], x[2]);
    case GT_MAP_greater: return GT_EMIT(t, n, "Cast", to_float, greater(t, n, x[0], c[0]));
    case GT_MAP_elu:
        return GT_EMIT(t, n, "Elu", ((gt_onnx_attr[]){{GT_ONNX_FLOAT, "alpha", .number = c[0]}, {0}}), x[0]);
    case GT_MAP_ramp: return ramp(t, n, x[0], c);
    default: gt_untranslatable(t, n, "this operation is for training"); return NULL;
    }
}

/* Do these inputs, broadcast against each other, have n's shape? */
static bool reach(const gt_node *n, const gt_node *const *in) {
    for (int k = 1; k <= n->shape.n; k++) {
        int64_t most = 1;
        for (int i = 0; i < n->n_in; i++)
            if (k <= in[i]->shape.n && in[i]->shape.d[in[i]->shape.n - k] > most)
                most = in[i]->shape.d[in[i]->shape.n - k];
        if (most != n->shape.d[n->shape.n - k]) return false;
    }
    return true;
}

void gt_onnx_elementwise(gt_translation *t, const gt_node *n) {
    if (n->op == &gt_op_elementwise[GT_MAP_broadcast]) return; /* gt_form_spread(), if somebody asks */
    const gt_node *in[GT_MAP_MAX_IN], *largest = NULL;
    for (int i = 0; i < n->n_in; i++) { /* broadcasts that this node does by itself */
        in[i] = n->in[i];
        while (!t->constant[in[i]->id] && in[i]->op == &gt_op_elementwise[GT_MAP_broadcast]) in[i] = in[i]->in[0];
    }
    if (!reach(n, in)) memcpy(in, n->in, (size_t)n->n_in * sizeof *in);
    for (int i = 0; i < n->n_in; i++)
        if (!t->constant[in[i]->id] && in[i]->shape.n == n->shape.n &&
            (!largest || gt_shape_size(&in[i]->shape) > gt_shape_size(&largest->shape)))
            largest = in[i];
    const int *order = largest ? gt_form_order(t, largest) : gt_usual_order(n);
    gt_onnx_value *x[GT_MAP_MAX_IN];
    for (int i = 0; i < n->n_in; i++) x[i] = gt_form_in(t, in[i], n->shape.n, order);
    gt_form_add(t, n, order, emitted(t, n, x));
}
