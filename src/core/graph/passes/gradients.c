/* SPDX-License-Identifier: Apache-2.0
 * The gradient of a weight becomes one node (ops/gradient.h), where it is what most are: products of images, or of
 * rows, with derivatives, one for each time that the network runs; times a gain; with the term of demodulation, or
 * without it. For one slice or many: so leaves have the same bits in every group of slices.
 *
 * A transposed convolution's weights are stored as [kh,kw,in,out], and the products have them as [kh,kw,out,in]: then
 * the node has the products' order, and what moves the elements comes after it. */
#include <string.h>

#include "graph/door/ops.h"
#include "graph/door/elementwise.h"
#include "graph/ops/gradient.h"
#include "graph/door/op_list.h"
#include "graph/door/passes.h"

typedef struct form {
    gt_gradient sum; /* w, down and across: nodes of the source, w in the order of the result */
    /* The node that brings the first part's elements to their place: the last two axes of four are exchanged. NULL:
     * nothing moves */
    const gt_node *moves;
} form;

static bool is_map(const gt_node *n, gt_map_code code) { return n->op == &gt_op_elementwise[code]; }

/* The node whose elements n moves, itself if it moves none, and the order in which that node's axes longer than 1 lie
 * in n. NULL: n does not only move elements. */
static const gt_node *moved(const gt_node *n, int axes[GT_MAX_DIMS], int *count) {
    if (n->op != &gt_op_reshape && n->op != &gt_op_permute) {
        *count = 0;
        for (int i = 0; i < n->shape.n; i++)
            if (n->shape.d[i] > 1) axes[(*count)++] = i;
        return n;
    }
    int inner[GT_MAX_DIMS], n_inner, at = 0;
    const gt_node *from = moved(n->in[0], inner, &n_inner);
    if (!from) return NULL;
    /* inner[k] is the axis, of `from`, that the k-th axis longer than 1 of n->in[0] is */
    const gt_shape *s = &n->in[0]->shape;
    if (n->op == &gt_op_reshape) { /* may add and drop axes of length 1 alone */
        for (int i = 0, k = 0; i < n->shape.n; i++) {
            if (n->shape.d[i] == 1) continue;
            if (k == n_inner || from->shape.d[inner[k]] != n->shape.d[i]) return NULL;
            axes[at++] = inner[k++];
        }
        *count = at;
        return at == n_inner ? from : NULL;
    }
    const gt_permute_attr *attr = n->attr;
    for (int i = 0; i < s->n; i++) {
        int before = 0, axis = attr->order[i];
        if (s->d[axis] == 1) continue;
        for (int k = 0; k < axis; k++) before += s->d[k] > 1;
        axes[at++] = inner[before];
    }
    *count = at;
    return from;
}

static bool exchanged(const int *axes, int count, const gt_shape *s) {
    int expected[GT_MAX_DIMS], n = 0;
    static const int order[] = {0, 1, 3, 2};
    for (int i = 0; i < 4; i++)
        if (s->d[order[i]] > 1) expected[n++] = order[i];
    return n == count && !memcmp(axes, expected, (size_t)n * sizeof *axes);
}

static bool add_part(form *f, const gt_node *n, float gain) {
    gt_gradient *sum = &f->sum;
    int axes[GT_MAX_DIMS], count;
    const gt_node *part = moved(n, axes, &count), *first = sum->n_parts ? sum->part[0] : NULL;
    bool moves = part != n;
    if (!part || (moves && (part->shape.n != 4 || !exchanged(axes, count, &part->shape)))) return false;
    if (part->rate != GT_RATE_SLICE || sum->n_parts == GT_PARTS_MAX || !gt_gradient_takes(part, first)) return false;
    if (first && (gain != sum->gain || moves != (f->moves != NULL))) return false;
    if (first && moves && !gt_shape_equal(&n->shape, &f->moves->shape)) return false;
    if (!first && moves) f->moves = n;
    sum->gain = gain;
    sum->part[sum->n_parts++] = part;
    return true;
}

