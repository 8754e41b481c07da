/* SPDX-License-Identifier: Apache-2.0
 * The metric log of a run: one tick into stats.jsonl (the truth), metrics.h5 and TensorBoard's events. */
#include "run/door/runlog.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "base/door/lines.h"
#include "gantry/text.h"
#include "base/door/log.h"
#include "base/door/progress.h"
#include "run/door/appender.h"
#include "run/runlog_internal.h"
#include "run/stats_line.h"
#include "run/tfevents.h"

enum {
    /* without SWMR metrics.h5 is made anew when it has grown by this part: all rebuilds together cost as much as so
       many of the last */
    REBUILD_PART = 32,
};
typedef enum part { STATS, METRICS, EVENTS, PARTS } part;

struct gt_runlog {
    char *dir, *path; /* of stats.jsonl */
    appender stats;
    bool failing[PARTS]; /* said so already */
    metrics_h5 *metrics;
    bool swmr;  /* else metrics.h5 is replaced as a whole, */
    int rest;   /* ... after so many more ticks */
    bool stale; /* it lacks ticks */
    bool left;  /* to another process */
    tfevents events;
    struct {
        bool is, written; /* there is one; in the file, else pending */
        off_t at;         /* where it begins: in the file, or in what is pending */
        bool early;       /* of gt_runlog_tick_early() */
    } latest;             /* the line of the latest tick */
    int64_t last;         /* where the last line began that was there when the log was opened; -1: there was none */
};

static void log_outcome(gt_runlog *l, part p, gt_status st) {
    static const char *const names[PARTS] = {"stats.jsonl", "metrics.h5", "TensorBoard's events"};
    gt_log_outcome(&l->failing[p], st != GT_OK, names[p]);
}

/* ---- cutting back ---- */

static verdict verdict_of_stats(char *text, bool whole, int64_t images, void *line) {
    stats_line *said = line;
    if (!whole || !stats_line_parse(text, said)) return whole && said->memory.failed ? UNKNOWN : BAD;
    return said->images <= images ? KEEP : LATER;
}

static gt_status cut_back(const char *path, int64_t images, int64_t *last) {
    stats_line line = {0};
    int counts[VERDICTS] = {0};
    gt_status st = keep_lines(path, images, verdict_of_stats, &line, counts, last);
    if (counts[LATER])
        gt_info("stats.jsonl: shortened to %lld images (%d later lines removed)", (long long)images, counts[LATER]);
    if (counts[BAD]) gt_warn("stats.jsonl: %d damaged or half-written lines removed", counts[BAD]);
    gt_buffer_free(&line.memory);
    return st;
}

static verdict verdict_of_talk(char *text, bool whole, int64_t images, void *scratch) {
    double kimg;
    (void)whole, (void)scratch;
    bool counted = sscanf(text, "%*s %*s tick %*d %lf", &kimg) == 1 ||
                   sscanf(text, "%*s %*s tick %*d kimg %lf", &kimg) == 1 || /* as version 0.1 wrote it */
                   sscanf(text, "%*s %*s metrics kimg %lf", &kimg) == 1;
    return counted && 1000 * kimg > (double)images + 0.5 ? LATER : KEEP;
}

gt_status gt_log_cut_back(const char *path, int64_t images) {
    int counts[VERDICTS] = {0};
    int64_t last;
    return keep_lines(path, images, verdict_of_talk, NULL, counts, &last);
}

/* ---- the three parts ---- */

static gt_status rebuild_metrics(gt_runlog *l) {
    gt_storage_begin("writing", "metrics.h5");
    gt_stats *stats = gt_stats_read(l->path);
    gt_status st = stats ? metrics_h5_rebuild(l->metrics, stats) : GT_FAILED;
    gt_storage_end();
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
    gt_storage_begin("writing", "metrics.h5");
    gt_status st = metrics_h5_append(l->metrics, images, time, values, n);
    if (st) metrics_h5_close(l->metrics);
    gt_storage_end();
    return st;
}

/* 0 or more lines are pending before it. */
static void add_line(gt_runlog *l, int64_t images, double time, const gt_stat_value *values, int n) {
    gt_buffer *lines = &l->stats.pending;
    size_t whole = lines->n;
    stats_line_print(lines, images, time, values, n);
    if (lines->failed) { /* out of memory: this line is lost, earlier ones are not */
        lines->n = whole;
        lines->failed = false;
        gt_warn("stats.jsonl: out of memory for a line at %lld images", (long long)images);
    }
}

static void take_back_latest(gt_runlog *l) {
    if (l->latest.is && l->latest.written) appender_take_back(&l->stats, l->latest.at);
    else if (l->latest.is) l->stats.pending.n = (size_t)l->latest.at;
    l->latest.is = false;
}

static void write_line(gt_runlog *l, int64_t images, double time, const gt_stat_value *values, int n) {
    off_t pending = (off_t)l->stats.pending.n, file = l->stats.good;
    add_line(l, images, time, values, n);
    gt_status st = appender_flush(&l->stats, true);
    log_outcome(l, STATS, st);
    l->latest.is = true;
    l->latest.written = !st;
    l->latest.at = st ? pending : file + pending;
}

void gt_runlog_tick_early(gt_runlog *l, int64_t images, const gt_stat_value *values, int n) {
    if (l->latest.early) take_back_latest(l);
    write_line(l, images, gt_unix_time(), values, n);
    l->latest.early = true;
}

