/* SPDX-License-Identifier: Apache-2.0
 * Ops that move elements and compute nothing: reshape, permute, slice, concat, flip, pad. Slicing is padding by
 * negative amounts. */
#include "graph/door/ops.h"
#include "graph/ops/copy_box.h"
#include "graph/door/nodes.h"
#include "graph/ops/joined.h"

/* ---- views ---- */

static gt_status reshape_shape(gt_node *n) {
    const gt_shape *from = &n->in[0]->shape;
    const gt_shape *to = n->attr;
    n->shape = *to;
    char a[96], b[96];
    int open = -1;
    int64_t known = 1;
    for (int i = 0; i < to->n; i++) {
        if (to->d[i] == -1 && open < 0) open = i;
        else if (to->d[i] < 1 || __builtin_mul_overflow(known, to->d[i], &known))
            return gt_fail(GT_USAGE, "impossible shape %s", gt_shape_text(to, a));
    }
    if (open >= 0) n->shape.d[open] = gt_shape_size(from) / known;
    if (gt_shape_size(from) % known || (open < 0 && gt_shape_size(from) != known))
        return gt_fail(GT_USAGE, "shape %s cannot become %s: the numbers of elements differ", gt_shape_text(from, a),
                       gt_shape_text(to, b));
    return GT_OK;
}

static void reshape_vjp(gt_graph *g, gt_node *y, gt_node *dy, const bool *need, gt_node **dx) {
    if (need[0]) dx[0] = gt_reshape(g, dy, y->in[0]->shape);
}

static gt_node *reshape_joined(gt_graph *g, const gt_node *n, int slices, gt_node *const *in, const bool *shared) {
    (void)shared;
    return gt_reshape(g, in[0]->op == &gt_op_reshape ? in[0]->in[0] : in[0], gt_joined_shape(&n->shape, slices));
}

const gt_op gt_op_reshape = {.name = "reshape",
                             .min_in = 1,
                             .shape = reshape_shape,
                             .vjp = reshape_vjp,
                             .cost = gt_no_cost,
                             .joined = reshape_joined,
                             .view = true};
const gt_op gt_op_stop_gradient = {.name = "stop_gradient",
                                   .rows = 1,
                                   .min_in = 1,
                                   .shape = gt_same_shape,
                                   .not_differentiable = true,
                                   .cost = gt_no_cost,
                                   .view = true};

gt_node *gt_stop_gradient(gt_graph *g, gt_node *x) { return gt_node_new(g, &gt_op_stop_gradient, 1, &x, NULL, 0); }

gt_node *gt_reshape(gt_graph *g, gt_node *x, gt_shape shape) {
    if (x && gt_shape_equal(&x->shape, &shape)) return x;
    gt_shape attr;
    gt_shape_store(&attr, &shape);
    return gt_node_new(g, &gt_op_reshape, 1, &x, &attr, sizeof attr);
}

/* ---- moving elements ---- */

static void strides_of(const gt_shape *s, int64_t stride[GT_MAX_DIMS]) {
    int64_t step = 1;
    for (int i = s->n - 1; i >= 0; i--) {
        stride[i] = step;
        step *= s->d[i];
    }
}

/* ---- permute ---- */

static gt_status permute_shape(gt_node *n) {
    const gt_permute_attr *attr = n->attr;
    const gt_shape *in = &n->in[0]->shape;
    unsigned seen = 0;
    n->shape.n = in->n;
    for (int i = 0; i < in->n; i++) {
        int from = attr->order[i];
        if (from < 0 || from >= in->n || seen >> from & 1)
            return gt_fail(GT_USAGE, "entry %d of the order, %d, is not a permutation of %d axes", i, from, in->n);
        seen |= 1u << from;
        n->shape.d[i] = in->d[from];
    }
    return GT_OK;
}

