/* SPDX-License-Identifier: Apache-2.0
 * report.html: a run on one page, in one file, without anything from outside: figures, curves, pictures, the job. */
#define _GNU_SOURCE
#include <libgen.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "report/chart.h"
#include "report/html.h"
#include "gantry/grid.h"
#include "gantry/metric.h"
#include "metrics/score.h"
#include "gantry/rundir.h"

enum { LARGEST_PICTURE = 16 << 20, EARLIER = 3 };

static const char head[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
    "content=\"width=device-width, initial-scale=1\">\n"
    "<style>\n"
    ":root{--page:#f7f7f5;--card:#fff;--text:#1c1c1a;--soft:#6b6a66;--line:#e4e3df;--c0:#2a78d6;--c1:#e0602b;--c2:#"
    "3f8f5f;--c3:#8a5fc0}\n"
    "@media(prefers-color-scheme:dark){:root{--page:#141413;--card:#1e1e1c;--text:#f1f0ec;--soft:#a3a29c;--line:#"
    "34332f;--c0:#5a9cea;--c1:#ee8354;"
    "--c2:#63b987;--c3:#ae8ae0}}\n"
    "*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--text);font:15px/1.5 "
    "system-ui,sans-serif}\n"
    "main{max-width:1240px;margin:0 auto;padding:32px 20px 60px}h1{font-size:26px;margin:0 0 "
    "2px;overflow-wrap:anywhere}\n"
    "h2{font-size:18px;margin:40px 0 12px}h3{font-size:15px;margin:0}p{margin:0;color:var(--soft)}\n"
    ".tiles{display:flex;flex-wrap:wrap;gap:12px;margin-top:20px}"
    ".tiles div{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px "
    "16px;min-width:120px}\n"
    ".tiles b{display:block;font-size:21px;font-weight:600}.tiles span{color:var(--soft);font-size:13px}\n"
    ".charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,380px),1fr));gap:14px}\n"
    "figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:14px 16px "
    "8px;min-width:0}\n"
    "figcaption "
    "p{font-size:13px;min-height:20px}.legend{font-size:13px;color:var(--soft);display:flex;flex-wrap:wrap;gap:2px "
    "16px;margin:6px 0}\n"
    ".legend b{color:var(--text);font-variant-numeric:tabular-nums}"
    ".legend i{display:inline-block;width:14px;height:3px;border-radius:2px;margin-right:6px;vertical-align:middle}\n"
    "svg{width:100%;height:auto;display:block}svg "
    "text{fill:var(--soft);font-size:12px}.x{text-anchor:middle}.y{text-anchor:end}\n"
    ".grid{stroke:var(--line);stroke-width:1}path{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}"
    "\n"
    ".l0{stroke:var(--c0)}.l1{stroke:var(--c1)}.l2{stroke:var(--c2)}.l3{stroke:var(--c3)}.d0,.k0{fill:var(--c0);"
    "background:var(--c0)}"
    ".d1,.k1{fill:var(--c1);background:var(--c1)}.d2,.k2{fill:var(--c2);background:var(--c2)}.d3,.k3{fill:var(--c3);"
    "background:var(--c3)}\n"
    ".pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,480px),1fr));gap:14px}"
    ".small{grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr));margin-top:14px}\n"
    "img{width:100%;height:auto;display:block;margin:8px 0;border-radius:4px;image-rendering:pixelated}\n"
    "details{margin-top:40px}summary{cursor:pointer;font-size:18px;font-weight:600}"
    "pre{background:var(--card);border:1px solid "
    "var(--line);border-radius:8px;padding:14px;overflow:auto;font-size:13px}\n"
    "</style>\n";

/* ---- pictures ---- */

static void base64(gt_buffer *out, const unsigned char *p, size_t n) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        unsigned bits = (unsigned)p[i] << 16 | (i + 1 < n ? (unsigned)p[i + 1] << 8 : 0) | (i + 2 < n ? p[i + 2] : 0);
        char four[4] = {digits[bits >> 18], digits[bits >> 12 & 63], i + 1 < n ? digits[bits >> 6 & 63] : '=',
                        i + 2 < n ? digits[bits & 63] : '='};
        gt_buffer_add(out, four, 4);
    }
}

static void put_picture(gt_buffer *out, const char *dir, const char *name, const char *title) {
    char *path = gt_path_join(dir, name);
    void *png = NULL;
    size_t n = 0;
    gt_status st = GT_OK;
    struct stat s;
    bool there = path && stat(path, &s) == 0;
    if (there) {
        html_figure(out, title, name);
        if (s.st_size > LARGEST_PICTURE) {
            gt_buffer_printf(out, "<p>%.1f MB: too large for this page; see the file beside it.</p>",
                             (double)s.st_size / 1e6);
        } else if ((st = gt_file_read(path, LARGEST_PICTURE, &png, &n)) == GT_OK) {
            gt_buffer_printf(out, "<img alt=\"%s\" src=\"data:image/png;base64,", title);
            base64(out, png, n);
            gt_buffer_printf(out, "\">");
        } else {
            html_text(out, "<p>Not shown: ", gt_message(), "</p>");
        }
        gt_buffer_printf(out, "</figure>\n");
    }
    out->failed |= !path || st == GT_NOMEM;
    free(png);
    free(path);
}

