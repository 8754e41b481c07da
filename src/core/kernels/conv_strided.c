/* SPDX-License-Identifier: Apache-2.0
 * Convolution whose patches are read where they lie (conv.h has the contract). The direct kernel copies each patch
 * before it multiplies, which costs up to four times the product where channels are few. Here a row of the operand is
 * an address in the image; images whose windows reach outside are first copied into a frame of zeros. The sums have the
 * direct kernel's order, and so its bits.
 *
 *   forward       rows = positions of y, K = lines of the window     B = packed weights
 *   input grad    the same from dy, of 1x1 windows with stride 1     B = packed weights, transposed
 *   weight grad   rows = taps x channels, K = positions              B = dy
 *
 * The window of position m = (n, p, q) is kh pieces of memory, kw c floats each, w c floats apart:
 *
 *   place(m) = ((n h + p stride) w + q stride) c
 *
 *   x + place(m)              |<-- kw c -->|
 *   x + place(m) + w c        |            |           kh pieces: the parts of K
 *   x + place(m) + 2 w c      |            |
 *
 *   forward       y[m][o] = sum over i < kh, j < kw c of  x[place(m) + i w c + j]  B[i kw c + j][o]
 *   weight grad   w[r][o] = sum over m of                 x[place(m) + tap(r)]     dy[m][o]
 *                 tap(r) = (r div kw c) w c + r mod kw c;  a part of K is a line of positions: place(m) rises by
 *                 stride c from one position to the next
 *
 * A row of the table in conv.c. gt_conv_choose() takes this kernel where gt_conv_strided_pays(). */
#include <string.h>

#include "base/door/numbers.h"
#include "base/door/pool.h"
#include "kernels/door/conv.h"
#include "kernels/door/gemm_product.h"
#include "kernels/door/kernel_set.h"

enum {
    TILE = 8 * GT_MICRO_ROWS, /* positions of a tile */
    MOST_LINES = 16,          /* of a window */
    MOST_WINDOW = 4608,       /* floats: 3x3 of 512 channels */
    MOST_CHAINS = MOST_WINDOW / GT_CHAIN,
    FEW_CHANNELS = 8,     /* a framed copy of images pays up to so many, however large it is, */
    MOST_FRAME = 1 << 20, /* or up to so many floats */
    /* rows of the weights' gradient: of several parts, with few channels and without a frame; of one part */
    FEW_PLACES = 512,
    LINE_PLACES = 128,
    PAYING_PLACES = 1024,
    PAYING_POSITIONS = 64, /* of the call */
    ALIGN = 16
};

/* What is computed: images [n,h,w,c] whose windows never reach outside, and results of o channels. */
typedef struct layout {
    const gt_gemm_kernels *kernels;
    int64_t n, h, w, c, p, q, o, stride, kh, kw;
    bool framed; /* the images are a copy in a frame of zeros */
} layout;

static bool is_one(const gt_conv_shape *s) { return s->kh == 1 && s->kw == 1 && !s->pad_top && !s->pad_left; }

/* Sizes of the images that are read. A copy in a frame is as large as the windows reach. With 1x1 windows and stride 1
 * positions follow each other in memory, and all of them become one line: a block of K of the weight gradient is one
 * part then. */
static layout layout_of(const gt_conv_shape *s) {
    bool back = s->direction == GT_CONV_INPUT_GRAD; /* images are those of dy, of the same size */
    layout l = {.kernels = gt_kernel_set_or_best(s->kernels)->gemm,
                .n = s->n,
                .h = s->h,
                .w = s->w,
                .c = back ? s->o : s->c,
                .p = s->p,
                .q = s->q,
                .o = back ? s->c : s->o,
                .stride = s->stride,
                .kh = s->kh,
                .kw = s->kw};
    int64_t high = (s->p - 1) * s->stride + s->kh, wide = (s->q - 1) * s->stride + s->kw;
    l.framed = s->pad_top || s->pad_left || high > s->h || wide > s->w;
    if (l.framed) l.h = high, l.w = wide;
    if (is_one(s) && s->stride == 1 && s->p == s->h && s->q == s->w) { /* one line of positions */
        l.w = l.q = s->n * s->p * s->q;
        l.n = l.h = l.p = 1;
    }
    return l;
}

