/* SPDX-License-Identifier: Apache-2.0
 * Figures, drawn by cairo. */
#include "figures/door/figure.h"
#include "gantry/file.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/door/library.h"
#include "figures/door/plot.h"

enum { MOST_POINTS = 20000, MOST_DOTS = 40, ELLIPSE_STEPS = 96 };

typedef struct layout { /* of a panel, in points */
    int width, height, left, right, top, bottom;
    int title, label; /* sizes of text */
    int marks;        /* about so many along an axis */
    bool small;
} layout;

static const layout plain = {420, 320, 60, 16, 34, 46, 14, 12, 5, false};
static const layout with_legend = {800, 440, 70, 270, 40, 50, 14, 12, 5, false};
static const layout small = {230, 190, 44, 8, 24, 38, 11, 10, 3, true};
enum { LEGEND_ROW = 20, LEGEND_CHARACTER = 8 };

typedef struct frame {
    axis x, y;
    double left, top; /* of the panel on the page */
} frame;

static void widen(double *lo, double *hi, double v) {
    if (!isfinite(v)) return;
    *lo = fmin(*lo, v);
    *hi = fmax(*hi, v);
}

static void ellipse_point(const gt_ellipse *e, double angle, double *x, double *y) {
    /* covariance = L L^T */
    double a = sqrt(fmax(e->covariance[0], 0)), b = a > 0 ? e->covariance[1] / a : 0,
           c = sqrt(fmax(e->covariance[2] - b * b, 0));
    *x = e->mean[0] + e->radius * a * cos(angle);
    *y = e->mean[1] + e->radius * (b * cos(angle) + c * sin(angle));
}

static double point_at(const float *p, int64_t stride, int64_t i) { return (double)p[i * (stride ? stride : 1)]; }

static void add_margins(axis *a, bool from_zero, int marks, const double *range) {
    if (range) {
        bool linear = a->scale == GT_LINEAR;
        a->lo = linear ? range[0] : log10(range[0]);
        a->hi = linear ? range[1] : log10(range[1]);
        a->step = plot_step((a->hi - a->lo) / marks, false);
        return;
    }
    if (!(a->hi >= a->lo)) a->lo = 0, a->hi = 1;
    double size = fmax(fabs(a->lo), fabs(a->hi));
    /* marks must not be lost in what they mark */
    double span = a->hi - a->lo > 1e-9 * size ? a->hi - a->lo : fmax(size, 1);
    if (!from_zero) a->lo -= 0.04 * span;
    a->hi += 0.04 * span;
    a->step = plot_step((a->hi - a->lo) / marks, false);
}

static void hold(frame *f, double x, double y) {
    widen(&f->x.lo, &f->x.hi, f->x.scale == GT_LINEAR ? x : log10(x));
    widen(&f->y.lo, &f->y.hi, f->y.scale == GT_LINEAR ? y : log10(y));
}

static frame frame_of(const gt_panel *p, const layout *l, int cell, int columns) {
    double left = cell % columns * l->width, top = cell / columns * l->height;
    frame f = {{INFINITY, -INFINITY, 0, left + l->left, left + l->width - l->right, p->x_scale},
               {INFINITY, -INFINITY, 0, top + l->height - l->bottom, top + l->top, p->y_scale},
               left,
               top};
    for (int i = 0; i < p->bars.n; i++) {
        hold(&f, p->bars.edges[i], p->bars.heights[i]);
        hold(&f, p->bars.edges[i + 1], 0);
    }
    for (int k = 0; k < p->n_curves; k++)
        for (int i = 0; i < p->curves[k].n; i++) hold(&f, p->curves[k].x[i], p->curves[k].y[i]);
    for (int64_t i = 0; i < p->points.n; i++)
        hold(&f, point_at(p->points.x, p->points.x_stride, i), point_at(p->points.y, p->points.y_stride, i));
    for (int i = 0; i < p->n_ellipses; i++)
        for (int k = 0; k < 4; k++) {
            double x, y;
            ellipse_point(&p->ellipses[i], k * M_PI / 2, &x, &y);
            hold(&f, x, y);
        }
    add_margins(&f.x, false, l->marks, p->x_range);
    add_margins(&f.y, p->bars.n > 0, l->marks, p->y_range);
    return f;
}

static int colour_of(const gt_panel *p, int curve) {
    return p->curves[curve].colour ? p->curves[curve].colour : curve + 1;
}

static int labels_of(const gt_panel *p) {
    int n = p->heat.rows > 0 && !p->heat.numbers; /* beside a scale of colours there is room for a legend */
    for (int i = 0; i < p->n_curves; i++) n += p->curves[i].label != NULL;
    return n;
}

/* The legend from (x, y) on; `across`: side by side, else one below the other. */
static void draw_legend(const pen *p, const gt_panel *panel, double x, double y, bool across) {
    for (int i = 0; i < panel->n_curves; i++) {
        if (!panel->curves[i].label) continue;
        plot_text(p, x + 20, y, 0, 12, 0, panel->curves[i].label);
        plot_colour(p->cairo, colour_of(panel, i), 1);
        cairo_rectangle(p->cairo, x, y - 6, 14, 4);
        cairo_fill(p->cairo);
        if (across) x += 40 + LEGEND_CHARACTER * (double)strlen(panel->curves[i].label);
        else y += LEGEND_ROW;
    }
}

