/* SPDX-License-Identifier: Apache-2.0
 * The metric log of a run: one tick into stats.jsonl (the truth), metrics.h5 and TensorBoard's events. */
#include "gantry/runlog.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "appender.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/file_system.h"
#include "gantry/log.h"
#include "metrics_h5.h"
#include "stats_line.h"
#include "tfevents.h"

enum {
    LARGEST = 1 << 30,
    REBUILD_PART = 32, /* without SWMR metrics.h5 is made anew when it has grown by this part: all rebuilds together cost as much as so many of the last */
};
typedef enum part { STATS, METRICS, EVENTS, PARTS } part;

struct gt_runlog {
    char *dir, *path; /* of stats.jsonl */
    appender stats;
    bool failing[PARTS]; /* said so already */
    metrics_h5 *metrics;
    bool swmr;        /* else metrics.h5 is replaced as a whole, */
    int rest;         /* ... after so many more ticks */
    bool stale;       /* it lacks ticks */
    bool left;        /* to another process */
    tfevents *events;
    gt_stats *before; /* what was there when the log was opened */
};

static void report(gt_runlog *l, part p, gt_status st) {
    static const char *const names[PARTS] = {"stats.jsonl", "metrics.h5", "TensorBoard's events"};
    gt_log_outcome(&l->failing[p], st != GT_OK, names[p]);
}

/* ---- cutting back ---- */

typedef enum verdict { KEEP, LATER, BAD, VERDICTS } verdict;
typedef verdict judge(char *line, bool whole, int64_t images, void *scratch); /* may change the line */

/* Keep the lines that are to be kept, and count the others: rewrites the file only when something goes. */
static gt_status keep_lines(const char *path, int64_t images, judge *judges, void *scratch, int counts[VERDICTS]) {
    void *bytes;
    size_t n;
    if (access(path, F_OK)) return GT_OK;
    gt_status st = gt_file_read_text(path, LARGEST, &bytes, &n);
    if (st) return st;
    gt_buffer kept = {0};
    for (char *p = bytes, *end = p + n, *next; p < end; p = next) {
        char *newline = memchr(p, '\n', (size_t)(end - p));
        next = newline ? newline + 1 : end;
        size_t start = kept.n;
        gt_buffer_add(&kept, p, (size_t)((newline ? newline : end) - p)); /* kept as it is, before it is judged */
        gt_buffer_add(&kept, "\n", 1);
        if (newline) *newline = 0;
        verdict v = judges(p, newline, images, scratch);
        counts[v]++;
        if (v != KEEP) kept.n = start;
    }
    if (kept.failed) st = gt_fail(GT_NOMEM, "out of memory for '%s'", path);
    if (!st && kept.n != n) st = gt_file_write(path, kept.data, kept.n);
    free(bytes);
    gt_buffer_free(&kept);
    return st;
}

static verdict judge_stats(char *text, bool whole, int64_t images, void *line) {
    if (!whole || !stats_line_parse(text, line)) return BAD;
    return ((stats_line *)line)->images <= images ? KEEP : LATER;
}

static gt_status cut_back(const char *path, int64_t images) {
    stats_line line = {0};
    int counts[VERDICTS] = {0};
    gt_status st = keep_lines(path, images, judge_stats, &line, counts);
    if (counts[LATER]) gt_info("stats.jsonl: cut back to %lld images (%d later lines removed)", (long long)images, counts[LATER]);
    if (counts[BAD]) gt_warn("stats.jsonl: %d damaged or half-written lines removed", counts[BAD]);
    free(line.values);
    return st;
}

static verdict judge_talk(char *text, bool whole, int64_t images, void *scratch) {
    double kimg;
    (void)whole, (void)scratch;
    return sscanf(text, "%*s %*s tick %*d kimg %lf", &kimg) == 1 && 1000 * kimg > (double)images + 0.5 ? LATER : KEEP;
}

gt_status gt_log_cut_back(const char *path, int64_t images) {
    int counts[VERDICTS] = {0};
    return keep_lines(path, images, judge_talk, NULL, counts);
}

/* ---- the three parts ---- */

static gt_status rebuild_metrics(gt_runlog *l) {
    gt_stats *stats = gt_stats_read(l->path);
    gt_status st = stats ? metrics_h5_rebuild(l->metrics, stats) : GT_FAILED;
    l->stale = st != GT_OK;
    l->rest = stats ? stats->ticks / REBUILD_PART : 0;
    gt_stats_free(stats);
    return st;
}