static void permute_vjp(gt_graph *g, gt_node *y, gt_node *dy, const bool *need, gt_node **dx) {
    if (!need[0]) return;
    const gt_permute_attr *attr = y->attr;
    int inverse[GT_MAX_DIMS];
    for (int i = 0; i < y->shape.n; i++) inverse[attr->order[i]] = i;
    dx[0] = gt_permute(g, dy, inverse);
}

static void permute_run(const gt_run *r) {
    const gt_permute_attr *attr = r->node->attr;
    const gt_shape *out = &r->node->shape;
    int64_t to[GT_MAX_DIMS], from[GT_MAX_DIMS];
    strides_of(out, to);
    strides_of(&r->node->in[0]->shape, from);
    gt_box_copy b = {.n = out->n};
    for (int i = 0; i < out->n; i++) {
        b.d[i] = out->d[i];
        b.to[i] = to[i];
        b.from[i] = from[attr->order[i]];
    }
    gt_copy_box(r->pool, &b, r->in[0], r->out);
}

static gt_node *permute_joined(gt_graph *g, const gt_node *n, int slices, gt_node *const *in, const bool *shared) {
    const gt_permute_attr *attr = n->attr;
    if (attr->order[0] == 0) return gt_slices_by_rows(g, n, slices, in, shared, 1);
    const gt_shape *one = &n->in[0]->shape;
    gt_node *x = gt_slices_apart(g, in[0], one, slices, one->n);
    int order[GT_MAX_DIMS] = {0};
    for (int i = 0; x && i < one->n; i++) order[i + 1] = attr->order[i] + 1;
    return x ? gt_permute(g, x, order) : NULL;
}

const gt_op gt_op_permute = {.name = "permute",
                             .min_in = 1,
                             .shape = permute_shape,
                             .vjp = permute_vjp,
                             .run = permute_run,
                             .joined = permute_joined};

gt_node *gt_permute(gt_graph *g, gt_node *x, const int *order) {
    gt_permute_attr attr = {{0}};
    for (int i = 0; x && i < x->shape.n; i++) attr.order[i] = order[i];
    return gt_node_new(g, &gt_op_permute, 1, &x, &attr, sizeof attr);
}

/* ---- flip ---- */

static gt_status flip_shape(gt_node *n) {
    const gt_flip_attr *attr = n->attr;
    n->shape = n->in[0]->shape;
    if (attr->axes >> n->shape.n) return gt_fail(GT_USAGE, "axes 0x%x of %d", attr->axes, n->shape.n);
    return GT_OK;
}

static void flip_vjp(gt_graph *g, gt_node *y, gt_node *dy, const bool *need, gt_node **dx) {
    if (need[0]) dx[0] = gt_flip(g, dy, ((const gt_flip_attr *)y->attr)->axes);
}

static void flip_run(const gt_run *r) {
    const gt_shape *s = &r->node->shape;
    const gt_flip_attr *attr = r->node->attr;
    gt_box_copy b = {.n = s->n};
    strides_of(s, b.to);
    const float *start = r->in[0];
    for (int i = 0; i < s->n; i++) {
        b.d[i] = s->d[i];
        bool turned = attr->axes >> i & 1;
        b.from[i] = turned ? -b.to[i] : b.to[i];
        if (turned) start += (s->d[i] - 1) * b.to[i];
    }
    gt_copy_box(r->pool, &b, start, r->out);
}

static gt_node *flip_joined(gt_graph *g, const gt_node *n, int slices, gt_node *const *in, const bool *shared) {
    bool rows = ((const gt_flip_attr *)n->attr)->axes & 1; /* the samples in reverse: each slice's by itself */
    return rows ? NULL : gt_slices_by_rows(g, n, slices, in, shared, 1);
}

const gt_op gt_op_flip = {
    .name = "flip", .min_in = 1, .shape = flip_shape, .vjp = flip_vjp, .run = flip_run, .joined = flip_joined};

