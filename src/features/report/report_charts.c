/* SPDX-License-Identifier: Apache-2.0
 * The curves of a report: which series stand together in a chart. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "metrics/door/metric.h"
#include "features/report/report.h"
#include "runner/generator/door/ensemble.h"

double report_per_second(double seconds_per_kimg) { return 1000 / seconds_per_kimg; }

#define AUGMENT "Progress/augment"

/* Which series stand together; those of no row get a chart each, and so does every series where several runs stand
 * together. */
static const struct {
    const char *title, *note; /* of a chart */
    struct {
        const char *label, *series;
        double (*map)(double);
    } lines[CHART_LINES];
} charts[] = {
    {"Losses",
     "Generator against discriminator. Good: both level off. Bad: one keeps rising or falling",
     {{"G", "Loss/G/loss", NULL}, {"D", "Loss/D/loss", NULL}}},
    {"Discriminator",
     "Its loss on real and on generated images",
     {{"real", "Loss/D/real", NULL}, {"generated", "Loss/D/fake", NULL}}},
    {"Accuracy of the discriminator",
     "Share of the images that it judges rightly; one half: it guesses",
     {{"real", "Accuracy/D/real", NULL}, {"generated", "Accuracy/D/fake", NULL}}},
    {"Accuracy", "Accuracy of the discriminator on the classes of real images", {{"accuracy", "Accuracy/real", NULL}}},
    {"Reconstruction",
     "Difference between an image and its reconstruction from the latent",
     {{"reconstruction", "Loss/reconstruction", NULL}, {"test", "Loss/test_reconstruction", NULL}}},
    {"Divergence",
     "Information about the image in its latent; 0: the decoder ignores the latent",
     {{"KL", "Loss/KL", NULL}, {"test", "Loss/test_KL", NULL}}},
    {"Evidence lower bound", "A lower bound of log p(x) of test images", {{"test", "Loss/test_ELBO", NULL}}},
    {"Weight of the divergence", "Set by --kl-warmup and --kl-cycles, up to --beta", {{"weight", "KL/weight", NULL}}},
    {"Loss",
     "Cross-entropy of a classifier; if validation and test rise while train falls: overfitting",
     {{"train", "Loss/train", NULL}, {"validation", "Loss/validation", NULL}, {"test", "Loss/test", NULL}}},
    {"Accuracy",
     "Share of rightly classified images; train: with dropout and augmentation, over the tick",
     {{"train", "Accuracy/train", NULL},
      {"validation", "Accuracy/validation", NULL},
      {"test", "Accuracy/test", NULL},
      {"baseline", "Accuracy/test_baseline", NULL}}},
    {"Top-5 accuracy",
     "Share of images whose class is among the five likeliest",
     {{"validation", "Accuracy/validation_top5", NULL}, {"test", "Accuracy/test_top5", NULL}}},
    {"Codes", "Number of codes in use (perplexity)", {{"codes", "Codes/perplexity", NULL}}},
    {"Scores",
     "Scores of the discriminator; the gap should not grow for ever",
     {{"real", "Loss/scores/real", NULL}, {"generated", "Loss/scores/fake", NULL}}},
    {"Overfitting of the discriminator (r_t)",
     "Mean sign of its scores; near 1 for reals: it has memorised the training images; ADA aims at 0.6",
     {{"real", "Loss/signs/real", NULL}, {"generated", "Loss/signs/fake", NULL}}},
    {"Augmentation p", "How often each augmentation is applied to the discriminator's images", {{"p", AUGMENT, NULL}}},
    {"Speed (images/s)", "Training images per second", {{"speed", "Timing/sec_per_kimg", report_per_second}}},
    {"Time of a tick",
     "Where it goes, without measuring and writing, mean of the ranks",
     {{"computing", "Timing/computing_sec", NULL},
      {"packing", "Timing/packing_sec", NULL},
      {"waiting for ranks", "Timing/wait_for_ranks_sec", NULL},
      {"waiting for images", "Timing/wait_for_data_sec", NULL},
      {"the rest", "Timing/rest_sec", NULL}}},
    {"Regularisation",
     "R1 of the discriminator, path length of the generator",
     {{"D", "Loss/D/reg", NULL}, {"G", "Loss/G/reg", NULL}}},
};
enum { CHARTS = sizeof charts / sizeof *charts, BEFORE_METRICS = 2 /* charts */ };

