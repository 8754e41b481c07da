/* SPDX-License-Identifier: Apache-2.0
 * What scores there are, and their results in a run's directory. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "features/score/score.h"
#include "metrics/door/metric.h"
#include "run/door/appender.h"

void gt_metric_table_free(gt_metric_table *t) {
    free(t->value);
    *t = (gt_metric_table){0};
}

static const char *const needs[] = {[GT_METRIC_NO_NETWORK] = "no network",
                                    [GT_METRIC_INCEPTION] = "--inception or --detector",
                                    [GT_METRIC_VGG16] = "--vgg16 or --detector",
                                    [GT_METRIC_LPIPS] = "--vgg16 and --lpips",
                                    [GT_METRIC_CLASSIFIER] = "--detector, a classifier",
                                    [GT_METRIC_OR_PIXELS] = "--detector, else pixels"};
enum { NETWORKS = sizeof needs / sizeof *needs };

void gt_metric_help(void (*line)(void *arg, const char *name, const char *text), void *arg) {
    const gt_metric *s;
    for (int i = 0; (s = gt_metric_named_at(i)); i++) {
        char name[GT_METRIC_NAME_BYTES], text[160];
        gt_metric_name(s, s->count, name);
        snprintf(text, sizeof text, "%s (%s)", s->help, needs[s->network]);
        line(arg, name, text);
    }
}

static bool is_without_files(int network) { return network == GT_METRIC_NO_NETWORK || network == GT_METRIC_OR_PIXELS; }

/* The names of the scores of a network, without numbers and variants: "fid" for fid#_full and fid#. */
static size_t add_families(int network, char *text, size_t n) {
    const gt_metric *s;
    size_t before = 0, first = n;
    const char *last = "";
    for (int i = 0; (s = gt_metric_named_at(i)); i++) {
        size_t length = strspn(s->name, "abcdefghijklmnopqrstuvwxyz");
        bool seen = length == before && !strncmp(s->name, last, length);
        if ((int)s->network != network || seen) continue;
        n += (size_t)snprintf(text + n, GT_METRIC_LIST_BYTES - n, "%s%.*s", n > first ? ", " : "", (int)length,
                              s->name);
        before = length;
        last = s->name;
    }
    return n;
}

void gt_metrics_without_files(char list[GT_METRIC_LIST_BYTES]) {
    const gt_metric *s;
    *list = 0;
    for (int i = 0; (s = gt_metric_named_at(i)); i++) {
        size_t n = strlen(list);
        if (is_without_files(s->network)) snprintf(list + n, GT_METRIC_LIST_BYTES - n, "%s%s", n ? "," : "", s->plain);
    }
}

void gt_metrics_with_files(char text[GT_METRIC_LIST_BYTES]) {
    size_t n = 0;
    for (int network = 0; network < NETWORKS; network++) {
        if (is_without_files(network)) continue;
        if (n) n += (size_t)snprintf(text + n, GT_METRIC_LIST_BYTES - n, ", ");
        n = add_families(network, text, n);
        n += (size_t)snprintf(text + n, GT_METRIC_LIST_BYTES - n, " (%s)", needs[network]);
    }
}

static json_t *json_number_of(double x) { return isfinite(x) ? json_real(x) : json_null(); }

/* The line of the metric whose first value is number i. */
static json_t *line_of(const gt_metric_table *t, int i, const char *snapshot, int64_t images) {
    json_t *line = json_object(), *results = json_object();
    const char *metric = t->value[i].metric;
    for (int k = i; k < t->n; k++)
        if (!strcmp(t->value[k].metric, metric))
            json_object_set_new(results, t->value[k].key, json_number_of(t->value[k].value));
    json_object_set_new(line, "results", results);
    json_object_set_new(line, "metric", json_string(metric));
    json_object_set_new(line, "total_time", json_number_of(t->seconds));
    json_object_set_new(line, "snapshot_pkl", snapshot ? json_string(snapshot) : json_null());
    json_object_set_new(line, "recipe", json_string(t->value[i].recipe));
    json_object_set_new(line, "images", json_integer(images));
    return line;
}

