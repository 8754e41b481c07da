/* SPDX-License-Identifier: Apache-2.0
 * Radial power spectra. */
#include "features/score/distances/distances.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/numbers.h"
#include "base/door/pool.h"
#include "base/door/progress.h"
#include "base/door/mathfn.h"
#include "gantry/memory.h"
#include "metrics/door/metric.h"
#include "metrics/door/fourier.h"
#include "metrics/door/metric_list.h"

struct gt_spectrum {
    gt_team team;
    gt_rows share; /* of pictures */
    gt_arena *arena;
    size_t height, width, channels, rings;
    gt_complex *across, *down; /* roots of a row, of a column */
    gt_complex *scratch;       /* [threads][2 H W + larger of H and W] */
    int *ring;                 /* [H,W]; -1: in no ring */
    double *ring_size;
    double *own; /* [this rank's pictures][rings] */
    int64_t added;
    const uint8_t *pictures; /* that are being added */
};

int gt_spectrum_rings(int height, int width) { return (height < width ? height : width) / 2 + 1; }

static size_t scratch_of(const gt_spectrum *s) {
    return 2 * s->height * s->width + (s->height > s->width ? s->height : s->width);
}

/* Cycles per pixel, times n. */
static double frequency(size_t i, size_t n) { return 2 * i < n ? (double)i : (double)i - (double)n; }

static void find_rings(gt_spectrum *s) {
    double m = (double)(s->height < s->width ? s->height : s->width);
    for (size_t u = 0; u < s->height; u++)
        for (size_t v = 0; v < s->width; v++) {
            double y = frequency(u, s->height) / (double)s->height * m,
                   x = frequency(v, s->width) / (double)s->width * m;
            size_t ring = (size_t)floor(sqrt(y * y + x * x) + 0.5);
            s->ring[u * s->width + v] = ring < s->rings ? (int)ring : -1;
            if (ring < s->rings) s->ring_size[ring]++;
        }
}

gt_spectrum *gt_spectrum_new(const gt_team *team, int64_t count, int height, int width, int channels) {
    gt_arena *a = gt_arena_new();
    gt_spectrum *s = a ? gt_arena_alloc(a, sizeof *s) : NULL;
    if (s) {
        *s = (gt_spectrum){.team = *team,
                           .share = gt_rows_share(count, 1, team->comm),
                           .arena = a,
                           .height = (size_t)height,
                           .width = (size_t)width,
                           .channels = (size_t)channels,
                           .rings = (size_t)gt_spectrum_rings(height, width)};
        s->across = gt_arena_array(a, s->width, sizeof *s->across);
        s->down = gt_arena_array(a, s->height, sizeof *s->down);
        s->scratch = gt_arena_array(a, (size_t)gt_pool_threads(team->pool) * scratch_of(s), sizeof *s->scratch);
        s->ring = gt_arena_array(a, s->height * s->width, sizeof *s->ring);
        s->ring_size = gt_arena_array(a, s->rings, sizeof *s->ring_size);
        s->own = gt_arena_array(a, (size_t)s->share.own * s->rings, sizeof *s->own);
    }
    if (!s || gt_arena_failed(a)) {
        gt_fail(GT_NOMEM, "out of memory for the spectra of %lld pictures", (long long)count);
        gt_arena_free(a);
        return NULL;
    }
    gt_fourier_roots(s->width, s->across);
    gt_fourier_roots(s->height, s->down);
    find_rings(s);
    return s;
}

void gt_spectrum_free(gt_spectrum *s) {
    if (s) gt_arena_free(s->arena);
}

static void add_picture(void *arg, int tile, int worker) {
    const gt_spectrum *s = arg;
    size_t h = s->height, w = s->width, pixels = h * w;
    gt_complex *y = s->scratch + (size_t)worker * scratch_of(s), *rows = y + pixels, *spare = rows + pixels;
    const uint8_t *from = s->pictures + (size_t)tile * pixels * s->channels;
    for (size_t i = 0; i < pixels; i++) {
        int sum = 0;
        for (size_t k = 0; k < s->channels; k++) sum += *from++;
        y[i] = (gt_complex){(double)sum / ((double)s->channels * 255), 0};
    }
    for (size_t u = 0; u < h; u++) gt_fourier(w, 1, y + u * w, s->across, rows + u * w, spare);
    double *power = s->own + ((size_t)s->added + (size_t)tile) * s->rings;
    memset(power, 0, s->rings * sizeof *power);
    for (size_t v = 0; v < w; v++) {
        gt_fourier(h, w, rows + v, s->down, y, spare); /* a column of the result */
        for (size_t u = 0; u < h; u++) {
            int ring = s->ring[u * w + v];
            if (ring >= 0) power[ring] += (y[u].re * y[u].re + y[u].im * y[u].im) / (double)pixels;
        }
    }
    for (size_t r = 0; r < s->rings; r++) power[r] /= s->ring_size[r];
}