/* n = gain * w * (down^T across), spread over the taps: w is the same for all slices. */
static bool add_term(form *f, const gt_node *n, float gain) {
    if (f->sum.w || n->shape.n != 4) return false;
    for (int i = 0; i < 2; i++) {
        gt_node *w = n->in[i], *energy = n->in[1 - i];
        float factor = gain;
        if (w->rate != GT_RATE_UPDATE || energy->rate != GT_RATE_SLICE || !gt_shape_equal(&w->shape, &n->shape))
            continue;
        gt_shape one = GT_SHAPE(1, 1, n->shape.d[2], n->shape.d[3]);
        if (is_map(energy, GT_MAP_broadcast)) energy = energy->in[0];
        if (!gt_shape_equal(&energy->shape, &one)) continue;
        for (;; energy = energy->in[0]) {
            if (is_map(energy, GT_MAP_scale)) factor *= ((const gt_map_attr *)energy->attr)->c[0];
            else if (energy->op != &gt_op_reshape) break;
        }
        const gt_matmul_attr *attr = energy->attr;
        if (energy->op != &gt_op_matmul || !attr->transpose_a || attr->transpose_b || energy->shape.n != 2) continue;
        if (energy->shape.d[0] != n->shape.d[2] || energy->shape.d[1] != n->shape.d[3]) continue;
        f->sum.w = w;
        f->sum.factor = factor;
        f->sum.down = energy->in[0];
        f->sum.across = energy->in[1];
        return true;
    }
    return false;
}

/* Is `gain` times n of this form? */
static bool read_form(form *f, const gt_node *n, float gain) {
    if (is_map(n, GT_MAP_add)) return read_form(f, n->in[0], gain) && read_form(f, n->in[1], gain);
    if (is_map(n, GT_MAP_sub)) return read_form(f, n->in[0], gain) && read_form(f, n->in[1], -gain);
    if (is_map(n, GT_MAP_neg)) return read_form(f, n->in[0], -gain);
    if (is_map(n, GT_MAP_scale)) return read_form(f, n->in[0], gain * ((const gt_map_attr *)n->attr)->c[0]);
    if (is_map(n, GT_MAP_mul)) return add_term(f, n, gain);
    return add_part(f, n, gain);
}

/* Parts that become one node are held until all of them are there. Each for itself, of all but the last the leaves are
 * held: one node where these are more. What one slice has decides, so that leaves do not depend on the number of
 * slices. */
static bool pays(const form *f) {
    const gt_node *part = f->sum.part[0];
    int64_t held = 0;
    for (int i = 0; i < part->n_in; i++) held += gt_shape_size(&part->in[i]->shape);
    return held < gt_shape_size(&part->shape);
}

static bool has_form(form *f, const gt_node *n) {
    *f = (form){0};
    if (n->rate != GT_RATE_SLICE || !read_form(f, n, 1) || !f->sum.n_parts) return false;
    const gt_node *part = f->sum.part[0];
    if (!f->moves && !gt_shape_equal(&part->shape, &n->shape)) return false;
    return !f->sum.w || (part->op == &gt_op_conv_weight_grad && part->shape.n == 4 &&
                         ((const gt_conv_node_attr *)part->attr)->conv.groups == 1);
}

/* w with its last two axes exchanged: as networks/nets/conv2d_resample.c makes it, so that both become one. */
static gt_node *exchange(gt_graph *g, gt_node *w) {
    const int64_t *d = gt_node_shape(w)->d;
    gt_shape kept = GT_SHAPE(d[0], d[1], d[3], d[2]);
    w = gt_permute(g, gt_reshape(g, w, GT_SHAPE(d[0], d[1], d[2], 1, d[3])), (int[]){0, 1, 4, 3, 2});
    return gt_reshape(g, w, kept);
}

typedef struct gradients {
    const gt_graph *src;
    gt_graph *dst;
    gt_arena *arena;
    gt_node **map; /* by id in the source */
    int *order;    /* likewise: when the node would run; NULL: nobody has asked yet */
} gradients;

