/* SPDX-License-Identifier: Apache-2.0
 * Sums over axes. The order of additions is a function of the shape alone: the reduced positions are cut into parts,
 * each part is added up in float64 (rows in 16 lanes), and parts are added in their order. So neither threads nor
 * instructions change a bit, and a sum over a million elements is as good as a float32 can hold.
 *
 *   y[kept] = sum over the reduced positions of x[kept, reduced]
 *
 * Neighbouring dimensions of one kind are merged to runs, so kinds alternate: ... kept, reduced, kept, reduced. The
 * innermost run decides which of two forms a sum has:
 *
 *   rows: the innermost run is reduced             columns: the innermost run is kept
 *
 *            |<------- run ------->|                         |<- piece 0 ->|<- piece 1 ->|
 *            +---------------------+                         +-------------+-------------+
 *     part 0 | x x x x x x x x x x | -+               part 0 |   a unit    |             |
 *            | x x x x x x x x x x |  |                      | x x x x x x |             |
 *            +---------------------+  +--> y                 +-------------+-------------+
 *     part 1 | x x x x x x x x x x |  |               part 1 | x x x x x x |             |
 *            | x x x x x x x x x x | -+                      | x x x x x x |             |
 *            +---------------------+                         +-------------+-------------+
 *                                                              y y y y y y
 *
 * A line of the drawing is a reduced position: of the reduced runs outside the innermost run. A row longer than UNIT is
 * cut into pieces of `width` elements, each of which is a reduced position of its own. A piece of columns has `width`
 * columns. The drawing is of one kept position `outer`: of the kept runs outside the innermost run. All in all,
 *
 *   number of a unit = (outer * pieces + piece) * parts + part
 *
 * If there is more than one part, units write float64 sums to partial[outer][pieces][parts][width] (rows: one number
 * instead of `width`), and add_parts() adds the parts in their order. Tiles of the pool are runs of units.
 *
 * exec.c runs sum_run() for the nodes that gt_sum(), gt_mean() and gt_sum_to() make. */
#include <string.h>

#include "base/door/clones.h"
#include "base/door/numbers.h"
#include "base/door/pool.h"
#include "graph/door/ops.h"
#include "graph/door/nodes.h"
#include "graph/ops/joined.h"

/* ---- builders ---- */

static unsigned all_axes(const gt_shape *s) { return s->n ? (1u << s->n) - 1 : 0; }

gt_node *gt_sum(gt_graph *g, gt_node *x, unsigned axes) {
    if (x && axes == GT_ALL_AXES) { /* to a scalar */
        gt_node *s = gt_sum(g, x, all_axes(&x->shape));
        return x->shape.n ? gt_reshape(g, s, GT_SCALAR) : s;
    }
    if (x && axes == 0) return x;
    return gt_node_new(g, &gt_op_sum, 1, &x, &(gt_sum_attr){axes}, sizeof(gt_sum_attr));
}

gt_node *gt_mean(gt_graph *g, gt_node *x, unsigned axes) {
    if (!x) return NULL;
    double count = 1;
    for (int i = 0; i < x->shape.n; i++)
        if (axes >> i & 1) count *= (double)x->shape.d[i];
    return gt_scale(g, gt_sum(g, x, axes), (float)(1 / count));
}

gt_node *gt_sum_to(gt_graph *g, gt_node *x, gt_shape shape) {
    if (!x) return NULL;
    if (gt_shape_equal(&x->shape, &shape)) return x;
    int lead = x->shape.n - shape.n;
    unsigned axes = 0;
    bool fits = lead >= 0;
    for (int i = 0; fits && i < x->shape.n; i++) {
        int64_t to = i < lead ? 1 : shape.d[i - lead];
        if (to == 1 && x->shape.d[i] != 1) axes |= GT_AXIS(i);
        if (to != 1 && to != x->shape.d[i]) fits = false;
    }
    if (!fits) {
        char a[96], b[96];
        return gt_graph_fault(g, "gt_sum_to: '%s' of shape %s is not a broadcast of shape %s", x->name,
                              gt_shape_text(&x->shape, a), gt_shape_text(&shape, b));
    }
    return gt_reshape(g, gt_sum(g, x, axes), shape);
}

