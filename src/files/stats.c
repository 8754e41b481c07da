/* SPDX-License-Identifier: Apache-2.0
 * A whole stats.jsonl as series (gantry/runlog.h): for metrics.h5 and the report. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "gantry/memory.h"
#include "stats_line.h"

enum { MOST_SERIES = 4096, MOST_VALUES = 1 << 25, LARGEST = 1 << 30 };

bool gt_stats_has_room(const gt_stats *s, int ticks) { return s->n_series < MOST_SERIES && (int64_t)(s->n_series + 1) * ticks <= MOST_VALUES; }

static gt_stats_series *series_for(gt_stats *s, const char *name, int ticks, int near) {
    if (near < s->n_series && strcmp(s->series[near].name, name) == 0) return &s->series[near]; /* lines mostly have one order */
    for (int i = 0; i < s->n_series; i++)
        if (strcmp(s->series[i].name, name) == 0) return &s->series[i];
    if (!gt_stats_has_room(s, ticks)) return NULL;
    gt_stats_series *series = &s->series[s->n_series];
    series->name = gt_arena_printf(s->arena, "%s", name);
    series->values = gt_arena_array(s->arena, (size_t)ticks, sizeof *series->values);
    if (!series->name || !series->values) return NULL;
    for (int i = 0; i < ticks; i++) series->values[i] = (gt_stat_value){series->name, 0, NAN, NAN};
    s->n_series++;
    return series;
}

static bool add_line(gt_stats *s, const stats_line *line, int ticks) {
    for (int i = 0; i < line->n; i++) {
        gt_stats_series *series = series_for(s, line->values[i].name, ticks, i);
        if (!series) return false;
        series->values[s->ticks] = line->values[i];
        series->values[s->ticks].name = series->name;
    }
    s->images[s->ticks] = line->images;
    s->timestamp[s->ticks++] = line->timestamp;
    return true;
}

static bool fill(gt_stats *s, char *text) {
    size_t lines = 1;
    for (char *p = text; (p = strchr(p, '\n')); p++) lines++;
    if (lines > LARGEST) return false;
    s->images = gt_arena_array(s->arena, lines, sizeof *s->images);
    s->timestamp = gt_arena_array(s->arena, lines, sizeof *s->timestamp);
    s->series = gt_arena_array(s->arena, MOST_SERIES, sizeof *s->series);
    stats_line line = {0};
    bool good = s->images && s->timestamp && s->series;
    for (char *p = text, *next; good && *p; p = next) {
        next = p + strcspn(p, "\n");
        if (*next) *next++ = 0;
        if (!*p) continue;
        if (stats_line_parse(p, &line))
            good = add_line(s, &line, (int)lines);
        else
            s->bad_lines++;
    }
    free(line.values);
    return good;
}

gt_stats *gt_stats_read(const char *path) {
    void *text = NULL;
    size_t n;
    bool none = access(path, F_OK) && errno == ENOENT;
    if (!none && gt_file_read_text(path, LARGEST, &text, &n)) return NULL;
    gt_arena *a = gt_arena_new();
    gt_stats *s = a ? gt_arena_alloc(a, sizeof *s) : NULL;
    char nothing[1] = "";
    if (s) s->arena = a;
    if (!s || !fill(s, text ? text : nothing)) {
        gt_fail(GT_NOMEM, "'%s' has too much in it for the memory there is", path);
        gt_arena_free(a);
        s = NULL;
    }
    free(text);
    return s;
}

const gt_stats_series *gt_stats_find(const gt_stats *s, const char *name) {
    for (int i = 0; i < s->n_series; i++)
        if (strcmp(s->series[i].name, name) == 0) return &s->series[i];
    return NULL;
}

void gt_stats_free(gt_stats *s) {
    if (s) gt_arena_free(s->arena);
}
