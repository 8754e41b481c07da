/* SPDX-License-Identifier: Apache-2.0
 * What the lines of starts.jsonl say of starts and ends (gantry/rundir.h); its other lines are read by
 * run/ledger_read.c. */
#include "run/door/rundir.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "base/door/lines.h"
#include "gantry/text.h"
#include "gantry/log.h"
#include "run/door/ledger.h"
#include "run/runlog_internal.h"

static const char *copy_text(gt_arena *a, const json_t *text) {
    return json_is_string(text) ? gt_arena_printf(a, "%s", json_string_value(text)) : "";
}

static int64_t whole(const json_t *line, const char *key) { return json_integer_value(json_object_get(line, key)); }

static double real(const json_t *line, const char *key) { return json_number_value(json_object_get(line, key)); }

static const char *fact_of(const gt_starts *s, const char *name) {
    const char *text = "";
    for (const gt_start_fact *f = s->facts; f->name; f++)
        if (!strcmp(f->name, name)) text = f->text;
    return text;
}

/* `alone`: also a start on the processors of the one before is a part. */
static void take_part(gt_starts *s, gt_start_part **end, bool alone) {
    const char *processors = fact_of(s, GT_START_PROCESSORS);
    gt_start_part *last = NULL, *part;
    for (; *end; end = &(*end)->next) last = *end;
    if (!alone && last && !strcmp(last->processors, processors)) return;
    if ((part = gt_arena_alloc(s->arena, sizeof *part)))
        *part = (gt_start_part){processors, s->images, NULL, fact_of(s, "ranks"), s->last};
    *end = part;
}

static void take_start(gt_starts *s, json_t *line) {
    json_t *facts = json_object_get(line, "facts"), *text;
    const char *name;
    gt_start_fact *rows = gt_arena_array(s->arena, json_object_size(facts) + 1, sizeof *rows);
    int n = 0;
    if (!rows) return;
    json_object_foreach(facts, name, text)
        rows[n++] = (gt_start_fact){gt_arena_printf(s->arena, "%s", name), copy_text(s->arena, text)};
    s->last = real(line, "time");
    if (!s->count++) s->first = s->last;
    s->images = s->shown = whole(line, "images");
    s->total = whole(line, "total");
    s->checkpoint = copy_text(s->arena, json_object_get(line, "checkpoint"));
    s->facts = rows;
    s->state = s->message = s->hash = "";
    take_part(s, &s->parts, false);
    take_part(s, &s->all, true);
}

static void take_end(gt_starts *s, const json_t *line) {
    s->state = copy_text(s->arena, json_object_get(line, "state"));
    s->message = copy_text(s->arena, json_object_get(line, "message"));
    s->hash = copy_text(s->arena, json_object_get(line, "hash"));
    s->ended = real(line, "time");
    s->shown = whole(line, "images");
}

/* false: it is not an event. */
static bool read_event(gt_starts *s, const char *text) {
    json_t *line = json_loads(text, 0, NULL);
    const char *event = json_string_value(json_object_get(line, "event"));
    if (event && !strcmp(event, "start")) take_start(s, line);
    if (event && !strcmp(event, "end") && s->count) take_end(s, line);
    json_decref(line);
    return event;
}

gt_starts *gt_starts_read(const char *dir) {
    static const gt_start_fact none[] = {{0}};
    gt_starts *s = calloc(1, sizeof *s);
    char *path = gt_path_join(dir, GT_LEDGER_NAME);
    gt_lines in;
    if (s)
        *s = (gt_starts){
            .checkpoint = "", .facts = none, .state = "", .message = "", .hash = "", .arena = gt_arena_new()};
    bool out_of_memory = !s || !path || !s->arena;
    if (!out_of_memory) {
        gt_status st = gt_lines_open(&in, path, 0, 0);
        while (!st && gt_lines_next(&in))
            if (*in.text && !read_event(s, in.text)) note_bad_line(&s->bad, in.number, in.whole);
        /* where the file cannot be read, it says nothing: no error */
        out_of_memory = gt_lines_close(&in, st) == GT_NOMEM || gt_arena_failed(s->arena);
    }
    free(path);
    if (!out_of_memory) return s;
    gt_starts_free(s);
    gt_fail(GT_NOMEM, "out of memory for %s of '%s'", GT_LEDGER_NAME, dir);
    return NULL;
}

const char *gt_starts_state(const char *dir, const gt_starts *s) {
    if (*s->state) return s->state;
    return gt_lock_look(dir).held ? "running" : s->count ? "interrupted" : "";
}

void gt_starts_free(gt_starts *s) {
    if (s) gt_arena_free(s->arena);
    free(s);
}
