/* SPDX-License-Identifier: Apache-2.0
 * Comparing numbers with a dataset of a golden file. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "golden.h"

static double number_attribute(gold *f, const char *path, const char *name) {
    double value = 0;
    hid_t d = H5Dopen2(f->file, path, H5P_DEFAULT);
    if (H5Aexists(d, name) > 0) {
        hid_t a = H5Aopen(d, name, H5P_DEFAULT);
        H5Aread(a, H5T_NATIVE_DOUBLE, &value);
        H5Aclose(a);
    }
    H5Dclose(d);
    return value;
}

static bool was_checked(const gold *f, const char *path) {
    for (int i = 0; i < f->n_checked; i++)
        if (!strcmp(f->checked[i], path)) return true;
    return false;
}

void gold_judge(gold *f, const char *path, double deviation, double limit) {
    if (f->n_checked == f->capacity) {
        f->capacity = 2 * f->capacity + 64;
        f->checked = realloc(f->checked, (size_t)f->capacity * sizeof *f->checked);
    }
    f->checked[f->n_checked++] = gold_path(f, "%s", path);
    double ratio = deviation / limit;
    if (!(ratio <= f->worst)) f->worst = ratio, f->worst_name = f->checked[f->n_checked - 1];
    if (!(deviation <= limit)) gold_fail(f, "dataset %s: off by %.2e, limit %.2e", path, deviation, limit);
}

static bool has_attribute(gold *f, const char *path, const char *name) {
    return H5Aexists_by_name(f->file, path, name, H5P_DEFAULT) > 0;
}

/* Each value within tol + rtol |theirs|. */
static void check_each(gold *f, const char *path, gold_order order, const double *ours, size_t n, double tol,
                       double rtol) {
    gt_shape shape;
    const double *theirs = gold_read_doubles(f, path, order, &shape);
    if (!theirs) return;
    if ((size_t)gt_shape_size(&shape) != n) {
        gold_fail(f, "dataset %s: %zu values, ours are %zu", path, (size_t)gt_shape_size(&shape), n);
        return;
    }
    double worst = 0, limit = tol;
    for (size_t i = 0; i < n; i++) {
        double d = fabs(ours[i] - theirs[i]), most = tol + rtol * fabs(theirs[i]);
        if (!(d / most <= worst / limit)) worst = d, limit = most;
        if (isnan(d)) break;
    }
    gold_judge(f, path, worst, limit);
}

void gold_check_doubles(gold *f, const char *path, gold_order order, const double *ours, size_t n) {
    if (!gold_has(f, path)) {
        gold_fail(f, "dataset %s is missing", path);
        return;
    }
    bool tol = has_attribute(f, path, "tol"), rtol = has_attribute(f, path, "rtol");
    check_each(f, path, order, ours, n,
               tol    ? number_attribute(f, path, "tol")
               : rtol ? 1e-300
                      : 0.25,
               rtol ? number_attribute(f, path, "rtol") : 0);
}

void gold_check_near(gold *f, const char *path, const double *ours, size_t n, double tol) {
    check_each(f, path, GOLD_PLAIN, ours, n, tol, 0);
}

/* The dataset in memory order, NULL (and a fault) when its size is not n. */
static const float *reference(gold *f, const char *path, gold_order order, size_t n) {
    gt_shape shape;
    const float *values = gold_read(f, path, order, &shape);
    if (values && (size_t)gt_shape_size(&shape) != n) {
        char text[96];
        gold_fail(f, "dataset %s: shape %s, ours has %zu values", path, gt_shape_text(&shape, text), n);
        return NULL;
    }
    return values;
}

/* What the file itself says a result may be off by. */
static double limit_of(gold *f, const char *path) {
    double own = f->limits[strstr(path, "grad/") != NULL];
    return own > 0 ? own : fmax(20 * number_attribute(f, path, "sens"), 1e-5);
}

/* `count` values from `first` on, relative to the largest of all n. */
static void check_part(gold *f, const char *path, const float *theirs, const float *ours, size_t n, size_t first,
                       size_t count, double limit) {
    double difference = 0, largest = 0;
    for (size_t i = 0; i < count; i++) {
        double d = fabs((double)ours[i] - theirs[first + i]);
        if (isnan(d) || d > difference) difference = d;
        if (isnan(d)) break; /* it stays, and is within no limit */
    }
    for (size_t i = 0; i < n; i++)
        if (fabs((double)theirs[i]) > largest) largest = fabs((double)theirs[i]);
    if (limit <= 0) limit = limit_of(f, path);
    if (f->cap > 0) limit = fmin(limit, f->cap);
    gold_judge(f, path, largest > 0 ? difference / largest : difference, limit);
}

void gold_check(gold *f, const char *path, gold_order order, const float *ours, size_t n, double limit) {
    const float *theirs = reference(f, path, order, n);
    if (theirs && ours) check_part(f, path, theirs, ours, n, 0, n, limit);
    else gold_fail(f, "dataset %s: nothing to compare with", path);
}

void gold_check_rows(gold *f, const char *path, const float *ours, size_t first, size_t count) {
    gt_shape shape;
    const float *theirs = gold_read(f, path, GOLD_PLAIN, &shape);
    size_t n = theirs ? (size_t)gt_shape_size(&shape) : 0;
    if (first + count <= n) check_part(f, path, theirs, ours, n, first, count, 0);
    else gold_fail(f, "dataset %s: %zu values, ours has more", path, n);
}

void gold_check_change(gold *f, const char *path, gold_order order, const float *ours, const float *start, size_t n,
                       double limit) {
    const float *theirs = reference(f, path, order, n);
    if (!theirs) return;
    double difference = 0, change = 0;
    for (size_t i = 0; i < n; i++) {
        difference += ((double)ours[i] - theirs[i]) * ((double)ours[i] - theirs[i]);
        change += ((double)theirs[i] - start[i]) * ((double)theirs[i] - start[i]);
    }
    gold_judge(f, path, change > 0 ? sqrt(difference / change) : sqrt(difference),
               limit > 0 ? limit : limit_of(f, path));
}

void gold_leave_out(gold *f, const char *group) {
    if (f->n_left_out < GOLD_LEFT_OUT) f->left_out[f->n_left_out++] = group;
    f->note = gold_path(f, "%s%s%s", f->note ? f->note : "left out: ", f->note ? ", " : "", group);
}

static bool was_left_out(const gold *f, const char *path) {
    for (int i = 0; i < f->n_left_out; i++) {
        size_t n = strlen(f->left_out[i]);
        if (!strncmp(path, f->left_out[i], n) && path[n] == '/') return true;
    }
    return false;
}

/* A result is what lies below a group named `out` or starting with `grad`. */
static bool is_result(const char *path) {
    for (const char *p = path; p; p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL)
        if ((!strncmp(p, "out/", 4) || !strncmp(p, "grad", 4)) && strchr(p, '/')) return true;
    return false;
}

static herr_t visit(hid_t root, const char *path, const H5O_info_t *info, void *arg) {
    (void)root;
    gold *f = arg;
    if (info->type != H5O_TYPE_DATASET || was_checked(f, path) || was_left_out(f, path)) return 0;
    if (is_result(path) || has_attribute(f, path, "tol") || has_attribute(f, path, "rtol"))
        gold_fail(f, "dataset %s: nothing was compared with it", path);
    return 0;
}

void gold_check_complete(gold *f) {
    if (!f->failed) H5Ovisit2(f->file, H5_INDEX_NAME, H5_ITER_INC, visit, f, H5O_INFO_BASIC);
}
