/* SPDX-License-Identifier: Apache-2.0
 * Forms of nodes: which axes lie where. See forms.h. */
#include "features/onnx/forms.h"

#include <string.h>

#include "graph/door/elementwise.h"
#include "graph/door/nodes.h"

const int gt_order_plain[GT_MAX_DIMS] = {0, 1, 2, 3, 4, 5}, gt_order_images[GT_MAX_DIMS] = {0, 3, 1, 2, 4, 5};

const int *gt_usual_order(const gt_node *n) { return n->shape.n == 4 ? gt_order_images : gt_order_plain; }

gt_onnx_value *gt_emit(gt_translation *t, const gt_node *n, const char *op, int n_in, gt_onnx_value *const *in,
                       const gt_onnx_attr *attrs) {
    for (int i = 0; i < n_in; i++)
        if (!in[i] && (i == 0 || i + 1 < n_in)) return NULL; /* after a fault; the last one may be missing */
    return gt_onnx_node(t->model, n->name, op, n_in, in, attrs);
}

void gt_untranslatable(gt_translation *t, const gt_node *n, const char *why) {
    char text[96];
    if (!t->status)
        t->status = gt_fail(GT_USAGE, "ONNX: node '%s' (%s, %s): %s", n->name, n->op->name,
                            gt_shape_text(&n->shape, text), why);
}

void gt_form_add(gt_translation *t, const gt_node *n, const int *order, gt_onnx_value *value) {
    gt_form *f = gt_arena_alloc(t->arena, sizeof *f), **at = &t->forms[n->id];
    if (!f || !value) return;
    memcpy(f->order, order, (size_t)n->shape.n * sizeof *order);
    f->value = value;
    while (*at) at = &(*at)->next;
    *at = f;
}

static const gt_form *first_form(gt_translation *t, const gt_node *n) {
    if (!t->forms[n->id] && n->op == &gt_op_reshape) gt_form_reshaped(t, n);
    if (!t->forms[n->id] && n->op == &gt_op_elementwise[GT_MAP_broadcast]) gt_form_spread(t, n);
    if (!t->forms[n->id] && !t->status && !gt_arena_failed(t->arena))
        gt_untranslatable(t, n, "read before it was made");
    return t->forms[n->id];
}

const int *gt_form_order(gt_translation *t, const gt_node *n) {
    const gt_form *f = t->constant[n->id] ? NULL : first_form(t, n);
    return f ? f->order : gt_usual_order(n);
}

/* ---- constants ---- */

/* The elements of [s] with axis order[k] at place k; the same memory where the order of the elements stays. */
static const float *reordered(gt_arena *arena, const float *x, const gt_shape *s, const int *order) {
    int64_t stride[GT_MAX_DIMS], step = 1, n = gt_shape_size(s), at[GT_MAX_DIMS] = {0}, from = 0;
    bool moved = false;
    for (int i = s->n - 1; i >= 0; i--) stride[i] = step, step *= s->d[i];
    for (int k = 0, last = -1; k < s->n; k++)
        if (s->d[order[k]] > 1) moved |= order[k] < last, last = order[k];
    if (!moved) return x;
    float *y = gt_arena_array(arena, (size_t)n, sizeof *y);
    for (int64_t i = 0; y && i < n; i++) {
        y[i] = x[from];
        for (int k = s->n - 1; k >= 0; k--) { /* the next element */
            from += stride[order[k]];
            if (++at[k] < s->d[order[k]]) break;
            from -= at[k] * stride[order[k]];
            at[k] = 0;
        }
    }
    return y;
}

static const float *values_of(gt_translation *t, const gt_node *n) {
    char id[16];
    snprintf(id, sizeof id, "%d", n->id);
    const float *x = gt_exec_output(t->values, id);
    if (!x) gt_untranslatable(t, n, "a constant without values");
    return x;
}

/* Leaves are known by their names. Forms of a constant have names of their own, the usual one of weights none. */
static const char *constant_name(gt_translation *t, const gt_node *n, int rank, const int *order) {
    static const int weights[] = {3, 2, 0, 1};
    const char *name = gt_is_leaf(n) ? n->name : gt_arena_printf(t->arena, "%s:constant %d", n->name, n->id);
    bool usual = rank == n->shape.n &&
                 !memcmp(order, rank == 4 ? weights : gt_order_plain, (size_t)rank * sizeof *order);
    if (!usual && name) name = gt_arena_printf(t->arena, "%s, axes", name);
    for (int k = 0; k < rank && !usual && name; k++) name = gt_arena_printf(t->arena, "%s %d", name, order[k]);
    return name;
}

