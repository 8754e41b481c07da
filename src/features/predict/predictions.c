/* SPDX-License-Identifier: Apache-2.0
 * Classes of images, and maps of classes: see features/predict/prediction_view.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "files/h5/door/arrays.h"
#include "networks/model/door/model.h"
#include "figures/door/figure.h"
#include "runner/door/items.h"
#include "features/predict/prediction_view.h"
#include "figures/door/sheet.h"

/* ---- names ---- */

/* From the first of two lists that has a name. */
static const char *name_from(const gt_predictions *p, gt_arena *a, int class, bool data_first) {
    static const gt_checkpoint_data nothing;
    const gt_checkpoint_data *known = p->known ? p->known : &nothing;
    const gt_dataset_info *info = gt_dataset_get_info(p->data);
    for (int i = 0; i < 2; i++) {
        bool data = (i == 0) == data_first;
        if (data && class >= 0 && class < info->class_names) return info->class_name[class];
        if (!data && class >= 0 && class < known->class_names) return known->class_name[class];
    }
    return gt_arena_printf(a, "%d", class);
}

const char *gt_predicted_name(const gt_predictions *p, gt_arena *a, int class) { return name_from(p, a, class, false); }

/* As the data have it. */
static const char *true_name(const gt_predictions *p, gt_arena *a, int class) { return name_from(p, a, class, true); }

static int64_t count_of(const gt_predictions *p) { return gt_dataset_get_info(p->data)->count; }

/* ---- table and arrays ---- */

static gt_status write_table(gt_arena *a, const gt_predictions *p, const char *path) {
    gt_buffer b = {0};
    bool known = gt_dataset_get_info(p->data)->label_kind == GT_LABELS_CLASSES;
    gt_buffer_printf(&b, known ? "item,class,probability,truth\n" : "item,class,probability\n");
    for (int64_t i = 0; i < count_of(p); i++) {
        const gt_classified *r = &p->all[i];
        gt_buffer_printf(&b, "%lld,", (long long)i);
        gt_buffer_csv(&b, gt_predicted_name(p, a, r->best));
        gt_buffer_printf(&b, ",%.6f", (double)r->probability);
        if (known) gt_buffer_printf(&b, ",");
        if (known && r->truth >= 0) gt_buffer_csv(&b, true_name(p, a, r->truth));
        gt_buffer_printf(&b, "\n");
    }
    return gt_buffer_write(&b, path);
}

/* The classes' names, each in `width` bytes with a 0. */
static char *name_table(gt_arena *a, const gt_predictions *p, int64_t *width) {
    int n = p->model->label_dim;
    *width = 1;
    for (int i = 0; i < n; i++) {
        const char *name = gt_predicted_name(p, a, i);
        if (name && (int64_t)strlen(name) >= *width) *width = (int64_t)strlen(name) + 1;
    }
    char *all = gt_arena_array(a, (size_t)n, (size_t)*width);
    for (int i = 0; all && i < n; i++) snprintf(all + i * *width, (size_t)*width, "%s", gt_predicted_name(p, a, i));
    return all;
}

static gt_status write_arrays(gt_arena *a, const gt_predictions *p, const char *path) {
    int64_t n = count_of(p), width;
    int32_t *class = gt_arena_array(a, (size_t)n, sizeof *class), *truth = gt_arena_array(a, (size_t)n, sizeof *truth);
    const char *names = name_table(a, p, &width);
    if (gt_arena_failed(a)) return GT_NOMEM;
    for (int64_t i = 0; i < n; i++) class[i] = p->all[i].best, truth[i] = p->all[i].truth;
    gt_array arrays[] = {{"class", GT_NUMBER_INT32, 1, {n}, class},
                         {"truth", GT_NUMBER_INT32, 1, {n}, truth},
                         {"probability", GT_NUMBER_FLOAT, 2, {n, p->model->label_dim}, p->probabilities},
                         {"class_names", GT_NUMBER_TEXT, 2, {p->model->label_dim, width}, names}};
    return gt_arrays_write(path, arrays, 4);
}

/* ---- pictures ---- */

typedef enum prediction_kind {
    KIND_UNKNOWN, /* the image has no class, or one that the network does not know */
    KIND_RIGHT,
    KIND_WRONG,
} prediction_kind;

static prediction_kind kind_of(const gt_classified *r) {
    if (r->place < 0) return KIND_UNKNOWN;
    return r->truth == r->best ? KIND_RIGHT : KIND_WRONG;
}

typedef struct sure_item {
    float probability;
    int64_t item;
} sure_item;