static bool begins_metric(const gt_metric_table *t, int i) {
    return !i || strcmp(t->value[i].metric, t->value[i - 1].metric) != 0;
}

gt_status gt_metric_table_lines(const gt_metric_table *t, const char *snapshot, int64_t images,
                                void (*line)(void *arg, const char *metric, const char *text), void *arg) {
    enum { DIGITS = 17 };
    gt_status st = GT_OK;
    for (int i = 0; i < t->n && !st; i++) {
        if (!begins_metric(t, i)) continue;
        json_t *values = line_of(t, i, snapshot, images);
        GT_FREED char *text = json_dumps(values, JSON_ENSURE_ASCII | JSON_REAL_PRECISION(DIGITS));
        if (text) line(arg, t->value[i].metric, text);
        else st = gt_fail(GT_NOMEM, "out of memory for the line of %s", t->value[i].metric);
        json_decref(values);
    }
    return st;
}

/* ---- files ---- */

struct gt_metric_lines {
    int n;
    struct {
        char metric[sizeof((gt_metric_value *)0)->metric];
        gt_buffer text;
    } of[GT_METRICS_MAX];
};

gt_metric_lines *gt_metric_lines_new(void) {
    gt_metric_lines *l = calloc(1, sizeof *l);
    if (!l) gt_fail(GT_NOMEM, "out of memory for lines of metrics");
    return l;
}

void gt_metric_lines_free(gt_metric_lines *l) {
    for (int i = 0; l && i < l->n; i++) gt_buffer_free(&l->of[i].text);
    free(l);
}

static void add_line(void *arg, const char *metric, const char *text) {
    gt_metric_lines *l = arg;
    int i = 0;
    while (i < l->n && strcmp(l->of[i].metric, metric)) i++;
    if (i == GT_METRICS_MAX) return;
    if (i == l->n) snprintf(l->of[l->n++].metric, sizeof l->of[i].metric, "%s", metric);
    gt_buffer_printf(&l->of[i].text, "%s\n", text);
}

gt_status gt_metric_lines_add(gt_metric_lines *l, const gt_metric_table *t, const char *snapshot, int64_t images) {
    return gt_metric_table_lines(t, snapshot, images, add_line, l);
}

static gt_status append_lines(const char *rundir, const char *metric, gt_buffer *text) {
    char name[96];
    snprintf(name, sizeof name, "metric-%s.jsonl", metric);
    GT_FREED char *path = text->failed ? NULL : gt_path_join(rundir, name);
    appender a = {.fd = -1};
    gt_status st = path ? appender_open(&a, path, 0) : gt_fail(GT_NOMEM, "out of memory for '%s'", name);
    if (!st) {
        a.pending = *text;
        st = appender_flush(&a, true);
        *text = a.pending;
        a.pending = (gt_buffer){0};
    }
    appender_close(&a);
    return st;
}

gt_status gt_metric_lines_write(gt_metric_lines *l, const char *rundir) {
    gt_status first = GT_OK; /* later ones are tried */
    for (int i = 0; i < l->n; i++) {
        gt_status st = l->of[i].text.n || l->of[i].text.failed ? append_lines(rundir, l->of[i].metric, &l->of[i].text)
                                                               : GT_OK;
        if (!first) first = st;
    }
    return first;
}

gt_status gt_metric_table_append(const char *rundir, const gt_metric_table *t, const char *snapshot, int64_t images) {
    gt_metric_lines *l = gt_metric_lines_new();
    gt_status st = l ? gt_metric_lines_add(l, t, snapshot, images) : GT_NOMEM;
    if (!st) st = gt_metric_lines_write(l, rundir);
    gt_metric_lines_free(l);
    return st;
}
