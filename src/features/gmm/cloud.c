/* SPDX-License-Identifier: Apache-2.0
 * Opens a source of points by its name, and checks what must hold for the points of all sources. */
#include "features/gmm/cloud.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "files/h5/door/arrays.h"
#include "features/gmm/mixture.h"

/* The parts of a file's name that say what the file is may be in capitals. */
static bool ends_with(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n > m && !strcasecmp(text + n - m, end);
}

/* Images of an HDF5 file are its array `images`; in the log of a run (metrics.h5) a list of numbers is called so. */
static bool holds_images(const char *path) {
    int axes = gt_array_axes(path, "images");
    return axes == 0 || axes > 2;
}

static gt_status open_source(gt_cloud *c, const char *spec, const char *array, const char *labels,
                             const char *classes) {
    bool csv = ends_with(spec, ".csv") || ends_with(spec, ".tsv") || ends_with(spec, ".txt") || ends_with(spec, ".dat"),
         hdf5 = ends_with(spec, ".h5") || ends_with(spec, ".hdf5"),
         images = !csv && !*array && !(hdf5 && !holds_images(spec));
    if (images && !*labels && ends_with(spec, ".npy")) {
        gt_status st = gt_cloud_npy(c, spec);
        if (st) return st;
        images = !c->state;
    }
    if (*classes && !images)
        return gt_fail(GT_USAGE, "--classes=%s: '%s' holds points without classes, not labelled images", classes, spec);
    if (*labels && images)
        return gt_fail(GT_USAGE, "'%s' has no column or array '%s' of labels: images bring their own classes", spec,
                       labels);
    if (csv) return gt_cloud_csv(c, spec, labels);
    if (c->state) return GT_OK;
    return images ? gt_cloud_images(c, spec, classes) : gt_cloud_array(c, spec, array, labels);
}

gt_status gt_cloud_open(gt_cloud **out, const char *spec, const char *array) {
    return gt_cloud_open_labelled(out, spec, array, "", "");
}

gt_status gt_cloud_open_labelled(gt_cloud **out, const char *spec, const char *array, const char *labels,
                                 const char *classes) {
    gt_arena *a = gt_arena_new();
    gt_cloud *c = *out = a ? gt_arena_array(a, 1, sizeof *c) : NULL;
    if (!c) {
        gt_arena_free(a);
        return GT_NOMEM;
    }
    c->arena = a;
    c->spec = gt_arena_printf(a, "%s", spec);
    gt_status st = c->spec ? open_source(c, spec, array, labels, classes) : GT_NOMEM;
    if (!st && c->info.count < 1) st = gt_fail(GT_FORMAT, "'%s' has no points", spec);
    if (!st && c->info.d > 1 << 17)
        st = gt_fail(GT_FORMAT, "'%s': points of %d numbers; at most %d are possible", spec, c->info.d, 1 << 17);
    if (!st) return GT_OK;
    gt_cloud_close(c);
    *out = NULL;
    return st;
}

void gt_cloud_close(gt_cloud *c) {
    if (!c) return;
    if (c->state) c->close(c->state);
    gt_names_free(&c->names);
    gt_names_free(&c->label_names);
    free((void *)c->labels.label);
    gt_arena_free(c->arena);
}

bool gt_cloud_is_csv(const gt_cloud *c) { return c->csv; }

const char *gt_cloud_name(const gt_cloud *c, int i) {
    return (size_t)i < c->names.count ? gt_names_at(&c->names, (size_t)i) : NULL;
}

gt_cloud_labels gt_cloud_get_labels(const gt_cloud *c) { return c->labels; }

gt_cloud_info gt_cloud_get_info(const gt_cloud *c) { return c->info; }

static gt_status fail_infinite(const gt_cloud *c, int64_t point, int i, double value) {
    const char *name = gt_cloud_name(c, i), *before = name ? " '" : "", *after = name ? "'" : "";
    return gt_fail(GT_NONFINITE, "'%s': number %d%s%s%s of point %lld is %g, counted from 0; points must be finite",
                   c->spec, i, before, name ? name : "", after, (long long)point, value);
}

gt_status gt_cloud_read(gt_cloud *c, int64_t first, int64_t n, double *points) {
    gt_status st = c->read(c->state, first, n, points);
    for (int64_t i = 0; i < n * c->info.d && !st; i++)
        if (!isfinite(points[i])) st = fail_infinite(c, first + i / c->info.d, (int)(i % c->info.d), points[i]);
    return st;
}
