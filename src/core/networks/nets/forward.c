/* SPDX-License-Identifier: Apache-2.0
 * Networks that are written once. */
#include "networks/nets/door/forward.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "networks/nets/door/sequence.h"

gt_node *gt_forward_tensor(gt_forward *f, const char *layer, const char *tensor, gt_tensor t) {
    snprintf(f->layer, sizeof f->layer, "%s", layer);
    if (!f->declares) return gt_leaf(f->bound, layer, tensor);
    gt_declarer d = {f->declares, f->status};
    gt_declare(&d, t, layer, tensor);
    f->status = d.status;
    if (d.status) return NULL;
    const gt_tensor *made = &f->declares->tensors[f->declares->n_tensors - 1];
    return gt_input(f->graph, made->name, made->shape);
}

static gt_tensor weight_tensor(const gt_init *init, gt_shape shape, gt_layout layout, double fan_in, double fan_out) {
    gt_tensor t = {.file_shape = shape, .layout = layout, .trainable = true, .decays = true};
    switch (init->rule) {
    case GT_INIT_UNIFORM: t.init_bound = (float)(1 / sqrt(fan_in)); break;
    case GT_INIT_HE: t.init_std = (float)sqrt(2 / fan_in); break;
    case GT_INIT_HE_OUT: t.init_std = (float)sqrt(2 / fan_out); break;
    case GT_INIT_XAVIER: t.init_std = (float)sqrt(1 / fan_in); break;
    case GT_INIT_NORMAL: t.init_std = init->std; break;
    }
    return t;
}

/* The rule of the layer `name`. */
static gt_init init_of(gt_forward *f, const char *name) {
    gt_init init = f->init;
    for (int i = 0; f->inits && i < f->inits->n; i++) {
        if (fnmatch(f->inits->rows[i].pattern, name, 0)) continue;
        init = f->inits->rows[i].init;
        f->inits_used |= 1u << i;
    }
    return init;
}

static gt_node *bias_of(gt_forward *f, const char *name, int out, gt_init init, double fan_in) {
    gt_tensor t = {.file_shape = GT_SHAPE(out), .trainable = true};
    if (init.rule == GT_INIT_UNIFORM) t.init_bound = (float)(1 / sqrt(fan_in));
    return gt_forward_tensor(f, name, ".bias", t);
}

gt_node *gt_forward_conv(gt_forward *f, const char *name, gt_node *x, gt_forward_conv_shape s) {
    if (!x) return NULL;
    gt_scope_push(f->graph, "%s", name);
    int width = s.width ? s.width : s.size, pad_x = s.width ? s.pad_x : s.pad, groups = s.groups ? s.groups : 1;
    int64_t in = gt_dim(x, 3) / groups, window = (int64_t)s.size * width;
    double fan_in = (double)(in * window), fan_out = (double)(s.out / groups * window);
    gt_init init = init_of(f, name);
    gt_tensor weight = weight_tensor(&init, GT_SHAPE(s.out, in, s.size, width), GT_LAYOUT_OIHW, fan_in, fan_out);
    gt_conv_attr attr = {.stride = s.stride,
                         .pad_top = s.pad,
                         .pad_bottom = s.pad,
                         .pad_left = pad_x,
                         .pad_right = pad_x,
                         .groups = groups};
    x = gt_conv(f->graph, x, gt_forward_tensor(f, name, ".weight", weight), attr);
    if (!s.no_bias) x = gt_add(f->graph, x, bias_of(f, name, s.out, init, fan_in));
    gt_scope_pop(f->graph);
    return x;
}

/* [C,C,size,size]: channel i of the input goes to channel i alone, with the weights of a triangle around the middle. */
static float *bilinear_weights(gt_forward *f, int64_t channels, int size) {
    int64_t window = (int64_t)size * size;
    float *w = gt_arena_array(gt_graph_arena(f->graph), (size_t)(channels * channels * window), sizeof *w);
    float factor = (float)size / 2, middle = ((float)size - 1) / 2;
    for (int64_t i = 0; w && i < channels; i++)
        for (int64_t k = 0; k < window; k++) {
            float y = fabsf((float)(k / size) - middle), x = fabsf((float)(k % size) - middle);
            w[(i * channels + i) * window + k] = (1 - y / factor) * (1 - x / factor);
        }
    return w;
}