/* ---- the op ---- */

static gt_status sum_shape(gt_node *n) {
    const gt_sum_attr *attr = n->attr;
    const gt_shape *in = &n->in[0]->shape;
    if (attr->axes & ~all_axes(in)) {
        char text[96];
        return gt_fail(GT_USAGE, "axes 0x%x of shape %s", attr->axes, gt_shape_text(in, text));
    }
    n->shape = *in;
    for (int i = 0; i < in->n; i++)
        if (attr->axes >> i & 1) n->shape.d[i] = 1;
    return GT_OK;
}

static void sum_vjp(gt_graph *g, gt_node *y, gt_node *dy, const bool *need, gt_node **dx) {
    if (need[0]) dx[0] = gt_broadcast(g, dy, y->in[0]->shape);
}

/* How a sum is cut. Dimensions are merged to runs that alternate between kept and reduced. If the innermost run is
 * reduced, a unit adds up rows to one number ("rows"); if it is kept, it adds rows of columns ("columns"). */
enum { LANES = 16, MAX_COLUMNS = 1024, ABREAST_COLUMNS = 256, UNIT = 32768, TILE = 16384, MAX_PARTS = 64 };

typedef struct sum_layout {
    int n_kept, n_reduced; /* runs, without the innermost */
    int64_t kept[GT_MAX_DIMS], kept_stride[GT_MAX_DIMS], reduced[GT_MAX_DIMS], reduced_stride[GT_MAX_DIMS];
    bool rows;
    int64_t run;           /* length of the innermost run */
    int64_t outer, inner;  /* kept positions; reduced positions (of whole rows) */
    int64_t width, pieces; /* columns in a unit, units across the columns; rows: elements of a run in a piece */
    /* columns: rows that lie one after the other and are added side by side, as few columns make slow loops */
    int64_t abreast;
    int64_t parts, part; /* how many parts `inner` (times pieces of a row) is cut into, positions in each */
    int64_t units, units_per_tile;
} sum_layout;

/* The layout of node n, in three steps: dimensions are merged to runs, innermost first; the runs but the innermost are
 * sorted into kept and reduced ones; the reduced positions are cut into parts. A part has about UNIT elements, more
 * where there would be more than MAX_PARTS parts. All of it follows from the shape, so the bits do too. */
static void lay_out_sum(const gt_node *n, sum_layout *p) {
    const gt_shape *s = &n->in[0]->shape;
    unsigned axes = ((const gt_sum_attr *)n->attr)->axes;
    memset(p, 0, sizeof *p);
    int64_t size[GT_MAX_DIMS], stride[GT_MAX_DIMS];
    bool reduced[GT_MAX_DIMS];
    int runs = 0; /* innermost first */
    for (int i = s->n - 1; i >= 0; i--) {
        if (s->d[i] == 1) continue;
        bool r = axes >> i & 1;
        if (runs && reduced[runs - 1] == r) {
            size[runs - 1] *= s->d[i];
        } else {
            stride[runs] = runs ? stride[runs - 1] * size[runs - 1] : 1;
            size[runs] = s->d[i];
            reduced[runs++] = r;
        }
    }
    p->run = runs ? size[0] : 1;
    p->rows = runs && reduced[0];
    p->outer = p->inner = 1;
    for (int i = 1; i < runs; i++) {
        int64_t *d = reduced[i] ? p->reduced : p->kept, *t = reduced[i] ? p->reduced_stride : p->kept_stride;
        int *count = reduced[i] ? &p->n_reduced : &p->n_kept;
        d[*count] = size[i];
        t[(*count)++] = stride[i];
        *(reduced[i] ? &p->inner : &p->outer) *= size[i];
    }
    if (p->rows) { /* long rows are cut too: a piece of a row is then a reduced position like any other */
        p->width = p->run > UNIT ? UNIT : p->run;
        p->inner *= gt_pieces(p->run, p->width);
        p->pieces = 1;
    } else {
        p->width = p->run > MAX_COLUMNS ? MAX_COLUMNS : p->run;
        p->pieces = gt_pieces(p->run, p->width);
        p->abreast = p->n_reduced && p->run < ABREAST_COLUMNS ? ABREAST_COLUMNS / p->run : 1;
    }
    p->part = gt_pieces(UNIT, p->width);
    if (gt_pieces(p->inner, p->part) > MAX_PARTS) p->part = gt_pieces(p->inner, MAX_PARTS);
    if (p->part > p->inner) p->part = p->inner;
    p->parts = gt_pieces(p->inner, p->part);
    p->units = p->outer * p->pieces * p->parts;
    int64_t work = p->part * p->width;
    p->units_per_tile = work >= TILE ? 1 : TILE / work;
    if (p->units / p->units_per_tile > 65536) p->units_per_tile = gt_pieces(p->units, 65536);
}

