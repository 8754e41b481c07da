/* SPDX-License-Identifier: Apache-2.0
 * Paths of optimisers on a valley: see features/study/study_view.h. The steps are those of training
 * (networks/model/door/optimizer.h).
 */
#include <math.h>
#include <stdio.h>

#include "gantry/memory.h"
#include "networks/model/door/optimizer.h"
#include "features/study/study_view.h"
#include "features/study/study.h"

/* f(x,y) = x^2 / LONG + y^2: twenty times as steep across as along. */
static const float LONG = 20, START[2] = {-7, 2};

/* Settings other than the rate are the defaults of gantry train. */
static const struct {
    const char *name, *rule;
    gt_optimizer_settings settings;
} ways[GT_OPTIMIZER_PATHS] = {
    {"SGD", "sgd", {.lr = 0.95}},
    {"momentum", "sgd", {.lr = 0.1, .momentum = 0.9}},
    {"AdaGrad", "adagrad", {.lr = 1.5, .eps = 1e-8}},
    {"RMSprop", "rmsprop", {.lr = 0.1, .rho = 0.99, .eps = 1e-8}},
    {"Adam", "adam", {.lr = 0.3, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8}},
};

enum { CONTOURS = 7, COLUMNS = 2, GREY = 7 };

typedef struct paths {
    int n;                         /* points of a path: the start, and one after each step */
    float *at[GT_OPTIMIZER_PATHS]; /* [n,2] */
    double *x[GT_OPTIMIZER_PATHS], *y[GT_OPTIMIZER_PATHS], *f[GT_OPTIMIZER_PATHS], *step;
    int32_t *group[GT_OPTIMIZER_PATHS];
    char title[GT_OPTIMIZER_PATHS][48];
} paths;

static gt_status allocate(gt_arena *a, paths *p) {
    size_t n = (size_t)p->n;
    p->step = gt_arena_array(a, n, sizeof *p->step);
    for (int k = 0; k < GT_OPTIMIZER_PATHS; k++) {
        p->at[k] = gt_arena_array(a, n, 2 * sizeof *p->at[k]);
        p->x[k] = gt_arena_array(a, n, sizeof *p->x[k]);
        p->y[k] = gt_arena_array(a, n, sizeof *p->y[k]);
        p->f[k] = gt_arena_array(a, n, sizeof *p->f[k]);
        p->group[k] = gt_arena_array(a, n, sizeof *p->group[k]);
    }
    return gt_arena_failed(a) ? GT_NOMEM : GT_OK;
}

static void follow(paths *p, int k, double rate) {
    gt_optimizer_settings s = ways[k].settings;
    if (rate > 0) s.lr = rate;
    float at[2] = {START[0], START[1]}, moment[GT_MAX_MOMENTS][2] = {{0}}, grad[2];
    gt_update u = {.optimizer = gt_optimizer_find(ways[k].rule), .settings = s, .n = 2, .grad = grad, .params = at};
    for (int i = 0; i < u.optimizer->n_moments; i++)
        if (gt_optimizer_needs(u.optimizer, &s, i)) u.moments[i] = moment[i];
    for (int i = 0; i < p->n; i++) {
        p->at[k][2 * i] = at[0], p->at[k][2 * i + 1] = at[1];
        p->x[k][i] = (double)at[0], p->y[k][i] = (double)at[1];
        p->f[k][i] = p->x[k][i] * p->x[k][i] / (double)LONG + p->y[k][i] * p->y[k][i];
        p->group[k][i] = k + 1;
        p->step[i] = i;
        grad[0] = 2 * at[0] / LONG, grad[1] = 2 * at[1];
        u.step = (uint64_t)i + 1;
        gt_update_run(&u, NULL);
    }
    snprintf(p->title[k], sizeof *p->title, "%s, rate %.4g", ways[k].name, s.lr);
}

static void write_table(const paths *p, gt_buffer *b) {
    gt_buffer_printf(b, "optimizer,step,x,y,f\n");
    for (int k = 0; k < GT_OPTIMIZER_PATHS; k++)
        for (int i = 0; i < p->n; i++)
            gt_buffer_printf(b, "%s,%d,%.9g,%.9g,%.9g\n", ways[k].name, i, p->x[k][i], p->y[k][i], p->f[k][i]);
}

static gt_status draw(const paths *p, gt_buffer *csv, const char *outdir) {
    static const double levels[CONTOURS] = {0.05, 0.3, 1, 2, 4, 7, 11}, x[2] = {-10, 10}, y[2] = {-3.5, 3.5};
    gt_ellipse contours[CONTOURS];
    gt_curve path[GT_OPTIMIZER_PATHS], loss[GT_OPTIMIZER_PATHS];
    gt_panel panels[GT_OPTIMIZER_PATHS + 1];
    for (int i = 0; i < CONTOURS; i++)
        contours[i] = (gt_ellipse){
            .covariance = {(double)LONG, 0, 1}, .radius = sqrt(levels[i]), .group = GREY, .thin = true};
    for (int k = 0; k < GT_OPTIMIZER_PATHS; k++) {
        path[k] = (gt_curve){.n = p->n, .x = p->x[k], .y = p->y[k], .colour = k + 1};
        loss[k] = (gt_curve){.n = p->n, .x = p->step, .y = p->f[k], .colour = k + 1};
        panels[k] = (gt_panel){.title = p->title[k],
                               .x_label = "x",
                               .y_label = "y",
                               .x_range = x,
                               .y_range = y,
                               .n_curves = 1,
                               .curves = &path[k],
                               .points = {p->n, p->at[k], p->at[k] + 1, 2, 2, p->group[k]},
                               .n_ellipses = CONTOURS,
                               .ellipses = contours};
    }
    panels[GT_OPTIMIZER_PATHS] = (gt_panel){.title = "f, in the colours of the paths",
                                            .x_label = "step",
                                            .y_label = "f(x,y) = x^2/20 + y^2",
                                            .y_scale = GT_LOG_10,
                                            .n_curves = GT_OPTIMIZER_PATHS,
                                            .curves = loss};
    return study_write(outdir, "optimizers", csv, panels, GT_OPTIMIZER_PATHS + 1, COLUMNS);
}

gt_status gt_optimizer_paths_write(int steps, const float *rates, const char *outdir, double ends[GT_OPTIMIZER_PATHS]) {
    GT_ARENA gt_arena *a = gt_arena_new();
    paths p = {.n = steps + 1};
    gt_buffer b = {0};
    gt_status st = a ? allocate(a, &p) : GT_NOMEM;
    for (int k = 0; k < GT_OPTIMIZER_PATHS && !st; k++) {
        follow(&p, k, rates ? (double)rates[k] : 0);
        ends[k] = p.f[k][steps];
    }
    if (!st) write_table(&p, &b);
    return st ? st : draw(&p, &b, outdir);
}

const char *gt_optimizer_path_name(int path) { return ways[path].name; }
