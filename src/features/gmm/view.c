/* SPDX-License-Identifier: Apache-2.0
 * Figures and films of mixtures: the log-likelihood over iterations, points with the components' ellipses, samples over
 * points, the iterations of EM. */
#include "features/gmm/mixture_view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "features/gmm/mixture.h"
#include "figures/door/figure.h"
#include "runner/generator/door/film.h"
#include "features/gmm/blocks.h"

enum { BARS = 60, CURVE = 401, COMPONENTS = 16 /* of a line, with names */ };

gt_status gt_fit_draw_curve(const gt_fit *f, const char *stem) {
    GT_ARENA gt_arena *a = gt_arena_new();
    double *x = a ? gt_arena_array(a, (size_t)f->n_curve, sizeof *x) : NULL;
    for (int i = 0; i < f->n_curve && x; i++) x[i] = i;
    gt_curve curve = {.n = f->n_curve, .x = x, .y = f->curve};
    gt_panel p = {.title = "log-likelihood per sample",
                  .x_label = "iteration",
                  .y_label = "nats",
                  .n_curves = 1,
                  .curves = &curve};
    return x ? gt_figure_write(stem, &p, 1, 1) : GT_NOMEM;
}

/* ---- axes ---- */

/* The part of a text up to a comma -> an axis: its number from 0, or the name of a column. -1: no such axis. */
static int parse_axis(const gt_mixture_points *p, const char *text, size_t n) {
    char *end;
    for (int i = 0; i < p->info.d; i++) {
        const char *name = gt_cloud_name(p->cloud, i);
        if (name && strlen(name) == n && !memcmp(name, text, n)) return i;
    }
    long number = strtol(text, &end, 10);
    return n && end == text + n && number >= 0 && number < p->info.d ? (int)number : -1;
}

static gt_status fail_axes(const gt_mixture_points *p, const char *text) {
    char names[400] = "";
    for (int i = 0; i < p->info.d && gt_cloud_name(p->cloud, i) && strlen(names) < sizeof names - 80; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%.60s", i ? ", " : ": ",
                 gt_cloud_name(p->cloud, i));
    return gt_fail(GT_USAGE, "--axes=%s: the points have the axes 0 to %d%s", text, p->info.d - 1, names);
}

gt_status gt_mixture_axes_read(int axes[2], const gt_mixture_points *p, const char *text) {
    const char *comma = strchr(text, ',');
    axes[0] = axes[1] = 0;
    if (p->info.d == 1) return GT_OK;
    if (!comma || !comma[1] || comma == text || strchr(comma + 1, ','))
        return gt_fail(GT_USAGE, "--axes must be two numbers, such as 0,1, or two names of columns");
    axes[0] = parse_axis(p, text, (size_t)(comma - text));
    axes[1] = parse_axis(p, comma + 1, strlen(comma + 1));
    return axes[0] < 0 || axes[1] < 0 ? fail_axes(p, text) : GT_OK;
}

/* ---- points on axes ---- */

typedef struct axes_view { /* points on two axes, or of one number */
    gt_arena *arena;       /* holds rank 0's arrays */
    int axes[2];
    bool plane;
    int64_t n;
    float *x, *y;     /* [n]; y NULL: not a plane */
    double ranges[4]; /* of x and of y: whole, with margins; of a line: of the density as well */
    char labels[2][64];
    double *edges, *heights, *at, *density, *parts; /* of a line; parts [COMPONENTS, CURVE] */
    char names[COMPONENTS][48];
    gt_curve curves[COMPONENTS + 1];
} axes_view;

static void set_range(const float *x, int64_t n, double range[2]) {
    float low = INFINITY, high = -INFINITY;
    for (int64_t i = 0; i < n; i++) {
        if (x[i] < low) low = x[i];
        if (x[i] > high) high = x[i];
    }
    range[0] = (double)low, range[1] = (double)high;
    double margin = 0.05 * (range[1] - range[0]);
    if (!(margin > 0)) margin = 0.5;
    range[0] -= margin;
    range[1] += margin;
}

