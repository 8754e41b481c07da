/* SPDX-License-Identifier: Apache-2.0
 * Layers in the field's usual words: see features/inspect/layer_table.h. */
#include "features/inspect/layer_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/door/numbers.h"
#include "graph/door/ops.h"
#include "graph/door/elementwise.h"
#include "graph/door/nodes.h"

enum { TEXT = 128 };

static bool is_op(const gt_node *n, const char *name) { return n && !strcmp(n->op->name, name); }

static bool is_map(const gt_node *n, gt_map_code code) { return n->op == &gt_op_elementwise[code]; }

static bool is_transposed(const gt_node *n) { return is_op(n, "conv_input_grad"); }

static bool is_conv(const gt_node *n) { return is_op(n, "conv") || is_transposed(n); }

/* ---- what it is ---- */

/* ", stride 2"; ", stride 1x2": of rows and columns. */
static size_t add_sides(char *text, const char *word, int y, int x) {
    size_t n = strlen(text);
    if (y == x) return n + (size_t)snprintf(text + n, TEXT - n, ", %s %d", word, y);
    return n + (size_t)snprintf(text + n, TEXT - n, ", %s %dx%d", word, y, x);
}

/* "3x3, stride 2, padding 1": what is as usual is not said. Padding: above, left, below, right. */
static size_t add_window(char *text, int64_t height, int64_t width, const int stride[2], const int pad[4]) {
    bool even = pad[0] == pad[2] && pad[1] == pad[3];
    size_t n = strlen(text);
    n += (size_t)snprintf(text + n, TEXT - n, " %lldx%lld", (long long)height, (long long)width);
    if (stride[0] > 1 || stride[1] > 1) n = add_sides(text, "stride", stride[0], stride[1]);
    if (even && (pad[0] || pad[1])) n = add_sides(text, "padding", pad[0], pad[1]);
    if (!even) n += (size_t)snprintf(text + n, TEXT - n, ", padding %d %d %d %d", pad[0], pad[1], pad[2], pad[3]);
    return n;
}

static void conv_text(const gt_node *n, char *text) {
    const gt_conv_attr *c = &((const gt_conv_node_attr *)n->attr)->conv;
    const gt_shape *w = &n->in[1]->shape;
    bool deep = c->groups > 1 && w->d[2] == 1;
    snprintf(text, TEXT, "%s%sconv", is_transposed(n) ? "transposed " : "", deep ? "depthwise " : "");
    size_t at = add_window(text, w->d[0], w->d[1], (const int[]){c->stride, c->stride},
                           (const int[]){c->pad_top, c->pad_left, c->pad_bottom, c->pad_right});
    if (c->groups > 1 && !deep) snprintf(text + at, TEXT - at, ", groups %d", c->groups);
}

static void max_pool_text(const gt_node *n, char *text) {
    const gt_max_pool_attr *p = n->attr;
    snprintf(text, TEXT, "max pool");
    gt_pool_axis y = gt_max_pool_axis(p, 1), x = gt_max_pool_axis(p, 2);
    add_window(text, y.size, x.size, (const int[]){y.stride, x.stride}, (const int[]){y.pad, x.pad, y.pad, x.pad});
}

static bool are_equal(const float *taps, int n) {
    for (int i = 1; i < n; i++)
        if (!gt_near((double)taps[i], (double)taps[0], 1e-6)) return false;
    return true;
}

/* Equal taps that sum up to 1 are a mean. */
static bool is_mean(const gt_fir_attr *f) {
    if (f->up_x != 1 || f->up_y != 1) return false;
    return f->separable ? are_equal(f->taps, f->nx) && are_equal(f->taps + f->nx, f->ny)
                        : are_equal(f->taps, f->nx * f->ny);
}

static void resampling_text(const gt_node *n, char *text) {
    const gt_fir_attr *f = n->attr;
    int up = f->up_x > f->up_y ? f->up_x : f->up_y, down = f->down_x > f->down_y ? f->down_x : f->down_y;
    if (is_mean(f)) {
        snprintf(text, TEXT, "average pool");
        add_window(text, f->ny, f->nx, (const int[]){f->down_y, f->down_x},
                   (const int[]){f->pad_y0, f->pad_x0, f->pad_y1, f->pad_x1});
    } else {
        snprintf(text, TEXT, "%s", up > 1 ? "upsample" : down > 1 ? "downsample" : "blur");
        size_t at = strlen(text);
        if (up > 1 || down > 1) at += (size_t)snprintf(text + at, TEXT - at, " %dx", up > 1 ? up : down);
        snprintf(text + at, TEXT - at, ", filter %dx%d", f->ny, f->nx);
    }
}

