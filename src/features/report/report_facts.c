/* SPDX-License-Identifier: Apache-2.0
 * What a report says in words: what was run, warnings, metrics, files. */
#define _GNU_SOURCE
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "metrics/door/metric.h"
#include "run/door/rundir.h"
#include "gantry/text.h"
#include "figures/door/html.h"
#include "features/report/report.h"

enum { MOST_WARNINGS = 50, MOST_FILES = 200, WHEN = GT_DATE_BYTES, TEXT = 400 };

static void row(gt_buffer *out, const char *name, const char *text) {
    html_text(out, "<tr><th>", name, "</th>");
    html_text(out, "<td>", text, "</td></tr>\n");
}

/* ---- what was run ---- */

/* "12.0 % of 400 kimg, 3h 20m left at this speed" */
static void put_progress(gt_buffer *out, const gt_starts *starts, const gt_stats *s, bool running) {
    double images = s->ticks ? (double)s->images[s->ticks - 1] : 0, part = fmin(1, images / (double)starts->total);
    double left = fmax(0, (double)starts->total - images) / 1000 * report_last(s, "Timing/sec_per_kimg");
    char text[64];
    gt_buffer_printf(out,
                     "<div class=\"bar\"><i style=\"width:%.1f%%\"></i></div>\n<p class=\"done\">%.1f %% of %.6g kimg",
                     100 * part, 100 * part, (double)starts->total / 1000);
    if (running && part < 1 && *gt_starts_left_text(starts, left, text)) gt_buffer_printf(out, "; %s", text);
    gt_buffer_printf(out, "</p>\n");
}

bool report_is_young(const gt_stats *s, const gt_starts *starts, bool finished, char text[REPORT_YOUNG]) {
    enum { FEW = 10 };          /* ticks */
    const double little = 0.01; /* of the training */
    double seconds = report_last(s, "Timing/total_sec");
    char time[32] = "";
    int n = 0;
    bool begins = s->ticks && !finished && starts->total > 0 &&
                  (double)s->images[s->ticks - 1] < little * (double)starts->total;
    if (!s->ticks || (s->ticks >= FEW && !begins)) return false;
    if (isfinite(seconds)) n = snprintf(text, REPORT_YOUNG, "%s, ", gt_duration_text(seconds, time));
    snprintf(text + n, REPORT_YOUNG - (size_t)n, "%d tick%s: %s", s->ticks, s->ticks == 1 ? "" : "s",
             finished ? "the run was too short to judge by its curves" : "too early to judge by the curves");
    return true;
}

/* ---- what can be done next ---- */

typedef struct next_list { /* counts what is given on */
    gt_log_next *next;
    void *arg;
    int n;
} next_list;

static void give_next(void *arg, const char *command, const char *what) {
    next_list *l = arg;
    l->n++;
    l->next(l->arg, command, what);
}

static void give_command(next_list *l, const char *words, const char *dir, const char *what) {
    GT_BUFFER gt_buffer command = {0};
    gt_buffer_printf(&command, "%s", words);
    gt_buffer_shell(&command, dir);
    gt_buffer_add(&command, "", 1);
    if (!command.failed) give_next(l, command.data, what);
}

bool report_next_each(const char *dir, const gt_starts *starts, gt_log_next *next, void *arg) {
    const char *state = gt_starts_state(dir, starts);
    next_list l = {next, arg, 0};
    bool running = !strcmp(state, "running"), finished = !strcmp(state, "finished");
    if (running) give_command(&l, "gantry status ", dir, "how far the run is");
    if (running) give_command(&l, "gantry report ", dir, "this report once more, with what has come since");
    bool whole = (!finished && strcmp(state, "stopped")) || gt_log_next_each(dir, give_next, &l);
    GT_BUFFER gt_buffer resume = {0};
    gt_rundir_resume_command(dir, &resume);
    if (*state && !running && !finished && !l.n && !resume.failed) give_next(&l, resume.data, "the run resumes");
    whole = whole && !resume.failed;
    return whole;
}

static void put_next(void *arg, const char *command, const char *what) {
    gt_buffer *out = arg;
    html_text(out, "<tr><td><code>", command, "</code></td>");
    html_text(out, "<td>", what, "</td></tr>\n");
}