/* ---- captions: of as many lines as they need ---- */

enum { CAPTION = 512, CAPTION_GAP = 3 };

/* The middle of a caption, from the panel's left: of small panels the panel's own, else that of its axes. */
static double caption_middle(const layout *l) { return (l->small ? l->width : l->left + l->width - l->right) / 2.0; }

/* The next line of a caption, in `line`: as many words as there is room for, of a longer word as many letters. Returns
 * the rest. */
static const char *next_line(const pen *p, const layout *l, const char *text, char line[CAPTION]) {
    double middle = caption_middle(l), room = 2 * fmin(middle, l->width - middle) - 2 * CAPTION_GAP;
    size_t n = 0, fit = 0, words = 0;
    while (text[n] && n + 1 < CAPTION) {
        line[n] = text[n];
        line[++n] = 0;
        if ((text[n] & 0xc0) == 0x80) continue; /* within a letter of UTF-8 */
        if (fit && plot_text_width(p, l->label, line) > room) break;
        fit = n;
        if (text[n] == ' ' || !text[n]) words = n;
    }
    if (words) fit = words;
    if (!fit) fit = n; /* no UTF-8 */
    line[fit] = 0;
    return text + fit + strspn(text + fit, " ");
}

static int caption_lines(const pen *p, const layout *l, const char *text) {
    char line[CAPTION];
    int n = 0;
    for (; text && *text; n++) text = next_line(p, l, text, line);
    return n;
}

static void draw_caption(const pen *p, const frame *f, const layout *l, const char *text) {
    char line[CAPTION];
    double x = f->left + caption_middle(l), y = f->y.from + (l->small ? 29 : 34);
    for (; text && *text; y += l->label + CAPTION_GAP) {
        text = next_line(p, l, text, line);
        plot_text(p, x, y, 0.5, l->label, 0, line);
    }
}

/* Makes room for the longest caption of all panels. */
static void make_room(const gt_panel *panels, int n, layout *l) {
    page scratch;
    const pen own = {.cairo = page_begin(&scratch, true, 1, 1)};
    int most = 1;
    for (int i = 0; i < n; i++) {
        int lines = caption_lines(&own, l, panels[i].x_label);
        if (lines > most) most = lines;
    }
    page_drop(&scratch);
    l->bottom += (most - 1) * (l->label + CAPTION_GAP);
    l->height += (most - 1) * (l->label + CAPTION_GAP);
}

static void draw_axes(const pen *p, const frame *f, const gt_panel *panel, const layout *l) {
    double left = f->x.from, right = f->x.to, top = f->y.to, bottom = f->y.from;
    cairo_set_line_width(p->cairo, 0.5);
    if (!panel->heat.numbers) plot_marks(p, &f->x, &f->y);
    cairo_set_source_rgb(p->cairo, .2, .2, .2);
    cairo_rectangle(p->cairo, left, top, right - left, bottom - top);
    cairo_stroke(p->cairo);
    double middle = (left + right) / 2;
    if (panel->title) plot_text(p, middle, top - l->title + 4, 0.5, l->title, 0, panel->title);
    draw_caption(p, f, l, panel->x_label);
    if (panel->y_label)
        plot_text(p, f->left + l->label + 2, (top + bottom) / 2, 0.5, l->label, -M_PI / 2, panel->y_label);
    if (panel->heat.rows && !panel->heat.numbers) plot_heat_scale(p, right + 14, &f->y, &panel->heat);
    else if (!l->small) draw_legend(p, panel, right + 14, top + 10, false);
}

static void draw_data(const pen *pen, const frame *f, const gt_panel *p, const layout *l) {
    cairo_t *c = pen->cairo;
    if (p->heat.rows) plot_heat_map(pen, &f->x, &f->y, &p->heat);
    for (int i = 0; i < p->bars.n; i++) {
        double x = plot_place(&f->x, p->bars.edges[i]), y = plot_place(&f->y, p->bars.heights[i]);
        cairo_rectangle(c, x, y, plot_place(&f->x, p->bars.edges[i + 1]) - x, plot_place(&f->y, 0) - y);
    }
    plot_colour(c, 0, 0.55);
    cairo_fill(c);
    int64_t step = p->points.n > MOST_POINTS ? (p->points.n + MOST_POINTS - 1) / MOST_POINTS : 1;
    for (int64_t i = 0; i < p->points.n; i += step) {
        double x = point_at(p->points.x, p->points.x_stride, i), y = point_at(p->points.y, p->points.y_stride, i);
        if (!isfinite(x) || !isfinite(y)) continue;
        plot_colour(c, p->points.group ? p->points.group[i] : 0, 0.5);
        cairo_arc(c, plot_place(&f->x, x), plot_place(&f->y, y), p->points.n > 2000 ? 1 : 2, 0, 2 * M_PI);
        cairo_fill(c);
    }
    cairo_set_line_width(c, l->small ? 1.2 : 1.8);
    for (int i = 0; i < p->n_ellipses; i++) {
        for (int k = 0; k < ELLIPSE_STEPS; k++) {
            double x, y;
            ellipse_point(&p->ellipses[i], 2 * M_PI * k / ELLIPSE_STEPS, &x, &y);
            cairo_line_to(c, plot_place(&f->x, x), plot_place(&f->y, y));
        }
        cairo_close_path(c);
        cairo_save(c);
        if (p->ellipses[i].thin) cairo_set_line_width(c, 0.8);
        plot_colour(c, p->ellipses[i].group, p->ellipses[i].thin ? 0.5 : 1);
        cairo_stroke(c);
        cairo_restore(c);
    }
    for (int i = 0; i < p->n_curves; i++) {
        const gt_curve *k = &p->curves[i];
        plot_curve(pen, &f->x, &f->y, k, colour_of(p, i), k->label && k->n <= MOST_DOTS);
    }
}

