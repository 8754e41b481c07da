/* SPDX-License-Identifier: Apache-2.0
 * synth:fields: Gaussian random fields and their block means (dataset.h describes them).
 *
 * With a = 2 pi / S, white noise w of S x S numbers and cas t = cos t + sin t a field is
 *
 *     f(y,x) = sum over k, l of sqrt(P(k,l)) w(k,l) cas(a (k y + l x)),
 *
 * whose covariance is sum P(k,l) cos(a (k dy + l dx)): the sines cancel, since P(k,l) = P(-k,-l). The sum over l is
 * done first, as cas(u + v) = cos u cas v + sin u cas -v. */
#include <math.h>
#include <string.h>

#include "base/door/clones.h"
#include "base/door/mathfn.h"
#include "data/synth.h"
#include "gantry/fields.h"

enum { BLOCK = 4, SIDE_MOST = 64 };
static const double LOW = 2, SLOPE = 3; /* P is proportional to (LOW^2 + k^2 + l^2)^(-SLOPE/2) */

typedef struct waves {
    int size;
    double cosine[SIDE_MOST][SIDE_MOST], sine[SIDE_MOST][SIDE_MOST]; /* of 2 pi k x / size */
    double root[SIDE_MOST / 2 + 1][SIDE_MOST / 2 + 1];               /* sqrt(P), by |k| and |l| */
    double coarse;                                                   /* the standard deviation of a block's mean */
} waves;

static int frequency(const waves *v, int k) { return k <= v->size / 2 ? k : v->size - k; }

/* |mean of exp(i a k j) over the pixels j of a block|^2 */
static double kept(const waves *v, int k) {
    double c = 0, s = 0;
    for (int j = 0; j < BLOCK; j++) {
        c += v->cosine[k][j];
        s += v->sine[k][j];
    }
    return (c * c + s * s) / (BLOCK * BLOCK);
}

static void prepare(int size, waves *v) {
    double total = 0, coarse = 0;
    v->size = size;
    for (int k = 0; k < size; k++)
        for (int x = 0; x < size; x++) {
            v->cosine[k][x] = gt_cos_pi(2.0 * (k * x % size) / size);
            v->sine[k][x] = gt_sin_pi(2.0 * (k * x % size) / size);
        }
    for (int k = 0; k <= size / 2; k++)
        for (int l = 0; l <= size / 2; l++)
            v->root[k][l] = gt_pow(LOW * LOW + (double)(k * k) + (double)(l * l), -SLOPE / 2);
    for (int k = 0; k < size; k++)
        for (int l = 0; l < size; l++) {
            double p = v->root[frequency(v, k)][frequency(v, l)];
            total += p;
            coarse += p * kept(v, k) * kept(v, l);
        }
    for (int k = 0; k <= size / 2; k++)
        for (int l = 0; l <= size / 2; l++) v->root[k][l] = sqrt(v->root[k][l] / total);
    v->coarse = sqrt(coarse / total);
}

/* Sums over l in rising order for each x, and x is the inner loop: vectors of columns give the same bits. */
GT_CLONES static void draw_values(const gt_synth *s, const waves *v, uint32_t i, double *field) {
    int n = v->size;
    float noise[SIDE_MOST * SIDE_MOST];
    double even[SIDE_MOST], odd[SIDE_MOST]; /* a row of sums with cas v, with cas -v */
    gt_key key = {.seed = s->seed, .stream = s->stream, .step = s->set->version, .sample = i};
    gt_random_normal(key, noise, (size_t)(n * n));
    memset(field, 0, (size_t)(n * n) * sizeof *field);
    for (int k = 0; k < n; k++) {
        for (int x = 0; x < n; x++) even[x] = odd[x] = 0;
        for (int l = 0; l < n; l++) {
            double w = v->root[frequency(v, k)][frequency(v, l)] * (double)noise[k * n + l];
            for (int x = 0; x < n; x++) {
                double c = w * v->cosine[l][x], e = w * v->sine[l][x];
                even[x] += c + e;
                odd[x] += c - e;
            }
        }
        for (int y = 0; y < n; y++)
            for (int x = 0; x < n; x++) field[y * n + x] += v->cosine[k][y] * even[x] + v->sine[k][y] * odd[x];
    }
}

static void draw_field(const gt_synth *s, uint32_t i, void *pixels) {
    const waves *v = s->own;
    int n = v->size;
    double field[SIDE_MOST * SIDE_MOST];
    float *to = pixels;
    draw_values(s, v, i, field);
    for (int y = 0; y < n; y++)
        for (int x = 0; x < n; x++) {
            double sum = 0;
            for (int b = 0; b < BLOCK * BLOCK; b++)
                sum += field[(y / BLOCK * BLOCK + b / BLOCK) * n + x / BLOCK * BLOCK + b % BLOCK];
            *to++ = (float)field[y * n + x];
            *to++ = (float)(sum / (BLOCK * BLOCK) / v->coarse);
        }
}

static gt_status describe_fields(const gt_synth *s, gt_source_info *notes) {
    const waves *v = s->own;
    gt_channel_scale *scale = s->scale;
    scale[0] = (gt_channel_scale){.name = "field", .units = "1", .deviation = 1};
    scale[1] = (gt_channel_scale){.name = "coarse", .units = "1", .deviation = v->coarse};
    notes->scale = scale;
    notes->conditions = 1;
    notes->channel_names = strdup("field,coarse");
    if (!notes->channel_names) return gt_fail(GT_NOMEM, "out of memory for the names of channels");
    return gt_notes_set_range(notes, -1, 1);
}

static gt_status begin_fields(gt_synth *s, gt_arena *a) {
    if (s->size % BLOCK || s->size > SIDE_MOST)
        return gt_fail(GT_USAGE, "size must be a multiple of %d up to %d", BLOCK, SIDE_MOST);
    waves *v = gt_arena_alloc(a, sizeof *v);
    s->scale = gt_arena_array(a, 2, sizeof *s->scale);
    if (!v || !s->scale) return GT_NOMEM;
    prepare((int)s->size, v);
    s->own = v;
    return GT_OK;
}

const gt_synth_set gt_synth_fields = {.name = "fields",
                                      .version = 1,
                                      .n = 16384,
                                      .size = 32,
                                      .channels = 2,
                                      .type = GT_F32,
                                      .begin = begin_fields,
                                      .draw = draw_field,
                                      .label = describe_fields};
