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

#include "base/door/numbers.h"
#include "base/door/clones.h"
#include "base/door/mathfn_inline.h"
#include "base/door/pool.h"
#include "graph/door/elementwise.h"

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
            const float a = p[i], x = a;                                                          \
            (void)x, (void)a;                                                                     \
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

#define GT_MAP_ROW(id, inputs, flops, derivative, onnx, value) LOOP(id, value)
#include "graph/door/elementwise_ops.h"

#undef b
#undef c

static loop_fn *const loops[GT_MAP_CODES] = {
#define GT_MAP_ROW(id, ...) evaluate_##id,
#include "graph/door/elementwise_ops.h"
};

/* ---- layouts ---- */

enum { CHUNK = 512, PIECE = 128 };

/* A program over inputs of given shapes, dimensions merged where all strides allow it. */
typedef struct map_layout {
    int n_in, n_dims; /* at least 2: [..., rows, columns] */
    int64_t d[GT_MAX_DIMS + 2], stride[GT_MAP_MAX_IN][GT_MAX_DIMS + 2];
    int64_t rows_per_chunk, chunks_per_row, row_blocks, chunks;
    int64_t size;
} map_layout;

/* Scratch of one thread. */
typedef struct map_scratch {
    const float *held[GT_MAP_MAX_IN]; /* what lies broadcast in load[i]: the address it came from */
    int64_t held_rows[GT_MAP_MAX_IN];
    float load[GT_MAP_MAX_IN][CHUNK] __attribute__((aligned(64)));
    float temp[GT_MAP_MAX_TEMPS][CHUNK] __attribute__((aligned(64)));
} map_scratch;

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

/* Rows of a chunk: where that can be, so many that each chunk begins with a cache line of the output. */
static int64_t rows_of_chunk(int64_t columns, int64_t rows) {
    enum { LINE = 16 };
    int64_t most = columns < CHUNK ? CHUNK / columns : 1, together = LINE / gt_smallest(columns & -columns, LINE);
    return gt_smallest(most > together ? most - most % together : most, rows);
}

/* The layout of node n: each input's strides in the dimensions of the output, with 0 where the input is broadcast;
 * then dimensions of 1 are dropped, neighbours are merged, and what is left is cut into chunks. Fewer and longer
 * dimensions make longer loops. */
static void make_layout(map_layout *layout, const gt_node *n) {
    memset(layout, 0, sizeof *layout);
    layout->n_in = n->n_in;
    const gt_shape *out = &n->shape;
    layout->size = gt_shape_size(out);
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
    layout->rows_per_chunk = rows_of_chunk(columns, rows);
    layout->chunks_per_row = gt_pieces(columns, CHUNK);
    layout->row_blocks = gt_pieces(rows, layout->rows_per_chunk);
    layout->chunks = layout->size / (rows * columns) * layout->row_blocks * layout->chunks_per_row;
}

/* ---- chunks ---- */

GT_PART_OF_CLONES void fill(float *y, float value, int64_t n) {
    for (int64_t i = 0; i < n; i++) y[i] = value;
}

/* `rows` rows of `columns`, each from its own value, or values, `row_stride` further on. */
GT_CLONES static void spread(float *to, const float *from, int64_t rows, int64_t columns, int64_t row_stride,
                             bool values) {
    for (int64_t i = 0; i < rows; i++, to += columns, from += row_stride) {
        if (values) memcpy(to, from, (size_t)columns * sizeof *to);
        else fill(to, *from, columns);
    }
}

/* Where a chunk is. */
typedef struct map_place {
    int64_t column, row, outer;
} map_place;

static map_place place_of(const map_layout *layout, int64_t chunk) {
    int64_t block = chunk / layout->chunks_per_row;
    return (map_place){.column = chunk % layout->chunks_per_row * CHUNK,
                       .row = block % layout->row_blocks * layout->rows_per_chunk,
                       .outer = block / layout->row_blocks};
}

static map_place next_place(const map_layout *layout, map_place at) {
    at.column += CHUNK;
    if (at.column < layout->d[layout->n_dims - 1]) return at;
    at.column = 0;
    at.row += layout->rows_per_chunk;
    if (at.row < layout->d[layout->n_dims - 2]) return at;
    at.row = 0;
    at.outer++;
    return at;
}

/* Where input k's rows and columns of an outer index begin. */
static int64_t outer_offset(const map_layout *layout, int k, int64_t outer) {
    int64_t offset = 0;
    for (int i = layout->n_dims - 3; i >= 0; i--) {
        offset += outer % layout->d[i] * layout->stride[k][i];
        outer /= layout->d[i];
    }
    return offset;
}

