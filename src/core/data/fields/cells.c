/* SPDX-License-Identifier: Apache-2.0
 * The mean by area, the line between middles, or the nearest cell, one axis after the other. */
#include "data/fields/fields.h"

#include <stdbool.h>

static int clip(int64_t x, int most) { return x < 0 ? 0 : x > most ? most : (int)x; }

/* Ends of cells are fractions of `out`: whole numbers tell exactly which cells a cell covers. */
static void mean(gt_cells *c, int i) {
    int64_t in = c->in, out = c->out, low = i * in, high = low + in;
    double *w = c->weight + (size_t)i * (size_t)c->taps;
    c->first[i] = (int)(low / out);
    for (int64_t k = c->first[i]; k * out < high; k++) {
        int64_t from = k * out > low ? k * out : low, to = (k + 1) * out < high ? (k + 1) * out : high;
        w[c->count[i]++] = (double)(to - from) / (double)in;
    }
}

static void line(gt_cells *c, int i) {
    int64_t twice = (2 * (int64_t)i + 1) * c->in - c->out; /* 2 out (x) */
    double *w = c->weight + (size_t)i * (size_t)c->taps;
    if (twice <= 0 || twice >= 2 * (int64_t)c->out * (c->in - 1)) {
        c->first[i] = twice <= 0 ? 0 : c->in - 1;
        c->count[i] = 1, w[0] = 1;
        return;
    }
    int64_t left = twice / (2 * (int64_t)c->out), rest = twice % (2 * (int64_t)c->out);
    double part = (double)rest / (double)(2 * (int64_t)c->out);
    c->first[i] = (int)left;
    c->count[i] = rest ? 2 : 1;
    w[0] = 1 - part;
    if (rest) w[1] = part;
}

static void nearest(gt_cells *c, int i) {
    c->first[i] = clip((2 * (int64_t)i + 1) * c->in / (2 * (int64_t)c->out), c->in - 1);
    c->count[i] = 1;
    c->weight[(size_t)i * (size_t)c->taps] = 1;
}

gt_status gt_cells_plan(gt_arena *a, gt_cells *c, int in, int out, gt_condition_resize how) {
    bool down = out < in && how == GT_RESIZE_SMOOTH;
    *c = (gt_cells){.in = in, .out = out, .taps = in == out ? 1 : down ? in / out + 2 : 2};
    c->first = gt_arena_array(a, (size_t)out, sizeof *c->first);
    c->count = gt_arena_array(a, (size_t)out, sizeof *c->count);
    c->weight = gt_arena_array(a, (size_t)out * (size_t)c->taps, sizeof *c->weight); /* sides are below 2^16 */
    if (!c->weight || !c->first || !c->count) return GT_NOMEM;
    for (int i = 0; i < out; i++)
        if (in == out || how == GT_RESIZE_NEAREST) nearest(c, i);
        else if (down) mean(c, i);
        else line(c, i);
    return GT_OK;
}

void gt_cells_apply(const gt_cells *y, const gt_cells *x, const float *in, double *scratch, float *out) {
    size_t wide = (size_t)x->in, narrow = (size_t)x->out;
    for (size_t r = 0; r < (size_t)y->in; r++)
        for (size_t i = 0; i < narrow; i++) {
            const double *w = x->weight + i * (size_t)x->taps;
            const float *from = in + r * wide + x->first[i];
            double sum = 0;
            for (int k = 0; k < x->count[i]; k++) sum += w[k] * (double)from[k];
            scratch[r * narrow + i] = sum;
        }
    for (size_t r = 0; r < (size_t)y->out; r++)
        for (size_t i = 0; i < narrow; i++) {
            const double *w = y->weight + r * (size_t)y->taps, *from = scratch + (size_t)y->first[r] * narrow + i;
            double sum = 0;
            for (int k = 0; k < y->count[r]; k++) sum += w[k] * from[(size_t)k * narrow];
            out[r * narrow + i] = (float)sum;
        }
}