/* The surest first. */
static int by_probability(const void *a, const void *b) {
    const sure_item *x = a, *y = b;
    if (x->probability != y->probability) return x->probability > y->probability ? -1 : 1;
    return (x->item > y->item) - (x->item < y->item);
}

/* *items [*n]: of this kind, at most `most` of them. */
static gt_status choose_items(gt_arena *a, const gt_predictions *p, prediction_kind kind, int64_t most, int64_t **items,
                              int64_t *n) {
    int64_t count = count_of(p);
    sure_item *all = gt_arena_array(a, (size_t)count, sizeof *all);
    *items = gt_arena_array(a, (size_t)count, sizeof **items);
    *n = 0;
    if (!all || !*items) return GT_NOMEM;
    for (int64_t i = 0; i < count; i++)
        if (kind_of(&p->all[i]) == kind) all[(*n)++] = (sure_item){p->all[i].probability, i};
    qsort(all, (size_t)*n, sizeof *all, by_probability);
    if (*n > most) *n = most;
    for (int64_t i = 0; i < *n; i++) (*items)[i] = all[i].item;
    return GT_OK;
}

static void set_words(gt_arena *a, const gt_predictions *p, int64_t item, sheet_cell *cell) {
    const gt_classified *r = &p->all[item];
    const char *taken = gt_arena_printf(a, "%s %.2f", gt_predicted_name(p, a, r->best), (double)r->probability);
    int line = 0;
    if (r->truth >= 0) cell->text[line++] = gt_arena_printf(a, "is %s", true_name(p, a, r->truth));
    cell->text[line] = kind_of(r) == KIND_UNKNOWN ? taken : gt_arena_printf(a, "taken for %s", taken);
    cell->bad = kind_of(r) == KIND_WRONG;
}

static gt_status draw_items(gt_arena *a, const gt_predictions *p, int64_t n, int64_t *items, const char *title,
                            const char *path) {
    enum { COLUMNS = 8 };
    const gt_model *m = p->model;
    size_t pixels = gt_model_floats(m);
    float *images = gt_arena_array(a, (size_t)n, pixels * sizeof *images);
    sheet_cell *cells = gt_arena_array(a, (size_t)n, sizeof *cells);
    gt_status st = images && cells ? gt_read_images(p->data, n, items, images) : GT_NOMEM;
    for (int64_t i = 0; i < n && !st; i++) {
        cells[i].image = images + (size_t)i * pixels;
        set_words(a, p, items[i], &cells[i]);
    }
    sheet s = sheet_of(title, COLUMNS, n, cells, m->height, m->width, m->channels);
    return st ? st : gt_arena_failed(a) ? GT_NOMEM : sheet_write(path, &s);
}

/* A picture that this command would have made with other data; none is fine. */
static gt_status remove_picture(const char *path) {
    int error = gt_file_remove(path);
    return error && error != ENOENT ? gt_fail(GT_FAILED, "%s: %s", path, strerror(error)) : GT_OK;
}

static gt_status draw_kind(const gt_predictions *p, prediction_kind kind, int64_t pictures, const char *title,
                           const char *path) {
    int64_t n, *items;
    GT_ARENA gt_arena *a = path ? gt_arena_new() : NULL;
    gt_status st = a ? choose_items(a, p, kind, pictures, &items, &n) : GT_NOMEM;
    return st ? st : n ? draw_items(a, p, n, items, title, path) : remove_picture(path);
}

gt_status gt_predictions_write(const gt_predictions *p, int64_t pictures, const char *outdir) {
    static const struct {
        prediction_kind kind;
        const char *name, *title;
    } sheets[] = {{KIND_RIGHT, "right.png", "classified rightly, the most certain first"},
                  {KIND_WRONG, "wrong.png", "classified wrongly, the most certain first"},
                  {KIND_UNKNOWN, "unknown.png", "without a known class, the most certain first"}};
    GT_ARENA gt_arena *a = gt_arena_new();
    if (!a) return GT_NOMEM;
    gt_status st = write_table(a, p, gt_arena_printf(a, "%s/predictions.csv", outdir));
    if (!st) st = write_arrays(a, p, gt_arena_printf(a, "%s/predictions.h5", outdir));
    for (int i = 0; i < 3 && !st; i++)
        st = draw_kind(p, sheets[i].kind, pictures, sheets[i].title,
                       gt_arena_printf(a, "%s/%s", outdir, sheets[i].name));
    return st;
}

/* ---- scores ---- */

static gt_status write_scores(gt_arena *a, const gt_predictions *p, const gt_scores *s, const char *outdir) {
    const char **names = gt_arena_array(a, (size_t)s->classes, sizeof *names);
    if (!names) return GT_NOMEM;
    for (int i = 0; i < s->classes; i++) names[i] = gt_predicted_name(p, a, i);
    return gt_confusion_write_tables(a, outdir, "images", s->confusion, s->classes, names, NULL);
}

