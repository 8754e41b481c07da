/* SPDX-License-Identifier: Apache-2.0
 * Runs beside each other on one page, in the style of report.html. */
#define _GNU_SOURCE
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gantry/rundir.h"
#include "gantry/text.h"
#include "gantry/memory.h"
#include "features/report/compare.h"
#include "figures/door/html.h"
#include "features/report/report.h"

enum { PICTURES = 2 << 20 /* bytes of all pictures together */ };

typedef struct comparison {
    const char *path; /* of the page */
    const char *const *dirs;
    const char **names;
    gt_stats **stats;
    report_run *runs;
    int n;
} comparison;

bool report_same_recipe(const report_run *runs, int n, const char *series) {
    gt_stats *stats[CHART_MOST_LINES];
    const char *dirs[CHART_MOST_LINES];
    compare_difference d;
    for (int i = 0; i < n; i++) {
        stats[i] = runs[i].stats;
        dirs[i] = runs[i].dir;
    }
    return n == 1 || compare_recipes(stats, dirs, n, series, &d);
}

/* ---- links ---- */

/* The way from the folder of the page to that of a run, "./../runs/a/"; false: there is none. */
static bool way_to(const char *page, const char *dir, char way[4200]) {
    char *copy = strdup(page), *slash = copy ? strrchr(copy, '/') : NULL;
    if (slash) slash[slash == copy] = 0;
    GT_FREED char *from = copy ? realpath(slash ? copy : ".", NULL) : NULL, *to = realpath(dir, NULL);
    size_t common = 0, n = 0;
    bool whole = from && to;
    for (size_t i = 0; whole; i++) {
        bool from_ends = !from[i] || from[i] == '/', to_ends = !to[i] || to[i] == '/';
        if (from_ends && to_ends) common = i;
        if (!from[i] || !to[i] || from[i] != to[i]) break;
    }
    if (whole) n = (size_t)snprintf(way, 4200, "./");
    for (size_t i = common; whole && from[i]; i++)
        if (from[i] == '/' && from[i + 1] && n < 4000) n += (size_t)snprintf(way + n, 4200 - n, "../");
    if (whole && to[common]) {
        n += (size_t)snprintf(way + n, 4200 - n, "%s/", to + common + (to[common] == '/'));
        whole = n < 4200;
    }
    free(copy);
    return whole;
}

static void put_name(gt_buffer *out, const comparison *c, int run) {
    char way[4200];
    char *report = gt_path_join(c->dirs[run], "report.html");
    bool linked = report && access(report, R_OK) == 0 && way_to(c->path, c->dirs[run], way);
    free(report);
    if (linked) html_link(out, way, "report.html", c->names[run]);
    else html_text(out, "", c->names[run], "");
}

/* ---- tables ---- */

static void put_run(gt_buffer *out, const comparison *c, int run) {
    const gt_stats *s = c->stats[run];
    gt_starts *starts = gt_starts_read(c->dirs[run]);
    char date[GT_DATE_BYTES];
    out->failed |= !starts;
    if (!starts) return;
    const char *state = gt_starts_state(c->dirs[run], starts);
    gt_buffer_printf(out, "<tr><th><i class=\"swatch k%d\"></i>", run % CHART_MOST_LINES);
    put_name(out, c, run);
    gt_buffer_printf(out, "</th><td>");
    if (*state) gt_buffer_printf(out, "<span class=\"state %s\">%s</span>", state, state);
    gt_buffer_printf(out, "</td><td>%.6g", s->ticks ? (double)s->images[s->ticks - 1] / 1000 : 0);
    if (starts->total > 0) gt_buffer_printf(out, " of %.6g", (double)starts->total / 1000);
    html_text(out, "</td><td>", gt_date_text(starts->first, date), "</td></tr>\n");
    gt_starts_free(starts);
}

static void put_runs(gt_buffer *out, const comparison *c) {
    gt_buffer_printf(out, "<div class=\"card scroll top\"><table class=\"wide\">\n<tr><th>run</th><th>state</th>"
                          "<th>kimg</th><th>begun</th></tr>\n");
    for (int i = 0; i < c->n; i++) put_run(out, c, i);
    gt_buffer_printf(out, "</table></div>\n");
}

