/* SPDX-License-Identifier: Apache-2.0
 * Pictures of mixtures: the log-likelihood over iterations, and points with the components' ellipses. */
#include <string.h>

#include "cli/gmm.h"
#include "gantry/figure.h"

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

gt_status gmm_read_axes(const cli_session *s, int d, int axes[2]) {
    const char *text = gmm_options(s)->axes;
    int two[2] = {0, 0};
    char end;
    if (d > 1 && (sscanf(text, "%d,%d%c", &two[0], &two[1], &end) != 2 || two[0] < 0 || two[1] < 0))
        return gt_fail(GT_USAGE, "--axes must be two numbers, such as 0,1");
    if (two[0] >= d || two[1] >= d)
        return gt_fail(GT_USAGE, "--axes=%s: the points have the axes 0 to %d", text, d - 1);
    if (axes) memcpy(axes, two, sizeof two);
    return GT_OK;
}

/* Points of one number: a histogram under the density. */
static gt_status draw_line(const cli_session *s, const gt_mixture *m, const float *x, int64_t n) {
    double edges[BARS + 1], heights[BARS], at[CURVE], density[CURVE];
    gt_histogram(x, n, 1, BARS, edges, heights);
    for (int i = 0; i < CURVE; i++) {
        at[i] = edges[0] + (edges[BARS] - edges[0]) * i / (CURVE - 1);
        density[i] = gt_mixture_marginal(m, 0, at[i]);
    }
    gt_curve curve = {.n = CURVE, .x = at, .y = density};
    gt_panel p = {.title = "points and density",
                  .x_label = "number 0",
                  .y_label = "density",
                  .bars = {BARS, edges, heights},
                  .n_curves = 1,
                  .curves = &curve};
    return gt_figure_write(cli_out(s, "clusters"), &p, 1, 1);
}

static gt_status draw_plane(const cli_session *s, const gt_mixture *m, const int axes[2], const float *x,
                            const float *y, const int32_t *labels, int64_t n) {
    gt_ellipse *ellipses = gt_arena_array(s->arena, (size_t)m->k, sizeof *ellipses);
    char labels_of[2][32];
    int shown = 0;
    if (!ellipses) return GT_NOMEM;
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
    for (int i = 0; i < 2; i++) snprintf(labels_of[i], sizeof labels_of[i], "number %d", axes[i]);
    gt_panel p = {.title = "components, two standard deviations",
                  .x_label = labels_of[0],
                  .y_label = labels_of[1],
                  .points = {n, x, y, 1, 1, labels},
                  .n_ellipses = shown,
                  .ellipses = ellipses};
    return gt_figure_write(cli_out(s, "clusters"), &p, 1, 1);
}

gt_status gmm_draw_clusters_all(const cli_session *s, gt_blocks *b, const gt_mixture *m, const int32_t *labels,
                                int64_t n) {
    int axes[2];
    gt_status st = gmm_read_axes(s, m->d, axes);
    float *x = NULL, *y = NULL;
    if (!st && s->comm->rank == 0) {
        x = gt_arena_array(s->arena, (size_t)n, sizeof *x);
        y = gt_arena_array(s->arena, (size_t)n, sizeof *y);
        if (!x || !y) st = GT_NOMEM;
    }
    st = gt_comm_agree_all(s->comm, st);
    if (!st) st = gt_blocks_coordinate(b, axes[0], x);
    if (!st) st = gt_blocks_coordinate(b, axes[1], y);
    if (!st && s->comm->rank == 0) st = m->d > 1 ? draw_plane(s, m, axes, x, y, labels, n) : draw_line(s, m, x, n);
    return gt_comm_agree_all(s->comm, st);
}