/* What moves the elements of `from`, over `to` in its place. */
static gt_node *move(gt_graph *g, const gt_node *n, const gt_node *from, gt_node *to) {
    if (n == from) return to;
    gt_node *in = move(g, n->in[0], from, to);
    return in ? gt_node_clone(g, n, &in) : NULL;
}

/* A node of parts [from, from + count). */
static gt_node *node_of(gradients *r, const gt_gradient *sum, int from, int count) {
    gt_gradient some = *sum;
    gt_node *in[GT_PARTS_MAX][4], *const *all[GT_PARTS_MAX];
    some.n_parts = count;
    for (int i = 0; i < count; i++) {
        some.part[i] = sum->part[from + i];
        for (int k = 0; k < some.part[i]->n_in; k++) in[i][k] = r->map[some.part[i]->in[k]->id];
        all[i] = in[i];
    }
    return gt_gradient_node(r->dst, &some, all);
}

/* Parts that stay apart are computed in the order in which their images are there: no term of the loss waits for
 * another one's. false: out of memory. */
static bool sort_parts(gradients *r, form *f) {
    if (!r->order) r->order = gt_find_order(r->src, r->arena);
    if (!r->order) return false;
    for (int i = 1; i < f->sum.n_parts; i++)
        for (int k = i; k > 0 && r->order[f->sum.part[k]->id] < r->order[f->sum.part[k - 1]->id]; k--) {
            const gt_node *later = f->sum.part[k - 1];
            f->sum.part[k - 1] = f->sum.part[k];
            f->sum.part[k] = later;
        }
    return true;
}

static gt_node *leaves_before(gradients *r, const form *f) {
    gt_gradient leaves = {.gain = 1, .apart = true};
    memcpy(leaves.part, f->sum.part, sizeof leaves.part);
    for (int i = 0; i + 1 < f->sum.n_parts; i++) {
        leaves.before = node_of(r, &leaves, i, 1);
        if (leaves.before) gt_node_rename(leaves.before, "%s, leaves", f->sum.part[i]->name);
    }
    return leaves.before;
}

static gt_node *made(gradients *r, const gt_node *n, form *f) {
    const gt_node *first = f->sum.part[0]; /* below what moves elements */
    bool together = f->sum.n_parts == 1 || pays(f);
    if (!together && !sort_parts(r, f)) return NULL;
    gt_gradient sum = f->sum;
    if (sum.w) {
        gt_node *down = r->map[sum.down->id], *across = r->map[sum.across->id];
        sum.w = f->moves ? exchange(r->dst, r->map[sum.w->id]) : r->map[sum.w->id];
        sum.down = f->moves ? across : down;
        sum.across = f->moves ? down : across;
    }
    if (!together) sum.before = leaves_before(r, f);
    gt_node *y = node_of(r, &sum, together ? 0 : sum.n_parts - 1, together ? sum.n_parts : 1);
    if (y) gt_node_rename(y, "%s", n->name);
    return f->moves ? move(r->dst, f->moves, first, y) : y;
}

static bool is_placed(const gt_graph *g, const gt_node *n) {
    for (int i = 0; i < g->n_results; i++)
        if (g->results[i].placed && g->results[i].node == n) return true;
    return false;
}

const gt_graph *gt_pass_gradients(const gt_graph *src, gt_arena *arena, const gt_exec_options *options) {
    (void)options;
    gradients r = {
        .src = src, .dst = gt_graph_derived(src, arena), .arena = arena, .map = gt_by_node(src, arena, sizeof *r.map)};
    if (gt_arena_failed(arena)) return NULL;
    for (int id = 0; id < src->n_nodes && !r.dst->status; id++) {
        const gt_node *n = src->nodes[id];
        form f;
        r.map[id] = is_placed(src, n) && has_form(&f, n) ? made(&r, n, &f) : gt_node_rebuilt(r.dst, n, r.map);
    }
    return gt_rebuilt(r.dst, src, r.map);
}
