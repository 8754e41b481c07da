/* SPDX-License-Identifier: Apache-2.0
 * Classes of pixels: masks, overlays in the colours of the classes, and tables. See features/predict/prediction_view.h.
 */
#include "base/door/file.h"
#include "base/door/progress.h"
#include "files/h5/door/arrays.h"
#include "files/codec/door/codec.h"
#include "networks/model/door/model.h"
#include "figures/door/figure.h"
#include "gantry/grid.h"
#include "runner/door/image_set.h"
#include "features/predict/prediction_view.h"
#include "figures/door/sheet.h"

enum { FILES = 1000 /* in a folder of masks */, LEVEL = 6, ITEMS_A_ROW = 2, LEGEND_MAX = 64 };

const char *gt_segmentation_class_name(const gt_segmentation *s, gt_arena *a, int class) {
    const gt_dataset_info *info = gt_dataset_get_info(s->data);
    if (info->mask_name && class < info->mask_classes) return info->mask_name[class];
    return gt_arena_printf(a, "%d", class);
}

/* ---- colours ---- */

/* Colours that differ as much as those of few classes can: hues a golden section apart, three brightnesses. Class 0,
 * often the ground, is grey. -1 .. 1. */
static void colour_of(int class, float rgb[3]) {
    const double value[] = {1, 0.85, 0.65};
    for (int c = 0; c < 3; c++) rgb[c] = class ? 0 : -0.4f;
    if (class == GT_MASK_IGNORE) rgb[0] = rgb[1] = rgb[2] = 1;
    if (!class || class == GT_MASK_IGNORE) return;
    double hue = 0.618034 * class;
    hue = 6 * (hue - (int)hue);
    for (int c = 0; c < 3; c++) {
        double apart = hue - 2 * c; /* from red, green, blue */
        if (apart < 0) apart = -apart;
        if (apart > 3) apart = 6 - apart;
        double part = apart <= 1 ? 1 : apart >= 2 ? 0 : 2 - apart;
        rgb[c] = (float)(2 * part * value[class % 3] - 1);
    }
}

/* The picture in three channels; with `classes` (NULL: none) in grey, and the colours of the classes over it. */
static void paint_overlay(const gt_model *m, const float *image, const uint8_t *classes, float *out) {
    const float cover = 0.6f;
    int colours = gt_grid_shown(m->channels);
    size_t pixels = (size_t)m->height * (size_t)m->width;
    for (size_t p = 0; p < pixels; p++, image += m->channels, out += 3) {
        float rgb[3], grey = 0;
        for (int c = 0; c < 3; c++) grey += (out[c] = image[colours == 3 ? c : 0]) / 3;
        if (!classes) continue;
        colour_of(classes[p], rgb);
        for (int c = 0; c < 3; c++) out[c] = grey + cover * (rgb[c] - grey);
    }
}

/* ---- overlays ---- */

typedef struct overlays {
    const gt_segmentation *of;
    gt_arena *arena;
    int a_item; /* cells of an item: 3 with masks, else 2 */
    size_t floats;
    gt_image_set images;
    float *colours; /* of all cells */
    uint8_t *mask;
    sheet_cell *cells;
    int64_t used;
} overlays;

static float *next_cell(overlays *o, const char *text) {
    sheet_cell *cell = &o->cells[o->used];
    float *image = o->colours + (size_t)o->used++ * o->floats;
    *cell = (sheet_cell){.image = image, .text = {text}};
    return image;
}

static gt_status add_item(overlays *o, int64_t i) {
    const gt_model *m = o->of->model;
    int64_t item = o->images.items[i];
    const float *image = o->images.images + (size_t)i * gt_model_floats(m);
    paint_overlay(m, image, NULL, next_cell(o, gt_arena_printf(o->arena, "image %lld", (long long)item)));
    gt_status st = o->a_item == 3 ? gt_dataset_mask(o->of->data, item, o->mask) : GT_OK;
    if (st) return st;
    if (o->a_item == 3) paint_overlay(m, image, o->mask, next_cell(o, "mask"));
    const uint8_t *classes = o->of->classes + (size_t)item * (size_t)m->height * (size_t)m->width;
    paint_overlay(m, image, classes, next_cell(o, "prediction"));
    return GT_OK;
}

static void add_legend(overlays *o, int classes) {
    int columns = ITEMS_A_ROW * o->a_item;
    while (o->used % columns) o->cells[o->used++] = (sheet_cell){0};
    for (int k = 0; k < classes; k++) {
        float rgb[3], *to = next_cell(o, gt_segmentation_class_name(o->of, o->arena, k));
        colour_of(k, rgb);
        for (size_t p = 0; p < o->floats; p++) to[p] = rgb[p % 3];
    }
}