gt_status gt_spectrum_add(gt_spectrum *s, const uint8_t *pictures, int64_t n) {
    if (s->added + n > s->share.own)
        return gt_fail(GT_USAGE, "%lld pictures are more than this rank has", (long long)(s->added + n));
    s->pictures = pictures;
    gt_pool_run(s->team.pool, (int)n, add_picture, s);
    s->added += n;
    return GT_OK;
}

gt_status gt_spectrum_finish_all(gt_spectrum *s, double *power) {
    gt_slices blocks = gt_rows_blocks(s->share.count);
    int first, own;
    gt_slice_range(s->team.comm, blocks.count, s->team.comm->rank, &first, &own);
    GT_FREED double *sums = calloc((size_t)own * s->rings + 1, sizeof *sums);
    gt_status st = !sums                      ? gt_fail(GT_NOMEM, "out of memory for spectra")
                   : s->added != s->share.own ? gt_fail(GT_FAILED, "not all pictures were added")
                                              : GT_OK;
    st = gt_comm_agree_all(s->team.comm, st);
    const double *from = s->own;
    for (int block = 0; block < own && !st; block++)
        for (int i = 0; i < gt_slices_samples(blocks, first + block); i++)
            for (size_t r = 0; r < s->rings; r++) sums[(size_t)block * s->rings + r] += *from++;
    if (!st) st = gt_comm_tree_sum_all(s->team.comm, blocks.count, s->rings, sums, power);
    for (size_t r = 0; r < s->rings && !st; r++) power[r] /= (double)s->share.count;
    return st;
}

double gt_spectrum_distance(const double *a, const double *b, int rings) {
    const double least = 1e-12;
    double sum = 0;
    for (int r = 1; r < rings; r++) {
        double decibel = 10 / gt_ln(10) * gt_ln((a[r] + least) / (b[r] + least));
        sum += decibel * decibel;
    }
    return rings > 1 ? sqrt(sum / (rings - 1)) : 0;
}

/* ---- the metric ---- */

/* This rank's pictures, some at a time. */
static gt_status add_pictures(const gt_metric_input *in, const gt_metric_set *set, gt_spectrum *to) {
    enum { AT_ONCE = 256 };
    int64_t own = gt_rows_share(set->count, 1, in->team->comm).own,
            bytes = (int64_t)set->height * set->width * set->channels;
    gt_status st = GT_OK;
    for (int64_t i = 0; i < own && !st && !gt_team_stops(in->team); i += AT_ONCE) {
        int64_t n = gt_smallest(AT_ONCE, own - i);
        st = gt_spectrum_add(to, set->pictures + i * bytes, n);
        gt_tell(gt_smallest(set->count, (i + n) * in->team->comm->ranks));
    }
    return st;
}

static gt_status power_all(const gt_metric_input *in, const gt_metric_set *set, const char *part, double *power) {
    gt_spectrum *s = gt_spectrum_new(in->team, set->count, set->height, set->width, set->channels);
    gt_tell_part(part, "images", set->count);
    gt_status st = gt_comm_agree_all(in->team->comm, s ? add_pictures(in, set, s) : GT_FAILED);
    if (!st) st = gt_team_look_all(in->team);
    if (!st) st = gt_spectrum_finish_all(s, power);
    gt_spectrum_free(s);
    return st;
}

static gt_status spectra_distance_all(const gt_metric_input *in) {
    int rings = gt_spectrum_rings(in->fakes.height, in->fakes.width);
    if (rings < 2) return gt_fail(GT_USAGE, "pictures that are one pixel wide have no ring of frequencies");
    GT_FREED double *power = malloc(2 * (size_t)rings * sizeof *power);
    gt_status st = power ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %d rings", rings);
    st = gt_comm_agree_all(in->team->comm, st);
    if (!st) st = power_all(in, &in->fakes, "fakes", power);
    if (!st) st = power_all(in, &in->reals, "reals", power + rings);
    if (!st) in->put(in->arg, "", gt_spectrum_distance(power, power + rings, rings));
    return st;
}

const gt_metric gt_metrics_of_spectrum[] = {
    {.name = "spectrum#",
     .plain = "spectrum",
     .count = 10000,
     .needs = GT_METRIC_REALS | GT_METRIC_PICTURES,
     .keys = {""},
     .recipe = "decibel",
     .help = "Distance of radial power spectra, in decibel",
     .compute_all = spectra_distance_all},
    {0},
};
