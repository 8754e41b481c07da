/* SPDX-License-Identifier: Apache-2.0
 * FIR filters on channels-last images. An output row is a weighted sum of input rows (one long vector operation),
 * written between zero margins, and then a weighted sum of shifted pixels. A filter that is not an outer product is a
 * sum of such pairs, one for each of its rows. */
#include "kernels/door/fir.h"

#include <string.h>

#include "base/door/clones.h"
#include "base/door/numbers.h"
#include "base/door/pool.h"

/* No longer than AVX2 has them: compilers split longer ones badly, and where AVX-512 is, memory is what takes time. */
typedef float vec __attribute__((vector_size(32), aligned(4), may_alias));
enum { LANES = 8, LINE = 16 /* floats that the cache holds together */ };

/* out[i*out_step + c] = sum_j taps[j*tap_step] * in[i*in_step + j*in_tap_step + c], 0 <= c < len; `add`: += */
typedef struct weighted_sum {
    int64_t count, len;
    int64_t out_step, in_step, in_tap_step, tap_step, n;
    bool add;
} weighted_sum;

enum { FEW = 4 /* taps that stay in registers */, WORTH_A_VECTOR = 4 /* floats */ };

/* Blocks of four vectors, then of one, then single floats or one more vector that begins within the last. Each element
 * is one chain over the taps in their order, so its bits do not depend on the block. few: how many taps, a
 * constant; 0: as the sum says. */
GT_PART_OF_CLONES void sum_of(const weighted_sum *s, float *out, const float *in, const float *taps, int64_t few) {
    int64_t len = s->len, n = few ? few : s->n, in_tap = s->in_tap_step, tap = s->tap_step;
    float t[FEW] = {0};
    for (int64_t j = 0; j < few; j++) t[j] = taps[j * tap];
    for (int64_t i = 0; i < s->count; i++, out += s->out_step, in += s->in_step) {
        int64_t c = 0;
        for (; c + 4 * LANES <= len; c += 4 * LANES) {
            vec *o = (vec *)(out + c);
            vec a0 = {0}, a1 = {0}, a2 = {0}, a3 = {0};
            if (s->add) a0 = o[0], a1 = o[1], a2 = o[2], a3 = o[3];
            for (int64_t j = 0; j < n; j++) {
                const vec *x = (const vec *)(in + j * in_tap + c);
                float u = few ? t[j] : taps[j * tap];
                a0 += u * x[0];
                a1 += u * x[1];
                a2 += u * x[2];
                a3 += u * x[3];
            }
            o[0] = a0, o[1] = a1, o[2] = a2, o[3] = a3;
        }
        while (c + LANES <= len) {
            vec *o = (vec *)(out + c), a = {0};
            if (s->add) a = *o;
            for (int64_t j = 0; j < n; j++) a += (few ? t[j] : taps[j * tap]) * *(const vec *)(in + j * in_tap + c);
            *o = a;
            c += LANES;
            if (len - c < LANES && len - c >= WORTH_A_VECTOR && !s->add) c = len - LANES;
        }
        for (; c < len; c++) {
            float a = s->add ? out[c] : 0;
            for (int64_t j = 0; j < n; j++) a += (few ? t[j] : taps[j * tap]) * in[j * in_tap + c];
            out[c] = a;
        }
    }
}

/* The numbers of taps that filters of four have, and their phases where they sample up by two, are known beforehand. */
GT_CLONES static void run_sum(const weighted_sum *sum, float *out, const float *in, const float *taps) {
    weighted_sum s = *sum;
    if (s.out_step == s.len && s.in_step == s.len) { /* pixels that follow each other are one long vector */
        s.len *= s.count;
        s.count = 1;
    }
    switch (s.n) {
    case 1: return sum_of(&s, out, in, taps, 1);
    case 2: return sum_of(&s, out, in, taps, 2);
    case 3: return sum_of(&s, out, in, taps, 3);
    case 4: return sum_of(&s, out, in, taps, 4);
    default: return sum_of(&s, out, in, taps, 0);
    }
}

/* The taps that meet samples and not inserted zeros at output m: the first one, how many, and the first's input. */
typedef struct phase {
    int64_t tap, n, input;
} phase;

static phase phase_of(const gt_fir_axis *a, int64_t m) {
    int64_t base = m * a->down - a->pad;
    if (a->up == 1) return (phase){0, a->n, base}; /* divisions take long beside a short row */
    int64_t tap = -base % a->up;
    if (tap < 0) tap += a->up;
    int64_t n = tap < a->n ? (a->n - tap + a->up - 1) / a->up : 0;
    return (phase){tap, n, (base + tap) / a->up};
}

