/* SPDX-License-Identifier: Apache-2.0
 * Sheets of pictures with words: see sheet.h. */
#include "figures/door/sheet.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/door/library.h"
#include "files/codec/door/grid.h"
#include "figures/door/plot.h"

/* pixels of the page */
enum { SIDE_MIN = 96, SIDE_MAX = 320, GAP = 8, LINE = 14, TITLE = 28 };

static const double letter = 11, letter_min = 7;

typedef struct layout {
    double scale; /* of an image */
    int cell_width, cell_height, image_width, image_height, lines, columns;
    int64_t rows;
} layout;

sheet sheet_of(const char *title, int columns, int64_t n, const sheet_cell *cells, int height, int width,
               int channels) {
    return (sheet){.title = title,
                   .columns = columns,
                   .n = n,
                   .cells = cells,
                   .height = height,
                   .width = width,
                   .channels = channels,
                   .lo = -1,
                   .hi = 1};
}

static layout layout_of(const sheet *s) {
    layout l = {.scale = 1, .columns = s->columns};
    int side = s->width > s->height ? s->width : s->height;
    if (side < SIDE_MIN) l.scale = (SIDE_MIN + side - 1) / side;
    int side_max = s->side_max ? s->side_max : SIDE_MAX;
    if (side > side_max) l.scale = (double)side_max / side;
    l.image_width = (int)ceil(s->width * l.scale);
    l.image_height = (int)ceil(s->height * l.scale);
    for (int64_t i = 0; i < s->n; i++)
        for (int k = 0; k < SHEET_LINES; k++)
            if (s->cells[i].text[k] && k >= l.lines) l.lines = k + 1;
    l.cell_width = (l.image_width > SIDE_MIN ? l.image_width : SIDE_MIN) + GAP;
    l.cell_height = l.image_height + l.lines * LINE + GAP;
    if (s->n < l.columns) l.columns = (int)s->n;
    l.rows = (s->n + l.columns - 1) / l.columns;
    return l;
}

/* Bilinear, pixel centres on pixel centres. */
static double heat_at(const sheet *s, const float *heat, int y, int x) {
    double v = (y + .5) * s->heat_height / s->height - .5, u = (x + .5) * s->heat_width / s->width - .5;
    v = fmin(fmax(v, 0), s->heat_height - 1);
    u = fmin(fmax(u, 0), s->heat_width - 1);
    int y0 = (int)v, x0 = (int)u, y1 = y0 + (y0 + 1 < s->heat_height), x1 = x0 + (x0 + 1 < s->heat_width);
    const float *a = heat + (size_t)y0 * (size_t)s->heat_width, *b = heat + (size_t)y1 * (size_t)s->heat_width;
    return (1 - (v - y0)) * ((1 - (u - x0)) * (double)a[x0] + (u - x0) * (double)a[x1]) +
           (v - y0) * ((1 - (u - x0)) * (double)b[x0] + (u - x0) * (double)b[x1]);
}

static void pixel(const sheet *s, const sheet_cell *c, int y, int x, uint8_t *bgr) {
    const float *from = c->image + ((size_t)y * (size_t)s->width + (size_t)x) * (size_t)s->channels;
    int shown = gt_grid_shown(s->channels);
    double rgb[3], colour[3];
    for (int k = 0; k < 3; k++) {
        uint8_t byte;
        gt_grid_pixels(from + (shown == 3 ? k : 0), 1, s->lo, s->hi, &byte);
        rgb[k] = byte / 255.0;
    }
    if (c->heat) {
        const double cover = 0.65;
        double v = heat_at(s, c->heat, y, x), grey = (rgb[0] + rgb[1] + rgb[2]) / 3;
        plot_heat(v, colour);
        for (int k = 0; k < 3; k++) rgb[k] = (1 - cover) * grey + cover * colour[k];
    }
    for (int k = 0; k < 3; k++) bgr[2 - k] = (uint8_t)(rgb[k] * 255 + .5);
}

static void draw_image(cairo_t *to, const sheet *s, const layout *l, const sheet_cell *c, double x, double y) {
    cairo_surface_t *image = cairo_image_surface_create(CAIRO_FORMAT_RGB24, s->width, s->height);
    if (!cairo_surface_status(image)) {
        uint8_t *data = cairo_image_surface_get_data(image);
        size_t stride = (size_t)cairo_image_surface_get_stride(image);
        for (int row = 0; row < s->height; row++)
            for (int k = 0; k < s->width; k++) pixel(s, c, row, k, data + (size_t)row * stride + 4 * (size_t)k);
        cairo_surface_mark_dirty(image);
    }
    cairo_save(to);
    cairo_translate(to, x, y);
    cairo_rectangle(to, 0, 0, l->image_width, l->image_height);
    cairo_clip(to);
    cairo_scale(to, l->scale, l->scale);
    cairo_set_source_surface(to, image, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(to), l->scale < 1 ? CAIRO_FILTER_GOOD : CAIRO_FILTER_NEAREST);
    cairo_paint(to);
    cairo_restore(to);
    cairo_surface_destroy(image);
}

