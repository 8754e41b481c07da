/* SPDX-License-Identifier: Apache-2.0
 * FIR resampling of images by filters that the graph knows (docs/mathematics/stylegan2-ada.md#fir-resampling). */
#include <math.h>
#include <string.h>

#include "graph/door/ops.h"
#include "graph/door/nodes.h"
#include "kernels/door/fir.h"

enum { MAX_TAPS = 64 }; /* along one axis */

static size_t tap_count(int nx, int ny, bool separable) {
    return separable ? (size_t)nx + (size_t)ny : (size_t)nx * (size_t)ny;
}

static size_t attr_bytes(const gt_fir_attr *a) {
    return sizeof *a + sizeof(float) * tap_count(a->nx, a->ny, a->separable);
}

static gt_fir_attr *attr_new(gt_graph *g, const gt_fir_attr *like) {
    gt_fir_attr *a = gt_arena_alloc(gt_graph_arena(g), attr_bytes(like));
    if (a) *a = *like;
    return a;
}

static gt_fir fir_of(const gt_node *n) {
    const gt_fir_attr *a = n->attr;
    const int64_t *in = n->in[0]->shape.d;
    gt_fir f = {.channels = in[3], .separable = a->separable, .taps_x = a->taps, .taps_y = a->taps + a->nx};
    f.x = (gt_fir_axis){
        in[2], (in[2] * a->up_x + a->pad_x0 + a->pad_x1 - a->nx) / a->down_x + 1, a->up_x, a->down_x, a->pad_x0, a->nx};
    f.y = (gt_fir_axis){
        in[1], (in[1] * a->up_y + a->pad_y0 + a->pad_y1 - a->ny) / a->down_y + 1, a->up_y, a->down_y, a->pad_y0, a->ny};
    return f;
}

static gt_status shape(gt_node *n) {
    const gt_fir_attr *a = n->attr;
    const gt_shape *s = &n->in[0]->shape;
    if (gt_check_images(n)) return GT_USAGE;
    if (s->d[2] * a->up_x + a->pad_x0 + a->pad_x1 < a->nx || s->d[1] * a->up_y + a->pad_y0 + a->pad_y1 < a->ny)
        return gt_fail(
            GT_USAGE,
            "upfirdn: a filter of %dx%d taps does not fit into %lldx%lld samples, upsampled by %d,%d and padded", a->ny,
            a->nx, (long long)s->d[1], (long long)s->d[2], a->up_y, a->up_x);
    gt_fir f = fir_of(n);
    n->shape = GT_SHAPE(s->d[0], f.y.out, f.x.out, s->d[3]);
    return GT_OK;
}

/* The adjoint is the same operator with up and down exchanged and the taps reversed (paddings:
 * docs/mathematics/stylegan2-ada.md#fir-resampling). */
static void vjp(gt_graph *g, gt_node *y, gt_node *dy, const bool *need, gt_node **dx) {
    (void)need;
    const gt_fir_attr *a = y->attr;
    gt_fir f = fir_of(y);
    gt_fir_attr like = {a->down_x,
                        a->down_y,
                        a->up_x,
                        a->up_y,
                        a->nx - a->pad_x0 - 1,
                        (int32_t)(f.x.in * a->up_x - f.x.out * a->down_x) + a->pad_x0 - a->up_x + 1,
                        a->ny - a->pad_y0 - 1,
                        (int32_t)(f.y.in * a->up_y - f.y.out * a->down_y) + a->pad_y0 - a->up_y + 1,
                        a->nx,
                        a->ny,
                        a->separable};
    gt_fir_attr *b = attr_new(g, &like);
    if (!b) {
        dx[0] = gt_graph_fault(g, "out of memory");
        return;
    }
    if (a->separable) {
        for (int i = 0; i < a->nx; i++) b->taps[i] = a->taps[a->nx - 1 - i];
        for (int i = 0; i < a->ny; i++) b->taps[a->nx + i] = a->taps[a->nx + a->ny - 1 - i];
    } else {
        for (int i = 0; i < a->nx * a->ny; i++) b->taps[i] = a->taps[a->nx * a->ny - 1 - i];
    }
    dx[0] = gt_node_new(g, y->op, 1, &dy, b, attr_bytes(b));
}

static void run(const gt_run *r) {
    gt_fir f = fir_of(r->node);
    gt_fir_images(&f, r->pool, r->node->shape.d[0], r->in[0], r->out, r->workspace);
}

static size_t workspace(const gt_node *n, int threads) {
    gt_fir f = fir_of(n);
    return gt_fir_workspace(&f, threads);
}

static void cost(const gt_node *n, double *flops, double *bytes) {
    gt_fir f = fir_of(n);
    (void)bytes;
    *flops = gt_fir_flops(&f) * (double)n->shape.d[0];
}

static const char *kernel(const gt_node *n) {
    return ((const gt_fir_attr *)n->attr)->separable ? "fir separable" : "fir 2-D";
}

const gt_op gt_op_upfirdn = {.name = "upfirdn",
                             .rows = 1,
                             .min_in = 1,
                             .shape = shape,
                             .vjp = vjp,
                             .run = run,
                             .workspace = workspace,
                             .cost = cost,
                             .kernel = kernel};

/* Is f (ny x nx) the outer product of a column and a row, up to the rounding of its taps? Then taps gets row and
 * column. */
