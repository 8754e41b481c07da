/* SPDX-License-Identifier: Apache-2.0
 * The gradient of a weight over one slice or several (gradient.h): inputs are those of each part, then, with a term, w,
 * `down` and `across`. With several slices all inputs but w hold the slices one after the other, and the result is the
 * sum by the tree. */
#include "graph/ops/gradient.h"

#include <string.h>

#include "graph/door/internal.h"
#include "graph/ops/joined.h"
#include "graph/door/op_list.h"
#include "kernels/door/gemm.h"

typedef struct gradient_attr {
    gt_conv_node_attr conv; /* zeros for products of matrices */
    int32_t slices, parts, term, before, apart;
    float gain, factor;
} gradient_attr;

enum { TERM_INPUTS = 3 };

/* Where the term's inputs begin, and behind which `before` is. */
static int term_at(const gt_node *n) {
    const gradient_attr *a = n->attr;
    return n->n_in - (a->term ? TERM_INPUTS : 0) - (a->before != 0);
}

static bool is_conv(const gt_node *n) { return n->op == &gt_op_conv_gradient; }

bool gt_gradient_takes(const gt_node *part, const gt_node *other) {
    bool conv = part->op == &gt_op_conv_weight_grad;
    if (!conv && (part->op != &gt_op_matmul || part->shape.n != 2)) return false;
    const gt_matmul_attr *product = part->attr;
    if (!conv && (!product->transpose_a || product->transpose_b || part->n_in != 2)) return false;
    if (!other) return true;
    if (part->op != other->op || part->n_in != other->n_in || part->attr_bytes != other->attr_bytes ||
        memcmp(part->attr, other->attr, part->attr_bytes))
        return false;
    for (int i = 0; i < part->n_in; i++)
        if (!gt_shape_equal(&part->in[i]->shape, &other->in[i]->shape)) return false;
    return true;
}

gt_node *gt_gradient_node(gt_graph *g, const gt_gradient *sum, gt_node *const *const *in) {
    gradient_attr attr;
    memset(&attr, 0, sizeof attr); /* attributes are compared bytewise */
    bool conv = sum->part[0]->op == &gt_op_conv_weight_grad;
    gt_conv_shape s;
    if (conv) attr.conv = *(const gt_conv_node_attr *)sum->part[0]->attr;
    if (conv && sum->n_parts == 1 && !gt_conv_describe(sum->part[0]->in, &attr.conv, &s))
        attr.conv.kernel = (int16_t)gt_conv_choose(&s, true);
    attr.slices = 1, attr.parts = sum->n_parts, attr.term = sum->w != NULL;
    attr.gain = sum->gain, attr.factor = sum->factor;
    attr.before = sum->before != NULL, attr.apart = sum->apart;
    gt_node *all[GT_PARTS_MAX * 4 + TERM_INPUTS + 1];
    int n_in = 0;
    for (int part = 0; part < sum->n_parts; part++)
        for (int i = 0; i < sum->part[part]->n_in; i++) all[n_in++] = in[part][i];
    if (sum->w) all[n_in++] = sum->w, all[n_in++] = sum->down, all[n_in++] = sum->across;
    if (sum->before) all[n_in++] = sum->before;
    return gt_node_new(g, conv ? &gt_op_conv_gradient : &gt_op_matmul_gradient, n_in, all, &attr, sizeof attr);
}

/* ---- sizes ---- */

/* Of one part of one slice. */
static gt_status conv_of(const gt_node *n, gt_conv_shape *s) {
    const gradient_attr *a = n->attr;
    gt_status st = gt_conv_describe(n->in, &a->conv, s);
    s->n /= a->slices;
    return st;
}

static gt_gemm_args product_of(const gt_node *n) {
    const int64_t *a = n->in[0]->shape.d, *b = n->in[1]->shape.d;
    return (gt_gemm_args){
        .kernels = gt_node_kernels(n), .m = a[1], .n = b[1], .k = a[0] / ((const gradient_attr *)n->attr)->slices};
}

