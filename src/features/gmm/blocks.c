/* SPDX-License-Identifier: Apache-2.0
 * Reads points into blocks, and sums over points (blocks.h). */
#include "features/gmm/blocks.h"

#include <stdlib.h>
#include <string.h>

#include "base/door/hash.h"
#include "base/door/numbers.h"
#include "base/door/memory.h"
#include "base/door/pool.h"
#include "base/door/progress.h"
#include "gantry/hash.h"
#include "features/gmm/mixture.h"

enum {
    PANELS_OF_BLOCK = 8, /* long enough that adding up a block's sums costs little beside making them */
    MAX_BLOCKS = 4096,
    EASY_BLOCKS = 64,      /* with fewer panels than so many blocks each panel is a block */
    VECTORS_OF_THREAD = 4, /* blocks that are summed before the tree takes them */
};

/* A panel and a copy of it stay in the caches. */
static size_t panel_for(size_t d) { return d <= 32 ? 8 * GT_MIXTURE_STEP : 2 * GT_MIXTURE_STEP; }

static gt_slices slices_for(int64_t panels) {
    int64_t blocks = panels / PANELS_OF_BLOCK, easy = panels < EASY_BLOCKS ? panels : EASY_BLOCKS;
    if (blocks < easy) blocks = easy;
    return (gt_slices){(int)panels, (int)(blocks < MAX_BLOCKS ? blocks : MAX_BLOCKS)};
}

static int64_t first_panel(const gt_blocks *b, int block) {
    return block < b->slices.count ? gt_slices_first(b->slices, block) : b->slices.samples;
}

static int64_t own_panels(const gt_blocks *b) { return first_panel(b, b->first + b->own) - first_panel(b, b->first); }

/* ---- reading ---- */

static gt_status allocate_points(gt_blocks *b) {
    size_t panels = (size_t)own_panels(b);
    if (gt_mul_overflows(panels * b->panel, b->d * sizeof *b->x, &b->x_bytes))
        return gt_fail(GT_NOMEM, "%lld points are too many", (long long)b->count);
    if (!panels) return GT_OK;
    b->x = gt_block_alloc(b->x_bytes, "points");
    return b->x ? GT_OK : GT_NOMEM;
}

static gt_status read_panels(gt_blocks *b, gt_cloud *points) {
    GT_FREED double *rows = malloc(b->panel * b->d * sizeof *rows);
    if (!rows) return gt_fail(GT_NOMEM, "out of memory for points");
    int64_t size = (int64_t)b->panel, first = gt_smallest(first_panel(b, b->first) * size, b->count);
    b->own_points = gt_smallest(first_panel(b, b->first + b->own) * size, b->count) - first;
    gt_status st = GT_OK;
    gt_tell_start("reading", "points", b->count);
    for (int64_t i = 0; i < b->own_points && !st; i += size) {
        size_t n = (size_t)gt_smallest(size, b->own_points - i);
        double *x = b->x + (size_t)i * b->d;
        gt_progress();
        st = gt_cloud_read(points, first + i, (int64_t)n, rows);
        for (size_t p = 0; p < n && !st; p++)
            for (size_t j = 0; j < b->d; j++) x[j * b->panel + p] = rows[p * b->d + j];
        gt_tell(gt_smallest((i + size) * b->comm->ranks, b->count));
    }
    gt_tell_end();
    return st;
}

gt_status gt_blocks_read(gt_blocks **out, gt_comm *c, gt_pool *pool, const gt_kernel_set *kernels, gt_cloud *points) {
    gt_cloud_info info = gt_cloud_get_info(points);
    const int64_t shape[] = {info.count, info.d};
    gt_status st =
        gt_comm_as_first_all(c, shape, sizeof shape)
            ? GT_OK
            : gt_fail(GT_FAILED,
                      "this rank has %lld points of %d dimensions, rank 0 has others: all ranks must see the same data",
                      (long long)info.count, (int)info.d);
    st = gt_comm_agree_all(c, st); /* before anything that is as long as the points are many */
    gt_blocks *b = *out = st ? NULL : calloc(1, sizeof *b);
    if (!b && !st) st = gt_fail(GT_NOMEM, "out of memory for points");
    if (!st) {
        *b = (gt_blocks){.comm = c,
                         .pool = pool,
                         .kernels = gt_kernel_set_or_best(kernels),
                         .count = info.count,
                         .d = (size_t)info.d,
                         .panel = panel_for((size_t)info.d)};
        int64_t panels = (info.count + (int64_t)b->panel - 1) / (int64_t)b->panel;
        if (panels > INT32_MAX) st = gt_fail(GT_NOMEM, "%lld points are too many", (long long)info.count);
        else b->slices = slices_for(panels);
    }
    if (!st) {
        gt_slice_range(c, b->slices.count, c->rank, &b->first, &b->own);
        st = allocate_points(b);
    }
    if (!st) st = read_panels(b, points);
    st = gt_comm_agree_all(c, st);
    if (st) {
        gt_blocks_free(b);
        *out = NULL;
    }
    return st;
}

