/* SPDX-License-Identifier: Apache-2.0
 * What the ledger of a run says of starts and ends (gantry/rundir.h). */
#define _GNU_SOURCE
#include "run/door/rundir.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gantry/text.h"

#include "run/door/ledger.h"
#include "run/runlog_internal.h"

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

static const char until_form[] = "until %Y-%m-%d %H:%M:%S%z";

void gt_start_until_text(double unix_time, char text[64]) {
    time_t t = unix_time < 1e11 ? (time_t)unix_time : 0;
    struct tm local;
    if (!t || !localtime_r(&t, &local) || !strftime(text, 64, until_form, &local)) *text = 0;
}

static double until_of(const gt_starts *s) {
    struct tm t = {0};
    if (!strptime(fact_of(s, GT_START_UNTIL), until_form, &t)) return 0;
    long east = t.tm_gmtoff; /* timegm() sets it anew */
    return (double)(timegm(&t) - east);
}

const char *gt_starts_left_text(const gt_starts *s, double left, char text[64]) {
    char time[32];
    double stop = s->until > 0 ? fmax(0, s->until - gt_unix_time()) : INFINITY;
    *text = 0;
    if (stop < INFINITY && !(left <= stop))
        snprintf(text, 64, "stops in %s (--max-time)", gt_duration_text(stop, time));
    else if (isfinite(left)) snprintf(text, 64, "ETA %s", gt_duration_text(left, time));
    return text;
}

static void take_start(gt_starts *s, const gt_ledger_line *line) {
    s->last = line->time;
    if (!s->count++) s->first = s->last;
    s->images = s->shown = line->images;
    s->total = line->total;
    s->checkpoint = line->when;
    s->facts = line->facts;
    s->until = until_of(s);
    s->state = s->message = s->hash = "";
    take_part(s, &s->parts, false);
    take_part(s, &s->all, true);
}

static void take_end(gt_starts *s, const gt_ledger_line *line) {
    s->state = line->ended;
    s->message = line->message;
    s->hash = line->hash;
    s->ended = line->time;
    s->shown = line->images;
}

/* The texts stay in the arena of the lines, which is that of the starts from now on. */
static void take_lines(gt_starts *s, gt_ledger_lines *l) {
    s->arena = l->arena;
    l->arena = NULL;
    for (int i = 0; i < l->n; i++) {
        const gt_ledger_line *line = &l->line[i];
        if (line->event == GT_LEDGER_START) take_start(s, line);
        if (line->event == GT_LEDGER_END && s->count) take_end(s, line);
        if (line->damaged) note_bad_line(&s->bad, line->number, i + 1 < l->n || !l->torn);
    }
}

gt_starts *gt_starts_read(const char *dir) {
    static const gt_start_fact none[] = {{0}};
    gt_starts *s = calloc(1, sizeof *s);
    gt_ledger_lines *l = s ? gt_ledger_read(dir) : NULL;
    /* where the file cannot be read, it says nothing: no error */
    bool out_of_memory = !s || (!l && gt_failure() == GT_NOMEM);
    if (s) *s = (gt_starts){.checkpoint = "", .facts = none, .state = "", .message = "", .hash = ""};
    if (l) {
        take_lines(s, l);
        out_of_memory = gt_arena_failed(s->arena);
    }
    gt_ledger_lines_free(l);
    if (!out_of_memory) return s;
    gt_starts_free(s);
    gt_fail(GT_NOMEM, "out of memory for %s of '%s'", GT_LEDGER_NAME, dir);
    return NULL;
}

const char *gt_starts_state_of(const gt_starts *s, bool held) {
    return *s->state ? s->state : held ? "running" : s->count ? "interrupted" : "";
}

const char *gt_starts_state(const char *dir, const gt_starts *s) {
    gt_run_look look = {0};
    if (!*s->state) gt_runs_look(&dir, 1, &look);
    return gt_starts_state_of(s, look.held);
}

void gt_starts_free(gt_starts *s) {
    if (s) gt_arena_free(s->arena);
    free(s);
}
