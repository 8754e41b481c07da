/* SPDX-License-Identifier: Apache-2.0
 * Products, sums, choices, and nodes that move elements. */
#include <string.h>

#include "graph/door/ops.h"
#include "graph/door/op_list.h"
#include "graph/door/nodes.h"
#include "features/onnx/forms.h"

/* Of matrices; with a batch dimension in front, which ONNX's product of matrices does not transpose. */
void gt_onnx_matmul(gt_translation *t, const gt_node *n) {
    static const int swapped[] = {0, 2, 1};
    const gt_matmul_attr *a = n->attr;
    const gt_node *b = t->bias[n->id];
    bool pair = n->shape.n == 2;
    const gt_onnx_attr sides[] = {{GT_ONNX_INT, "transA", .n = 1, .ints = {a->transpose_a}},
                                  {GT_ONNX_INT, "transB", .n = 1, .ints = {a->transpose_b}},
                                  {0}};
    gt_onnx_value *x = gt_form_in(t, n->in[0], n->shape.n, !pair && a->transpose_a ? swapped : gt_order_plain),
                  *y = gt_form_in(t, n->in[1], n->shape.n, !pair && a->transpose_b ? swapped : gt_order_plain);
    gt_form_add(t, n, gt_order_plain,
                pair ? GT_EMIT(t, n, "Gemm", sides, x, y, b ? gt_form_vector(t, b) : NULL)
                     : GT_EMIT(t, n, "MatMul", NULL, x, y));
}

/* Where axis `axis` of a node lies. */
static int64_t place_of(int axis, const int *order) {
    int k = 0;
    while (order[k] != axis) k++;
    return k;
}

void gt_onnx_sum(gt_translation *t, const gt_node *n) {
    const gt_sum_attr *a = n->attr;
    const int *order = gt_form_order(t, n->in[0]);
    int64_t axes[GT_MAX_DIMS];
    int count = 0;
    for (int k = 0; k < n->shape.n; k++)
        if (a->axes >> order[k] & 1) axes[count++] = k;
    gt_form_add(t, n, order,
                GT_EMIT(t, n, "ReduceSum", NULL, gt_form_in(t, n->in[0], n->shape.n, order),
                        gt_onnx_integers(t->model, count, axes)));
}

void gt_onnx_concat(gt_translation *t, const gt_node *n) {
    const int *order = gt_usual_order(n);
    gt_onnx_value **x = gt_arena_array(t->arena, (size_t)n->n_in, sizeof *x);
    if (!x) return;
    for (int i = 0; i < n->n_in; i++)
        if (!t->constant[n->in[i]->id]) order = gt_form_order(t, n->in[i]);
    for (int i = 0; i < n->n_in; i++) x[i] = gt_form_in(t, n->in[i], n->shape.n, order);
    const gt_onnx_attr axis[] = {
        {GT_ONNX_INT, "axis", .n = 1, .ints = {place_of(((const gt_concat_attr *)n->attr)->axis, order)}}, {0}};
    gt_form_add(t, n, order, gt_emit(t, n, "Concat", n->n_in, x, axis));
}

void gt_onnx_pad(gt_translation *t, const gt_node *n) {
    const gt_pad_attr *a = n->attr;
    const int *order = gt_form_order(t, n->in[0]);
    int64_t pads[GT_MAX_DIMS][2], sizes[GT_MAX_DIMS];
    for (int k = 0; k < n->shape.n; k++) {
        memcpy(pads[k], a->pad[order[k]], sizeof pads[k]);
        sizes[k] = n->in[0]->shape.d[order[k]];
        if (t->dims[n->id].batch[order[k]] && (pads[k][0] || pads[k][1]))
            return gt_untranslatable(t, n, "it cuts along the samples");
    }
    gt_form_add(
        t, n, order,
        gt_emit_padded(t, n, gt_form_in(t, n->in[0], n->shape.n, order), n->shape.n, (const int64_t(*)[2])pads, sizes));
}

/* The same elements in their places: other names of axes. */
void gt_onnx_permute(gt_translation *t, const gt_node *n) {
    const gt_permute_attr *a = n->attr;
    const int *from = gt_form_order(t, n->in[0]);
    int order[GT_MAX_DIMS];
    for (int k = 0; k < n->shape.n; k++) order[k] = (int)place_of(from[k], a->order);
    gt_form_add(t, n, order, gt_form_in(t, n->in[0], n->shape.n, from));
}

void gt_onnx_one_hot_max(gt_translation *t, const gt_node *n) {
    static const float off_on[] = {0, 1};
    int last = n->shape.n - 1;
    const gt_onnx_attr axis[] = {
        {GT_ONNX_INT, "axis", .n = 1, .ints = {last}}, {GT_ONNX_INT, "keepdims", .n = 1, .ints = {0}}, {0}};
    gt_onnx_value *at = GT_EMIT(t, n, "ArgMax", axis, gt_form_in(t, n->in[0], n->shape.n, gt_order_plain));
    gt_form_add(t, n, gt_order_plain,
                GT_EMIT(t, n, "OneHot", NULL, at, gt_onnx_integer(t->model, n->shape.d[last]),
                        gt_onnx_floats(t->model, "off and on", &(gt_onnx_dims){1, {2}, {0}}, off_on)));
}
