/* SPDX-License-Identifier: Apache-2.0
 * A whole stats.jsonl as series (gantry/runlog.h): for metrics.h5 and the report. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lines.h"
#include "gantry/memory.h"
#include "run/stats_line.h"

enum { MOST_SERIES = 4096, MOST_VALUES = 1 << 25 };

bool gt_stats_has_room(const gt_stats *s, int ticks) { return s->n_series < MOST_SERIES && (int64_t)(s->n_series + 1) * ticks <= MOST_VALUES; }

typedef struct filler {
    gt_stats *stats;
    int64_t most_values;
    int room;      /* ticks */
    bool too_many; /* values: it is to be thinned more */
} filler;

static gt_stats_series *series_for(filler *f, const char *name, int near) {
    gt_stats *s = f->stats;
    if (near < s->n_series && strcmp(s->series[near].name, name) == 0) return &s->series[near]; /* lines mostly have one order */
    for (int i = 0; i < s->n_series; i++)
        if (strcmp(s->series[i].name, name) == 0) return &s->series[i];
    if (s->n_series == MOST_SERIES || (f->too_many = (int64_t)(s->n_series + 1) * f->room > f->most_values)) return NULL;
    gt_stats_series *series = &s->series[s->n_series];
    series->name = gt_arena_printf(s->arena, "%s", name);
    series->values = gt_arena_array(s->arena, (size_t)f->room, sizeof *series->values);
    if (!series->name || !series->values) return NULL;
    for (int i = 0; i < f->room; i++) series->values[i] = (gt_stat_value){series->name, 0, NAN, NAN};
    s->n_series++;
    return series;
}

/* The first tick and the last one stand for themselves, those between for `every` up to them. A value that is no value leaves what is there. */
static bool add_line(filler *f, const stats_line *line) {
    gt_stats *s = f->stats;
    int tick = (int)((s->all_ticks++ + s->every - 1) / s->every);
    for (int i = 0; i < line->n; i++) {
        gt_stats_series *series = series_for(f, line->values[i].name, i);
        if (!series) return false;
        if (series->values[tick].num > 0 && !(line->values[i].num > 0)) continue;
        series->values[tick] = line->values[i];
        series->values[tick].name = series->name;
    }
    s->images[tick] = line->images;
    s->timestamp[tick] = line->timestamp;
    s->ticks = tick + 1;
    return true;
}

/* `lines` of them that are not empty: a run that goes on may have written more by now. */
static gt_status fill(filler *f, const char *path, int64_t lines) {
    gt_stats *s = f->stats;
    gt_lines in;
    stats_line line = {0};
    s->images = gt_arena_array(s->arena, (size_t)f->room, sizeof *s->images);
    s->timestamp = gt_arena_array(s->arena, (size_t)f->room, sizeof *s->timestamp);
    s->series = gt_arena_array(s->arena, MOST_SERIES, sizeof *s->series);
    bool good = s->images && s->timestamp && s->series;
    gt_status st = lines ? gt_lines_open(&in, path, 0, 0) : GT_OK;
    for (int64_t i = 0; i < lines && !st && good && gt_lines_next(&in);) {
        if (!*in.text) continue;
        i++;
        if (stats_line_parse(in.text, &line))
            good = add_line(f, &line);
        else if (line.failed)
            good = false;
        else
            s->bad_lines++;
    }
    if (lines) st = gt_lines_close(&in, st);
    free(line.values);
    return st || good ? st : gt_fail(GT_NOMEM, "'%s' has too much in it for the memory there is", path);
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
    int64_t lines, every = 1;
    if (count_lines(path, &lines)) return NULL;
    while (lines / every > most_values) every *= 2;
    for (;; every *= 2) {
        gt_arena *a = gt_arena_new();
        filler f = {.stats = a ? gt_arena_alloc(a, sizeof *f.stats) : NULL, .most_values = most_values, .room = (int)(lines / every) + 2};
        if (!f.stats) gt_fail(GT_NOMEM, "out of memory for '%s'", path);
        else {
            *f.stats = (gt_stats){.arena = a, .every = every};
            if (!fill(&f, path, lines)) return f.stats;
        }
        gt_arena_free(a);
        if (!f.too_many || f.room <= 2) return NULL;
    }
}

gt_stats *gt_stats_read(const char *path) { return gt_stats_read_within(path, MOST_VALUES); }

const gt_stats_series *gt_stats_find(const gt_stats *s, const char *name) {
    for (int i = 0; i < s->n_series; i++)
        if (strcmp(s->series[i].name, name) == 0) return &s->series[i];
    return NULL;
}

void gt_stats_free(gt_stats *s) {
    if (s) gt_arena_free(s->arena);
}