static gt_status allocate_view(axes_view *v, bool first_rank) {
    gt_arena *a = v->arena = gt_arena_new();
    if (!a) return GT_NOMEM;
    if (!first_rank) return GT_OK;
    v->x = gt_arena_array(a, (size_t)v->n, sizeof *v->x);
    if (v->plane) v->y = gt_arena_array(a, (size_t)v->n, sizeof *v->y);
    else {
        v->edges = gt_arena_array(a, 2 * BARS + 1, sizeof *v->edges);
        v->at = gt_arena_array(a, (2 + COMPONENTS) * CURVE, sizeof *v->at);
    }
    return gt_arena_failed(a) ? GT_NOMEM : GT_OK;
}

static void set_bars(axes_view *v) {
    v->heights = v->edges + BARS + 1;
    v->density = v->at + CURVE;
    v->parts = v->density + CURVE;
    gt_histogram(v->x, v->n, 1, BARS, v->edges, v->heights);
    for (int i = 0; i < CURVE; i++) v->at[i] = v->edges[0] + (v->edges[BARS] - v->edges[0]) * i / (CURVE - 1);
}

/* To be closed, also after an error. */
static gt_status open_view_all(axes_view *v, const gt_mixture_points *p, const int axes[2]) {
    gt_comm *c = p->blocks->comm;
    *v = (axes_view){.n = p->info.count, .plane = p->info.d > 1, .axes = {axes[0], axes[1]}};
    for (int i = 0; i < 2; i++) {
        const char *name = gt_cloud_name(p->cloud, axes[i]);
        if (name && *name) snprintf(v->labels[i], sizeof v->labels[i], "%.60s", name);
        else snprintf(v->labels[i], sizeof v->labels[i], "number %d", axes[i]);
    }
    gt_status st = gt_comm_agree_all(c, allocate_view(v, c->rank == 0));
    if (!st) st = gt_blocks_coordinate(p->blocks, axes[0], v->x);
    if (!st && v->plane) st = gt_blocks_coordinate(p->blocks, axes[1], v->y);
    if (st || c->rank) return st;
    set_range(v->x, v->n, v->ranges);
    if (v->plane) set_range(v->y, v->n, v->ranges + 2);
    else set_bars(v);
    return GT_OK;
}

static void close_view(axes_view *v) { gt_arena_free(v->arena); }

/* Points of one number: a histogram under the densities of the components, each times its weight, and their sum; of
 * many components under the sum alone. */
static gt_panel line_panel(axes_view *v, const gt_mixture *m) {
    enum { COLOURS = 6, SUM_COLOUR = 7 }; /* 0: the bars' */
    bool each = m->k <= COMPONENTS;
    int shown = 1;
    memset(v->density, 0, CURVE * sizeof *v->density);
    for (int c = 0; c < m->k; c++) {
        double *part = v->parts + (each ? c * CURVE : 0);
        for (int i = 0; i < CURVE; i++) v->density[i] += part[i] = gt_mixture_part(m, c, 0, v->at[i]);
        if (!each || !(m->weights[c] > 0)) continue;
        snprintf(v->names[c], sizeof *v->names, "component %d, weight %.3g", c, m->weights[c]);
        v->curves[shown++] = (gt_curve){v->names[c], CURVE, v->at, part, c % COLOURS + 1};
    }
    v->curves[0] = (gt_curve){"sum", CURVE, v->at, v->density, SUM_COLOUR};
    return (gt_panel){.title = "points and density",
                      .x_label = v->labels[0],
                      .y_label = "density",
                      .bars = {BARS, v->edges, v->heights},
                      .n_curves = shown,
                      .curves = v->curves};
}