void report_next(gt_buffer *out, const char *dir, const gt_starts *starts) {
    GT_BUFFER gt_buffer rows = {0};
    rows.failed |= !report_next_each(dir, starts, put_next, &rows);
    if (rows.n) {
        gt_buffer_printf(out, "<h2 id=\"next\">Next</h2>\n<div class=\"card scroll\"><table>\n");
        gt_buffer_add(out, rows.data, rows.n);
        gt_buffer_printf(out, "</table></div>\n");
    }
    out->failed |= rows.failed;
}

/* ---- the state ---- */

void report_state(gt_buffer *out, const char *dir, const gt_starts *starts, const gt_stats *s) {
    const char *state = gt_starts_state(dir, starts);
    char young[REPORT_YOUNG];
    bool running = !strcmp(state, "running"), finished = !strcmp(state, "finished");
    if (*state) {
        gt_buffer_printf(out, "<p><span class=\"state %s\">%s</span> ", state, state);
        html_text(out, "", starts->message, "</p>\n");
    }
    if (starts->count && starts->total > 0) put_progress(out, starts, s, running);
    if (report_is_young(s, starts, finished, young)) html_text(out, "<p>", young, "</p>\n");
}

/* The processors of all parts of the run. */
static void put_parts(gt_buffer *out, const gt_starts *s) {
    for (const gt_start_part *p = s->parts; p; p = p->next) {
        char text[TEXT];
        int n = snprintf(text, sizeof text, "%.300s", *p->processors ? p->processors : "unknown");
        if (s->parts->next)
            snprintf(text + n, sizeof text - (size_t)n, "; from %.6g kimg on", (double)p->images / 1000);
        row(out, p == s->parts ? GT_START_PROCESSORS : "", text);
    }
}

void report_facts(gt_buffer *out, const gt_starts *starts) {
    if (!starts->count) return;
    gt_buffer_printf(out, "<h2>What was run</h2>\n<div class=\"card scroll\"><table>\n");
    for (const gt_start_fact *f = starts->facts; f->name; f++)
        if (strcmp(f->name, GT_START_PROCESSORS)) row(out, f->name, f->text);
    put_parts(out, starts);
    char text[TEXT], first[WHEN], last[WHEN], ended[WHEN];
    int n = snprintf(text, sizeof text, "%s", gt_date_text(starts->first, first));
    if (starts->count > 1)
        n += snprintf(text + n, sizeof text - (size_t)n, "; %d starts, the last one on %s at %.6g kimg", starts->count,
                      gt_date_text(starts->last, last), (double)starts->images / 1000);
    row(out, "begun", text);
    if (*starts->state) row(out, starts->state, gt_date_text(starts->ended, ended));
    if (*starts->hash) row(out, "hash", starts->hash);
    gt_buffer_printf(out, "</table></div>\n");
}

/* ---- warnings ---- */

typedef struct remark {
    char text[TEXT], first[WHEN], last[WHEN];
    int count;
} remark;

typedef struct remarks {
    remark list[MOST_WARNINGS]; /* the newest */
    int n;
    long left_out;
} remarks;

/* Equal words make one remark. */
static void take_remark(void *arg, const char *when, const char *text) {
    remarks *r = arg;
    remark *found = NULL;
    for (int i = 0; i < r->n && !found; i++)
        if (!strncmp(r->list[i].text, text, TEXT - 1)) found = &r->list[i];
    if (!found && r->n == MOST_WARNINGS) {
        memmove(r->list, r->list + 1, (MOST_WARNINGS - 1) * sizeof *r->list);
        r->n--;
        r->left_out++;
    }
    if (!found) {
        found = &r->list[r->n++];
        *found = (remark){.count = 0};
        snprintf(found->text, TEXT, "%s", text);
        snprintf(found->first, WHEN, "%s", when);
    }
    snprintf(found->last, WHEN, "%s", when);
    found->count++;
}

