/* SPDX-License-Identifier: Apache-2.0
 * Max pooling. Two ops, both linear in their second input v, and each the adjoint of the other there; x says in which
 * pixel of each window the maximum is:
 *
 *   max_pool_pick(x, v)      [N,P,Q,C]: v at the maximum of x in each window
 *   max_pool_spread(x, v)    of x's shape: v [N,P,Q,C] added to the pixel of the maximum of each window
 *
 * The pooled picture is pick(x, x). Of equal values the first in the window (rows, then columns) is the maximum, as in
 * PyTorch; a NaN is larger than any number. */
#include <string.h>

#include "base/clones.h"
#include "base/numbers.h"
#include "gantry/ops.h"
#include "graph/op.h"
#include "graph/ops/op_list.h"

enum { CHANNELS = 64 /* of a tile: a window's maxima and their places stay in registers and the first-level cache */ };

static int64_t pooled(const gt_max_pool_attr *a, int64_t size) {
    int64_t room = size + 2 * a->pad - a->size;
    if (room < 0) return 0;
    int64_t n = room / a->stride + 1;
    if (a->ceil && room % a->stride && n * a->stride < size + a->pad) n++; /* a window that begins inside */
    return n;
}

static gt_status check(const gt_node *n, gt_shape *out) {
    const gt_max_pool_attr *a = n->attr;
    const gt_shape *x = &n->in[0]->shape;
    if (x->n != 4) return gt_fail(GT_USAGE, "%s needs images [N,H,W,C], not %d dimensions", n->op->name, x->n);
    if (a->size < 1 || a->stride < 1 || a->pad < 0 || 2 * a->pad > a->size)
        return gt_fail(GT_USAGE, "%s: windows of %d with stride %d and padding %d", n->op->name, a->size, a->stride,
                       a->pad);
    *out = GT_SHAPE(x->d[0], pooled(a, x->d[1]), pooled(a, x->d[2]), x->d[3]);
    if (gt_shape_size(x) / gt_largest(1, x->d[0]) > INT32_MAX)
        return gt_fail(GT_USAGE, "%s: images of more than 2^31 values", n->op->name);
    if (out->d[1] < 1 || out->d[2] < 1)
        return gt_fail(GT_USAGE, "%s: a window of %d does not fit into %lldx%lld pixels", n->op->name, a->size,
                       (long long)x->d[1], (long long)x->d[2]);
    return GT_OK;
}

static gt_status check_values(const gt_node *n, const gt_shape *needed) {
    char has[96], needs[96];
    if (gt_shape_equal(&n->in[1]->shape, needed)) return GT_OK;
    return gt_fail(GT_USAGE, "%s: values of shape %s instead of %s", n->op->name, gt_shape_text(&n->in[1]->shape, has),
                   gt_shape_text(needed, needs));
}

static gt_status pick_shape(gt_node *n) {
    gt_status st = check(n, &n->shape);
    return st ? st : check_values(n, &n->in[0]->shape);
}

static gt_status spread_shape(gt_node *n) {
    gt_shape of_values;
    gt_status st = check(n, &of_values);
    n->shape = n->in[0]->shape;
    return st ? st : check_values(n, &of_values);
}

static gt_node *make(gt_graph *g, const gt_op *op, gt_node *x, gt_node *v, const gt_max_pool_attr *a) {
    return gt_node_new(g, op, 2, (gt_node *[]){x, v}, a, sizeof *a);
}

static void vjp(gt_graph *g, gt_node *y, gt_node *dy, const bool *need, gt_node **dx) {
    const gt_op *adjoint = y->op == &gt_op_max_pool_pick ? &gt_op_max_pool_spread : &gt_op_max_pool_pick;
    if (need[0]) dx[0] = &gt_zero_derivative;
    if (need[1]) dx[1] = make(g, adjoint, y->in[0], dy, y->attr);
}

gt_node *gt_max_pool_with(gt_graph *g, gt_node *x, gt_max_pool_attr a) {
    if (!a.stride) a.stride = a.size;
    return make(g, &gt_op_max_pool_pick, x, x, &a);
}

/* ---- running: a tile is an image's channels first .. first+n-1 ---- */

/* The taps of a window that lie in the image. */
typedef struct window {
    int64_t y0, y1, x0, x1;
} window;

typedef struct tile {
    const gt_max_pool_attr *a;
    int64_t h, w, c, p, q; /* of the images, and of the pooled ones */
    int64_t pixel, place;  /* floats before the tile in images, and in pooled images */
    int n;                 /* channels */
} tile;

