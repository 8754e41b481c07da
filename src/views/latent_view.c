/* SPDX-License-Identifier: Apache-2.0
 * Latents of a dataset as numbers and figures: see gantry/latent_view.h. */
#include "gantry/latent_view.h"

#include <math.h>
#include <stdlib.h>

#include "gantry/arrays.h"
#include "gantry/figure.h"
#include "gantry/log.h"
#include "gantry/mathfn.h"

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
    gt_arena *a = gt_arena_new();
    float *labels = a ? gt_arena_array(a, (size_t)(count * width), sizeof *labels) : NULL;
    gt_status st = labels ? GT_OK : GT_NOMEM;
    for (int64_t i = 0; i < count && !st; i++) gt_dataset_label(data, i, labels + i * width);
    if (width) arrays[n++] = (gt_array){"labels", GT_NUMBER_FLOAT, 2, {count, width}, labels};
    if (!st) st = gt_arrays_write(path, arrays, n);
    gt_arena_free(a);
    return st;
}

gt_status gt_latents_write_arrays(const gt_latents *l, const char *path) {
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

/* ---- histograms ---- */

typedef struct histogram {
    double edges[BARS + 1], bars[BARS];
} histogram;

static gt_status plot_histograms(gt_arena *a, const gt_latents *l, const gt_latent_dims *dims, const char *stem) {
    int64_t n = gt_dataset_get_info(l->data)->count;
    histogram *h = gt_arena_array(a, (size_t)dims->n, sizeof *h);
    gt_panel *panels = gt_arena_array(a, (size_t)dims->n, sizeof *panels);
    double x[CURVE], y[CURVE];
    gt_curve normal = {.n = CURVE, .x = x, .y = y};
    if (!h || !panels) return GT_NOMEM;
    for (int i = 0; i < CURVE; i++) {
        x[i] = -4 + 8.0 * i / (CURVE - 1);
        y[i] = gt_exp(-x[i] * x[i] / 2) / sqrt(2 * M_PI);
    }
    for (int k = 0; k < dims->n; k++) {
        gt_histogram(l->of.latent + dims->dim[k], n, l->model->latent_size, BARS, h[k].edges, h[k].bars);
        panels[k] = (gt_panel){.title = gt_arena_printf(a, "latent %d and N(0,1)", dims->dim[k]),
                               .x_label = "z",
                               .y_label = "density",
                               .bars = {BARS, h[k].edges, h[k].bars},
                               .n_curves = 1,
                               .curves = &normal};
    }
    return gt_arena_failed(a) ? GT_NOMEM : gt_figure_write(stem, panels, dims->n, COLUMNS);
}

gt_status gt_latents_plot_histograms(const gt_latents *l, const gt_latent_dims *dims, const char *stem) {
    gt_arena *a = gt_arena_new();
    gt_status st = a ? plot_histograms(a, l, dims, stem) : GT_NOMEM;
    gt_arena_free(a);
    return st;
}

/* ---- against labels ---- */

typedef struct label_points { /* [n] */
    float *first;             /* number of the label, or the class */
    int32_t *class;
} label_points;

static gt_status read_labels(gt_arena *a, gt_dataset *data, label_points *p) {
    const gt_dataset_info *info = gt_dataset_get_info(data);
    bool classes = info->label_kind == GT_LABELS_CLASSES;
    float *label = gt_arena_array(a, (size_t)info->label_width, sizeof *label);
    p->first = gt_arena_array(a, (size_t)info->count, sizeof *p->first);
    p->class = gt_arena_array(a, (size_t)info->count, sizeof *p->class);
    if (gt_arena_failed(a)) return GT_NOMEM;
    for (int64_t i = 0; i < info->count; i++) {
        gt_dataset_label(data, i, label);
        p->class[i] = classes ? gt_dataset_class(data, i) : 0;
        p->first[i] = classes ? (float)p->class[i] : *label;
    }
    return GT_OK;
}

static gt_status plot_labels(gt_arena *a, const gt_latents *l, const gt_latent_dims *dims, const char *stem) {
    const gt_dataset_info *info = gt_dataset_get_info(l->data);
    bool coloured = info->label_kind == GT_LABELS_CLASSES && dims->n > 1;
    int d = l->model->latent_size, n = coloured ? 1 : dims->n;
    char name[64];
    label_points p;
    gt_panel *panels = gt_arena_array(a, (size_t)n, sizeof *panels);
    gt_status st = panels ? read_labels(a, l->data, &p) : GT_NOMEM;
    if (st) return st;
    gt_label_name(info, 0, name);
    for (int k = 0; k < n; k++) {
        const float *x = l->of.latent + dims->dim[k];
        if (coloured)
            panels[k] = (gt_panel){.title = "classes",
                                   .x_label = gt_arena_printf(a, "latent %d", dims->dim[0]),
                                   .y_label = gt_arena_printf(a, "latent %d", dims->dim[1]),
                                   .points = {info->count, x, l->of.latent + dims->dim[1], d, d, p.class}};
        else
            panels[k] = (gt_panel){.title = gt_arena_printf(a, "latent %d and %s", dims->dim[k], name),
                                   .x_label = "z",
                                   .y_label = name,
                                   .points = {info->count, x, p.first, d, 1, p.class}};
    }
    return gt_arena_failed(a) ? GT_NOMEM : gt_figure_write(stem, panels, n, COLUMNS);
}

gt_status gt_latents_plot_labels(const gt_latents *l, const gt_latent_dims *dims, const char *stem) {
    if (!gt_dataset_get_info(l->data)->label_width) return GT_OK;
    gt_arena *a = gt_arena_new();
    gt_status st = a ? plot_labels(a, l, dims, stem) : GT_NOMEM;
    gt_arena_free(a);
    return st;
}

/* ---- all of that ---- */

gt_status gt_latents_write(const gt_latents *l, gt_generator *g, const gt_latent_dims *dims,
                           const gt_latent_pictures *p, const char *outdir) {
    bool decoded = l->model->z_dim == l->model->latent_size; /* of continuous latents */
    gt_arena *a = gt_arena_new();
    if (!a) return GT_NOMEM;
    const char *arrays = gt_arena_printf(a, "%s/latents.h5", outdir),
               *histograms = gt_arena_printf(a, "%s/histograms", outdir),
               *labels = gt_arena_printf(a, "%s/labels", outdir),
               *traversal = gt_arena_printf(a, "%s/traversal.png", outdir),
               *interpolation = gt_arena_printf(a, "%s/interpolation.png", outdir);
    gt_status st = gt_arena_failed(a) ? GT_NOMEM : gt_latents_write_arrays(l, arrays);
    if (!st) st = gt_latents_plot_histograms(l, dims, histograms);
    if (!st) st = gt_latents_plot_labels(l, dims, labels);
    if (!st && !decoded)
        gt_info("a discrete latent has nothing between its codes: no traversal.png and no interpolation.png");
    if (!st && decoded) st = gt_latent_draw_traversal(g, dims, p, traversal);
    if (!st && decoded) st = gt_latent_draw_interpolation(l, g, dims, p, interpolation);
    gt_arena_free(a);
    return st;
}