void report_warnings(gt_buffer *out, const char *dir) {
    GT_FREED remarks *r = calloc(1, sizeof *r);
    out->failed |= !r;
    if (r) gt_log_warnings_each(dir, take_remark, r);
    if (r && r->n) {
        gt_buffer_printf(out, "<h2 id=\"warnings\">Warnings</h2>\n<div class=\"card scroll\"><table>\n");
        if (r->left_out)
            gt_buffer_printf(out, "<tr><th></th><td>%ld older ones are in log.txt</td></tr>\n", r->left_out);
        for (int i = 0; i < r->n; i++) {
            const remark *m = &r->list[i];
            html_text(out, "<tr><th>", m->first, "</th>");
            html_text(out, "<td class=\"warning\">", m->text, "");
            if (m->count > 1) gt_buffer_printf(out, " (%d times, last at %s)", m->count, m->last);
            gt_buffer_printf(out, "</td></tr>\n");
        }
        gt_buffer_printf(out, "</table></div>\n");
    }
}

/* ---- metrics ---- */

static void put_metric(gt_buffer *out, const char *dir, const gt_stats *s, const gt_stats_series *series) {
    const char *key = series->name + strlen(GT_METRIC_SERIES);
    bool more = false;
    const gt_metric *score = gt_metric_of_key(key, &more);
    double last = NAN, best = NAN, at = 0;
    char recipe[TEXT] = "";
    for (int t = 0; t < s->ticks; t++) {
        double v = series->values[t].mean;
        if (!isfinite(v)) continue;
        last = v;
        if (isnan(best) || (more ? v > best : v < best)) {
            best = v;
            at = (double)s->images[t] / 1000;
        }
    }
    if (isnan(last)) return;
    gt_metric_recipe(dir, key, recipe, sizeof recipe);
    html_text(out, "<tr><td>", key, "</td>");
    gt_buffer_printf(out, "<td>%.5g</td>", last);
    if (score && score->needs & GT_METRIC_BASE) gt_buffer_printf(out, "<td>(best near its base rate)</td>");
    else if (score)
        gt_buffer_printf(out, "<td>%.5g at %.6g kimg (%s is better)</td>", best, at, more ? "more" : "less");
    else gt_buffer_printf(out, "<td></td>");
    html_text(out, "<td>", recipe, "</td></tr>\n");
}

void report_metrics(gt_buffer *out, const char *dir, const gt_stats *s) {
    bool any = false;
    for (int i = 0; i < s->n_series; i++) {
        if (strncmp(s->series[i].name, GT_METRIC_SERIES, strlen(GT_METRIC_SERIES))) continue;
        if (!any)
            gt_buffer_printf(out,
                             "<h2 id=\"metrics\">Metrics</h2>\n<div class=\"card scroll\"><table>\n<tr><th>metric</th>"
                             "<th>last</th><th>best</th><th>recipe</th></tr>\n");
        any = true;
        put_metric(out, dir, s, &s->series[i]);
    }
    if (any) gt_buffer_printf(out, "</table></div>\n");
}

/* ---- files ---- */

static void put_link(gt_buffer *out, const char *name, double bytes) {
    gt_buffer_printf(out, "<tr><td>");
    html_link(out, "./", name, name);
    gt_buffer_printf(out, bytes < 1e6 ? "</td><td>%.1f kB</td></tr>\n" : "</td><td>%.1f MB</td></tr>\n",
                     bytes / (bytes < 1e6 ? 1e3 : 1e6));
}

void report_files(gt_buffer *out, const char *dir) {
    GT_FREED struct dirent **entries = NULL;
    int n = scandir(dir, &entries, NULL, alphasort), shown = 0;
    if (n < 0) return;
    gt_buffer_printf(out, "<details><summary id=\"files\">Files</summary>\n<div class=\"card scroll\"><table>\n");
    for (int i = 0; i < n; i++) {
        struct stat st;
        GT_FREED char *path = gt_path_join(dir, entries[i]->d_name);
        const char *name = entries[i]->d_name;
        bool lasts = *name != '.' && strcmp(name, "lock") && !gt_ends_with(name, ".part");
        bool file = lasts && path && stat(path, &st) == 0 && S_ISREG(st.st_mode);
        if (file && shown++ < MOST_FILES) put_link(out, name, (double)st.st_size);
        free(entries[i]);
    }
    if (shown > MOST_FILES) gt_buffer_printf(out, "<tr><td>%d more</td><td></td></tr>\n", shown - MOST_FILES);
    gt_buffer_printf(out, "</table></div></details>\n");
}