static tile tile_of(const gt_run *r, int index) {
    const int64_t *x = r->node->in[0]->shape.d;
    const gt_max_pool_attr *a = r->node->attr;
    tile t = {.a = a, .h = x[1], .w = x[2], .c = x[3], .p = pooled(a, x[1]), .q = pooled(a, x[2])};
    int64_t tiles = (t.c + CHANNELS - 1) / CHANNELS, image = index / tiles, first = index % tiles * CHANNELS;
    t.n = (int)gt_least(CHANNELS, t.c - first);
    t.pixel = image * t.h * t.w * t.c + first;
    t.place = image * t.p * t.q * t.c + first;
    return t;
}

static window window_at(const tile *t, int64_t p, int64_t q) {
    int64_t y = p * t->a->stride - t->a->pad, x = q * t->a->stride - t->a->pad;
    return (window){gt_largest(y, 0), gt_least(y + t->a->size, t->h), gt_largest(x, 0), gt_least(x + t->a->size, t->w)};
}

/* The place in x of each channel's maximum, as the number of floats from x. */
GT_CLONES static void find(const float *x, const window *win, int64_t line, int64_t step, int n, int32_t *where) {
    float best[CHANNELS];
    int32_t first = (int32_t)(win->y0 * line + win->x0 * step);
    for (int i = 0; i < n; i++) best[i] = x[first + i], where[i] = first;
    for (int64_t y = win->y0; y < win->y1; y++)
        for (int64_t k = win->x0; k < win->x1; k++) {
            int32_t at = (int32_t)(y * line + k * step);
            const float *from = x + at;
            for (int i = 0; i < n; i++) {
                bool larger = (from[i] > best[i]) | (from[i] != from[i]);
                best[i] = larger ? from[i] : best[i];
                where[i] = larger ? at : where[i];
            }
        }
}

/* The maxima themselves. */
GT_CLONES static void largest(const float *x, const window *win, int64_t line, int64_t step, int n, float *to) {
    float best[CHANNELS];
    memcpy(best, x + win->y0 * line + win->x0 * step, (size_t)n * sizeof *best);
    for (int64_t y = win->y0; y < win->y1; y++)
        for (int64_t k = win->x0; k < win->x1; k++) {
            const float *from = x + y * line + k * step;
            for (int i = 0; i < n; i++) best[i] = (from[i] > best[i]) | (from[i] != from[i]) ? from[i] : best[i];
        }
    memcpy(to, best, (size_t)n * sizeof *best);
}

static void pick_tile(void *arg, int index, int worker) {
    (void)worker;
    const gt_run *r = arg;
    tile t = tile_of(r, index);
    const float *x = r->in[0] + t.pixel, *v = r->in[1] + t.pixel;
    float *to = r->out + t.place;
    for (int64_t p = 0; p < t.p; p++)
        for (int64_t q = 0; q < t.q; q++, to += t.c) {
            window win = window_at(&t, p, q);
            if (x == v) {
                largest(x, &win, t.w * t.c, t.c, t.n, to);
                continue;
            }
            int32_t where[CHANNELS];
            find(x, &win, t.w * t.c, t.c, t.n, where);
            for (int i = 0; i < t.n; i++) to[i] = v[where[i] + i];
        }
}

static void spread_tile(void *arg, int index, int worker) {
    (void)worker;
    const gt_run *r = arg;
    tile t = tile_of(r, index);
    const float *x = r->in[0] + t.pixel, *v = r->in[1] + t.place;
    float *to = r->out + t.pixel;
    for (int64_t k = 0; k < t.h * t.w; k++) memset(to + k * t.c, 0, (size_t)t.n * sizeof *to);
    for (int64_t p = 0; p < t.p; p++)
        for (int64_t q = 0; q < t.q; q++, v += t.c) {
            window win = window_at(&t, p, q);
            int32_t where[CHANNELS];
            find(x, &win, t.w * t.c, t.c, t.n, where);
            for (int i = 0; i < t.n; i++) to[where[i] + i] += v[i];
        }
}

static int tiles(const gt_run *r) {
    const int64_t *x = r->node->in[0]->shape.d;
    return (int)(x[0] * ((x[3] + CHANNELS - 1) / CHANNELS));
}

static void pick_run(const gt_run *r) { gt_pool_run(r->pool, tiles(r), pick_tile, (void *)r); }
static void spread_run(const gt_run *r) { gt_pool_run(r->pool, tiles(r), spread_tile, (void *)r); }

const gt_op gt_op_max_pool_pick = {
    .name = "max_pool_pick", .rows = 3, .min_in = 2, .max_in = 2, .shape = pick_shape, .vjp = vjp, .run = pick_run};
const gt_op gt_op_max_pool_spread = {.name = "max_pool_spread",
                                     .rows = 3,
                                     .min_in = 2,
                                     .max_in = 2,
                                     .shape = spread_shape,
                                     .vjp = vjp,
                                     .run = spread_run};
