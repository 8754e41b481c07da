/* SPDX-License-Identifier: Apache-2.0
 * report.html: a run on one page, in one file, without anything from outside. report.h names its parts; style and
 * script are report.css and report.js, which the assembler reads: compiled from the top folder of the sources, as the
 * Makefile does. */
#define _GNU_SOURCE
#include <libgen.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/door/embed.h"
#include "features/report/report.h"
#include "gantry/rundir.h"
#include "run/door/pages.h"
#include "base/door/text.h"
#include "figures/door/html.h"

/* ---- style and script, each with a zero behind ---- */

EMBED(gt_report_css, "src/features/report/report.css");
EMBED(gt_report_js, "src/features/report/report.js");
extern const char gt_report_css[], gt_report_js[];

/* ---- figures ---- */

double report_last(const gt_stats *s, const char *name) {
    const gt_stats_series *series = gt_stats_find(s, name);
    return series && s->ticks ? series->values[s->ticks - 1].mean : NAN;
}

static void tile(gt_buffer *out, const char *label, const char *format, double x) {
    char text[32];
    if (!isfinite(x)) return;
    snprintf(text, sizeof text, format, x);
    gt_buffer_printf(out, "<div><b>%s</b><span>%s</span></div>", text, label);
}

static void put_tiles(gt_buffer *out, const gt_stats *s) {
    double seconds = report_last(s, "Timing/total_sec"),
           per_second = report_per_second(report_last(s, "Timing/sec_per_kimg"));
    gt_buffer_printf(out, "<div class=\"tiles\">");
    tile(out, "kimg", "%.6g", s->ticks ? (double)s->images[s->ticks - 1] / 1000 : 0);
    tile(out,
         seconds < 60     ? "seconds"
         : seconds < 3600 ? "minutes"
                          : "hours",
         "%.3g",
         seconds < 60     ? seconds
         : seconds < 3600 ? seconds / 60
                          : seconds / 3600);
    tile(out, "images per second", per_second < 1000 ? "%.3g" : "%.0f", per_second);
    tile(out, "loss G", "%.3f", report_last(s, "Loss/G/loss"));
    tile(out, "loss D", "%.3f", report_last(s, "Loss/D/loss"));
    tile(out, "reconstruction", "%.4g", report_last(s, "Loss/reconstruction"));
    tile(out, "KL", "%.4g", report_last(s, "Loss/KL"));
    tile(out, "loss, train", "%.4g", report_last(s, "Loss/train"));
    tile(out, "accuracy, train", "%.4f", report_last(s, "Accuracy/train"));
    tile(out, "accuracy, validation", "%.4f", report_last(s, "Accuracy/validation"));
    tile(out, "accuracy, test", "%.4f", report_last(s, "Accuracy/test"));
    tile(out, "augmentation p", "%.3f", report_last(s, "Progress/augment"));
    gt_buffer_printf(out, "</div>\n");
}

static const char head[] = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                           "content=\"width=device-width, initial-scale=1\">\n<style>\n";

void report_begin(gt_buffer *out, const char *title, const char *kind) {
    gt_buffer_add(out, head, sizeof head - 1);
    gt_buffer_add(out, gt_report_css, strlen(gt_report_css));
    gt_buffer_printf(out, "</style>\n");
    html_text(out, "<title>", title, "</title></head><body><main>\n");
    html_text(out, "<h1>", title, "</h1>");
    html_text(out, "<p>", kind, "</p>\n");
}

void report_end(gt_buffer *out) {
    gt_buffer_printf(out, "<script>\n");
    gt_buffer_add(out, gt_report_js, strlen(gt_report_js));
    gt_buffer_printf(out, "</script>\n</main></body></html>\n");
    gt_buffer_add(out, "", 1);
    if (out->failed) return;
    gt_utf8_clean(out->data); /* names of files need not be UTF-8 */
    out->n--;
}

/* `beside`: the page lies in the run's directory, so that links to its files work. */
static void put_page(gt_buffer *out, const char *dir, bool beside, const char *name, const char *job, gt_stats *s,
                     const gt_starts *starts) {
    report_begin(out, name, "Gantry training report");
    report_state(out, dir, starts, s);
    put_tiles(out, s);
    report_pictures(out, dir);
    report_next(out, dir, starts);
    report_warnings(out, dir);
    report_metrics(out, dir, s);
    if (s->ticks) report_charts(out, &(report_run){dir, name, s}, 1);
    report_facts(out, starts);
    if (beside) report_files(out, dir);
    if (job) html_text(out, "<details><summary>Job</summary><pre>", job, "</pre></details>\n");
    report_end(out);
}

gt_status report_read(const char *dir, gt_stats **stats, gt_starts **starts) {
    struct stat st_dir;
    GT_FREED char *path = gt_path_join(dir, "stats.jsonl"), *job = gt_path_join(dir, "job.ini");
    gt_status st = path && job ? GT_OK : GT_NOMEM;
    *stats = NULL;
    *starts = NULL;
    if (!st && (stat(dir, &st_dir) || !S_ISDIR(st_dir.st_mode)))
        st = gt_fail(GT_FAILED, "'%s' is not a run's directory", dir);
    if (!st && !(*stats = gt_stats_read(path))) st = gt_wrap(GT_FAILED, "no report of '%s'", dir);
    if (!st && !(*starts = gt_starts_read(dir))) st = GT_NOMEM;
    if (!st) gt_logs_warn(dir, *stats, *starts, 1);
    if (!st && !(*stats)->ticks && access(job, R_OK)) /* a run has a log, or, before the first tick, its job */
        st = gt_fail(GT_FAILED, "'%s' is not a run's directory: it has no ticks in stats.jsonl and no job.ini", dir);
    return st;
}

gt_status gt_report_write(const char *dir, const char *path) {
    gt_stats *stats;
    gt_starts *starts;
    gt_status st = report_read(dir, &stats, &starts);
    GT_FREED char *own = path ? NULL : gt_path_join(dir, "report.html"), *full = realpath(dir, NULL), *job = NULL;
    GT_BUFFER gt_buffer page = {0};
    if (!st && (!(path || own) || !full)) st = gt_fail(GT_FAILED, "no report of '%s': out of memory", dir);
    if (!st) st = gt_rundir_read(dir, "job.ini", &job);
    if (!st) put_page(&page, dir, !path, basename(full), job, stats, starts);
    if (!st) st = gt_buffer_write(&page, path ? path : own);
    gt_stats_free(stats);
    gt_starts_free(starts);
    return st;
}

static gt_status write_page(const char *dir) { return gt_report_write(dir, NULL); }

const gt_run_page gt_run_page_report = {"report.html", write_page};