gt_node *gt_flip(gt_graph *g, gt_node *x, unsigned axes) {
    if (x && axes == GT_ALL_AXES) axes = (1u << x->shape.n) - 1;
    return gt_node_new(g, &gt_op_flip, 1, &x, &(gt_flip_attr){axes}, sizeof(gt_flip_attr));
}

/* ---- pad and slice ---- */

static gt_status pad_shape(gt_node *n) {
    const gt_pad_attr *attr = n->attr;
    n->shape = n->in[0]->shape;
    for (int i = 0; i < n->shape.n; i++) {
        int64_t d = n->shape.d[i] + attr->pad[i][0] + attr->pad[i][1];
        if (d < 1 || -attr->pad[i][0] >= n->shape.d[i] || -attr->pad[i][1] >= n->shape.d[i])
            return gt_fail(GT_USAGE, "axis %d of length %lld padded by %lld and %lld has no elements left", i,
                           (long long)n->shape.d[i], (long long)attr->pad[i][0], (long long)attr->pad[i][1]);
        n->shape.d[i] = d;
    }
    return GT_OK;
}

static void pad_vjp(gt_graph *g, gt_node *y, gt_node *dy, const bool *need, gt_node **dx) {
    if (!need[0]) return;
    const gt_pad_attr *attr = y->attr;
    int64_t opposite[GT_MAX_DIMS][2];
    for (int i = 0; i < y->shape.n; i++)
        for (int k = 0; k < 2; k++) opposite[i][k] = -attr->pad[i][k];
    dx[0] = gt_pad(g, dy, opposite);
}

static void pad_run(const gt_run *r) {
    const gt_pad_attr *attr = r->node->attr;
    const gt_shape *in = &r->node->in[0]->shape, *out = &r->node->shape;
    gt_box_copy b = {.n = out->n};
    strides_of(in, b.from);
    strides_of(out, b.to);
    const float *from = r->in[0];
    float *to = r->out;
    bool grows = false;
    for (int i = 0; i < out->n; i++) {
        int64_t before = attr->pad[i][0], after = attr->pad[i][1];
        b.d[i] = in->d[i] + (before < 0 ? before : 0) + (after < 0 ? after : 0);
        if (before < 0) from -= before * b.from[i];
        if (before > 0) to += before * b.to[i];
        grows |= before > 0 || after > 0;
    }
    if (grows) gt_fill_zero(r->pool, r->out, gt_shape_size(out));
    gt_copy_box(r->pool, &b, from, to);
}

static void pad_cost(const gt_node *n, double *flops, double *bytes) {
    const gt_pad_attr *attr = n->attr;
    double kept = 1;
    for (int i = 0; i < n->shape.n; i++) {
        int64_t before = attr->pad[i][0], after = attr->pad[i][1];
        kept *= (double)(n->in[0]->shape.d[i] + (before < 0 ? before : 0) + (after < 0 ? after : 0));
    }
    *flops = 0;
    *bytes = (kept + (double)gt_shape_size(&n->shape)) * sizeof(float);
}

static gt_node *pad_joined(gt_graph *g, const gt_node *n, int slices, gt_node *const *in, const bool *shared) {
    const gt_pad_attr *attr = n->attr;
    return attr->pad[0][0] || attr->pad[0][1] ? NULL : gt_slices_by_rows(g, n, slices, in, shared, 1);
}

const gt_op gt_op_pad = {.name = "pad",
                         .min_in = 1,
                         .shape = pad_shape,
                         .vjp = pad_vjp,
                         .run = pad_run,
                         .joined = pad_joined,
                         .cost = pad_cost};

gt_node *gt_pad(gt_graph *g, gt_node *x, const int64_t (*before_after)[2]) {
    gt_pad_attr attr = {{{0}}};
    for (int i = 0; x && i < x->shape.n; i++)
        for (int k = 0; k < 2; k++) attr.pad[i][k] = before_after[i][k];
    return gt_node_new(g, &gt_op_pad, 1, &x, &attr, sizeof attr);
}

