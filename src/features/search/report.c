/* SPDX-License-Identifier: Apache-2.0
 * What a search says: lines, tables, pictures (search.h). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "figures/door/figure.h"
#include "gantry/log.h"
#include "gantry/runlog.h"
#include "gantry/text.h"
#include "features/search/search.h"

enum { SHOWN = 20, CURVES = 2, TEXT = 256 };

static void print_values(const gt_search *s, int trial, char *text, size_t room) {
    size_t n = 0;
    *text = 0;
    for (int i = 0; i < s->n_varied && n < room; i++) {
        gt_drawn d = gt_search_value(s, trial, i);
        n += (size_t)snprintf(text + n, room - n, "%s%s=%s", i ? " " : "", s->varied[i].key, gt_drawn_text(&d));
    }
}

/* Done trials, the best first, in the arena; *n: how many. */
static const int *best_trials(const gt_search *s, int *n) {
    int *order = gt_arena_array(s->job->arena, (size_t)s->plan.trials, sizeof *order);
    *n = order ? gt_search_rank(s->trial, s->plan.trials, s->largest, order) : 0;
    return order;
}

/* As the table says it. */
static const char *state_name(const gt_trial *t) {
    static const char *const states[] = {"open", "done", "failed"};
    return t->killed && t->state != GT_TRIAL_DONE ? "killed" : states[t->state];
}

/* To stderr from every worker: gt_info() is the first one's. */
void gt_search_print_trial(const gt_search *s, int trial, const char *why) {
    char values[1024], best[64] = "";
    int n;
    const int *order = best_trials(s, &n);
    print_values(s, trial, values, sizeof values);
    if (n) snprintf(best, sizeof best, "; best %.4g (trial %d)", s->trial[order[0]].value, order[0] + 1);
    if (*why)
        gt_print_to(stderr, "trial %d (%d of %d) %s, with %s: %s\n", trial + 1,
                    s->plan.trials - gt_search_count(s, GT_TRIAL_OPEN), s->plan.trials, state_name(&s->trial[trial]),
                    values, why);
    else
        gt_print_to(stderr, "trial %d (%d of %d) %s %.4g with %s%s\n", trial + 1,
                    s->plan.trials - gt_search_count(s, GT_TRIAL_OPEN), s->plan.trials, s->series,
                    s->trial[trial].value, values, best);
}

/* The standard error of an accuracy of so many images; NaN: the trials are judged by something else. */
static double noise_of(const gt_search *s, double accuracy) {
    return s->judged > 0 && accuracy >= 0 && accuracy <= 1 ? sqrt(accuracy * (1 - accuracy) / (double)s->judged)
                                                           : (double)NAN;
}

/* A range follows from noisy values: its ends are told with as many digits as the noise leaves. */
static int digits_of(double noise) {
    const double small = 0.005;
    return isnan(noise) ? 4 : noise < small ? 3 : 2;
}

void gt_search_print_range(const gt_search *s, int quarter) {
    const int first = gt_search_quarter_begin(quarter, s->plan.trials);
    GT_BUFFER gt_buffer b = {0};
    int n;
    const int *order = best_trials(s, &n);
    double noise = n ? noise_of(s, s->trial[order[0]].value) : (double)NAN;
    for (int i = 0; i < s->n_varied; i++) {
        const gt_varied *v = &s->varied[i];
        const gt_vary_span *span = &s->span[quarter][i];
        gt_buffer_printf(&b, "%s %s", i ? "," : "", v->key);
        for (int k = 0; k < v->n_choices; k++)
            if (span->choices >> k & 1) gt_buffer_printf(&b, " %s", v->choices[k]);
        if (v->kind == GT_VARY_INT) gt_buffer_printf(&b, " %.0f..%.0f", span->lo, span->hi);
        else if (!v->n_choices)
            gt_buffer_printf(&b, " %.*g..%.*g", digits_of(noise), span->lo, digits_of(noise), span->hi);
    }
    if (!isnan(noise))
        gt_buffer_printf(&b, " (by %lld image%s: standard error %.2g)", (long long)s->judged, gt_plural(s->judged),
                         noise);
    gt_buffer_add(&b, "", 1);
    if (!b.failed) gt_info("after %d trial%s:%s", first, gt_plural(first), b.data);
}

