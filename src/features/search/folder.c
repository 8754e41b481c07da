/* SPDX-License-Identifier: Apache-2.0
 * The folder of a search: what is searched, results of trials, ranges (search.h). */
#include "features/search/search.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/file.h"
#include "gantry/job.h"
#include "run/door/outfile.h"
#include "run/door/rundir.h"

enum { SMALL = 1 << 16 };

const char *gt_search_path(const gt_search *s, int trial, const char *format) {
    char *path = NULL;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    path = gt_arena_printf(s->job->arena, format, s->plan.run, trial + 1);
#pragma GCC diagnostic pop
    return path ? path : "";
}

void gt_search_state_dir(const gt_search *s, int trial, char dir[GT_SEARCH_PATH_BYTES]) {
    snprintf(dir, GT_SEARCH_PATH_BYTES, "%s/state/%04d", s->plan.run, trial + 1);
}

/* What makes two searches the same one. Trials check their data themselves. */
static char *search_text(const gt_search *s) {
    gt_buffer b = {0};
    GT_FREED char *recipe = gt_job_to_recipe_text(s->job);
    gt_buffer_printf(
        &b, "# A search by gantry: the same command resumes it.\n[search]\ntrials = %d\nby = %s:%s\nseed = %llu\n",
        s->plan.trials, s->largest ? "max" : "min", s->series, (unsigned long long)s->seed);
    for (int i = 0; i < s->n_varied; i++) gt_buffer_printf(&b, "%s = \"%s\"\n", s->varied[i].key, s->varied[i].text);
    gt_buffer_printf(&b, "\n# The recipe of the trials, with one value of each range.\nimages = %lld\n%s",
                     (long long)s->job->total_images, recipe ? recipe : "");
    gt_buffer_add(&b, "", 1);
    bool bad = !recipe || b.failed;
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

/* What a search writes; its own name comes before all of them. */
static gt_status check_name(void *arg, const char *path, const char *name) {
    static const char *const written[] = {"search.csv", "curves.png", "curves.svg", "values.png",
                                          "values.svg", "state",      "trials"};
    for (size_t i = 0; i < sizeof written / sizeof *written; i++)
        if (!strcmp(name, written[i])) return gt_outfile_fail_taken(arg, "search", path);
    return GT_OK;
}

/* *before: what the folder's search is; NULL: there is none, and nothing that would be lost to one. */
static gt_status find_search(const gt_search *s, char **before) {
    const char *dir = s->plan.run;
    gt_status taken = gt_folder_each(dir, check_name, (void *)dir);
    GT_FREED char *why = taken ? strdup(gt_message()) : NULL;
    gt_status st = gt_rundir_read(dir, "search.txt", before); /* another worker may have begun it by now */
    if (!st && !*before && taken) st = gt_fail(taken, "%s", why ? why : "out of memory");
    return st;
}

gt_status gt_search_open(gt_search *s) {
    char *now = search_text(s), *before = NULL, lines[2][128];
    gt_status st = now ? gt_rundir_prepare(s->plan.run, SMALL) : GT_NOMEM;
    if (!st) st = find_search(s, &before);
    if (!st && before && strcmp(before, now)) {
        find_difference(before, now, lines);
        st = gt_fail(GT_USAGE,
                     "'%s' holds another search ('%s' there, '%s' now): give the same values, or another --run",
                     s->plan.run, lines[0], lines[1]);
    }
    if (!st && !before) st = gt_rundir_write(s->plan.run, "search.txt", now);
    free(before);
    free(now);
    return st;
}

int gt_search_count(const gt_search *s, gt_trial_state state) {
    int n = 0;
    for (int t = 0; t < s->plan.trials; t++) n += s->trial[t].state == state;
    return n;
}

/* "done 0.8125", "failed WHY" or "killed 2 by signal 9"; anything else: no result, the trial is trained (again). */
static void read_result(gt_search *s, int trial) {
    char *text = NULL, *end, dir[GT_SEARCH_PATH_BYTES];
    gt_search_state_dir(s, trial, dir);
    if (gt_rundir_read(dir, "result", &text) || !text) return;
    if (!strncmp(text, "failed", 6)) s->trial[trial].state = GT_TRIAL_FAILED;
    if (!strncmp(text, "killed ", 7)) {
        s->trial[trial].killed = atoi(text + 7);
        if (s->trial[trial].killed < 0) s->trial[trial].killed = 0;
        if (s->trial[trial].killed >= GT_SEARCH_TRIES) s->trial[trial].state = GT_TRIAL_FAILED;
    }
    if (!strncmp(text, "done ", 5)) {
        double value = strtod(text + 5, &end);
        if (end > text + 5 && *end == '\n' && isfinite(value)) s->trial[trial] = (gt_trial){GT_TRIAL_DONE, value, 0};
    }
    free(text);
}

gt_drawn gt_search_value(const gt_search *s, int trial, int i) {
    return gt_varied_draw(&s->varied[i], &s->span[gt_search_quarter(trial, s->plan.trials)][i], s->seed, trial);
}

static gt_status narrow_ranges(gt_search *s, int quarter) {
    int n = gt_search_quarter_begin(quarter, s->plan.trials);
    int *order = gt_arena_array(s->job->arena, (size_t)n + 1, sizeof *order);
    gt_drawn *values = gt_arena_array(s->job->arena, (size_t)n + 1, sizeof *values);
    if (!order || !values) return GT_NOMEM;
    int best = gt_search_best(s->trial, order, gt_search_rank(s->trial, n, s->largest, order));
    for (int i = 0; i < s->n_varied; i++) {
        for (int k = 0; k < best; k++) values[k] = gt_search_value(s, order[k], i);
        s->span[quarter][i] = best ? gt_varied_narrow(&s->varied[i], values, best) : s->span[quarter - 1][i];
    }
    return GT_OK;
}

gt_status gt_search_read_results(gt_search *s) {
    for (int t = 0; t < s->plan.trials; t++)
        if (s->trial[t].state == GT_TRIAL_OPEN) read_result(s, t);
    if (!s->n_spans) {
        for (int i = 0; i < s->n_varied; i++) s->span[0][i] = gt_varied_whole(&s->varied[i]);
        s->n_spans = 1;
    }
    for (; s->n_spans < GT_SEARCH_QUARTERS; s->n_spans++) {
        for (int t = 0; t < gt_search_quarter_begin(s->n_spans, s->plan.trials); t++)
            if (s->trial[t].state == GT_TRIAL_OPEN) return GT_OK;
        gt_status st = narrow_ranges(s, s->n_spans);
        if (st) return st;
    }
    return GT_OK;
}

/* The table, then the result, whose first line is in the buffer. */
static gt_status write_result(gt_search *s, int trial, gt_buffer *b) {
    for (int i = 0; i < s->n_varied; i++) {
        gt_drawn d = gt_search_value(s, trial, i);
        gt_buffer_printf(b, "%s = %s\n", s->varied[i].key, gt_drawn_text(&d));
    }
    /* The table comes first. A worker does not see what others have just noted: were the result there before, another
     * worker could write the last table, and this one an older table after it. */
    gt_status st = gt_search_write_csv(s);
    if (!st) return gt_buffer_write(b, gt_search_path(s, trial, "%s/state/%04d/result"));
    gt_buffer_free(b);
    return st;
}

gt_status gt_search_note_result(gt_search *s, int trial, gt_trial_state state, double value, const char *why) {
    gt_buffer b = {0};
    char number[32];
    if (state == GT_TRIAL_DONE) gt_buffer_printf(&b, "done %s\n", gt_real_text(value, number));
    else gt_buffer_printf(&b, "failed %s\n", why);
    s->trial[trial] = (gt_trial){state, value, 0};
    return write_result(s, trial, &b);
}

gt_status gt_search_note_killed(gt_search *s, int trial, int signal) {
    gt_buffer b = {0};
    gt_trial *t = &s->trial[trial];
    if (++t->killed >= GT_SEARCH_TRIES) t->state = GT_TRIAL_FAILED;
    gt_buffer_printf(&b, "killed %d by signal %d\n", t->killed, signal);
    return write_result(s, trial, &b);
}
