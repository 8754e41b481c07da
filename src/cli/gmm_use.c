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

/* What an action does with the mixture, and with the points of DATA where the action takes DATA. */
typedef gt_status gmm_work(const cli_session *s, const gt_fit *f, gt_blocks *blocks, const gt_cloud_info *info);

static gt_status with_mixture_all(const cli_session *s, gmm_work *work) {
    const char **words = s->arguments.words;
    gt_fit f;
    gt_blocks *blocks = NULL;
    gt_cloud_info info = {0};
    gt_status st = gmm_read_mixture_all(s->comm, words[1], &f);
    if (!st && s->arguments.n_words > 2) st = gmm_read_points_all(s, words[2], &blocks, &info);
    if (!st) st = work(s, &f, blocks, &info);
    gt_blocks_free(blocks);
    gt_fit_free(&f);
    return st;
}

static gt_status score(const cli_session *s, const gt_fit *f, gt_blocks *blocks, const gt_cloud_info *info) {
    double x, n = (double)info->count;
    gt_status st = gt_mixture_score(blocks, &f->best, &x);
    if (!st && s->comm->rank == 0)
        printf("log-likelihood %.9g nats per sample, %.10g of %lld points; BIC %.10g, AIC %.10g\n", x, x * n,
               (long long)info->count, gt_fit_bic(f, x, info->count), gt_fit_aic(f, x, info->count));
    return st;
}

gt_status gmm_score_all(cli_session *s) { return with_mixture_all(s, score); }

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

static gt_status predict(const cli_session *s, const gt_fit *f, gt_blocks *blocks, const gt_cloud_info *info) {
    int64_t n = info->count;
    gt_prediction p = {0};
    gt_status st = gt_comm_agree_all(s->comm, gmm_read_axes(s, info->d, NULL));
    if (!st) st = gt_mixture_predict(blocks, &f->best, true, &p);
    if (!st) st = gt_comm_agree_all(s->comm, s->comm->rank ? GT_OK : write_prediction(s, f, &p, n));
    if (!st) st = gmm_draw_clusters_all(s, blocks, &f->best, p.labels, n);
    gt_prediction_free(&p);
    return st;
}

gt_status gmm_predict_all(cli_session *s) { return with_mixture_all(s, predict); }

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
    gt_status st = g ? cli_draw_decoded(g, &(cli_decoded){.n = n, .z = x, .columns = columns}, path)
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

static gt_status sample(const cli_session *s, const gt_fit *f, gt_blocks *none, const gt_cloud_info *no_points) {
    (void)none, (void)no_points;
    return gt_comm_agree_all(s->comm, s->comm->rank ? GT_OK : make_samples(s, f));
}

gt_status gmm_sample_all(cli_session *s) { return with_mixture_all(s, sample); }