gt_node *gt_forward_upsample(gt_forward *f, const char *name, gt_node *x, int factor, int64_t height, int64_t width) {
    if (!x) return NULL;
    int size = 2 * factor, before = factor / 2;
    int64_t c = gt_dim(x, 3), below = factor * gt_dim(x, 1) - height, beside = factor * gt_dim(x, 2) - width;
    gt_scope_push(f->graph, "%s", name);
    gt_tensor weight = {.file_shape = GT_SHAPE(c, c, size, size),
                        .layout = GT_LAYOUT_OIHW,
                        .trainable = true,
                        .decays = true,
                        .init_values = f->declares ? bilinear_weights(f, c, size) : NULL};
    gt_conv_attr attr = {.stride = factor,
                         .pad_top = before,
                         .pad_bottom = before + (int)below,
                         .pad_left = before,
                         .pad_right = before + (int)beside};
    x = gt_conv_input_grad(f->graph, x, gt_forward_tensor(f, name, ".weight", weight), height, width, attr);
    gt_scope_pop(f->graph);
    return x;
}

/* ---- the convolutional form ---- */

static void note_window(const gt_forward *f, const gt_node *x) {
    gt_forward_windows *w = f->sees;
    bool pixels = x && gt_node_shape(x)->n == 4;
    if (w && w->n < GT_FORWARD_WINDOWS)
        w->size[w->n++] = (gt_forward_window){pixels ? gt_dim(x, 1) : 1, pixels ? gt_dim(x, 2) : 1};
}

static gt_forward_window next_window(gt_forward *f) { return f->convolves->size[f->window++]; }

/* The matrix [out,in] of the means over in's places floor(i in / out) .. ceil((i + 1) in / out) - 1. */
static gt_node *means(gt_forward *f, int64_t out, int64_t in) {
    float *m = gt_arena_array(gt_graph_arena(f->graph), (size_t)(out * in), sizeof *m);
    for (int64_t i = 0; m && i < out; i++) {
        int64_t begin = i * in / out, end = ((i + 1) * in + out - 1) / out;
        for (int64_t k = begin; k < end; k++) m[i * in + k] = 1.0f / (float)(end - begin);
    }
    if (!m) return NULL;
    return gt_constant(f->graph, gt_text_of("means of %lld in %lld", (long long)in, (long long)out).s,
                       GT_SHAPE(out, in), m);
}

/* Weights [n,size] of the means of an adaptive pooling -> [n,in], of what is pooled. */
static gt_node *unpooled(gt_forward *f, gt_node *rows, int64_t size, int64_t in) {
    return size == in ? rows : gt_matmul(f->graph, rows, means(f, size, in));
}

/* The stored weights [out,C h w] as [h,w,C,out]; of a pooled window as those of the window before the pooling. */
static gt_node *window_weights(gt_forward *f, gt_node *weight, int64_t c, gt_forward_window stored,
                               gt_forward_window seen) {
    gt_graph *g = f->graph;
    int64_t out = gt_dim(weight, 0), h = stored.height, w = stored.width;
    gt_node *x = unpooled(f, gt_reshape(g, weight, GT_SHAPE(out * c * h, w)), w, seen.width);
    x = gt_permute(g, gt_reshape(g, x, GT_SHAPE(out * c, h, seen.width)), (int[]){0, 2, 1});
    x = unpooled(f, gt_reshape(g, x, GT_SHAPE(out * c * seen.width, h)), h, seen.height);
    return gt_permute(g, gt_reshape(g, x, GT_SHAPE(out, c, seen.width, seen.height)), (int[]){3, 2, 1, 0});
}

static gt_node *convolve(gt_forward *f, const char *name, gt_node *x) {
    if (!x) return NULL;
    gt_forward_window stored = next_window(f), seen = f->pooled.height ? f->pooled : stored;
    f->pooled = (gt_forward_window){0};
    gt_scope_push(f->graph, "%s", name);
    gt_node *weight = gt_leaf(f->bound, name, ".weight");
    if (weight) weight = window_weights(f, weight, gt_dim(x, 3), stored, seen);
    x = gt_add(f->graph, gt_conv(f->graph, x, weight, (gt_conv_attr){0}), gt_leaf(f->bound, name, ".bias"));
    gt_scope_pop(f->graph);
    return x;
}

