/* SPDX-License-Identifier: Apache-2.0
 * Writes metrics.h5 (runlog_internal.h). */
#include "run/runlog_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/file.h"
#include "gantry/runlog.h"
#include "gantry/version.h"
#include "files/h5/door/h5.h"
#include "run/stats_line.h"

enum { CHUNK_ROWS = 256 };

typedef struct row { /* GT_NUMBER_STATISTIC */
    double num, mean, std;
} row;

typedef struct series {
    char *name;
    int64_t set;
} series;

struct metrics_h5 {
    char *path, *part; /* of the file; the name under which the file is made anew */
    char *job;         /* NULL: none */
    bool swmr;
    gt_h5_file file;           /* on the disk with SWMR; without in memory, and written as a whole */
    int64_t images, timestamp; /* sets */
    int n;
    series *series;
    int64_t rows;
};

metrics_h5 *metrics_h5_new(const char *dir, bool swmr, const char *job) {
    metrics_h5 *m = calloc(1, sizeof *m);
    if (m)
        *m = (metrics_h5){.swmr = swmr,
                          .path = gt_path_join(dir, "metrics.h5"),
                          .part = gt_path_join(dir, "metrics.h5.part"),
                          .job = job ? strdup(job) : NULL};
    if (m && m->path && m->part && (m->job || !job)) return m;
    metrics_h5_free(m);
    gt_fail(GT_NOMEM, "out of memory for metrics.h5");
    return NULL;
}

void metrics_h5_close(metrics_h5 *m) {
    for (int i = 0; i < m->n; i++) free(m->series[i].name);
    free(m->series);
    m->series = NULL;
    m->n = 0;
    m->rows = 0;
    gt_h5_close(&m->file);
}

void metrics_h5_free(metrics_h5 *m) {
    if (!m) return;
    metrics_h5_close(m);
    free(m->path);
    free(m->part);
    free(m->job);
    free(m);
}

bool metrics_h5_is_there(const metrics_h5 *m) { return !access(m->path, F_OK); }

/* ---- the file ---- */

/* A set that grows, with its first rows. */
static gt_status make_set(metrics_h5 *m, const char *name, gt_number type, const void *values, int rows, int64_t *set) {
    const gt_array a = {name, type, 1, {rows}, rows ? values : NULL};
    return gt_h5_write_stored(&m->file, &a, &(gt_h5_storage){.chunk = CHUNK_ROWS, .grows = true}, set);
}

static gt_status describe_series(metrics_h5 *m, const char *name, const char *unit, const char *description) {
    gt_status st = gt_h5_attribute_text(&m->file, name, "unit", unit);
    return st ? st : gt_h5_attribute_text(&m->file, name, "description", description);
}

static gt_status describe_file(metrics_h5 *m) {
    gt_status st = gt_h5_attribute_text(&m->file, "/", "gantry_version", GT_VERSION);
    if (!st)
        st = gt_h5_attribute_text(&m->file, "/", "description",
                                  "Log of a training run: for each series the count (num), mean and standard deviation "
                                  "(std) since the previous tick; `images` and `timestamp` belong to the same ticks");
    if (!st && m->job && strlen(m->job) < GT_H5_LONGEST_ATTRIBUTE)
        st = gt_h5_attribute_text(&m->file, "/", "job", m->job);
    return st;
}

static gt_status fill_file(metrics_h5 *m, const gt_stats *s, row *rows) {
    gt_status st = describe_file(m);
    for (int i = 0; i < s->n_series && !st; i++) {
        series *to = &m->series[i];
        for (int t = 0; t < s->ticks; t++)
            rows[t] = (row){s->series[i].values[t].num, s->series[i].values[t].mean, s->series[i].values[t].std};
        if (!(to->name = strdup(s->series[i].name))) return gt_fail(GT_NOMEM, "out of memory for metrics.h5");
        m->n = i + 1;
        st = make_set(m, to->name, GT_NUMBER_STATISTIC, rows, s->ticks, &to->set);
        const gt_series *known = gt_series_of(to->name);
        if (!st && known) st = describe_series(m, to->name, known->unit, known->help);
    }
    if (!st) st = make_set(m, "timestamp", GT_NUMBER_DOUBLE, s->timestamp, s->ticks, &m->timestamp);
    if (!st) st = describe_series(m, "timestamp", "s", "When the tick ended, in seconds since 1970 (Unix time)");
    if (!st) st = make_set(m, "images", GT_NUMBER_INT64, s->images, s->ticks, &m->images);
    if (!st)
        st = describe_series(m, "images", "images",
                             "Real images that the networks were trained on before the tick ended");
    m->rows = s->ticks;
    return st;
}