static gt_status tick_metrics(gt_runlog *l, int64_t images, double time, const gt_stat_value *values, int n) {
    if (l->failing[STATS]) { /* it would not be what stats.jsonl says: rebuilt once that can be written again */
        metrics_h5_close(l->metrics);
        return gt_fail(GT_FAILED, "waits for stats.jsonl");
    }
    if (!l->swmr && l->rest-- > 0) {
        l->stale = true;
        return GT_OK;
    }
    if (!metrics_h5_ready(l->metrics, values, n)) return rebuild_metrics(l);
    gt_status st = metrics_h5_append(l->metrics, images, time, values, n);
    if (st) metrics_h5_close(l->metrics);
    return st;
}

void gt_runlog_tick(gt_runlog *l, int64_t images, const gt_stat_value *values, int n) {
    double time = gt_unix_time();
    gt_buffer *lines = &l->stats.pending;
    size_t whole = lines->n;
    stats_line_print(lines, images, time, values, n);
    if (lines->failed) { /* out of memory: this line is lost, earlier ones are not */
        lines->n = whole;
        lines->failed = false;
        gt_warn("stats.jsonl: out of memory for a line at %lld images", (long long)images);
    }
    report(l, STATS, appender_flush(&l->stats, true));
    report(l, METRICS, tick_metrics(l, images, time, values, n));
    report(l, EVENTS, tfevents_scalars(l->events, time, images, values, n));
}

void gt_runlog_picture(gt_runlog *l, int64_t images, const char *name, int width, int height, int channels, const void *png, size_t bytes) {
    report(l, EVENTS, tfevents_picture(l->events, gt_unix_time(), images, name, width, height, channels, png, bytes));
}

/* ---- open and close ---- */

static gt_status open_parts(gt_runlog *l, int64_t images, const char *swmr) {
    gt_status st = cut_back(l->path, images);
    if (st) return st;
    gt_file_system fs = gt_file_system_of(l->dir);
    l->swmr = strcmp(swmr, "auto") ? strcmp(swmr, "off") != 0 : !fs.shared;
    if (!strcmp(swmr, "auto") && fs.shared) gt_info("'%s' lies on %s: metrics.h5 is replaced as a whole now and then (--log-swmr=on: grows in place)", l->dir, fs.name);
    if ((st = appender_open(&l->stats, l->path, 0))) return st;
    if (!(l->before = gt_stats_read(l->path)) || !(l->metrics = metrics_h5_new(l->dir, l->swmr))) return GT_FAILED;
    if (!(l->events = tfevents_open(l->dir, images))) return GT_FAILED;
    report(l, METRICS, rebuild_metrics(l));
    return GT_OK;
}

gt_runlog *gt_runlog_open(const char *dir, int64_t images, const char *swmr) {
    gt_runlog *l = calloc(1, sizeof *l);
    if (l) *l = (gt_runlog){.dir = strdup(dir), .path = gt_path_join(dir, "stats.jsonl"), .stats.fd = -1};
    gt_status st = l && l->dir && l->path ? open_parts(l, images, swmr) : gt_fail(GT_NOMEM, "out of memory for the metric log");
    if (!st) return l;
    gt_runlog_close(l);
    return NULL;
}

double gt_runlog_last(const gt_runlog *l, const char *name) {
    int last = l->before->ticks - 1;
    if (last < 0) return 0;
    if (strcmp(name, "timestamp") == 0) return l->before->timestamp[last];
    const gt_stats_series *s = gt_stats_find(l->before, name);
    return s && s->values[last].num > 0 ? s->values[last].mean : 0;
}

const gt_stats *gt_runlog_before(const gt_runlog *l) { return l->before; }

double gt_runlog_at(const gt_runlog *l, int64_t images, const char *name) {
    const gt_stats_series *s = gt_stats_find(l->before, name);
    for (int t = l->before->ticks - 1; s && t >= 0; t--)
        if (l->before->images[t] == images) return s->values[t].mean;
    return NAN;
}

void gt_runlog_leave(gt_runlog *l) { l->left = true; }

void gt_runlog_close(gt_runlog *l) {
    if (!l) return;
    if (l->stats.fd >= 0 && !l->left) report(l, STATS, appender_flush(&l->stats, true));
    if (l->stale && !l->left && !l->failing[STATS]) report(l, METRICS, rebuild_metrics(l));
    appender_close(&l->stats);
    metrics_h5_free(l->metrics);
    tfevents_close(l->events);
    gt_stats_free(l->before);
    free(l->dir);
    free(l->path);
    free(l);
}