/* The node was made from nodes that had been checked: what is checked here is what the pass put together. */
static gt_status check(gt_node *n, int64_t samples) {
    const gradient_attr *a = n->attr;
    char x[96], y[96];
    if (a->parts < 1 || a->parts > GT_PARTS_MAX || a->slices < 1 || samples % a->slices)
        return gt_fail(GT_USAGE, "%d parts, and %lld samples in %d slices", a->parts, (long long)samples, a->slices);
    gt_shape leaves = gt_joined_shape(&n->shape, a->slices), *w = &n->shape;
    if (a->before && !gt_shape_equal(&n->in[n->n_in - 1]->shape, &leaves))
        return gt_fail(GT_USAGE, "%d leaves of a gradient %s have shape %s", a->slices, gt_shape_text(w, x),
                       gt_shape_text(&n->in[n->n_in - 1]->shape, y));
    if (a->apart) n->shape = leaves;
    if (!a->term) return GT_OK;
    gt_node *const *term = n->in + term_at(n);
    gt_shape down = GT_SHAPE(samples, w->d[w->n - 2]), across = GT_SHAPE(samples, w->d[w->n - 1]);
    if (!gt_shape_equal(&term[0]->shape, w) || !gt_shape_equal(&term[1]->shape, &down) ||
        !gt_shape_equal(&term[2]->shape, &across) || a->conv.conv.groups > 1)
        return gt_fail(GT_USAGE, "the term of a gradient %s needs matrices %s and its own shape", gt_shape_text(w, x),
                       gt_shape_text(&across, y));
    return GT_OK;
}

static gt_status conv_shape(gt_node *n) {
    gt_conv_shape s;
    gt_status st = conv_of(n, &s);
    if (st) return st;
    n->shape = GT_SHAPE(s.kh, s.kw, s.c / s.groups, s.o);
    return check(n, n->in[0]->shape.d[0]);
}

static gt_status matmul_shape(gt_node *n) {
    gt_gemm_args g = product_of(n);
    n->shape = GT_SHAPE(g.m, g.n);
    return check(n, n->in[0]->shape.d[0]);
}

/* ---- running ---- */

static gt_leaf leaf_of(const gt_run *r) {
    const gt_node *n = r->node;
    const gradient_attr *a = n->attr;
    gt_leaf leaf = {.gain = a->gain, .factor = a->factor, .columns = n->shape.d[n->shape.n - 1]};
    leaf.floats = gt_shape_size(&n->shape) / (a->apart ? a->slices : 1);
    if (a->before) leaf.before = r->in[n->n_in - 1];
    if (!a->term) return leaf;
    int at = term_at(n);
    leaf.w = r->in[at], leaf.down = r->in[at + 1], leaf.across = r->in[at + 2];
    leaf.period = n->in[at + 1]->shape.d[1];
    leaf.samples = n->in[at + 1]->shape.d[0] / a->slices;
    return leaf;
}

static size_t conv_workspace(const gt_node *n, int threads) {
    const gradient_attr *a = n->attr;
    gt_conv_shape s;
    (void)conv_of(n, &s); /* checked when the node was made */
    return gt_conv_gradient_workspace(&s, (gt_conv_kernel)a->conv.kernel, a->slices, a->parts, a->apart, threads);
}

static void conv_run(const gt_run *r) {
    const gradient_attr *a = r->node->attr;
    gt_conv_shape s;
    (void)conv_of(r->node, &s);
    gt_leaf leaf = leaf_of(r);
    const float *in[GT_PARTS_MAX][GT_CONV_INPUTS] = {{NULL}};
    for (int part = 0, at = 0; part < a->parts; part++) {
        in[part][0] = r->in[at++], in[part][1] = r->in[at++];
        for (int i = 0; i < 2; i++)
            if (a->conv.scales >> i & 1) in[part][GT_CONV_SCALES + i] = r->in[at++];
    }
    gt_conv_slices all = {a->slices, a->parts, &leaf, (const float *const(*)[GT_CONV_INPUTS])in, a->apart};
    gt_conv_gradient(&s, (gt_conv_kernel)a->conv.kernel, &all, r->pool, r->workspace, r->out);
}

static size_t matmul_workspace(const gt_node *n, int threads) {
    const gradient_attr *a = n->attr;
    gt_gemm_args g = product_of(n);
    return gt_gemm_gradient_workspace(&g, a->slices, a->parts, a->apart, threads);
}