static void say_difference(void *arg, const compare_difference *d) {
    gt_buffer *out = arg;
    html_text(out, "<p class=\"warning\">", d->score, " is not compared: its values have different recipes. ");
    for (int k = 0; k < 2; k++) {
        html_text(out, "", d->name[k], ": ");
        html_text(out, "", d->recipe[k], k ? "</p>\n" : "; ");
    }
}

static void say_units(void *arg, const char *sentence) { html_text(arg, "<p>", sentence, ".</p>\n"); }

static void put_values(gt_buffer *out, const comparison *c) {
    int columns;
    GT_FREED compare_cell *cells = compare_cells(c->stats, c->dirs, c->n, &columns);
    out->failed |= !cells;
    if (!cells) return;
    char note[COMPARE_NOTE];
    compare_note(cells, c->n, columns, note);
    gt_buffer_printf(out, "<h2 id=\"values\">Values at the end</h2>\n");
    html_text(out, "<p>", note, "</p>\n<div class=\"card scroll\"><table class=\"wide numbers\">\n");
    for (int row = 0; row <= c->n; row++) {
        html_text(out, "<tr><th>", row ? c->names[row - 1] : "run", "</th>");
        for (int k = 0; k < columns; k++)
            html_text(out, row ? "<td>" : "<th>", cells[k * (c->n + 1) + row].text, row ? "</td>" : "</th>");
        gt_buffer_printf(out, "</tr>\n");
    }
    gt_buffer_printf(out, "</table></div>\n");
    compare_tell_units(c->stats, c->dirs, c->n, say_units, out);
    compare_each_difference(c->stats, c->dirs, c->n, say_difference, out);
}

/* ---- the page ---- */

static void put_pictures(gt_buffer *out, const comparison *c) {
    if (!gt_compare_has_pictures(c->dirs, c->n)) return;
    gt_buffer_printf(out, "<h2 id=\"pictures\">Newest pictures</h2>\n<div class=\"pictures\">");
    for (int i = 0; i < c->n; i++) report_newest(out, c->dirs[i], c->names[i], (size_t)PICTURES / (size_t)c->n);
    gt_buffer_printf(out, "</div>\n");
}

static void put_page(gt_buffer *out, const comparison *c) {
    char title[64];
    int drawn = c->n < CHART_MOST_LINES ? c->n : CHART_MOST_LINES;
    snprintf(title, sizeof title, "Comparison of %d run%s", c->n, gt_plural(c->n));
    report_begin(out, title, "Gantry");
    put_runs(out, c);
    compare_jobs(out, c->dirs, c->names, c->n);
    put_values(out, c);
    put_pictures(out, c);
    if (drawn < c->n) gt_buffer_printf(out, "<p>The charts show the first %d runs.</p>\n", drawn);
    report_charts(out, c->runs, drawn);
    report_end(out);
}

static gt_status read_runs(gt_arena *a, comparison *c) {
    gt_status st = compare_read(c->stats, c->dirs, c->n);
    for (int i = 0; i < c->n && !st; i++) {
        char *name = gt_arena_alloc(a, GT_NAME_BYTES);
        if (!name) return GT_NOMEM;
        compare_name(c->dirs, c->n, i, name);
        c->names[i] = name;
        c->runs[i] = (report_run){c->dirs[i], name, c->stats[i]};
    }
    return st;
}

gt_status gt_compare_html(const char *path, const char *const *dirs, int n) {
    GT_ARENA gt_arena *a = gt_arena_new();
    if (!a) return GT_NOMEM;
    size_t count = (size_t)n;
    comparison c = {.path = path,
                    .dirs = dirs,
                    .n = n,
                    .names = gt_arena_array(a, count, sizeof *c.names),
                    .stats = gt_arena_array(a, count, sizeof *c.stats),
                    .runs = gt_arena_array(a, count, sizeof *c.runs)};
    gt_buffer page = {0};
    gt_status st = gt_arena_failed(a) ? GT_NOMEM : read_runs(a, &c);
    if (!st) put_page(&page, &c);
    if (!st) st = gt_buffer_write(&page, path);
    for (int i = 0; c.stats && i < n; i++) gt_stats_free(c.stats[i]);
    return st;
}
