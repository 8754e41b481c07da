/* SPDX-License-Identifier: Apache-2.0
 * Runs beside each other as curves of their series. */
#include <math.h>
#include <string.h>

#include "figures/door/figure.h"
#include "gantry/memory.h"
#include "features/report/compare.h"

enum { SERIES_MAX = 16, CURVES_MAX = 4096, LARGE_PANELS = 9, LABEL_BYTES = 2 * GT_NAME_BYTES };

typedef struct line { /* a curve and its panel */
    char panel[LABEL_BYTES], name[LABEL_BYTES];
    double *x, *y;
    int n;
} line;

typedef struct drawing {
    gt_arena *arena;
    const gt_compare_curves *wanted;
    char series[SERIES_MAX][GT_NAME_BYTES];
    int n_series, n_lines;
    line *lines;
    gt_panel *panels;
    gt_curve *curves; /* of all panels */
} drawing;

static gt_status split_series(drawing *d) {
    for (const char *text = d->wanted->series;; text++) {
        int length = (int)strcspn(text, ",");
        if (!length || length >= GT_NAME_BYTES)
            return gt_fail(GT_USAGE, "--series=%s: give names of series, separated by commas", d->wanted->series);
        if (d->n_series == SERIES_MAX) return gt_fail(GT_USAGE, "--series: more than %d series", SERIES_MAX);
        snprintf(d->series[d->n_series++], GT_NAME_BYTES, "%.*s", length, text);
        text += length;
        if (!*text) return GT_OK;
    }
}

/* The modified Bessel function of order 0, for small x. */
static double bessel(double x) {
    double sum = 1, term = 1;
    for (int k = 1; k < 20; k++) sum += term *= x * x / (4.0 * k * k);
    return sum;
}

static double smoothed(const gt_stats_series *s, int ticks, int at, int window) {
    const double beta = 2;
    double sum = 0, weights = 0, half = window / 2.0;
    for (int k = -(window / 2); k <= window / 2; k++) {
        int i = at + k;
        if (i < 0 || i >= ticks || !isfinite(s->values[i].mean)) continue;
        double at_window = k / half, weight = window < 2 ? 1 : bessel(beta * sqrt(fmax(0, 1 - at_window * at_window)));
        sum += weight * s->values[i].mean;
        weights += weight;
    }
    return sum / weights;
}

static void name_line(const drawing *d, line *l, const char *run, const char *series) {
    const char *dash = strrchr(run, '-');
    switch (d->wanted->panels) {
    case GT_PANELS_SERIES:
        snprintf(l->panel, LABEL_BYTES, "%s", series);
        snprintf(l->name, LABEL_BYTES, "%s", run);
        return;
    case GT_PANELS_RUN:
        snprintf(l->panel, LABEL_BYTES, "%s", run);
        snprintf(l->name, LABEL_BYTES, "%s", series);
        return;
    case GT_PANELS_GROUP:
        snprintf(l->panel, LABEL_BYTES, "%.*s", dash ? (int)(dash - run) : GT_NAME_BYTES, run);
        snprintf(l->name, LABEL_BYTES, "%s%s%s", dash ? dash + 1 : run, d->n_series > 1 ? " " : "",
                 d->n_series > 1 ? series : "");
    }
}

/* ---- axes ---- */

const along_axis along_axes[ALONG_AXES] = {
    [GT_OVER_KIMG] = {"kimg", "thousands of images", NULL},
    [GT_OVER_STEPS] = {"steps", "steps", "Progress/step"},
    [GT_OVER_EPOCHS] = {"epochs", "epochs", "Progress/epoch"},
    [GT_OVER_HOURS] = {"hours", "hours", "Timing/total_hours"},
};

bool along_known(const gt_stats *s, gt_compare_axis over) {
    return !along_axes[over].series || gt_stats_find(s, along_axes[over].series);
}

double along_place(const gt_stats *s, gt_compare_axis over, int tick) {
    const double kimg = 1000;
    const gt_stats_series *series = along_axes[over].series ? gt_stats_find(s, along_axes[over].series) : NULL;
    if (!along_axes[over].series) return (double)s->images[tick] / kimg;
    return series ? series->values[tick].mean : (double)NAN;
}

/* ---- lines and panels ---- */

