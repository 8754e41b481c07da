/* SPDX-License-Identifier: Apache-2.0
 * A film of the iterations of EM on two axes. The restart that led to the best mixture is computed again for it, so
 * that a fit that was stopped and gone on with has the same film. */
#include "gantry/film.h"

#include <stdlib.h>
#include <string.h>

#include "gantry/memory.h"
#include "gantry/stop.h"
#include "mixture/blocks.h"
#include "mixture/view.h"

enum { MAX_FRAMES = 100 };
static const double FPS = 4, LAST_SECONDS = 1.5;

typedef struct filming {
    const gt_mixture_points *points;
    gt_mixture_view view;
    gt_curve curve;
    gt_ellipse *ellipses;
    gt_film_of of;
    gt_film *film; /* rank 0's */
    int last;      /* the number of the last iteration */
    int step;      /* iterations from one frame to the next */
} filming;

/* The film opens when the size of a frame is known. */
static gt_status add_frame(filming *w, const gt_panel *panel, int times) {
    uint8_t *pixels;
    void *bytes = NULL;
    size_t n;
    gt_status st = gt_figure_pixels(panel, 1, 1, &pixels, &w->of.height, &w->of.width);
    if (!st && !w->film) st = gt_film_open(&w->film, &w->of);
    if (!st) st = gt_film_pack(&w->of, pixels, &bytes, &n);
    for (int i = 0; i < times && !st; i++) st = gt_film_add(w->film, bytes, n);
    free(bytes);
    free(pixels);
    return st;
}

static gt_status draw_iteration(filming *w, const gt_mixture *m, int iteration, const int32_t *groups) {
    char title[64];
    gt_panel panel = gt_mixture_view_panel(&w->view, m, groups, &w->curve, w->ellipses);
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

static bool wants_stop(void *arg) {
    (void)arg;
    return gt_stop_requested();
}

/* The restart of the best mixture alone, as far as it came. */
static gt_status repeat_fit_all(filming *w, const gt_fit *f) {
    gt_fit again;
    gt_mixture_recipe recipe = f->recipe;
    recipe.restarts = f->best_restart + 1;
    recipe.iterations = w->last;
    gt_status st = gt_fit_init(&again, &recipe, f->points);
    again.restart = f->best_restart;
    if (!st && f->start.mixture.weights) {
        again.start.whole = f->start.whole;
        st = gt_mixture_init(&again.start.mixture, f->start.mixture.covariance, f->start.mixture.k, f->start.mixture.d);
        if (!st) gt_mixture_copy(&again.start.mixture, &f->start.mixture);
    }
    memcpy(again.kernel_set, f->kernel_set, sizeof again.kernel_set);
    st = gt_comm_agree_all(w->points->blocks->comm, st);
    if (!st)
        st = gt_mixture_fit(w->points->blocks, &again,
                            &(gt_fit_hooks){.stop = wants_stop, .mixture = add_mixture, .quiet = true, .arg = w});
    gt_fit_free(&again);
    return st;
}

gt_status gt_fit_film_all(const gt_fit *f, const gt_mixture_points *p, const int axes[2], const char *path) {
    gt_comm *c = p->blocks->comm;
    int last = f->n_curve - 1;
    filming w = {.points = p, .last = last, .step = (last + MAX_FRAMES - 1) / MAX_FRAMES};
    if (w.step < 1) w.step = 1;
    w.of = (gt_film_of){.path = path, .channels = 3, .fps = FPS, .quality = 75};
    gt_status st = gt_mixture_view_open_all(&w.view, p, axes);
    if (!st) {
        w.ellipses = gt_arena_array(w.view.arena, (size_t)f->best.k, sizeof *w.ellipses);
        st = gt_comm_agree_all(c, w.ellipses ? GT_OK : GT_NOMEM);
    }
    if (!st) st = repeat_fit_all(&w, f);
    if (!st && c->rank == 0) st = gt_film_finish(w.film);
    gt_film_close(w.film);
    gt_mixture_view_close(&w.view);
    return gt_comm_agree_all(c, st);
}
