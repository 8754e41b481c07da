/* SPDX-License-Identifier: Apache-2.0
 * A fit in a file: a checkpoint of the model "gmm".
 *     /mixture/{weights,means,covariances,curve}    the best of the restarts that are over
 *     /going_on/{weights,means,covariances,curve}   the restart that is not
 *     /state/...                                    where the fit stands, and what it is fitted to
 * The recipe is text, read back through the same table that wrote it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "features/gmm/mixture.h"
#include "run/door/checkpoint.h"
#include "gantry/option.h"
#include "features/gmm/em.h"
#include "run/door/state_row.h"

#define MODEL "gmm"

/* Every number of a fit but the recipe's. */
#define HERE(field) GT_STATE_IN(gt_fit, field)
static const gt_state_row numbers[] = {
    {"/state/points", "points", "Points that the mixture was fitted to", HERE(points.count)},
    {"/state/dimensions", "", "Numbers of a point", HERE(points.d)},
    {"/state/height", "pixels", "Height of the images, if the points are images; else 0", HERE(points.height)},
    {"/state/width", "pixels", "Width of those images", HERE(points.width)},
    {"/state/channels", "", "Channels of those images", HERE(points.channels)},
    {"/state/finished", "", "1: all restarts are over", HERE(finished)},
    {"/state/log_likelihood", "nats", "Mean log-likelihood of a point by the best mixture", HERE(log_likelihood)},
    {"/state/best_restart", "", "Number of the restart that found the best mixture, from 0", HERE(best_restart)},
    {"/state/converged", "", "1: the best mixture converged before its last iteration", HERE(converged)},
    {"/state/curve_length", "iterations", "Iterations of the best restart", HERE(n_curve)},
    {"/state/restart", "", "Number of the restart that is next or in progress, from 0", HERE(restart)},
    {"/state/started", "", "1: /going_on holds a mixture", HERE(started)},
    {"/state/iteration", "iterations", "Iterations of the restart in progress", HERE(n_now)},
};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

/* ---- recipe ---- */

static void write_recipe(const gt_fit *f, gt_buffer *text) {
    const gt_mixture_recipe *r = &f->recipe;
    char tol[32], floor[32];
    gt_buffer_printf(text,
                     "covariance = %s\nk = %d\nseed = %llu\nrestarts = %d\niterations = %d\ntol = %s\nfloor = %s\n",
                     gt_covariance_name(r->covariance), r->k, (unsigned long long)r->seed, r->restarts, r->iterations,
                     gt_real_text(r->tol, tol), gt_real_text(r->floor, floor));
    /* only where they are set: files of before stay as they are */
    if (r->lloyd) gt_buffer_printf(text, "lloyd = %d\n", r->lloyd);
    if (*r->start) gt_buffer_printf(text, "start = %s\n", r->start);
    if (f->columns) gt_buffer_printf(text, "columns = %s\n", f->columns);
}

/* What stands behind "KEY = " on a line of its own; NULL: there is no such line. */
static const char *find_key(const char *text, const char *key) {
    char line[32];
    snprintf(line, sizeof line, "\n%s = ", key);
    const char *at = strstr(text, line);
    return at ? at + strlen(line) : NULL;
}

static gt_status read_recipe(const char *text, const char *path, gt_mixture_recipe *r) {
    char name[16];
    unsigned long long seed;
    int n = sscanf(text, "covariance = %15s k = %d seed = %llu restarts = %d iterations = %d tol = %lf floor = %lf",
                   name, &r->k, &seed, &r->restarts, &r->iterations, &r->tol, &r->floor);
    enum { ALL = 7, MAXIMUM = 1 << 24 };
    const char *lloyd = find_key(text, "lloyd"), *start = find_key(text, "start");
    bool fine = (!lloyd || (sscanf(lloyd, "%d", &r->lloyd) == 1 && r->lloyd >= 0)) &&
                (!start || sscanf(start, "%32[0-9a-f]", r->start) == 1);
    if (n != ALL || !fine || r->restarts < 1 || r->iterations < 0 || r->iterations > MAXIMUM || !isfinite(r->tol) ||
        !isfinite(r->floor))
        return gt_fail(GT_FORMAT, "'%s': the recipe in it cannot be read", path);
    r->covariance = gt_covariance_parse(name);
    r->seed = seed;
    return GT_OK;
}

/* ---- mixtures ---- */

/* The mixtures of a fit in its file: whether they are there, and their arrays. */
enum { BEST, NOW, MIXTURES, ARRAYS = 4 };
static const char *const groups[] = {[BEST] = "mixture", [NOW] = "going_on"};

typedef struct array {
    char path[32];
    gt_shape shape;
    double *data;
} array;

static bool has_mixture(const gt_fit *f, int which) { return which == BEST ? f->n_curve > 0 : f->started; }

static array array_of(int which, const char *name, gt_shape shape, double *data) {
    array a = {.shape = shape, .data = data};
    snprintf(a.path, sizeof a.path, "/%s/%s", groups[which], name);
    return a;
}

static void list_arrays(const gt_fit *f, int which, array list[ARRAYS]) {
    bool best = which == BEST;
    const gt_mixture *m = best ? &f->best : &f->now;
    int k = f->recipe.k, d = f->points.d;
    list[0] = array_of(which, "weights", GT_SHAPE(k), m->weights);
    list[1] = array_of(which, "means", GT_SHAPE(k, d), m->means);
    list[2] = array_of(which, "covariances", gt_covariances_shape(f->recipe.covariance, k, d), m->covariances);
    list[3] = array_of(which, "curve", GT_SHAPE(best ? f->n_curve : f->n_now), best ? f->curve : f->curve_now);
}