static const gt_tensor *tensor_of(const gt_net *net, const char *layer, const char *tensor) {
    char name[2 * TEXT + 8];
    snprintf(name, sizeof name, "%s.%s", layer, tensor);
    for (int i = 0; i < net->n_tensors; i++)
        if (!strcmp(net->tensors[i].name, name)) return &net->tensors[i];
    return NULL;
}

/* Means over the samples, too, make batch normalisation. */
static const char *norm_text(const gt_net *net, const gt_graph_layer *l) {
    bool sums = false;
    if (tensor_of(net, l->name, "running_mean")) return "batch norm";
    for (int i = 0; i < l->n_nodes; i++) {
        if (l->nodes[i]->op != &gt_op_sum) continue;
        sums = true;
        if (((const gt_sum_attr *)l->nodes[i]->attr)->axes & 1 && l->nodes[i]->shape.n == 4) return "batch norm";
    }
    return sums ? "group norm" : "scale and shift";
}

const char *layer_kind(gt_arena *a, const gt_net *net, const gt_graph_layer *l) {
    const gt_node *n = l->main;
    const gt_tensor *weight = tensor_of(net, l->name, "weight");
    char text[TEXT] = "";
    bool own = !strchr(l->name, '#'); /* it has tensors, or is a pooling */
    if (l->with) return gt_arena_printf(a, "sum with %s", l->with);
    if (is_conv(n)) conv_text(n, text);
    else if (is_op(n, "max_pool_pick")) max_pool_text(n, text);
    else if (is_op(n, "upfirdn")) resampling_text(n, text);
    else if (is_op(n, "matmul") && own) strcpy(text, "linear");
    else if (weight && weight->file_shape.n == 2) strcpy(text, "linear"); /* of one input: a product of numbers */
    else if (weight && weight->file_shape.n == 1) strcpy(text, norm_text(net, l));
    else if (own && tensor_of(net, l->name, "const")) strcpy(text, "constant");
    else if (own && is_op(n, "sum")) strcpy(text, "global mean");
    else if (own && is_map(n, GT_MAP_add)) strcpy(text, "sum");
    else snprintf(text, TEXT, "%s", n->op->elementwise ? "arithmetic" : n->op->name);
    return gt_arena_printf(a, "%s", text);
}

/* ---- channels ---- */

const char *layer_channels(gt_arena *a, const gt_graph_layer *l) {
    const gt_node *n = l->main;
    bool product = is_conv(n) || (is_op(n, "matmul") && !strchr(l->name, '#'));
    if (!product) return "";
    const gt_shape *x = &n->in[0]->shape, *y = &n->shape;
    return gt_arena_printf(a, "%lld to %lld", (long long)x->d[x->n - 1], (long long)y->d[y->n - 1]);
}

/* ---- activation ---- */

/* x sigmoid(x) is swish. */
static const char *sigmoid_text(const gt_graph_layer *l, const gt_node *sigmoid) {
    for (int i = 0; i < l->n_nodes; i++) {
        const gt_node *n = l->nodes[i];
        if (is_map(n, GT_MAP_mul) && (n->in[0] == sigmoid || n->in[1] == sigmoid) &&
            (n->in[0] == sigmoid->in[0] || n->in[1] == sigmoid->in[0]))
            return "swish";
    }
    return "sigmoid";
}

static void activation_text(const gt_graph_layer *l, const gt_node *n, char *text) {
    const float *c = n->op->elementwise && n->attr ? ((const gt_map_attr *)n->attr)->c : NULL;
    if (is_map(n, GT_MAP_tanh)) strcpy(text, "tanh");
    else if (is_map(n, GT_MAP_sigmoid)) strcpy(text, sigmoid_text(l, n));
    else if (is_map(n, GT_MAP_softplus)) strcpy(text, "softplus");
    else if (is_map(n, GT_MAP_elu)) strcpy(text, c && c[0] > 1.5f ? "selu" : "elu");
    else if (is_map(n, GT_MAP_ramp) && c && c[0] == 0) strcpy(text, isfinite(c[2]) && c[2] < 10 ? "relu6" : "relu");
    else if (is_map(n, GT_MAP_ramp) && c && c[0] != 1) snprintf(text, TEXT, "lrelu %.3g", (double)c[0]);
}

/* What stands before the product is another layer's. */
const char *layer_activation(gt_arena *a, const gt_graph_layer *l) {
    char text[TEXT] = "";
    for (int i = 0; i < l->n_nodes; i++)
        if (l->nodes[i]->id >= l->main->id) activation_text(l, l->nodes[i], text);
    return gt_arena_printf(a, "%s", text);
}