static gt_onnx_value *constant_in(gt_translation *t, const gt_node *n, int rank, const int *order) {
    const float *x = values_of(t, n);
    if (!x) return NULL;
    if (gt_shape_size(&n->shape) == 1) return gt_onnx_number(t->model, *x);
    gt_shape s = {.n = rank};
    gt_onnx_dims dims = {.n = rank};
    for (int i = 0; i < rank; i++) s.d[i] = i < rank - n->shape.n ? 1 : n->shape.d[i - (rank - n->shape.n)];
    for (int k = 0; k < rank; k++) dims.d[k] = s.d[order[k]];
    const char *name = constant_name(t, n, rank, order);
    x = reordered(t->arena, x, &s, order);
    return name && x ? gt_onnx_floats(t->model, name, &dims, x) : NULL;
}

gt_onnx_value *gt_form_vector(gt_translation *t, const gt_node *n) {
    const float *x = values_of(t, n);
    const char *name = gt_arena_printf(t->arena, "%s:vector %d", n->name, n->id);
    return x && name ? gt_onnx_floats(t->model, name, &(gt_onnx_dims){1, {gt_shape_size(&n->shape)}, {0}}, x) : NULL;
}

/* ---- other orders ---- */

/* Sizes of n's axes in this order, missing ones in front; what grows with the batch is -1, as Reshape wants it. */
static bool sizes_in(const gt_translation *t, const gt_node *n, int rank, const int *order, int64_t *sizes) {
    const gt_onnx_dims *d = &t->dims[n->id];
    int open = 0, missing = rank - n->shape.n;
    for (int k = 0; k < rank; k++) {
        int axis = order[k] - missing;
        sizes[k] = axis < 0 ? 1 : d->batch[axis] ? -1 : d->d[axis];
        open += sizes[k] < 0;
    }
    return open <= 1;
}

static gt_onnx_value *emit_reshape(gt_translation *t, const gt_node *n, gt_onnx_value *x, int rank, const int *order) {
    int64_t sizes[GT_MAX_DIMS];
    if (!sizes_in(t, n, rank, order, sizes)) {
        gt_untranslatable(t, n, "several dimensions grow with the number of samples");
        return NULL;
    }
    return GT_EMIT(t, n, "Reshape", NULL, x, gt_onnx_integers(t->model, rank, sizes));
}

/* Do elements lie in the same order? Axes of length 1 do not count. Both orders are of `rank` axes. */
static bool same_elements(const gt_shape *s, int rank, const int *a, const int *b) {
    int missing = rank - s->n, i = 0, k = 0;
    for (;;) {
        while (i < rank && (a[i] < missing || s->d[a[i] - missing] == 1)) i++;
        while (k < rank && (b[k] < missing || s->d[b[k] - missing] == 1)) k++;
        if (i == rank || k == rank) return i == rank && k == rank;
        if (a[i++] != b[k++]) return false;
    }
}

static gt_onnx_value *transposed(gt_translation *t, const gt_node *n, gt_onnx_value *x, int rank, const int *from,
                                 const int *to) {
    gt_onnx_attr perm = {GT_ONNX_INTS, "perm", .n = rank};
    for (int k = 0; k < rank; k++)
        for (int i = 0; i < rank; i++)
            if (from[i] == to[k]) perm.ints[k] = i;
    return GT_EMIT(t, n, "Transpose", ((gt_onnx_attr[]){perm, {0}}), x);
}

gt_onnx_value *gt_form_in(gt_translation *t, const gt_node *n, int rank, const int *order) {
    if (t->constant[n->id]) return constant_in(t, n, rank, order);
    const gt_form *first = first_form(t, n);
    int missing = rank - n->shape.n, wide[GT_MAX_DIMS];
    if (!first) return NULL;
    bool one = gt_shape_size(&n->shape) == 1;
    if (one) return first->value; /* fits everywhere */
    for (int i = 0; i < missing; i++) wide[i] = i;
    for (const gt_form *f = first; f && !missing; f = f->next)
        if (!memcmp(f->order, order, (size_t)rank * sizeof *order)) return f->value;
    for (int i = 0; i < n->shape.n; i++) wide[missing + i] = first->order[i] + missing;
    gt_onnx_value *x = first->value;
    if (same_elements(&n->shape, rank, wide, order)) {
        x = emit_reshape(t, n, x, rank, order);
    } else {
        if (missing) x = emit_reshape(t, n, x, rank, wide);
        x = transposed(t, n, x, rank, wide, order);
    }
    if (!missing) gt_form_add(t, n, order, x);
    return x;
}

/* ---- reshapes ---- */

typedef struct segment { /* axes [a0,a1) of the input hold what axes [b0,b1) of the result hold */
    int a0, a1, b0, b1;
} segment;