void gt_blocks_free(gt_blocks *b) {
    if (!b) return;
    gt_block_free(b->x, b->x_bytes);
    free(b->sums);
    gt_tree_sum_free(b->tree);
    free(b);
}

/* ---- sums ---- */

typedef struct wave { /* consecutive blocks, each summed by one thread */
    const gt_blocks *b;
    int first;
    size_t n;
    gt_panel_fn *fn;
    void *arg;
    double *sums; /* [blocks of the wave][n] */
} wave;

static void sum_block(void *arg, int tile, int worker) {
    const wave *w = arg;
    const gt_blocks *b = w->b;
    double *sums = w->sums + (size_t)tile * w->n;
    memset(sums, 0, w->n * sizeof *sums);
    int64_t begin = first_panel(b, w->first + tile), end = first_panel(b, w->first + tile + 1),
            size = (int64_t)b->panel, before = first_panel(b, b->first);
    for (int64_t p = begin; p < end; p++) {
        gt_panel_of_points panel = {
            .x = b->x + (size_t)((p - before) * size) * b->d,
            .count = (size_t)gt_smallest(size, b->count - p * size),
            .own = (p - before) * size,
        };
        w->fn(w->arg, &panel, worker, sums);
    }
}

/* This rank's blocks in waves; the sums of each go, in order, to `tree`, or to `list` where there is no tree. */
static gt_status sum_own(gt_blocks *b, size_t n, gt_panel_fn *fn, void *arg, gt_tree_sum *tree, double *list) {
    int wave_size = VECTORS_OF_THREAD * gt_pool_threads(b->pool);
    if (wave_size > b->own) wave_size = b->own;
    size_t room = (size_t)wave_size * n;
    if (room > b->sums_room) {
        free(b->sums);
        b->sums = malloc(room * sizeof *b->sums);
        b->sums_room = b->sums ? room : 0;
    }
    double *sums = b->sums;
    if (!sums && room) return gt_fail(GT_NOMEM, "out of memory for the sums of %d blocks", wave_size);
    for (int done = 0; done < b->own; done += wave_size) {
        int count = wave_size < b->own - done ? wave_size : b->own - done;
        gt_pool_run(b->pool, count, sum_block, &(wave){b, b->first + done, n, fn, arg, sums});
        for (int i = 0; i < count && tree; i++) gt_tree_sum_add(tree, sums + (size_t)i * n);
        if (!tree) memcpy(list + (size_t)done * n, sums, (size_t)count * n * sizeof *sums);
    }
    return GT_OK;
}

gt_status gt_blocks_sum(gt_blocks *b, size_t n, gt_panel_fn *fn, void *arg, double *out) {
    if (b->tree_n != n) {
        gt_tree_sum_free(b->tree);
        b->tree = gt_tree_sum_new(b->comm, b->slices.count, n);
        b->tree_n = b->tree ? n : 0;
    }
    gt_status st = gt_comm_agree_all(b->comm, b->tree ? sum_own(b, n, fn, arg, b->tree, NULL) : GT_FAILED);
    return st ? st : gt_tree_sum_finish_all(b->tree, out);
}

gt_status gt_blocks_each(gt_blocks *b, size_t n, gt_panel_fn *fn, void *arg, double *out) {
    double *own = out + (size_t)b->first * n;
    gt_status st = gt_comm_agree_all(b->comm, sum_own(b, n, fn, arg, NULL, own));
    if (st) return st;
    gt_comm_gather_all(b->comm, own, (size_t)b->own * n * sizeof *out, out);
    gt_comm_broadcast_all(b->comm, out, (size_t)b->slices.count * n * sizeof *out, 0);
    return GT_OK;
}

/* ---- fingerprint ---- */

static gt_status add_hashes(void *hasher, const void *hashes, size_t bytes) {
    gt_hasher_add(hasher, hashes, bytes);
    return GT_OK;
}

gt_hash128 gt_blocks_fingerprint(gt_blocks *b) {
    int64_t panels = own_panels(b), shape[] = {b->count, (int64_t)b->d};
    size_t floats = b->panel * b->d;
    gt_hash128 *hashes = malloc((size_t)(panels + 1) * sizeof *hashes);
    gt_hasher *hasher = b->comm->rank ? NULL : gt_hasher_new();
    gt_hash128 all = {0};
    bool fine = hashes && (hasher || b->comm->rank);
    if (gt_comm_agree_all(b->comm, fine ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a fingerprint"))) {
        free(hashes);
        if (hasher) gt_hasher_end(hasher);
        return all;
    }
    for (int64_t p = 0; p < panels; p++) hashes[p] = gt_hash(b->x + (size_t)p * floats, floats * sizeof *b->x);
    if (hasher) gt_hasher_add(hasher, shape, sizeof shape);
    gt_status st = gt_comm_funnel_all(b->comm, hashes, (size_t)panels * sizeof *hashes, add_hashes, hasher);
    if (hasher) all = gt_hasher_end(hasher);
    free(hashes);
    return st ? (gt_hash128){0} : all;
}
