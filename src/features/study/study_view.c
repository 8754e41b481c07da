/* SPDX-License-Identifier: Apache-2.0
 * Figures of studies, with their tables: see features/study/study_view.h. */
#include "features/study/study_view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "gantry/memory.h"
#include "features/study/study.h"

gt_status study_write(const char *outdir, const char *name, gt_buffer *csv, const gt_panel *panels, int n,
                      int columns) {
    GT_ARENA gt_arena *a = gt_arena_new();
    const char *stem = a ? gt_arena_printf(a, "%s/%s", outdir, name) : NULL,
               *table = stem ? gt_arena_printf(a, "%s.csv", stem) : NULL;
    gt_status st = gt_buffer_write(csv, table);
    if (!st && n) st = gt_figure_write(stem, panels, n, columns);
    return st;
}

/* ---- dimensions of a latent ---- */

static gt_status write_dimensions(gt_arena *a, const gt_dimension *of, int d, const char *outdir) {
    bool divergences = isfinite(of->divergence);
    int bars = 2 * d - 1; /* every other one is a gap */
    double *edges = gt_arena_array(a, 2 * (size_t)d, sizeof *edges),
           *divergence = gt_arena_array(a, 2 * (size_t)d, sizeof *divergence),
           *rise = gt_arena_array(a, 2 * (size_t)d, sizeof *rise);
    gt_buffer b = {0};
    if (gt_arena_failed(a)) return GT_NOMEM;
    gt_buffer_printf(&b, "dimension,mean,%sreconstruction\n", divergences ? "kl," : "");
    for (int k = 0; k < d; k++) {
        edges[2 * k] = k - 0.4, edges[2 * k + 1] = k + 0.4;
        divergence[2 * k] = of[k].divergence, rise[2 * k] = of[k].rise;
        gt_buffer_printf(&b, "%d,%.9g,", k, of[k].mean);
        if (divergences) gt_buffer_printf(&b, "%.9g,", of[k].divergence);
        gt_buffer_printf(&b, "%.9g\n", of[k].rise);
    }
    gt_panel panels[] = {{.title = "divergence from N(0,1)",
                          .x_label = "dimension of the latent",
                          .y_label = "KL in nats",
                          .bars = {bars, edges, divergence}},
                         {.title = "error without the dimension",
                          .x_label = "dimension of the latent",
                          .y_label = "rise of the error of an image",
                          .bars = {bars, edges, rise}}};
    return study_write(outdir, "dimensions", &b, divergences ? panels : panels + 1, 1 + divergences, 2);
}

gt_status gt_dimensions_write(const gt_dimension *of, int d, const char *outdir) {
    GT_ARENA gt_arena *a = gt_arena_new();
    return a ? write_dimensions(a, of, d, outdir) : GT_NOMEM;
}

/* ---- estimates of a gradient ---- */

static const char *const estimates[] = {[GT_SCORE_FUNCTION] = "score function", [GT_REPARAMETRISED] = "reparametrised"},
                         *const derivatives[] = {
                             [GT_BY_MEAN] = "by the means", [GT_BY_LOG_VARIANCE] = "by the log-variances"};

const char *gt_derivative_name(int derivative) { return derivatives[derivative]; }

gt_status gt_gradient_study_write(const gt_gradient_study *g, const char *outdir) {
    double l[GT_GRADIENT_LEVELS];
    gt_curve curves[GT_DERIVATIVES][GT_ESTIMATES];
    gt_panel panels[GT_DERIVATIVES];
    gt_buffer b = {0};
    gt_buffer_printf(&b, "samples,score_mean,reparametrised_mean,score_log_variance,reparametrised_log_variance\n");
    for (int i = 0; i < g->levels; i++) {
        l[i] = ldexp(1, i);
        gt_buffer_printf(&b, "%d", 1 << i);
        for (int k = 0; k < GT_DERIVATIVES; k++)
            for (int c = 0; c < GT_ESTIMATES; c++) gt_buffer_printf(&b, ",%.9g", g->variance[c][k][i]);
        gt_buffer_printf(&b, "\n");
    }
    for (int k = 0; k < GT_DERIVATIVES; k++) {
        for (int c = 0; c < GT_ESTIMATES; c++)
            curves[k][c] = (gt_curve){.label = estimates[c], .n = g->levels, .x = l, .y = g->variance[c][k]};
        panels[k] = (gt_panel){.title = derivatives[k],
                               .x_label = "samples L of an estimate",
                               .y_label = "variance of the gradient",
                               .x_scale = GT_LOG_2,
                               .y_scale = GT_LOG_10,
                               .n_curves = GT_ESTIMATES,
                               .curves = curves[k]};
    }
    return study_write(outdir, "gradient-variance", &b, panels, GT_DERIVATIVES, 1);
}

/* ---- values of layers ---- */

enum { PANELS_MAX = 400 };

struct gt_activation_table {
    gt_arena *arena;
    gt_buffer csv;
    gt_panel *panels;     /* [PANELS_MAX] */
    int bins, n, columns; /* panels; of a row */
};

gt_activation_table *gt_activation_table_new(int bins) {
    gt_arena *a = gt_arena_new();
    gt_activation_table *t = a ? gt_arena_alloc(a, sizeof *t) : NULL;
    gt_panel *panels = t ? gt_arena_array(a, PANELS_MAX, sizeof *panels) : NULL;
    if (!panels) {
        gt_arena_free(a);
        return NULL;
    }
    *t = (gt_activation_table){.arena = a, .panels = panels, .bins = bins};
    gt_buffer_printf(&t->csv, "activation,init,layer,mean,std,zeros,outer,middle,outside,from,to");
    for (int k = 0; k < bins; k++) gt_buffer_printf(&t->csv, ",bin%d", k);
    gt_buffer_printf(&t->csv, "\n");
    return t;
}

void gt_activation_table_free(gt_activation_table *t) {
    if (!t) return;
    gt_buffer_free(&t->csv);
    gt_arena_free(t->arena);
}

static gt_status add_layer(gt_activation_table *t, const char *init, const char *activation, const gt_activations *l) {
    const char *const names[] = {activation, init, l->layer};
    for (int i = 0; i < 3; i++) gt_buffer_csv(&t->csv, names[i]), gt_buffer_add(&t->csv, ",", 1);
    gt_buffer_printf(&t->csv, "%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g", l->mean, l->std, l->zeros, l->outer, l->middle,
                     l->outside, l->edges[0], l->edges[t->bins]);
    for (int k = 0; k < t->bins; k++) gt_buffer_printf(&t->csv, ",%.9g", l->shares[k]);
    gt_buffer_printf(&t->csv, "\n");
    if (t->n == PANELS_MAX) return gt_fail(GT_USAGE, "more than %d histograms are too many for a picture", PANELS_MAX);
    const char *title = gt_arena_printf(t->arena, "%s, %s: %s", activation, init, l->layer);
    t->panels[t->n++] = (gt_panel){.title = title, .bars = {t->bins, l->edges, l->shares}, .small = true};
    return title ? GT_OK : GT_NOMEM;
}

gt_status gt_activation_table_add(gt_activation_table *t, const char *init, const char *activation,
                                  const gt_activations *layers, int n) {
    if (t->columns && n != t->columns) return gt_fail(GT_USAGE, "the networks have different numbers of layers");
    gt_status st = GT_OK;
    t->columns = n;
    for (int i = 0; i < n && !st; i++) st = add_layer(t, init, activation, &layers[i]);
    return st;
}

gt_status gt_activation_table_write(gt_activation_table *t, const char *outdir) {
    return study_write(outdir, "activations", &t->csv, t->panels, t->n, t->columns);
}
