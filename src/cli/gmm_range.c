/* SPDX-License-Identifier: Apache-2.0
 * gantry gmm fit --k=1-20: a fit for each number of components, and which is best. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/gmm.h"
#include "gantry/log.h"

typedef struct row {
    double k, log_likelihood, bic, aic;
    int held, iterations;
    bool converged;
} row;

static row row_of(const gt_fit *f) {
    double l = f->log_likelihood;
    int64_t n = f->points.count;
    return (row){f->recipe.k, l, gt_fit_bic(f, l, n), gt_fit_aic(f, l, n), f->n_held, f->n_curve - 1, f->converged};
}

/* Of two rows alike in that, a mixture that the floor does not hold up is better. */
static bool is_better(const row *a, const row *b, bool bic) {
    if (!a->held != !b->held) return !a->held;
    return bic ? a->bic < b->bic : a->aic < b->aic;
}

static const row *best_of(const row *rows, int64_t n, bool bic) {
    const row *best = rows;
    for (int64_t i = 1; i < n; i++)
        if (is_better(&rows[i], best, bic)) best = &rows[i];
    return best;
}

static gt_status write_table(const char *path, const row *rows, int64_t n) {
    gt_buffer b = {0};
    char l[32], bic[32], aic[32];
    gt_buffer_printf(&b, "k,log_likelihood,bic,aic,iterations,converged,held_by_floor\n");
    for (int64_t i = 0; i < n; i++)
        gt_buffer_printf(&b, "%g,%s,%s,%s,%d,%d,%d\n", rows[i].k, gt_real_text(rows[i].log_likelihood, l),
                         gt_real_text(rows[i].bic, bic), gt_real_text(rows[i].aic, aic), rows[i].iterations,
                         rows[i].converged, rows[i].held);
    return gt_buffer_write(&b, path);
}

static gt_status draw_curves(const char *stem, const row *rows, int64_t n) {
    double *x = malloc((size_t)n * 3 * sizeof *x), *bic = x + n, *aic = bic + n;
    if (!x) return gt_fail(GT_NOMEM, "out of memory for a figure");
    for (int64_t i = 0; i < n; i++) {
        x[i] = rows[i].k;
        bic[i] = rows[i].bic;
        aic[i] = rows[i].aic;
    }
    char labels[2][48];
    snprintf(labels[0], sizeof labels[0], "BIC, least at %g", best_of(rows, n, true)->k);
    snprintf(labels[1], sizeof labels[1], "AIC, least at %g", best_of(rows, n, false)->k);
    const gt_curve curves[] = {{labels[0], (int)n, x, bic, 1}, {labels[1], (int)n, x, aic, 2}};
    gt_panel p = {.title = "how many components",
                  .x_label = "components",
                  .y_label = "criterion",
                  .n_curves = 2,
                  .curves = curves};
    gt_status st = gt_figure_write(stem, &p, 1, 1);
    free(x);
    return st;
}

static gt_status tell(const cli_session *s, const row *rows, int64_t n) {
    const char *path = cli_out(s, "k.csv"), *stem = cli_out(s, "k");
    if (!path || !stem) return GT_NOMEM;
    const row *by_bic = best_of(rows, n, true), *by_aic = best_of(rows, n, false);
    gt_status st = write_table(path, rows, n);
    if (!st) st = draw_curves(stem, rows, n);
    if (st) return st;
    printf("%6s %16s %16s %16s\n", "k", "log-likelihood", "BIC", "AIC");
    for (int64_t i = 0; i < n; i++) {
        const row *r = &rows[i];
        printf("%6g %16.9g %16.10g %16.10g%s%s%s", r->k, r->log_likelihood, r->bic, r->aic,
               r == by_bic ? "  best BIC" : "", r == by_aic ? "  best AIC" : "", r->converged ? "" : "  not converged");
        if (r->held) printf("  %d held up by the floor", r->held);
        printf("\n");
    }
    printf("%s, %s.svg, .png: the best BIC has %g components, the best AIC %g\n", path, stem, by_bic->k, by_aic->k);
    return GT_OK;
}

/* What lies there may be the best fit of an earlier call alone. */
static gt_status check_best(const gmm_task *t, const char *path) {
    if (t->session->comm->rank || access(path, F_OK)) return GT_OK;
    gt_fit f;
    gt_status st = gmm_read_own(t, &t->recipe, path, true, &f);
    gt_fit_free(&f);
    return gmm_overwrites(t, st) ? GT_OK : st;
}

gt_status gmm_fit_range_all(const gmm_task *t, const int64_t *k, int64_t n, const char *path, gt_fit *best) {
    const cli_session *s = t->session;
    gt_comm *c = s->comm;
    row *rows = gt_arena_array(s->arena, (size_t)n, sizeof *rows);
    gt_status st = gt_comm_agree_all(c, rows ? check_best(t, path) : GT_NOMEM);
    for (int64_t i = 0; i < n && !st; i++) {
        gt_fit f = {0};
        gt_mixture_recipe recipe = t->recipe;
        char name[32];
        recipe.k = (int)k[i];
        snprintf(name, sizeof name, "k%d.h5", recipe.k);
        const char *own = cli_out(s, name);
        gt_info("%d component%s (%lld of %lld)", recipe.k, recipe.k > 1 ? "s" : "", (long long)i + 1, (long long)n);
        st = own ? gmm_fit_one_all(t, &recipe, own, &f) : GT_NOMEM;
        if (st && st != GT_STOPPED) st = gt_wrap(st, "--k=%d", recipe.k);
        if (!st) rows[i] = row_of(&f);
        if (!st && best_of(rows, i + 1, true) == &rows[i]) {
            gt_fit_free(best);
            *best = f;
        } else {
            gt_fit_free(&f);
        }
    }
    if (!st && c->rank == 0) st = gt_lock_lost(t->lock) ? gt_lock_fail_lost(t->lock) : gt_fit_write(best, path);
    if (!st && c->rank == 0) st = tell(s, rows, n);
    return gt_comm_agree_all(c, st);
}