/* The points, coloured by `groups` [n], and the mixture, on rank 0. The panel refers to `v` and `ellipses` [k]. */
static gt_panel clusters_panel(axes_view *v, const gt_mixture *m, const int32_t *groups, gt_ellipse *ellipses) {
    if (!v->plane) return line_panel(v, m);
    const int *axes = v->axes;
    int shown = 0;
    for (int c = 0; c < m->k; c++) {
        if (!(m->weights[c] > 0)) continue;
        const double *mean = m->means + (size_t)c * (size_t)m->d;
        ellipses[shown++] = (gt_ellipse){
            .mean = {mean[axes[0]], mean[axes[1]]},
            .covariance = {gt_mixture_covariance(m, c, axes[0], axes[0]), gt_mixture_covariance(m, c, axes[0], axes[1]),
                           gt_mixture_covariance(m, c, axes[1], axes[1])},
            .radius = 2,
            .group = c,
        };
    }
    return (gt_panel){.title = "components, two standard deviations",
                      .x_label = v->labels[0],
                      .y_label = v->labels[1],
                      .points = {v->n, v->x, v->y, 1, 1, groups},
                      .n_ellipses = shown,
                      .ellipses = ellipses};
}

static gt_status draw_clusters(axes_view *v, const gt_mixture *m, const int32_t *groups, const char *stem) {
    gt_ellipse *ellipses = gt_arena_array(v->arena, (size_t)m->k, sizeof *ellipses);
    if (!ellipses) return GT_NOMEM;
    gt_panel panel = clusters_panel(v, m, groups, ellipses);
    return gt_figure_write(stem, &panel, 1, 1);
}

gt_status gt_mixture_draw_clusters_all(const gt_mixture_points *p, const int axes[2], const gt_mixture *m,
                                       const int32_t *groups, const char *stem) {
    axes_view v;
    gt_comm *c = p->blocks->comm;
    gt_status st = open_view_all(&v, p, axes);
    if (!st && c->rank == 0) st = draw_clusters(&v, m, groups, stem);
    close_view(&v);
    return gt_comm_agree_all(c, st);
}

/* ---- samples ---- */

/* Samples of one number: their densities as a curve over the data's bars. */
static gt_status draw_line_over(const axes_view *v, const float *samples, int64_t n, const char *stem) {
    double edges[2][BARS + 1], heights[2][BARS], middles[BARS];
    gt_histogram(v->x, v->n, 1, BARS, edges[0], heights[0]);
    gt_histogram(samples, n, 1, BARS, edges[1], heights[1]);
    for (int i = 0; i < BARS; i++) middles[i] = (edges[1][i] + edges[1][i + 1]) / 2;
    const gt_curve curve = {"samples", BARS, middles, heights[1], 1};
    gt_panel p = {.title = "samples over data",
                  .x_label = v->labels[0],
                  .y_label = "density",
                  .bars = {BARS, edges[0], heights[0]},
                  .n_curves = 1,
                  .curves = &curve};
    return gt_figure_write(stem, &p, 1, 1);
}

static gt_status draw_over(const axes_view *v, const double *samples, int64_t n, int64_t d, const char *stem) {
    int64_t all = v->n + n;
    float *x = gt_arena_array(v->arena, (size_t)all, sizeof *x), *y = gt_arena_array(v->arena, (size_t)all, sizeof *y);
    int32_t *group = gt_arena_array(v->arena, (size_t)all, sizeof *group);
    if (!x || !y || !group) return GT_NOMEM;
    memcpy(x, v->x, (size_t)v->n * sizeof *x);
    if (v->plane) memcpy(y, v->y, (size_t)v->n * sizeof *y);
    for (int64_t i = v->n; i < all; i++) {
        x[i] = (float)samples[(i - v->n) * d + v->axes[0]];
        y[i] = (float)samples[(i - v->n) * d + v->axes[1]];
        group[i] = 1;
    }
    if (!v->plane) return draw_line_over(v, x + v->n, n, stem);
    const gt_curve named[] = {{.label = "data", .colour = 8}, {.label = "samples", .colour = 1}};
    gt_panel p = {.title = "samples over data",
                  .x_label = v->labels[0],
                  .y_label = v->labels[1],
                  .n_curves = 2,
                  .curves = named,
                  .points = {all, x, y, 1, 1, group}};
    return gt_figure_write(stem, &p, 1, 1);
}

