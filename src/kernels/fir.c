/* SPDX-License-Identifier: Apache-2.0
 * FIR filters on channels-last images. An output row is a weighted sum of input rows (one long vector operation),
 * written between zero margins, and then a weighted sum of shifted pixels. A filter that is not an outer product is a
 * sum of such pairs, one for each of its rows. */
#include "kernels/fir.h"

#include <string.h>

#include "base/clones.h"
#include "base/numbers.h"

typedef float vec __attribute__((vector_size(64), aligned(4), may_alias));
enum { LANES = 16 };

/* out[i*out_step + c] = sum_j taps[j*tap_step] * in[i*in_step + j*in_tap_step + c], 0 <= c < len; `add`: += */
typedef struct weighted_sum {
    int64_t count, len;
    int64_t out_step, in_step, in_tap_step, tap_step, n;
    bool add;
} weighted_sum;

/* Blocks of four vectors, then of one, then single floats. Each element is one chain over the taps in their order, so
 * its bits do not depend on the block. */
GT_CLONES static void run_sum(const weighted_sum *s, float *out, const float *in, const float *taps) {
    int64_t count = s->count, len = s->len, n = s->n, in_tap = s->in_tap_step, tap = s->tap_step;
    if (s->out_step == len && s->in_step == len) { /* pixels that follow each other are one long vector */
        len *= count;
        count = 1;
    }
    for (int64_t i = 0; i < count; i++, out += s->out_step, in += s->in_step) {
        int64_t c = 0;
        for (; c + 4 * LANES <= len; c += 4 * LANES) {
            vec *o = (vec *)(out + c);
            vec a0 = {0}, a1 = {0}, a2 = {0}, a3 = {0};
            if (s->add) a0 = o[0], a1 = o[1], a2 = o[2], a3 = o[3];
            for (int64_t j = 0; j < n; j++) {
                const vec *x = (const vec *)(in + j * in_tap + c);
                float t = taps[j * tap];
                a0 += t * x[0];
                a1 += t * x[1];
                a2 += t * x[2];
                a3 += t * x[3];
            }
            o[0] = a0, o[1] = a1, o[2] = a2, o[3] = a3;
        }
        for (; c + LANES <= len; c += LANES) {
            vec *o = (vec *)(out + c), a = {0};
            if (s->add) a = *o;
            for (int64_t j = 0; j < n; j++) a += taps[j * tap] * *(const vec *)(in + j * in_tap + c);
            *o = a;
        }
        for (; c < len; c++) {
            float a = s->add ? out[c] : 0;
            for (int64_t j = 0; j < n; j++) a += taps[j * tap] * in[j * in_tap + c];
            out[c] = a;
        }
    }
}

/* The taps that meet samples and not inserted zeros at output m: the first one, how many, and the first's input. */
typedef struct phase {
    int64_t tap, n, input;
} phase;

static phase phase_of(const gt_fir_axis *a, int64_t m) {
    int64_t base = m * a->down - a->pad, tap = -base % a->up;
    if (tap < 0) tap += a->up;
    int64_t n = tap < a->n ? (a->n - tap + a->up - 1) / a->up : 0;
    return (phase){tap, n, (base + tap) / a->up};
}

/* The input pixels that a row of output touches: [first, last), of which [from, to) are in the image; none where a row
 * lies beside it. */
typedef struct span {
    int64_t first, last, from, to;
} span;

static span row_span(const gt_fir *f) {
    const gt_fir_axis *a = &f->x;
    int64_t first = phase_of(a, 0).input, last = phase_of(a, a->out - 1).input + gt_pieces(a->n, a->up);
    int64_t from = gt_largest(first, gt_smallest(gt_largest(first, 0), gt_smallest(last, a->in)));
    return (span){first, last, from, gt_largest(from, gt_smallest(last, a->in))};
}

/* Of a thread: a row between its margins, in floats. */
static size_t scratch_floats(const gt_fir *f) {
    span s = row_span(f);
    return (size_t)gt_round_up((s.last - s.first) * f->channels, 16);
}

