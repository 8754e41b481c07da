/* SPDX-License-Identifier: Apache-2.0
 * The folder of a search: what is searched, results of trials, ranges (cli/search.h). */
#include "cli/search.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

enum { SMALL = 1 << 16 };

const char *search_path(const search *s, int trial, const char *format) {
    char *path = NULL;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    path = gt_arena_printf(s->job->arena, format, s->run, trial + 1);
#pragma GCC diagnostic pop
    return path ? path : "";
}

void search_state_dir(const search *s, int trial, char dir[SEARCH_PATH]) {
    snprintf(dir, SEARCH_PATH, "%s/state/%04d", s->run, trial + 1);
}

/* What makes two searches the same one. Trials check their data themselves. */
static char *describe(const search *s) {
    gt_buffer b = {0};
    char *recipe = gt_job_to_recipe_text(s->job);
    gt_buffer_printf(
        &b, "# A search by gantry: the same command resumes it.\n[search]\ntrials = %d\nby = %s:%s\nseed = %llu\n",
        s->trials, s->largest ? "max" : "min", s->series, (unsigned long long)s->seed);
    for (int i = 0; i < s->n_varied; i++) gt_buffer_printf(&b, "%s = \"%s\"\n", s->varied[i].key, s->varied[i].text);
    gt_buffer_printf(&b, "\n# The recipe of trials, with one of the values of each range.\nimages = %lld\n%s",
                     (long long)s->job->total_images, recipe ? recipe : "");
    gt_buffer_add(&b, "", 1);
    bool bad = !recipe || b.failed;
    free(recipe);
    if (!bad) return b.data;
    gt_buffer_free(&b);
    gt_fail(GT_NOMEM, "out of memory for a search");
    return NULL;
}

/* The first line in which two texts differ. */
static void find_difference(const char *before, const char *now, char lines[2][128]) {
    size_t at = 0;
    while (before[at] && before[at] == now[at]) at++;
    while (at && before[at - 1] != '\n') at--;
    for (int i = 0; i < 2; i++) {
        const char *line = i ? now + at : before + at;
        snprintf(lines[i], 128, "%.*s", (int)strcspn(line, "\n"), *line ? line : "(nothing)");
    }
}

gt_status search_open(search *s) {
    char *now = describe(s), *before = NULL, lines[2][128];
    gt_status st = now ? gt_rundir_prepare(s->run, SMALL) : GT_NOMEM;
    if (!st) st = gt_rundir_read(s->run, "search.txt", &before);
    if (!st && before && strcmp(before, now)) {
        find_difference(before, now, lines);
        st = gt_fail(GT_USAGE, "'%s' has another search: '%s' there, '%s' now; give the same values, or another --run",
                     s->run, lines[0], lines[1]);
    }
    if (!st && !before) st = gt_rundir_write(s->run, "search.txt", now);
    free(before);
    free(now);
    return st;
}

int search_count(const search *s, gt_trial_state state) {
    int n = 0;
    for (int t = 0; t < s->trials; t++) n += s->trial[t].state == state;
    return n;
}

/* "done 0.8125", "failed WHY" or "killed 2 by signal 9"; anything else: no result, the trial is trained (again). */
static void read_result(search *s, int trial) {
    char *text = NULL, *end, dir[SEARCH_PATH];
    search_state_dir(s, trial, dir);
    if (gt_rundir_read(dir, "result", &text) || !text) return;
    if (!strncmp(text, "failed", 6)) s->trial[trial].state = GT_TRIAL_FAILED;
    if (!strncmp(text, "killed ", 7)) {
        s->trial[trial].killed = atoi(text + 7);
        if (s->trial[trial].killed < 0) s->trial[trial].killed = 0;
        if (s->trial[trial].killed >= SEARCH_TRIES) s->trial[trial].state = GT_TRIAL_FAILED;
    }
    if (!strncmp(text, "done ", 5)) {
        double value = strtod(text + 5, &end);
        if (end > text + 5 && *end == '\n' && isfinite(value)) s->trial[trial] = (gt_trial){GT_TRIAL_DONE, value, 0};
    }
    free(text);
}

gt_drawn search_draw(const search *s, int trial, int i) {
    return gt_varied_draw(&s->varied[i], &s->span[gt_search_quarter(trial, s->trials)][i], s->seed, trial);
}

static gt_status narrow(search *s, int quarter) {
    int n = gt_search_quarter_begin(quarter, s->trials), *order = calloc((size_t)n + 1, sizeof *order);
    gt_drawn *values = calloc((size_t)n + 1, sizeof *values);
    if (!order || !values) {
        free(order);
        free(values);
        return gt_fail(GT_NOMEM, "out of memory for a search");
    }
    int best = gt_search_fifth(gt_search_rank(s->trial, n, s->largest, order));
    for (int i = 0; i < s->n_varied; i++) {
        for (int k = 0; k < best; k++) values[k] = search_draw(s, order[k], i);
        s->span[quarter][i] = best ? gt_varied_narrow(&s->varied[i], values, best) : s->span[quarter - 1][i];
    }
    free(order);
    free(values);
    return GT_OK;
}

gt_status search_look(search *s) {
    for (int t = 0; t < s->trials; t++)
        if (s->trial[t].state == GT_TRIAL_OPEN) read_result(s, t);
    if (!s->n_spans) {
        for (int i = 0; i < s->n_varied; i++) s->span[0][i] = gt_varied_whole(&s->varied[i]);
        s->n_spans = 1;
    }
    for (; s->n_spans < GT_SEARCH_QUARTERS; s->n_spans++) {
        for (int t = 0; t < gt_search_quarter_begin(s->n_spans, s->trials); t++)
            if (s->trial[t].state == GT_TRIAL_OPEN) return GT_OK;
        gt_status st = narrow(s, s->n_spans);
        if (st) return st;
    }
    return GT_OK;
}

/* The table, then the result, whose first line is in the buffer. */
static gt_status write_result(search *s, int trial, gt_buffer *b) {
    for (int i = 0; i < s->n_varied; i++) {
        gt_drawn d = search_draw(s, trial, i);
        gt_buffer_printf(b, "%s = %s\n", s->varied[i].key, gt_drawn_text(&d));
    }
    /* The table comes first. A worker does not see what others have just noted: were the result there before, another
     * worker could write the last table, and this one an older table after it. */
    gt_status st = search_write_csv(s);
    if (!st) return gt_buffer_write(b, search_path(s, trial, "%s/state/%04d/result"));
    gt_buffer_free(b);
    return st;
}

gt_status search_note(search *s, int trial, gt_trial_state state, double value, const char *why) {
    gt_buffer b = {0};
    char number[32];
    if (state == GT_TRIAL_DONE) gt_buffer_printf(&b, "done %s\n", gt_real_text(value, number));
    else gt_buffer_printf(&b, "failed %s\n", why);
    s->trial[trial] = (gt_trial){state, value, 0};
    return write_result(s, trial, &b);
}

gt_status search_note_killed(search *s, int trial, int signal) {
    gt_buffer b = {0};
    gt_trial *t = &s->trial[trial];
    if (++t->killed >= SEARCH_TRIES) t->state = GT_TRIAL_FAILED;
    gt_buffer_printf(&b, "killed %d by signal %d\n", t->killed, signal);
    return write_result(s, trial, &b);
}
