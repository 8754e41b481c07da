/* SPDX-License-Identifier: Apache-2.0
 * Running element-wise programs: chunk by chunk, so that all intermediate values stay in the first-level cache, each
 * step by one vectorised loop. Inputs of the output's shape are read where they lie; broadcast ones are spread into a
 * buffer, once for all chunks that need the same values.
 *
 * Dimensions are merged where all inputs allow that. Then the element of the output at index i, one number for each
 * dimension m, is
 *
 *   y[i] = program(in[0][sum over m of i[m] stride[0][m]], in[1][sum over m of i[m] stride[1][m]], ...)
 *
 * where stride[k][m] is 0 if input k is broadcast along dimension m. The last two dimensions are rows and columns, all
 * others together are `outer`. A chunk is a piece of a long row, or some short rows:
 *
 *   columns > CHUNK:  one row           columns <= CHUNK:  rows_per_chunk rows
 *   +---------+---------+-----+         +--------------+
 *   | chunk 0 | chunk 1 |  2  |         |              |
 *   +---------+---------+-----+         |   chunk 0    |
 *   | chunk 3 | chunk 4 |  5  |         +--------------+
 *                                       |   chunk 1    |
 *
 *   number of a chunk = (outer * row_blocks + block of rows) * chunks_per_row + piece of the row
 *
 * The output is contiguous, so a chunk is too: each step is one loop over rows x columns elements. Tiles of the pool
 * are runs of chunks.
 *
 * gt_map_run() is `run` of all element-wise ops and of fused nodes (elementwise.c). */
#include <math.h>
#include <string.h>

#include "base/numbers.h"
#include "base/clones.h"
#include "base/mathfn_inline.h"
#include "graph/ops/elementwise.h"

/* ---- the loops. An output may be one of the inputs, so there is no `restrict`; each element depends on its own place
 * only. ---- */

#ifdef __clang__
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define INDEPENDENT _Pragma("GCC ivdep")
#endif

typedef void loop_fn(float *y, const float *p, const float *q, const float *r, const float *constants, int64_t n);

#define LOOP(id, expression)                                                                      \
    GT_CLONES static void evaluate_##id(float *y, const float *p, const float *q, const float *r, \
                                        const float *constants, int64_t n) {                      \
        const float c0 = constants[0], c1 = constants[1], c2 = constants[2];                      \
        (void)q, (void)r, (void)c0, (void)c1, (void)c2;                                           \
        INDEPENDENT for (int64_t i = 0; i < n; i++) {                                             \
            const float a = p[i];                                                                 \
            y[i] = (expression);                                                                  \
        }                                                                                         \
    }
#define b q[i]
#define c r[i]

static inline float ramp(float x, float alpha, float gain, float limit) {
    float slope = alpha * x, v = (x > 0 ? x : slope) * gain;
    v = v > limit ? limit : v;
    return v < -limit ? -limit : v;
}

static inline float ramp_gate(float y, float d, float alpha, float gain, float limit) {
    float steep = gain * d, flat = gain * alpha * d, v = y > 0 ? steep : flat;
    return fabsf(y) >= limit ? 0 : v;
}

static inline float elu(float x, float alpha) {
    float low = alpha * (gt_inline_expf(x) - 1);
    return x > 0 ? x : low;
}

static inline float pick(float mask, float yes, float no) { return mask > 0 ? yes : no; }

LOOP(broadcast, a)
LOOP(add, a + b)
LOOP(sub, a - b)
LOOP(mul, a *b)
LOOP(div, a / b)
LOOP(max, a > b ? a : b)
LOOP(select, pick(a, b, c))
LOOP(scale, a *c0)
LOOP(shift, a + c0)
LOOP(neg, -a)
LOOP(square, a *a)
LOOP(sqrt, sqrtf(a))
LOOP(rsqrt, 1 / sqrtf(a))
LOOP(reciprocal, 1 / a)
LOOP(exp, gt_inline_expf(a))
LOOP(log, gt_inline_logf(a))
LOOP(tanh, gt_inline_tanhf(a))
LOOP(sigmoid, gt_inline_sigmoidf(a))
LOOP(softplus, gt_inline_softplusf(a))
LOOP(abs, fabsf(a))
LOOP(sign, (float)(a > 0) - (float)(a < 0))
LOOP(greater, a > c0 ? 1.0f : 0.0f)
LOOP(elu, elu(a, c0))
LOOP(ramp, ramp(a, c0, c1, c2))
LOOP(ramp_gate, ramp_gate(a, b, c0, c1, c2))

#undef b
#undef c

