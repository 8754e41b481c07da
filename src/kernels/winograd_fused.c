/* SPDX-License-Identifier: Apache-2.0
 * Winograd convolution, forward and input gradient, by small blocks: loops around the kernels of winograd_tiles.h, with
 * the steps and the bits of winograd.c. Per block of tiles, all of it by one thread:
 *
 *   U[tiles][points][from] = transformed tiles
 *   M[tiles][points][to]   = U V, point by point; V, the transformed weights as packed B, is read once, in order
 *   pixels                 = M transformed back
 *
 * A block has as many tiles as the micro-kernel has rows, so that U and M stay in the second-level cache. That alone
 * would be slower than the large blocks of winograd.c, where the values of a plane lie side by side: transforms write
 * to, and read from, as many places as there are points. Here the values of a tile lie side by side (gt_tile_kernels),
 * and the rows of a product are one point of all tiles, at equal distances.
 *
 * Each block reads all of V: so this pays where there are few channels.
 *
 * Threads wait for nobody: each takes whole blocks or, where tiles overlap, images with all their tiles in order. */
#include <string.h>

#include "base/door/pool.h"
#include "kernels/winograd_run.h"

enum {
    MOST_TILES = 14,     /* of a block: as many whole rows of the micro-kernel */
    MOST_WEIGHTS = 6400, /* of a product, where each point has weights of its own: 80 x 80 channels; more come from the
                            last-level cache too slowly */
    LEAST_TILES = 4,     /* for each thread */
    ALL_ADDED = 16,      /* channels: see gt_winograd_fused_possible() */
};

typedef struct fused {
    const gt_winograd_tiling *tiling;
    const float *images, *scales, *v;
    float *out, *room;           /* room: of worker 0 */
    int64_t plane, u, m;         /* floats from plane to plane of V; of U and of M of a worker */
    int64_t chunk;               /* floats from chunk to chunk of U and M */
    int64_t pieces, units, unit; /* a piece: so many of these units, of so many tiles */
    gt_tile_transform_fn *read, *write;
} fused;

static int64_t most_tiles(const gt_winograd_tiling *p) { return MOST_TILES / p->kernels->rows * p->kernels->rows; }

static int64_t chunks_of(const gt_winograd_tiling *p, const gt_winograd_face *f) {
    return gt_pieces(f->channels, p->kernels->lanes);
}

/* An odd number of vectors from chunk to chunk, as from tile to tile, or they would fall into few sets of the cache. */
static void lay_out(const gt_winograd_tiling *p, int threads, fused *w) {
    int64_t most = most_tiles(p);
    w->tiling = p;
    w->chunk = (most * GT_TILE_POINTS | 1) * p->kernels->lanes;
    w->u = gt_round_up(chunks_of(p, &p->from) * w->chunk, 16);
    w->m = gt_round_up(chunks_of(p, &p->to) * w->chunk, 16);
    w->unit = gt_winograd_overlapping(p) ? p->per_image : 1;
    w->units = p->tiles / w->unit;
    w->pieces = gt_winograd_overlapping(p) ? gt_smallest(threads, w->units)
                                           : gt_smallest(gt_round_up(gt_pieces(p->tiles, most), threads), p->tiles);
}

int64_t gt_winograd_fused_floats(const gt_winograd_tiling *tiling, int threads) {
    fused w = {0};
    lay_out(tiling, threads, &w);
    return threads * (w.u + w.m);
}

/* Where tiles overlap, vectors that are not whole have other bits (winograd_tiles.h: MIDDLE). */
bool gt_winograd_fused_possible(const gt_winograd_tiling *p) {
    const gt_tile_kernels *kernels = p->kernels->tiles;
    return kernels && kernels->transform[p->kind][p->from.transform] && kernels->transform[p->kind][p->to.transform] &&
           !(gt_winograd_overlapping(p) && p->to.channels % ALL_ADDED);
}

bool gt_winograd_fused_pays(const gt_winograd_tiling *p, int threads) {
    int64_t weights = p->planes * p->from.channels * p->to.channels;
    bool enough = gt_winograd_overlapping(p) ? p->images >= threads : p->tiles >= LEAST_TILES * threads;
    return gt_winograd_fused_possible(p) && weights <= MOST_WEIGHTS * p->points && enough;
}

/* Rows that are not in the image point into it all the same: what is fetched from there may be needed soon. */
static void place_tile(const gt_winograd_tiling *p, const gt_winograd_face *f, const float *images, int64_t tile,
                       gt_tile *t) {
    int64_t n = tile / p->per_image, in_image = tile % p->per_image;
    int64_t y = in_image / p->across * f->step.y - f->pad_y, x = in_image % p->across * f->step.x - f->pad_x;
    int down = f->side.y, across = f->side.x;
    t->step = f->channels;
    t->top = (int)gt_smallest(down, gt_largest(0, -y));
    t->bottom = (int)gt_smallest(down, gt_largest(t->top, f->height - y));
    t->left = (int)gt_smallest(across, gt_largest(0, -x));
    t->right = (int)gt_smallest(across, gt_largest(t->left, f->width - x));
    float *line = (float *)images + (n * f->height * f->width + x) * f->channels;
    for (int i = 0; i < down; i++)
        t->row[i] = line + gt_smallest(gt_largest(y + i, 0), f->height - 1) * f->width * f->channels;
}

