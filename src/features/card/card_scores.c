/* SPDX-License-Identifier: Apache-2.0
 * The scores of a card: lines of metric-*.jsonl that were measured on this very file, and values of the log at the tick
 * at which it was written. */
#include <math.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "base/door/lines.h"
#include "metrics/door/metric.h"
#include "features/card/card.h"

/* ---- metric-*.jsonl ---- */

typedef struct scores {
    gt_card *card;
    const card_of *of;
    json_t *scores, *copies; /* arrays: without and with a base rate */
    int64_t others;          /* lines of other files */
} scores;

/* By the name of the file, and by the number of images where the line has one: lines of other programs do not. */
static bool is_of_file(const scores *s, const json_t *line) {
    const json_t *images = json_object_get(line, "images");
    if (json_is_integer(images) && json_integer_value(images) != s->of->images) return false;
    return !strcmp(card_text(json_object_get(line, "snapshot_pkl")), s->of->file_name);
}

/* An earlier value of this key and recipe makes place for the new one. */
static void drop_earlier(json_t *list, const json_t *row) {
    for (size_t i = json_array_size(list); i-- > 0;) {
        const json_t *old = json_array_get(list, i);
        if (!strcmp(card_text(json_object_get(old, "name")), card_text(json_object_get(row, "name"))) &&
            !strcmp(card_text(json_object_get(old, "recipe")), card_text(json_object_get(row, "recipe"))))
            json_array_remove(list, i);
    }
}

static bool is_base(const char *key) {
    size_t n = strlen(key), m = strlen(GT_METRIC_BASE_KEY);
    return n > m && !strcmp(key + n - m, GT_METRIC_BASE_KEY);
}

/* "swd1k_16" is a value of swd1k beside those that each metric of that name has. */
static const gt_metric *metric_of(const char *key, const char *name, bool *more) {
    gt_metric_request one[GT_METRICS_MAX];
    int n;
    const gt_metric *m = gt_metric_of_key(key, more);
    if (m || gt_metrics_parse(name, 0, false, one, &n) || n != 1) return m;
    *more = one->row->more_is_better;
    return one->row;
}

static void take_value(scores *s, const json_t *line, const char *key, double value) {
    char base[GT_NAME_BYTES];
    bool more = false;
    const char *name = card_text(json_object_get(line, "metric"));
    const gt_metric *metric = metric_of(key, name, &more);
    const json_t *rate = NULL;
    if (snprintf(base, sizeof base, "%s" GT_METRIC_BASE_KEY, key) < (int)sizeof base)
        rate = json_object_get(json_object_get(line, "results"), base);
    json_t *row = json_object();
    card_put_text(s->card, row, "name", key);
    card_put_text(s->card, row, "metric", name);
    card_put_real(s->card, row, "value", value);
    if (json_is_number(rate)) card_put_real(s->card, row, "base_rate", json_number_value(rate));
    else if (metric) card_put_text(s->card, row, "better", more ? "more" : "less");
    card_put_text(s->card, row, "recipe", card_text(json_object_get(line, "recipe")));
    json_t *list = json_is_number(rate) ? s->copies : s->scores;
    drop_earlier(list, row);
    card_put(s->card, list, NULL, row);
}

static void take_line(scores *s, json_t *line) {
    const char *key;
    json_t *value;
    if (!json_is_object(line)) return;
    if (!is_of_file(s, line)) {
        s->others++;
        return;
    }
    json_object_foreach(json_object_get(line, "results"), key,
                        value) if (json_is_number(value) && isfinite(json_number_value(value)) && !is_base(key))
        take_value(s, line, key, json_number_value(value));
}

static gt_status take_lines(void *arg, const char *path, const char *name) {
    gt_lines in;
    if (fnmatch("metric-*.jsonl", name, 0)) return GT_OK;
    gt_status st = gt_lines_open(&in, path, 0, 0);
    while (!st && gt_lines_next(&in)) {
        json_t *line = json_loads(in.text, JSON_ALLOW_NUL, NULL);
        take_line(arg, line);
        json_decref(line);
    }
    st = gt_lines_close(&in, st);
    return st == GT_NOMEM ? st : GT_OK; /* what cannot be read has no lines */
}

/* ---- the log ---- */

/* Values of pictures that were not trained on, and of the sheet. */
static bool is_judged(const char *series) {
    static const char *const judged[] = {"Accuracy/validation*", "Accuracy/test*",  "Loss/validation*",
                                         "Loss/test*",           "IoU/validation*", "IoU/test*"};
    for (size_t i = 0; i < sizeof judged / sizeof *judged; i++)
        if (!fnmatch(judged[i], series, 0)) return true;
    return gt_metric_of_fakes(series);
}

static void put_tick(gt_card *c, json_t *list, const gt_stats *s, int tick) {
    for (int i = 0; i < s->n_series; i++) {
        double value = s->series[i].values[tick].mean;
        const char *name = s->series[i].name;
        const gt_series *row = gt_series_of(name);
        if (!isfinite(value) || !is_judged(name)) continue;
        json_t *to = card_put_object(c, list, NULL);
        card_put_text(c, to, "name", name);
        card_put_real(c, to, "value", value);
        card_put_text(c, to, "better", !strncmp(name, "Loss/", 5) ? "less" : gt_metric_of_fakes(name) ? "" : "more");
        card_put_text(c, to, "unit", row ? row->unit : "");
        card_put_text(c, to, "meaning", row ? row->help : "");
    }
}

static gt_status put_log(gt_card *c, const card_of *of) {
    json_t *list = card_put_array(c, c->all, "log");
    GT_FREED char *path = gt_path_join(of->options->run, "stats.jsonl");
    gt_stats *stats = path ? gt_stats_read(path) : NULL;
    int tick = stats ? card_tick(stats, of->images) : -1;
    if (tick >= 0) put_tick(c, list, stats, tick);
    gt_status st = stats ? GT_OK : gt_failure();
    gt_stats_free(stats);
    return st;
}

gt_status card_put_scores(gt_card *c, const card_of *of) {
    scores s = {.card = c, .of = of};
    s.scores = card_put_array(c, c->all, "scores");
    s.copies = card_put_array(c, c->all, "near_copies");
    gt_status st = gt_folder_each(of->options->run, take_lines, &s);
    card_put_int(c, c->all, "scores_of_other_files", s.others);
    return st ? st : put_log(c, of);
}