static loop_fn *const loops[GT_MAP_CODES] = {
#define X(id, inputs, constants, flops, differentiable) evaluate_##id,
    GT_ELEMENTWISE_TABLE(X)
#undef X
};

/* ---- layouts ---- */

enum { CHUNK = 512 };

/* A program over inputs of given shapes, dimensions merged where all strides allow it. */
typedef struct map_layout {
    const gt_map_program *program;
    int temp[GT_MAP_MAX_STEPS];
    int n_dims; /* at least 2: [..., rows, columns] */
    int64_t d[GT_MAX_DIMS + 2], stride[GT_MAP_MAX_IN][GT_MAX_DIMS + 2];
    int64_t rows_per_chunk, chunks_per_row, row_blocks, chunks;
    int64_t size;
    bool far; /* inputs lie in memory rather than in a cache: what the next chunk reads is fetched ahead */
} map_layout;

/* Scratch of one thread. */
typedef struct map_scratch {
    const float *held[GT_MAP_MAX_IN]; /* what lies broadcast in load[i]: the address it came from */
    int64_t held_rows[GT_MAP_MAX_IN];
    float load[GT_MAP_MAX_IN][CHUNK] __attribute__((aligned(64)));
    float temp[GT_MAP_MAX_TEMPS][CHUNK] __attribute__((aligned(64)));
} map_scratch;

/* floats that are read, in all. Measured: from here on it pays, up to twofold; of half as many it costs a tenth more
 * time */
enum { FAR = 4 << 20 };

/* Merge dimension i with i + 1 if every input steps through both as through one. */
static bool mergeable(const map_layout *layout, int n_in, int i) {
    for (int k = 0; k < n_in; k++)
        if (layout->stride[k][i] != layout->stride[k][i + 1] * layout->d[i + 1]) return false;
    return true;
}

static void drop_dimension(map_layout *layout, int n_in, int at) {
    for (int i = at; i + 1 < layout->n_dims; i++) {
        layout->d[i] = layout->d[i + 1];
        for (int k = 0; k < n_in; k++) layout->stride[k][i] = layout->stride[k][i + 1];
    }
    layout->n_dims--;
}

/* The layout of node n: each input's strides in the dimensions of the output, with 0 where the input is broadcast;
 * then dimensions of 1 are dropped, neighbours are merged, and what is left is cut into chunks. Fewer and longer
 * dimensions make longer loops. */
static void make_layout(map_layout *layout, const gt_map_program *program, const gt_node *n) {
    memset(layout, 0, sizeof *layout);
    layout->program = program;
    gt_map_assign(program, layout->temp);
    const gt_shape *out = &n->shape;
    layout->size = gt_shape_size(out);
    int64_t read = 0;
    for (int k = 0; k < n->n_in; k++) read += gt_shape_size(&n->in[k]->shape);
    layout->far = read >= FAR;
    layout->n_dims = 2 + out->n; /* two dimensions of 1 lead, until there are others */
    layout->d[0] = layout->d[1] = 1;
    for (int i = 0; i < out->n; i++) layout->d[2 + i] = out->d[i];
    for (int k = 0; k < n->n_in; k++) {
        const gt_shape *s = &n->in[k]->shape;
        int64_t step = 1;
        for (int i = 1; i <= s->n; i++) {
            int64_t d = s->d[s->n - i];
            layout->stride[k][2 + out->n - i] = d == 1 ? 0 : step;
            step *= d;
        }
    }
    for (int i = layout->n_dims - 1; i >= 2; i--)
        if (layout->d[i] == 1) drop_dimension(layout, n->n_in, i);
    for (int i = layout->n_dims - 2; i >= 2; i--)
        if (mergeable(layout, n->n_in, i)) {
            int64_t d = layout->d[i];
            drop_dimension(layout, n->n_in, i);
            layout->d[i] *= d;
        }
    for (int leading = 2; leading > 0 && layout->n_dims > 2; leading--) drop_dimension(layout, n->n_in, 0);
    int64_t columns = layout->d[layout->n_dims - 1], rows = layout->d[layout->n_dims - 2];
    layout->rows_per_chunk = columns < CHUNK ? CHUNK / columns : 1;
    if (layout->rows_per_chunk > rows) layout->rows_per_chunk = rows;
    layout->chunks_per_row = gt_pieces(columns, CHUNK);
    layout->row_blocks = gt_pieces(rows, layout->rows_per_chunk);
    layout->chunks = layout->size / (rows * columns) * layout->row_blocks * layout->chunks_per_row;
}

/* ---- chunks ---- */