size_t gt_fir_workspace(const gt_fir *f, int threads) { return sizeof(float) * scratch_floats(f) * (size_t)threads; }

double gt_fir_flops(const gt_fir *f) {
    double across = (double)f->x.n / (double)f->x.up, down = (double)f->y.n / (double)f->y.up;
    double out = (double)(f->x.out * f->y.out * f->channels), between = (double)(f->y.out * f->x.in * f->channels);
    return f->separable ? 2 * down * between + 2 * across * out : 2 * down * across * out;
}

/* One output row from the row between its margins. */
static void filter_across(const gt_fir *f, const float *row, span s, const float *taps, float *out, bool add) {
    const gt_fir_axis *a = &f->x;
    int64_t c = f->channels, g = gt_common_divisor(a->up, a->down), phases = gt_smallest(a->up / g, a->out);
    for (int64_t r = 0; r < phases; r++) {
        phase p = phase_of(a, r);
        weighted_sum sum = {.count = (a->out - r + a->up / g - 1) / (a->up / g),
                            .len = c,
                            .out_step = a->up / g * c,
                            .in_step = a->down / g * c,
                            .in_tap_step = c,
                            .tap_step = a->up,
                            .n = p.n,
                            .add = add};
        run_sum(&sum, out + r * c, row + (p.input - s.first) * c, taps + p.tap);
    }
}

/* Rows row0 .. row1-1 of a filtered image. */
static void filter_rows(const gt_fir *f, const float *in, float *out, int64_t row0, int64_t row1, float *scratch) {
    int64_t c = f->channels, in_row = f->x.in * c, out_row = f->x.out * c;
    static const float one = 1;
    span s = row_span(f);
    float *between = scratch + (s.from - s.first) * c;
    memset(scratch, 0, sizeof(float) * (size_t)((s.from - s.first) * c));
    memset(scratch + (s.to - s.first) * c, 0, sizeof(float) * (size_t)((s.last - s.to) * c));
    for (int64_t m = row0; m < row1; m++) {
        phase p = phase_of(&f->y, m);
        /* of its taps, those on rows of the image */
        int64_t lo = gt_largest(0, -p.input), hi = gt_smallest(p.n, f->y.in - p.input);
        float *y = out + m * out_row;
        if (lo >= hi || s.from == s.to) {
            memset(y, 0, sizeof(float) * (size_t)out_row);
            continue;
        }
        weighted_sum sum = {.count = 1, .len = (s.to - s.from) * c, .in_tap_step = in_row, .tap_step = f->y.up, .n = 1};
        const float *x = in + s.from * c;
        if (f->separable) {
            sum.n = hi - lo;
            run_sum(&sum, between, x + (p.input + lo) * in_row, f->taps_y + p.tap + lo * f->y.up);
            filter_across(f, scratch, s, f->taps_x, y, false);
            continue;
        }
        for (int64_t j = lo; j < hi; j++) {
            run_sum(&sum, between, x + (p.input + j) * in_row, &one);
            filter_across(f, scratch, s, f->taps_x + (p.tap + j * f->y.up) * f->x.n, y, j > lo);
        }
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
    int64_t image = index / j->tiles, row = index % j->tiles * j->rows;
    f.taps_x += image * f.next_x;
    f.taps_y += image * f.next_y;
    filter_rows(&f, j->in + image * f.y.in * f.x.in * f.channels, j->out + image * f.y.out * f.x.out * f.channels, row,
                gt_smallest(row + j->rows, f.y.out), j->workspace + (size_t)worker * scratch_floats(&f));
}

void gt_fir_images(const gt_fir *f, gt_pool *pool, int64_t images, const float *in, float *out, void *workspace) {
    int64_t row = f->x.out * f->channels, rows = gt_largest(1, gt_smallest(f->y.out, 16384 / gt_largest(row, 1)));
    fir_job j = {f, in, out, workspace, rows, (f->y.out + rows - 1) / rows}; /* tiles: by shape alone */
    gt_pool_run(pool, (int)(images * j.tiles), fir_tile, &j);
}
