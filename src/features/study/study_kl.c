/* SPDX-License-Identifier: Apache-2.0
 * The divergence between two Gaussians: see features/study/study_view.h. */
#include <math.h>
#include <stdio.h>

#include "base/door/mathfn.h"
#include "gantry/memory.h"
#include "features/study/study_view.h"
#include "features/study/study.h"

/* ---- the divergence between two Gaussians ----
 *
 *     KL(N(m,s^2) || N(mean,deviation^2)) = log(deviation/s) + (s^2 + (m - mean)^2) / (2 deviation^2) - 1/2 */

enum { MEANS = 121, DEVIATIONS = 120, CURVES = 4 };

static double kl_of(double m, double s, double mean, double deviation) {
    double off = m - mean, variance = deviation * deviation;
    return gt_ln(deviation / s) + (s * s + off * off) / (2 * variance) - 0.5;
}

typedef struct kl_grid {
    double mean[MEANS], deviation[DEVIATIONS], kl[DEVIATIONS * MEANS];
    double of_mean[CURVES][MEANS], of_deviation[CURVES][DEVIATIONS];
    double x[2], y[2]; /* ends of the axes */
    char title[96], label[2 * CURVES][32];
} kl_grid;

/* Three deviations to each side of the mean; the deviation up to three times the other. */
static void compute_kl(kl_grid *g, double to_mean, double to_deviation) {
    static const double shares[CURVES] = {0.25, 0.5, 1, 2}, offsets[CURVES] = {0, 1, 2, 3};
    for (int i = 0; i < MEANS; i++) g->mean[i] = to_mean + to_deviation * (6.0 * i / (MEANS - 1) - 3);
    for (int i = 0; i < DEVIATIONS; i++) g->deviation[i] = to_deviation * 3.0 * (i + 1) / DEVIATIONS;
    for (int i = 0; i < MEANS * DEVIATIONS; i++)
        g->kl[i] = kl_of(g->mean[i % MEANS], g->deviation[i / MEANS], to_mean, to_deviation);
    for (int k = 0; k < CURVES; k++) {
        double deviation = to_deviation * shares[k], mean = to_mean + to_deviation * offsets[k];
        for (int i = 0; i < MEANS; i++) g->of_mean[k][i] = kl_of(g->mean[i], deviation, to_mean, to_deviation);
        for (int i = 0; i < DEVIATIONS; i++)
            g->of_deviation[k][i] = kl_of(mean, g->deviation[i], to_mean, to_deviation);
        snprintf(g->label[k], sizeof *g->label, "deviation %.4g", deviation);
        snprintf(g->label[CURVES + k], sizeof *g->label, "mean %.4g", mean);
    }
    /* cells lie around their values */
    double half = to_deviation * 3 / (MEANS - 1), low = g->deviation[0] / 2;
    g->x[0] = g->mean[0] - half, g->x[1] = g->mean[MEANS - 1] + half;
    g->y[0] = low, g->y[1] = g->deviation[DEVIATIONS - 1] + low;
    snprintf(g->title, sizeof g->title, "KL(N(mean,deviation^2) || N(%.4g,%.4g))", to_mean,
             to_deviation * to_deviation);
}

static gt_status write_kl(const kl_grid *g, const char *outdir) {
    gt_curve of_mean[CURVES], of_deviation[CURVES];
    gt_buffer b = {0};
    for (int k = 0; k < CURVES; k++) {
        of_mean[k] = (gt_curve){.label = g->label[k], .n = MEANS, .x = g->mean, .y = g->of_mean[k]};
        of_deviation[k] = (gt_curve){
            .label = g->label[CURVES + k], .n = DEVIATIONS, .x = g->deviation, .y = g->of_deviation[k]};
    }
    gt_panel panels[] = {
        {.title = g->title,
         .x_label = "mean",
         .y_label = "deviation",
         .x_range = g->x,
         .y_range = g->y,
         .heat = {.columns = MEANS, .rows = DEVIATIONS, .values = g->kl, .label = "KL in nats"}},
        {.title = "over the mean", .x_label = "mean", .y_label = "KL in nats", .n_curves = CURVES, .curves = of_mean},
        {.title = "over the deviation",
         .x_label = "deviation",
         .y_label = "KL in nats",
         .n_curves = CURVES,
         .curves = of_deviation},
    };
    gt_buffer_printf(&b, "mean,deviation,kl\n");
    for (int i = 0; i < MEANS * DEVIATIONS; i++)
        gt_buffer_printf(&b, "%.9g,%.9g,%.9g\n", g->mean[i % MEANS], g->deviation[i / MEANS], g->kl[i]);
    return study_write(outdir, "kl", &b, panels, 3, 1);
}

