/* SPDX-License-Identifier: Apache-2.0
 * The images of a dataset by their reconstruction errors: see features/anomalies/anomalies.h. */
#include "features/anomalies/anomalies.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "data/door/dataset.h"
#include "data/door/source.h"
#include "networks/model/door/model.h"
#include "figures/door/sheet.h"

/* ---- the list ---- */

/* The largest error first; not a number before all. */
static int by_error(const void *a, const void *b) {
    const gt_anomaly *x = a, *y = b;
    bool x_wins = x->error > y->error || x->error != x->error, y_wins = y->error > x->error || y->error != y->error;
    return x_wins != y_wins ? (x_wins ? -1 : 1) : (x->item > y->item) - (x->item < y->item);
}

/* chosen[class]: the class is among those of the list. */
static gt_status read_normal(gt_arena *a, const gt_dataset_info *info, const char *list, bool *chosen) {
    int classes = info->stored_label_width;
    int known = info->class_names < classes ? info->class_names : classes;
    const gt_class_names names = {.name = info->class_name, .names = known, .classes = classes};
    if (info->label_kind != GT_LABELS_CLASSES)
        return gt_fail(GT_USAGE, "--normal=%s: the images of the data have no classes", list);
    for (const char *at = list, *end; at; at = *end ? end + 1 : NULL) {
        end = at + strcspn(at, ",");
        const char *word = gt_arena_printf(a, "%.*s", (int)(end - at), at);
        int class;
        gt_status st = word ? gt_class_of_text(&names, "--normal", word, &class) : GT_NOMEM;
        if (st) return st;
        if (class < 0)
            return gt_fail(GT_USAGE, "--normal=%s: there is no class '%s' (there are %d, numbered from 0)", list, word,
                           classes);
        chosen[class] = true;
    }
    return GT_OK;
}

