/* SPDX-License-Identifier: Apache-2.0
 * gantry gmm: points and mixtures from files. */
#include <string.h>

#include "base/teller.h"
#include "cli/gmm.h"
#include "gantry/log.h"

/* Headings of columns that say what a point is, rather than where it is. */
static void warn_of_labels(const cli_session *s, const gt_cloud *c, int d) {
    static const char *const usual[] = {"component", "label", "labels", "class", "species", "target", "cluster"};
    for (int i = 0; i < d && gt_cloud_name(c, i); i++)
        for (size_t u = 0; u < sizeof usual / sizeof *usual; u++)
            if (!strcmp(gt_cloud_name(c, i), usual[u]) && s->comm->rank == 0)
                gt_warn("column '%s' is taken as a number of the points; with --labels=%s it is their label", usual[u],
                        usual[u]);
}

gt_status gmm_read_points_all(const cli_session *s, const char *data, gmm_points *points) {
    const gmm_fields *o = gmm_options(s);
    *points = (gmm_points){0};
    gt_comm_busy(s->comm, "reading the points");
    gt_tell_start("opening the data", NULL, 0);
    gt_status st = gt_comm_agree_all(s->comm,
                                     gt_cloud_open_labelled(&points->cloud, data, o->array, o->labels, o->classes));
    if (st) return st;
    points->info = gt_cloud_get_info(points->cloud);
    gt_info("%lld points of %d numbers from %s", (long long)points->info.count, points->info.d, data);
    warn_of_labels(s, points->cloud, points->info.d);
    return gt_blocks_read(&points->blocks, s->comm, s->pool, cli_kernels(), points->cloud);
}

void gmm_free_points(gmm_points *p) {
    gt_blocks_free(p->blocks);
    gt_cloud_close(p->cloud);
    *p = (gmm_points){0};
}

gt_status gmm_read_mixture_all(gt_comm *c, const char *path, gt_fit *f) {
    gt_status st = gt_fit_read(f, path);
    if (!st && !f->n_curve)
        st = gt_fail(GT_FAILED,
                     "%s holds no mixture yet: its fit was stopped in the first restart; `gantry gmm fit` resumes it",
                     path);
    if (!st && !f->finished && c->rank == 0)
        gt_warn("%s is not finished: the best of %d of %d restarts is used", path, f->restart, f->recipe.restarts);
    return gt_comm_agree_all(c, st);
}

gt_status gmm_with_mixture_all(const cli_session *s, gmm_work *work) {
    const char **words = s->arguments.words;
    gt_fit f;
    gmm_points points = {0};
    gt_status st = gmm_read_mixture_all(s->comm, words[1], &f);
    if (!st && s->arguments.n_words > 2) st = gmm_read_points_all(s, words[2], &points);
    if (!st && points.cloud && points.info.d != f.best.d)
        st = gt_fail(GT_USAGE, "the mixture is of points of %d numbers, the data are of %d", f.best.d, points.info.d);
    if (!st) st = work(s, &f, &points);
    gmm_free_points(&points);
    gt_fit_free(&f);
    return st;
}
