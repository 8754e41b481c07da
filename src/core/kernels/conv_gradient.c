/* SPDX-License-Identifier: Apache-2.0
 * The gradient of a convolution's weights over several slices: as many slices at once as the algorithm can, and the
 * rest of the tree in memory (slice_tree.h). */
#include "base/door/numbers.h"
#include "base/door/pool.h"
#include "kernels/door/conv.h"

typedef struct job {
    const gt_conv_shape *s;
    const gt_conv_algorithm *algorithm;
    const gt_conv_slices *all;
    gt_pool *pool;
    void *workspace;
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

static void part(void *arg, int slice, int number, float *to) {
    const job *j = arg;
    const float *in[GT_CONV_INPUTS];
    gt_conv_slices_from(j->s, j->all, number, slice, in);
    j->algorithm->run(j->s, j->pool, j->workspace, in, to);
}

static void several(void *arg, int first, int count, float *to) {
    const job *j = arg;
    j->algorithm->run_slices(j->s, j->all, first, count, j->pool, j->workspace, to);
}

static gt_slice_tree tree_of(const gt_conv_shape *s, const gt_conv_algorithm *algorithm, int slices, int parts,
                             bool apart) {
    return (gt_slice_tree){.slices = slices,
                           .parts = parts,
                           .apart = apart,
                           .rows = s->kh * s->kw * (s->c / s->groups),
                           .columns = s->o,
                           .at_once = algorithm->most_slices ? algorithm->most_slices(s, parts) : 0,
                           .part = part,
                           .several = several};
}

/* The buffers lie behind the algorithm's workspace. */
static size_t own_workspace(const gt_conv_shape *s, const gt_conv_algorithm *algorithm, const gt_slice_tree *t,
                            int threads) {
    size_t bytes = t->at_once ? algorithm->slices_workspace(s, gt_slice_tree_width(t), t->parts, threads)
                              : algorithm->workspace(s, false, threads);
    return (bytes + 63) / 64 * 64;
}

size_t gt_conv_gradient_workspace(const gt_conv_shape *s, gt_conv_kernel kernel, int slices, int parts, bool apart,
                                  int threads) {
    const gt_conv_algorithm *algorithm = gt_conv_algorithms[kernel];
    gt_slice_tree t = tree_of(s, algorithm, slices, parts, apart);
    return own_workspace(s, algorithm, &t, threads) + gt_slice_tree_floats(&t) * sizeof(float);
}

void gt_conv_gradient(const gt_conv_shape *s, gt_conv_kernel kernel, const gt_conv_slices *all, gt_pool *pool,
                      void *workspace, float *out) {
    job j = {s, gt_conv_algorithms[kernel], all, pool, workspace};
    gt_slice_tree t = tree_of(s, j.algorithm, all->slices, all->parts, all->apart);
    t.leaf = all->leaf;
    t.arg = &j;
    size_t own = own_workspace(s, j.algorithm, &t, gt_pool_threads(pool));
    gt_slice_tree_run(&t, pool, (float *)((char *)workspace + own), out);
}