static void draw_panels(const pen *p, const gt_panel *panels, int n, const layout *l, int columns) {
    cairo_t *c = p->cairo;
    for (int i = 0; i < n; i++) {
        frame f = frame_of(&panels[i], l, i, columns);
        draw_axes(p, &f, &panels[i], l);
        cairo_save(c);
        cairo_rectangle(c, f.x.from, f.y.to, f.x.to - f.x.from, f.y.from - f.y.to);
        cairo_clip(c);
        draw_data(p, &f, &panels[i], l);
        cairo_restore(c);
    }
}

static void draw_page(page *p, bool png, const gt_panel *panels, int n, int columns, int *height, int *width) {
    int labels = 0;
    for (int i = 0; i < n; i++) labels = labels_of(&panels[i]) > labels ? labels_of(&panels[i]) : labels;
    layout l = panels->small ? small : labels ? with_legend : plain;
    make_room(panels, n, &l);
    int least = l.top + l.bottom + LEGEND_ROW * labels, foot = panels->small && labels ? 2 * LEGEND_ROW : 0;
    if (!panels->small && least > l.height) l.height = least;
    if (columns > n) columns = n;
    int rows = (n + columns - 1) / columns;
    *width = columns * l.width;
    *height = rows * l.height + foot;
    cairo_t *c = page_begin(p, png, *width, *height);
    const pen own = {.cairo = c};
    draw_panels(&own, panels, n, &l, columns);
    if (foot) draw_legend(&own, panels, l.left, rows * l.height + LEGEND_ROW, true);
}

static gt_status write_one(const char *path, bool png, const gt_panel *panels, int n, int columns) {
    page p;
    int height, width;
    gt_status st = gt_library_open("cairo");
    if (st) return st;
    draw_page(&p, png, panels, n, columns, &height, &width);
    return page_write(&p, path);
}

gt_status gt_figure_pixels(const gt_panel *panels, int n, int columns, uint8_t **pixels, int *height, int *width) {
    page p;
    gt_status st = gt_library_open("cairo");
    if (st) return st;
    draw_page(&p, true, panels, n, columns, height, width);
    return page_pixels(&p, pixels);
}

gt_status gt_figure_write_svg(const char *path, const gt_panel *panel) { return write_one(path, false, panel, 1, 1); }

gt_status gt_figure_write_as(const char *path, const gt_panel *panels, int n, int columns) {
    return write_one(path, !gt_ends_with(path, ".svg"), panels, n, columns);
}

gt_status gt_figure_write_png(const char *path, const gt_panel *panels, int n, int columns) {
    return write_one(path, true, panels, n, columns);
}

gt_status gt_figure_write(const char *stem, const gt_panel *panels, int n, int columns) {
    char path[4096];
    gt_status st = stem ? GT_OK : gt_fail(GT_NOMEM, "out of memory for the name of a figure");
    for (int png = 0; png < 2 && !st; png++) {
        if (snprintf(path, sizeof path, "%s.%s", stem, png ? "png" : "svg") >= (int)sizeof path)
            return gt_fail(GT_USAGE, "the path '%.40s...' is too long", stem);
        st = write_one(path, png, panels, n, columns);
    }
    return st;
}

void gt_histogram(const float *x, int64_t n, int64_t stride, int bars, double *edges, double *heights) {
    double lo = INFINITY, hi = -INFINITY;
    int64_t finite = 0;
    for (int64_t i = 0; i < n; i++) {
        double v = point_at(x, stride, i);
        widen(&lo, &hi, v);
        finite += isfinite(v);
    }
    if (!finite) lo = 0, hi = 1;
    if (hi <= lo) lo -= 0.5, hi += 0.5;
    double width = (hi - lo) / bars;
    for (int i = 0; i <= bars; i++) edges[i] = lo + i * width;
    for (int i = 0; i < bars; i++) heights[i] = 0;
    for (int64_t i = 0; i < n; i++) {
        double v = point_at(x, stride, i);
        if (!isfinite(v)) continue;
        int k = (int)((v - lo) / width);
        heights[k < bars ? k : bars - 1] += 1 / ((double)finite * width);
    }
}