/* The mean over each window, by a convolution of each channel with equal weights. */
static gt_node *sliding_mean(gt_forward *f, gt_node *x) {
    gt_forward_window w = next_window(f);
    int64_t c = gt_dim(x, 3), n = w.height * w.width * c;
    float *values = gt_arena_array(gt_graph_arena(f->graph), (size_t)n, sizeof *values);
    for (int64_t i = 0; values && i < n; i++) values[i] = 1 / (float)(w.height * w.width);
    if (!values) return NULL;
    gt_node *equal = gt_constant(f->graph, "equal weights", GT_SHAPE(w.height, w.width, 1, c), values);
    return gt_conv(f->graph, x, equal, (gt_conv_attr){.groups = (int)c});
}

/* ---- */

gt_node *gt_forward_linear(gt_forward *f, const char *name, gt_node *x, int out) {
    if (f->convolves) return convolve(f, name, x);
    note_window(f, x);
    f->last_input = x = gt_flatten(f->graph, x);
    if (!x) return NULL;
    gt_scope_push(f->graph, "%s", name);
    int64_t in = gt_dim(x, 1);
    gt_init init = init_of(f, name);
    gt_tensor weight = weight_tensor(&init, GT_SHAPE(out, in), GT_LAYOUT_PLAIN, (double)in, out);
    gt_node *w = gt_forward_tensor(f, name, ".weight", weight), *b = bias_of(f, name, out, init, (double)in);
    x = gt_add(f->graph, gt_matmul(f->graph, x, w, .transpose_b = true), b);
    gt_scope_pop(f->graph);
    return x;
}

gt_node *gt_forward_norm(gt_forward *f, const char *name, gt_node *x) {
    if (!x) return NULL;
    gt_graph *g = f->graph;
    gt_shape shape = *gt_node_shape(x);
    bool rows = shape.n == 2;
    snprintf(f->layer, sizeof f->layer, "%s", name);
    if (f->declares) {
        if (f->without_norm && !f->status)
            f->status = gt_fail(GT_USAGE,
                                "--bn=none: this network needs its layer '%s'; to normalise each image alone, give "
                                "--norm=layer or --norm=group",
                                name);
        gt_declarer d = {f->declares, f->status};
        int channels = (int)shape.d[shape.n - 1];
        if (f->groups) gt_group_norm_declare(&d, name, channels);
        else gt_batch_norm_declare(&d, name, channels, true, 0);
        f->status = d.status;
        return x; /* of the same shape */
    }
    gt_scope_push(g, "%s", name);
    if (rows) x = gt_reshape(g, x, GT_SHAPE(shape.d[0], 1, 1, shape.d[1]));
    const gt_tensor *running = gt_net_find(f->bound.net, gt_text_of("%s.running_mean", name).s);
    bool by_samples = f->training && !(running && running->frozen);
    float epsilon = f->norm_epsilon > 0 ? f->norm_epsilon : 1e-5f;
    if (f->groups)
        x = gt_group_norm(f->bound, name, x, gt_group_norm_groups((int)shape.d[shape.n - 1], f->groups), epsilon);
    else x = gt_batch_norm(f->bound, name, x, by_samples ? f->norm : GT_NORM_RUNNING, epsilon);
    if (rows) x = gt_reshape(g, x, shape);
    gt_scope_pop(g);
    return x;
}

gt_node *gt_forward_dropout(gt_forward *f, const char *name, gt_node *x, float p) {
    if (f->declares && f->declares->n_tensors) f->declares->tensors[f->declares->n_tensors - 1].dropout = p;
    if (!x || !f->training || !(p > 0)) return x;
    gt_text stream = gt_text_of("dropout/%s", name);
    gt_shape shape = *gt_node_shape(x);
    return gt_drop(f->graph, x, f->draw ? f->draw(f, stream.s, shape) : gt_random_uniform_op(f->graph, stream.s, shape),
                   p);
}

gt_node *gt_forward_rectified(gt_forward *f, gt_node *x) {
    if (!x || !f->counts_active) return x;
    gt_node *active = gt_sum(f->graph, gt_greater(f->graph, x, 0), GT_AXIS(gt_node_shape(x)->n - 1) - 1);
    gt_output(f->graph, gt_text_of("active/%s", f->layer).s, active);
    return x;
}

gt_node *gt_forward_relu(gt_forward *f, gt_node *x) { return gt_forward_rectified(f, gt_leaky_relu(f->graph, x, 0)); }

gt_node *gt_forward_mean(gt_forward *f, gt_node *x) {
    if (!x) return NULL;
    if (f->convolves) return sliding_mean(f, x);
    note_window(f, x);
    return gt_reshape(f->graph, gt_mean(f->graph, x, GT_AXIS(1) | GT_AXIS(2)), GT_SHAPE(gt_dim(x, 0), gt_dim(x, 3)));
}

