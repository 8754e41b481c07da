/* SPDX-License-Identifier: Apache-2.0
 * gantry gmm predict | score | sample: what a mixture says of points, and points from it. */
#include <math.h>
#include <stdlib.h>

#include "cli/decoding.h"
#include "cli/gmm.h"
#include "gantry/arrays.h"
#include "gantry/log.h"
#include "gantry/rundir.h"

gt_status gmm_read_mixture_all(gt_comm *c, const char *path, gt_fit *f) {
    gt_status st = gt_fit_read(f, path);
    if (!st && !f->n_curve)
        st = gt_fail(
            GT_FAILED,
            "%s holds no mixture yet: its fit was stopped in the first restart; `gantry gmm fit` goes on with it",
            path);
    if (!st && !f->finished && c->rank == 0)
        gt_warn("%s is not finished: the best of %d of %d restarts is used", path, f->restart, f->recipe.restarts);
    return gt_comm_agree_all(c, st);
}

static gt_status read_mixture(const cli_session *s, gt_fit *f) {
    return gmm_read_mixture_all(s->comm, s->arguments.words[1], f);
}

static gt_status read_both(const cli_session *s, gt_fit *f, gt_blocks **blocks, gt_cloud_info *info) {
    *blocks = NULL;
    gt_status st = read_mixture(s, f);
    return st ? st : gmm_read_points_all(s, s->arguments.words[2], blocks, info);
}

static void print_score(const gt_fit *f, double log_likelihood, int64_t n) {
    printf("log-likelihood %.9g nats per sample, %.10g of %lld points; BIC %.10g, AIC %.10g\n", log_likelihood,
           log_likelihood * (double)n, (long long)n, gt_fit_bic(f, log_likelihood, n),
           gt_fit_aic(f, log_likelihood, n));
}

gt_status gmm_score_all(cli_session *s) {
    gt_fit f;
    gt_blocks *blocks;
    gt_cloud_info info;
    double log_likelihood;
    gt_status st = read_both(s, &f, &blocks, &info);
    if (!st) st = gt_mixture_score(blocks, &f.best, &log_likelihood);
    if (!st && s->comm->rank == 0) print_score(&f, log_likelihood, info.count);
    gt_blocks_free(blocks);
    gt_fit_free(&f);
    return st;
}

/* ---- predict ---- */

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

gt_status gmm_predict_all(cli_session *s) {
    gt_fit f;
    gt_blocks *blocks;
    gt_cloud_info info;
    gt_prediction p = {0};
    gt_status st = read_both(s, &f, &blocks, &info);
    if (!st) st = gt_comm_agree_all(s->comm, gmm_read_axes(s, info.d, NULL));
    if (!st) st = gt_mixture_predict(blocks, &f.best, true, &p);
    if (!st) st = gt_comm_agree_all(s->comm, s->comm->rank ? GT_OK : write_prediction(s, &f, &p, info.count));
    if (!st) st = gmm_draw_clusters_all(s, blocks, &f.best, p.labels, info.count);
    gt_prediction_free(&p);
    gt_blocks_free(blocks);
    gt_fit_free(&f);
    return st;
}

/* ---- sample: by rank 0 ---- */

static gt_status open_decoder(const cli_session *s, int d, gt_generator **g) {
    *g = cli_open_decoder(gmm_options(s)->decoder, s->pool);
    if (!*g) return GT_FAILED;
    int z_dim = gt_generator_model(*g)->z_dim;
    return z_dim == d ? GT_OK
                      : gt_fail(GT_FORMAT, "%s decodes latents of %d numbers, the mixture is of %d",
                                gmm_options(s)->decoder, z_dim, d);
}

/* Without a decoder points are images themselves. Nothing is drawn of more than a PNG can hold: samples.h5 has them
 * all. */
static gt_status draw(const gt_cloud_info *p, gt_generator *g, const double *points, int64_t n, const char *path) {
    int columns = (int)ceil(sqrt((double)n)), rows = (int)((n + columns - 1) / columns);
    const gt_model *m = g ? gt_generator_model(g) : NULL;
    if (gt_grid_check(columns, rows, m ? m->height : p->height, m ? m->width : p->width,
                      gt_grid_shown(m ? m->channels : p->channels))) {
        gt_warn("no %s: %s", path, gt_message());
        return GT_OK;
    }
    size_t size = (size_t)n * (size_t)p->d;
    float *x = calloc((size_t)rows * (size_t)columns, (size_t)p->d * sizeof *x);
    if (!x) return gt_fail(GT_NOMEM, "out of memory for %lld samples", (long long)n);
    for (size_t i = 0; i < size; i++) x[i] = (float)(g ? points[i] : 2 * points[i] - 1);
    gt_status st = g ? cli_draw_decoded(g, x, n, columns, path)
                     : gt_grid_write(path, x, columns, rows, p->height, p->width, p->channels, -1, 1, NULL);
    free(x);
    if (!st) printf("%s: %lld samples%s\n", path, (long long)n, g ? ", decoded" : "");
    return st;
}

/* Latents through the decoder of a checkpoint, or points that are images themselves, as one picture, about square. */
static gt_status draw_samples(const cli_session *s, const gt_fit *f, const double *points, int64_t n) {
    const gt_cloud_info *p = &f->points;
    bool decoded = *gmm_options(s)->decoder;
    if (!decoded && !p->channels) return GT_OK;
    gt_generator *g = NULL;
    gt_status st = decoded ? open_decoder(s, p->d, &g) : GT_OK;
    if (!st) st = draw(p, g, points, n, cli_out(s, "samples.png"));
    gt_generator_close(g);
    return st;
}

static gt_status make_samples(const cli_session *s, const gt_fit *f) {
    int64_t n = gmm_options(s)->n, d = f->best.d;
    const char *path = cli_out(s, "samples.h5");
    double *points = gt_arena_array(s->arena, (size_t)n * (size_t)d, sizeof *points);
    int32_t *components = gt_arena_array(s->arena, (size_t)n, sizeof *components);
    gt_status st = path && points && components ? GT_OK : GT_NOMEM;
    if (!st) st = gt_mixture_sample(&f->best, (uint64_t)gmm_options(s)->seed, n, NULL, points, components);
    if (!st) st = gt_rundir_prepare(gmm_options(s)->outdir, (size_t)n * (size_t)d * sizeof *points);
    if (!st)
        st = gt_arrays_write(path,
                             (gt_array[]){{"points", GT_NUMBER_DOUBLE, 2, {n, d}, points},
                                          {"component", GT_NUMBER_INT32, 1, {n}, components}},
                             2);
    if (!st) printf("%s: %lld points of %lld numbers\n", path, (long long)n, (long long)d);
    return st ? st : draw_samples(s, f, points, n);
}

gt_status gmm_sample_all(cli_session *s) {
    gt_fit f;
    gt_status st = read_mixture(s, &f);
    if (!st) st = gt_comm_agree_all(s->comm, s->comm->rank ? GT_OK : make_samples(s, &f));
    gt_fit_free(&f);
    return st;
}