/* ---- the densities behind it ----
 *
 * p = N(mean,deviation^2) in each cell, and q = N(m,s^2): a column for each m, a row for each s. */

enum { COLUMNS = 4, ROWS = 3, CELLS = ROWS * COLUMNS, PLACES = 221 };

typedef struct densities {
    double z[PLACES], p[PLACES], q[CELLS][PLACES];
    double mean[CELLS], deviation[CELLS], kl[CELLS];
    char title[CELLS][64], label[64];
} densities;

static double normal_density(double z, double mean, double deviation) {
    double t = (z - mean) / deviation;
    return gt_exp(-t * t / 2) / (sqrt(2 * M_PI) * deviation);
}

/* From four deviations below the mean to seven above: where both densities are. */
static void compute_densities(densities *d, double to_mean, double to_deviation) {
    static const double shares[ROWS] = {0.5, 1, 2}, offsets[COLUMNS] = {0, 1, 2, 3};
    for (int i = 0; i < PLACES; i++) {
        d->z[i] = to_mean + to_deviation * (11.0 * i / (PLACES - 1) - 4);
        d->p[i] = normal_density(d->z[i], to_mean, to_deviation);
    }
    for (int k = 0; k < CELLS; k++) {
        d->mean[k] = to_mean + to_deviation * offsets[k % COLUMNS];
        d->deviation[k] = to_deviation * shares[k / COLUMNS];
        d->kl[k] = kl_of(d->mean[k], d->deviation[k], to_mean, to_deviation);
        for (int i = 0; i < PLACES; i++) d->q[k][i] = normal_density(d->z[i], d->mean[k], d->deviation[k]);
        snprintf(d->title[k], sizeof *d->title, "q = N(%.3g,%.3g^2): KL %.3f", d->mean[k], d->deviation[k], d->kl[k]);
    }
    snprintf(d->label, sizeof d->label, "p(z) = N(%.4g,%.4g^2)", to_mean, to_deviation);
}

static gt_status write_densities(const densities *d, const char *outdir) {
    gt_curve curves[CELLS][2];
    gt_panel panels[CELLS];
    const double x[2] = {d->z[0], d->z[PLACES - 1]}, y[2] = {0, 1.08 * normal_density(0, 0, d->deviation[0])};
    gt_buffer b = {0};
    gt_buffer_printf(&b, "mean,deviation,kl,z,q,p\n");
    for (int k = 0; k < CELLS; k++) {
        curves[k][0] = (gt_curve){.label = "q(z), of the panel", .n = PLACES, .x = d->z, .y = d->q[k], .colour = 1};
        curves[k][1] = (gt_curve){.label = d->label, .n = PLACES, .x = d->z, .y = d->p, .colour = 8};
        panels[k] = (gt_panel){
            .title = d->title[k], .x_range = x, .y_range = y, .n_curves = 2, .curves = curves[k], .small = true};
        for (int i = 0; i < PLACES; i++)
            gt_buffer_printf(&b, "%.9g,%.9g,%.9g,%.9g,%.9g,%.9g\n", d->mean[k], d->deviation[k], d->kl[k], d->z[i],
                             d->q[k][i], d->p[i]);
    }
    return study_write(outdir, "kl-densities", &b, panels, CELLS, COLUMNS);
}

gt_status gt_kl_write(double mean, double deviation, const char *outdir) {
    GT_ARENA gt_arena *a = gt_arena_new();
    kl_grid *g = a ? gt_arena_alloc(a, sizeof *g) : NULL;
    densities *d = g ? gt_arena_alloc(a, sizeof *d) : NULL;
    gt_status st = d ? GT_OK : GT_NOMEM;
    if (d) compute_kl(g, mean, deviation), compute_densities(d, mean, deviation);
    if (!st) st = write_kl(g, outdir);
    return st ? st : write_densities(d, outdir);
}
