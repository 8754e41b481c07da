/* SPDX-License-Identifier: Apache-2.0
 * gantry gmm sample: points from a mixture, made by rank 0. */
#include <math.h>
#include <stdlib.h>

#include "gantry/text.h"
#include "features/gmm/command.h"
#include "runner/generator/door/decoded.h"
#include "gantry/log.h"

static gt_status open_decoder(const cli_session *s, int d, gt_generator **g) {
    gt_network_options reading = cli_reading(&s->options);
    *g = gt_decoder_open(gmm_options(s)->decoder, s->pool, &reading);
    if (!*g) return gt_failure();
    int z_dim = gt_model_look(gt_generator_model(*g)).z_dim;
    return z_dim == d ? GT_OK
                      : gt_fail(GT_USAGE, "%s decodes latents of %d numbers, but the mixture has %d dimensions",
                                gmm_options(s)->decoder, z_dim, d);
}

/* Without a decoder points are images themselves. Nothing is drawn of more than a PNG can hold: samples.h5 has them
 * all. */
static gt_status draw_grid(const gt_cloud_info *p, gt_generator *g, const double *points, int64_t n, const char *path) {
    int columns = (int)ceil(sqrt((double)n)), rows = (int)((n + columns - 1) / columns);
    const gt_model_facts m = g ? gt_model_look(gt_generator_model(g))
                               : (gt_model_facts){.height = p->height, .width = p->width, .channels = p->channels};
    if (gt_grid_check(columns, rows, m.height, m.width, gt_grid_shown(m.channels))) {
        gt_warn("no %s: %s", path, gt_message());
        return GT_OK;
    }
    size_t size = (size_t)n * (size_t)p->d;
    GT_FREED float *x = calloc((size_t)rows * (size_t)columns, (size_t)p->d * sizeof *x);
    if (!x) return gt_fail(GT_NOMEM, "out of memory for %lld samples", (long long)n);
    for (size_t i = 0; i < size; i++) x[i] = (float)(g ? points[i] : 2 * points[i] - 1);
    gt_status st = g ? gt_decoded_draw(g, &(gt_decoded){.n = n, .z = x, .columns = columns}, path)
                     : gt_grid_write(path, x, columns, rows, p->height, p->width, p->channels, -1, 1, NULL);
    if (!st) gt_print("%s: %lld sample%s%s\n", path, (long long)n, gt_plural(n), g ? ", decoded" : "");
    return st;
}

/* Latents through the decoder of a checkpoint, or points that are images themselves, as one picture, about square. */
static gt_status draw_samples(const gmm_use *u, const double *points) {
    const cli_session *s = u->session;
    const gt_cloud_info *p = &u->fit.points;
    const char *path = cli_out(s, "samples.png");
    bool decoded = *gmm_options(s)->decoder;
    if (!path) return GT_NOMEM;
    if (!decoded && !p->channels) return GT_OK;
    gt_generator *g = NULL;
    gt_status st = decoded ? open_decoder(s, p->d, &g) : GT_OK;
    if (!st) st = draw_grid(p, g, points, gmm_options(s)->n, path);
    gt_generator_close(g);
    return st;
}

static gt_status write_samples(const gmm_use *u, const double *points, const int32_t *components) {
    const cli_session *s = u->session;
    int64_t n = gmm_options(s)->n;
    int d = u->fit.best.d;
    const char *path = gmm_prepare_output(s, "samples.h5", n, d), *table = cli_out(s, "samples.csv");
    gt_status st = path && table ? gt_samples_write(points, components, n, d, path) : gt_failure();
    if (st) return st;
    gt_print("%s: %lld point%s of %d number%s\n", path, (long long)n, gt_plural(n), d, gt_plural(d));
    if (u->fit.points.channels || *gmm_options(s)->decoder) return GT_OK;
    st = gt_points_write_csv(table, NULL, u->fit.columns, points, n, d,
                             &(gt_point_column){.name = "component", .integers = components}, 1);
    if (!st) gt_print("%s: the same as CSV; to read it as points, give --labels=component\n", table);
    return st;
}

static gt_status sample_points_all(const gmm_use *u) {
    const cli_session *s = u->session;
    int64_t n = gmm_options(s)->n, d = u->fit.best.d;
    double *points = u->first ? gt_arena_array(s->arena, (size_t)n * (size_t)d, sizeof *points) : NULL;
    int32_t *components = u->first ? gt_arena_array(s->arena, (size_t)n, sizeof *components) : NULL;
    gt_status st = !u->first || (points && components) ? GT_OK : GT_NOMEM;
    if (!st && u->first)
        st = gt_mixture_sample(&u->fit.best, (uint64_t)gmm_options(s)->seed, n, NULL, points, components);
    if (!st && u->first) st = write_samples(u, points, components);
    if (!st && u->first) st = draw_samples(u, points);
    st = gt_comm_agree_all(s->comm, st);
    if (st || !u->points.cloud) return st;
    const char *stem = cli_out(s, "over-data");
    if ((st = gt_comm_agree_all(s->comm, stem ? GT_OK : GT_NOMEM))) return st;
    st = gt_mixture_draw_samples_over_all(&u->points, u->axes, points, n, stem);
    if (!st && u->first)
        gt_print("%s.svg, .png: %lld samples over %lld points\n", stem, (long long)n, (long long)u->points.info.count);
    return st;
}

gt_status gmm_sample_all(cli_session *s) { return gmm_use_mixture_all(s, true, sample_points_all); }
