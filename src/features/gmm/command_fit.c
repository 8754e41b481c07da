/* SPDX-License-Identifier: Apache-2.0
 * gantry gmm fit: begins a mixture, or resumes the one in OUTDIR. */
#include <string.h>

#include "features/gmm/command.h"
#include "gantry/log.h"
#include "gantry/stop.h"

gt_status gmm_read_points_all(const cli_session *s, const char *data, gt_mixture_points *points) {
    const gmm_fields *o = gmm_options(s);
    gt_options_use(&s->options, "classes");
    gt_options_use(&s->options, "labels");
    gt_status st = gt_mixture_points_read_all(points, s->comm, s->pool, cli_kernels(),
                                              &(gt_mixture_source){data, o->array, o->labels, o->classes});
    if (!st && !gt_cloud_is_csv(points->cloud)) gt_options_use(&s->options, "array");
    return st;
}

/* ---- what is printed ---- */

static void print_label_table(const gt_label_table *t) {
    const gt_cloud_labels *l = &t->labels;
    int longest = (int)strlen("label");
    for (int i = 0; i < l->classes; i++) {
        int n = (int)strlen(l->name[i]);
        longest = n > longest ? n : longest;
    }
    if (longest > 24) longest = 24;
    gt_print("%-*s  components\n%-*s", longest, "label", longest, "");
    for (int c = 0; c < t->k; c++) gt_print(" %7d", c);
    for (int i = 0; i < l->classes; i++) {
        gt_print("\n%-*.*s", longest, longest, l->name[i]);
        for (int c = 0; c < t->k; c++) gt_print(" %7lld", (long long)t->counts[i * t->k + c]);
    }
    gt_print("\n");
}

gt_status gmm_print_labels(const cli_session *s, const gt_mixture_points *p, const int32_t *components, int k,
                           const char *name) {
    enum { SHOWN = 16 }; /* a larger table goes to the file alone */
    gt_label_table t;
    const char *path = cli_out(s, name);
    gt_status st = path ? gt_label_table_count(&t, s->arena, p, components, k) : GT_NOMEM;
    if (st || !t.counts) return st;
    if ((st = gt_label_table_write(&t, path))) return st;
    if (t.labels.classes <= SHOWN && k <= SHOWN) print_label_table(&t);
    gt_print("%s: labels of %lld points against components, adjusted Rand index %.4f\n", path, (long long)t.labelled,
             t.rand_index);
    return GT_OK;
}

static gt_status print_choices(const cli_session *s, const gt_fit_folder *folder) {
    int64_t n;
    const gt_fit_choice *choices = gt_fit_folder_choices(folder, &n);
    const char *table = cli_out(s, "k.csv"), *stem = cli_out(s, "k");
    if (!table || !stem) return GT_NOMEM;
    if (!n) return GT_OK;
    const gt_fit_choice *by_bic = gt_fit_choose(choices, n, true), *by_aic = gt_fit_choose(choices, n, false);
    gt_print("%6s %16s %16s %16s\n", "k", "log-likelihood", "BIC", "AIC");
    for (const gt_fit_choice *c = choices; c < choices + n; c++) {
        gt_print("%6d %16.9g %16.10g %16.10g%s%s%s", c->k, c->log_likelihood, c->bic, c->aic,
                 c == by_bic ? "  best BIC" : "", c == by_aic ? "  best AIC" : "",
                 c->converged ? "" : "  not converged");
        if (c->n_held) gt_print("  %d at the floor", c->n_held);
        gt_print("\n");
    }
    gt_print("%s, %s.svg, .png: the best BIC has %d components, the best AIC %d\n", table, stem, by_bic->k, by_aic->k);
    return GT_OK;
}

/* "component 3 (12 points)", "components 3 (12 points), 4 (8 points)"; nothing where there is no such component. */
static void print_held(const gt_fit *f) {
    enum { NAMED = 8 };
    if (!f->n_held) return;
    if (f->best.covariance == GT_COVARIANCE_TIED) {
        gt_print("the covariance is at the floor: --floor sets its least variance\n");
        return;
    }
    gt_print("at the floor: component%s ", f->n_held > 1 ? "s" : "");
    for (int i = 0; i < f->n_held && i < NAMED; i++)
        gt_print("%s%d (%.0f points)", i ? ", " : "", f->held[i],
                 f->best.weights[f->held[i]] * (double)f->points.count);
    if (f->n_held > NAMED) gt_print(" and %d more", f->n_held - NAMED);
    gt_print("; --floor sets their likelihood: try more --restarts, fewer --k or a larger --floor\n");
}