/* ---- writing ---- */

static void write_mixture(gt_checkpoint *c, const gt_fit *f, int which) {
    array list[ARRAYS];
    list_arrays(f, which, list);
    for (int i = 0; i < ARRAYS; i++) gt_checkpoint_doubles(c, list[i].path, &list[i].shape, list[i].data);
}

gt_status gt_fit_write(const gt_fit *f, const char *path) {
    gt_buffer recipe = {0};
    write_recipe(f, &recipe);
    gt_checkpoint *c = recipe.failed ? NULL
                                     : gt_checkpoint_begin(&(gt_checkpoint_about){.model = MODEL,
                                                                                  .kernel_set = f->kernel_set,
                                                                                  .dataset = f->fingerprint,
                                                                                  .recipe = recipe.data});
    gt_buffer_free(&recipe);
    if (!c) return gt_fail(GT_NOMEM, "out of memory for %s", path);
    for (int i = 0; i < NUMBERS; i++) gt_state_row_write(c, &numbers[i], f);
    for (int which = 0; which < MIXTURES; which++)
        if (has_mixture(f, which)) write_mixture(c, f, which);
    gt_status st = gt_checkpoint_write(c, path); /* the first error of all */
    gt_checkpoint_free(c);
    return st;
}

/* ---- reading ---- */

/* Before memory is taken for the mixture. */
static gt_status check_size(const gt_checkpoint_file *c, const gt_fit *f, int which) {
    size_t size = gt_mixture_size(f->recipe.covariance, f->recipe.k, f->points.d), there = 0;
    if (!size) return gt_wrap(GT_FORMAT, "'%s'", gt_checkpoint_path(c));
    array list[ARRAYS];
    list_arrays(f, which, list);
    for (int i = 0; i < ARRAYS - 1; i++) { /* all but the curve */
        const gt_checkpoint_entry *e = gt_checkpoint_find(c, list[i].path);
        there += e ? e->size : 0;
    }
    return there == size ? GT_OK
                         : gt_fail(GT_FORMAT, "'%s': '/%s' has %zu numbers, but %zu are needed", gt_checkpoint_path(c),
                                   groups[which], there, size);
}

static gt_status read_mixture(const gt_checkpoint_file *c, const gt_fit *f, int which) {
    array list[ARRAYS];
    double sum;
    list_arrays(f, which, list);
    for (int i = 0; i < ARRAYS; i++) {
        size_t n = (size_t)gt_shape_size(&list[i].shape);
        gt_status st = gt_checkpoint_read_doubles(c, list[i].path, list[i].data, n);
        if (st) return st;
        for (size_t k = 0; k < n; k++)
            if (!isfinite(list[i].data[k]))
                return gt_fail(GT_FORMAT, "'%s': '%s' is not finite", gt_checkpoint_path(c), list[i].path);
    }
    return gt_mixture_has_shares(which == BEST ? &f->best : &f->now, &sum)
               ? GT_OK
               : gt_fail(GT_FORMAT, "'%s': the weights are not shares of 1", gt_checkpoint_path(c));
}

/* Could a fit stand there? Either in the middle of a restart, after an iteration, or between two, or at the end. */
static bool is_sound(const gt_fit *f) {
    bool over = f->restart == f->recipe.restarts, some = f->restart > 0;
    bool middle = f->started && !over && f->n_now >= 1 && f->n_now <= f->recipe.iterations,
         between = !f->started && some;
    return f->restart <= f->recipe.restarts && f->finished == over && some == (f->n_curve > 0) &&
           f->n_curve <= f->recipe.iterations + 1 && (middle || between);
}

static gt_status read_fit(gt_fit *f, const gt_checkpoint_file *c) {
    const gt_checkpoint_about *about = gt_checkpoint_info(c);
    const char *path = gt_checkpoint_path(c);
    if (strcmp(about->model, MODEL))
        return gt_fail(GT_FORMAT, "'%s' is not a mixture but a checkpoint of the model %s", path, about->model);
    gt_status st = read_recipe(about->recipe, path, &f->recipe);
    const char *columns = find_key(about->recipe, "columns");
    if (!st && columns && !(f->columns = gt_arena_printf(f->arena, "%.*s", (int)strcspn(columns, "\n"), columns)))
        st = GT_NOMEM;
    for (int i = 0; i < NUMBERS && !st; i++) st = gt_state_row_read(c, &numbers[i], f);
    if (st) return st;
    if (!is_sound(f)) return gt_fail(GT_FORMAT, "'%s': its iterations do not match its recipe", path);
    for (int which = 0; which < MIXTURES && !st; which++)
        if (has_mixture(f, which)) st = check_size(c, f, which);
    if (!st) st = gt_fit_allocate(f);
    snprintf(f->fingerprint, sizeof f->fingerprint, "%s", about->dataset);
    snprintf(f->kernel_set, sizeof f->kernel_set, "%s", about->kernel_set);
    for (int which = 0; which < MIXTURES && !st; which++)
        if (has_mixture(f, which)) st = read_mixture(c, f, which);
    return st;
}

gt_status gt_fit_read(gt_fit *f, const char *path) {
    gt_status st;
    *f = (gt_fit){.arena = gt_arena_new()};
    if (!f->arena) return GT_NOMEM;
    gt_checkpoint_file *c = gt_checkpoint_open(path, &st);
    if (!c) return st;
    st = read_fit(f, c);
    gt_checkpoint_close(c);
    return st;
}
