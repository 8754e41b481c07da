/* SPDX-License-Identifier: Apache-2.0
 * Winograd convolution by small blocks: loops around the kernels of winograd_tiles.h, with the steps and the bits of
 * winograd.c and winograd_weight_grad.c. The weight gradient is below; forward and input gradient, per block of tiles,
 * all of it by one thread:
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
 * Each block reads all of V: so this pays where there are few channels. V comes from the last-level cache and, with
 * several ranks, from shared memory, which has small pages: so the next plane of V is fetched, panel by panel, while
 * one is multiplied.
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
    PIECE = 16,          /* gradient: channels of x at a time */
    GROUP = GT_TILE_GROUP, /* gradient: tiles of dy transformed per tile of the pool */
    MOST_PIECES = 16,      /* 256 channels */
    MOST_VALUES = 7 << 15, /* gradient: floats of Y, U and D, 896 KiB */
    SIDE = 3,              /* of windows */
    LINE = 16,             /* floats that the cache holds together, */
    PAGE = 1024,           /* and those whose address is looked up together */
};

typedef struct fused {
    const gt_winograd_tiling *tiling;
    const float *images, *scales, *v;
    float *out, *room;           /* room: of worker 0 */
    int64_t plane, u, m;         /* floats from plane to plane of V; of U and of M of a worker */
    int64_t chunk;               /* floats from chunk to chunk of U and M */
    int64_t fetched;             /* floats from line to line of V that is fetched */
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

/* Measured on a Xeon: it gains most where all lines of V are fetched. A Zen 5 lost in a loop that fetched them by the
 * step of K, so other cores fetch a line of each page alone: then the page's address is known. */
static int64_t lines_fetched(void) {
#if defined __x86_64__
    if (__builtin_cpu_is("intel")) return LINE;
#endif
    return PAGE;
}

static void multiply(const fused *w, const float *u, float *m, int count) {
    const gt_winograd_tiling *p = w->tiling;
    int64_t from = p->from.channels, to = p->to.channels;
    int lanes = p->kernels->lanes, panels = (int)gt_pieces(count, p->kernels->rows);
    for (int i = 0; i < p->points; i++) {
        const float *v = w->v + p->plane[i] * w->plane;
        int after = i + 1 < p->points ? i + 1 : 0;
        bool fetch = !p->index[after]; /* other planes have been read for a point before */
        const float *soon = w->v + p->plane[after] * w->plane;
        for (int64_t o = 0; o < to; o += 2 * lanes) {
            int64_t end = fetch ? gt_smallest(o + 2 * lanes, to) * from : 0;
            for (int64_t k = o * from; k < end; k += w->fetched) __builtin_prefetch(soon + k, 0, 2);
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
               .fetched = lines_fetched(),
               .read = kernels->transform[tiling->kind][tiling->from.transform],
               .write = kernels->transform[tiling->kind][tiling->to.transform]};
    lay_out(tiling, gt_pool_threads(pool), &w);
    gt_pool_run(pool, (int)w.pieces, run_piece, &w);
}

/* ---- weight gradient ----
 *
 * Per block of tiles (those of a slice): Y of all channels, then for each PIECE of channels of x
 *
 *   U[tiles][points][piece] = transformed tiles
 *   D[piece][planes][to]    = the sums of U Y over tiles, and points of a plane
 *   taps                    = D transformed back, row by row
 *
 * so that U, D and the block's Y stay in the second-level cache, where winograd_weight_grad.c writes U and Y of all
 * slices at first. Tiles are K here, so in U and Y a point of a few tiles lies side by side. Threads take pieces. */

/* The leaf of a piece, and the nodes of its tree that wait. */
typedef struct piece_tree {
    float *leaf, *node[32];
} piece_tree;

typedef struct gradient {
    const gt_winograd_gradient *g;
    int64_t tile0, count; /* of a part; of the block: part 0, then part 1, ... */
    float *y, *room;      /* room: U and D of worker 0 */
    int64_t u, d;         /* floats of them */
    int64_t u_chunk, y_chunk, d_chunk;
    int slice;
    piece_tree tree[MOST_PIECES];
    int32_t points[GT_WINOGRAD_POINTS_MAX]; /* of one plane after the other */
} gradient;

static int64_t pieces_of(const gt_winograd_tiling *p) { return gt_pieces(p->from.channels, PIECE); }

/* Places within the workspace, in floats; returns its size. */
static size_t lay_out_gradient(const gt_winograd_tiling *p, int64_t tiles, int slices, int threads, gradient *w,
                               float *base) {
    int lanes = p->kernels->lanes;
    size_t used = 0;
    w->u_chunk = w->y_chunk = (gt_round_up(tiles, GT_TILE_GROUP) * GT_TILE_POINTS | 1) * lanes;
    w->d_chunk = (PIECE * GT_TILE_POINTS | 1) * lanes;
    w->u = gt_round_up(PIECE / lanes * w->u_chunk, 16);
    w->d = gt_round_up(chunks_of(p, &p->to) * w->d_chunk, 16);
    size_t y = gt_winograd_take(&used, chunks_of(p, &p->to) * w->y_chunk),
           room = gt_winograd_take(&used, threads * (w->u + w->d));
    for (int i = 0; slices && i < pieces_of(p); i++) {
        for (int k = 0; k <= gt_winograd_waiting(slices); k++) {
            size_t at = gt_winograd_take(&used, p->taps * PIECE * p->to.channels);
            *(k ? &w->tree[i].node[k - 1] : &w->tree[i].leaf) = base ? base + at : NULL;
        }
    }
    if (base) w->y = base + y, w->room = base + room;
    return used;
}

bool gt_winograd_fused_gradient_possible(const gt_winograd_tiling *p) {
    const gt_tile_kernels *kernels = p->kernels->tiles;
    return kernels && kernels->grouped[p->kind][p->from.transform] && kernels->grouped[p->kind][p->to.transform] &&
           kernels->transform[p->kind][GT_WINOGRAD_WEIGHTS_ADJOINT] && pieces_of(p) <= MOST_PIECES;
}

/* Not where so much does not stay in the second-level cache, nor where a thread would have no piece; nor with 16
 * registers (sets without .gradient), with which it is up to a tenth slower. */
bool gt_winograd_fused_gradient_pays(const gt_winograd_tiling *p, int64_t tiles, int threads) {
    int64_t values = tiles * p->points * (p->to.channels + PIECE) + p->planes * p->to.channels * PIECE;
    return gt_winograd_fused_gradient_possible(p) && p->kernels->gradient[p->kind] && values <= MOST_VALUES &&
           pieces_of(p) >= threads;
}

size_t gt_winograd_fused_gradient_floats(const gt_winograd_tiling *tiling, int64_t tiles, int slices, int threads) {
    gradient w;
    return lay_out_gradient(tiling, tiles, slices, threads, &w, NULL);
}

/* Tile number t of the block, of images with face f from channel c on. */
static gt_tile tile_of_block(const gradient *w, const gt_winograd_face *f, const gt_winograd_images *images, int64_t t,
                             int64_t c) {
    const gt_winograd_tiling *p = &w->g->tiling;
    const gt_winograd_images *own = &images[t / w->g->part_tiles];
    int64_t number = w->tile0 + t % w->g->part_tiles;
    gt_tile tile = {.step = 0};
    place_tile(p, f, own->at + c, number, &tile);
    for (int i = 0; i < f->side.y; i++) tile.soon[i] = tile.row[i] + f->step.x * f->channels;
    if (own->scales) tile.scales = own->scales + number / p->per_image * f->channels + c;
    return tile;
}

/* Floats up to tile t of a block, in groups. */
static int64_t grouped_at(const gt_winograd_tiling *p, int64_t t) {
    return (t / GT_TILE_GROUP * (GT_TILE_POINTS - 1) * GT_TILE_GROUP + t) * p->kernels->lanes;
}

static void gradient_group(void *arg, int group, int worker) {
    (void)worker;
    const gradient *w = arg;
    const gt_winograd_tiling *p = &w->g->tiling;
    int64_t begin = (int64_t)group * GROUP, end = gt_smallest(begin + GROUP, w->count);
    gt_tile_transform_fn *read = p->kernels->tiles->grouped[p->kind][p->to.transform];
    for (int64_t t = begin; t < end; t++) {
        gt_tile tile = tile_of_block(w, &p->to, w->g->dy, t, 0);
        read(&tile, p->to.channels, w->y + grouped_at(p, t), w->y_chunk);
    }
}

static void piece_products(const gradient *w, int64_t rows, const float *u, float *d) {
    const gt_winograd_tiling *p = &w->g->tiling;
    int lanes = p->kernels->lanes, at_once = lanes / 2;
    for (int i = 0; i < p->planes; i++) {
        for (int64_t o = 0; o < p->to.channels; o += 2 * lanes) {
            gt_tile_gradient_fn *product = p->kernels->tiles->gradient[p->to.channels - o > lanes];
            for (int64_t r = 0; r < rows; r += at_once)
                product(w->count, p->shared[i], w->points + p->first[i], u + r / lanes * w->u_chunk + r % lanes,
                        w->y + o / lanes * w->y_chunk, w->y_chunk,
                        d + (r * GT_TILE_POINTS + i) * lanes + o / lanes * w->d_chunk, w->d_chunk);
        }
    }
}

/* Taps from channel c of x on are written to, or added to, what lies here with these steps. */
static void piece_taps(const gradient *w, int64_t c, int64_t rows, int worker, float *taps, int64_t tap_step,
                       int64_t row_step, bool add) {
    const gt_winograd_tiling *p = &w->g->tiling;
    float *u = w->room + worker * (w->u + w->d), *d = u + w->u;
    gt_tile_transform_fn *const *transforms = p->kernels->tiles->transform[p->kind];
    int64_t tile_floats = (int64_t)GT_TILE_POINTS * p->kernels->lanes;
    for (int64_t t = 0; t < w->count; t++) {
        gt_tile tile = tile_of_block(w, &p->from, w->g->from, t, c);
        p->kernels->tiles->grouped[p->kind][p->from.transform](&tile, rows, u + grouped_at(p, t), w->u_chunk);
    }
    piece_products(w, rows, u, d);
    for (int64_t r = 0; r < rows; r++) {
        gt_tile window = {.step = tap_step, .bottom = SIDE, .right = SIDE};
        for (int i = 0; i < SIDE; i++) {
            window.row[i] = taps + i * SIDE * tap_step + r * row_step;
            window.soon[i] = window.row[i] + row_step;
        }
        transforms[add ? GT_WINOGRAD_WEIGHTS_ADDED : GT_WINOGRAD_WEIGHTS_ADJOINT](&window, p->to.channels,
                                                                                  d + r * tile_floats, w->d_chunk);
    }
}

static void block_piece(void *arg, int piece, int worker) {
    const gradient *w = arg;
    const gt_winograd_tiling *p = &w->g->tiling;
    int64_t c = (int64_t)piece * PIECE, inputs = p->from.channels, outputs = p->to.channels;
    piece_taps(w, c, gt_smallest(PIECE, inputs - c), worker, w->g->out + c * outputs, inputs * outputs, outputs,
               w->tile0);
}

static void slice_piece(void *arg, int piece, int worker) {
    gradient *w = arg;
    const gt_winograd_gradient *g = w->g;
    piece_tree *own = &w->tree[piece];
    int64_t c = (int64_t)piece * PIECE, inputs = g->tiling.from.channels, outputs = g->tiling.to.channels;
    int64_t rows = gt_smallest(PIECE, inputs - c), size = rows * outputs;
    piece_taps(w, c, rows, worker, own->leaf, size, outputs, false);
    for (int tap = 0; tap < g->tiling.taps; tap++)
        gt_leaf_finish(g->all->leaf, g->first + w->slice, tap * inputs + c, 0, rows, outputs, own->leaf + tap * size,
                       outputs);
    own->leaf = gt_tree_push(own->node, own->leaf, w->slice, g->slices, g->tiling.taps * size);
    for (int tap = 0; w->slice == g->slices - 1 && tap < g->tiling.taps; tap++)
        memcpy(g->out + (tap * inputs + c) * outputs, own->leaf + tap * size, (size_t)size * sizeof(float));
}

void gt_winograd_fused_gradient_run(const gt_winograd_gradient *g, gt_pool *pool, float *room) {
    const gt_winograd_tiling *p = &g->tiling;
    gradient w = {.g = g};
    int64_t tiles = g->slices ? g->parts * g->part_tiles : p->block,
            all = g->slices ? g->slices * g->part_tiles : p->tiles;
    lay_out_gradient(p, tiles, g->slices, gt_pool_threads(pool), &w, room);
    for (int i = 0; i < p->points; i++) w.points[p->first[p->plane[i]] + p->index[i]] = i;
    for (; w.tile0 < all; w.slice++, w.tile0 += g->part_tiles) {
        w.count = g->slices ? tiles : gt_smallest(tiles, all - w.tile0);
        gt_pool_run(pool, (int)gt_pieces(w.count, GROUP), gradient_group, &w);
        gt_pool_run(pool, (int)pieces_of(p), g->slices ? slice_piece : block_piece, &w);
    }
}
