/* SPDX-License-Identifier: Apache-2.0
 * What a terminal shows of a run: lines of ticks under a heading, and the live line. Lines have at most COLUMNS
 * characters: where a model has more to say, what matters least is left out; stats.jsonl has all of it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/door/clock.h"
#include "gantry/log.h"
#include "gantry/option.h"
#include "base/door/progress.h"
#include "gantry/text.h"
#include "train/journal/journal.h"

enum { COLUMNS = 100, HEADING_EVERY = 40, FIRST = 11 /* "tick 12345 " */, MOST_CELLS = 6 + GT_TICK_NAMES };

double gt_journal_rate(const gt_engine *e, const gt_journal *j) {
    double seconds = j->tick_seconds;
    return seconds > 0 ? (double)(e->shown - j->tick_shown) / seconds : 0;
}

double gt_journal_seconds(const gt_journal *j) { return j->seconds_before + gt_clock() - j->start; }

/* ---- the rest of the time ---- */

void gt_journal_pace(const gt_engine *e, gt_journal *j) {
    const double old = 300; /* seconds */
    gt_pace *p = &j->pace;
    double now = gt_clock();
    bool back = e->shown < p->from[1].shown; /* the run was set back */
    if (!p->steps++ || back) p->from[0].time = 0;
    if (p->from[0].time > 0 && now - p->from[1].time < old) return;
    p->from[0] = p->from[1];
    p->from[1].time = now;
    p->from[1].shown = e->shown;
    if (p->steps == 1 || back) p->from[0] = p->from[1];
}

/* Images per second; NaN: unknown. The first step, which touches memory for the first time, does not count, and of
 * fewer than two others nothing is concluded. */
static double lately(const gt_engine *e, const gt_journal *j) {
    enum { STEPS = 3 };
    double seconds = gt_clock() - j->pace.from[0].time, images = (double)(e->shown - j->pace.from[0].shown);
    return j->pace.steps >= STEPS && images > 0 && seconds > 0 ? images / seconds : NAN;
}

static double time_left(const gt_engine *e, const gt_journal *j) {
    double left = (double)(e->job->total_images - e->shown);
    return left > 0 ? left / lately(e, j) : 0;
}

/* The two largest units of time: "1h 07m". */
static const char *short_text(double seconds, char text[32]) {
    gt_duration_text(seconds, text);
    char *space = strchr(text, ' ');
    if (space && (space = strchr(space + 1, ' '))) *space = 0;
    return text;
}

/* To the end of the training, or to --max-time where that comes first; *word says to which. */
static const char *eta(const gt_engine *e, const gt_journal *j, const char **word, char text[32]) {
    double left = time_left(e, j), stop = fmax(0, j->end - gt_clock());
    bool stops = isfinite(stop) && !(left <= stop);
    *word = stops ? "stops in" : "ETA";
    if (stops) left = stop;
    return isnan(left) ? "-" : short_text(left, text);
}

static double part_done(const gt_engine *e) { return fmin(1, (double)e->shown / (double)e->job->total_images); }

/* ---- the line of a tick ---- */

typedef struct cell {
    const char *name; /* of the column */
    int width;
    int dispensable; /* the largest goes first where lines would be too long; 0: never */
    char text[32];
} cell;

typedef struct row {
    cell cells[MOST_CELLS];
    int n;
} row;

static cell *add_cell(row *r, const char *name, int width, int dispensable) {
    cell *c = &r->cells[r->n++];
    int letters = (int)strlen(name);
    *c = (cell){.name = name, .width = letters > width ? letters : width, .dispensable = dispensable};
    return c;
}

/* Names as they stand above a column. */
static void shorten(const char *label, char name[GT_TICK_NAME]) {
    static const char *const words[][2] = {
        {"reconstruction", "recon"}, {"validation", "val"}, {"accuracy", "acc"}, {"baseline", "base"}};
    size_t n = 0;
    while (*label && n + 1 < GT_TICK_NAME) {
        size_t taken = 0;
        for (size_t i = 0; i < sizeof words / sizeof *words && !taken; i++)
            if (!strncmp(label, words[i][0], strlen(words[i][0]))) {
                n += (size_t)snprintf(name + n, GT_TICK_NAME - n, "%s", words[i][1]);
                taken = strlen(words[i][0]);
            }
        if (!taken) name[n++] = *label, taken = 1;
        label += taken;
    }
    name[n < GT_TICK_NAME ? n : GT_TICK_NAME - 1] = 0;
}

/* The column of that label, which from now on all lines have; -1: there is no room for a new one. */
static int column_of(gt_tick_heading *h, const char *label) {
    char name[GT_TICK_NAME];
    shorten(label, name);
    for (int i = 0; i < h->n; i++)
        if (!strcmp(h->name[i], name)) return i;
    if (h->n == GT_TICK_NAMES) return -1;
    memcpy(h->name[h->n], name, sizeof name);
    h->lines = 0;
    return h->n++;
}

static void put_value(gt_tick_heading *h, double *values, const char *label, double value) {
    int i = column_of(h, label);
    if (i >= 0) values[i] = value;
}