/* ---- tables ---- */

gt_status gt_search_write_csv(const gt_search *s) {
    gt_buffer b = {0};
    char number[32];
    gt_buffer_printf(&b, "trial,state,");
    gt_buffer_csv(&b, s->series);
    for (int i = 0; i < s->n_varied; i++) gt_buffer_printf(&b, ",%s", s->varied[i].key);
    gt_buffer_printf(&b, "\n");
    for (int t = 0; t < s->plan.trials; t++) {
        if (gt_search_quarter(t, s->plan.trials) >= s->n_spans) break;
        const gt_trial *trial = &s->trial[t];
        gt_buffer_printf(&b, "%d,%s,%s", t + 1, state_name(trial),
                         trial->state == GT_TRIAL_DONE ? gt_real_text(trial->value, number) : "");
        for (int i = 0; i < s->n_varied; i++) {
            gt_drawn d = gt_search_value(s, t, i);
            gt_buffer_add(&b, ",", 1);
            gt_buffer_csv(&b, gt_drawn_text(&d)); /* hidden=100,100|50 */
        }
        gt_buffer_printf(&b, "\n");
    }
    return gt_buffer_write(&b, gt_search_path(s, 0, "%s/search.csv"));
}

gt_status gt_search_print_best(const gt_search *s, FILE *f) {
    int n, failed = gt_search_count(s, GT_TRIAL_FAILED);
    const int *order = best_trials(s, &n);
    char values[1024];
    if (n) gt_print_to(f, "%-6s %-24s %svalues\n", "trial", s->series, s->judged ? "+-       " : "");
    for (int k = 0; k < n && k < SHOWN; k++) {
        double noise = noise_of(s, s->trial[order[k]].value);
        char beside[24] = "";
        if (s->judged) snprintf(beside, sizeof beside, isnan(noise) ? "-        " : "%-8.2g ", noise);
        print_values(s, order[k], values, sizeof values);
        gt_print_to(f, "%-6d %-24.6g %s%s\n", order[k] + 1, s->trial[order[k]].value, beside, values);
    }
    if (n && s->judged)
        gt_print_to(
            f, "+-: standard error of an accuracy over %lld image%s; smaller differences between trials mean nothing\n",
            (long long)s->judged, gt_plural(s->judged));
    char killed[64] = "";
    int n_killed = 0;
    for (int t = 0; t < s->plan.trials; t++) n_killed += s->trial[t].state == GT_TRIAL_FAILED && s->trial[t].killed;
    if (n_killed) snprintf(killed, sizeof killed, " (%d by signals, %d times each)", n_killed, GT_SEARCH_TRIES);
    gt_print_to(f, "%d of %d trial%s, %d failed%s: %s\n", s->plan.trials - gt_search_count(s, GT_TRIAL_OPEN),
                s->plan.trials, gt_plural(s->plan.trials), failed, killed, gt_search_path(s, 0, "%s/search.csv"));
    if (failed == s->plan.trials)
        return gt_fail(GT_FAILED, "all %d trial%s failed: the messages of the first are in %s", failed,
                       gt_plural(failed), gt_search_path(s, 0, "%s/state/%04d/said"));
    if (!n) return GT_OK;
    gt_print_to(f, "%s\n%s\n", gt_search_path(s, 0, "%s/curves.png"), gt_search_path(s, 0, "%s/values.png"));
    gt_print_to(f, "the best run: %s\n", gt_search_path(s, order[0], "%s/trials/%04d"));
    return GT_OK;
}

/* ---- pictures ---- */

/* The series that judges trials, and the series of training that is drawn with it: of Accuracy/validation it is
 * Accuracy/train. */
static int curve_names(const gt_search *s, char names[CURVES][TEXT]) {
    const char *slash = strchr(s->series, '/');
    snprintf(names[0], TEXT, "%s", s->series);
    if (!slash || !strcmp(slash, "/train")) return 1;
    snprintf(names[1], TEXT, "%.*s/train", (int)(slash - s->series), s->series);
    return CURVES;
}

