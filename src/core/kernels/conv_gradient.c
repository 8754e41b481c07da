/* SPDX-License-Identifier: Apache-2.0
 * The gradient of a convolution's weights over several slices: as many slices at once as the algorithm can, and the
 * rest of the tree in memory (slice_tree.h). */
#include "base/door/numbers.h"
#include "base/door/pool.h"
#include "kernels/door/conv.h"

/* Threads have slices of their own (gt_slice_tree) where a gradient, of which each then has one, and the memory in
 * which it is computed stay in the second-level cache. */
enum { MOST_FLOATS = 1 << 16, MOST_BYTES = 4 << 20 };

typedef struct job {
    const gt_conv_shape *s;
    const gt_conv_algorithm *algorithm;
    const gt_conv_slices *all;
    gt_pool *pool;
    char *workspace; /* of worker 0 */
    size_t step;     /* from worker to worker */
} job;

void gt_conv_slices_from(const gt_conv_shape *s, const gt_conv_slices *all, int part, int first,
                         const float *in[GT_CONV_INPUTS]) {
    const float *const *from = all->in[part], *const *scales = from + GT_CONV_SCALES;
    int64_t image = first * s->n;
    for (int i = 0; i < GT_CONV_INPUTS; i++) in[i] = NULL;
    in[0] = from[0] + image * s->h * s->w * s->c;
    in[1] = from[1] + image * s->p * s->q * s->o;
    if (scales[0]) in[GT_CONV_SCALES] = scales[0] + image * s->c;
    if (scales[1]) in[GT_CONV_SCALES + 1] = scales[1] + image * s->o;
}

static void part(void *arg, int slice, int number, int worker, float *to) {
    const job *j = arg;
    const float *in[GT_CONV_INPUTS];
    gt_conv_slices_from(j->s, j->all, number, slice, in);
    j->algorithm->run(j->s, j->pool, j->workspace + worker * j->step, in, to);
}

static void several(void *arg, int first, int count, int worker, float *to) {
    const job *j = arg;
    j->algorithm->run_slices(j->s, j->all, first, count, j->pool, j->workspace + worker * j->step, to);
}

/* For each worker, of a tree with `each`, or for all threads. */
static size_t own_workspace(const gt_conv_shape *s, const gt_conv_algorithm *algorithm, const gt_slice_tree *t,
                            int threads) {
    if (t->each > 1) threads = 1;
    size_t bytes = t->at_once ? algorithm->slices_workspace(s, gt_slice_tree_width(t), t->parts, threads)
                              : algorithm->workspace(s, false, threads);
    return (bytes + 63) / 64 * 64;
}

static gt_slice_tree tree_of(const gt_conv_shape *s, const gt_conv_algorithm *algorithm, int slices, int parts,
                             bool apart, int threads) {
    gt_slice_tree t = {.slices = slices,
                       .parts = parts,
                       .apart = apart,
                       .rows = s->kh * s->kw * (s->c / s->groups),
                       .columns = s->o,
                       .at_once = algorithm->most_slices ? algorithm->most_slices(s, parts) : 0,
                       .part = part,
                       .several = several,
                       .each = 1};
    gt_slice_tree own = t;
    own.each = threads;
    bool fits = gt_slice_tree_each(&t, threads) && t.rows * t.columns <= MOST_FLOATS &&
                own_workspace(s, algorithm, &own, 1) <= MOST_BYTES;
    return fits ? own : t;
}

/* The buffers lie behind the workspaces. */
static size_t workspaces(const gt_conv_shape *s, const gt_conv_algorithm *algorithm, const gt_slice_tree *t,
                         int threads) {
    return (size_t)t->each * own_workspace(s, algorithm, t, threads);
}

static size_t all_bytes(const gt_conv_shape *s, const gt_conv_algorithm *algorithm, int slices, int parts, bool apart,
                        int threads) {
    gt_slice_tree t = tree_of(s, algorithm, slices, parts, apart, threads);
    return workspaces(s, algorithm, &t, threads) + gt_slice_tree_floats(&t) * sizeof(float);
}

/* A node that is not shared has one thread of those for which memory was planned. */
size_t gt_conv_gradient_workspace(const gt_conv_shape *s, gt_conv_kernel kernel, int slices, int parts, bool apart,
                                  int threads) {
    const gt_conv_algorithm *algorithm = gt_conv_algorithms[kernel];
    size_t one = all_bytes(s, algorithm, slices, parts, apart, 1),
           all = all_bytes(s, algorithm, slices, parts, apart, threads);
    return one > all ? one : all;
}

void gt_conv_gradient(const gt_conv_shape *s, gt_conv_kernel kernel, const gt_conv_slices *all, gt_pool *pool,
                      void *workspace, float *out) {
    const gt_conv_algorithm *algorithm = gt_conv_algorithms[kernel];
    int threads = gt_pool_threads(pool);
    gt_slice_tree t = tree_of(s, algorithm, all->slices, all->parts, all->apart, threads);
    job j = {s, algorithm, all, t.each > 1 ? NULL : pool, workspace, own_workspace(s, algorithm, &t, threads)};
    t.leaf = all->leaf;
    t.arg = &j;
    gt_slice_tree_run(&t, pool, (float *)((char *)workspace + workspaces(s, algorithm, &t, threads)), out);
}