double gt_fir_flops(const gt_fir *f) {
    double across = (double)f->x.n / (double)f->x.up, down = (double)f->y.n / (double)f->y.up;
    double out = (double)(f->x.out * f->y.out * f->channels), between = (double)(f->y.out * f->x.in * f->channels);
    return f->separable ? 2 * down * between + 2 * across * out : 2 * down * across * out;
}

/* The columns first .. last-1 of the input, margins included, that columns x0 .. x1-1 of the output touch. */
typedef struct span {
    int64_t first, last;
} span;

static span span_of(const gt_fir_axis *a, int64_t x0, int64_t x1) {
    return (span){phase_of(a, x0).input, phase_of(a, x1 - 1).input + gt_pieces(a->n, a->up)};
}

/* A large image is made in bands of a few rows, and a band in pieces of a few columns: what a piece reads, and what
 * lies between its two filters, is then still in the innermost cache. While a piece is made, what the next one reads
 * and writes for the first time is fetched into the cache behind that: the processor does not foresee such a walk.
 * Small images are made row by row, which it does foresee. */
enum { BAND = 2, PIECE = 768 /* floats of a row */, LEAST_PIECE = 3 /* columns */, SMALL = 1 << 16 /* floats */ };

static bool is_large(const gt_fir *f) { return (f->x.in * f->y.in + f->x.out * f->y.out) * f->channels > SMALL; }

static int64_t band_rows(const gt_fir *f) { return is_large(f) ? BAND : 1; }

static int64_t piece_columns(const gt_fir *f) {
    if (!is_large(f)) return f->x.out;
    int64_t columns = PIECE * f->x.up / (gt_largest(f->channels, 1) * gt_largest(f->x.up, f->x.down));
    return gt_smallest(f->x.out, gt_largest(columns, LEAST_PIECE));
}

/* Of one row of a piece: what lies between the filters, in floats. */
static int64_t window_floats(const gt_fir *f) {
    int64_t columns = piece_columns(f) * f->x.down / f->x.up + gt_pieces(f->x.n, f->x.up) + 1;
    return gt_round_up(columns * f->channels, LINE);
}

static size_t scratch_floats(const gt_fir *f) { return (size_t)(band_rows(f) * window_floats(f)); }

size_t gt_fir_workspace(const gt_fir *f, int threads) { return sizeof(float) * scratch_floats(f) * (size_t)threads; }

/* The taps of row m that lie on rows of the image: lo .. hi-1 of its phase. */
typedef struct reach {
    phase p;
    int64_t lo, hi;
} reach;

static reach reach_of(const gt_fir_axis *a, int64_t m) {
    phase p = phase_of(a, m);
    int64_t lo = gt_largest(0, -p.input);
    return (reach){p, lo, gt_largest(lo, gt_smallest(p.n, a->in - p.input))};
}

/* Columns of the sum of n rows of the input, zero beside the image. */
static void filter_down(const gt_fir *f, const float *in, const float *taps, int64_t n, span s, float *window) {
    int64_t c = f->channels, from = gt_smallest(gt_largest(s.first, 0), s.last),
            to = gt_largest(from, gt_smallest(s.last, f->x.in));
    weighted_sum sum = {.count = 1, .len = (to - from) * c, .in_tap_step = f->x.in * c, .tap_step = f->y.up, .n = n};
    memset(window, 0, sizeof(float) * (size_t)((from - s.first) * c));
    if (to > from) run_sum(&sum, window + (from - s.first) * c, in + from * c, taps);
    memset(window + (to - s.first) * c, 0, sizeof(float) * (size_t)((s.last - to) * c));
}

/* Columns x0 .. x1-1 of the output; of the columns of the input that they touch, `kept` lie in the windows already. */
typedef struct piece {
    int64_t x0, x1, kept;
    span s;
} piece;

/* A piece of an output row from its window. */
static void filter_across(const gt_fir *f, const piece *p, const float *window, const float *taps, float *out,
                          bool add) {
    const gt_fir_axis *a = &f->x;
    int64_t c = f->channels, g = gt_common_divisor(a->up, a->down), step = a->up / g;
    for (int64_t x = p->x0; x < gt_smallest(p->x0 + step, p->x1); x++) {
        phase q = phase_of(a, x);
        weighted_sum sum = {.count = gt_pieces(p->x1 - x, step),
                            .len = c,
                            .out_step = step * c,
                            .in_step = a->down / g * c,
                            .in_tap_step = c,
                            .tap_step = a->up,
                            .n = q.n,
                            .add = add};
        run_sum(&sum, out + x * c, window + (q.input - p->s.first) * c, taps + q.tap);
    }
}

