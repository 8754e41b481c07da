/* SPDX-License-Identifier: Apache-2.0
 * Reads a whole stats.jsonl as series (gantry/runlog.h): for metrics.h5 and the report. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/door/lines.h"
#include "run/runlog_internal.h"
#include "run/stats_line.h"

enum { MOST_SERIES = 4096 };

int gt_stats_index(const void *rows, size_t size, int n, const char *name, int near) {
    const char *first = rows;
    for (int i = near < n ? -1 : 0; i < n; i++) {
        int at = i < 0 ? near : i;
        if (!strcmp(*(const char *const *)(first + (size_t)at * size), name)) return at;
    }
    return -1;
}

bool gt_stats_has_room(const gt_stats *s, int64_t ticks, int64_t most_values) {
    return s->n_series < MOST_SERIES && (s->n_series + 1) * ticks <= most_values;
}

gt_stats *gt_stats_new(gt_arena *a, int64_t ticks) {
    gt_stats *s = gt_arena_alloc(a, sizeof *s);
    if (!s) return NULL;
    s->arena = a;
    s->images = gt_arena_array(a, (size_t)ticks + 1, sizeof *s->images);
    s->timestamp = gt_arena_array(a, (size_t)ticks + 1, sizeof *s->timestamp);
    s->series = gt_arena_array(a, MOST_SERIES, sizeof *s->series);
    return s->images && s->timestamp && s->series ? s : NULL;
}

gt_stats_series *gt_stats_add_series(gt_stats *s, const char *name, int64_t ticks) {
    gt_stats_series *series = &s->series[s->n_series];
    series->name = gt_arena_printf(s->arena, "%s", name);
    series->values = gt_arena_array(s->arena, (size_t)ticks + 1, sizeof *series->values);
    if (!series->name || !series->values) return NULL;
    for (int64_t i = 0; i < ticks; i++) series->values[i] = (gt_stat_value){series->name, 0, NAN, NAN};
    s->n_series++;
    return series;
}

typedef struct filler {
    gt_stats *stats;
    int64_t ticks, most_values;
} filler;

/* NULL: more values than are believable, or out of memory. */
static gt_stats_series *series_for(filler *f, const char *name, int near) {
    gt_stats *s = f->stats;
    int at = gt_stats_index(s->series, sizeof *s->series, s->n_series, name, near); /* lines mostly have one order */
    if (at >= 0) return &s->series[at];
    return gt_stats_has_room(s, f->ticks, f->most_values) ? gt_stats_add_series(s, name, f->ticks) : NULL;
}

static bool add_line(filler *f, const stats_line *line) {
    gt_stats *s = f->stats;
    for (int i = 0; i < line->n; i++) {
        gt_stats_series *series = series_for(f, line->values[i].name, i);
        if (!series) return false;
        series->values[s->ticks] = line->values[i];
        series->values[s->ticks].name = series->name;
    }
    s->images[s->ticks] = line->images;
    s->timestamp[s->ticks++] = line->timestamp;
    return true;
}

/* As many lines as were counted: a run in training may have written more by now. */
static gt_status fill_table(filler *f, const char *path) {
    gt_lines in;
    stats_line line = {0};
    bool good = true;
    gt_status st = gt_lines_open(&in, path, 0, 0);
    for (int64_t i = 0; i < f->ticks && !st && good && gt_lines_next(&in);) {
        if (!*in.text) continue;
        i++;
        if (stats_line_parse(in.text, &line)) good = add_line(f, &line);
        else if (line.memory.failed) good = false;
        else note_bad_line(&f->stats->bad, in.number, in.whole);
    }
    st = gt_lines_close(&in, st);
    gt_buffer_free(&line.memory);
    return st || good ? st
                      : gt_fail(GT_NOMEM,
                                "'%s' is too large to load: it exceeds the table limit or the available memory", path);
}

static gt_status count_lines(const char *path, int64_t *lines) {
    gt_lines in;
    *lines = 0;
    if (access(path, F_OK) && errno == ENOENT) return GT_OK;
    gt_status st = gt_lines_open(&in, path, 0, 0);
    while (!st && gt_lines_next(&in)) *lines += *in.text != 0;
    return gt_lines_close(&in, st);
}

gt_stats *gt_stats_read_within(const char *path, int64_t most_values) {
    filler f = {.most_values = most_values};
    if (count_lines(path, &f.ticks)) return NULL;
    gt_arena *a = f.ticks <= most_values ? gt_arena_new() : NULL;
    f.stats = a ? gt_stats_new(a, f.ticks) : NULL;
    if (!f.stats) gt_fail(GT_NOMEM, "'%s' has %lld lines, too many for the available memory", path, (long long)f.ticks);
    else if (!f.ticks || !fill_table(&f, path)) return f.stats;
    gt_arena_free(a);
    return NULL;
}

gt_stats *gt_stats_read(const char *path) { return gt_stats_read_within(path, GT_STATS_MOST_VALUES); }

const gt_stats_series *gt_stats_find(const gt_stats *s, const char *name) {
    int at = gt_stats_index(s->series, sizeof *s->series, s->n_series, name, 0);
    return at < 0 ? NULL : &s->series[at];
}

void gt_stats_free(gt_stats *s) {
    if (s) gt_arena_free(s->arena);
}
