/* SPDX-License-Identifier: Apache-2.0
 * Runs beside each other as a picture, drawn by cairo. */
#include <cairo.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "base/door/library.h"
#include "base/door/text.h"
#include "figures/door/plot.h"
#include "features/report/compare.h"
#include "gantry/grid.h"
#include "gantry/picture.h"

enum {
    MOST_SIDE = 512,
    LEAST_WIDTH = 128 /* room for a name */,
    LEAST_HEIGHT = 32,
    GAP = 12,
    NAME_HEIGHT = 22,
    FONT_SIZE = 14,
    LARGEST_FILE = 256 << 20,
    OPAQUE = 255
};

/* Samples of 1 to 4 channels as cairo wants them: 32 bits a pixel, colours premultiplied. NULL: out of memory. */
static cairo_surface_t *surface_of(const gt_picture *p) {
    cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, p->width, p->height);
    unsigned char *rows = cairo_image_surface_get_data(s);
    int stride = cairo_image_surface_get_stride(s);
    for (int y = 0; rows && y < p->height; y++)
        for (int x = 0; x < p->width; x++) {
            const uint8_t *from = (const uint8_t *)p->samples +
                                  ((size_t)y * (size_t)p->width + (size_t)x) * (size_t)p->channels;
            int colours = p->channels - p->alpha;
            uint32_t alpha = p->alpha ? from[colours] : OPAQUE, pixel = alpha << 24;
            for (int c = 0; c < 3; c++)
                pixel |= ((uint32_t)from[colours == 3 ? c : 0] * alpha / OPAQUE) << (16 - 8 * c);
            memcpy(rows + (size_t)y * (size_t)stride + (size_t)x * sizeof pixel, &pixel, sizeof pixel);
        }
    cairo_surface_mark_dirty(s);
    return s;
}

/* *s NULL: the run has no picture yet. */
static gt_status newest_fakes(const char *dir, cairo_surface_t **s) {
    size_t n;
    long long *list = gt_grid_list_fakes(dir, &n);
    *s = NULL;
    if (!n) {
        free(list);
        return GT_OK;
    }
    char name[40];
    gt_grid_fakes_name(list[n - 1], name);
    free(list);
    GT_FREED char *path = gt_path_join(dir, name);
    GT_FREED void *bytes = NULL;
    size_t size;
    gt_picture p = {0};
    gt_status st = path ? gt_file_read(path, LARGEST_FILE, &bytes, &size)
                        : gt_fail(GT_NOMEM, "out of memory for a picture");
    if (!st && (st = gt_picture_decode(&p, bytes, size, 0))) st = gt_wrap(st, "'%s'", path);
    if (!st && p.type != GT_U8) st = gt_fail(GT_FORMAT, "'%s': a picture of 8-bit samples is expected", path);
    if (!st) *s = surface_of(&p);
    gt_picture_free(&p);
    return st;
}

static double scale_of(cairo_surface_t *s) {
    double side = fmax(cairo_image_surface_get_width(s), cairo_image_surface_get_height(s));
    return side > MOST_SIDE ? MOST_SIDE / side : 1;
}

typedef struct sheet {
    int columns, rows;
    double width, height; /* of a cell, its name aside */
} sheet;

static sheet lay_out(cairo_surface_t *const *pictures, int n, int columns) {
    sheet s = {.columns = columns ? columns : (int)ceil(sqrt(n)), .width = LEAST_WIDTH, .height = LEAST_HEIGHT};
    if (s.columns > n) s.columns = n;
    s.rows = (n + s.columns - 1) / s.columns;
    for (int i = 0; i < n; i++) {
        if (!pictures[i]) continue;
        s.width = fmax(s.width, ceil(scale_of(pictures[i]) * cairo_image_surface_get_width(pictures[i])));
        s.height = fmax(s.height, ceil(scale_of(pictures[i]) * cairo_image_surface_get_height(pictures[i])));
    }
    return s;
}

static void draw_cell(cairo_t *c, const sheet *s, int cell, cairo_surface_t *picture, const char *dir) {
    double x = GAP + cell % s->columns * (s->width + GAP),
           y = GAP + cell / s->columns * (s->height + NAME_HEIGHT + GAP);
    char text[GT_NAME_BYTES];
    gt_path_name(dir, text);
    gt_utf8_clean(text); /* cairo draws nothing more after text that is not UTF-8 */
    cairo_save(c);
    cairo_rectangle(c, x, y, s->width, s->height + NAME_HEIGHT);
    cairo_clip(c);
    cairo_set_source_rgb(c, 0, 0, 0);
    cairo_move_to(c, x, y + s->height + FONT_SIZE + 2);
    cairo_show_text(c, text);
    cairo_restore(c);
    if (!picture) return;
    cairo_save(c);
    cairo_translate(c, x, y);
    cairo_scale(c, scale_of(picture), scale_of(picture));
    cairo_set_source_surface(c, picture, 0, 0);
    cairo_paint(c);
    cairo_restore(c);
}

static gt_status write_sheet(const char *path, cairo_surface_t *const *pictures, const char *const *dirs, int n,
                             int columns) {
    sheet s = lay_out(pictures, n, columns);
    double width = GAP + s.columns * (s.width + GAP), height = GAP + s.rows * (s.height + NAME_HEIGHT + GAP);
    page p;
    cairo_t *c = page_begin(&p, true, (int)width, (int)height);
    cairo_set_font_size(c, FONT_SIZE);
    for (int i = 0; i < n; i++) draw_cell(c, &s, i, pictures[i], dirs[i]);
    return page_write(&p, path);
}

gt_status gt_compare_picture(const char *path, const char *const *dirs, int n, int columns) {
    GT_FREED cairo_surface_t **pictures = calloc((size_t)n + 1, sizeof *pictures);
    gt_status st = pictures ? gt_library_open("cairo") : gt_fail(GT_NOMEM, "out of memory comparing runs");
    for (int i = 0; i < n && !st; i++) st = newest_fakes(dirs[i], &pictures[i]);
    if (!st) st = write_sheet(path, pictures, dirs, n, columns);
    for (int i = 0; pictures && i < n; i++)
        if (pictures[i]) cairo_surface_destroy(pictures[i]);
    return st;
}

bool gt_compare_has_pictures(const char *const *dirs, int n) {
    size_t any = 0;
    for (int i = 0; i < n && !any; i++) free(gt_grid_list_fakes(dirs[i], &any));
    return any > 0;
}