static void put_fakes(gt_buffer *out, const char *dir, const char *when, long long images) {
    char name[40], title[80];
    gt_grid_fakes_name(images, name);
    snprintf(title, sizeof title, "%s %.6g kimg", when, (double)images / 1000);
    put_picture(out, dir, name, title);
}

static void put_pictures(gt_buffer *out, const char *dir) {
    size_t n;
    long long *fakes = gt_grid_list_fakes(dir, &n);
    gt_buffer_printf(out, "<h2>Pictures</h2>\n<div class=\"pictures\">");
    if (n) put_fakes(out, dir, "Generated after", fakes[n - 1]);
    put_picture(out, dir, "reals.png", "Real");
    put_picture(out, dir, "confusion.png", "Confusion of the classes on images that are not trained on");
    gt_buffer_printf(out, "</div>\n<div class=\"pictures small\">");
    size_t before = n ? n - 1 : 0, shown = before < EARLIER ? before : EARLIER;
    for (size_t i = 0; i < shown; i++) /* evenly over what came before */
        put_fakes(out, dir, "After", fakes[shown == before ? i : i * before / shown]);
    gt_buffer_printf(out, "</div>\n");
    free(fakes);
}

/* ---- figures and curves ---- */

static double per_second(double seconds_per_kimg) { return 1000 / seconds_per_kimg; }

/* Which series stand together; those of no row get a chart each. */
static const chart charts[] = {
    {"Losses",
     "Generator against discriminator: level is good, a runaway is not",
     {{"G", "Loss/G/loss", NULL}, {"D", "Loss/D/loss", NULL}}},
    {"Discriminator",
     "Its loss on real and on generated images",
     {{"real", "Loss/D/real", NULL}, {"generated", "Loss/D/fake", NULL}}},
    {"Taken rightly",
     "Share of the images that the discriminator takes for what they are; one half: it guesses",
     {{"real", "Accuracy/D/real", NULL}, {"generated", "Accuracy/D/fake", NULL}}},
    {"Accuracy", "Classes of real images, as the discriminator tells them", {{"accuracy", "Accuracy/real", NULL}}},
    {"Reconstruction",
     "Between an image and what the decoder makes of its latent",
     {{"reconstruction", "Loss/reconstruction", NULL}}},
    {"Divergence", "What the latent says of an image, in nats; 0: nothing", {{"KL", "Loss/KL", NULL}}},
    {"Loss",
     "Cross-entropy of a classifier; validation and test rise while train falls: it learns by heart",
     {{"train", "Loss/train", NULL}, {"validation", "Loss/validation", NULL}, {"test", "Loss/test", NULL}}},
    {"Classified rightly",
     "Share of the images; train: with dropout and augmentation, over the tick",
     {{"train", "Accuracy/train", NULL},
      {"validation", "Accuracy/validation", NULL},
      {"test", "Accuracy/test", NULL},
      {"baseline", "Accuracy/test_baseline", NULL}}},
    {"Among the first five",
     "Share of the images whose class is one of the five likeliest",
     {{"validation", "Accuracy/validation_top5", NULL}, {"test", "Accuracy/test_top5", NULL}}},
    {"Codes", "How many codes are in use (perplexity)", {{"codes", "Codes/perplexity", NULL}}},
    {"Scores",
     "What the discriminator says; the gap should not grow for ever",
     {{"real", "Loss/scores/real", NULL}, {"generated", "Loss/scores/fake", NULL}}},
    {"r_t",
     "Mean sign of the scores: towards 1 for reals means overfitting",
     {{"real", "Loss/signs/real", NULL}, {"generated", "Loss/signs/fake", NULL}}},
    {"Augmentation p", "How often each augmentation is applied", {{"p", "Progress/augment", NULL}}},
    {"Speed", "Images per second", {{"images/s", "Timing/sec_per_kimg", per_second}}},
    {"Regularisation",
     "R1 of the discriminator, path length of the generator",
     {{"D", "Loss/D/reg", NULL}, {"G", "Loss/G/reg", NULL}}},
};
enum { CHARTS = sizeof charts / sizeof *charts, BEFORE_METRICS = 2 /* charts */ };

/* The key of a metric of --metrics: "fid10k" of "Metrics/fid10k"; NULL: another series. */
static const char *key_of_score(const char *series) {
    size_t n = strlen(GT_SCORE_SERIES);
    return strncmp(series, GT_SCORE_SERIES, n) ? NULL : series + n;
}

static bool in_a_chart(const char *name) {
    if (key_of_score(name)) return true;
    const gt_metric *m = gt_metric_find(name);
    if (m && m->title) return true;
    for (int i = 0; i < CHARTS; i++)
        for (int k = 0; k < CHART_LINES; k++)
            if (charts[i].lines[k].series && strcmp(charts[i].lines[k].series, name) == 0) return true;
    return false;
}