static void fill(float *y, float value, int64_t n) {
    for (int64_t i = 0; i < n; i++) y[i] = value;
}

/* Prefetching hardware stops at the end of a page and follows few inputs at a time. */
static void fetch_ahead(const float *from, int64_t n) {
    enum { LINE = 16 };
    for (int64_t i = 0; i < n; i += LINE) __builtin_prefetch(from + i);
}

/* The values of input k for `rows` rows of `columns`: where they lie, or spread into the buffer. */
static const float *load(const map_layout *layout, map_scratch *s, int k, const float *from, int64_t rows,
                         int64_t columns) {
    int64_t row_stride = layout->stride[k][layout->n_dims - 2], column_stride = layout->stride[k][layout->n_dims - 1];
    if (column_stride == 1 && (rows == 1 || row_stride == columns)) {
        if (layout->far) fetch_ahead(from + rows * columns, rows * columns);
        return from;
    }
    float *to = s->load[k];
    if (row_stride == 0 && s->held[k] == from && s->held_rows[k] >= rows * columns) return to;
    s->held[k] = row_stride == 0 ? from : NULL;
    s->held_rows[k] = rows * columns;
    if (row_stride == 0 && column_stride == 0) {
        fill(to, *from, rows * columns);
        return to;
    }
    for (int64_t i = 0; i < rows; i++, to += columns, from += row_stride) {
        if (column_stride) memcpy(to, from, (size_t)columns * sizeof *to);
        else fill(to, *from, columns);
    }
    return s->load[k];
}

/* Chunk number `chunk` of the output into out (the whole output's start): finds the chunk's place, loads the inputs,
 * and runs the steps. Results of steps lie in buffers of the thread, the last one in the output. */
static void run_chunk(const map_layout *layout, map_scratch *s, const float *const *in, int64_t chunk, float *out) {
    const gt_map_program *p = layout->program;
    int last = layout->n_dims - 1;
    int64_t columns = layout->d[last], all_rows = layout->d[last - 1];
    int64_t column = chunk % layout->chunks_per_row * CHUNK;
    int64_t block = chunk / layout->chunks_per_row;
    int64_t row = block % layout->row_blocks * layout->rows_per_chunk, outer = block / layout->row_blocks;
    int64_t rows = layout->rows_per_chunk < all_rows - row ? layout->rows_per_chunk : all_rows - row;
    int64_t n_columns = columns - column < CHUNK ? columns - column : CHUNK, n = rows * n_columns;

    const float *at[GT_MAP_MAX_IN + GT_MAP_MAX_STEPS];
    for (int k = 0; k < p->n_in; k++) {
        int64_t offset = row * layout->stride[k][last - 1] + column * layout->stride[k][last], rest = outer;
        for (int i = last - 2; i >= 0; i--) {
            offset += rest % layout->d[i] * layout->stride[k][i];
            rest /= layout->d[i];
        }
        at[k] = load(layout, s, k, in[k] + offset, rows, n_columns);
    }
    float *y = out + (outer * all_rows + row) * columns + column;
    for (int k = 0; k < p->n_steps; k++) {
        const gt_map_step *step = &p->step[k];
        float *to = layout->temp[k] < 0 ? y : s->temp[layout->temp[k]];
        loops[step->code](to, at[step->arg[0]], at[step->arg[1]], at[step->arg[2]], step->c, n);
        at[p->n_in + k] = to;
    }
}

typedef struct map_job {
    map_layout layout;
    const float *const *in;
    float *out;
    int64_t chunks_per_tile;
} map_job;

static void map_tile(void *arg, int tile, int worker) {
    (void)worker;
    const map_job *job = arg;
    map_scratch scratch;
    memset(scratch.held, 0, sizeof scratch.held);
    int64_t begin = tile * job->chunks_per_tile, end = begin + job->chunks_per_tile;
    if (end > job->layout.chunks) end = job->layout.chunks;
    for (int64_t i = begin; i < end; i++) run_chunk(&job->layout, &scratch, job->in, i, job->out);
}

void gt_map_run(const gt_run *r) {
    enum { LEAST_CHUNKS = 32, MOST_TILES = 4096 };
    gt_map_program program;
    gt_map_program_of(r->node, &program);
    map_job job = {.in = r->in, .out = r->out};
    make_layout(&job.layout, &program, r->node);
    job.chunks_per_tile = LEAST_CHUNKS;
    while (job.layout.chunks / job.chunks_per_tile >= MOST_TILES) job.chunks_per_tile *= 2;
    gt_pool_run(r->pool, (int)gt_pieces(job.layout.chunks, job.chunks_per_tile), map_tile, &job);
}
