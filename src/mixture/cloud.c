/* SPDX-License-Identifier: Apache-2.0
 * Opens a source of points by its name, and checks what must hold for the points of all sources. */
#include "mixture/cloud.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gantry/arrays.h"

static bool ends_with(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n > m && !strcasecmp(text + n - m, end);
}

static gt_status open_source(gt_cloud *c, const char *spec, const char *array, const char *classes) {
    bool csv = ends_with(spec, ".csv"), hdf5 = ends_with(spec, ".h5") || ends_with(spec, ".hdf5");
    bool images = !csv && !*array && !(hdf5 && !gt_array_exists(spec, "images"));
    if (*classes && !images)
        return gt_fail(GT_USAGE, "--classes=%s: '%s' holds points without classes, not labelled images", classes, spec);
    if (csv) return gt_cloud_csv(c, spec);
    return images ? gt_cloud_images(c, spec, classes) : gt_cloud_array(c, spec, array);
}

gt_status gt_cloud_open(gt_cloud **out, const char *spec, const char *array) {
    return gt_cloud_open_part(out, spec, array, "");
}

gt_status gt_cloud_open_part(gt_cloud **out, const char *spec, const char *array, const char *classes) {
    gt_cloud *c = *out = calloc(1, sizeof *c);
    if (c) c->spec = strdup(spec);
    gt_status st = c && c->spec ? open_source(c, spec, array, classes)
                                : gt_fail(GT_NOMEM, "out of memory for '%s'", spec);
    if (!st && c->info.count < 1) st = gt_fail(GT_FORMAT, "'%s' has no points", spec);
    if (!st && c->info.d > 1 << 17)
        st = gt_fail(GT_FORMAT, "'%s': points of %d numbers, the most are %d", spec, c->info.d, 1 << 17);
    if (!st) return GT_OK;
    gt_cloud_close(c);
    *out = NULL;
    return st;
}

void gt_cloud_close(gt_cloud *c) {
    if (!c) return;
    if (c->state) c->close(c->state);
    free(c->spec);
    free(c);
}

gt_cloud_info gt_cloud_get_info(const gt_cloud *c) { return c->info; }

gt_status gt_cloud_read(gt_cloud *c, int64_t first, int64_t n, double *points) {
    gt_status st = c->read(c->state, first, n, points);
    for (int64_t i = 0; i < n * c->info.d && !st; i++)
        if (!isfinite(points[i]))
            st = gt_fail(GT_NONFINITE, "'%s': number %lld of point %lld is %g; points must be finite", c->spec,
                         (long long)(i % c->info.d), (long long)(first + i / c->info.d), points[i]);
    return st;
}
