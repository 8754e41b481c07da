/* SPDX-License-Identifier: Apache-2.0
 * Leaves, and the tree over slices in memory (slice_tree.h): the nodes of the stack are buffers of the gradient's size,
 * the first of them the gradient itself. */
#include "kernels/slice_tree.h"

#include "base/door/clones.h"
#include "base/door/numbers.h"
#include "base/door/pool.h"

enum { WIDTH = 128, /* columns at a time */ RUN = 1 << 15 /* elements of a tile of the pool */ };

GT_PART_OF_CLONES void add_term(const gt_leaf *leaf, int64_t sample, int64_t row, int64_t column, int64_t n, float *v) {
    const float *w = leaf->w + row * leaf->columns + column,
                *down = leaf->down + sample * leaf->period + row % leaf->period,
                *across = leaf->across + sample * leaf->columns + column;
    const float gain = leaf->gain, factor = leaf->factor, first = *down;
    float energy[WIDTH];
    if (leaf->samples == 1) {
        GT_INDEPENDENT for (int64_t j = 0; j < n; j++) v[j] = v[j] * gain + w[j] * factor * (first * across[j]);
        return;
    }
    GT_INDEPENDENT for (int64_t j = 0; j < n; j++) energy[j] = first * across[j];
    for (int64_t i = 1; i < leaf->samples; i++) {
        down += leaf->period, across += leaf->columns;
        const float scale = *down;
        GT_INDEPENDENT for (int64_t j = 0; j < n; j++) energy[j] += scale * across[j];
    }
    GT_INDEPENDENT for (int64_t j = 0; j < n; j++) v[j] = v[j] * gain + w[j] * factor * energy[j];
}

GT_CLONES void gt_leaf_finish(const gt_leaf *leaf, int slice, int64_t row, int64_t column, int64_t rows,
                              int64_t columns, float *v, int64_t ld) {
    if (gt_leaf_is_product(leaf)) return;
    for (int64_t r = 0; r < rows; r++, v += ld) {
        if (leaf->before) {
            const float *before = leaf->before + slice * leaf->floats + (row + r) * leaf->columns + column;
            GT_INDEPENDENT for (int64_t j = 0; j < columns; j++) v[j] += before[j];
        }
        if (leaf->w) {
            for (int64_t j = 0; j < columns; j += WIDTH)
                add_term(leaf, slice * leaf->samples, row + r, column + j, gt_smallest(WIDTH, columns - j), v + j);
        } else if (leaf->gain != 1) {
            const float gain = leaf->gain;
            GT_INDEPENDENT for (int64_t j = 0; j < columns; j++) v[j] *= gain;
        }
    }
}

/* ---- the tree ---- */

GT_CLONES void gt_tree_add(float *restrict to, const float *restrict from, int64_t n) {
    for (int64_t i = 0; i < n; i++) to[i] += from[i];
}

float *gt_tree_push(float **node, float *leaf, int index, int leaves, int64_t floats) {
    bool last = index + 1 == leaves;
    int level = 0;
    for (; last ? index >> level : index >> level & 1; level++)
        if (index >> level & 1) gt_tree_add(leaf, node[level], floats);
    if (last) return leaf;
    float *free = node[level];
    node[level] = leaf;
    return free;
}

/* ---- in memory ---- */

typedef struct sweep {
    const gt_slice_tree *tree;
    float *to;
    const float *from; /* what is added; NULL: nothing */
    int slice;         /* whose leaf is finished then; -1: none */
} sweep;

static int64_t rows_of_run(const gt_slice_tree *t) { return gt_largest(1, RUN / t->columns); }

static void run_rows(void *arg, int index, int worker) {
    (void)worker;
    const sweep *s = arg;
    const gt_slice_tree *t = s->tree;
    int64_t row = index * rows_of_run(t), rows = gt_smallest(rows_of_run(t), t->rows - row), at = row * t->columns;
    if (s->from) gt_tree_add(s->to + at, s->from + at, rows * t->columns);
    if (s->slice >= 0) gt_leaf_finish(t->leaf, s->slice, row, 0, rows, t->columns, s->to + at, t->columns);
}

static void sweep_over(const gt_slice_tree *t, gt_pool *pool, float *to, const float *from, int slice) {
    sweep s = {t, to, from, slice};
    gt_pool_run(pool, (int)gt_pieces(t->rows, rows_of_run(t)), run_rows, &s);
}

int gt_slice_tree_width(const gt_slice_tree *t) {
    return t->at_once && !t->apart ? (int)gt_smallest(t->at_once, t->slices) : 1;
}

static int leaves_of(const gt_slice_tree *t) { return (int)gt_pieces(t->slices, gt_slice_tree_width(t)); }

/* Buffers of the stack beside the gradient; one more where parts are added. */
static int buffers_of(const gt_slice_tree *t) {
    int height = 0;
    while (!t->apart && leaves_of(t) >> (height + 1)) height++;
    return height + (!t->at_once && t->parts > 1);
}

static int64_t buffer_floats(const gt_slice_tree *t) { return gt_round_up(t->rows * t->columns, 16); }

size_t gt_slice_tree_floats(const gt_slice_tree *t) { return (size_t)(buffers_of(t) * buffer_floats(t)); }

static void compute_leaf(const gt_slice_tree *t, gt_pool *pool, int index, float *other, float *to) {
    if (t->at_once) {
        int first = index * gt_slice_tree_width(t);
        t->several(t->arg, first, (int)gt_smallest(gt_slice_tree_width(t), t->slices - first), to);
        return;
    }
    for (int part = 0; part < t->parts; part++) {
        bool last = part + 1 == t->parts;
        t->part(t->arg, index, part, part ? other : to);
        if (part || (last && !gt_leaf_is_product(t->leaf)))
            sweep_over(t, pool, to, part ? other : NULL, last ? index : -1);
    }
}

void gt_slice_tree_run(const gt_slice_tree *t, gt_pool *pool, float *buffers, float *out) {
    int64_t size = buffer_floats(t);
    int leaves = leaves_of(t), height = 0, last = buffers_of(t) - 1;
    float *stack[32], *other = last < 0 ? NULL : buffers + last * size;
    for (int i = 0; i < leaves && t->apart; i++) compute_leaf(t, pool, i, other, out + i * t->rows * t->columns);
    for (int i = 0; i < leaves && !t->apart; i++) {
        stack[height] = height ? buffers + (height - 1) * size : out;
        compute_leaf(t, pool, i, other, stack[height++]);
        /* so many nodes wait for it as bits from the lowest on are set; in the end all that are left */
        int additions = i + 1 < leaves ? __builtin_ctz(~(unsigned)i) : height - 1;
        for (; additions > 0; additions--, height--) sweep_over(t, pool, stack[height - 2], stack[height - 1], -1);
    }
}