static void put_series(gt_buffer *out, const gt_stats *s, const char *title, const char *note, const char *label,
                       const char *series) {
    chart_draw(out, s, &(chart){title, note, {{label, series, NULL}}});
}

static void put_metrics(gt_buffer *out, const gt_stats *s) {
    const gt_metric *m;
    for (int i = 0; (m = gt_metric_at(i)); i++)
        if (m->title) put_series(out, s, m->title, m->note, m->legend ? m->legend : m->label, m->series);
}

static void put_scores(gt_buffer *out, const gt_stats *s) {
    for (int i = 0; i < s->n_series; i++) {
        const char *series = s->series[i].name, *key = key_of_score(series);
        char note[160] = "";
        bool more;
        const gt_score *score = key ? gt_score_of_key(key, &more) : NULL;
        if (score) snprintf(note, sizeof note, "%s; %s is better", score->help, more ? "more" : "less");
        if (key) put_series(out, s, key, note, key, series);
    }
}

static void put_charts(gt_buffer *out, const gt_stats *s) {
    gt_buffer_printf(out, "<h2>Curves</h2>\n");
    gt_buffer_printf(out, "<div class=\"charts\">\n");
    for (int i = 0; i < CHARTS; i++) {
        if (i == BEFORE_METRICS) put_scores(out, s);
        if (i == BEFORE_METRICS) put_metrics(out, s);
        chart_draw(out, s, &charts[i]);
    }
    gt_buffer_printf(
        out,
        "</div>\n<details><summary>All other series</summary>\n<div class=\"charts\" style=\"margin-top:12px\">\n");
    for (int i = 0; i < s->n_series; i++)
        if (!in_a_chart(s->series[i].name)) put_series(out, s, s->series[i].name, "", "mean", s->series[i].name);
    gt_buffer_printf(out, "</div></details>\n");
}

static double last_of(const gt_stats *s, const char *name) {
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
    double hours = last_of(s, "Timing/total_sec") / 3600;
    gt_buffer_printf(out, "<div class=\"tiles\">");
    tile(out, "kimg", "%.6g", s->ticks ? (double)s->images[s->ticks - 1] / 1000 : 0);
    tile(out, hours < 1 ? "minutes" : "hours", "%.3g", hours < 1 ? hours * 60 : hours);
    tile(out, "images per second", "%.3g", per_second(last_of(s, "Timing/sec_per_kimg")));
    tile(out, "loss G", "%.3f", last_of(s, "Loss/G/loss"));
    tile(out, "loss D", "%.3f", last_of(s, "Loss/D/loss"));
    tile(out, "reconstruction", "%.4g", last_of(s, "Loss/reconstruction"));
    tile(out, "KL", "%.4g", last_of(s, "Loss/KL"));
    tile(out, "loss, train", "%.4g", last_of(s, "Loss/train"));
    tile(out, "accuracy, train", "%.4f", last_of(s, "Accuracy/train"));
    tile(out, "accuracy, validation", "%.4f", last_of(s, "Accuracy/validation"));
    tile(out, "accuracy, test", "%.4f", last_of(s, "Accuracy/test"));
    tile(out, "augmentation p", "%.3f", last_of(s, "Progress/augment"));
    tile(out, "ticks", "%.0f", (double)s->ticks);
    gt_buffer_printf(out, "</div>\n");
}

static void put_page(gt_buffer *out, const char *dir, const char *name, const char *job, const gt_stats *s) {
    gt_buffer_add(out, head, sizeof head - 1);
    html_text(out, "<title>", name, "</title></head><body><main>\n");
    html_text(out, "<h1>", name, "</h1><p>Gantry training report</p>\n");
    put_tiles(out, s);
    put_pictures(out, dir);
    if (s->ticks) put_charts(out, s);
    if (job) html_text(out, "<details><summary>Job</summary><pre>", job, "</pre></details>\n");
    gt_buffer_printf(out, "</main></body></html>\n");
}

gt_status gt_report_write(const char *dir, const char *path) {
    struct stat st_dir;
    if (stat(dir, &st_dir) || !S_ISDIR(st_dir.st_mode)) return gt_fail(GT_USAGE, "'%s' is not a run's directory", dir);
    char *stats_path = gt_path_join(dir, "stats.jsonl"), *own = path ? NULL : gt_path_join(dir, "report.html"),
         *full = realpath(dir, NULL);
    gt_stats *stats = stats_path ? gt_stats_read(stats_path) : NULL;
    gt_status st = stats && (path || own) && full ? GT_OK : gt_wrap(GT_FAILED, "no report of '%s'", dir);
    gt_buffer page = {0};
    char *job = NULL;
    if (!st) st = gt_rundir_read(dir, "job.ini", &job);
    if (!st && !stats->ticks && !job) /* a run has a log, or, before the first tick, its job */
        st = gt_fail(GT_USAGE, "'%s' is not a run's directory: it has no ticks in stats.jsonl and no job.ini", dir);
    if (!st) put_page(&page, dir, basename(full), job, stats);
    if (!st) st = gt_buffer_write(&page, path ? path : own);
    gt_stats_free(stats);
    free(job);
    free(stats_path);
    free(own);
    free(full);
    return st;
}