static gt_status draw_overlays(gt_arena *a, const gt_segmentation *s, int64_t n, const char *path) {
    const gt_model *m = s->model;
    const gt_dataset_info *info = gt_dataset_get_info(s->data);
    int classes = m->label_dim < LEGEND_MAX ? m->label_dim : LEGEND_MAX;
    if (n > info->count) n = info->count;
    overlays o = {
        .of = s, .arena = a, .a_item = info->masks ? 3 : 2, .floats = 3 * (size_t)m->height * (size_t)m->width};
    size_t cells = (size_t)n * (size_t)o.a_item + (size_t)classes + (size_t)(ITEMS_A_ROW * o.a_item);
    o.colours = gt_arena_array(a, cells, o.floats * sizeof *o.colours);
    o.cells = gt_arena_array(a, cells, sizeof *o.cells);
    o.mask = gt_arena_alloc(a, o.floats);
    gt_status st = gt_arena_failed(a) ? GT_NOMEM : gt_image_set_read(a, s->data, n, &o.images);
    for (int64_t i = 0; i < n && !st; i++) st = add_item(&o, i);
    if (st) return st;
    add_legend(&o, classes);
    sheet drawn = sheet_of("the classes of pixels; the legend is at the end", ITEMS_A_ROW * o.a_item, o.used, o.cells,
                           m->height, m->width, 3);
    return gt_arena_failed(a) ? GT_NOMEM : sheet_write(path, &drawn);
}

/* ---- masks ---- */

static gt_status write_mask(gt_arena *a, const gt_segmentation *s, int64_t item, const char *folder) {
    const gt_dataset_info *info = gt_dataset_get_info(s->data);
    size_t pixels = (size_t)info->height * (size_t)info->width;
    gt_picture mask = {.height = info->height,
                       .width = info->width,
                       .channels = 1,
                       .samples = (void *)(s->classes + (size_t)item * pixels)};
    gt_buffer png = {0};
    void *bytes;
    const char *path = gt_arena_printf(a, "%s/img%08lld.png", folder, (long long)item);
    gt_status st = gt_png_encode(&mask, LEVEL, &bytes, &png.n);
    if (st) return st;
    png.data = bytes;
    return gt_buffer_write(&png, path);
}

static gt_status write_masks(gt_arena *a, const gt_segmentation *s, const char *outdir) {
    gt_status st = GT_OK;
    const char *folder = NULL;
    for (int64_t i = 0; i < gt_dataset_get_info(s->data)->count && !st; i++) {
        gt_progress();
        if (i % FILES == 0) {
            folder = gt_arena_printf(a, "%s/masks/%05lld", outdir, (long long)(i / FILES));
            st = folder ? gt_make_directories(folder) : GT_NOMEM;
        }
        if (!st) st = write_mask(a, s, i, folder);
    }
    return st;
}

/* ---- all of that ---- */

static gt_status write_arrays(const gt_segmentation *s, const char *path) {
    const gt_dataset_info *info = gt_dataset_get_info(s->data);
    gt_array classes = {"classes", GT_NUMBER_UINT8, 3, {info->count, info->height, info->width}, s->classes};
    return gt_arrays_write(path, &classes, 1);
}

gt_status gt_segmentation_write(const gt_segmentation *s, int64_t pictures, const char *outdir) {
    GT_ARENA gt_arena *a = gt_arena_new();
    if (!a) return GT_NOMEM;
    gt_status st = write_masks(a, s, outdir);
    if (!st) st = write_arrays(s, gt_arena_printf(a, "%s/predictions.h5", outdir));
    return st ? st : draw_overlays(a, s, pictures, gt_arena_printf(a, "%s/overlays.png", outdir));
}

/* ---- scores ---- */

static gt_status write_scores(gt_arena *a, const gt_segmentation *of, const char *outdir) {
    const gt_segment_scores *s = of->scores;
    const char **names = gt_arena_array(a, (size_t)s->classes, sizeof *names);
    if (!names) return GT_NOMEM;
    for (int i = 0; i < s->classes; i++) names[i] = gt_segmentation_class_name(of, a, i);
    return gt_confusion_write_tables(a, outdir, "pixels", s->confusion, s->classes, names, s->iou);
}

gt_status gt_segmentation_write_scores(const gt_segmentation *s, const char *outdir) {
    GT_ARENA gt_arena *a = gt_arena_new();
    return a ? write_scores(a, s, outdir) : GT_NOMEM;
}