static bool factorise(const float *f, int nx, int ny, float *taps) {
    int peak = 0;
    for (int i = 1; i < nx * ny; i++)
        if (fabsf(f[i]) > fabsf(f[peak])) peak = i;
    const float *row = f + peak / nx * nx, *column = f + peak % nx;
    double total = 0, size = 0;
    for (int i = 0; i < nx; i++) total += row[i], size += fabsf(row[i]);
    /* a row that sums to one makes round numbers: 1/8 3/8 3/8 1/8 */
    double scale = fabs(total) > 0.1 * size ? total : 1;
    for (int i = 0; i < nx; i++) taps[i] = (float)(row[i] / scale);
    for (int j = 0; j < ny; j++) taps[nx + j] = f[peak] != 0 ? (float)(column[j * nx] / (double)f[peak] * scale) : 0;
    for (int j = 0; j < ny; j++)
        for (int i = 0; i < nx; i++)
            if (fabs((double)taps[i] * taps[nx + j] - f[j * nx + i]) > 2e-7 * fabsf(f[peak])) return false;
    return true;
}

static void reverse(float *v, int n) {
    for (int i = 0; i < n / 2; i++) {
        float t = v[i];
        v[i] = v[n - 1 - i];
        v[n - 1 - i] = t;
    }
}

gt_node *gt_upfirdn(gt_graph *g, gt_node *x, gt_filter f, gt_upfirdn_attr attr) {
    if (!x) return NULL;
    int nx = f.fw, ny = f.fh ? f.fh : f.fw;
    if (!f.taps || nx < 1 || ny < 1 || nx > MAX_TAPS || ny > MAX_TAPS)
        return gt_graph_fault(g, "upfirdn: a filter of %dx%d taps: must be 1 to %d along each axis", ny, nx, MAX_TAPS);
    int32_t *steps[] = {&attr.up_x, &attr.up_y, &attr.down_x, &attr.down_y};
    for (int i = 0; i < 4; i++) {
        if (*steps[i] == 0) *steps[i] = 1;
        if (*steps[i] < 1) return gt_graph_fault(g, "upfirdn: a sampling factor of %d: must be at least 1", *steps[i]);
    }
    float both[2 * MAX_TAPS];
    bool separable = f.fh == 0;
    if (separable) {
        memcpy(both, f.taps, sizeof(float) * (size_t)nx);
        memcpy(both + nx, f.taps, sizeof(float) * (size_t)nx);
    } else {
        separable = factorise(f.taps, nx, ny, both);
    }
    gt_fir_attr like = {attr.up_x,   attr.up_y,   attr.down_x, attr.down_y, attr.pad_x0, attr.pad_x1,
                        attr.pad_y0, attr.pad_y1, nx,          ny,          separable};
    gt_fir_attr *a = attr_new(g, &like);
    if (!a) return gt_graph_fault(g, "out of memory");
    size_t n = tap_count(nx, ny, separable), gained = separable ? (size_t)nx : n;
    memcpy(a->taps, separable ? both : f.taps, sizeof(float) * n);
    for (size_t i = 0; i < gained; i++) a->taps[i] *= attr.gain != 0 ? attr.gain : 1;
    if (!attr.flip) { /* a convolution is a correlation with reversed taps */
        reverse(a->taps, (int)gained);
        if (separable) reverse(a->taps + nx, ny);
    }
    return gt_node_new(g, &gt_op_upfirdn, 1, &x, a, attr_bytes(a));
}

gt_filter gt_filter_setup(gt_arena *arena, const float *taps, int n_taps_x, int n_taps_y, bool normalize, bool flip,
                          float gain, bool force_2d) {
    static const float identity[] = {1};
    if (!taps || n_taps_x < 1) taps = identity, n_taps_x = 1, n_taps_y = 0;
    bool one_d = n_taps_y < 0 || (n_taps_y == 0 && n_taps_x >= 8 && !force_2d), outer = !one_d && n_taps_y == 0;
    int nx = n_taps_x, ny = one_d ? 1 : outer ? nx : n_taps_y;
    float *out = gt_arena_array(arena, (size_t)nx * (size_t)ny, sizeof *out);
    if (!out) return (gt_filter){0};
    double total = 0, factor = one_d ? sqrt(gain) : gain;
    for (int j = 0; j < ny; j++)
        for (int i = 0; i < nx; i++) total += outer ? (double)taps[j] * taps[i] : taps[j * nx + i];
    if (normalize) factor /= total;
    for (int j = 0; j < ny; j++)
        for (int i = 0; i < nx; i++)
            out[j * nx + i] = (float)(factor * (outer ? (double)taps[j] * taps[i] : taps[j * nx + i]));
    if (flip) reverse(out, nx * ny);
    return (gt_filter){one_d ? 0 : ny, nx, out};
}

static int floor_half(int n) { return (n - (n < 0)) / 2; }

void gt_add_resampling_pads(gt_upfirdn_attr *a, gt_filter f, int up, int down) {
    int32_t *pads[2][2] = {{&a->pad_x0, &a->pad_x1}, {&a->pad_y0, &a->pad_y1}};
    for (int axis = 0; axis < 2; axis++) {
        int n = axis && f.fh ? f.fh : f.fw;
        if (up) *pads[axis][0] += (n + up - 1) / 2, *pads[axis][1] += floor_half(n - up);
        if (down) *pads[axis][0] += floor_half(n - down + 1), *pads[axis][1] += floor_half(n - down);
    }
}

gt_node *gt_upsample2d(gt_graph *g, gt_node *x, gt_filter f, int up) {
    gt_upfirdn_attr a = {.up_x = up, .up_y = up, .gain = (float)up * (float)up};
    gt_add_resampling_pads(&a, f, up, 0);
    return gt_upfirdn(g, x, f, a);
}

gt_node *gt_downsample2d(gt_graph *g, gt_node *x, gt_filter f, int down) {
    gt_upfirdn_attr a = {.down_x = down, .down_y = down};
    gt_add_resampling_pads(&a, f, 0, down);
    return gt_upfirdn(g, x, f, a);
}
