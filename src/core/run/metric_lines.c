/* SPDX-License-Identifier: Apache-2.0
 * metric-NAME.jsonl of a run: cut back when the run resumes from an earlier state, and the recipes of values
 * (runlog.h). */
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/door/file.h"
#include "base/door/lines.h"
#include "base/door/numbers.h"
#include "gantry/log.h"
#include "run/door/runlog.h"
#include "run/runlog_internal.h"
#include "run/door/metric_lines.h"

/* Lines of other programs do not say how many images there were: they stay. */
static verdict verdict_of(char *text, bool whole, int64_t images, void *scratch) {
    (void)scratch;
    json_t *line = whole ? json_loads(text, JSON_ALLOW_NUL, NULL) : NULL;
    const json_t *said = json_object_get(line, "images");
    verdict v = !line ? BAD : json_is_integer(said) && json_integer_value(said) > images ? LATER : KEEP;
    json_decref(line);
    return v;
}

static bool is_of_metric(const char *name) { return !fnmatch("metric-*.jsonl", name, 0); }

static gt_status cut_back(void *arg, const char *path, const char *name) {
    const int64_t *images = arg;
    int counts[VERDICTS] = {0};
    int64_t last;
    if (!is_of_metric(name)) return GT_OK;
    gt_status st = keep_lines(path, *images, verdict_of, NULL, counts, &last);
    if (counts[BAD]) gt_warn("%s: %d damaged or half-written lines removed", name, counts[BAD]);
    return st;
}

gt_status gt_metric_lines_cut_back(const char *dir, int64_t images) { return gt_folder_each(dir, cut_back, &images); }

/* ---- recipes ---- */

/* What is looked for, and what was found. */
typedef struct wanted {
    const char *key;    /* of the value; NULL: any */
    const char *metric; /* NULL: any */
    int64_t images;     /* -1: any */
    double value;       /* NaN: any */
    const char *known;  /* a recipe to compare with; NULL: none */
    char *recipe;       /* gets that of the latest line; NULL: not wanted */
    size_t bytes;
    bool found; /* a line, with the known recipe where there is one */
} wanted;

static bool matches(const wanted *w, const json_t *line) {
    const char *metric = json_string_value(json_object_get(line, "metric"));
    const json_t *images = json_object_get(line, "images");
    const json_t *value = w->key ? json_object_get(json_object_get(line, "results"), w->key) : NULL;
    if (w->key && !value) return false;
    if (w->metric && (!metric || strcmp(metric, w->metric) != 0)) return false;
    if (w->images >= 0 && !(json_is_integer(images) && json_integer_value(images) == w->images)) return false;
    return isnan(w->value) || gt_near(json_number_value(value), w->value, 1e-9);
}

static void match_line(wanted *w, const json_t *line) {
    const char *recipe = json_string_value(json_object_get(line, "recipe"));
    if (!recipe || !matches(w, line)) return;
    if (w->recipe) snprintf(w->recipe, w->bytes, "%s", recipe);
    if (!w->known || !strcmp(recipe, w->known)) w->found = true;
}

static gt_status match_lines(void *arg, const char *path, const char *name) {
    gt_lines in;
    if (!is_of_metric(name)) return GT_OK;
    gt_status st = gt_lines_open(&in, path, 0, 0);
    while (!st && gt_lines_next(&in)) {
        json_t *line = json_loads(in.text, JSON_ALLOW_NUL, NULL);
        match_line(arg, line);
        json_decref(line);
    }
    gt_lines_close(&in, st);
    return GT_OK; /* what cannot be read has no lines */
}

void gt_metric_recipe(const char *dir, const char *key, char *recipe, size_t bytes) {
    *recipe = 0;
    gt_folder_each(dir, match_lines,
                   &(wanted){.key = key, .images = -1, .value = NAN, .recipe = recipe, .bytes = bytes});
}

bool metric_line_is_there(const char *dir, const char *metric, int64_t images, const char *recipe) {
    wanted w = {.metric = metric, .images = images, .value = NAN, .known = recipe};
    gt_folder_each(dir, match_lines, &w);
    return w.found;
}

void metric_recipe_at(const char *dir, const char *key, int64_t images, double value, char *recipe, size_t bytes) {
    *recipe = 0;
    gt_folder_each(dir, match_lines,
                   &(wanted){.key = key, .images = images, .value = value, .recipe = recipe, .bytes = bytes});
}
