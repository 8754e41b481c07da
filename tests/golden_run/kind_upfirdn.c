/* SPDX-License-Identifier: Apache-2.0
 * upfirdn2d: single operators - filters, resampling, resampling convolution, activations. */
#include <math.h>
#include <string.h>

#include "graph/door/ops.h"
#include "golden.h"
#include "networks/nets/door/layers.h"

/* The prepared filter of a case, or the identity. */
static gt_filter filter_of(gold *f, const char *name) {
    static const float one = 1;
    const char *path = gold_path(f, "%s/in/f", name);
    if (!gold_has(f, path)) return (gt_filter){1, 1, &one};
    gt_shape s;
    float *taps = gold_read(f, path, GOLD_PLAIN, &s);
    return s.n == 2 ? (gt_filter){(int)s.d[0], (int)s.d[1], taps} : (gt_filter){0, (int)s.d[0], taps};
}

static void setup_filter(gold *f, const char *name, json_t *c) {
    gt_shape s;
    const float *taps = gold_read(f, gold_path(f, "%s/in/f", name), GOLD_PLAIN, &s);
    if (!taps) return;
    json_t *normalize = gold_get(c, "normalize"), *separable = gold_get(c, "separable");
    bool flip = json_is_true(gold_get(c, "flip_filter"));
    int nx = s.n ? (int)s.d[s.n - 1] : 1, ny = s.n == 2 ? (int)s.d[0] : 0;
    double gain = gold_number(c, "gain", 1);
    /* Asked to stay separable with few taps: the same taps as a filter of one row, whose gain acts on one axis only. */
    if (separable && json_is_true(separable) && ny == 0) ny = 1, gain = sqrt(gain);
    gt_filter out = gt_filter_setup(f->arena, taps, nx, ny, !normalize || json_is_true(normalize), flip, (float)gain,
                                    false);
    gold_check(f, gold_path(f, "%s/out/f", name), GOLD_PLAIN, out.taps, (size_t)(out.fw * (out.fh ? out.fh : 1)), 0);
}

/* A number for both axes or a list; x first. */
static void numbers(json_t *j, int n, int32_t *out) {
    for (int i = 0; i < n; i++)
        out[i] = (int32_t)json_integer_value(json_is_array(j) ? json_array_get(j, (size_t)i) : j);
}

/* x/y order up, down; pads x0 x1 y0 y1 (two numbers: x, y). */
static gt_upfirdn_attr attributes(json_t *c) {
    int32_t up[2] = {1, 1}, down[2] = {1, 1}, pad[4] = {0};
    if (gold_get(c, "up")) numbers(gold_get(c, "up"), 2, up);
    if (gold_get(c, "down")) numbers(gold_get(c, "down"), 2, down);
    json_t *p = gold_get(c, "padding");
    if (p && json_is_array(p) && json_array_size(p) == 2) {
        pad[0] = pad[1] = (int32_t)json_integer_value(json_array_get(p, 0));
        pad[2] = pad[3] = (int32_t)json_integer_value(json_array_get(p, 1));
    } else if (p) {
        numbers(p, 4, pad);
    }
    return (gt_upfirdn_attr){.up_x = up[0],
                             .up_y = up[1],
                             .down_x = down[0],
                             .down_y = down[1],
                             .pad_x0 = pad[0],
                             .pad_x1 = pad[1],
                             .pad_y0 = pad[2],
                             .pad_y1 = pad[3],
                             .flip = json_is_true(gold_get(c, "flip_filter")),
                             .gain = (float)gold_number(c, "gain", 1)};
}

/* Spec 1.3: what the helpers add to the user's padding. */
static void wrapper_pads(const char *op, gt_filter f, gt_upfirdn_attr *a) {
    int nx = f.fw, ny = f.fh ? f.fh : f.fw;
    if (!strcmp(op, "upsample2d")) {
        a->pad_x0 += (nx + a->up_x - 1) / 2, a->pad_x1 += (nx - a->up_x) / 2;
        a->pad_y0 += (ny + a->up_y - 1) / 2, a->pad_y1 += (ny - a->up_y) / 2;
        a->gain *= (float)(a->up_x * a->up_y);
    } else if (!strcmp(op, "downsample2d")) {
        a->pad_x0 += (nx - a->down_x + 1) / 2, a->pad_x1 += (nx - a->down_x) / 2;
        a->pad_y0 += (ny - a->down_y + 1) / 2, a->pad_y1 += (ny - a->down_y) / 2;
    } else {
        a->pad_x0 += nx / 2, a->pad_x1 += (nx - 1) / 2;
        a->pad_y0 += ny / 2, a->pad_y1 += (ny - 1) / 2;
    }
}

