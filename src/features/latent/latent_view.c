/* SPDX-License-Identifier: Apache-2.0
 * Latents of a dataset as numbers and figures: see features/latent/latent_view.h. */
#include "features/latent/latent_view.h"

#include <math.h>
#include <stdlib.h>

#include "data/door/dataset.h"
#include "files/h5/door/arrays.h"
#include "networks/model/door/model.h"
#include "figures/door/figure.h"
#include "gantry/log.h"
#include "base/door/mathfn.h"

enum { DIMS_MAX = 16, BARS = 40, CURVE = 121, COLUMNS = 4 };

/* ---- dimensions ---- */

typedef struct ranked_dim {
    double divergence;
    int dim;
} ranked_dim;

/* The largest divergence first. */
static int by_divergence(const void *a, const void *b) {
    const ranked_dim *x = a, *y = b;
    if (x->divergence != y->divergence) return x->divergence > y->divergence ? -1 : 1;
    return (x->dim > y->dim) - (x->dim < y->dim);
}

static void add_divergences(const gt_latents *l, int d, ranked_dim *all) {
    int64_t n = gt_dataset_get_info(l->data)->count;
    for (int64_t i = 0; i < n * d; i++) {
        double m = l->of.latent[i], v = l->of.log_variance[i];
        all[i % d].divergence += (m * m + gt_exp(v) - v - 1) / 2 / (double)n;
    }
}

gt_status gt_latent_dims_choose(gt_arena *a, const gt_latents *l, int d, const int64_t *given, int64_t n_given,
                                gt_latent_dims *out) {
    int n = n_given ? (int)n_given : d < DIMS_MAX ? d : DIMS_MAX;
    bool known = l && l->of.log_variance;
    ranked_dim *all = gt_arena_array(a, (size_t)d, sizeof *all);
    int *dim = gt_arena_array(a, (size_t)n, sizeof *dim);
    double *divergence = gt_arena_array(a, (size_t)n, sizeof *divergence);
    if (!all || !dim || !divergence) return GT_NOMEM;
    for (int k = 0; k < d; k++) all[k].dim = k;
    if (known) add_divergences(l, d, all);
    if (!n_given) qsort(all, (size_t)d, sizeof *all, by_divergence);
    for (int k = 0; k < n; k++) {
        const ranked_dim *r = &all[n_given ? (int)given[k] : k];
        dim[k] = r->dim;
        divergence[k] = r->divergence;
    }
    *out = (gt_latent_dims){n, dim, known ? divergence : NULL};
    return GT_OK;
}

/* ---- arrays ---- */

/* Writes `n` arrays and the labels of the data, where there are any; `arrays` has a place for the labels. */
static gt_status write_with_labels(gt_dataset *data, gt_array *arrays, int n, const char *path) {
    const gt_dataset_info *info = gt_dataset_get_info(data);
    int64_t count = info->count, width = info->label_width;
    GT_ARENA gt_arena *a = gt_arena_new();
    float *labels = a ? gt_arena_array(a, (size_t)(count * width), sizeof *labels) : NULL;
    gt_status st = labels ? GT_OK : GT_NOMEM;
    for (int64_t i = 0; i < count && !st; i++) gt_dataset_label(data, i, labels + i * width);
    if (width) arrays[n++] = (gt_array){"labels", GT_NUMBER_FLOAT, 2, {count, width}, labels};
    return st ? st : gt_arrays_write(path, arrays, n);
}

/* latent and log_variance [n,d], error [n], labels [n,width], as far as they are there. */
static gt_status write_arrays(const gt_latents *l, const char *path) {
    int64_t n = gt_dataset_get_info(l->data)->count, d = l->model->latent_size;
    gt_array arrays[4] = {{"latent", GT_NUMBER_FLOAT, 2, {n, d}, l->of.latent},
                          {"error", GT_NUMBER_FLOAT, 1, {n}, l->of.error},
                          {"log_variance", GT_NUMBER_FLOAT, 2, {n, d}, l->of.log_variance}};
    return write_with_labels(l->data, arrays, 2 + (l->of.log_variance != NULL), path);
}

gt_status gt_layer_write_arrays(const gt_features *f, gt_dataset *data, const float *values, const char *path) {
    gt_shape shape = gt_features_shape(f);
    gt_array arrays[2] = {{"latent", GT_NUMBER_FLOAT, 1 + shape.n, {gt_dataset_get_info(data)->count}, values}};
    for (int i = 0; i < shape.n; i++) arrays[0].dims[1 + i] = shape.d[i];
    return write_with_labels(data, arrays, 1, path);
}

