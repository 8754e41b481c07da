/* SPDX-License-Identifier: Apache-2.0
 * A confusion matrix as a picture and as a table. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/door/file.h"
#include "base/door/library.h"
#include "figures/door/figure.h"
#include "figures/door/plot.h"

enum {
    FEW = 24,   /* classes whose cells have numbers, and whose names are written */
    LARGE = 40, /* side of a cell, in pixels */
    SMALL = 10,
    LARGEST_PAGE = 8192,
    LEFT = 150,
    TOP = 60,
    REST = 110, /* below: names of columns */
    RIGHT = 20,
    HEAD = 360, /* width of the lines above */
    NAME = 16   /* characters of a name that are shown */
};

typedef struct table {
    const int64_t *counts;
    int classes, cell;
    const char *const *names;
} table;

static void write_name(const table *t, int class, double x, double y, double before, double angle, cairo_t *c) {
    char text[NAME + 8];
    if (t->names && t->names[class]) snprintf(text, sizeof text, "%.*s", NAME, t->names[class]);
    else snprintf(text, sizeof text, "%d", class);
    plot_text(&(pen){.cairo = c}, x, y, before, 12, angle, text);
}

static void draw_row(const table *t, int row, cairo_t *c) {
    const int64_t *counts = t->counts + (int64_t)row * t->classes;
    double sum = 0;
    for (int k = 0; k < t->classes; k++) sum += (double)counts[k];
    for (int k = 0; k < t->classes; k++) {
        double share = sum > 0 ? (double)counts[k] / sum : 0, x = LEFT + k * t->cell, y = TOP + row * t->cell;
        double rgb[3];
        plot_pale(sqrt(share), rgb); /* the root: a few mistakes can be seen */
        cairo_set_source_rgb(c, rgb[0], rgb[1], rgb[2]);
        cairo_rectangle(c, x, y, t->cell, t->cell);
        cairo_fill(c);
        if (t->classes > FEW || !counts[k]) continue;
        char text[24];
        snprintf(text, sizeof text, "%lld", (long long)counts[k]);
        plot_text(&(pen){.cairo = c}, x + t->cell / 2.0, y + t->cell / 2.0 + 4, 0.5, 11, 0, text);
    }
}

gt_status gt_confusion_write(const char *path, const int64_t *counts, int classes, const char *const *names) {
    table t = {counts, classes, classes > FEW ? SMALL : LARGE, names};
    while (t.cell > 1 && (int64_t)classes * t.cell > LARGEST_PAGE) t.cell--;
    if ((int64_t)classes * t.cell > LARGEST_PAGE)
        return gt_fail(GT_USAGE, "%s: %d classes are too many for a picture", path, classes);
    gt_status st = gt_library_open("cairo");
    if (st) return st;
    int side = classes * t.cell;
    page p;
    int width = LEFT + side + RIGHT > HEAD ? LEFT + side + RIGHT : HEAD;
    cairo_t *c = page_begin(&p, true, width, TOP + side + REST);
    for (int i = 0; i < classes; i++) draw_row(&t, i, c);
    cairo_set_source_rgb(c, 0.75, 0.75, 0.75);
    cairo_set_line_width(c, 1);
    cairo_rectangle(c, LEFT - 0.5, TOP - 0.5, side + 1, side + 1);
    cairo_stroke(c);
    plot_text(&(pen){.cairo = c}, 8, TOP - 34, 0, 14, 0, "rows: true class; columns: predicted class");
    plot_text(&(pen){.cairo = c}, 8, TOP - 14, 0, 12, 0, "colour: share of the row");
    for (int i = 0; i < classes && classes <= FEW; i++) {
        double middle = (i + 0.5) * t.cell;
        write_name(&t, i, LEFT - 8, TOP + middle + 4, 1, 0, c);
        write_name(&t, i, LEFT + middle + 4, TOP + side + 10, 1, -M_PI / 2, c);
    }
    return page_write(&p, path);
}

int64_t gt_confusion_count(const int64_t *counts, int classes, int class) {
    int64_t n = 0;
    for (int k = 0; k < classes; k++) n += counts[(int64_t) class * classes + k];
    return n;
}

static gt_status write_csv(const char *path, const int64_t *counts, int classes, const char *const *names) {
    gt_buffer b = {0};
    gt_buffer_printf(&b, "class");
    for (int k = 0; k < classes; k++) gt_buffer_printf(&b, ","), gt_buffer_csv(&b, names[k]);
    gt_buffer_printf(&b, "\n");
    for (int i = 0; i < classes; i++) {
        gt_buffer_csv(&b, names[i]);
        for (int k = 0; k < classes; k++) gt_buffer_printf(&b, ",%lld", (long long)counts[(int64_t)i * classes + k]);
        gt_buffer_printf(&b, "\n");
    }
    return gt_buffer_write(&b, path);
}

static gt_status write_classes(const char *path, const char *of, const int64_t *counts, int classes,
                               const char *const *names, const double *iou) {
    gt_buffer b = {0};
    gt_buffer_printf(&b, "class,%s,accuracy%s\n", of, iou ? ",iou" : "");
    for (int i = 0; i < classes; i++) {
        int64_t n = gt_confusion_count(counts, classes, i), right = counts[(int64_t)i * classes + i];
        gt_buffer_csv(&b, names[i]);
        gt_buffer_printf(&b, ",%lld,", (long long)n);
        if (n) gt_buffer_printf(&b, "%.6f", (double)right / (double)n);
        if (iou) gt_buffer_printf(&b, isnan(iou[i]) ? "," : ",%.6f", iou[i]);
        gt_buffer_printf(&b, "\n");
    }
    return gt_buffer_write(&b, path);
}

gt_status gt_confusion_write_tables(gt_arena *a, const char *dir, const char *of, const int64_t *counts, int classes,
                                    const char *const *names, const double *iou) {
    const char *csv = gt_arena_printf(a, "%s/confusion.csv", dir), *png = gt_arena_printf(a, "%s/confusion.png", dir);
    gt_status st = write_classes(gt_arena_printf(a, "%s/classes.csv", dir), of, counts, classes, names, iou);
    if (!st) st = write_csv(csv, counts, classes, names);
    return st ? st : gt_confusion_write(png, counts, classes, names);
}
