/* SPDX-License-Identifier: Apache-2.0
 * Line charts of characters: a braille character has 2 x 4 dots. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/text.h"
#include "features/report/drawing.h"

enum { ROWS = 8, LABEL = 10, LEAST_COLUMNS = 20, MOST_COLUMNS = 100, DOTS_X = 2, DOTS_Y = 4 };

static const char *const colours[] = {"\033[94m", "\033[91m", "\033[92m", "\033[95m"};

typedef struct sheet_of_dots {
    int columns; /* characters */
    unsigned char dots[ROWS][MOST_COLUMNS], line[ROWS][MOST_COLUMNS];
} sheet_of_dots;

static void put_dot(sheet_of_dots *s, int x, int y, int line) {
    /* the bits of U+2800 .. U+28FF, columns of four rows, the highest first */
    static const unsigned char bits[DOTS_X][DOTS_Y] = {{0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}};
    int column = x / DOTS_X, row = y / DOTS_Y;
    if (x < 0 || y < 0 || column >= s->columns || row >= ROWS) return;
    s->dots[row][column] |= bits[x % DOTS_X][y % DOTS_Y];
    s->line[row][column] = (unsigned char)line;
}

static void connect(sheet_of_dots *s, int x0, int y0, int x1, int y1, int line) {
    int steps = abs(x1 - x0) > abs(y1 - y0) ? abs(x1 - x0) : abs(y1 - y0);
    for (int k = 1; k <= steps; k++)
        put_dot(s, x0 + (int)lround((double)(x1 - x0) * k / steps), y0 + (int)lround((double)(y1 - y0) * k / steps),
                line);
}

/* Two points show no trend yet, and are two dots. */
static void put_line(sheet_of_dots *s, const drawing *d, int i) {
    double x[CHART_POINTS], y[CHART_POINTS];
    gt_curve c = drawing_curve(d, i, x, y);
    int known = 0, px = 0, py = 0;
    bool pen = false;
    for (int k = 0; k < c.n; k++) known += isfinite(c.x[k]) && isfinite(c.y[k]);
    for (int k = 0; k < c.n; k++) {
        if (!isfinite(c.x[k]) || !isfinite(c.y[k])) {
            pen = false;
            continue;
        }
        int nx = (int)lround((c.x[k] - d->x.lo) / (d->x.hi - d->x.lo) * (s->columns * DOTS_X - 1)),
            ny = (int)lround((plot_place(&d->y, c.y[k]) - d->y.to) / (d->y.from - d->y.to) * (ROWS * DOTS_Y - 1));
        put_dot(s, nx, ny, i);
        if (pen && known > 2) connect(s, px, py, nx, ny, i);
        px = nx, py = ny, pen = true;
    }
}

static void put_row(gt_buffer *out, const sheet_of_dots *s, int row, bool coloured) {
    int n = s->columns, now = -1;
    while (n && !s->dots[row][n - 1]) n--;
    for (int i = 0; i < n; i++) {
        unsigned dots = s->dots[row][i];
        if (coloured && dots && s->line[row][i] != now) {
            now = s->line[row][i];
            gt_buffer_printf(out, "%s", colours[now % 4]);
        }
        const char braille[] = {(char)0xe2, (char)(0xa0 | dots >> 6), (char)(0x80 | (dots & 63))}; /* U+2800 + dots */
        gt_buffer_add(out, dots ? braille : " ", dots ? sizeof braille : 1);
    }
    gt_buffer_printf(out, now < 0 ? "\n" : "\033[0m\n");
}

static double end_of(const axis *a, bool low) {
    double end = low ? a->lo : a->hi;
    return a->scale == GT_LINEAR ? end : pow(10, end);
}

static void put_heading(gt_buffer *out, const drawing *d, bool coloured) {
    char title[DRAWING_TITLE], text[DRAWING_TITLE];
    drawing_title(d, title);
    gt_format(text, sizeof text, "%s", title);
    gt_buffer_printf(out, "\n%s:", text);
    for (int i = 0; i < d->chart->n; i++) {
        if (!d->lines[i].points) continue;
        gt_format(text, sizeof text, "%s %.4g", d->chart->lines[i].label, d->lines[i].last);
        gt_buffer_printf(out, "  %s%s%s", coloured ? colours[i % 4] : "", text, coloured ? "\033[0m" : "");
    }
    gt_buffer_printf(out, "\n");
}

static void print_chart(gt_buffer *out, const chart *c) {
    drawing d;
    sheet_of_dots s = {.columns = c->columns - LABEL - 2};
    if (!drawing_take(&d, c, &out->failed)) return;
    if (s.columns < LEAST_COLUMNS) s.columns = LEAST_COLUMNS;
    if (s.columns > MOST_COLUMNS) s.columns = MOST_COLUMNS;
    if (!(d.x.hi > d.x.lo)) d.x.hi = d.x.lo + 1; /* one tick */
    put_heading(out, &d, c->coloured);
    for (int i = 0; i < c->n; i++)
        if (d.lines[i].points) put_line(&s, &d, i);
    for (int row = 0; row < ROWS; row++) {
        bool mark = row == 0 || row == ROWS - 1;
        if (mark) gt_buffer_printf(out, "%*.4g \u2524", LABEL, end_of(&d.y, row > 0));
        else gt_buffer_printf(out, "%*s \u2502", LABEL, "");
        put_row(out, &s, row, c->coloured);
    }
    gt_buffer_printf(out, "%*s  %-.6g%*.6g kimg\n", LABEL, "", d.first / 1000,
                     s.columns - 5 - snprintf(NULL, 0, "%.6g", d.first / 1000), d.last / 1000);
    free(d.numbers);
}

void chart_print(gt_buffer *out, const chart *c) {
    char title[DRAWING_TITLE];
    if (c->coloured || c->n == 1) {
        print_chart(out, c);
        return;
    }
    for (int i = 0; i < c->n; i++) { /* without colours lines cannot be told apart */
        chart one = *c;
        snprintf(title, sizeof title, "%s", c->title);
        one.title = title;
        one.lines = c->lines + i;
        one.n = 1;
        print_chart(out, &one);
    }
}
