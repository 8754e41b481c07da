/* SPDX-License-Identifier: Apache-2.0
 * How many components: a fit for each number, and which is best by BIC = numbers ln points - 2 ln L (G. Schwarz,
 * "Estimating the Dimension of a Model", 1978) and by AIC = 2 numbers - 2 ln L (H. Akaike, 1974). */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "figures/door/figure.h"
#include "gantry/log.h"
#include "gantry/memory.h"
#include "gantry/option.h"
#include "features/gmm/folder.h"

static gt_fit_choice choice_of(const gt_fit *f) {
    double l = f->log_likelihood;
    int64_t n = f->points.count;
    return (gt_fit_choice){f->recipe.k,    l,           gt_fit_bic(f, l, n), gt_fit_aic(f, l, n), f->n_held,
                           f->n_curve - 1, f->converged};
}

/* Of two alike in that, a mixture that the floor does not hold up is better. */
static bool is_better(const gt_fit_choice *a, const gt_fit_choice *b, bool bic) {
    if (!a->n_held != !b->n_held) return !a->n_held;
    return bic ? a->bic < b->bic : a->aic < b->aic;
}

const gt_fit_choice *gt_fit_choose(const gt_fit_choice *choices, int64_t n, bool bic) {
    const gt_fit_choice *best = choices;
    for (int64_t i = 1; i < n; i++)
        if (is_better(&choices[i], best, bic)) best = &choices[i];
    return best;
}

const gt_fit_choice *gt_fit_folder_choices(const gt_fit_folder *d, int64_t *n) {
    *n = d->n_k > 1 ? d->n_k : 0;
    return d->choices;
}

static gt_status write_choices(const gt_fit_folder *d, const char *path) {
    gt_buffer b = {0};
    char l[32], bic[32], aic[32];
    gt_buffer_printf(&b, "k,log_likelihood,bic,aic,iterations,converged,held_by_floor\n");
    for (const gt_fit_choice *c = d->choices; c < d->choices + d->n_k; c++)
        gt_buffer_printf(&b, "%d,%s,%s,%s,%d,%d,%d\n", c->k, gt_real_text(c->log_likelihood, l),
                         gt_real_text(c->bic, bic), gt_real_text(c->aic, aic), c->iterations, c->converged, c->n_held);
    return gt_buffer_write(&b, path);
}

static gt_status draw_choices(const gt_fit_folder *d, const char *stem) {
    int64_t n = d->n_k;
    double *x = gt_arena_array(d->arena, (size_t)n, 3 * sizeof *x), *bic = x + n, *aic = bic + n;
    if (!x) return GT_NOMEM;
    for (int64_t i = 0; i < n; i++) {
        x[i] = d->choices[i].k;
        bic[i] = d->choices[i].bic;
        aic[i] = d->choices[i].aic;
    }
    char labels[2][48];
    snprintf(labels[0], sizeof labels[0], "BIC, least at %d", gt_fit_choose(d->choices, n, true)->k);
    snprintf(labels[1], sizeof labels[1], "AIC, least at %d", gt_fit_choose(d->choices, n, false)->k);
    const gt_curve curves[] = {{labels[0], (int)n, x, bic, 1}, {labels[1], (int)n, x, aic, 2}};
    gt_panel p = {.title = "how many components",
                  .x_label = "components",
                  .y_label = "criterion",
                  .n_curves = 2,
                  .curves = curves};
    return gt_figure_write(stem, &p, 1, 1);
}

static gt_status show_choices(const gt_fit_folder *d) {
    const char *table = gt_arena_printf(d->arena, "%s/k.csv", d->o->dir),
               *stem = gt_arena_printf(d->arena, "%s/k", d->o->dir);
    gt_status st = table && stem ? write_choices(d, table) : GT_NOMEM;
    return st ? st : draw_choices(d, stem);
}

/* What lies there may be the best fit of an earlier call alone. */
static gt_status check_best(const gt_fit_folder *d, const char *path) {
    if (d->comm->rank || access(path, F_OK)) return GT_OK;
    gt_fit f;
    gt_status st = gt_fit_folder_read_own(d, &d->recipe, path, true, &f);
    gt_fit_free(&f);
    return gt_fit_folder_overwrites(d, st) ? GT_OK : st;
}

static gt_status fit_number_all(const gt_fit_folder *d, int64_t i, gt_fit *f) {
    gt_mixture_recipe recipe = d->recipe;
    recipe.k = (int)d->k[i];
    gt_info("%d component%s (%lld of %lld)", recipe.k, recipe.k > 1 ? "s" : "", (long long)i + 1, (long long)d->n_k);
    const char *path = gt_arena_printf(d->arena, "%s/k%d.h5", d->o->dir, recipe.k);
    gt_status st = path ? gt_fit_folder_fit_one_all(d, &recipe, path, f) : GT_NOMEM;
    return st && st != GT_STOPPED ? gt_wrap(st, "--k=%d", recipe.k) : st;
}

gt_status gt_fit_folder_compare_all(const gt_fit_folder *d, const char *path, gt_fit *best) {
    gt_comm *c = d->comm;
    gt_status st = gt_comm_agree_all(c, check_best(d, path));
    for (int64_t i = 0; i < d->n_k && !st; i++) {
        gt_fit f = {0};
        st = fit_number_all(d, i, &f);
        if (!st) d->choices[i] = choice_of(&f);
        if (!st && gt_fit_choose(d->choices, i + 1, true) == &d->choices[i]) {
            gt_fit_free(best);
            *best = f;
        } else {
            gt_fit_free(&f);
        }
    }
    if (!st && c->rank == 0) st = gt_fit_folder_write(d, best, path);
    if (!st && c->rank == 0) st = show_choices(d);
    return gt_comm_agree_all(c, st);
}