gt_status gt_evaluation_write(const gt_predictions *p, const gt_scores *s, const char *outdir) {
    GT_ARENA gt_arena *a = gt_arena_new();
    return a ? write_scores(a, p, s, outdir) : GT_NOMEM;
}

/* ---- maps ---- */

typedef struct map_view {
    const gt_score_maps *maps;
    gt_predictions names; /* the data alone */
    gt_arena *arena;
    double *mean; /* [classes]: of an image's places */
} map_view;

/* The class of the largest mean over the map's places. */
static int best_class(const map_view *v, int64_t item) {
    const gt_score_maps *s = v->maps;
    int64_t places = (int64_t)s->height * s->width;
    const float *p = s->probability + item * places * s->classes;
    int best = 0;
    for (int k = 0; k < s->classes; k++) v->mean[k] = 0;
    for (int64_t i = 0; i < places * s->classes; i++) v->mean[i % s->classes] += (double)p[i] / (double)places;
    for (int k = 1; k < s->classes; k++)
        if (v->mean[k] > v->mean[best]) best = k;
    return best;
}

static gt_status write_map_tables(const map_view *v, const char *csv, const char *h5) {
    const gt_score_maps *s = v->maps;
    gt_buffer b = {0};
    gt_buffer_printf(&b, "item,class,probability\n");
    for (int64_t i = 0; i < s->count; i++) {
        int best = best_class(v, i);
        gt_buffer_printf(&b, "%lld,", (long long)i);
        gt_buffer_csv(&b, gt_predicted_name(&v->names, v->arena, best));
        gt_buffer_printf(&b, ",%.6f\n", v->mean[best]);
    }
    gt_array array = {"probability", GT_NUMBER_FLOAT, 4, {s->count, s->height, s->width, s->classes}, s->probability};
    gt_status st = gt_buffer_write(&b, csv);
    return st ? st : gt_arrays_write(h5, &array, 1);
}

static gt_status draw_maps(const map_view *v, int64_t n, const char *path) {
    enum { COLUMNS = 6 };
    const gt_score_maps *s = v->maps;
    const gt_dataset_info *info = gt_dataset_get_info(v->names.data);
    gt_arena *a = v->arena;
    size_t pixels = (size_t)info->height * (size_t)info->width * (size_t)info->channels,
           places = (size_t)s->height * (size_t)s->width;
    if (n > s->count) n = s->count;
    int64_t *items = gt_arena_array(a, (size_t)n, sizeof *items);
    float *images = gt_arena_array(a, (size_t)n, pixels * sizeof *images),
          *heat = gt_arena_array(a, (size_t)n, places * sizeof *heat);
    sheet_cell *cells = gt_arena_array(a, (size_t)n, sizeof *cells);
    if (gt_arena_failed(a)) return GT_NOMEM;
    for (int64_t i = 0; i < n; i++) items[i] = i;
    gt_status st = gt_read_images(v->names.data, n, items, images);
    for (int64_t i = 0; i < n && !st; i++) {
        int best = best_class(v, i);
        for (size_t k = 0; k < places; k++)
            heat[(size_t)i * places + k] = s->probability[((size_t)i * places + k) * (size_t)s->classes + (size_t)best];
        cells[i] = (sheet_cell){.image = images + (size_t)i * pixels, .heat = heat + (size_t)i * places};
        cells[i].text[0] = gt_arena_printf(a, "%s %.2f", gt_predicted_name(&v->names, a, best), v->mean[best]);
    }
    sheet drawn = sheet_of("bright: the probability of the class named below", COLUMNS, n, cells, info->height,
                           info->width, info->channels);
    drawn.heat_height = s->height;
    drawn.heat_width = s->width;
    return st ? st : gt_arena_failed(a) ? GT_NOMEM : sheet_write(path, &drawn);
}

gt_status gt_score_maps_write(const gt_score_maps *maps, gt_dataset *data, int64_t pictures, const char *outdir) {
    GT_ARENA gt_arena *a = gt_arena_new();
    if (!a) return GT_NOMEM;
    map_view v = {.maps = maps, .names.data = data, .arena = a};
    v.mean = gt_arena_array(a, (size_t)maps->classes, sizeof *v.mean);
    gt_status st = v.mean ? write_map_tables(&v, gt_arena_printf(a, "%s/predictions.csv", outdir),
                                             gt_arena_printf(a, "%s/predictions.h5", outdir))
                          : GT_NOMEM;
    return st ? st : draw_maps(&v, pictures, gt_arena_printf(a, "%s/maps.png", outdir));
}
