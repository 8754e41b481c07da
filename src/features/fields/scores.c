/* SPDX-License-Identifier: Apache-2.0
 * Scores of ensembles: see scores.h. */
#include "scores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/mathfn.h"
#include "metrics/door/fourier.h"

enum { QUANTILES = 3 }; /* P95, P99, maximum */
static const double quantile[QUANTILES] = {0.95, 0.99, 1};

struct gt_ensemble_scores {
    int members, height, width, waves;
    int64_t cells, fields; /* with a truth; fields without missing cells */
    double crps, squares, variance;
    double *ranks, *drawn; /* [members+1] */
    double *made, *seen;   /* [waves]: sums over fields of the power, of the members their mean */
    double made_quantile[QUANTILES], seen_quantile[QUANTILES];
    double *x, *sorted, *power, *room;
};

/* Ferro 2014, eq. 5: mean |x_i - y| - sum over i, j of |x_i - x_j| / (2 M (M - 1)); of one member |x - y|. The members
 * are sorted, rising, here and in rank_add(). */
static double fair_crps(int members, const double *sorted, double truth) {
    double off = 0, apart = 0;
    for (int i = 0; i < members; i++) {
        off += fabs(sorted[i] - truth);
        apart += (2.0 * i - members + 1) * sorted[i]; /* summed, half the sum of |x_i - x_j| over all pairs i, j */
    }
    return off / members - (members > 1 ? apart / members / (members - 1) : 0);
}

/* The mean of the members, and their variance with the divisor M - 1 (0 of one member). */
static void moments_of(int members, const double *x, double *mean, double *variance) {
    double sum = 0, squares = 0;
    for (int i = 0; i < members; i++) sum += x[i];
    *mean = sum / members;
    for (int i = 0; i < members; i++) squares += (x[i] - *mean) * (x[i] - *mean);
    *variance = members > 1 ? squares / (members - 1) : 0;
}

/* Adds 1 to histogram [M+1]: to the place that tells how many members lie below y; where members equal y, in even parts
 * to the places that these allow. */
static void rank_add(int members, const double *sorted, double truth, double *histogram) {
    int below = 0, equal = 0;
    while (below < members && sorted[below] < truth) below++;
    while (below + equal < members && sorted[below + equal] == truth) equal++;
    for (int i = below; i <= below + equal; i++) histogram[i] += 1.0 / (equal + 1);
}

/* Pearson's sum of (o - e)^2 / e for equal expectations; places - 1 degrees of freedom. */
static double chi_squared_of(int places, const double *histogram) {
    double n = 0, sum = 0;
    for (int i = 0; i < places; i++) n += histogram[i];
    for (int i = 0; i < places; i++) sum += (histogram[i] - n / places) * (histogram[i] - n / places);
    return sum / (n / places);
}

/* ---- spectra of one field [height,width] ---- */

static int radial_waves(int height, int width) { return (height < width ? height : width) / 2; }

/* Transform, a line of it, its spare room, the roots of the longer side; the sums' counts. */
static size_t radial_room(int height, int width) {
    size_t h = (size_t)height, w = (size_t)width, longer = h > w ? h : w;
    return 2 * (h * w + 4 * longer) + (size_t)radial_waves(height, width);
}

/* n numbers `stride` apart, in place. */
static void transform(size_t n, size_t stride, gt_complex *x, const gt_complex *roots, gt_complex *line) {
    gt_fourier(n, stride, x, roots, line, line + n);
    for (size_t k = 0; k < n; k++) x[k * stride] = line[k];
}

/* Of wave numbers 1 .. min(height, width) / 2, in cycles over the shorter side, into power[k - 1]: the mean of |F|^2 /
 * (height width)^2 over the coefficients F of the Fourier transform whose wave number rounds to k. `field` may have
 * numbers `stride` apart. `room`: radial_room() doubles. */
static void radial_power(int height, int width, const float *field, size_t stride, double *room, double *power) {
    size_t h = (size_t)height, w = (size_t)width, longer = h > w ? h : w;
    gt_complex *x = (gt_complex *)(void *)room, *roots = x + h * w, *line = roots + longer;
    double *count = (double *)(line + 3 * longer), side = height < width ? height : width, cells = (double)(h * w);
    int waves = radial_waves(height, width);
    for (size_t i = 0; i < h * w; i++) x[i] = (gt_complex){(double)field[i * stride], 0};
    gt_fourier_roots(w, roots);
    for (size_t r = 0; r < h; r++) transform(w, 1, x + r * w, roots, line);
    gt_fourier_roots(h, roots);
    for (size_t c = 0; c < w; c++) transform(h, w, x + c, roots, line);
    memset(power, 0, (size_t)waves * sizeof *power);
    memset(count, 0, (size_t)waves * sizeof *count);
    for (size_t i = 0; i < h * w; i++) {
        double down = (double)(i / w), across = (double)(i % w);
        down = fmin(down, height - down) * side / height;
        across = fmin(across, width - across) * side / width;
        int k = (int)floor(sqrt(down * down + across * across) + 0.5);
        if (k < 1 || k > waves) continue;
        power[k - 1] += (x[i].re * x[i].re + x[i].im * x[i].im) / (cells * cells);
        count[k - 1]++;
    }
    for (int k = 0; k < waves; k++) power[k] /= count[k];
}