void gt_runlog_tick(gt_runlog *l, int64_t images, const gt_stat_value *values, int n) {
    double time = gt_unix_time();
    if (l->latest.early) take_back_latest(l);
    write_line(l, images, time, values, n);
    l->latest.early = false;
    log_outcome(l, METRICS, tick_metrics(l, images, time, values, n));
    log_outcome(l, EVENTS, tfevents_scalars(&l->events, time, images, values, n));
}

void gt_runlog_amend(gt_runlog *l, int64_t images, const gt_stat_value *values, int n, const gt_stat_value *more,
                     int n_more) {
    double time = gt_unix_time();
    if (!l->latest.is) return;
    take_back_latest(l);
    write_line(l, images, time, values, n);
    log_outcome(l, METRICS, rebuild_metrics(l));
    log_outcome(l, EVENTS, tfevents_scalars(&l->events, time, images, more, n_more));
}

void gt_runlog_picture(gt_runlog *l, int64_t images, const char *name, int width, int height, int channels,
                       const void *png, size_t bytes) {
    log_outcome(l, EVENTS,
                tfevents_picture(&l->events, gt_unix_time(), images, name, width, height, channels, png, bytes));
}

/* ---- open and close ---- */

static gt_status open_parts(gt_runlog *l, int64_t images, const gt_runlog_options *o) {
    gt_status st = cut_back(l->path, images, &l->last);
    if (st) return st;
    gt_file_system fs = gt_file_system_of(l->dir);
    bool by_itself = o->swmr == GT_SWMR_AUTO;
    l->swmr = by_itself ? !fs.shared : o->swmr == GT_SWMR_ON;
    if (by_itself && fs.shared)
        gt_info("'%s' is on %s, so metrics.h5 is replaced as a whole now and then (--log-swmr=on: grows in place)",
                l->dir, fs.name);
    if ((st = appender_open(&l->stats, l->path, 0))) return st;
    if (!(l->metrics = metrics_h5_new(l->dir, l->swmr, o->job))) return GT_FAILED;
    if ((st = tfevents_open(&l->events, l->dir, images, o->step_in_images, o->job))) return st;
    /* where there is nothing yet, the first tick makes the file */
    if (l->last >= 0 || metrics_h5_is_there(l->metrics)) log_outcome(l, METRICS, rebuild_metrics(l));
    return GT_OK;
}

gt_runlog *gt_runlog_open(const char *dir, int64_t images, const gt_runlog_options *o) {
    gt_runlog *l = calloc(1, sizeof *l);
    if (l)
        *l = (gt_runlog){
            .dir = strdup(dir), .path = gt_path_join(dir, "stats.jsonl"), .stats.fd = -1, .events.file.fd = -1};
    gt_status st = l && l->dir && l->path ? open_parts(l, images, o ? o : &(gt_runlog_options){0})
                                          : gt_fail(GT_NOMEM, "out of memory for the metric log");
    if (!st) return l;
    gt_runlog_close(l);
    return NULL;
}

/* The lines from byte `start` on. */
static gt_status each_from(const gt_runlog *l, int64_t start, gt_runlog_line *line, void *arg) {
    gt_lines in;
    stats_line read = {0};
    gt_status st = gt_lines_open(&in, l->path, start, 0);
    while (!st && gt_lines_next(&in)) {
        if (stats_line_parse(in.text, &read)) line(arg, read.images, read.values, read.n);
        else if (read.memory.failed) st = gt_fail(GT_NOMEM, "out of memory for '%s'", l->path);
    }
    gt_buffer_free(&read.memory);
    return gt_lines_close(&in, st);
}

gt_status gt_runlog_each(const gt_runlog *l, gt_runlog_line *line, void *arg) { return each_from(l, 0, line, arg); }

typedef struct search {
    int64_t images; /* -1: any tick; the last one counts */
    const char *name;
    double mean;
} search;

static void find_mean(void *arg, int64_t images, const gt_stat_value *values, int n) {
    search *s = arg;
    double mean = gt_stat_mean(values, n, s->name);
    /* metrics that were computed later stand in a line of their own */
    if (s->images < 0 || (images == s->images && !isnan(mean))) s->mean = mean;
}

static double mean_at(const gt_runlog *l, int64_t start, int64_t images, const char *name) {
    search s = {images, name, NAN};
    if (each_from(l, start, find_mean, &s)) gt_warn("%s", gt_message());
    return s.mean;
}

double gt_runlog_at(const gt_runlog *l, int64_t images, const char *name) { return mean_at(l, 0, images, name); }

double gt_runlog_last(const gt_runlog *l, const char *name) {
    double mean = l->last < 0 ? NAN : mean_at(l, l->last, -1, name);
    return isnan(mean) ? 0 : mean;
}

void gt_runlog_leave(gt_runlog *l) { l->left = true; }

gt_status gt_runlog_settle(gt_runlog *l) {
    bool failing = false;
    log_outcome(l, STATS, appender_flush(&l->stats, true));
    if ((l->stale || l->failing[METRICS]) && !l->failing[STATS]) log_outcome(l, METRICS, rebuild_metrics(l));
    if (l->failing[EVENTS]) log_outcome(l, EVENTS, tfevents_flush(&l->events));
    for (part p = 0; p < PARTS; p++) failing |= l->failing[p];
    return failing ? GT_FAILED : GT_OK;
}

void gt_runlog_close(gt_runlog *l) {
    if (!l) return;
    if (l->stats.fd >= 0 && !l->left) gt_runlog_settle(l);
    tfevents_end(&l->events, !l->left);
    appender_close(&l->stats);
    metrics_h5_free(l->metrics);
    free(l->dir);
    free(l->path);
    free(l);
}
