/* SPDX-License-Identifier: Apache-2.0
 * Says which logs of a run are damaged (gantry/rundir.h). */
#include "run/runlog_internal.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/lines.h"
#include "base/door/log.h"
#include "run/door/rundir.h"
#include "files/h5/door/h5.h"

void note_bad_line(gt_bad_lines *bad, int64_t number, bool whole) {
    if (!bad->n++) bad->first = number;
    bad->half = !whole;
}

/* Does the run go on in whose folder the log lies? */
static bool may_grow(const char *path) {
    const char *slash = strrchr(path, '/');
    GT_FREED char *dir = slash ? strndup(path, (size_t)(slash - path) + 1) : NULL;
    return gt_lock_look(dir ? dir : ".").held;
}

void gt_log_warn_lines(const char *path, const gt_bad_lines *bad) {
    long long first = (long long)bad->first, n = (long long)bad->n;
    if (n > 1) gt_log_once(GT_WARNING, "%s:%lld: the first of %lld damaged lines, which are skipped", path, first, n);
    else if (n && !(bad->half && may_grow(path)))
        gt_log_once(GT_WARNING, "%s:%lld: a %s line is skipped", path, first, bad->half ? "half-written" : "damaged");
}

static void warn_in(const char *dir, const char *name, const gt_bad_lines *bad) {
    GT_FREED char *path = gt_path_join(dir, name);
    if (path) gt_log_warn_lines(path, bad);
}

/* The values of a metric, which nothing reads whole. */
static gt_status look_at_metric(void *arg, const char *path, const char *name) {
    const gt_run_file *row = gt_run_file_of(name);
    gt_bad_lines bad = {0};
    gt_lines in;
    (void)arg;
    if (!row || strcmp(row->pattern, "metric-*.jsonl")) return GT_OK;
    gt_status st = gt_lines_open(&in, path, 0, 0);
    while (!st && gt_lines_next(&in)) {
        json_t *line = *in.text ? json_loads(in.text, JSON_ALLOW_NUL, NULL) : NULL;
        if (*in.text && !line) note_bad_line(&bad, in.number, in.whole);
        json_decref(line);
    }
    if (!gt_lines_close(&in, st)) gt_log_warn_lines(path, &bad);
    return GT_OK;
}

/* Whoever resumes the run makes it anew. */
static void look_at_metrics(const char *dir, bool deep) {
    GT_FREED char *path = gt_path_join(dir, "metrics.h5");
    gt_stats *read = NULL;
    bool other, there = path && !access(path, F_OK);
    gt_file_kind kind = there ? gt_kind_of_file(path) : GT_KIND_MISSING;
    bool sound = !there || kind == GT_KIND_HDF5;
    if (there && sound && deep) { /* what cannot be checked is not thereby damaged */
        gt_status st = gt_h5_check(path);
        sound = st != GT_FORMAT && (st || (read = gt_metrics_read(path, &other)));
    }
    if (!sound) gt_log_once(GT_WARNING, "%s cannot be read; stats.jsonl has the same values", path);
    gt_stats_free(read);
}

void gt_logs_warn(const char *dir, const gt_stats *stats, const gt_starts *starts, int runs) {
    enum { FEW = 8 };
    warn_in(dir, "stats.jsonl", &stats->bad);
    warn_in(dir, "starts.jsonl", &starts->bad);
    gt_folder_each(dir, look_at_metric, NULL);
    if (!gt_lock_look(dir).held) look_at_metrics(dir, runs <= FEW);
}

bool gt_logs_are_lost(const gt_stats *stats, const gt_starts *starts) {
    bool any = stats->ticks || (starts && starts->count);
    return !any && (stats->bad.n || (starts && starts->bad.n));
}