static gt_status set_kinds(gt_arena *a, gt_anomalies *l) {
    const gt_dataset_info *info = gt_dataset_get_info(l->data);
    int classes = info->stored_label_width, count[3] = {0};
    bool *chosen = gt_arena_array(a, (size_t)classes + 1, sizeof *chosen);
    gt_status st = chosen ? read_normal(a, info, l->normal, chosen) : GT_NOMEM;
    if (st) return st;
    for (int64_t i = 0; i < l->n; i++) {
        int class = gt_dataset_class(l->data, l->all[i].item);
        l->all[i].kind = class < 0 ? GT_ANOMALY_UNKNOWN : chosen[class] ? GT_ANOMALY_NORMAL : GT_ANOMALY_OTHER;
        count[l->all[i].kind]++;
    }
    if (count[GT_ANOMALY_NORMAL] && count[GT_ANOMALY_OTHER]) return GT_OK;
    return gt_fail(GT_USAGE, "--normal=%s: %s image of the data has another class; a ROC curve needs both kinds",
                   l->normal, count[GT_ANOMALY_NORMAL] ? "no" : "each");
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The quantile of the finite errors of normal images, between two of them by their distance. */
static gt_status find_threshold(gt_arena *a, gt_anomalies *l, const gt_anomalies_limit *limit) {
    int64_t of = limit->errors ? limit->n : l->n, n = 0;
    double *errors = gt_arena_array(a, (size_t)of, sizeof *errors);
    if (!errors) return GT_NOMEM;
    for (int64_t i = 0; i < of; i++) {
        bool counts = limit->errors || !l->normal || l->all[i].kind == GT_ANOMALY_NORMAL;
        double error = (double)(limit->errors ? limit->errors[i] : l->all[i].error);
        if (counts && isfinite(error)) errors[n++] = error;
    }
    if (!n) return gt_fail(GT_FAILED, "no normal image has a finite error: there is no threshold");
    qsort(errors, (size_t)n, sizeof *errors, by_size);
    double place = l->quantile * (double)(n - 1);
    int64_t below = (int64_t)place, next = below + 1 < n ? below + 1 : below;
    l->threshold = errors[below] + (place - (double)below) * (errors[next] - errors[below]);
    return GT_OK;
}

static gt_status set_threshold(gt_arena *a, gt_anomalies *l, const gt_anomalies_limit *limit) {
    bool given = !isnan(limit->threshold);
    l->threshold = limit->threshold;
    l->quantile = given ? (double)NAN : limit->quantile;
    gt_status st = given ? GT_OK : find_threshold(a, l, limit);
    if (st) return st;
    for (int64_t i = 0; i < l->n; i++) {
        l->all[i].above = !((double)l->all[i].error <= l->threshold);
        l->above += l->all[i].above;
    }
    return GT_OK;
}

gt_status gt_anomalies_rank(gt_arena *a, gt_dataset *data, const float *error, const char *normal,
                            const gt_anomalies_limit *limit, gt_anomalies *out) {
    int64_t n = gt_dataset_get_info(data)->count;
    *out = (gt_anomalies){.data = data,
                          .n = n,
                          .all = gt_arena_array(a, (size_t)n, sizeof *out->all),
                          .normal = normal && *normal ? normal : NULL};
    if (!out->all) return GT_NOMEM;
    for (int64_t i = 0; i < n; i++) out->all[i] = (gt_anomaly){.error = error[i], .item = i};
    qsort(out->all, (size_t)n, sizeof *out->all, by_error);
    gt_status st = out->normal ? set_kinds(a, out) : GT_OK;
    return st ? st : set_threshold(a, out, limit);
}

/* ---- the table ---- */

static gt_status write_table(const gt_anomalies *l, const char *path) {
    gt_buffer b = {0};
    char name[GT_ITEM_NAME_BYTES];
    bool classes = gt_dataset_get_info(l->data)->label_kind == GT_LABELS_CLASSES;
    gt_buffer_printf(&b, "item,error,%sfile,above\n", classes ? "class," : "");
    for (int64_t i = 0; i < l->n; i++) {
        const gt_anomaly *one = &l->all[i];
        gt_buffer_printf(&b, "%lld,%.9g,", (long long)one->item, (double)one->error);
        if (classes) gt_buffer_printf(&b, "%d,", gt_dataset_class(l->data, one->item));
        gt_buffer_csv(&b, gt_dataset_name(l->data, one->item, name));
        gt_buffer_printf(&b, ",%d\n", one->above);
    }
    return gt_buffer_write(&b, path);
}

/* ---- the picture ---- */

static gt_status draw_pairs(gt_arena *a, const gt_anomalies *l, const gt_pairs_of *e, int64_t n, const char *path) {
    enum { PAIRS = 4 };
    const gt_model *m = e->model;
    size_t pixels = gt_model_floats(m);
    char name[GT_ITEM_NAME_BYTES];
    int64_t *items = gt_arena_array(a, (size_t)n, sizeof *items);
    float *images = gt_arena_array(a, 2 * (size_t)n, pixels * sizeof *images);
    sheet_cell *cells = gt_arena_array(a, 2 * (size_t)n, sizeof *cells);
    if (gt_arena_failed(a)) return GT_NOMEM;
    for (int64_t i = 0; i < n; i++) items[i] = l->all[i].item;
    gt_status st = e->read(e->arg, l->data, n, items, images);
    for (int64_t i = 0; i < 2 * n && !st; i++) {
        const gt_anomaly *one = &l->all[i / 2];
        cells[i] = (sheet_cell){.image = images + (size_t)i * pixels, .bad = one->above};
        cells[i].text[0] = i % 2 ? gt_arena_printf(a, "%s", gt_dataset_name(l->data, one->item, name))
                                 : gt_arena_printf(a, "error %.4g", (double)one->error);
    }
    const char *title = gt_arena_printf(
        a, "each image beside its reconstruction, the largest error first; red: above %.4g", l->threshold);
    sheet s = sheet_of(title, 2 * PAIRS, 2 * n, cells, m->height, m->width, m->channels);
    return st ? st : gt_arena_failed(a) ? GT_NOMEM : sheet_write(path, &s);
}

static gt_status draw_worst(const gt_anomalies *l, const gt_pairs_of *e, int64_t pictures, const char *path) {
    GT_ARENA gt_arena *a = gt_arena_new();
    return a ? draw_pairs(a, l, e, pictures < l->n ? pictures : l->n, path) : GT_NOMEM;
}

/* ---- all of them ---- */

static gt_status write_roc(gt_arena *a, const gt_anomalies *l, const char *stem, double *area) {
    gt_roc roc;
    gt_status st = gt_roc_of(a, l, &roc);
    if (!st) *area = roc.area;
    return st ? st : gt_roc_write(a, &roc, stem);
}

gt_status gt_anomalies_write(const gt_anomalies *l, const gt_pairs_of *e, int64_t pictures, const char *outdir,
                             double *area) {
    gt_arena *a = gt_arena_new();
    *area = 0;
    if (!a) return GT_NOMEM;
    gt_status st = write_table(l, gt_arena_printf(a, "%s/scores.csv", outdir));
    if (!st) st = draw_worst(l, e, pictures, gt_arena_printf(a, "%s/worst.png", outdir));
    if (!st) st = gt_anomalies_plot_errors(l, gt_arena_printf(a, "%s/errors", outdir));
    if (!st && l->normal) st = write_roc(a, l, gt_arena_printf(a, "%s/roc", outdir), area);
    gt_arena_free(a);
    return st;
}