static void print_fit(const gt_fit *f, const char *path) {
    int64_t n = f->points.count;
    gt_print("%s: %s covariances, %d components, %lld points with %d numbers each\n", path,
             gt_covariance_name(f->recipe.covariance), f->recipe.k, (long long)n, f->points.d);
    gt_print("restart %d of %d, %d iterations%s\n", f->best_restart + 1, f->recipe.restarts, f->n_curve - 1,
             f->converged ? "" : ", not converged: give more --iterations or a larger --tol");
    gt_print("log-likelihood %.9g nats per sample, BIC %.10g, AIC %.10g\n", f->log_likelihood,
             gt_fit_bic(f, f->log_likelihood, n), gt_fit_aic(f, f->log_likelihood, n));
    print_held(f);
}

/* ---- the action ---- */

static gt_status film_fit_all(const cli_session *s, const gt_mixture_points *p, const int axes[2], const gt_fit *f) {
    const char *path = gmm_options(s)->film;
    if (!*path) return GT_OK;
    gt_status st = gt_fit_film_all(f, p, axes, path);
    if (st == GT_STOPPED) gt_info("stopped: no film is written; mixture.h5 is complete");
    if (!st && s->comm->rank == 0) gt_print("%s: %d iterations, frame by frame\n", path, f->n_curve - 1);
    return st;
}

static gt_status tell_half_steps_all(const cli_session *s, const gt_mixture_points *p, const gt_fit *f) {
    if (!gmm_options(s)->half_steps) return GT_OK;
    gt_status st = gt_fit_tell_half_steps_all(f, p, gmm_options(s)->outdir);
    if (st == GT_STOPPED) gt_info("stopped: no elbo.csv is written; mixture.h5 is complete");
    if (!st && s->comm->rank == 0)
        gt_print("%s/elbo.png, beside elbo.svg and elbo.csv: ELBO and KL after each half step\n",
                 gmm_options(s)->outdir);
    return st;
}

/* Figures, then words, then what computes the iterations again. */
static gt_status show_fit_all(const cli_session *s, const gt_mixture_points *p, const int axes[2], const gt_fit *f) {
    bool first = s->comm->rank == 0;
    const char *path = cli_out(s, "mixture.h5"), *curve = cli_out(s, "curve"), *clusters = cli_out(s, "clusters");
    gt_prediction prediction;
    gt_status st = path && curve && clusters ? GT_OK : GT_NOMEM;
    if (!st && first) st = gt_fit_draw_curve(f, curve);
    st = gt_comm_agree_all(s->comm, st);
    if (!st) st = gt_mixture_predict(p->blocks, &f->best, false, &prediction);
    if (st) return st;
    st = gt_mixture_draw_clusters_all(p, axes, &f->best, prediction.labels, clusters);
    if (!st && first) {
        print_fit(f, path);
        st = gmm_print_labels(s, p, prediction.labels, f->best.k, "labels.csv");
    }
    gt_prediction_free(&prediction);
    st = gt_comm_agree_all(s->comm, st);
    if (!st) st = tell_half_steps_all(s, p, f);
    return st ? st : film_fit_all(s, p, axes, f);
}

static gt_fit_folder_options folder_options(const cli_session *s) {
    const gmm_fields *o = gmm_options(s);
    return (gt_fit_folder_options){
        .dir = o->outdir,
        .k = o->k,
        .k_of_start = gt_options_state(&s->options, "k") == GT_OPTION_DEFAULT,
        .recipe = {.covariance = o->covariance,
                   .seed = (uint64_t)o->seed,
                   .restarts = (int)o->restarts,
                   .iterations = (int)o->iterations,
                   .tol = o->tol,
                   .floor = o->floor},
        .lloyd = gt_options_state(&s->options, "lloyd") == GT_OPTION_DEFAULT ? -1 : (int)o->lloyd,
        .start = o->start,
        .overwrite = o->overwrite,
        .checkpoint_minutes = o->checkpoint_minutes,
    };
}

gt_status gmm_fit_all(cli_session *s) {
    gt_mixture_points points = {0};
    gt_fit_folder_options options = folder_options(s);
    gt_fit_folder *folder = NULL;
    gt_fit f = {0};
    int axes[2];
    /* a signal while points are read ends the first iteration */
    gt_stop_install(s->comm, "this iteration, then mixture.h5 is written");
    gt_status st = gmm_read_points_all(s, s->arguments.words[1], &points);
    gt_options_use(&s->options, "axes");
    if (!st) st = gt_comm_agree_all(s->comm, gt_mixture_axes_read(axes, &points, gmm_options(s)->axes));
    if (!st) st = gt_fit_folder_open_all(&folder, &points, &options);
    if (!st) st = gt_fit_folder_fit_all(folder, &f);
    if (!st) st = gt_comm_agree_all(s->comm, s->comm->rank ? GT_OK : print_choices(s, folder));
    if (!st) st = show_fit_all(s, &points, axes, &f);
    gt_stop_restore();
    gt_fit_free(&f);
    gt_fit_folder_close(folder);
    gt_mixture_points_free(&points);
    return st;
}