/* The root of the mean over wave numbers of (10 log10(made / seen))^2, in dB. */
static double decibels_of(int waves, const double *made, const double *seen) {
    double sum = 0;
    for (int k = 0; k < waves; k++) {
        double decibels = 10 * gt_ln(made[k] / seen[k]) / M_LN10;
        sum += decibels * decibels;
    }
    return sqrt(sum / waves);
}

/* The largest |made / seen - 1|. */
static double worst_of(int waves, const double *made, const double *seen) {
    double worst = 0;
    for (int k = 0; k < waves; k++) worst = fmax(worst, fabs(made[k] / seen[k] - 1));
    return worst;
}

/* Quantile q of sorted numbers, linear between them: place q (n - 1). */
static double sorted_quantile(size_t n, const double *sorted, double q) {
    double place = q * (double)(n - 1);
    size_t i = (size_t)place;
    return i + 1 < n ? sorted[i] + (place - (double)i) * (sorted[i + 1] - sorted[i]) : sorted[n - 1];
}

/* ---- many fields ---- */

gt_ensemble_scores *gt_ensemble_scores_new(gt_arena *a, int members, int height, int width) {
    size_t cells = (size_t)height * (size_t)width, most = cells > (size_t)members ? cells : (size_t)members;
    gt_ensemble_scores *s = gt_arena_alloc(a, sizeof *s);
    if (!s) return NULL;
    *s = (gt_ensemble_scores){
        .members = members, .height = height, .width = width, .waves = radial_waves(height, width)};
    size_t waves = (size_t)s->waves, places = (size_t)members + 1;
    s->ranks = gt_arena_array(a, places, sizeof *s->ranks);
    s->drawn = gt_arena_array(a, places, sizeof *s->drawn);
    s->made = gt_arena_array(a, waves, sizeof *s->made);
    s->seen = gt_arena_array(a, waves, sizeof *s->seen);
    s->power = gt_arena_array(a, waves, sizeof *s->power);
    s->x = gt_arena_array(a, (size_t)members, sizeof *s->x);
    s->sorted = gt_arena_array(a, most, sizeof *s->sorted);
    s->room = gt_arena_array(a, radial_room(height, width), sizeof *s->room);
    return gt_arena_failed(a) ? NULL : s;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void add_cell(gt_ensemble_scores *s, double truth, bool drawn) {
    double mean, variance;
    moments_of(s->members, s->x, &mean, &variance);
    memcpy(s->sorted, s->x, (size_t)s->members * sizeof *s->x);
    qsort(s->sorted, (size_t)s->members, sizeof *s->sorted, by_value);
    s->crps += fair_crps(s->members, s->sorted, truth);
    s->squares += (mean - truth) * (mean - truth);
    s->variance += variance;
    rank_add(s->members, s->sorted, truth, s->ranks);
    if (drawn) rank_add(s->members, s->sorted, truth, s->drawn);
    s->cells++;
}

/* `share`: of the field in its sums. */
static void add_field(gt_ensemble_scores *s, const float *field, size_t stride, double share, double *power,
                      double *quantiles) {
    size_t cells = (size_t)s->height * (size_t)s->width;
    radial_power(s->height, s->width, field, stride, s->room, s->power);
    for (int k = 0; k < s->waves; k++) power[k] += share * s->power[k];
    for (size_t i = 0; i < cells; i++) s->sorted[i] = (double)field[i * stride];
    qsort(s->sorted, cells, sizeof *s->sorted, by_value);
    for (int i = 0; i < QUANTILES; i++) quantiles[i] += share * sorted_quantile(cells, s->sorted, quantile[i]);
}

void gt_ensemble_scores_add(gt_ensemble_scores *s, const float *members, size_t apart, size_t step, const float *truth,
                            const float *mask, size_t stride, uint32_t drawn) {
    size_t cells = (size_t)s->height * (size_t)s->width, known = 0, place = 0;
    for (size_t i = 0; i < cells; i++) known += !mask || mask[i * stride] > 0;
    size_t choice = (size_t)((uint64_t)drawn * known >> 32);
    for (size_t i = 0; i < cells; i++) {
        if (mask && !(mask[i * stride] > 0)) continue;
        for (int k = 0; k < s->members; k++) s->x[k] = (double)members[(size_t)k * apart + i * step];
        add_cell(s, (double)truth[i * stride], place++ == choice);
    }
    if (known < cells) return;
    add_field(s, truth, stride, 1, s->seen, s->seen_quantile);
    for (int k = 0; k < s->members; k++)
        add_field(s, members + (size_t)k * apart, step, 1.0 / s->members, s->made, s->made_quantile);
    s->fields++;
}

static double per_cell(const gt_ensemble_scores *s, double sum) {
    return s->cells ? sum / (double)s->cells : (double)NAN;
}
static double per_field(const gt_ensemble_scores *s, double sum) {
    return s->fields ? sum / (double)s->fields : (double)NAN;
}

static double crps(const gt_ensemble_scores *s) { return per_cell(s, s->crps); }
static double rmse(const gt_ensemble_scores *s) { return sqrt(per_cell(s, s->squares)); }
static double spread(const gt_ensemble_scores *s) {
    return s->members > 1 ? sqrt(per_cell(s, s->variance)) : (double)NAN;
}
static double ratio(const gt_ensemble_scores *s) { return sqrt((s->members + 1.0) / s->members) * spread(s) / rmse(s); }
static double chi_squared(const gt_ensemble_scores *s) {
    return s->cells ? chi_squared_of(s->members + 1, s->drawn) : (double)NAN;
}
static double uneven(const gt_ensemble_scores *s) {
    double sum = 0;
    for (int i = 0; i <= s->members; i++) sum += fabs(per_cell(s, s->ranks[i]) - 1.0 / (s->members + 1));
    return sum;
}
static double distance(const gt_ensemble_scores *s) {
    return s->fields && s->waves ? decibels_of(s->waves, s->made, s->seen) : (double)NAN;
}
static double worst(const gt_ensemble_scores *s) {
    return s->fields && s->waves ? worst_of(s->waves, s->made, s->seen) : (double)NAN;
}

#define QUANTILE_SCORES(X) X(p95, 0) X(p99, 1) X(max, 2)
#define FUNCTIONS(name, i)                                                                        \
    static double name(const gt_ensemble_scores *s) { return per_field(s, s->made_quantile[i]); } \
    static double name##_truth(const gt_ensemble_scores *s) { return per_field(s, s->seen_quantile[i]); }
QUANTILE_SCORES(FUNCTIONS)

const gt_ensemble_score gt_ensemble_score_list[] = {
    {"crps", "crps", "fair continuous ranked probability score, mean over cells; less is better", crps},
    {"rmse", "rmse", "root of the mean squared error of the ensemble's mean; less is better", rmse},
    {"spread", "spread", "root of the mean variance of the members", spread},
    {"spread", "spread_skill", "sqrt((M + 1) / M) spread / rmse: 1 where members are like the truth", ratio},
    {"ranks", "ranks_chi2", "chi-squared of the ranks of one cell of each field; M degrees of freedom", chi_squared},
    {"ranks", "ranks_uneven", "sum over ranks of |share - 1 / (M + 1)|, all cells", uneven},
    {"spectrum", "spectrum_db", "root of the mean squared ratio of radial power, in dB; less is better", distance},
    {"spectrum", "spectrum_worst", "largest |ratio - 1| of radial power; less is better", worst},
    {"quantiles", "p95", "mean over fields of the field's quantile 0.95", p95},
    {"quantiles", "p95_truth", "the same of the truth", p95_truth},
    {"quantiles", "p99", "mean over fields of the field's quantile 0.99", p99},
    {"quantiles", "p99_truth", "the same of the truth", p99_truth},
    {"quantiles", "max", "mean over fields of the field's maximum", max},
    {"quantiles", "max_truth", "the same of the truth", max_truth},
    {0},
};

int64_t gt_ensemble_whole_fields(const gt_ensemble_scores *s) { return s->fields; }

int gt_ensemble_members(const gt_ensemble_scores *s) { return s->members; }
int gt_ensemble_waves(const gt_ensemble_scores *s) { return s->waves; }

const double *gt_ensemble_ranks(const gt_ensemble_scores *s) { return s->ranks; }

const double *gt_ensemble_power(const gt_ensemble_scores *s, const double **truth) {
    *truth = s->seen;
    return s->made;
}