static bool possible(const gt_conv_shape *s) {
    if (s->groups != 1 || s->kh > MOST_LINES) return false;
    if (s->direction == GT_CONV_INPUT_GRAD)
        return is_one(s) && s->stride == 1 && s->p == s->h && s->q == s->w && s->o <= GT_PRODUCT_KC;
    int64_t window = s->kh * s->kw * s->c;
    return window <= MOST_WINDOW;
}

static size_t aligned(size_t floats) { return (size_t)gt_round_up((int64_t)floats, ALIGN); }
static size_t frame_floats(const layout *l) { return l->framed ? aligned((size_t)(l->n * l->h * l->w * l->c)) : 0; }

static bool frame_pays(const gt_conv_shape *s) {
    layout l = layout_of(s);
    return s->c <= FEW_CHANNELS || frame_floats(&l) <= MOST_FRAME;
}

/* The weights' gradient goes over all of its rows for each chain of positions: with many rows and columns, or few
 * positions, the direct kernel's tiles are faster. */
bool gt_conv_strided_pays(const gt_conv_shape *s, bool alone) {
    if (!possible(s)) return false;
    if (s->direction != GT_CONV_WEIGHT_GRAD) return frame_pays(s);
    int64_t rows = s->kh * s->kw * s->c;
    bool many = rows > PAYING_PLACES || s->n * s->p * s->q < PAYING_POSITIONS;
    if (rows <= FEW_PLACES && (s->c <= FEW_CHANNELS || (rows <= LINE_PLACES && !layout_of(s).framed))) return true;
    return alone && frame_pays(s) && (s->o <= GT_FEW || !many);
}

static size_t packed_floats(const gt_conv_shape *s) { return gt_conv_direct.packed_floats(s); }
static void pack(const gt_conv_shape *s, gt_pool *pool, const float *w, float *packed) {
    gt_conv_direct.pack(s, pool, w, packed);
}

/* A panel of dy whose columns do not fill its vectors. */
static size_t panel_floats(const layout *l) { return (size_t)(GT_CHAIN * gt_product_panel_columns(l->kernels)); }

static size_t workspace(const gt_conv_shape *s, bool packed, int threads) {
    layout l = layout_of(s);
    size_t own = s->direction == GT_CONV_WEIGHT_GRAD ? (size_t)threads * panel_floats(&l)
                                                     : (packed ? 0 : aligned(packed_floats(s)));
    return (frame_floats(&l) + own) * sizeof(float);
}

typedef struct job {
    layout l;
    const gt_conv_shape *s;
    const float *x, *b; /* images; packed weights, or dy */
    float *out;
    float *frame, *panels;
    /* of the weights' gradient */
    bool few;
    int tall;
    int64_t height;
    int units, tasks;
} job;

/* ---- the frame ---- */

static void frame_image(void *arg, int image, int worker) {
    (void)worker;
    const job *j = arg;
    const gt_conv_shape *s = j->s;
    const layout *l = &j->l;
    int64_t right = gt_smallest(s->w, l->w - s->pad_left), line = l->w * l->c;
    float *to = j->frame + image * l->h * line;
    for (int64_t y = 0; y < l->h; y++, to += line) {
        int64_t from = y - s->pad_top;
        if (from < 0 || from >= s->h || right <= 0) {
            memset(to, 0, (size_t)line * sizeof *to);
            continue;
        }
        int64_t begin = s->pad_left * l->c, end = begin + right * l->c;
        memset(to, 0, (size_t)begin * sizeof *to);
        memcpy(to + begin, j->x + (image * s->h + from) * s->w * l->c, (size_t)(end - begin) * sizeof *to);
        memset(to + end, 0, (size_t)(line - end) * sizeof *to);
    }
}

/* ---- positions as rows ---- */

static int64_t place_of(const layout *l, int64_t position) {
    int64_t line = position / l->q;
    return (line / l->p * l->h + line % l->p * l->stride) * l->w * l->c + position % l->q * l->stride * l->c;
}

