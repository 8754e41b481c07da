/* SPDX-License-Identifier: Apache-2.0
 * gantry gmm predict | score: what a mixture says of points. */
#include <stdlib.h>

#include "cli/gmm.h"
#include "gantry/arrays.h"

static gt_status write_scores(const cli_session *s, const gt_fit *f, const gmm_points *p, const gt_prediction *of) {
    const char *path = cli_out(s, "scores.csv");
    int64_t n = p->info.count;
    gt_status st = gt_rundir_prepare(gmm_options(s)->outdir, (size_t)n * (size_t)f->best.d * 8);
    char *names = gmm_columns_of(p->cloud, p->info.d);
    if (!st)
        st = gmm_write_csv(path, p->cloud, names, NULL, n, p->info.d,
                           &(gmm_column){.name = "log_likelihood", .doubles = of->log_likelihoods}, 1);
    free(names);
    if (!st) printf("%s: %lld points and their log-likelihoods\n", path, (long long)n);
    return st;
}

/* Points of a CSV file come back as one, where --outdir says where. */
static gt_status score(const cli_session *s, const gt_fit *f, const gmm_points *p) {
    double x, n = (double)p->info.count;
    gt_prediction of = {0};
    gt_status st = gt_mixture_score(p->blocks, &f->best, &x);
    if (!st && s->comm->rank == 0)
        printf("log-likelihood %.9g nats per sample, %.10g of %lld points; BIC %.10g, AIC %.10g\n", x, x * n,
               (long long)p->info.count, gt_fit_bic(f, x, p->info.count), gt_fit_aic(f, x, p->info.count));
    if (st || !gt_cloud_is_csv(p->cloud) || gt_options_state(&s->options, "outdir") == GT_OPTION_DEFAULT) return st;
    st = gt_mixture_predict(p->blocks, &f->best, false, &of);
    if (!st && s->comm->rank == 0) st = write_scores(s, f, p, &of);
    gt_prediction_free(&of);
    return gt_comm_agree_all(s->comm, st);
}

gt_status gmm_score_all(cli_session *s) { return gmm_with_mixture_all(s, score); }

/* ---- predict ---- */

static gt_status write_table(const cli_session *s, const gt_fit *f, const gmm_points *p, const gt_prediction *of) {
    const char *path = cli_out(s, "predictions.csv");
    const gmm_column columns[] = {{.name = "component", .integers = of->labels},
                                  {.name = "log_likelihood", .doubles = of->log_likelihoods},
                                  {.name = "p", .width = f->best.k, .floats = of->responsibilities}};
    char *names = gmm_columns_of(p->cloud, p->info.d);
    gt_status st = gmm_write_csv(path, p->cloud, names, NULL, p->info.count, p->info.d, columns, 3);
    free(names);
    if (!st) printf("%s: the same beside the points\n", path);
    return st;
}

static gt_status write_prediction(const cli_session *s, const gt_fit *f, const gt_prediction *p, int64_t n) {
    const char *path = cli_out(s, "predictions.h5");
    gt_status st = path ? gt_rundir_prepare(gmm_options(s)->outdir, (size_t)n * (size_t)f->best.k * 8) : GT_NOMEM;
    if (!st)
        st = gt_arrays_write(path,
                             (gt_array[]){{"responsibilities", GT_NUMBER_FLOAT, 2, {n, f->best.k}, p->responsibilities},
                                          {"labels", GT_NUMBER_INT32, 1, {n}, p->labels},
                                          {"log_likelihood", GT_NUMBER_DOUBLE, 1, {n}, p->log_likelihoods}},
                             3);
    if (!st) printf("%s: responsibilities, labels and log-likelihoods of %lld points\n", path, (long long)n);
    return st;
}

static gt_status predict(const cli_session *s, const gt_fit *f, const gmm_points *points) {
    int64_t n = points->info.count;
    gt_prediction p = {0};
    gt_status st = gt_comm_agree_all(s->comm, gmm_read_axes(s, points, NULL));
    if (!st) st = gt_mixture_predict(points->blocks, &f->best, true, &p);
    if (!st && s->comm->rank == 0) {
        st = write_prediction(s, f, &p, n);
        if (!st && gt_cloud_is_csv(points->cloud)) st = write_table(s, f, points, &p);
        if (!st) st = gmm_tell_labels(s, points, p.labels, f->best.k, "predictions-labels.csv");
    }
    st = gt_comm_agree_all(s->comm, st);
    if (!st) st = gmm_draw_clusters_all(s, points, &f->best, p.labels, "predictions");
    gt_prediction_free(&p);
    return st;
}

gt_status gmm_predict_all(cli_session *s) { return gmm_with_mixture_all(s, predict); }
