/* SPDX-License-Identifier: Apache-2.0
 * The curves of a report: which series stand together in a chart. */
#include <stdio.h>
#include <string.h>

#include "gantry/metric.h"
#include "metrics/score.h"
#include "report/chart.h"
#include "report/report.h"

double report_per_second(double seconds_per_kimg) { return 1000 / seconds_per_kimg; }

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
     {{"reconstruction", "Loss/reconstruction", NULL}, {"test", "Loss/test_reconstruction", NULL}}},
    {"Divergence",
     "What the latent says of an image; 0: nothing",
     {{"KL", "Loss/KL", NULL}, {"test", "Loss/test_KL", NULL}}},
    {"Evidence lower bound", "What log p(x) of test images is at least", {{"test", "Loss/test_ELBO", NULL}}},
    {"Weight of the divergence", "By --kl-warmup and --kl-cycles, up to --beta", {{"weight", "KL/weight", NULL}}},
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
    {"Speed (images/s)", "Images that are trained on", {{"speed", "Timing/sec_per_kimg", report_per_second}}},
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

void report_charts(gt_buffer *out, const gt_stats *s) {
    gt_buffer_printf(out, "<h2 id=\"curves\">Curves</h2>\n<p class=\"tools\"><span hidden>Smoothing <input "
                          "id=\"smoothing\" type=\"range\" min=\"0\" max=\"0.98\" step=\"0.01\" value=\"0\" "
                          "aria-label=\"Smoothing\"></span></p>\n");
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
