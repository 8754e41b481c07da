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

bool gt_slice_tree_each(const gt_slice_tree *t, int threads) {
    bool power = threads > 1 && !(threads & (threads - 1));
    return power && t->slices % threads == 0 && (t->at_once || t->parts == 1);
}

/* With `each` a power of two that divides what a thread has. */
int gt_slice_tree_width(const gt_slice_tree *t) {
    int own = t->slices / t->each;
    if (!t->at_once || t->apart) return 1;
    return (int)gt_smallest(t->at_once, t->each > 1 ? own & -own : own);
}

/* What is computed in turns: a leaf, or one for each thread and their sum. */
static int turns_of(const gt_slice_tree *t) { return (int)gt_pieces(t->slices, gt_slice_tree_width(t) * t->each); }

/* Buffers beside the stack: where parts are added, and where threads have leaves of their own. */
static int others_of(const gt_slice_tree *t) {
    return t->each > 1 ? (t->apart ? 0 : t->each - 1) : !t->at_once && t->parts > 1;
}

/* With those of the stack, but for the gradient itself. */
static int buffers_of(const gt_slice_tree *t) {
    int height = 0;
    while (!t->apart && turns_of(t) >> (height + 1)) height++;
    return height + others_of(t);
}

static int64_t buffer_floats(const gt_slice_tree *t) { return gt_round_up(t->rows * t->columns, 16); }

size_t gt_slice_tree_floats(const gt_slice_tree *t) { return (size_t)(buffers_of(t) * buffer_floats(t)); }

static void compute_leaf(const gt_slice_tree *t, gt_pool *pool, int index, int worker, float *other, float *to) {
    if (t->at_once) {
        int width = gt_slice_tree_width(t), first = index * width;
        t->several(t->arg, first, (int)gt_smallest(width, t->slices - first), worker, to);
        return;
    }
    for (int part = 0; part < t->parts; part++) {
        bool last = part + 1 == t->parts;
        t->part(t->arg, index, part, worker, part ? other : to);
        if (part || (last && !gt_leaf_is_product(t->leaf)))
            sweep_over(t, pool, to, part ? other : NULL, last ? index : -1);
    }
}

/* A leaf for each thread, */
typedef struct own_leaves {
    const gt_slice_tree *tree;
    int first;
    float *to, *others; /* of the first one; of the others, one after the other, */
    int64_t step;       /* so many floats apart */
} own_leaves;

static float *own_leaf(const own_leaves *l, int i) { return i ? l->others + (i - 1) * l->step : l->to; }

static void compute_own(void *arg, int i, int worker) {
    const own_leaves *l = arg;
    compute_leaf(l->tree, NULL, l->first + i, worker, NULL, own_leaf(l, i));
}

/* and their tree, for a part of the rows. */
static void add_own(void *arg, int i, int worker) {
    (void)worker;
    const own_leaves *l = arg;
    const gt_slice_tree *t = l->tree;
    int64_t begin = t->rows * i / t->each * t->columns, end = t->rows * (i + 1) / t->each * t->columns;
    for (int width = 1; width < t->each; width *= 2)
        for (int left = 0; left < t->each; left += 2 * width)
            gt_tree_add(own_leaf(l, left) + begin, own_leaf(l, left + width) + begin, end - begin);
}

static void take_turn(const gt_slice_tree *t, gt_pool *pool, int turn, float *others, float *to) {
    if (t->each == 1) {
        compute_leaf(t, pool, turn, 0, others, to);
        return;
    }
    own_leaves l = {t, turn * t->each, to, others, buffer_floats(t)};
    gt_pool_run(pool, t->each, compute_own, &l);
    gt_pool_run(pool, t->each, add_own, &l);
}

static void run_apart(const gt_slice_tree *t, gt_pool *pool, float *other, float *out) {
    int64_t size = t->rows * t->columns;
    own_leaves l = {t, 0, out, out + size, size};
    if (t->each > 1) gt_pool_run(pool, t->slices, compute_own, &l);
    else
        for (int i = 0; i < t->slices; i++) compute_leaf(t, pool, i, 0, other, out + i * size);
}

void gt_slice_tree_run(const gt_slice_tree *t, gt_pool *pool, float *buffers, float *out) {
    int64_t size = buffer_floats(t);
    int height = 0;
    float *stack[32], *others = others_of(t) ? buffers + (buffers_of(t) - others_of(t)) * size : NULL;
    if (t->apart) {
        run_apart(t, pool, others, out);
        return;
    }
    for (int i = 0, turns = turns_of(t); i < turns; i++) {
        stack[height] = height ? buffers + (height - 1) * size : out;
        take_turn(t, pool, i, others, stack[height++]);
        /* so many nodes wait for it as bits from the lowest on are set; in the end all that are left */
        int additions = i + 1 < turns ? __builtin_ctz(~(unsigned)i) : height - 1;
        for (; additions > 0; additions--, height--) sweep_over(t, pool, stack[height - 2], stack[height - 1], -1);
    }
}