static gt_status fill_trial_panel(const gt_search *s, int place, int trial, gt_panel *p, gt_curve *curves) {
    static const char *const labels[] = {"judged", "training"};
    gt_arena *a = s->job->arena;
    char names[CURVES][TEXT], values[1024];
    gt_stats *stats = gt_stats_read(gt_search_path(s, trial, "%s/trials/%04d/stats.jsonl"));
    if (!stats) return GT_FAILED;
    int n = curve_names(s, names), found = 0;
    for (int k = 0; k < n; k++) {
        const gt_stats_series *series = gt_stats_find(stats, names[k]);
        double *x = gt_arena_array(a, 2 * (size_t)stats->ticks + 1, sizeof *x);
        if (!x || !series) continue;
        gt_curve *c = &curves[found++];
        *c = (gt_curve){.label = labels[k], .n = 0, .x = x, .y = x + stats->ticks, .colour = k + 1};
        for (int i = 0; i < stats->ticks; i++) {
            if (!(series->values[i].num > 0) || !isfinite(series->values[i].mean)) continue;
            x[c->n] = (double)stats->images[i] / 1000;
            x[stats->ticks + c->n++] = series->values[i].mean;
        }
    }
    gt_stats_free(stats);
    print_values(s, trial, values, sizeof values);
    *p = (gt_panel){.title = gt_arena_printf(a, "%d. trial %d: %.4g", place, trial + 1, s->trial[trial].value),
                    .x_label = gt_arena_printf(a, "%s", values),
                    .n_curves = found,
                    .curves = curves,
                    .small = true};
    return gt_arena_failed(a) ? GT_NOMEM : GT_OK;
}

static gt_status draw_curves(const gt_search *s, const int *order, int n) {
    enum { COLUMNS = 5 };
    gt_panel panels[SHOWN];
    gt_curve curves[SHOWN][CURVES];
    double range[2] = {INFINITY, -INFINITY};
    gt_status st = GT_OK;
    if (n > SHOWN) n = SHOWN;
    for (int k = 0; k < n && !st; k++) st = fill_trial_panel(s, k + 1, order[k], &panels[k], curves[k]);
    for (int k = 0; k < n && !st; k++)
        for (int c = 0; c < panels[k].n_curves; c++)
            for (int i = 0; i < curves[k][c].n; i++) {
                range[0] = fmin(range[0], curves[k][c].y[i]);
                range[1] = fmax(range[1], curves[k][c].y[i]);
            }
    for (int k = 0; k < n && !st; k++)
        if (range[0] < range[1]) panels[k].y_range = range;
    return st ? st : gt_figure_write(gt_search_path(s, 0, "%s/curves"), panels, n, COLUMNS);
}

static gt_status draw_values(const gt_search *s, const int *order, int n) {
    enum { COLUMNS = 3 };
    gt_panel panels[GT_VARIED_MAX];
    gt_arena *a = s->job->arena;
    for (int i = 0; i < s->n_varied; i++) {
        const gt_varied *v = &s->varied[i];
        float *x = gt_arena_array(a, 2 * (size_t)n, sizeof *x);
        if (!x) return GT_NOMEM;
        for (int k = 0; k < n; k++) {
            x[k] = (float)gt_search_value(s, order[k], i).number + (v->n_choices ? 1 : 0);
            x[n + k] = (float)s->trial[order[k]].value;
        }
        panels[i] = (gt_panel){.title = v->key,
                               .x_label = v->n_choices ? gt_arena_printf(a, "1, 2, ... of %s", v->text) : v->key,
                               .y_label = s->series,
                               .x_scale = v->kind == GT_VARY_LOG ? GT_LOG_10 : GT_LINEAR,
                               .points = {.n = n, .x = x, .y = x + n}};
    }
    return gt_figure_write(gt_search_path(s, 0, "%s/values"), panels, s->n_varied, COLUMNS);
}

gt_status gt_search_draw_pictures(const gt_search *s) {
    int n;
    const int *order = best_trials(s, &n);
    if (!n) return GT_OK;
    gt_status st = draw_curves(s, order, n);
    return st ? st : draw_values(s, order, n);
}
