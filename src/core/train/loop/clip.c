/* SPDX-License-Identifier: Apache-2.0
 * What is done with gradients before an update: clipping, and --nan.
 *
 * Clipping is by the norm (Pascanu et al., "On the Difficulty of Training Recurrent Neural Networks",
 * algorithm 1). The norm is the same on any number of ranks: squares, relative to the largest value of all ranks, are
 * added up as whole numbers, whose order does not matter. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gantry/log.h"
#include "train/door/engine.h"

enum { BITS = 40, LIMBS = 3, LIMB_BITS = 32, BLOCK = 1 << 20, DESCRIPTION = 512 };

static float largest_of(const float *x, size_t n) {
    float most = 0;
    for (size_t i = 0; i < n; i++) {
        float v = fabsf(x[i]);
        most = v > most ? v : most;
    }
    return most;
}

/* The largest value of all ranks. */
static float largest_all(gt_engine *e, gt_reducer *r, const gt_span *owned, int n) {
    float most = 0;
    for (int i = 0; i < n; i++) {
        float one = largest_of(gt_reducer_gradient(r) + owned[i].offset, owned[i].size);
        most = one > most ? one : most;
    }
    return (float)gt_comm_max_double_all(e->comm, most);
}

/* Squares of x / scale as multiples of 2^-BITS: at most 2^BITS each, so that 2^20 of them fit. */
static uint64_t squares_of(const float *x, size_t n, double scale) {
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        double v = (double)x[i] * scale;
        sum += (uint64_t)(v * v * (double)(1ull << BITS));
    }
    return sum;
}

/* The norm of the gradient of one network over all ranks, the same on any number of ranks. */
static double norm_all(gt_engine *e, gt_reducer *reducer) {
    int n;
    const gt_span *owned = gt_reducer_owned(reducer, &n);
    float most = largest_all(e, reducer, owned, n);
    if (!(most > 0)) return 0;
    int exponent;
    frexp((double)most, &exponent);
    unsigned __int128 sum = 0;
    for (int i = 0; i < n; i++)
        for (size_t at = 0; at < owned[i].size; at += BLOCK) {
            size_t left = owned[i].size - at;
            sum += squares_of(gt_reducer_gradient(reducer) + owned[i].offset + at, left < BLOCK ? left : BLOCK,
                              ldexp(1, -exponent));
        }
    double total = 0;
    for (int k = 0; k < LIMBS; k++, sum >>= LIMB_BITS) {
        int64_t limb = gt_comm_sum_all(e->comm, (int64_t)(sum & UINT32_MAX));
        total += ldexp((double)limb, k * LIMB_BITS - BITS);
    }
    return ldexp(sqrt(total), exponent);
}

void gt_engine_clip_all(gt_engine *e, gt_reducer *reducer) {
    double limit = e->job->clip;
    if (!(limit > 0)) return;
    double norm = norm_all(e, reducer);
    if (!(norm > limit)) return;
    int n;
    const gt_span *owned = gt_reducer_owned(reducer, &n);
    float factor = (float)(limit / (norm + 1e-6)); /* 1e-6: as PyTorch has it */
    for (int i = 0; i < n; i++) {
        float *x = gt_reducer_gradient(reducer) + owned[i].offset;
        for (size_t k = 0; k < owned[i].size; k++) x[k] *= factor;
    }
}

/* ---- gradients that are not finite: --nan ---- */

/* "step 5, phase G_main: 3 gradients of network G are not finite, the first of G.synthesis.b8.conv0.weight": the first
 * parameter in the order of the block. */
static void describe_nonfinite(char text[DESCRIPTION], const gt_engine *e, const gt_phase *p, gt_nonfinite bad) {
    const gt_net *net = e->model->nets[p->net];
    const char *name = "?";
    for (int k = 0; k < net->n_tensors; k++)
        if (bad.first >= net->tensors[k].offset && bad.first < net->tensors[k].offset + net->tensors[k].size)
            name = net->tensors[k].name;
    snprintf(text, DESCRIPTION, "step %u, phase %s: %llu gradients of network %s are not finite, the first of %s.%s",
             e->step, p->name, (unsigned long long)bad.count, net->name, net->name, name);
}

gt_status gt_engine_handle_nonfinite(gt_engine *e, const gt_phase *p, gt_nonfinite bad, bool *update) {
    char said[DESCRIPTION];
    describe_nonfinite(said, e, p, bad);
    if (e->job->nan == GT_NAN_STOP) return gt_fail(GT_NONFINITE, "--nan=stop: %s", said);
    *update = e->job->nan == GT_NAN_CLEAN;
    e->left_out_updates += !*update;
    if (e->comm->rank) return GT_OK;
    if (!*update) e->skipped_updates++;
    if (!e->said_nonfinite)
        gt_warn("%s: %s; this message comes only once", said,
                *update
                    ? "replaced by 0 or 1e5 as published (--nan=clean)"
                    : "this update is skipped (--nan=skip), and such updates are counted in Progress/skipped_updates");
    e->said_nonfinite = true;
    return GT_OK;
}