gt_node *gt_forward_average_pool(gt_forward *f, gt_node *x, gt_max_pool_attr window, bool count_pad) {
    float taps[GT_MAX_FILTER_TAPS * GT_MAX_FILTER_TAPS];
    gt_pool_axis rows = gt_max_pool_axis(&window, 1), columns = gt_max_pool_axis(&window, 2);
    if (!x || rows.size > GT_MAX_FILTER_TAPS || columns.size > GT_MAX_FILTER_TAPS) return NULL;
    gt_graph *g = f->graph;
    bool square = rows.size == columns.size; /* the same means along both axes, one after the other */
    int n = square ? rows.size : rows.size * columns.size;
    for (int i = 0; i < n; i++) taps[i] = 1.0f / (float)n;
    gt_filter mean = {square ? 0 : rows.size, columns.size, taps};
    gt_upfirdn_attr attr = {.down_x = columns.stride,
                            .down_y = rows.stride,
                            .pad_x0 = columns.pad,
                            .pad_x1 = columns.pad,
                            .pad_y0 = rows.pad,
                            .pad_y1 = rows.pad};
    gt_node *sums = gt_upfirdn(g, x, mean, attr);
    if (count_pad || (!rows.pad && !columns.pad) || !sums) return sums;
    /* over the part of the window that lies in the image */
    gt_node *inside = gt_upfirdn(g, gt_broadcast(g, gt_scalar(g, 1), GT_SHAPE(1, gt_dim(x, 1), gt_dim(x, 2), 1)), mean,
                                 attr);
    return gt_div(g, sums, inside);
}

gt_node *gt_forward_adaptive_pool(gt_forward *f, gt_node *x, int size) {
    gt_graph *g = f->graph;
    if (x && f->convolves) {
        f->pooled = next_window(f);
        return x;
    }
    note_window(f, x);
    for (int axis = 1; axis <= 2 && x; axis++) {
        gt_shape s = *gt_node_shape(x);
        if (s.d[axis] == size) continue;
        const int last[] = {0, 3 - axis, 3, axis}; /* that axis comes last, and goes back */
        const int back[] = {0, axis == 1 ? 3 : 1, axis == 1 ? 1 : 3, 2};
        gt_node *rows = gt_reshape(g, gt_permute(g, x, last), GT_SHAPE(s.d[0] * s.d[3 - axis] * s.d[3], s.d[axis]));
        rows = gt_matmul(g, rows, means(f, size, s.d[axis]), .transpose_b = true);
        x = gt_permute(g, gt_reshape(g, rows, GT_SHAPE(s.d[0], s.d[3 - axis], s.d[3], size)), back);
    }
    return x;
}

/* Names of layers with weights, as many as there is room for. */
static void list_layers(const gt_net *net, char *text, size_t bytes) {
    size_t at = 0;
    for (int i = 0; i < net->n_tensors && at < bytes; i++) {
        const gt_tensor *t = &net->tensors[i];
        if (t->decays)
            at += (size_t)snprintf(text + at, bytes - at, "%s%.*s", at ? ", " : "",
                                   (int)(strlen(t->name) - strlen(".weight")), t->name);
    }
    if (at >= bytes) strcpy(text + bytes - 4, "...");
}

/* Every row of the rules has fitted a layer. */
static gt_status check_inits(const gt_forward *f) {
    char layers[400] = "";
    for (int i = 0; f->inits && i < f->inits->n; i++) {
        if (f->inits_used >> i & 1) continue;
        list_layers(f->declares, layers, sizeof layers);
        return gt_fail(GT_USAGE, "--init: no layer is called '%s'; the layers with weights are: %s",
                       f->inits->rows[i].pattern, layers);
    }
    return GT_OK;
}

gt_net *gt_forward_declare(const char *name, gt_forward_pass pass, const void *arg, int height, int width,
                           int channels) {
    gt_graph *g = gt_graph_new(name, NULL);
    gt_net *net = g ? gt_net_new(name) : NULL;
    gt_forward f = {.graph = g, .declares = net, .status = net ? GT_OK : GT_NOMEM};
    if (net) {
        pass(&f, gt_input(g, "images", GT_SHAPE(1, height, width, channels)), arg);
        if (!f.status) f.status = gt_graph_status(g);
        if (!f.status) f.status = check_inits(&f);
        if (!f.status) f.status = gt_net_seal(net);
    }
    gt_graph_free(g);
    if (!f.status) return net;
    gt_net_free(net);
    return NULL;
}
