/* SPDX-License-Identifier: Apache-2.0
 * A fit in a file: a checkpoint of the model "gmm".
 *     /mixture/{weights,means,covariances,curve}    the best of the restarts that are over
 *     /going_on/{weights,means,covariances,curve}   the restart that is not
 *     /state/...                                    where the fit stands, and what it is fitted to
 * The recipe is text, read back through the same table that wrote it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/checkpoint.h"
#include "gantry/mixture.h"
#include "gantry/option.h"

#define MODEL "gmm"
enum { RECIPE_BYTES = 512 };

/* Every scalar of a fit but the recipe's, so that writing and reading cannot disagree. */
typedef enum kind { INTEGER, INT64, BOOLEAN, REAL } kind;
typedef struct scalar {
    const char *path;
    kind kind;
    size_t offset;
} scalar;
static const scalar scalars[] = {
    {"/state/points", INT64, offsetof(gt_fit, points.count)},
    {"/state/dimensions", INTEGER, offsetof(gt_fit, points.d)},
    {"/state/height", INTEGER, offsetof(gt_fit, points.height)},
    {"/state/width", INTEGER, offsetof(gt_fit, points.width)},
    {"/state/channels", INTEGER, offsetof(gt_fit, points.channels)},
    {"/state/finished", BOOLEAN, offsetof(gt_fit, finished)},
    {"/state/log_likelihood", REAL, offsetof(gt_fit, log_likelihood)},
    {"/state/best_restart", INTEGER, offsetof(gt_fit, best_restart)},
    {"/state/converged", BOOLEAN, offsetof(gt_fit, converged)},
    {"/state/curve_length", INTEGER, offsetof(gt_fit, n_curve)},
    {"/state/restart", INTEGER, offsetof(gt_fit, restart)},
    {"/state/started", BOOLEAN, offsetof(gt_fit, started)},
    {"/state/iteration", INTEGER, offsetof(gt_fit, n_now)},
};
enum { N_SCALARS = sizeof scalars / sizeof *scalars };

/* ---- recipe ---- */

static void write_recipe(const gt_mixture_recipe *r, char text[RECIPE_BYTES]) {
    char tol[32], floor[32];
    snprintf(text, RECIPE_BYTES,
             "covariance = %s\nk = %d\nseed = %llu\nrestarts = %d\niterations = %d\ntol = %s\nfloor = %s\n",
             gt_covariance_name(r->covariance), r->k, (unsigned long long)r->seed, r->restarts, r->iterations,
             gt_real_text(r->tol, tol), gt_real_text(r->floor, floor));
}

static gt_status read_recipe(const char *text, const char *path, gt_mixture_recipe *r) {
    char name[16];
    unsigned long long seed;
    int n = sscanf(text, "covariance = %15s k = %d seed = %llu restarts = %d iterations = %d tol = %lf floor = %lf",
                   name, &r->k, &seed, &r->restarts, &r->iterations, &r->tol, &r->floor);
    enum { ALL = 7, MOST = 1 << 24 };
    if (n != ALL || r->restarts < 1 || r->iterations < 0 || r->iterations > MOST || !isfinite(r->tol) ||
        !isfinite(r->floor))
        return gt_fail(GT_FORMAT, "'%s': its recipe cannot be read", path);
    r->covariance = gt_covariance_parse(name);
    r->seed = seed;
    return GT_OK;
}

/* ---- writing ---- */

static gt_shape covariance_shape(const gt_mixture *m) {
    switch (m->covariance) {
    case GT_COVARIANCE_FULL: return GT_SHAPE(m->k, m->d, m->d);
    case GT_COVARIANCE_TIED: return GT_SHAPE(m->d, m->d);
    case GT_COVARIANCE_DIAGONAL: return GT_SHAPE(m->k, m->d);
    default: return GT_SHAPE(m->k);
    }
}

static void put_mixture(gt_checkpoint *c, const char *group, const gt_mixture *m, const double *curve, int n_curve) {
    gt_shape weights = GT_SHAPE(m->k), means = GT_SHAPE(m->k, m->d), covariances = covariance_shape(m),
             length = GT_SHAPE(n_curve);
    const struct {
        const char *name;
        const gt_shape *shape;
        const double *data;
    } arrays[] = {{"weights", &weights, m->weights},
                  {"means", &means, m->means},
                  {"covariances", &covariances, m->covariances},
                  {"curve", &length, curve}};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        char path[64];
        snprintf(path, sizeof path, "/%s/%s", group, arrays[i].name);
        gt_checkpoint_doubles(c, path, arrays[i].shape, arrays[i].data);
    }
}

static void put_scalar(gt_checkpoint *c, const gt_fit *f, const scalar *s) {
    const char *field = (const char *)f + s->offset;
    switch (s->kind) {
    case INTEGER: gt_checkpoint_int(c, s->path, *(const int *)field); break;
    case INT64: gt_checkpoint_int(c, s->path, *(const int64_t *)field); break;
    case BOOLEAN: gt_checkpoint_int(c, s->path, *(const bool *)field); break;
    case REAL: gt_checkpoint_double(c, s->path, *(const double *)field); break;
    }
}