/* In at most so many pixels: smaller letters first, then fewer of them. */
static void draw_words(cairo_t *to, const char *text, double x, double y, double width, double before) {
    char words[128];
    cairo_text_extents_t e;
    double size = letter;
    snprintf(words, sizeof words, "%s", text);
    for (;;) {
        cairo_set_font_size(to, size);
        cairo_text_extents(to, words, &e);
        size_t n = strlen(words);
        if (e.x_advance <= width || n < 2) break;
        if (size > letter_min) {
            size -= 1;
            continue;
        }
        for (n--; n > 1 && ((unsigned char)words[n] & 0xC0) == 0x80;) n--; /* whole letters of UTF-8 */
        words[n] = 0;
    }
    cairo_move_to(to, x - before * e.x_advance, y);
    cairo_show_text(to, words);
}

static void draw_frame(cairo_t *to, const layout *l, const sheet_box *b, double left, double top, double line,
                       const double rgb[3]) {
    cairo_set_source_rgb(to, rgb[0], rgb[1], rgb[2]);
    cairo_set_line_width(to, line);
    cairo_rectangle(to, left, top, (b->right - b->left) * l->scale, (b->bottom - b->top) * l->scale);
    cairo_stroke(to);
}

/* A frame in two colours is seen on every ground. */
static void draw_box(cairo_t *to, const layout *l, const sheet_box *b, double x, double y) {
    static const double black[] = {0, 0, 0}, yellow[] = {1, 1, .2}, red[] = {1, .25, .2};
    double left = x + b->left * l->scale, top = y + b->top * l->scale;
    draw_frame(to, l, b, left, top, 3.5, black);
    draw_frame(to, l, b, left, top, 1.5, b->bad ? red : yellow);
    if (!b->text) return;
    cairo_text_extents_t e;
    cairo_set_font_size(to, letter - 1);
    cairo_text_extents(to, b->text, &e);
    double right = x + l->image_width - e.x_advance - 4, at = left < right ? left : right,
           base = top - 3 > y + LINE - 4 ? top - 3 : top + LINE - 1;
    cairo_set_source_rgba(to, 0, 0, 0, .7);
    cairo_rectangle(to, at, base - LINE + 4, e.x_advance + 4, LINE - 1);
    cairo_fill(to);
    cairo_set_source_rgb(to, 1, 1, 1);
    cairo_move_to(to, at + 2, base);
    cairo_show_text(to, b->text);
}

static void draw_cell(cairo_t *to, const sheet *s, const layout *l, int64_t i) {
    const sheet_cell *c = &s->cells[i];
    double x = (double)(i % l->columns) * l->cell_width + GAP / 2.0,
           y = (double)(i / l->columns) * l->cell_height + (s->title ? TITLE : GAP / 2.0);
    double room = l->cell_width - GAP;
    double image_x = x + (room - l->image_width) / 2;
    if (c->image) draw_image(to, s, l, c, image_x, y);
    for (int k = 0; k < c->boxes; k++) draw_box(to, l, &c->box[k], image_x, y);
    for (int k = 0; k < SHEET_LINES; k++) {
        if (!c->text[k]) continue;
        cairo_set_source_rgb(to, c->bad ? .7 : .15, .1, .1);
        draw_words(to, c->text[k], x + room / 2, y + l->image_height + (k + 1) * LINE - 3, room, 0.5);
    }
}

gt_status sheet_write(const char *path, const sheet *s) {
    if (s->n < 1 || s->columns < 1 || s->height < 1 || s->width < 1)
        return gt_fail(GT_USAGE, "%s: a sheet of %lld pictures of %dx%d", path, (long long)s->n, s->width, s->height);
    layout l = layout_of(s);
    gt_status st = gt_grid_check(l.columns, l.rows, l.cell_height, l.cell_width, 3);
    if (!st) st = gt_library_open("cairo");
    if (st) return st;
    int width = l.columns * l.cell_width, height = (int)l.rows * l.cell_height + (s->title ? TITLE : GAP / 2);
    page p;
    cairo_t *c = page_begin(&p, true, width, height);
    cairo_set_source_rgb(c, .15, .15, .15);
    if (s->title) draw_words(c, s->title, GAP / 2.0, TITLE - 10, width - GAP, 0);
    for (int64_t i = 0; i < s->n; i++) draw_cell(c, s, &l, i);
    return page_write(&p, path);
}
