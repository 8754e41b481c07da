/* SPDX-License-Identifier: Apache-2.0
 * What the ledger of a run says of starts and ends (gantry/rundir.h). */
#include "run/door/rundir.h"

#include <stdlib.h>
#include <string.h>

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

static void take_start(gt_starts *s, const gt_ledger_line *line) {
    s->last = line->time;
    if (!s->count++) s->first = s->last;
    s->images = s->shown = line->images;
    s->total = line->total;
    s->checkpoint = line->when;
    s->facts = line->facts;
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

const char *gt_starts_state(const char *dir, const gt_starts *s) {
    if (*s->state) return s->state;
    return gt_lock_look(dir).held ? "running" : s->count ? "interrupted" : "";
}

void gt_starts_free(gt_starts *s) {
    if (s) gt_arena_free(s->arena);
    free(s);
}