static int64_t offset_of(int64_t position, int n, const int64_t *d, const int64_t *stride) {
    int64_t offset = 0;
    for (int i = 0; i < n; i++) {
        offset += position % d[i] * stride[i];
        position /= d[i];
    }
    return offset;
}

/* Halves of the 16 lanes are added until one number is left. Loops of constant length stay in registers. */
GT_PART_OF_CLONES double add_lanes(double *lane) {
    for (int k = 0; k < 8; k++) lane[k] += lane[k + 8];
    for (int k = 0; k < 4; k++) lane[k] += lane[k + 4];
    return (lane[0] + lane[2]) + (lane[1] + lane[3]);
}

GT_PART_OF_CLONES double sum_of_row(const float *x, int64_t n) {
    double lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++) lane[k] += (double)x[i + k];
    for (int k = 0; i + k < n; k++) lane[k] += (double)x[i + k];
    return add_lanes(lane);
}

GT_CLONES static double add_row(const float *x, int64_t n) { return sum_of_row(x, n); }

/* Row after row: most are not worth what there is to do around a unit. */
GT_CLONES static void add_rows(const float *x, int64_t n, int64_t rows, float *sums) {
    for (int64_t r = 0; r < rows; r++, x += n) sums[r] = (float)sum_of_row(x, n);
}

GT_CLONES static void add_columns(double *restrict sum, const float *restrict x, int64_t n) {
    for (int64_t i = 0; i < n; i++) sum[i] += (double)x[i];
}

/* Columns of the reduced positions begin .. end - 1. Those that follow each other in memory are taken `abreast` at a
 * time. */
static void add_rows_of_columns(const sum_layout *p, const float *x, int64_t begin, int64_t end, int64_t width,
                                double *sum) {
    int64_t wide = p->abreast * width, together = p->abreast > 1 ? p->reduced[0] : 1;
    memset(sum, 0, (size_t)wide * sizeof *sum);
    for (int64_t i = begin; i < end;) {
        int64_t next = (i / together + 1) * together, n = (gt_smallest(next, end) - i) * width;
        const float *from = x + offset_of(i, p->n_reduced, p->reduced, p->reduced_stride);
        for (int64_t at = 0; at < n; at += wide) add_columns(sum, from + at, n - at < wide ? n - at : wide);
        i = next;
    }
    for (int64_t k = 1; k < p->abreast; k++)
        for (int64_t c = 0; c < width; c++) sum[c] += sum[k * width + c];
}

typedef struct sum_job {
    const sum_layout *layout;
    const float *in;
    float *out;
    double *partial; /* [outer][pieces][parts][width]; NULL: one part */
} sum_job;