static gt_status add_line(drawing *d, const gt_stats *s, const char *dir, const char *series) {
    const gt_stats_series *found = gt_stats_find(s, series);
    const along_axis *axis = &along_axes[d->wanted->over];
    char run[GT_NAME_BYTES];
    if (!found) return GT_OK;
    if (!along_known(s, d->wanted->over))
        return gt_fail(GT_USAGE,
                       "--x=%s: the log of '%s' has no %s, because an older version wrote it; every log has --x=kimg",
                       axis->name, dir, axis->series);
    if (d->n_lines == CURVES_MAX) return gt_fail(GT_USAGE, "more than %d curves", CURVES_MAX);
    line *l = &d->lines[d->n_lines++];
    l->x = gt_arena_array(d->arena, (size_t)s->ticks, sizeof *l->x);
    l->y = gt_arena_array(d->arena, (size_t)s->ticks, sizeof *l->y);
    if (!l->x || !l->y) return GT_NOMEM;
    gt_path_name(dir, run);
    name_line(d, l, run, series);
    for (int i = 0; i < s->ticks; i++) {
        double x = along_place(s, d->wanted->over, i);
        if (!isfinite(found->values[i].mean) || !isfinite(x)) continue;
        l->x[l->n] = x;
        l->y[l->n++] = smoothed(found, s->ticks, i, d->wanted->smooth);
    }
    return GT_OK;
}

/* The first line with this panel, or with this name. */
static int first_panel(const drawing *d, int line) {
    int i = 0;
    while (strcmp(d->lines[i].panel, d->lines[line].panel)) i++;
    return i;
}

static int colour_of(const drawing *d, int line) {
    int colour = 0, i = 0;
    for (;; i++) {
        int k = 0;
        while (strcmp(d->lines[k].name, d->lines[i].name)) k++;
        colour += k == i; /* a name that is new */
        if (!strcmp(d->lines[i].name, d->lines[line].name)) return colour;
    }
}

static gt_axis_scale scale_of(const gt_panel *p) {
    double lo = INFINITY, hi = -INFINITY;
    for (int k = 0; k < p->n_curves; k++)
        for (int i = 0; i < p->curves[k].n; i++) {
            lo = fmin(lo, p->curves[k].y[i]);
            hi = fmax(hi, p->curves[k].y[i]);
        }
    return gt_axis_scale_of(lo, hi);
}

static int fill_panels(drawing *d) {
    int panels = 0, curves = 0;
    for (int i = 0; i < d->n_lines; i++) {
        if (first_panel(d, i) != i) continue;
        gt_panel *p = &d->panels[panels++];
        *p = (gt_panel){
            .title = d->lines[i].panel, .x_label = along_axes[d->wanted->over].label, .curves = d->curves + curves};
        if (d->wanted->range[1] > d->wanted->range[0]) p->y_range = d->wanted->range;
        for (int k = i; k < d->n_lines; k++) {
            line *l = &d->lines[k];
            bool named = false;
            if (strcmp(l->panel, p->title)) continue;
            for (int before = 0; before < p->n_curves; before++)
                named |= p->curves[before].label && !strcmp(p->curves[before].label, l->name);
            d->curves[curves++] = (gt_curve){named ? NULL : l->name, l->n, l->x, l->y, colour_of(d, k)};
            p->n_curves++;
        }
        if (!p->y_range) p->y_scale = scale_of(p);
    }
    for (int i = 0; i < panels; i++) d->panels[i].small = panels > LARGE_PANELS;
    return panels;
}

static gt_status draw_panels(drawing *d, const char *path) {
    d->panels = gt_arena_array(d->arena, (size_t)d->n_lines, sizeof *d->panels);
    d->curves = gt_arena_array(d->arena, (size_t)d->n_lines, sizeof *d->curves);
    if (!d->panels || !d->curves) return GT_NOMEM;
    int panels = fill_panels(d), columns = d->wanted->columns;
    if (!columns) columns = panels > LARGE_PANELS ? (int)ceil(sqrt(panels)) : panels > 2 ? 2 : 1;
    return gt_figure_write_as(path, d->panels, panels, columns);
}

static gt_status draw_runs(drawing *d, gt_stats **stats, const char *const *dirs, int n, const char *path) {
    gt_status st = split_series(d);
    if (!st && !(d->lines = gt_arena_array(d->arena, CURVES_MAX, sizeof *d->lines))) st = GT_NOMEM;
    if (!st) st = compare_read(stats, dirs, n);
    for (int k = 0; !st && k < d->n_series; k++)
        for (int i = 0; i < n && !st; i++) st = add_line(d, stats[i], dirs[i], d->series[k]);
    if (!st && !d->n_lines)
        st = gt_fail(GT_USAGE, "--series=%s: none of the runs has this series (stats.jsonl shows all series)",
                     d->wanted->series);
    return st ? st : draw_panels(d, path);
}

gt_status gt_compare_draw(const char *path, const char *const *dirs, int n, const gt_compare_curves *c) {
    GT_ARENA gt_arena *a = gt_arena_new();
    if (!a) return GT_NOMEM;
    drawing *d = gt_arena_alloc(a, sizeof *d);
    gt_stats **stats = gt_arena_array(a, (size_t)n, sizeof *stats);
    if (d) *d = (drawing){.arena = a, .wanted = c};
    gt_status st = d && stats ? draw_runs(d, stats, dirs, n, path) : GT_NOMEM;
    for (int i = 0; stats && i < n; i++) gt_stats_free(stats[i]);
    return st;
}
