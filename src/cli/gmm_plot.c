/* SPDX-License-Identifier: Apache-2.0
 * Pictures of mixtures: the log-likelihood over iterations, and points with the components' ellipses. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/gmm.h"

enum { BARS = 60, CURVE = 401 };

gt_status gmm_draw_curve(const cli_session *s, const gt_fit *f) {
    double *x = gt_arena_array(s->arena, (size_t)f->n_curve, sizeof *x);
    if (!x) return GT_NOMEM;
    for (int i = 0; i < f->n_curve; i++) x[i] = i;
    gt_curve curve = {.n = f->n_curve, .x = x, .y = f->curve};
    gt_panel p = {.title = "log-likelihood per sample",
                  .x_label = "iteration",
                  .y_label = "nats",
                  .n_curves = 1,
                  .curves = &curve};
    return gt_figure_write(cli_out(s, "curve"), &p, 1, 1);
}

/* ---- axes ---- */

/* The part of a text up to a comma -> an axis: its number from 0, or the name of a column. -1: no such axis. */
static int read_axis(const gmm_points *p, const char *text, size_t n) {
    char *end;
    for (int i = 0; i < p->info.d; i++) {
        const char *name = gt_cloud_name(p->cloud, i);
        if (name && strlen(name) == n && !memcmp(name, text, n)) return i;
    }
    long number = strtol(text, &end, 10);
    return n && end == text + n && number >= 0 && number < p->info.d ? (int)number : -1;
}

static gt_status fail_axes(const gmm_points *p, const char *text) {
    char names[400] = "";
    for (int i = 0; i < p->info.d && gt_cloud_name(p->cloud, i) && strlen(names) < sizeof names - 80; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%.60s", i ? ", " : ": ",
                 gt_cloud_name(p->cloud, i));
    return gt_fail(GT_USAGE, "--axes=%s: the points have the axes 0 to %d%s", text, p->info.d - 1, names);
}

gt_status gmm_read_axes(const cli_session *s, const gmm_points *p, int axes[2]) {
    const char *text = gmm_options(s)->axes, *comma = strchr(text, ',');
    int two[2] = {0, 0};
    if (p->info.d > 1) {
        if (!comma || !comma[1] || comma == text || strchr(comma + 1, ','))
            return gt_fail(GT_USAGE, "--axes must be two numbers, such as 0,1, or two names of columns");
        two[0] = read_axis(p, text, (size_t)(comma - text));
        two[1] = read_axis(p, comma + 1, strlen(comma + 1));
        if (two[0] < 0 || two[1] < 0) return fail_axes(p, text);
    }
    if (axes) memcpy(axes, two, sizeof two);
    return GT_OK;
}

/* ---- points and mixtures ---- */

static void set_range(const float *x, int64_t n, double range[2]) {
    range[0] = INFINITY, range[1] = -INFINITY;
    for (int64_t i = 0; i < n; i++) {
        range[0] = fmin(range[0], (double)x[i]);
        range[1] = fmax(range[1], (double)x[i]);
    }
    double margin = 0.05 * (range[1] - range[0]);
    if (!(margin > 0)) margin = 0.5;
    range[0] -= margin;
    range[1] += margin;
}

static gt_status allocate(const cli_session *s, gmm_view *v) {
    if (s->comm->rank) return GT_OK;
    v->x = gt_arena_array(s->arena, (size_t)v->n, sizeof *v->x);
    if (v->plane) v->y = gt_arena_array(s->arena, (size_t)v->n, sizeof *v->y);
    else {
        v->edges = gt_arena_array(s->arena, 2 * BARS + 1, sizeof *v->edges);
        v->at = gt_arena_array(s->arena, 2 * CURVE, sizeof *v->at);
    }
    return v->x && (v->plane ? v->y != NULL : v->edges && v->at) ? GT_OK : GT_NOMEM;
}

gt_status gmm_view_all(const cli_session *s, const gmm_points *p, gmm_view *v) {
    *v = (gmm_view){.n = p->info.count, .plane = p->info.d > 1};
    gt_status st = gmm_read_axes(s, p, v->axes);
    for (int i = 0; i < 2 && !st; i++) {
        const char *name = gt_cloud_name(p->cloud, v->axes[i]);
        if (name && *name) snprintf(v->labels[i], sizeof v->labels[i], "%.60s", name);
        else snprintf(v->labels[i], sizeof v->labels[i], "number %d", v->axes[i]);
    }
    st = gt_comm_agree_all(s->comm, st ? st : allocate(s, v));
    if (!st) st = gt_blocks_coordinate(p->blocks, v->axes[0], v->x);
    if (!st && v->plane) st = gt_blocks_coordinate(p->blocks, v->axes[1], v->y);
    if (st || s->comm->rank) return st;
    set_range(v->x, v->n, v->ranges);
    if (v->plane) {
        set_range(v->y, v->n, v->ranges + 2);
        return GT_OK;
    }
    v->heights = v->edges + BARS + 1;
    v->density = v->at + CURVE;
    gt_histogram(v->x, v->n, 1, BARS, v->edges, v->heights);
    for (int i = 0; i < CURVE; i++) v->at[i] = v->edges[0] + (v->edges[BARS] - v->edges[0]) * i / (CURVE - 1);
    return GT_OK;
}