/* Cuts both shapes into the shortest such segments; axes of length 1 belong to none. The sizes agree as a whole. */
static int segments_of(const gt_shape *a, const gt_shape *b, segment *s) {
    int n = 0;
    for (int i = 0, k = 0;;) {
        while (i < a->n && a->d[i] == 1) i++;
        while (k < b->n && b->d[k] == 1) k++;
        if (i == a->n || k == b->n) return n;
        s[n] = (segment){i, i + 1, k, k + 1};
        for (int64_t x = a->d[i++], y = b->d[k++]; x != y;) {
            if (x < y) x *= a->d[i++];
            else y *= b->d[k++];
        }
        s[n].a1 = i;
        s[n++].b1 = k;
    }
}

static const segment *segment_from(const segment *s, int n, int axis) {
    for (int i = 0; i < n; i++)
        if (s[i].a0 == axis) return &s[i];
    return NULL;
}

/* The order of the result that has the elements of n's input in this order; its axes of length 1 come first. false:
 * there is none, since the elements of a segment are not together. */
static bool carried(const gt_node *n, const int *from, int *to) {
    const gt_shape *a = &n->in[0]->shape, *b = &n->shape;
    segment s[GT_MAX_DIMS];
    int count = segments_of(a, b, s), used = 0;
    for (int k = 0; k < b->n; k++)
        if (b->d[k] == 1) to[used++] = k;
    for (int i = 0; i < a->n;) {
        if (a->d[from[i]] == 1) {
            i++;
            continue;
        }
        const segment *g = segment_from(s, count, from[i]);
        if (!g) return false;
        for (int axis = g->a0; axis < g->a1; axis++) {
            if (a->d[axis] == 1) continue;
            while (i < a->n && a->d[from[i]] == 1) i++;
            if (i == a->n || from[i++] != axis) return false;
        }
        for (int axis = g->b0; axis < g->b1; axis++)
            if (b->d[axis] > 1) to[used++] = axis;
    }
    return true;
}

void gt_form_reshaped(gt_translation *t, const gt_node *n) {
    const gt_node *x = n->in[0];
    int order[GT_MAX_DIMS];
    const int *from = gt_form_order(t, x);
    if (!carried(n, from, order)) {
        from = gt_order_plain;
        memcpy(order, gt_order_plain, sizeof order);
    }
    if (same_elements(&n->shape, n->shape.n, order, gt_usual_order(n))) /* with axes of length 1 where they belong */
        memcpy(order, gt_usual_order(n), sizeof order);
    gt_form_add(t, n, order, emit_reshape(t, n, gt_form_in(t, x, x->shape.n, from), n->shape.n, order));
}

/* ---- broadcasts ---- */

/* The number of samples, [1]. */
static gt_onnx_value *samples(gt_translation *t, const gt_node *n) {
    static const gt_onnx_attr first[] = {
        {GT_ONNX_INT, "start", .n = 1, .ints = {0}}, {GT_ONNX_INT, "end", .n = 1, .ints = {1}}, {0}};
    return GT_EMIT(t, n, "Shape", first, t->first);
}

void gt_form_spread(gt_translation *t, const gt_node *n) {
    static const gt_onnx_attr axis[] = {{GT_ONNX_INT, "axis", .n = 1}, {0}};
    const int *order = gt_usual_order(n);
    const gt_onnx_dims *to = &t->dims[n->id];
    int rank = n->shape.n, missing = rank - n->in[0]->shape.n;
    int64_t sizes[GT_MAX_DIMS] = {0};
    gt_onnx_value *parts[GT_MAX_DIMS];
    bool grows = false;
    for (int k = 0; k < rank; k++) { /* 1 where the input has this size itself; 0: the number of samples */
        int from = order[k] - missing;
        bool has = from >= 0 && n->in[0]->shape.d[from] == n->shape.d[order[k]], batch = to->batch[order[k]] && !has;
        if (batch && to->d[order[k]] != 1) gt_untranslatable(t, n, "several values for each sample");
        sizes[k] = has ? 1 : batch ? 0 : to->d[order[k]];
        grows |= batch;
    }
    for (int k = 0; k < rank && grows; k++)
        parts[k] = sizes[k] ? gt_onnx_integers(t->model, 1, &sizes[k]) : samples(t, n);
    gt_onnx_value *shape = !grows     ? gt_onnx_integers(t->model, rank, sizes)
                           : rank > 1 ? gt_emit(t, n, "Concat", rank, parts, axis)
                                      : parts[0];
    gt_form_add(t, n, order, GT_EMIT(t, n, "Expand", NULL, gt_form_in(t, n->in[0], rank, order), shape));
}