/* ---- what figures show ---- */

static gt_status copy_labels(gt_arena *a, gt_dataset *data, gt_latent_shown *out) {
    const gt_dataset_info *info = gt_dataset_get_info(data);
    float *label = gt_arena_array(a, (size_t)info->label_width, sizeof *label),
          *first = gt_arena_array(a, (size_t)info->count, sizeof *first);
    int32_t *class = gt_arena_array(a, (size_t)info->count, sizeof *class);
    if (gt_arena_failed(a)) return GT_NOMEM;
    out->classes = info->label_kind == GT_LABELS_CLASSES;
    for (int64_t i = 0; i < info->count; i++) {
        gt_dataset_label(data, i, label);
        class[i] = out->classes ? gt_dataset_class(data, i) : 0;
        first[i] = out->classes ? (float)class[i] : *label;
    }
    out->label = first;
    out->class = class;
    gt_label_name(info, 0, out->label_name);
    return GT_OK;
}

gt_status gt_latents_show(gt_arena *a, const gt_latents *l, const gt_latent_dims *dims, const char *name,
                          gt_latent_shown *out) {
    const gt_dataset_info *info = gt_dataset_get_info(l->data);
    int d = dims->n;
    float *values = gt_arena_array(a, (size_t)info->count, (size_t)d * sizeof *values);
    if (!values) return GT_NOMEM;
    for (int64_t i = 0; i < info->count * d; i++)
        values[i] = l->of.latent[i / d * l->model->latent_size + dims->dim[i % d]];
    *out = (gt_latent_shown){.name = name, .n = info->count, .d = d, .dim = dims->dim, .values = values};
    return info->label_width ? copy_labels(a, l->data, out) : GT_OK;
}

/* The panels of a figure: of one run all dimensions, of several those that all have. */
typedef struct arrangement {
    int dims, panels, columns;
    double range[2]; /* of the latents, with margins */
} arrangement;

static arrangement arrange(const gt_latent_shown *runs, int n) {
    arrangement a = {.dims = runs->d};
    double lo = INFINITY, hi = -INFINITY;
    for (int r = 0; r < n && n > 1; r++)
        if (runs[r].d < a.dims) a.dims = runs[r].d;
    if (n > 1 && a.dims > COLUMNS) a.dims = COLUMNS;
    a.panels = n * a.dims;
    a.columns = n > 1 && a.dims > 1 ? a.dims : COLUMNS;
    for (int r = 0; r < n; r++)
        for (int64_t i = 0; i < runs[r].n * runs[r].d; i++) {
            double v = (double)runs[r].values[i];
            if (i % runs[r].d >= a.dims || !isfinite(v)) continue;
            lo = fmin(lo, v), hi = fmax(hi, v);
        }
    if (!(hi >= lo)) lo = 0, hi = 0;
    double margin = hi > lo ? 0.04 * (hi - lo) : 0.5;
    a.range[0] = lo - margin, a.range[1] = hi + margin;
    return a;
}

/* "vae: latent 3 and radius", of one run without its name. */
static const char *title_of(gt_arena *a, const gt_latent_shown *run, int dim, const char *beside) {
    return gt_arena_printf(a, "%s%slatent %d and %s", run->name ? run->name : "", run->name ? ": " : "", dim, beside);
}

/* ---- histograms ---- */

typedef struct histogram {
    double edges[BARS + 1], bars[BARS];
} histogram;

static gt_status plot_histograms(gt_arena *a, const gt_latent_shown *runs, int n, const char *stem) {
    arrangement all = arrange(runs, n);
    histogram *h = gt_arena_array(a, (size_t)all.panels, sizeof *h);
    gt_panel *panels = gt_arena_array(a, (size_t)all.panels, sizeof *panels);
    double x[CURVE], y[CURVE];
    gt_curve normal = {.n = CURVE, .x = x, .y = y};
    if (!h || !panels) return GT_NOMEM;
    for (int i = 0; i < CURVE; i++) {
        x[i] = -4 + 8.0 * i / (CURVE - 1);
        y[i] = gt_exp(-x[i] * x[i] / 2) / sqrt(2 * M_PI);
    }
    if (n > 1) all.range[0] = fmin(all.range[0], x[0]), all.range[1] = fmax(all.range[1], x[CURVE - 1]);
    for (int k = 0; k < all.panels; k++) {
        const gt_latent_shown *run = &runs[k / all.dims];
        int dim = k % all.dims;
        gt_histogram(run->values + dim, run->n, run->d, BARS, h[k].edges, h[k].bars);
        panels[k] = (gt_panel){.title = title_of(a, run, run->dim[dim], "N(0,1)"),
                               .x_label = "z",
                               .y_label = "density",
                               .x_range = n > 1 ? all.range : NULL,
                               .bars = {BARS, h[k].edges, h[k].bars},
                               .n_curves = 1,
                               .curves = &normal};
    }
    return gt_arena_failed(a) ? GT_NOMEM : gt_figure_write(stem, panels, all.panels, all.columns);
}

