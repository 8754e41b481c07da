/* SPDX-License-Identifier: Apache-2.0
 * Convolution: which kernel computes what. */
#include "kernels/conv.h"

#include "kernels/conv_direct.h"

gt_conv_kernel gt_conv_choose(const gt_conv_shape *s, gt_conv_direction direction) {
    (void)s;
    (void)direction;
    return GT_CONV_DIRECT;
}

const char *gt_conv_kernel_name(gt_conv_kernel kernel) { return kernel == GT_CONV_WINOGRAD ? "winograd" : "direct"; }

double gt_conv_flops(const gt_conv_shape *s) {
    return 2.0 * (double)s->kh * (double)s->kw * (double)(s->c / s->groups) * (double)s->o * (double)(s->n * s->p * s->q);
}

size_t gt_conv_packed_floats(const gt_conv_shape *s, gt_conv_direction direction, gt_conv_kernel kernel) {
    (void)kernel;
    return gt_conv_direct_packed_floats(s, direction);
}

void gt_conv_pack(const gt_conv_shape *s, gt_conv_direction direction, gt_conv_kernel kernel, gt_pool *pool, const float *w, float *packed) {
    (void)kernel;
    gt_conv_direct_pack(s, direction, pool, w, packed);
}

size_t gt_conv_workspace(const gt_conv_shape *s, gt_conv_direction direction, gt_conv_kernel kernel, bool packed, int threads) {
    (void)kernel;
    return gt_conv_direct_workspace(s, direction, packed, threads);
}

void gt_conv_run(const gt_conv_shape *s, gt_conv_direction direction, gt_conv_kernel kernel, gt_pool *pool, void *workspace,
                 const float *const *in, float *out) {
    (void)kernel;
    gt_conv_direct(s, direction, pool, workspace, in, out);
}