/* Tiles one after the other, each with the rows of the next one. */
typedef struct walk {
    const gt_winograd_tiling *tiling;
    const gt_winograd_face *face;
    const float *images;
    gt_tile next;
} walk;

static walk walk_from(const gt_winograd_tiling *p, const gt_winograd_face *f, const float *images, int64_t tile) {
    walk w = {.tiling = p, .face = f, .images = images};
    place_tile(p, f, images, tile, &w.next);
    return w;
}

static gt_tile walk_on(walk *w, int64_t tile) {
    gt_tile t = w->next;
    if (tile + 1 < w->tiling->tiles) place_tile(w->tiling, w->face, w->images, tile + 1, &w->next);
    memcpy(t.soon, w->next.row, sizeof t.soon);
    return t;
}

/* What a tile will add to although no tile before it, above or to the left, has been there: the first rows and columns
 * of an image. */
static void clear_edges(const gt_winograd_tiling *p, int64_t number, const gt_tile *t) {
    int64_t in_image = number % p->per_image;
    bool top = in_image < p->across, left = in_image % p->across == 0;
    int overlap = p->to.side.x - p->to.step.x;
    if (!top && !left) return;
    for (int i = t->top; i < t->bottom; i++)
        for (int j = t->left; j < (i < overlap ? t->right : gt_smallest(overlap, t->right)); j++)
            if ((top || i >= overlap) && (left || j >= overlap))
                memset(t->row[i] + j * t->step, 0, (size_t)p->to.channels * sizeof(float));
}

static void multiply(const fused *w, const float *u, float *m, int count) {
    const gt_winograd_tiling *p = w->tiling;
    int64_t from = p->from.channels, to = p->to.channels;
    int lanes = p->kernels->lanes, panels = (int)gt_pieces(count, p->kernels->rows);
    for (int i = 0; i < p->points; i++) {
        const float *v = w->v + p->plane[i] * w->plane;
        for (int64_t o = 0; o < to; o += 2 * lanes) {
            gt_tile_product_fn *const *products = p->kernels->tiles->products[to - o > lanes];
            for (int j = 0; j < panels; j++) {
                int t = count * j / panels, next = count * (j + 1) / panels;
                int64_t at = (int64_t)(t * GT_TILE_POINTS + i) * lanes;
                products[next - t](from, u + at, w->chunk, v + o * from, m + o / lanes * w->chunk + at, w->chunk);
            }
        }
    }
}

static void run_block(const fused *w, int64_t begin, int count, float *u, float *m) {
    const gt_winograd_tiling *p = w->tiling;
    int64_t tile_floats = (int64_t)GT_TILE_POINTS * p->kernels->lanes;
    walk in = walk_from(p, &p->from, w->images, begin), out = walk_from(p, &p->to, w->out, begin);
    for (int t = 0; t < count; t++) {
        gt_tile tile = walk_on(&in, begin + t);
        if (w->scales) tile.scales = w->scales + (begin + t) / p->per_image * p->from.channels;
        w->read(&tile, p->from.channels, u + t * tile_floats, w->chunk);
    }
    multiply(w, u, m, count);
    for (int t = 0; t < count; t++) {
        gt_tile tile = walk_on(&out, begin + t);
        if (gt_winograd_overlapping(p)) clear_edges(p, begin + t, &tile);
        w->write(&tile, p->to.channels, m + t * tile_floats, w->chunk);
    }
}

/* Of blocks that are as equal as possible. */
static void run_piece(void *arg, int piece, int worker) {
    const fused *w = arg;
    float *u = w->room + worker * (w->u + w->m), *m = u + w->u;
    int64_t begin = w->units * piece / w->pieces * w->unit, end = w->units * (piece + 1) / w->pieces * w->unit;
    int64_t tiles = end - begin, blocks = gt_pieces(tiles, most_tiles(w->tiling));
    for (int64_t i = 0; i < blocks; i++) {
        int64_t first = tiles * i / blocks;
        run_block(w, begin + first, (int)(tiles * (i + 1) / blocks - first), u, m);
    }
}

void gt_winograd_fused_run(const gt_winograd_tiling *tiling, gt_pool *pool, const float *images, const float *scales,
                           const float *v, int64_t plane, float *room, float *out) {
    const gt_tile_kernels *kernels = tiling->kernels->tiles;
    fused w = {.images = images,
               .scales = scales,
               .v = v,
               .plane = plane,
               .room = room,
               .out = out,
               .read = kernels->transform[tiling->kind][tiling->from.transform],
               .write = kernels->transform[tiling->kind][tiling->to.transform]};
    lay_out(tiling, gt_pool_threads(pool), &w);
    gt_pool_run(pool, (int)w.pieces, run_piece, &w);
}
