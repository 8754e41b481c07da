/* SPDX-License-Identifier: Apache-2.0
 * Pictures of segmentation: overlays in the colours of the classes, masks as PNG files. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

#include "cli/segmenting.h"
#include "gantry/codec.h"
#include "gantry/file.h"
#include "gantry/grid.h"
#include "gantry/items.h"
#include "gantry/progress.h"
#include "report/sheet.h"

enum { FILES = 1000 /* in a folder of masks */, LEVEL = 6, ITEMS_A_ROW = 2, LEGEND_MOST = 64 };

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
static void overlay(const gt_model *m, const float *image, const uint8_t *classes, float *out) {
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

typedef struct drawing {
    const cli_segmenting *c;
    int64_t n;
    int a_item; /* cells of an item: 3 with masks, else 2 */
    size_t floats;
    float *images;  /* [n,H,W,C] */
    float *colours; /* of all cells */
    uint8_t *mask;
    sheet_cell *cells;
    int64_t used;
} drawing;

static float *next_cell(drawing *d, const char *text) {
    sheet_cell *cell = &d->cells[d->used];
    float *image = d->colours + (size_t)d->used++ * d->floats;
    *cell = (sheet_cell){.image = image, .text = {text}};
    return image;
}

static gt_status draw_item(drawing *d, int64_t i, int64_t item) {
    const gt_model *m = d->c->model;
    const float *image = d->images + (size_t)i * gt_model_floats(m);
    overlay(m, image, NULL, next_cell(d, gt_arena_printf(d->c->session->arena, "image %lld", (long long)item)));
    gt_status st = d->a_item == 3 ? gt_dataset_mask(d->c->data, item, d->mask) : GT_OK;
    if (st) return st;
    if (d->a_item == 3) overlay(m, image, d->mask, next_cell(d, "mask"));
    overlay(m, image, d->c->classes + (size_t)item * (size_t)m->height * (size_t)m->width, next_cell(d, "prediction"));
    return GT_OK;
}

static void draw_legend(drawing *d, int classes) {
    int columns = ITEMS_A_ROW * d->a_item;
    while (d->used % columns) d->cells[d->used++] = (sheet_cell){0};
    for (int k = 0; k < classes; k++) {
        float rgb[3], *to = next_cell(d, cli_segment_name(d->c, k));
        colour_of(k, rgb);
        for (size_t p = 0; p < d->floats; p++) to[p] = rgb[p % 3];
    }
}

gt_status cli_segment_draw(const cli_segmenting *c, int64_t n, const char *path) {
    const gt_model *m = c->model;
    int classes = m->label_dim < LEGEND_MOST ? m->label_dim : LEGEND_MOST;
    drawing d = {.c = c, .n = n, .a_item = c->info->masks ? 3 : 2, .floats = 3 * (size_t)m->height * (size_t)m->width};
    size_t cells = (size_t)n * (size_t)d.a_item + (size_t)classes + (size_t)(ITEMS_A_ROW * d.a_item);
    int64_t *items = gt_arena_array(c->session->arena, (size_t)n, sizeof *items);
    d.images = calloc((size_t)n * gt_model_floats(m), sizeof *d.images);
    d.colours = calloc(cells * d.floats, sizeof *d.colours);
    d.cells = calloc(cells, sizeof *d.cells);
    d.mask = malloc(d.floats);
    bool room = items && d.images && d.colours && d.cells && d.mask;
    gt_status st = room ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %lld pictures", (long long)n);
    for (int64_t i = 0; i < n && !st; i++) items[i] = i * c->info->count / n;
    if (!st) st = gt_read_images(c->data, n, items, d.images);
    for (int64_t i = 0; i < n && !st; i++) st = draw_item(&d, i, items[i]);
    if (!st) draw_legend(&d, classes);
    if (!st)
        st = sheet_write(path, &(sheet){.title = "the classes of pixels; the colours stand at the end",
                                        .columns = ITEMS_A_ROW * d.a_item,
                                        .n = d.used,
                                        .cells = d.cells,
                                        .height = m->height,
                                        .width = m->width,
                                        .channels = 3,
                                        .lo = -1,
                                        .hi = 1});
    free(d.images);
    free(d.colours);
    free(d.cells);
    free(d.mask);
    return st;
}

static gt_status write_mask(const cli_segmenting *c, const char *outdir, int64_t item) {
    size_t pixels = (size_t)c->info->height * (size_t)c->info->width, n;
    gt_picture mask = {.height = c->info->height,
                       .width = c->info->width,
                       .channels = 1,
                       .samples = c->classes + (size_t)item * pixels};
    char *path;
    void *bytes;
    if (asprintf(&path, "%s/masks/%05lld/img%08lld.png", outdir, (long long)(item / FILES), (long long)item) < 0)
        return gt_fail(GT_NOMEM, "out of memory for a file name");
    gt_status st = gt_png_encode(&mask, LEVEL, &bytes, &n);
    if (!st) st = gt_file_write(path, bytes, n);
    if (!st) free(bytes);
    free(path);
    return st;
}

gt_status cli_segment_write_masks(const cli_segmenting *c, const char *outdir) {
    gt_status st = GT_OK;
    for (int64_t i = 0; i < c->info->count && !st; i++) {
        char *folder;
        gt_progress();
        if (i % FILES == 0) {
            if (asprintf(&folder, "%s/masks/%05lld", outdir, (long long)(i / FILES)) < 0)
                return gt_fail(GT_NOMEM, "out of memory for a file name");
            st = gt_make_directories(folder);
            free(folder);
        }
        if (!st) st = write_mask(c, outdir, i);
    }
    return st;
}
