/* SPDX-License-Identifier: Apache-2.0
 * Lines over logarithmic axes as an SVG file that stands alone. */
#include <math.h>

#include "base/file.h"
#include "report/chart.h"
#include "common/results.h"

enum { WIDTH = 800, HEIGHT = 440, LEFT = 70, RIGHT = 270, TOP = 40, BOTTOM = 50 };

static const char *const colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555"};
enum { COLOURS = sizeof colours / sizeof *colours };

typedef struct span { /* logarithms to base 10 */
    double lo, hi;
} span;

static bool drawn(const gt_plot_line *l, int i) { return l->x[i] > 0 && l->y[i] > 0 && isfinite(l->x[i]) && isfinite(l->y[i]); }

static span span_of(const gt_plot_line *lines, int n, bool of_y) {
    span s = {INFINITY, -INFINITY};
    for (int k = 0; k < n; k++)
        for (int i = 0; i < lines[k].n; i++) {
            if (!drawn(&lines[k], i)) continue;
            double v = log10(of_y ? lines[k].y[i] : lines[k].x[i]);
            s.lo = fmin(s.lo, v);
            s.hi = fmax(s.hi, v);
        }
    if (!(s.hi >= s.lo)) return (span){0, 1};
    double margin = of_y ? 0.05 * (s.hi - s.lo) + 0.02 : s.hi > s.lo ? 0 : 0.3;
    return (span){s.lo - margin, s.hi + margin};
}

static double place_x(span s, double x) { return LEFT + (log10(x) - s.lo) / (s.hi - s.lo) * (WIDTH - LEFT - RIGHT); }
static double place_y(span s, double y) { return HEIGHT - BOTTOM - (log10(y) - s.lo) / (s.hi - s.lo) * (HEIGHT - TOP - BOTTOM); }

static void text(gt_buffer *out, double x, double y, const char *anchor, const char *words) {
    gt_buffer_printf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    html_text(out, words);
    gt_buffer_printf(out, "</text>\n");
}

/* Powers of two along x (ranks), 1, 2, 5 times powers of ten along y. */
static void draw_axes(gt_buffer *out, span x, span y) {
    char words[32];
    for (int e = -10; e <= 30; e++) {
        double v = ldexp(1, e);
        if (log10(v) < x.lo - 1e-9 || log10(v) > x.hi + 1e-9) continue;
        gt_buffer_printf(out, "<path class=\"g\" d=\"M%.1f %dV%d\"/>", place_x(x, v), TOP, HEIGHT - BOTTOM);
        snprintf(words, sizeof words, "%g", v);
        text(out, place_x(x, v), HEIGHT - BOTTOM + 18, "middle", words);
    }
    static const double steps[] = {1, 2, 5};
    for (int e = -9; e <= 12; e++)
        for (int k = 0; k < 3; k++) {
            double v = steps[k] * pow(10, e);
            if (log10(v) < y.lo || log10(v) > y.hi) continue;
            gt_buffer_printf(out, "<path class=\"g\" d=\"M%d %.1fH%d\"/>", LEFT, place_y(y, v), WIDTH - RIGHT);
            snprintf(words, sizeof words, "%g", v);
            text(out, LEFT - 8, place_y(y, v) + 4, "end", words);
        }
}

static void draw_line(gt_buffer *out, const gt_plot_line *l, int index, span x, span y) {
    const char *colour = colours[index % COLOURS];
    bool pen = false;
    gt_buffer_printf(out, "<path fill=\"none\" stroke-width=\"2\" stroke=\"%s\" d=\"", colour);
    for (int i = 0; i < l->n; i++) {
        if (drawn(l, i)) gt_buffer_printf(out, "%c%.1f %.1f", pen ? 'L' : 'M', place_x(x, l->x[i]), place_y(y, l->y[i]));
        pen = drawn(l, i);
    }
    gt_buffer_printf(out, "\"/>\n");
    for (int i = 0; i < l->n; i++)
        if (drawn(l, i)) gt_buffer_printf(out, "<circle fill=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>", colour, place_x(x, l->x[i]), place_y(y, l->y[i]));
    double at = TOP + 10 + 20 * index;
    gt_buffer_printf(out, "\n<rect fill=\"%s\" x=\"%d\" y=\"%.1f\" width=\"14\" height=\"4\"/>", colour, WIDTH - RIGHT + 14, at - 6);
    text(out, WIDTH - RIGHT + 34, at, "start", l->label);
}

gt_status gt_plot_write(const char *path, const char *title, const char *x_title, const char *y_title, const gt_plot_line *lines, int n) {
    gt_buffer out = {0};
    span x = span_of(lines, n, false), y = span_of(lines, n, true);
    gt_buffer_printf(&out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n"
                           "<style>.g{stroke:#ddd}</style><rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n", WIDTH, HEIGHT);
    draw_axes(&out, x, y);
    text(&out, LEFT, 22, "start", title);
    text(&out, LEFT + (WIDTH - LEFT - RIGHT) / 2.0, HEIGHT - 12, "middle", x_title);
    gt_buffer_printf(&out, "<g transform=\"translate(16 %d) rotate(-90)\">", (HEIGHT - BOTTOM + TOP) / 2);
    text(&out, 0, 0, "middle", y_title);
    gt_buffer_printf(&out, "</g>\n");
    for (int i = 0; i < n; i++) draw_line(&out, &lines[i], i, x, y);
    gt_buffer_printf(&out, "</svg>\n");
    gt_status st = out.failed ? gt_fail(GT_NOMEM, "out of memory for %s", path)
                              : gt_file_replace(path, &(struct iovec){.iov_base = out.data, .iov_len = out.n}, 1);
    gt_buffer_free(&out);
    return st;
}