/* A piece of row m. */
static void filter_piece(const gt_fir *f, const piece *p, const float *in, float *out, int64_t m, float *window) {
    static const float one = 1;
    int64_t c = f->channels, in_row = f->x.in * c;
    reach r = reach_of(&f->y, m);
    float *y = out + m * f->x.out * c;
    const float *x = in + r.p.input * in_row;
    if (f->separable) {
        filter_down(f, x + r.lo * in_row, f->taps_y + r.p.tap + r.lo * f->y.up, r.hi - r.lo,
                    (span){p->s.first + p->kept, p->s.last}, window + p->kept * c);
        filter_across(f, p, window, f->taps_x, y, false);
        return;
    }
    if (r.lo == r.hi) memset(y + p->x0 * c, 0, sizeof(float) * (size_t)((p->x1 - p->x0) * c));
    for (int64_t j = r.lo; j < r.hi; j++) {
        filter_down(f, x + j * in_row, &one, 1, p->s, window);
        filter_across(f, p, window, f->taps_x + (r.p.tap + j * f->y.up) * f->x.n, y, j > r.lo);
    }
}

/* Inlined, like those that call it: gcc takes a function that only fetches for one that does nothing. */
GT_PART_OF_CLONES void fetch(const float *from, int64_t floats) {
    for (int64_t i = 0; i < floats; i += LINE) __builtin_prefetch(from + i, 0, 2);
}

/* What a piece of row m reads and neither the piece before it, which ended at column `seen`, nor the row above. */
GT_PART_OF_CLONES void fetch_input(const gt_fir *f, const piece *p, const float *in, int64_t m, int64_t seen) {
    phase q = phase_of(&f->y, m);
    int64_t c = f->channels, last = gt_smallest(q.input + q.n, f->y.in);
    int64_t from = gt_largest(gt_largest(p->s.first, seen), 0), to = gt_smallest(p->s.last, f->x.in);
    for (int64_t row = gt_largest(q.input + q.n - f->y.down, 0); row < last; row++)
        fetch(in + (row * f->x.in + from) * c, (to - from) * c);
}

GT_PART_OF_CLONES void fetch_output(const gt_fir *f, const piece *p, const float *out, int64_t m) {
    if (m < f->y.out) fetch(out + (m * f->x.out + p->x0) * f->channels, (p->x1 - p->x0) * f->channels);
}

static piece piece_at(const gt_fir *f, int64_t x0) {
    int64_t x1 = gt_smallest(x0 + piece_columns(f), f->x.out);
    return (piece){x0, x1, 0, span_of(&f->x, x0, x1)};
}

/* Rows row0 .. row1-1 of a filtered image, at most a band. */
static void filter_band(const gt_fir *f, const float *in, float *out, int64_t row0, int64_t row1, float *scratch) {
    int64_t c = f->channels, pitch = window_floats(f);
    bool fetches = is_large(f);
    for (piece p = piece_at(f, 0), next; p.x0 < f->x.out; p = next) {
        bool wraps = p.x1 == f->x.out; /* what comes next is the first piece of the next band */
        int64_t below = wraps ? BAND : 0, seen = wraps ? 0 : p.s.last;
        next = piece_at(f, wraps ? 0 : p.x1);
        next.kept = wraps ? 0 : gt_largest(0, seen - next.s.first);
        for (int64_t m = row0; m < row1; m++) {
            float *window = scratch + (m - row0) * pitch;
            if (fetches) fetch_input(f, &next, in, m + below, seen);
            filter_piece(f, &p, in, out, m, window);
            if (fetches) fetch_output(f, &next, out, m + below);
            memmove(window, window + (next.s.first - p.s.first) * c, sizeof(float) * (size_t)(next.kept * c));
        }
        if (wraps) break;
    }
}

typedef struct fir_job {
    const gt_fir *fir;
    const float *in;
    float *out, *workspace;
    int64_t rows, tiles; /* per tile, per image */
} fir_job;

static void fir_tile(void *arg, int index, int worker) {
    const fir_job *j = arg;
    gt_fir f = *j->fir;
    int64_t image = index / j->tiles, row = index % j->tiles * j->rows, end = gt_smallest(row + j->rows, f.y.out);
    f.taps_x += image * f.next_x;
    f.taps_y += image * f.next_y;
    const float *in = j->in + image * f.y.in * f.x.in * f.channels;
    float *out = j->out + image * f.y.out * f.x.out * f.channels;
    float *scratch = j->workspace + (size_t)worker * scratch_floats(&f);
    for (int64_t band = band_rows(&f); row < end; row += band)
        filter_band(&f, in, out, row, gt_smallest(row + band, end), scratch);
}

void gt_fir_images(const gt_fir *f, gt_pool *pool, int64_t images, const float *in, float *out, void *workspace) {
    int64_t row = gt_largest(f->x.out * f->channels, 1);
    int64_t rows = gt_round_up(gt_largest(1, gt_smallest(f->y.out, 16384 / row)), band_rows(f));
    fir_job j = {f, in, out, workspace, rows, gt_pieces(f->y.out, rows)}; /* tiles: by shape alone */
    gt_pool_run(pool, (int)(images * j.tiles), fir_tile, &j);
}