gt_node *gt_slice(gt_graph *g, gt_node *x, int axis, int64_t begin, int64_t end) {
    if (!x) return NULL;
    if (axis < 0) axis += x->shape.n;
    if (axis < 0 || axis >= x->shape.n || begin < 0 || end <= begin || end > x->shape.d[axis]) {
        char text[96];
        return gt_graph_fault(g, "slice %lld..%lld of axis %d of '%s' of shape %s", (long long)begin, (long long)end,
                              axis, x->name, gt_shape_text(&x->shape, text));
    }
    int64_t pad[GT_MAX_DIMS][2] = {{0}};
    pad[axis][0] = -begin;
    pad[axis][1] = end - x->shape.d[axis];
    return gt_pad(g, x, (const int64_t(*)[2])pad);
}

/* ---- concat ---- */

static gt_status concat_shape(gt_node *n) {
    const gt_concat_attr *attr = n->attr;
    n->shape = n->in[0]->shape;
    if (attr->axis < 0 || attr->axis >= n->shape.n) return gt_fail(GT_USAGE, "axis %d of %d", attr->axis, n->shape.n);
    for (int k = 1; k < n->n_in; k++) {
        gt_shape s = n->in[k]->shape;
        int64_t add = s.n == n->shape.n ? s.d[attr->axis] : 0;
        if (add) s.d[attr->axis] = n->shape.d[attr->axis];
        if (!add || !gt_shape_equal(&s, &n->shape)) {
            char a[96], b[96];
            return gt_fail(GT_USAGE, "inputs '%s' (%s) and '%s' (%s) differ elsewhere than along axis %d",
                           n->in[0]->name, gt_shape_text(&n->in[0]->shape, a), n->in[k]->name,
                           gt_shape_text(&n->in[k]->shape, b), attr->axis);
        }
        n->shape.d[attr->axis] += add;
    }
    return GT_OK;
}

static void concat_vjp(gt_graph *g, gt_node *y, gt_node *dy, const bool *need, gt_node **dx) {
    int axis = ((const gt_concat_attr *)y->attr)->axis;
    int64_t at = 0;
    for (int i = 0; i < y->n_in; i++) {
        int64_t d = y->in[i]->shape.d[axis];
        if (need[i]) dx[i] = gt_slice(g, dy, axis, at, at + d);
        at += d;
    }
}

static void concat_run(const gt_run *r) {
    int axis = ((const gt_concat_attr *)r->node->attr)->axis;
    float *out = r->out;
    for (int k = 0; k < r->node->n_in; k++) {
        const gt_shape *in = &r->node->in[k]->shape;
        gt_box_copy b = {.n = in->n};
        strides_of(in, b.from);
        strides_of(&r->node->shape, b.to);
        for (int i = 0; i < in->n; i++) b.d[i] = in->d[i];
        gt_copy_box(r->pool, &b, r->in[k], out);
        out += in->d[axis] * b.to[axis];
    }
}

static gt_node *concat_joined(gt_graph *g, const gt_node *n, int slices, gt_node *const *in, const bool *shared) {
    return ((const gt_concat_attr *)n->attr)->axis == 0 ? NULL : gt_slices_by_rows(g, n, slices, in, shared, ~0u);
}

const gt_op gt_op_concat = {.name = "concat",
                            .min_in = 1,
                            .max_in = 4096,
                            .shape = concat_shape,
                            .vjp = concat_vjp,
                            .run = concat_run,
                            .joined = concat_joined};

gt_node *gt_concat(gt_graph *g, int n, gt_node *const *x, int axis) {
    if (n > 0 && x[0] && axis < 0) axis += x[0]->shape.n;
    if (n == 1 && x[0]) return x[0];
    return gt_node_new(g, &gt_op_concat, n, x, &(gt_concat_attr){axis}, sizeof(gt_concat_attr));
}