/* K of a product in one panel of columns: lines of the window, cut into chains. */
typedef struct chains {
    int n, first[MOST_CHAINS + 1]; /* the part with which a chain begins */
    gt_strided_part parts[MOST_LINES + MOST_CHAINS];
} chains;

static void cut_into_chains(const layout *l, const float *x, const float *b, int width, chains *all) {
    int64_t window = l->kw * l->c, room = GT_CHAIN;
    int count = 0;
    all->n = all->first[0] = 0;
    for (int64_t at = 0, k; at < l->kh * window; at += k) {
        int64_t line = at / window, in_line = at % window;
        k = gt_smallest(window - in_line, room);
        all->parts[count++] = (gt_strided_part){x + line * l->w * l->c + in_line, b + at * width, k};
        room -= k;
        if (room && at + k < l->kh * window) continue;
        all->first[++all->n] = count;
        room = GT_CHAIN;
    }
}

/* Some of `rows` positions in one panel of columns; returns how many. Where there are few columns, and a line of the
 * window fills vectors, these are of positions. */
static int64_t rows_of_panel(const layout *l, const chains *k, const int64_t *places, int64_t rows, int columns,
                             int width, float *out) {
    bool few = l->o <= GT_FEW && gt_smallest(rows, l->kw * l->c) >= l->kernels->lanes;
    int64_t count = few ? l->kernels->lanes : gt_smallest(rows, l->kernels->rows);
    gt_strided_fn *run = few ? l->kernels->along_k[columns] : l->kernels->strided[width / l->kernels->lanes - 1][count];
    for (int i = 0; i < k->n; i++)
        run(k->parts + k->first[i], k->first[i + 1] - k->first[i], places, 1, width, out, l->o, columns, i > 0);
    return count;
}

/* Forward and input gradient: TILE positions, panel of columns after panel. */
static void positions_tile(void *arg, int index, int worker) {
    (void)worker;
    const job *j = arg;
    const layout *l = &j->l;
    int64_t first = (int64_t)index * TILE, end = gt_smallest(first + TILE, l->n * l->p * l->q);
    int64_t places[TILE], k = l->kh * l->kw * l->c;
    for (int64_t m = first, at = 0; m < end; m++, at += l->stride * l->c) {
        if (m == first || m % l->q == 0) at = place_of(l, m); /* a line begins */
        places[m - first] = at;
    }
    chains all;
    int panel = gt_product_panel_columns(l->kernels);
    for (int64_t column = 0; column < l->o; column += panel) {
        int columns = (int)gt_smallest(panel, l->o - column), width = gt_product_panel_width(l->kernels, columns);
        cut_into_chains(l, j->x, j->b + column * k, width, &all);
        for (int64_t m = first; m < end;)
            m += rows_of_panel(l, &all, places + (m - first), end - m, columns, width, j->out + m * l->o + column);
    }
}

/* ---- taps as rows ---- */

/* A chain of K: positions first .. end-1 as parts of lines. Returns how many. */
static int parts_of(const job *j, int64_t first, int64_t end, gt_strided_part *parts) {
    const layout *l = &j->l;
    int count = 0;
    for (int64_t m = first, next; m < end; m = next, count++) {
        next = gt_smallest(end, (m / l->q + 1) * l->q);
        parts[count] = (gt_strided_part){j->x + place_of(l, m), NULL, next - m};
    }
    return count;
}

/* The panel of dy at `column`, where it lies or, if its vectors reach past the row, copied. */
static int64_t point_at_panel(const job *j, int64_t first, int64_t end, int64_t column, int columns, int width,
                              float *copy, gt_strided_part *parts) {
    const float *b = j->b + first * j->l.o + column;
    int64_t step = j->l.o;
    if (columns < width && !j->few) {
        gt_pack_rows(b, j->l.o, columns, width, end - first, copy);
        b = copy;
        step = width;
    }
    for (; first < end; first += parts->k, b += parts->k * step, parts++) parts->b = b;
    return step;
}