/* The key of a metric of --metrics: "fid10k" of "Metrics/fid10k"; NULL: another series. */
static const char *key_of_score(const char *series) {
    size_t n = strlen(GT_METRIC_SERIES);
    return strncmp(series, GT_METRIC_SERIES, n) ? NULL : series + n;
}

static bool in_a_chart(const char *name) {
    if (key_of_score(name)) return true;
    const gt_metric *m = gt_metric_of_series(name);
    if (m && m->title) return true;
    for (int i = 0; i < CHARTS; i++)
        for (int k = 0; k < CHART_LINES; k++)
            if (charts[i].lines[k].series && strcmp(charts[i].lines[k].series, name) == 0) return true;
    return false;
}

/* ---- drawing ---- */

typedef struct curves {
    gt_buffer *out;
    const report_run *runs;
    int n, points; /* runs; points of a curve */
    int *count;
    int columns; /* of a terminal; 0: a page */
    bool coloured;
} curves;

static void draw(const curves *c, const char *title, const char *note, int n, const chart_line *lines) {
    const chart of = {title, note, n, lines, c->points, c->columns, c->coloured};
    if (c->columns) chart_print(c->out, &of);
    else chart_draw(c->out, &of);
}

/* A chart of one series: a line for each run. */
static void put_series(const curves *c, const char *title, const char *note, const char *label, const char *series,
                       double (*map)(double)) {
    chart_line lines[CHART_MOST_LINES];
    for (int i = 0; i < c->n; i++)
        lines[i] = (chart_line){c->runs[i].stats, i, c->n > 1 ? c->runs[i].name : label, series, map};
    draw(c, title, note, c->n, lines);
}

/* Of all runs. */
static bool is_zero(const curves *c, const char *series) {
    for (int i = 0; i < c->n; i++) {
        const gt_stats_series *s = gt_stats_find(c->runs[i].stats, series);
        for (int k = 0; s && k < c->runs[i].stats->ticks; k++)
            if (fabs(s->values[k].mean) > 0) return false; /* not of absent ones */
    }
    return true;
}

static void put_row(const curves *c, int row) {
    chart_line lines[CHART_LINES];
    char title[120];
    int n = 0;
    if (!strcmp(charts[row].lines->series, AUGMENT) && is_zero(c, AUGMENT)) return; /* --aug=noaug */
    for (; n < CHART_LINES && charts[row].lines[n].series; n++) {
        lines[n] = (chart_line){c->runs->stats, 0, charts[row].lines[n].label, charts[row].lines[n].series,
                                charts[row].lines[n].map};
    }
    if (c->n == 1) {
        draw(c, charts[row].title, charts[row].note, n, lines);
        return;
    }
    for (int k = 0; k < n; k++) {
        snprintf(title, sizeof title, "%s%s%s", charts[row].title, n > 1 ? ": " : "", n > 1 ? lines[k].label : "");
        put_series(c, title, n > 1 ? "" : charts[row].note, lines[k].label, lines[k].series, lines[k].map);
    }
}

static void put_metrics(const curves *c) {
    const gt_metric *m;
    for (int i = 0; (m = gt_metric_at(i)); i++)
        if (m->title) put_series(c, m->title, m->note, m->legend ? m->legend : m->label, m->series, NULL);
}

/* Calls `put` for each series of the runs, once. */
static void each_series(const curves *c, void (*put)(const curves *c, const char *series)) {
    for (int i = 0; i < c->n; i++)
        for (int k = 0; k < c->runs[i].stats->n_series; k++) {
            const char *series = c->runs[i].stats->series[k].name;
            bool seen = false;
            for (int before = 0; before < i && !seen; before++)
                seen = gt_stats_find(c->runs[before].stats, series) != NULL;
            if (!seen) put(c, series);
        }
}

