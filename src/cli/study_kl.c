/* SPDX-License-Identifier: Apache-2.0
 * gantry study kl: the divergence between two Gaussians of one number,
 *     KL(N(m,s^2) || N(mean,deviation^2)) = log(deviation/s) + (s^2 + (m - mean)^2) / (2 deviation^2) - 1/2. */
#include <math.h>

#include "cli/study.h"
#include "gantry/figure.h"

enum { MEANS = 121, DEVIATIONS = 120, CURVES = 4 };

static double divergence(const study_fields *f, double m, double s) {
    double off = m - f->mean, variance = f->deviation * f->deviation;
    return log(f->deviation / s) + (s * s + off * off) / (2 * variance) - 0.5;
}

typedef struct grid {
    double mean[MEANS], deviation[DEVIATIONS], kl[DEVIATIONS * MEANS];
    double of_mean[CURVES][MEANS], of_deviation[CURVES][DEVIATIONS];
    double x[2], y[2]; /* ends of the axes */
    char title[96], label[2 * CURVES][32];
} grid;

/* Three deviations to each side of the mean; the deviation up to three times the other. */
static grid *make(const cli_session *s) {
    const study_fields *f = s->fields;
    grid *g = gt_arena_alloc(s->arena, sizeof *g);
    static const double shares[CURVES] = {0.25, 0.5, 1, 2}, offsets[CURVES] = {0, 1, 2, 3};
    if (!g) return NULL;
    for (int i = 0; i < MEANS; i++) g->mean[i] = f->mean + f->deviation * (6.0 * i / (MEANS - 1) - 3);
    for (int i = 0; i < DEVIATIONS; i++) g->deviation[i] = f->deviation * 3.0 * (i + 1) / DEVIATIONS;
    for (int i = 0; i < MEANS * DEVIATIONS; i++) g->kl[i] = divergence(f, g->mean[i % MEANS], g->deviation[i / MEANS]);
    for (int k = 0; k < CURVES; k++) {
        double deviation = f->deviation * shares[k], mean = f->mean + f->deviation * offsets[k];
        for (int i = 0; i < MEANS; i++) g->of_mean[k][i] = divergence(f, g->mean[i], deviation);
        for (int i = 0; i < DEVIATIONS; i++) g->of_deviation[k][i] = divergence(f, mean, g->deviation[i]);
        snprintf(g->label[k], sizeof *g->label, "deviation %.4g", deviation);
        snprintf(g->label[CURVES + k], sizeof *g->label, "mean %.4g", mean);
    }
    /* cells lie around their values */
    double half = f->deviation * 3 / (MEANS - 1), low = g->deviation[0] / 2;
    g->x[0] = g->mean[0] - half, g->x[1] = g->mean[MEANS - 1] + half;
    g->y[0] = low, g->y[1] = g->deviation[DEVIATIONS - 1] + low;
    snprintf(g->title, sizeof g->title, "KL(N(mean,deviation^2) || N(%.4g,%.4g))", f->mean,
             f->deviation * f->deviation);
    return g;
}

static gt_status draw(const cli_session *s, const grid *g) {
    gt_curve of_mean[CURVES], of_deviation[CURVES];
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
         .heat = {MEANS, DEVIATIONS, g->kl, "KL in nats"}},
        {.title = "over the mean", .x_label = "mean", .y_label = "KL in nats", .n_curves = CURVES, .curves = of_mean},
        {.title = "over the deviation",
         .x_label = "deviation",
         .y_label = "KL in nats",
         .n_curves = CURVES,
         .curves = of_deviation},
    };
    return gt_figure_write(cli_out(s, "kl"), panels, 3, 1);
}

gt_status study_kl(cli_session *s) {
    gt_buffer b = {0};
    const grid *g = make(s);
    if (!g) return GT_NOMEM;
    gt_buffer_printf(&b, "mean,deviation,kl\n");
    for (int i = 0; i < MEANS * DEVIATIONS; i++)
        gt_buffer_printf(&b, "%.9g,%.9g,%.9g\n", g->mean[i % MEANS], g->deviation[i / MEANS], g->kl[i]);
    gt_status st = study_write(s, "kl.csv", &b);
    if (!st) st = draw(s, g);
    if (!st) printf("%s: %s, beside kl.svg and kl.csv\n", cli_out(s, "kl.png"), g->title);
    return st;
}
