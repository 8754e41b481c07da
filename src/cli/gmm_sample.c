/* SPDX-License-Identifier: Apache-2.0
 * gantry gmm sample: points from a mixture, made by rank 0. */
#include <math.h>
#include <stdlib.h>

#include "base/plural.h"
#include "cli/decoding.h"
#include "cli/gmm.h"
#include "gantry/arrays.h"
#include "gantry/log.h"

static gt_status open_decoder(const cli_session *s, int d, gt_generator **g) {
    *g = cli_open_decoder(gmm_options(s)->decoder, s->pool);
    if (!*g) return gt_failure();
    int z_dim = gt_generator_model(*g)->z_dim;
    return z_dim == d ? GT_OK
                      : gt_fail(GT_USAGE, "%s decodes latents of %d numbers, the mixture is of %d",
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
    if (!st) printf("%s: %lld sample%s%s\n", path, (long long)n, gt_plural(n), g ? ", decoded" : "");
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

static gt_status write_samples(const cli_session *s, const gt_fit *f, const double *points, const int32_t *components) {
    int64_t n = gmm_options(s)->n, d = f->best.d;
    const char *path = cli_out(s, "samples.h5"), *table = cli_out(s, "samples.csv");
    gt_status st = path && table ? gt_rundir_prepare(gmm_options(s)->outdir, (size_t)n * (size_t)d * sizeof *points)
                                 : GT_NOMEM;
    if (!st)
        st = gt_arrays_write(path,
                             (gt_array[]){{"points", GT_NUMBER_DOUBLE, 2, {n, d}, points},
                                          {"component", GT_NUMBER_INT32, 1, {n}, components}},
                             2);
    if (!st)
        printf("%s: %lld point%s of %lld number%s\n", path, (long long)n, gt_plural(n), (long long)d, gt_plural(d));
    if (st || f->points.channels || *gmm_options(s)->decoder) return st;
    st = gmm_write_csv(table, NULL, f->columns, points, n, (int)d,
                       &(gmm_column){.name = "component", .integers = components}, 1);
    if (!st) printf("%s: the same; --labels=component keeps the components out of the points\n", table);
    return st;
}

static gt_status sample(const cli_session *s, const gt_fit *f, const gmm_points *data) {
    int64_t n = gmm_options(s)->n, d = f->best.d;
    bool first = s->comm->rank == 0;
    double *points = first ? gt_arena_array(s->arena, (size_t)n * (size_t)d, sizeof *points) : NULL;
    int32_t *components = first ? gt_arena_array(s->arena, (size_t)n, sizeof *components) : NULL;
    gt_status st = !first || (points && components) ? GT_OK : GT_NOMEM;
    if (!st && data->cloud) st = gmm_read_axes(s, data, NULL);
    if (!st && first) st = gt_mixture_sample(&f->best, (uint64_t)gmm_options(s)->seed, n, NULL, points, components);
    if (!st && first) st = write_samples(s, f, points, components);
    if (!st && first) st = draw_samples(s, f, points, n);
    st = gt_comm_agree_all(s->comm, st);
    return st || !data->cloud ? st : gmm_draw_over_data_all(s, data, points, n);
}

gt_status gmm_sample_all(cli_session *s) { return gmm_with_mixture_all(s, sample); }