/* The values of input k for `rows` rows of `columns`: where they lie, or spread into the buffer. */
static const float *load(const map_layout *layout, map_scratch *s, int k, const float *from, int64_t rows,
                         int64_t columns) {
    int64_t row_stride = layout->stride[k][layout->n_dims - 2], column_stride = layout->stride[k][layout->n_dims - 1];
    if (column_stride == 1 && (rows == 1 || row_stride == columns)) return from;
    float *to = s->load[k];
    if (row_stride == 0 && s->held[k] == from && s->held_rows[k] >= rows * columns) return to;
    s->held[k] = row_stride == 0 ? from : NULL;
    s->held_rows[k] = rows * columns;
    if (row_stride == 0 && column_stride == 0) columns *= rows, rows = 1;
    spread(to, from, rows, columns, row_stride, column_stride != 0);
    return to;
}

typedef struct map_job {
    map_layout layout;
    const gt_map_program *program;
    int temp[GT_MAP_MAX_STEPS];
    const float *const *in;
    float *out;
    int64_t chunks_per_tile;
} map_job;

/* n elements through all steps, from the operands' places: of the inputs, then of the results as they come. Results lie
 * in buffers of the thread, the last one in y. A program of one step, which loads and stores memory in the same loop,
 * is faster in short pieces (measured: by a fifth to a third where the memory is far); others are not. */
static void run_steps(const map_job *job, float temp[][CHUNK], const float **at, float *y, int64_t n) {
    const gt_map_program *p = job->program;
    int64_t piece = p->n_steps == 1 ? PIECE : n;
    for (int64_t begin = 0; begin < n; begin += piece)
        for (int k = 0; k < p->n_steps; k++) {
            const gt_map_step *step = &p->step[k];
            float *to = job->temp[k] < 0 ? y : temp[job->temp[k]];
            loops[step->code](to + begin, at[step->arg[0]] + begin, at[step->arg[1]] + begin, at[step->arg[2]] + begin,
                              step->c, gt_smallest(piece, n - begin));
            at[p->n_in + k] = to;
        }
}

/* The chunk at `place`: loads the inputs, whose rows and columns begin at `in`, and runs the steps. */
static void run_chunk(const map_job *job, map_scratch *s, const float *const *in, map_place place) {
    const map_layout *layout = &job->layout;
    const gt_map_program *p = job->program;
    int last = layout->n_dims - 1;
    int64_t columns = gt_smallest(layout->d[last] - place.column, CHUNK);
    int64_t rows = gt_smallest(layout->d[last - 1] - place.row, layout->rows_per_chunk), n = rows * columns;
    const float *at[GT_MAP_MAX_IN + GT_MAP_MAX_STEPS];
    for (int k = 0; k < p->n_in; k++) {
        int64_t offset = place.row * layout->stride[k][last - 1] + place.column * layout->stride[k][last];
        at[k] = load(layout, s, k, in[k] + offset, rows, columns);
    }
    float *y = job->out + (place.outer * layout->d[last - 1] + place.row) * layout->d[last] + place.column;
    run_steps(job, s->temp, at, y, n);
}

static void map_tile(void *arg, int tile, int worker) {
    (void)worker;
    const map_job *job = arg;
    const map_layout *layout = &job->layout;
    map_scratch scratch;
    memset(scratch.held, 0, sizeof scratch.held);
    int64_t begin = tile * job->chunks_per_tile, end = gt_smallest(begin + job->chunks_per_tile, layout->chunks);
    map_place at = place_of(layout, begin);
    const float *in[GT_MAP_MAX_IN];
    for (int64_t i = begin; i < end; i++, at = next_place(layout, at)) {
        bool new_outer = i == begin || (at.row == 0 && at.column == 0);
        for (int k = 0; new_outer && k < layout->n_in; k++) in[k] = job->in[k] + outer_offset(layout, k, at.outer);
        run_chunk(job, &scratch, in, at);
    }
}

void gt_map_run(const gt_run *r) {
    enum { LEAST_CHUNKS = 32, MOST_TILES = 4096 };
    gt_map_program program;
    gt_map_program_of(r->node, &program);
    map_job job = {.in = r->in, .out = r->out, .program = &program};
    gt_map_assign(&program, job.temp);
    make_layout(&job.layout, r->node);
    job.chunks_per_tile = LEAST_CHUNKS;
    while (job.layout.chunks / job.chunks_per_tile >= MOST_TILES) job.chunks_per_tile *= 2;
    gt_pool_run(r->pool, (int)gt_pieces(job.layout.chunks, job.chunks_per_tile), map_tile, &job);
}