static gt_strided_fn *rows_kernel(const job *j, int width, int columns, int64_t rows) {
    const gt_gemm_kernels *kernels = j->l.kernels;
    return j->few ? kernels->across_k[columns][j->tall] : kernels->strided[width / kernels->lanes - 1][rows];
}

/* A unit is a row of panels of rows in one panel of columns; a task has a run of units and goes over all of K with
 * them, so that each block of images and of dy is fetched once. */
static void taps_task(void *arg, int index, int worker) {
    (void)worker;
    const job *j = arg;
    const layout *l = &j->l;
    int64_t rows = l->kh * l->kw * l->c, positions = l->n * l->p * l->q, window = l->kw * l->c;
    int64_t panels = gt_pieces(rows, j->height), height = gt_pieces(rows, panels);
    int64_t places[MOST_WINDOW];
    for (int64_t r = 0; r < rows; r++) places[r] = r / window * l->w * l->c + r % window;
    gt_strided_part parts[GT_CHAIN];
    int panel = gt_product_panel_columns(l->kernels);
    int begin = (int)((int64_t)j->units * index / j->tasks), end = (int)((int64_t)j->units * (index + 1) / j->tasks);
    for (int64_t first = 0; first < positions; first += GT_CHAIN) {
        int64_t last = gt_smallest(first + GT_CHAIN, positions), at = -1, ldb = 0;
        int count = parts_of(j, first, last, parts);
        for (int unit = begin; unit < end; unit++) {
            int64_t column = unit / panels * panel, row = unit % panels * height;
            int columns = (int)gt_smallest(panel, l->o - column), width = gt_product_panel_width(l->kernels, columns);
            if (column != at)
                ldb = point_at_panel(j, first, last, column, columns, width,
                                     j->panels + (size_t)index * panel_floats(l), parts);
            at = column;
            if (row < rows)
                rows_kernel(j, width, columns,
                            gt_smallest(height, rows - row))(parts, count, places + row, l->stride * l->c, ldb,
                                                             j->out + row * l->o + column, l->o, columns, first > 0);
        }
    }
}

/* Rows of a panel. With few columns, vectors are of rows that lie side by side, where all of them do. */
static void choose_height(job *j) {
    const gt_gemm_kernels *kernels = j->l.kernels;
    int64_t line = j->l.kw * j->l.c / kernels->lanes;
    j->few = j->l.o <= GT_FEW && line && line * kernels->lanes == j->l.kw * j->l.c;
    while (j->few && j->tall + 1 < GT_TALLS && !(line >> j->tall & 1)) j->tall++;
    j->height = j->few ? (int64_t)kernels->lanes << j->tall : kernels->rows;
}

static void run(const gt_conv_shape *s, gt_pool *pool, void *room, const float *const *in, float *out) {
    job j = {.l = layout_of(s), .s = s, .x = in[0], .b = in[1], .out = out, .frame = room};
    float *own = room;
    if (j.l.framed) {
        own += frame_floats(&j.l);
        gt_pool_run(pool, (int)j.l.n, frame_image, &j);
        j.x = j.frame;
    }
    if (s->direction == GT_CONV_WEIGHT_GRAD) {
        int64_t rows = j.l.kh * j.l.kw * j.l.c;
        j.panels = own;
        choose_height(&j);
        j.units = (int)(gt_pieces(rows, j.height) * gt_pieces(j.l.o, gt_product_panel_columns(j.l.kernels)));
        j.tasks = (int)gt_smallest(j.units, gt_pool_threads(pool));
        gt_pool_run(pool, j.tasks, taps_task, &j);
        return;
    }
    if (in[2]) j.b = in[2];
    else {
        pack(s, pool, in[1], own);
        j.b = own;
    }
    gt_pool_run(pool, (int)gt_pieces(j.l.n * j.l.p * j.l.q, TILE), positions_tile, &j);
}

const gt_conv_algorithm gt_conv_strided = {.name = "strided",
                                           .possible = possible,
                                           .packed_floats = packed_floats,
                                           .pack = pack,
                                           .workspace = workspace,
                                           .run = run};