gt_status gt_fit_write(const gt_fit *f, const char *path) {
    char recipe[RECIPE_BYTES];
    write_recipe(&f->recipe, recipe);
    gt_checkpoint *c = gt_checkpoint_begin(&(gt_checkpoint_about){
        .model = MODEL, .kernel_set = f->kernel_set, .dataset = f->fingerprint, .recipe = recipe});
    if (!c) return GT_NOMEM;
    for (int i = 0; i < N_SCALARS; i++) put_scalar(c, f, &scalars[i]);
    if (f->n_curve) put_mixture(c, "mixture", &f->best, f->curve, f->n_curve);
    if (f->started) put_mixture(c, "going_on", &f->now, f->curve_now, f->n_now);
    gt_status st = gt_checkpoint_write(c, path); /* the first error of all */
    gt_checkpoint_free(c);
    return st;
}

/* ---- reading ---- */

static gt_status get_scalar(const gt_checkpoint_file *c, gt_fit *f, const scalar *s) {
    char *field = (char *)f + s->offset;
    int64_t value = 0;
    if (s->kind == REAL) return gt_checkpoint_get_double(c, s->path, (double *)field);
    gt_status st = gt_checkpoint_get_int(c, s->path, &value);
    if (st) return st;
    if (s->kind == INT64) *(int64_t *)field = value;
    else if (s->kind == BOOLEAN) *(bool *)field = value != 0;
    else if (value < 0 || value > INT32_MAX)
        return gt_fail(GT_FORMAT, "'%s': '%s' is %lld", gt_checkpoint_path(c), s->path, (long long)value);
    else *(int *)field = (int)value;
    return GT_OK;
}

static gt_status get_array(const gt_checkpoint_file *c, const char *group, const char *name, double *out, size_t n) {
    char path[64];
    snprintf(path, sizeof path, "/%s/%s", group, name);
    gt_status st = gt_checkpoint_read_doubles(c, path, out, n);
    for (size_t i = 0; i < n && !st; i++)
        if (!isfinite(out[i])) st = gt_fail(GT_FORMAT, "'%s': '%s' is not finite", gt_checkpoint_path(c), path);
    return st;
}

/* Before memory is taken for it. */
static gt_status check_size(const gt_checkpoint_file *c, const char *group, const gt_fit *said) {
    static const char *const names[] = {"weights", "means", "covariances"};
    size_t size = gt_mixture_size(said->recipe.covariance, said->recipe.k, said->points.d), there = 0;
    if (!size) return gt_wrap(GT_FORMAT, "'%s'", gt_checkpoint_path(c));
    for (int i = 0; i < 3; i++) {
        char path[64];
        snprintf(path, sizeof path, "/%s/%s", group, names[i]);
        const gt_checkpoint_entry *e = gt_checkpoint_find(c, path);
        there += e ? e->size : 0;
    }
    return there == size ? GT_OK
                         : gt_fail(GT_FORMAT, "'%s': '/%s' has %zu numbers where %zu are needed", gt_checkpoint_path(c),
                                   group, there, size);
}

static gt_status check_weights(const gt_checkpoint_file *c, const gt_mixture *m) {
    double sum = 0;
    bool fine = true;
    for (int i = 0; i < m->k; i++) {
        fine = fine && m->weights[i] >= 0;
        sum += m->weights[i];
    }
    return fine && fabs(sum - 1) < 1e-6
               ? GT_OK
               : gt_fail(GT_FORMAT, "'%s': the weights are no shares of 1", gt_checkpoint_path(c));
}

static gt_status get_mixture(const gt_checkpoint_file *c, const char *group, gt_mixture *m, double *curve,
                             int n_curve) {
    gt_status st = get_array(c, group, "weights", m->weights, (size_t)m->k);
    if (!st) st = get_array(c, group, "means", m->means, (size_t)m->k * (size_t)m->d);
    if (!st) st = get_array(c, group, "covariances", m->covariances, m->size - (size_t)(m->covariances - m->weights));
    if (!st) st = get_array(c, group, "curve", curve, (size_t)n_curve);
    return st ? st : check_weights(c, m);
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
    gt_fit said = {0};
    if (strcmp(about->model, MODEL))
        return gt_fail(GT_FORMAT, "'%s' is no mixture but a checkpoint of the model %s", path, about->model);
    gt_status st = read_recipe(about->recipe, path, &said.recipe);
    for (int i = 0; i < N_SCALARS && !st; i++) st = get_scalar(c, &said, &scalars[i]);
    if (st) return st;
    if (!is_sound(&said)) return gt_fail(GT_FORMAT, "'%s': its iterations are not those of its recipe", path);
    if (said.n_curve && (st = check_size(c, "mixture", &said))) return st;
    if (said.started && (st = check_size(c, "going_on", &said))) return st;
    if ((st = gt_fit_init(f, &said.recipe, said.points))) return st;
    snprintf(f->fingerprint, sizeof f->fingerprint, "%s", about->dataset);
    snprintf(f->kernel_set, sizeof f->kernel_set, "%s", about->kernel_set);
    for (int i = 0; i < N_SCALARS && !st; i++) st = get_scalar(c, f, &scalars[i]);
    if (!st && f->n_curve) st = get_mixture(c, "mixture", &f->best, f->curve, f->n_curve);
    if (!st && f->started) st = get_mixture(c, "going_on", &f->now, f->curve_now, f->n_now);
    return st;
}

gt_status gt_fit_read(gt_fit *f, const char *path) {
    *f = (gt_fit){0};
    gt_status st;
    gt_checkpoint_file *c = gt_checkpoint_open(path, &st);
    if (!c) return st;
    st = read_fit(f, c);
    gt_checkpoint_close(c);
    return st;
}