gt_status gt_mixture_draw_samples_over_all(const gt_mixture_points *p, const int axes[2], const double *samples,
                                           int64_t n, const char *stem) {
    axes_view v;
    gt_comm *c = p->blocks->comm;
    gt_status st = open_view_all(&v, p, axes);
    if (!st && c->rank == 0) st = draw_over(&v, samples, n, p->info.d, stem);
    close_view(&v);
    return gt_comm_agree_all(c, st);
}

/* ---- films ---- */

enum { MAX_FRAMES = 100 };
static const double FPS = 4, LAST_SECONDS = 1.5;

typedef struct filming {
    const gt_mixture_points *points;
    axes_view view;
    gt_ellipse *ellipses;
    gt_film_of of;
    gt_film *film; /* rank 0's */
    int last;      /* the number of the last iteration */
    int step;      /* iterations from one frame to the next */
} filming;

/* The film opens when the size of a frame is known. */
static gt_status add_frame(filming *w, const gt_panel *panel, int times) {
    GT_FREED uint8_t *pixels = NULL;
    GT_FREED void *bytes = NULL;
    size_t n;
    gt_status st = gt_figure_pixels(panel, 1, 1, &pixels, &w->of.height, &w->of.width);
    if (!st && !w->film) st = gt_film_open(&w->film, &w->of);
    if (!st) st = gt_film_pack(&w->of, pixels, &bytes, &n);
    for (int i = 0; i < times && !st; i++) st = gt_film_add(w->film, bytes, n);
    return st;
}

static gt_status draw_iteration(filming *w, const gt_mixture *m, int iteration, const int32_t *groups) {
    char title[64];
    gt_panel panel = clusters_panel(&w->view, m, groups, w->ellipses);
    snprintf(title, sizeof title, "iteration %d of %d", iteration, w->last);
    panel.title = title;
    panel.x_range = w->view.ranges;
    if (w->view.plane) panel.y_range = w->view.ranges + 2;
    return add_frame(w, &panel, iteration == w->last ? (int)(LAST_SECONDS * FPS) : 1);
}

static gt_status add_mixture(void *arg, const gt_mixture *m, int iteration) {
    filming *w = arg;
    gt_comm *c = w->points->blocks->comm;
    gt_prediction p;
    if (iteration % w->step && iteration != w->last) return GT_OK;
    gt_status st = gt_mixture_predict(w->points->blocks, m, false, &p);
    if (st) return st;
    if (c->rank == 0) st = draw_iteration(w, m, iteration, p.labels);
    gt_prediction_free(&p);
    return gt_comm_agree_all(c, st);
}

gt_status gt_fit_film_all(const gt_fit *f, const gt_mixture_points *p, const int axes[2], const char *path) {
    gt_comm *c = p->blocks->comm;
    int last = f->n_curve - 1;
    filming w = {.points = p, .last = last, .step = (last + MAX_FRAMES - 1) / MAX_FRAMES};
    if (w.step < 1) w.step = 1;
    w.of = (gt_film_of){.path = path, .channels = 3, .fps = FPS, .quality = 75};
    gt_status st = open_view_all(&w.view, p, axes);
    if (!st) {
        w.ellipses = gt_arena_array(w.view.arena, (size_t)f->best.k, sizeof *w.ellipses);
        st = gt_comm_agree_all(c, w.ellipses ? GT_OK : GT_NOMEM);
    }
    if (!st) st = gt_fit_again_all(f, p->blocks, (gt_fit_hooks){.mixture = add_mixture, .arg = &w});
    if (!st && c->rank == 0) st = gt_film_finish(w.film);
    gt_film_close(w.film);
    close_view(&w.view);
    return gt_comm_agree_all(c, st);
}
