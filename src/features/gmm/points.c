/* SPDX-License-Identifier: Apache-2.0
 * Points and fits from files, on all ranks. */
#include <string.h>

#include "gantry/log.h"
#include "dist/door/dist.h"
#include "features/gmm/mixture_folder.h"
#include "gantry/progress.h"
#include "features/gmm/mixture.h"

/* Headings of columns that say what a point is, rather than where it is. */
static void warn_of_labels(const gt_cloud *c, int d) {
    static const char *const usual[] = {"component", "label", "labels", "class", "species", "target", "cluster"};
    for (int i = 0; i < d && gt_cloud_name(c, i); i++)
        for (size_t u = 0; u < sizeof usual / sizeof *usual; u++)
            if (!strcmp(gt_cloud_name(c, i), usual[u]))
                gt_warn("column '%s' is read as a coordinate of the points; if it holds labels, give --labels=%s",
                        usual[u], usual[u]);
}

static const char *text_or_none(const char *text) { return text ? text : ""; }

gt_status gt_mixture_points_read_all(gt_mixture_points *p, gt_comm *c, gt_pool *pool, const gt_kernel_set *kernels,
                                     const gt_mixture_source *source) {
    *p = (gt_mixture_points){0};
    gt_comm_busy(c, "reading the points");
    gt_tell_start("opening the data", NULL, 0);
    gt_status st = gt_comm_agree_all(c, gt_cloud_open_labelled(&p->cloud, source->path, text_or_none(source->array),
                                                               text_or_none(source->labels),
                                                               text_or_none(source->classes)));
    if (st) return st;
    p->info = gt_cloud_get_info(p->cloud);
    gt_info("%lld points of %d numbers from %s", (long long)p->info.count, p->info.d, source->path);
    if (c->rank == 0) warn_of_labels(p->cloud, p->info.d);
    return gt_blocks_read(&p->blocks, c, pool, kernels, p->cloud);
}

void gt_mixture_points_free(gt_mixture_points *p) {
    gt_blocks_free(p->blocks);
    gt_cloud_close(p->cloud);
    *p = (gt_mixture_points){0};
}

gt_status gt_fit_read_all(gt_fit *f, gt_comm *c, const char *path) {
    gt_status st = gt_fit_read(f, path);
    if (!st && !f->n_curve)
        st = gt_fail(GT_FAILED,
                     "%s holds no mixture yet: its fit was stopped in the first restart; `gantry gmm fit` resumes it",
                     path);
    if (!st && !f->finished && c->rank == 0)
        gt_warn("%s is not finished: using the best of %d of %d restarts", path, f->restart, f->recipe.restarts);
    return gt_comm_agree_all(c, st);
}
