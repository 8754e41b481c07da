/* SPDX-License-Identifier: Apache-2.0
 * The distance of images that projection makes small: see distance.h. */
#include "features/project/distance.h"

#include <math.h>

#include "graph/door/ops.h"
#include "networks/model/door/model.h"
#include "networks/nets/door/layers.h"

enum { SLOT_D = 1, SLOT_LPIPS = 2, SIDE_OF_LPIPS = 256, SIDE_OF_LAST_LEVEL = 4 };

/* ---- LPIPS ---- */

gt_status gt_distance_check(const gt_distance *d) {
    const gt_model *m = d->model;
    if (!d->lpips) return GT_OK;
    if (m->channels != 1 && m->channels != 3)
        return gt_fail(GT_USAGE,
                       "LPIPS takes grey and RGB pictures, but this network's have %d channels: leave out --vgg",
                       m->channels);
    if (m->height < GT_LPIPS_MIN || m->width < GT_LPIPS_MIN)
        return gt_fail(GT_USAGE,
                       "LPIPS takes pictures of %d pixels and more, but this network's have %dx%d: leave out --vgg",
                       GT_LPIPS_MIN, m->height, m->width);
    return GT_OK;
}

/* The factor, a power of two, that makes the longer side at least 256 pixels and less than 512. */
static int shrinks_by(const gt_model *m) {
    int by = 1, side = m->height > m->width ? m->height : m->width;
    while (side / (2 * by) >= SIDE_OF_LPIPS && m->height % (2 * by) == 0 && m->width % (2 * by) == 0) by *= 2;
    return by;
}

/* Each pixel the mean of a square of by x by pixels. */
static gt_node *box_down(gt_graph *g, gt_node *x, int by) {
    if (by == 1) return x;
    float *taps = gt_arena_array(gt_graph_arena(g), (size_t)by, sizeof *taps);
    for (int i = 0; taps && i < by; i++) taps[i] = 1;
    gt_filter f = gt_filter_setup(gt_graph_arena(g), taps, by, 0, true, false, 1, false);
    return gt_upfirdn(g, x, f, (gt_upfirdn_attr){.down_x = by, .down_y = by});
}

static int lpips_maps(const gt_distance *d, gt_graph *g, gt_node *x, gt_node **maps) {
    if (d->model->channels == 1) x = gt_concat(g, 3, (gt_node *[]){x, x, x}, 3);
    gt_lpips_maps(d->lpips, g, SLOT_LPIPS, box_down(g, x, shrinks_by(d->model)), maps);
    return GT_LPIPS_MAPS;
}

/* ---- our own ---- */

/* So that the sum over a map's values becomes their mean over pixels and channels. */
static gt_node *weighed(gt_graph *g, gt_node *x) {
    return x ? gt_scale(g, x, (float)(1 / sqrt((double)(gt_dim(x, 1) * gt_dim(x, 2) * gt_dim(x, 3))))) : NULL;
}

static int pyramid(gt_graph *g, gt_node *x, gt_node **maps) {
    gt_filter f = gt_filter_setup(gt_graph_arena(g), (float[]){1, 3, 3, 1}, 4, 0, true, false, 1, false);
    int n = 0;
    for (; x && n < GT_MAPS_MAX; n++) {
        maps[n] = weighed(g, x);
        int64_t h = gt_dim(x, 1), w = gt_dim(x, 2), least = h < w ? h : w;
        if (h % 2 || w % 2 || least < 2 * SIDE_OF_LAST_LEVEL) return n + 1;
        x = gt_downsample2d(g, x, f, 2);
    }
    return n;
}

static int own_maps(const gt_distance *d, gt_graph *g, gt_node *x, gt_node **maps) {
    int n = pyramid(g, x, maps);
    if (!d->critic) return n;
    gt_scope_push(g, "D");
    int blocks = d->model->discriminator_maps(d->model, g, x, maps + n);
    for (int i = n; i < n + blocks; i++) maps[i] = weighed(g, gt_normalize_2nd_moment(g, maps[i]));
    gt_scope_pop(g);
    return n + blocks;
}

int gt_distance_maps(const gt_distance *d, gt_graph *g, gt_node *images, gt_node *maps[GT_DISTANCE_MOST_MAPS]) {
    if (!images) return 0;
    return d->lpips ? lpips_maps(d, g, images, maps) : own_maps(d, g, images, maps);
}

void gt_distance_bind(const gt_distance *d, gt_exec *e) {
    if (d->critic) gt_exec_bind(e, SLOT_D, d->critic);
    if (d->lpips) gt_exec_bind(e, SLOT_LPIPS, gt_lpips_block(d->lpips));
}