/* The model's own, then those that have been measured. */
static void take_values(const gt_engine *e, const gt_journal *j, gt_tick_heading *h, double *values) {
    const gt_model *m = e->model;
    for (int i = 0; i < GT_TICK_NAMES; i++) values[i] = NAN;
    for (int i = 0; i < m->n_shown; i++)
        put_value(h, values, m->shown[i].label, gt_stat_mean(e->stats.shown, e->stats.n, m->shown[i].stat));
    if (m->ada_stat) {
        put_value(h, values, "overfit", gt_stat_mean(e->stats.shown, e->stats.n, m->ada_stat));
        put_value(h, values, "augment", e->ada.p);
    }
    for (int i = 0; i < j->measured.n; i++)
        if (j->measured.note[i].label) put_value(h, values, j->measured.note[i].label, j->measured.of[i].mean);
}

/* At most `width` characters as far as the value allows. */
static void write_value(cell *c, double value) {
    if (isnan(value)) snprintf(c->text, sizeof c->text, "-");
    else if (fabs(value) < 1000) snprintf(c->text, sizeof c->text, "%.3f", value);
    else snprintf(c->text, sizeof c->text, "%.*g", 5, value);
}

static int length_of(const row *r) {
    int length = FIRST;
    for (int i = 0; i < r->n; i++) length += i ? 1 + r->cells[i].width : r->cells[i].width;
    return length;
}

static void leave_out(row *r) {
    while (length_of(r) > COLUMNS) {
        int worst = 0;
        for (int i = 1; i < r->n; i++)
            if (r->cells[i].dispensable >= r->cells[worst].dispensable) worst = i;
        if (!r->cells[worst].dispensable) return;
        memmove(&r->cells[worst], &r->cells[worst + 1], (size_t)(r->n - worst - 1) * sizeof *r->cells);
        r->n--;
    }
}

/* What is dispensable, the first ones last: the accuracy on other pictures says more than the loss on them. */
enum { NEVER, MEASURED, VALUES, LOSSES, TIME, MEMORY };

static int how_dispensable(const gt_engine *e, const gt_tick_heading *h, int column) {
    int own = e->model->n_shown + (e->model->ada_stat ? 2 : 0);
    if (column < own) return column ? VALUES : NEVER;
    return gt_ends_with(h->name[column], " loss") ? LOSSES : MEASURED;
}

static void make_row(const gt_engine *e, gt_journal *j, double rate, double memory, row *r) {
    double values[GT_TICK_NAMES];
    char text[32];
    take_values(e, j, &j->heading, values);
    snprintf(add_cell(r, "kimg", 9, NEVER)->text, 32, "%.3f", (double)e->shown / 1000);
    snprintf(add_cell(r, "time", 8, TIME)->text, 32, "%s", short_text(gt_journal_seconds(j), text));
    snprintf(add_cell(r, "img/s", 7, NEVER)->text, 32, rate < 1e5 ? "%.1f" : "%.0f", rate);
    for (int i = 0; i < j->heading.n; i++)
        write_value(add_cell(r, j->heading.name[i], 7, how_dispensable(e, &j->heading, i)), values[i]);
    snprintf(add_cell(r, "mem GB", 6, MEMORY)->text, 32, "%.2f", memory);
    snprintf(add_cell(r, "done", 4, NEVER)->text, 32, "%.0f%%", floor(100 * part_done(e)));
    const char *word, *left = eta(e, j, &word, text);
    if (j->heading.left && !gt_is(j->heading.left, word)) j->heading.lines = 0;
    j->heading.left = word;
    snprintf(add_cell(r, word, 8, NEVER)->text, 32, "%s", left);
    leave_out(r);
}

static void print_row(const row *r, const char *first, bool heading) {
    char line[512];
    int n = snprintf(line, sizeof line, "%-*s", FIRST, first);
    for (int i = 0; i < r->n && n < (int)sizeof line; i++)
        n += snprintf(line + n, sizeof line - (size_t)n, "%s%*s", i ? " " : "", r->cells[i].width,
                      heading ? r->cells[i].name : r->cells[i].text);
    gt_info("%s", line);
}

void gt_journal_print_tick(const gt_engine *e, gt_journal *j, double rate, double memory) {
    char first[32], remark[256] = "";
    row r = {.n = 0};
    make_row(e, j, rate, memory, &r);
    if (j->heading.lines++ % HEADING_EVERY == 0) print_row(&r, "", true);
    snprintf(first, sizeof first, "tick %d ", j->tick);
    print_row(&r, first, false);
    if (e->model->remark && j->tick) e->model->remark(e->model, remark, sizeof remark);
    if (*remark) gt_info("  %s", remark);
}

/* ---- the live line ---- */

void gt_journal_live(const gt_engine *e, const gt_journal *j) {
    enum { WIDTH = 30 };
    char bar[WIDTH + 1], line[160], left[32];
    const char *word;
    if (!gt_tell_due()) return;
    double part = part_done(e), rate = lately(e, j);
    eta(e, j, &word, left);
    for (int i = 0; i < WIDTH; i++) bar[i] = i < part * WIDTH ? '#' : '-';
    bar[WIDTH] = 0;
    snprintf(line, sizeof line, "[%s] %5.1f%%  %.2f of %.2f kimg  %.1f img/s  %s %s%s", bar, 100 * part,
             (double)e->shown / 1000, (double)e->job->total_images / 1000, isnan(rate) ? gt_journal_rate(e, j) : rate,
             word, left, gt_is(word, "ETA") ? "" : " (--max-time)");
    gt_tell_line(line, "this step");
}