/* Scores of different recipes are not compared. */
static void put_score(const curves *c, const char *series) {
    const char *key = key_of_score(series);
    char note[160] = "";
    bool more;
    const gt_metric *score = key ? gt_metric_of_key(key, &more) : NULL;
    if (score && score->needs & GT_METRIC_BASE) snprintf(note, sizeof note, "%s: best near the base rate", score->help);
    else if (score) snprintf(note, sizeof note, "%s; %s is better", score->help, more ? "more" : "less");
    else if (key && gt_ensembles_found[0] && gt_ensembles_found[0]->about(key))
        snprintf(note, sizeof note, "%s", gt_ensembles_found[0]->about(key));
    if (key && report_same_recipe(c->runs, c->n, series)) put_series(c, key, note, key, series, NULL);
}

/* The page stays small enough to be sent. */
static bool is_full(const gt_buffer *out) { return out->n > REPORT_MOST_BYTES; }

static void put_other(const curves *c, const char *series) {
    if (!in_a_chart(series) && !is_full(c->out)) put_series(c, series, "", "mean", series, NULL);
}

static void count_points(const curves *c, const char *series) {
    (void)series;
    ++*c->count;
}

/* So many points that all curves of all runs stay small. */
static int points_of(const report_run *runs, int n) {
    enum { BYTES = 1800 << 10, POINT = 30 /* bytes */, LEAST = 30 };
    int series = 0;
    if (n == 1) return CHART_POINTS;
    each_series(&(curves){.runs = runs, .n = n, .count = &series}, count_points);
    int points = BYTES / POINT / n / (series + 1);
    return points < LEAST ? LEAST : points > CHART_POINTS ? CHART_POINTS : points;
}

void report_charts(gt_buffer *out, const report_run *runs, int n) {
    const curves c = {.out = out, .runs = runs, .n = n, .points = points_of(runs, n)};
    gt_buffer_printf(out, "<h2 id=\"curves\">Curves</h2>\n<p class=\"tools\"><span hidden>Smoothing <input "
                          "id=\"smoothing\" type=\"range\" min=\"0\" max=\"0.98\" step=\"0.01\" value=\"0\" "
                          "aria-label=\"Smoothing\"></span><span hidden>Over <select id=\"axis\" "
                          "aria-label=\"Horizontal axis\"></select></span></p>\n");
    const gt_stats *stats[CHART_MOST_LINES];
    for (int i = 0; i < n; i++) stats[i] = runs[i].stats;
    chart_places(out, stats, n, c.points);
    gt_buffer_printf(out, "<div class=\"charts\">\n");
    for (int i = 0; i < CHARTS; i++) {
        if (i == BEFORE_METRICS) each_series(&c, put_score);
        if (i == BEFORE_METRICS) put_metrics(&c);
        put_row(&c, i);
    }
    gt_buffer_printf(
        out,
        "</div>\n<details><summary>All other series</summary>\n<div class=\"charts\" style=\"margin-top:12px\">\n");
    each_series(&c, put_other);
    gt_buffer_printf(
        out, "</div>%s</details>\n",
        is_full(out) ? "<p>Some series are left out to limit the size of this page; stats.jsonl has all.</p>" : "");
}

static bool is_main(const char *title) {
    static const char *const titles[] = {"Losses", "Reconstruction", "Loss", "Classified rightly"};
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        if (!strcmp(title, titles[i])) return true;
    return false;
}

void report_main_charts(gt_buffer *out, const report_run *run, int columns, bool coloured) {
    const curves c = {
        .out = out, .runs = run, .n = 1, .points = points_of(run, 1), .columns = columns, .coloured = coloured};
    for (int i = 0; i < CHARTS; i++)
        if (is_main(charts[i].title)) put_row(&c, i);
    each_series(&c, put_score);
    put_metrics(&c);
}