/* A unit: kept position `outer`, columns from `piece`, reduced positions of one part. */
static void sum_unit(const sum_job *job, int64_t unit) {
    const sum_layout *p = job->layout;
    int64_t part = unit % p->parts, rest = unit / p->parts, piece = rest % p->pieces, outer = rest / p->pieces;
    int64_t begin = part * p->part, end = begin + p->part < p->inner ? begin + p->part : p->inner;
    const float *x = job->in + offset_of(outer, p->n_kept, p->kept, p->kept_stride);
    double sum[MAX_COLUMNS];
    int64_t width = 1;
    if (p->rows) {
        int64_t per_row = gt_pieces(p->run, p->width);
        sum[0] = 0;
        for (int64_t i = begin; i < end; i++) {
            int64_t from = i % per_row * p->width, n = p->run - from < p->width ? p->run - from : p->width;
            sum[0] += add_row(x + offset_of(i / per_row, p->n_reduced, p->reduced, p->reduced_stride) + from, n);
        }
    } else {
        x += piece * p->width;
        width = p->run - piece * p->width < p->width ? p->run - piece * p->width : p->width;
        add_rows_of_columns(p, x, begin, end, width, sum);
    }
    if (job->partial) {
        memcpy(job->partial + unit * (p->rows ? 1 : p->width), sum, (size_t)width * sizeof *sum);
        return;
    }
    float *y = job->out + outer * (p->rows ? 1 : p->run) + piece * p->width;
    for (int64_t i = 0; i < width; i++) y[i] = (float)sum[i];
}

static void sum_tile(void *arg, int tile, int worker) {
    (void)worker;
    const sum_job *job = arg;
    int64_t begin = tile * job->layout->units_per_tile, end = begin + job->layout->units_per_tile;
    if (end > job->layout->units) end = job->layout->units;
    const sum_layout *p = job->layout;
    if (p->rows && p->inner == 1 && p->n_kept < 2) { /* a unit is a row, one after the other */
        add_rows(job->in + begin * p->run, p->run, end - begin, job->out + begin);
        return;
    }
    for (int64_t i = begin; i < end; i++) sum_unit(job, i);
}

static void add_parts(const sum_job *job) {
    const sum_layout *p = job->layout;
    int64_t width = p->rows ? 1 : p->width, columns = p->rows ? 1 : p->run;
    for (int64_t outer = 0; outer < p->outer; outer++)
        for (int64_t column = 0; column < columns; column++) {
            const double *from = job->partial + (outer * p->pieces + column / width) * p->parts * width +
                                 column % width;
            double sum = 0;
            for (int64_t part = 0; part < p->parts; part++) sum += from[part * width];
            job->out[outer * columns + column] = (float)sum;
        }
}

static size_t sum_workspace(const gt_node *n, int threads) {
    (void)threads;
    sum_layout p;
    lay_out_sum(n, &p);
    return p.parts == 1 ? 0 : (size_t)p.units * (size_t)(p.rows ? 1 : p.width) * sizeof(double);
}

static void sum_run(const gt_run *r) {
    sum_layout p;
    lay_out_sum(r->node, &p);
    sum_job job = {&p, r->in[0], r->out, p.parts == 1 ? NULL : r->workspace};
    gt_pool_run(r->pool, (int)gt_pieces(p.units, p.units_per_tile), sum_tile, &job);
    if (job.partial) add_parts(&job);
}

static void sum_cost(const gt_node *n, double *flops, double *bytes) {
    (void)bytes;
    *flops = (double)gt_shape_size(&n->in[0]->shape);
}

/* Sums over samples too: bits are a function of what is reduced, not of what is kept. */
static gt_node *sum_joined(gt_graph *g, const gt_node *n, int slices, gt_node *const *in, const bool *shared) {
    (void)shared;
    gt_sum_attr attr = *(const gt_sum_attr *)n->attr;
    const gt_shape *one = &n->in[0]->shape;
    gt_node *x = in[0];
    if (attr.axes & 1) {
        x = gt_slices_apart(g, x, one, slices, one->n);
        attr.axes <<= 1;
    }
    return x ? gt_sum(g, x, attr.axes) : NULL;
}

const gt_op gt_op_sum = {.name = "sum",
                         .min_in = 1,
                         .shape = sum_shape,
                         .vjp = sum_vjp,
                         .run = sum_run,
                         .joined = sum_joined,
                         .workspace = sum_workspace,
                         .cost = sum_cost};
