/* SPDX-License-Identifier: Apache-2.0
 * gantry gmm predict | score: what a mixture says of points. */
#include "features/gmm/command.h"
#include "gantry/rundir.h"

gt_status gmm_use_mixture_all(const cli_session *s, bool drawn, gmm_work *work) {
    const char **words = s->arguments.words;
    gmm_use u = {.session = s, .first = s->comm->rank == 0};
    gt_status st = gt_fit_read_all(&u.fit, s->comm, words[1]);
    if (!st && s->arguments.n_words > 2) st = gmm_read_points_all(s, words[2], &u.points);
    if (!st && u.points.cloud && u.points.info.d != u.fit.best.d)
        st = gt_fail(GT_USAGE, "the mixture has %d dimensions, the data have %d", u.fit.best.d, u.points.info.d);
    if (u.points.cloud) gt_options_use(&s->options, "axes");
    if (!st && u.points.cloud && drawn)
        st = gt_comm_agree_all(s->comm, gt_mixture_axes_read(u.axes, &u.points, gmm_options(s)->axes));
    if (!st) st = work(&u);
    gt_mixture_points_free(&u.points);
    gt_fit_free(&u.fit);
    return st;
}

const char *gmm_prepare_output(const cli_session *s, const char *name, int64_t rows, int64_t numbers) {
    return gt_rundir_prepare(gmm_options(s)->outdir, (size_t)rows * (size_t)numbers * 8) ? NULL : cli_out(s, name);
}

/* ---- score ---- */

static gt_status write_scores(const gmm_use *u, const gt_prediction *of) {
    const char *path = gmm_prepare_output(u->session, "scores.csv", u->points.info.count, u->fit.best.d);
    gt_status st = path ? gt_prediction_write_csv(of, &u->points, u->fit.best.k, path) : gt_failure();
    if (!st) gt_print("%s: %lld points and their log-likelihoods\n", path, (long long)u->points.info.count);
    return st;
}

/* Points of a CSV file come back as one, where --outdir says where. */
static gt_status score_points_all(const gmm_use *u) {
    const cli_session *s = u->session;
    int64_t n = u->points.info.count;
    double x;
    gt_prediction of = {0};
    gt_status st = gt_mixture_score(u->points.blocks, &u->fit.best, &x);
    if (!st && u->first)
        gt_print("log-likelihood %.9g nats per sample, %.10g of %lld points; BIC %.10g, AIC %.10g\n", x, x * (double)n,
                 (long long)n, gt_fit_bic(&u->fit, x, n), gt_fit_aic(&u->fit, x, n));
    if (st || !gt_cloud_is_csv(u->points.cloud) || gt_options_state(&s->options, "outdir") == GT_OPTION_DEFAULT)
        return st;
    st = gt_mixture_predict(u->points.blocks, &u->fit.best, false, &of);
    if (!st && u->first) st = write_scores(u, &of);
    gt_prediction_free(&of);
    return gt_comm_agree_all(s->comm, st);
}

gt_status gmm_score_all(cli_session *s) { return gmm_use_mixture_all(s, false, score_points_all); }

/* ---- predict ---- */

static gt_status write_prediction(const gmm_use *u, const gt_prediction *of) {
    int64_t n = u->points.info.count;
    int k = u->fit.best.k;
    const char *path = gmm_prepare_output(u->session, "predictions.h5", n, k);
    gt_status st = path ? gt_prediction_write(of, n, k, path) : gt_failure();
    if (st) return st;
    gt_print("%s: responsibilities, labels and log-likelihoods of %lld points\n", path, (long long)n);
    if (!gt_cloud_is_csv(u->points.cloud)) return GT_OK;
    path = cli_out(u->session, "predictions.csv");
    st = path ? gt_prediction_write_csv(of, &u->points, k, path) : GT_NOMEM;
    if (!st) gt_print("%s: the same, beside the points\n", path);
    return st;
}

static gt_status predict_points_all(const gmm_use *u) {
    const cli_session *s = u->session;
    const gt_mixture *m = &u->fit.best;
    const char *stem = cli_out(s, "predictions");
    gt_prediction p = {0};
    gt_status st = gt_comm_agree_all(s->comm, stem ? GT_OK : GT_NOMEM);
    if (!st) st = gt_mixture_predict(u->points.blocks, m, true, &p);
    if (!st && u->first) st = write_prediction(u, &p);
    if (!st && u->first) st = gmm_print_labels(s, &u->points, p.labels, m->k, "predictions-labels.csv");
    st = gt_comm_agree_all(s->comm, st);
    if (!st) st = gt_mixture_draw_clusters_all(&u->points, u->axes, m, p.labels, stem);
    gt_prediction_free(&p);
    return st;
}

gt_status gmm_predict_all(cli_session *s) { return gmm_use_mixture_all(s, true, predict_points_all); }