/* Points of one number: a histogram under the density. */
static gt_panel line_panel(gmm_view *v, const gt_mixture *m, gt_curve *curve) {
    for (int i = 0; i < CURVE; i++) v->density[i] = gt_mixture_marginal(m, 0, v->at[i]);
    *curve = (gt_curve){.n = CURVE, .x = v->at, .y = v->density};
    return (gt_panel){.title = "points and density",
                      .x_label = v->labels[0],
                      .y_label = "density",
                      .bars = {BARS, v->edges, v->heights},
                      .n_curves = 1,
                      .curves = curve};
}

gt_panel gmm_panel(gmm_view *v, const gt_mixture *m, const int32_t *groups, gt_curve *curve, gt_ellipse *ellipses) {
    if (!v->plane) return line_panel(v, m, curve);
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

gt_status gmm_draw_clusters_all(const cli_session *s, const gmm_points *p, const gt_mixture *m, const int32_t *groups,
                                const char *stem) {
    gmm_view v;
    gt_curve curve;
    gt_status st = gmm_view_all(s, p, &v);
    if (!st && s->comm->rank == 0) {
        gt_ellipse *ellipses = gt_arena_array(s->arena, (size_t)m->k, sizeof *ellipses);
        gt_panel panel = {0};
        if (ellipses) panel = gmm_panel(&v, m, groups, &curve, ellipses);
        st = ellipses ? gt_figure_write(cli_out(s, stem), &panel, 1, 1) : GT_NOMEM;
    }
    return gt_comm_agree_all(s->comm, st);
}

/* ---- samples over data ---- */

static gt_status draw_over_data(const cli_session *s, const gmm_view *v, const double *samples, int64_t n, int64_t d) {
    int64_t all = v->n + n;
    float *x = gt_arena_array(s->arena, (size_t)all, sizeof *x), *y = gt_arena_array(s->arena, (size_t)all, sizeof *y);
    int32_t *group = gt_arena_array(s->arena, (size_t)all, sizeof *group);
    if (!x || !y || !group) return GT_NOMEM;
    memcpy(x, v->x, (size_t)v->n * sizeof *x);
    if (v->plane) memcpy(y, v->y, (size_t)v->n * sizeof *y);
    for (int64_t i = v->n; i < all; i++) {
        x[i] = (float)samples[(i - v->n) * d + v->axes[0]];
        y[i] = (float)samples[(i - v->n) * d + v->axes[1]];
        group[i] = 1;
    }
    const gt_curve named[] = {{.label = "data", .colour = 8}, {.label = "samples", .colour = 1}};
    gt_panel p = {.title = "samples over data",
                  .x_label = v->labels[0],
                  .y_label = v->labels[1],
                  .n_curves = 2,
                  .curves = named,
                  .points = {all, x, y, 1, 1, group}};
    double edges[2][BARS + 1], heights[2][BARS], middles[BARS];
    gt_curve curve = {"samples", BARS, middles, heights[1], 1};
    if (!v->plane) { /* the samples' densities as a curve over the data's bars */
        gt_histogram(v->x, v->n, 1, BARS, edges[0], heights[0]);
        gt_histogram(x + v->n, n, 1, BARS, edges[1], heights[1]);
        for (int i = 0; i < BARS; i++) middles[i] = (edges[1][i] + edges[1][i + 1]) / 2;
        p = (gt_panel){.title = "samples over data",
                       .x_label = v->labels[0],
                       .y_label = "density",
                       .bars = {BARS, edges[0], heights[0]},
                       .n_curves = 1,
                       .curves = &curve};
    }
    const char *stem = cli_out(s, "over-data");
    gt_status st = gt_figure_write(stem, &p, 1, 1);
    if (!st) printf("%s.svg, .png: %lld samples over %lld points\n", stem, (long long)n, (long long)v->n);
    return st;
}

gt_status gmm_draw_over_data_all(const cli_session *s, const gmm_points *p, const double *samples, int64_t n) {
    gmm_view v;
    gt_status st = gmm_view_all(s, p, &v);
    if (!st && s->comm->rank == 0) st = draw_over_data(s, &v, samples, n, p->info.d);
    return gt_comm_agree_all(s->comm, st);
}