static void matmul_run(const gt_run *r) {
    const gradient_attr *a = r->node->attr;
    gt_gemm_args g = product_of(r->node);
    gt_leaf leaf = leaf_of(r);
    const float *x[GT_PARTS_MAX], *y[GT_PARTS_MAX];
    for (int part = 0; part < a->parts; part++) x[part] = r->in[2 * part], y[part] = r->in[2 * part + 1];
    gt_gemm_gradient(&g, a->slices, a->parts, a->apart, x, y, &leaf, r->pool, r->workspace, r->out);
}

/* ---- several slices ---- */

static gt_node *over_slices(gt_graph *g, const gt_node *n, int slices, gt_node *const *in, const bool *shared) {
    gradient_attr attr;
    memcpy(&attr, n->attr, sizeof attr);
    attr.slices *= slices;
    gt_node *all[n->n_in];
    for (int i = 0; i < n->n_in; i++) {
        bool weight = attr.term && i == term_at(n);
        if (weight && !shared[i]) return NULL;
        all[i] = shared[i] && !weight ? gt_slices_repeat(g, in[i], slices) : in[i];
    }
    return gt_node_new(g, n->op, n->n_in, all, &attr, sizeof attr);
}

static gt_node *summed(gt_graph *g, const gt_node *n, int slices, gt_node *const *in, const bool *shared) {
    return ((const gradient_attr *)n->attr)->apart ? NULL : over_slices(g, n, slices, in, shared);
}

static gt_node *joined(gt_graph *g, const gt_node *n, int slices, gt_node *const *in, const bool *shared) {
    return ((const gradient_attr *)n->attr)->apart ? over_slices(g, n, slices, in, shared) : NULL;
}

/* ---- for tables ---- */

/* Of the parts of a slice together. */
static double product_flops(const gt_node *n) {
    const gradient_attr *a = n->attr;
    if (!is_conv(n)) {
        gt_gemm_args g = product_of(n);
        return a->parts * 2 * (double)g.m * (double)g.n * (double)g.k;
    }
    gt_conv_shape s;
    (void)conv_of(n, &s);
    return a->parts * gt_conv_flops(&s);
}

/* Of leaves and their sums. */
static double leaf_flops(const gt_node *n) {
    const gradient_attr *a = n->attr;
    double size = (double)gt_shape_size(&n->shape) / (a->apart ? a->slices : 1),
           of_leaf = (a->gain != 1) + (a->term ? 3 : 0) + (a->before ? 1 : 0);
    return size * (of_leaf * a->slices + (a->apart ? 0 : a->slices - 1));
}

gt_conv_work gt_gradient_work(const gt_node *n) {
    const gradient_attr *a = n->attr;
    gt_conv_shape s;
    (void)conv_of(n, &s);
    s.n *= a->parts; /* which are transformed back together */
    gt_conv_work w = gt_conv_work_of(&s, (gt_conv_kernel)a->conv.kernel);
    return (gt_conv_work){a->slices * w.products + leaf_flops(n), a->slices * w.transforms};
}

static void cost(const gt_node *n, double *flops, double *bytes) {
    *flops = ((const gradient_attr *)n->attr)->slices * product_flops(n) + leaf_flops(n);
    *bytes = 4 * (double)gt_shape_size(&n->shape);
    for (int i = 0; i < n->n_in; i++) *bytes += 4 * (double)gt_shape_size(&n->in[i]->shape);
}

static const char *conv_kernel(const gt_node *n) {
    const gradient_attr *a = n->attr;
    return gt_conv_kernel_title((gt_conv_kernel)a->conv.kernel, (a->conv.scales & 1) + (a->conv.scales >> 1 & 1));
}

const gt_op gt_op_conv_gradient = {.name = "conv_gradient",
                                   .min_in = 2,
                                   .max_in = 4 * GT_PARTS_MAX + TERM_INPUTS + 1,
                                   .shape = conv_shape,
                                   .not_differentiable = true,
                                   .run = conv_run,
                                   .workspace = conv_workspace,
                                   .cost = cost,
                                   .kernel = conv_kernel,
                                   .joined = joined,
                                   .summed = summed};
const gt_op gt_op_matmul_gradient = {.name = "matmul_gradient",
                                     .min_in = 2,
                                     .max_in = 2 * GT_PARTS_MAX + TERM_INPUTS + 1,
                                     .shape = matmul_shape,
                                     .not_differentiable = true,
                                     .run = matmul_run,
                                     .workspace = matmul_workspace,
                                     .cost = cost,
                                     .joined = joined,
                                     .summed = summed};