gt_status gt_latents_plot_histograms(const gt_latent_shown *runs, int n, const char *stem) {
    GT_ARENA gt_arena *a = gt_arena_new();
    return a ? plot_histograms(a, runs, n, stem) : GT_NOMEM;
}

/* ---- against labels ---- */

/* The first two dimensions of a run, coloured by class. */
static gt_panel classes_panel(gt_arena *a, const gt_latent_shown *run, const double *range) {
    return (gt_panel){.title = run->name ? gt_arena_printf(a, "%s: classes", run->name) : "classes",
                      .x_label = gt_arena_printf(a, "latent %d", run->dim[0]),
                      .y_label = gt_arena_printf(a, "latent %d", run->dim[1]),
                      .x_range = range,
                      .y_range = range,
                      .points = {run->n, run->values, run->values + 1, run->d, run->d, run->class}};
}

static gt_panel label_panel(gt_arena *a, const gt_latent_shown *run, int dim, const double *range) {
    return (gt_panel){.title = title_of(a, run, run->dim[dim], run->label_name),
                      .x_label = "z",
                      .y_label = run->label_name,
                      .x_range = range,
                      .points = {run->n, run->values + dim, run->label, run->d, 1, run->class}};
}

static gt_status plot_labels(gt_arena *a, const gt_latent_shown *runs, int n, const char *stem) {
    arrangement all = arrange(runs, n);
    bool coloured = runs->classes && all.dims > 1;
    const double *range = n > 1 ? all.range : NULL;
    if (coloured) all.panels = n, all.columns = COLUMNS;
    gt_panel *panels = gt_arena_array(a, (size_t)all.panels, sizeof *panels);
    if (!panels) return GT_NOMEM;
    for (int k = 0; k < all.panels; k++)
        panels[k] = coloured ? classes_panel(a, &runs[k], range)
                             : label_panel(a, &runs[k / all.dims], k % all.dims, range);
    return gt_arena_failed(a) ? GT_NOMEM : gt_figure_write(stem, panels, all.panels, all.columns);
}

gt_status gt_latents_plot_labels(const gt_latent_shown *runs, int n, const char *stem) {
    if (!runs->label) return GT_OK;
    GT_ARENA gt_arena *a = gt_arena_new();
    return a ? plot_labels(a, runs, n, stem) : GT_NOMEM;
}

/* ---- all of that ---- */

gt_status gt_latents_write(const gt_latents *l, gt_generator *g, const gt_latent_dims *dims,
                           const gt_latent_pictures *p, const char *outdir) {
    bool decoded = l->model->z_dim == l->model->latent_size; /* of continuous latents */
    GT_ARENA gt_arena *a = gt_arena_new();
    if (!a) return GT_NOMEM;
    const char *arrays = gt_arena_printf(a, "%s/latents.h5", outdir),
               *histograms = gt_arena_printf(a, "%s/histograms", outdir),
               *labels = gt_arena_printf(a, "%s/labels", outdir),
               *traversal = gt_arena_printf(a, "%s/traversal.png", outdir),
               *interpolation = gt_arena_printf(a, "%s/interpolation.png", outdir);
    gt_latent_shown shown;
    gt_status st = gt_arena_failed(a) ? GT_NOMEM : write_arrays(l, arrays);
    if (!st) st = gt_latents_show(a, l, dims, NULL, &shown);
    if (!st) st = gt_latents_plot_histograms(&shown, 1, histograms);
    if (!st) st = gt_latents_plot_labels(&shown, 1, labels);
    if (!st && !decoded)
        gt_info("no traversal.png and no interpolation.png: there is nothing between the codes of a discrete latent");
    if (!st && decoded) st = gt_latent_draw_traversal(g, dims, p, traversal);
    if (!st && decoded) st = gt_latent_draw_interpolation(l, g, dims, p, interpolation);
    return st;
}
