/* SPDX-License-Identifier: Apache-2.0
 * Mirrored margins around images, and their adjoint, which adds what lies in the margins to the pixels it came from: a
 * negative pad. */
#include <stdlib.h>
#include <string.h>

#include "graph/door/ops.h"
#include "base/door/pool.h"
#include "graph/door/op.h"
#include "kernels/door/fir.h"

typedef struct pad_attr {
    int32_t pad;
} pad_attr;

static int pad_of(const gt_node *n) { return ((const pad_attr *)n->attr)->pad; }

static gt_status shape(gt_node *n) {
    if (gt_check_images(n)) return GT_USAGE;
    const int64_t *d = n->in[0]->shape.d, h = d[1] + 2 * pad_of(n), w = d[2] + 2 * pad_of(n);
    if (h < 1 || w < 1)
        return gt_fail(GT_USAGE, "reflect_pad: margins of %d leave nothing of %lldx%lld pixels", -pad_of(n),
                       (long long)d[1], (long long)d[2]);
    n->shape = GT_SHAPE(d[0], h, w, d[3]);
    return GT_OK;
}

static void vjp(gt_graph *g, gt_node *y, gt_node *dy, const bool *need, gt_node **dx) {
    (void)need;
    dx[0] = gt_reflect_pad(g, dy, -pad_of(y));
}

/* n floats of the small image become those of the wide one, or the wide one's are added to them. */
static void move(bool widen, float *small, float *wide, int64_t n) {
    if (widen) memcpy(wide, small, sizeof(float) * (size_t)n);
    for (int64_t i = 0; !widen && i < n; i++) small[i] += wide[i];
}

static void pad_image(void *arg, int image, int worker) {
    (void)worker;
    const gt_run *r = arg;
    const int64_t *in = r->node->in[0]->shape.d, *out = r->node->shape.d, c = in[3], margin = abs(pad_of(r->node));
    bool widen = pad_of(r->node) >= 0;
    float *x = (float *)r->in[0] + image * in[1] * in[2] * c, *y = r->out + image * out[1] * out[2] * c;
    float *small = widen ? x : y, *wide = widen ? y : x;
    int64_t h = widen ? in[1] : out[1], w = widen ? in[2] : out[2];
    if (!widen) memset(y, 0, sizeof(float) * (size_t)(h * w * c));
    for (int64_t i = -margin; i < h + margin; i++, wide += (w + 2 * margin) * c) {
        float *row = small + gt_reflect(i, h) * w * c;
        move(widen, row, wide + margin * c, w * c);
        for (int64_t j = 1; j <= margin; j++) {
            move(widen, row + gt_reflect(-j, w) * c, wide + (margin - j) * c, c);
            move(widen, row + gt_reflect(w - 1 + j, w) * c, wide + (margin + w - 1 + j) * c, c);
        }
    }
}

static void run(const gt_run *r) { gt_pool_run(r->pool, (int)r->node->shape.d[0], pad_image, (void *)r); }

const gt_op gt_op_reflect_pad = {.name = "reflect_pad", .rows = 1, .min_in = 1, .shape = shape, .vjp = vjp, .run = run};

gt_node *gt_reflect_pad(gt_graph *g, gt_node *x, int pad) {
    return gt_node_new(g, &gt_op_reflect_pad, 1, &x, &(pad_attr){pad}, sizeof(pad_attr));
}