/* Written under another name first; it stays open, and grows. */
static gt_status build_growing(metrics_h5 *m, const gt_stats *s, row *rows) {
    gt_status st = gt_h5_create(&m->file, m->part, true);
    if (!st) st = fill_file(m, s, rows);
    if (!st) st = gt_h5_grow(&m->file);
    int error = st ? 0 : gt_file_rename(m->part, m->path);
    if (error) st = gt_fail(GT_FAILED, "cannot rename '%s': %s", m->part, strerror(error));
    if (st && !m->file.error) st = gt_wrap(st, "cannot write '%s'", m->path);
    else if (st)
        st = gt_fail(st, "cannot write '%s': %s", m->path, strerror(m->file.error)); /* all else comes of that */
    if (st) unlink(m->part);
    return st;
}

static gt_status build_whole(metrics_h5 *m, const gt_stats *s, row *rows) {
    gt_status st = gt_h5_create_memory(&m->file);
    m->file.unordered = true; /* like the file that grows */
    if (!st) st = fill_file(m, s, rows);
    return st ? gt_wrap(st, "cannot make '%s'", m->path) : gt_h5_save(&m->file, m->path);
}

gt_status metrics_h5_rebuild(metrics_h5 *m, const gt_stats *s) {
    metrics_h5_close(m);
    GT_FREED row *rows = calloc((size_t)s->ticks + 1, sizeof *rows);
    m->series = calloc((size_t)s->n_series + 1, sizeof *m->series);
    gt_status st = rows && m->series ? GT_OK : gt_fail(GT_NOMEM, "out of memory for '%s'", m->path);
    if (!st) st = m->swmr ? build_growing(m, s, rows) : build_whole(m, s, rows);
    if (st || !m->swmr) metrics_h5_close(m);
    return st;
}

static int find_series(const metrics_h5 *m, const char *name, int near) {
    return gt_stats_index(m->series, sizeof *m->series, m->n, name, near);
}

bool metrics_h5_ready(const metrics_h5 *m, const gt_stat_value *values, int n) {
    for (int i = 0; i < n; i++)
        if (find_series(m, values[i].name, i) < 0) return false;
    return m->file.id != 0;
}

gt_status metrics_h5_append(metrics_h5 *m, int64_t images, double timestamp, const gt_stat_value *values, int n) {
    GT_FREED row *rows = malloc(((size_t)m->n + 1) * sizeof *rows);
    gt_status st = rows ? GT_OK : gt_fail(GT_NOMEM, "out of memory for '%s'", m->path);
    for (int i = 0; i < m->n && !st; i++) rows[i] = (row){0, NAN, NAN};
    for (int i = 0; i < n && !st; i++)
        rows[find_series(m, values[i].name, i)] = (row){values[i].num, values[i].mean, values[i].std};
    for (int i = 0; i < m->n && !st; i++) st = gt_h5_append(m->series[i].set, m->rows, GT_NUMBER_STATISTIC, &rows[i]);
    if (!st) st = gt_h5_append(m->timestamp, m->rows, GT_NUMBER_DOUBLE, &timestamp);
    /* last: its length says how far all the others are */
    if (!st) st = gt_h5_append(m->images, m->rows, GT_NUMBER_INT64, &images);
    if (!st) st = gt_h5_written(&m->file);
    m->rows++;
    return st ? gt_wrap(st, "cannot write '%s'", m->path) : GT_OK;
}