/* The helper itself where the case is one that it covers, its definition elsewhere. */
static gt_node *wrapped(gt_graph *g, gt_node *x, const char *op, gt_filter f, gt_upfirdn_attr a) {
    bool plain = !a.pad_x0 && !a.pad_x1 && !a.pad_y0 && !a.pad_y1 && !a.flip && a.gain == 1;
    if (plain && a.up_x == a.up_y && !strcmp(op, "upsample2d")) return gt_upsample2d(g, x, f, a.up_x);
    if (plain && a.down_x == a.down_y && !strcmp(op, "downsample2d")) return gt_downsample2d(g, x, f, a.down_x);
    wrapper_pads(op, f, &a);
    return gt_upfirdn(g, x, f, a);
}

static void resampling(gold *f, const char *name, json_t *c, const char *op) {
    gold_graph *g = gold_graph_new(f);
    gt_graph *n = gold_nodes(g);
    gt_node *x = gold_in(g, gold_path(f, "%s/in/x", name), GOLD_IMAGE),
            *v = gold_in(g, gold_path(f, "%s/in/v", name), GOLD_IMAGE), *y, *w = NULL;
    gt_filter filter = filter_of(f, name);
    if (!strcmp(op, "conv2d_resample")) {
        gt_resample r = {.up = gold_int(c, "up", 1),
                         .down = gold_int(c, "down", 1),
                         .pad = gold_int(c, "padding", 0),
                         .groups = gold_int(c, "groups", 1),
                         .convolution = !json_is_true(gold_get(c, "flip_weight")),
                         .flip_filter = json_is_true(gold_get(c, "flip_filter"))};
        w = gold_in(g, gold_path(f, "%s/in/w", name), GOLD_WEIGHT);
        y = gt_conv2d_resample(n, x, w, filter, r);
    } else {
        gt_upfirdn_attr a = attributes(c);
        y = strcmp(op, "upfirdn2d") ? wrapped(n, x, op, filter, a) : gt_upfirdn(n, x, filter, a);
    }
    gold_out(g, y, gold_path(f, "%s/out/y", name), GOLD_IMAGE);
    gold_grad(g, y, v, x, gold_path(f, "%s/grad/x", name), GOLD_IMAGE);
    if (w) gold_grad(g, y, v, w, gold_path(f, "%s/grad/w", name), GOLD_WEIGHT);
    gold_run(g);
    gold_graph_free(g);
}

static void bias_act(gold *f, const char *name, json_t *c) {
    gold_graph *g = gold_graph_new(f);
    gt_graph *n = gold_nodes(g);
    const char *b_path = gold_path(f, "%s/in/b", name);
    gt_node *x = gold_in(g, gold_path(f, "%s/in/x", name), GOLD_IMAGE),
            *b = gold_has(f, b_path) ? gold_in(g, b_path, GOLD_PLAIN) : NULL;
    gt_node *v = gold_in(g, gold_path(f, "%s/in/v", name), GOLD_IMAGE),
            *u = gold_in(g, gold_path(f, "%s/in/u", name), GOLD_IMAGE);
    gt_node *y = gt_bias_act(n, x, b, gold_text(c, "act", "linear"), (float)gold_number(c, "alpha", -1),
                             (float)gold_number(c, "gain", 0), (float)gold_number(c, "clamp", -1));
    gt_node *dx = NULL;
    gold_out(g, y, gold_path(f, "%s/out/y", name), GOLD_IMAGE);
    if (y) gt_grad(n, 1, &y, &v, 1, &x, &dx);
    gold_out(g, dx, gold_path(f, "%s/grad/x", name), GOLD_IMAGE);
    if (b) gold_grad(g, y, v, b, gold_path(f, "%s/grad/b", name), GOLD_PLAIN);
    gold_grad(g, dx, u, x, gold_path(f, "%s/grad2/x", name), GOLD_IMAGE);
    gold_run(g);
    gold_graph_free(g);
}

void gold_upfirdn(gold *f) {
    f->cap = 2e-6; /* single operators */
    const char *name;
    json_t *c;
    json_object_foreach(gold_get(f->config, "cases"), name, c) {
        if (!strncmp(name, "setup_filter/", 13)) setup_filter(f, name, c);
        else if (!strncmp(name, "bias_act/", 9)) bias_act(f, name, c);
        else resampling(f, name, c, gold_text(c, "op", ""));
    }
}
