/* SPDX-License-Identifier: Apache-2.0 */
#include "common/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/program.h"
#include "figures/door/figure.h"

typedef struct row {
    double x, y;
    const char *group, *line;
} row;

typedef struct drawing {
    const bench_plot *wanted;
    const char *x_label, *y_label;
    int n, n_groups, n_curves;
    row *rows;
    const char **groups;
    gt_curve *curves;
    double *x, *y; /* of curves, one after the other */
    float *dot_x, *dot_y;
    int32_t *dot_group;
} drawing;

static int column_of(const gt_table *t, const char *key, bool words) {
    int c = 0;
    while (c < t->n_columns && strcmp(t->columns[c].key, key)) c++;
    return c < t->n_columns && (t->columns[c].digits < 0) == words ? c : -1;
}

static void collect(drawing *d, const gt_table *t) {
    const bench_plot *w = d->wanted;
    int x = column_of(t, w->x, false), y = column_of(t, w->y, false), group = column_of(t, w->group, true),
        line = column_of(t, w->line, true);
    if (x < 0 || y < 0 || (*w->group && group < 0) || (*w->line && line < 0)) return;
    d->x_label = t->columns[x].title;
    d->y_label = t->columns[y].title;
    for (int r = 0; r < t->n_rows; r++) {
        const gt_cell *cells = t->cells + (ptrdiff_t)r * t->n_columns;
        if (!isfinite(cells[x].number) || !isfinite(cells[y].number)) continue;
        d->rows[d->n++] = (row){cells[x].number, cells[y].number, *w->group ? cells[group].text : "",
                                *w->line ? cells[line].text : ""};
    }
}

static int group_of(drawing *d, const char *name) {
    int g = 0;
    while (g < d->n_groups && strcmp(d->groups[g], name)) g++;
    if (g == d->n_groups) d->groups[d->n_groups++] = name;
    return g;
}

/* Of group g: from the first dot to the last, at the median. */
static void add_median(drawing *d, int g) {
    gt_curve *c = &d->curves[d->n_curves++];
    double *x = d->x + 2 * (ptrdiff_t)g, *y = d->y + 2 * (ptrdiff_t)g, lo = INFINITY, hi = -INFINITY;
    double *sorted = d->y + 2 * (ptrdiff_t)d->n;
    int n = 0;
    for (int i = 0; i < d->n; i++) {
        if (strcmp(d->rows[i].group, d->groups[g])) continue;
        lo = fmin(lo, d->rows[i].x);
        hi = fmax(hi, d->rows[i].x);
        sorted[n++] = d->rows[i].y;
    }
    bench_sort(sorted, n);
    x[0] = lo;
    x[1] = hi;
    y[0] = y[1] = n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
    *c = (gt_curve){*d->wanted->group ? d->groups[g] : NULL, 2, x, y, g + 1};
}

static bool same(const drawing *d, int i, int k) {
    return !strcmp(d->rows[i].group, d->rows[k].group) && !strcmp(d->rows[i].line, d->rows[k].line);
}

/* Has a curve of the group been added? */
static bool has_curve(const drawing *d, int group) {
    int k = 0;
    while (k < d->n_curves && d->curves[k].colour != group) k++;
    return k < d->n_curves;
}

static void add_curves(drawing *d) {
    int at = 0;
    for (int i = 0; i < d->n; i++) { /* each row that no row before shares its curve with */
        int before = 0, group = d->dot_group[i];
        while (before < i && !same(d, before, i)) before++;
        if (before < i) continue;
        bool first = !has_curve(d, group); /* of its group: with the name */
        gt_curve *c = &d->curves[d->n_curves++];
        *c = (gt_curve){first && *d->wanted->group ? d->rows[i].group : NULL, 0, d->x + at, d->y + at, group};
        for (int k = i; k < d->n; k++) {
            if (!same(d, k, i)) continue;
            d->x[at] = d->rows[k].x;
            d->y[at++] = d->rows[k].y;
            c->n++;
        }
    }
}

static gt_status draw(drawing *d, const char *path) {
    gt_panel p = {.x_label = d->x_label, .y_label = d->y_label, .y_scale = d->wanted->log ? GT_LOG_10 : GT_LINEAR};
    for (int i = 0; i < d->n; i++) {
        d->dot_group[i] = group_of(d, d->rows[i].group) + 1;
        d->dot_x[i] = (float)d->rows[i].x;
        d->dot_y[i] = (float)d->rows[i].y;
    }
    if (d->wanted->dots) {
        for (int g = 0; g < d->n_groups; g++) add_median(d, g);
        p.points = (gt_points){.n = d->n, .x = d->dot_x, .y = d->dot_y, .group = d->dot_group};
    } else add_curves(d);
    p.curves = d->curves;
    p.n_curves = d->n_curves;
    return gt_figure_write_svg(path, &p);
}

gt_status bench_plot_write(gt_results *const *list, int n, const bench_plot *wanted, const char *path) {
    size_t most = 1;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < list[i]->n_tables; k++) most += (size_t)list[i]->tables[k].n_rows;
    drawing d = {.wanted = wanted};
    GT_ARENA gt_arena *a = gt_arena_new();
    gt_status st = a ? GT_OK : GT_NOMEM;
    if (!st) {
        d.rows = gt_arena_array(a, most, sizeof *d.rows);
        d.groups = gt_arena_array(a, most, sizeof *d.groups);
        d.curves = gt_arena_array(a, most, sizeof *d.curves);
        d.x = gt_arena_array(a, most, 3 * sizeof *d.x);
        d.y = gt_arena_array(a, most, 3 * sizeof *d.y);
        d.dot_x = gt_arena_array(a, most, sizeof *d.dot_x);
        d.dot_y = gt_arena_array(a, most, sizeof *d.dot_y);
        d.dot_group = gt_arena_array(a, most, sizeof *d.dot_group);
        if (gt_arena_failed(a)) st = gt_fail(GT_NOMEM, "out of memory for a plot");
    }
    for (int i = 0; i < n && !st; i++)
        for (int k = 0; k < list[i]->n_tables; k++) collect(&d, &list[i]->tables[k]);
    if (!st && !d.n) st = gt_fail(GT_USAGE, "no row has numbers in the columns '%s' and '%s'", wanted->x, wanted->y);
    if (!st) st = draw(&d, path);
    return st;
}
