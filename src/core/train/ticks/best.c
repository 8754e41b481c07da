/* SPDX-License-Identifier: Apache-2.0
 * --best: which checkpoint is the best so far, judged by a statistic of the tick that the checkpoint ends. When a run
 * resumes, the log judges the checkpoints that are there: checkpoints hold nothing of ticks, and a kill may have come
 * between a checkpoint and its link. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/log.h"
#include "metrics/door/metric.h"
#include "run/door/runlog.h"
#include "gantry/metric.h"
#include "run/door/checkpoint_internal.h"
#include "run/door/metric_lines.h"
#include "train/ticks/decider_list.h"
#include "train/door/measurer.h"
#include "train/journal/journal.h"
#include "train/ticks/warnings.h"

/* The best checkpoint so far. */
typedef struct best {
    double value, before; /* of the checkpoints so far, and of those before the latest best one; NaN: none */
    char recipe[GT_METRIC_RECIPE_BYTES], latest_recipe[GT_METRIC_RECIPE_BYTES]; /* of the best value, of the latest; "":
                                                                     unknown, or no metric */
    bool pending; /* the checkpoint that was judged last is the best, and not on the disk yet */
    bool said_no_value;
} best;

static bool is_wanted(const gt_engine *e) { return e->job->best_series != NULL; }

static bool waits(const gt_engine *e) { return e->job->best_is_score; }

/* ---- which value --best names ---- */

/* The tail of names such as "agreement1k_class3" and "swd1k_16": "_class3". */
static bool is_one_of_several(const char *tail) {
    if (*tail++ != '_') return false;
    tail += strspn(tail, "abcdefghijklmnopqrstuvwxyz");
    return isdigit((unsigned char)*tail) && !tail[strspn(tail, "0123456789")];
}

gt_status gt_best_resolve(const gt_engine *e) {
    gt_job *job = e->job;
    const char *name = job->best_series;
    gt_metric_request asked[GT_METRICS_MAX];
    int n;
    if (!name || job->best_is_score) return GT_OK;
    gt_status st = gt_metrics_parse(job->metrics, job->metrics_count, false, asked, &n);
    for (int i = 0; i < n && !st && !job->best_is_score; i++) {
        size_t length = strlen(asked[i].metric);
        if (strncmp(name, asked[i].metric, length) || !is_one_of_several(name + length)) continue;
        job->best_series = gt_arena_printf(job->arena, GT_METRIC_SERIES "%s", name);
        if (!job->best_series) return gt_fail(GT_NOMEM, "out of memory for the values of a job");
        job->best_is_score = true;
        job->best_is_largest |= gt_is(name, job->best) && asked[i].row->more_is_better;
    }
    return st;
}

/* A key as a score, a number of fakes and the rest: "swd200_avg" is swd#, 200 and "_avg". */
typedef struct parted_key {
    const gt_metric *score;
    int64_t count;
    const char *rest;
} parted_key;

/* The key of this score, or of any if it is NULL. The shortest name counts, then "_avg" is not part of it. */
static bool part_key(const char *key, const gt_metric *score, parted_key *out) {
    const char *end = key;
    do {
        char name[GT_METRIC_NAME_BYTES];
        gt_metric_request one[GT_METRICS_MAX];
        int n;
        end += strcspn(end + 1, "_") + 1;
        if (end - key >= GT_METRIC_NAME_BYTES) return false;
        snprintf(name, sizeof name, "%.*s", (int)(end - key), key);
        if (gt_metrics_parse(name, 0, false, one, &n) || n != 1 || (score && one[0].row != score)) continue;
        *out = (parted_key){one[0].row, one[0].count, end};
        return true;
    } while (*end);
    return false;
}

/* The score that --best names. Where a name is the beginning of another's ("fid10k", "fid10k_full"), --metrics tells.
 */
static bool part_best(const gt_job *job, parted_key *out) {
    const char *key = job->best_series + strlen(GT_METRIC_SERIES);
    gt_metric_request asked[GT_METRICS_MAX];
    size_t longest = 0;
    int n;
    if (gt_metrics_parse(job->metrics, job->metrics_count, false, asked, &n)) return false;
    for (int i = 0; i < n; i++) {
        size_t length = strlen(asked[i].metric);
        if (length <= longest || strncmp(key, asked[i].metric, length) || (key[length] && key[length] != '_')) continue;
        *out = (parted_key){asked[i].row, asked[i].count, key + length};
        longest = length;
    }
    return longest > 0;
}

/* -1: there is none. Of several, that of the most pictures, which is the one: there were no more. */
static int best_index(const gt_job *job, const gt_stat_value *values, int n) {
    const size_t before = strlen(GT_METRIC_SERIES);
    parted_key wanted, key;
    int found = -1;
    int64_t most = 0;
    for (int i = n - 1; i >= 0; i--)
        if (!strcmp(values[i].name, job->best_series)) return i;
    if (!job->best_is_score || !part_best(job, &wanted)) return -1;
    for (int i = 0; i < n; i++) {
        if (strncmp(values[i].name, GT_METRIC_SERIES, before)) continue;
        if (!part_key(values[i].name + before, wanted.score, &key) || strcmp(key.rest, wanted.rest) != 0) continue;
        if (key.count >= wanted.count || key.count <= most) continue;
        most = key.count;
        found = i;
    }
    return found;
}

double gt_best_value(const gt_job *job, const gt_stat_value *values, int n) {
    int i = job->best_series ? best_index(job, values, n) : -1;
    return i < 0 ? NAN : values[i].mean;
}

/* A checkpoint, and what the log says of it. */
typedef struct judged {
    int64_t images;
    double value;
    bool late;    /* it is of pictures that were drawn after the checkpoint, where a run ended */
    char key[80]; /* the series of the value */
    char recipe[GT_METRIC_RECIPE_BYTES];
} judged;

typedef struct best_search {
    const gt_engine *e;
    judged *of;
    int n;
    int64_t before; /* images at the tick before */
} best_search;

/* Is the value one of few steps, after which the run was stopped? */
static bool is_of_few_steps(const gt_engine *e, int64_t before, int64_t images, const gt_stat_value *values, int n,
                            int i) {
    return gt_stat_index(&e->stats, values[i].name) >= 0 && gt_tick_is_cut(e->job, before, images, values, n);
}

static void search_tick(void *arg, int64_t images, const gt_stat_value *values, int n) {
    best_search *s = arg;
    for (int k = 0; k < s->n; k++) {
        int i = images == s->of[k].images ? best_index(s->e->job, values, n) : -1;
        if (i < 0 || isnan(values[i].mean) || is_of_few_steps(s->e, s->before, images, values, n, i)) continue;
        s->of[k].value = values[i].mean;
        s->of[k].late = gt_best_of_pictures(s->e->job) && gt_has_late_pictures(values, n);
        snprintf(s->of[k].key, sizeof s->of[k].key, "%s", values[i].name);
    }
    s->before = images;
}

/* The values of n checkpoints in the log (NaN: none), and their recipes where the values are of a metric. */
static void read_logged(const gt_engine *e, const gt_journal *j, judged *of, int n) {
    for (int k = 0; k < n; k++) of[k].value = NAN;
    if (gt_runlog_each(j->log, search_tick, &(best_search){e, of, n, 0})) gt_warn("%s", gt_message());
    for (int k = 0; k < n && e->job->best_is_score; k++)
        if (!isnan(of[k].value))
            metric_recipe_at(j->dir, of[k].key + strlen(GT_METRIC_SERIES), of[k].images, of[k].value, of[k].recipe,
                             sizeof of[k].recipe);
}

/* ---- the series of an earlier version ---- */

/* NULL: --best names no series that has taken the place of another one. */
static const char *series_before(const gt_job *job) {
    const gt_metric *m = job->best_series ? gt_metric_of_series(job->best_series) : NULL;
    return m ? m->before : NULL;
}

bool gt_best_was_another(const gt_job *job, const gt_stat_value *values, int n) {
    const char *before = series_before(job);
    return before && !isnan(gt_stat_mean(values, n, before));
}

typedef struct latest_series {
    const gt_job *job;
    bool is_before; /* the latest tick with one of both has that of the earlier version */
} latest_series;

static void note_series(void *arg, int64_t images, const gt_stat_value *values, int n) {
    latest_series *l = arg;
    (void)images;
    if (gt_best_was_another(l->job, values, n)) l->is_before = true;
    else if (!isnan(gt_stat_mean(values, n, l->job->best_series))) l->is_before = false;
}

static void tell_of_series_before(const gt_engine *e, const gt_journal *j) {
    const char *before = series_before(e->job);
    latest_series l = {.job = e->job};
    if (!before || !e->shown || gt_runlog_each(j->log, note_series, &l) || !l.is_before) return;
    gt_info("--best=%s: the ticks of an earlier version have %s, which is not comparable with %s: %s again from here",
            e->job->best, before, e->job->best_series,
            e->job->early_stopping ? "the best and --early-stopping begin" : "the best begins");
}

/* ---- what there can be ---- */

/* Can a tick of this run log the series? Those of the model and of the held-out pictures are known. */
static bool can_come(const gt_engine *e, const char *name) {
    if (gt_stat_index(&e->stats, name) >= 0 || gt_measurers_will_log(e, name)) return true;
    bool is_known = !strncmp(name, "Loss/", 5) || !strncmp(name, "Accuracy/", 9);
    return !is_known && (gt_series_of(name) || gt_metric_of_fakes(name));
}

gt_status gt_best_check(const gt_engine *e) {
    const char *name = e->job->best_series;
    if (!name || e->job->best_is_score || can_come(e, name)) return GT_OK;
    char list[1024] = "";
    for (int i = 0; i < e->stats.n; i++) {
        size_t n = strlen(list);
        snprintf(list + n, sizeof list - n, "%s%s", i ? ", " : "", e->stats.shown[i].name);
    }
    gt_measurers_list_series(e, list, sizeof list);
    return gt_fail(GT_USAGE,
                   "--best=%s: no tick of this run has this statistic; possible are %s%s and the metrics of --metrics",
                   e->job->best, list, e->job->family->adversarial ? ", Fakes/swd_avg" : "");
}

bool gt_best_of_pictures(const gt_job *job) { return job->best_series && gt_metric_of_fakes(job->best_series); }

/* Values of different recipes do not compare: the best so far is then none. */
static void compare_recipes(const gt_engine *e, const gt_journal *j, best *b, double value) {
    if (isnan(b->value) || !*b->recipe || !*b->latest_recipe || gt_is(b->recipe, b->latest_recipe)) return;
    gt_warn("--best=%s: the value at %.3f kimg has another recipe than the best so far (%.4g), so the two are not "
            "comparable: the best starts again from this value. Before: %s. Now: %s",
            e->job->best, (double)e->shown / 1000, b->value, b->recipe, b->latest_recipe);
    b->value = NAN;
    gt_early_stop_begin_anew(e, j, value);
}

static bool take_if_best(const gt_engine *e, best *b, double value) {
    bool largest = e->job->best_is_largest;
    if (!isnan(b->value) && (largest ? value <= b->value : value >= b->value)) return false;
    b->before = b->value;
    b->value = value;
    snprintf(b->recipe, sizeof b->recipe, "%s", b->latest_recipe);
    return true;
}

/* Metrics have said why they have no value, where they have none; but there may be none of that name. */
static void warn_of_no_value(const gt_engine *e, const gt_journal *j, best *b) {
    const size_t before = strlen(GT_METRIC_SERIES);
    parted_key wanted, key;
    bool others = false;
    if (b->said_no_value || !part_best(e->job, &wanted)) return;
    for (int i = 0; i < j->logged.n; i++) {
        const char *name = j->logged.of[i].name;
        others |= !strncmp(name, GT_METRIC_SERIES, before) && part_key(name + before, wanted.score, &key);
    }
    if (others)
        gt_warn("--best=%s: no checkpoint is judged, because the metric has no such value (metric-*.jsonl shows all "
                "values)",
                e->job->best);
    b->said_no_value |= others;
}

/* Judges the checkpoint that the tick ends. */
static gt_verdict decide(gt_engine *e, gt_journal *j, void *own, const gt_tick *t, gt_reason *why_not) {
    best *b = own;
    const char *name = e->job->best_series;
    (void)why_not;
    if (!t->checkpoint || (t->late && j->checkpoint_failed)) return GT_GO_ON;
    gt_journal_saved(e, j, gt_saver_wait(j->saver)); /* is the best so far on the disk? */
    int found = best_index(e->job, j->logged.of, j->logged.n);
    double value = found < 0 ? NAN : j->logged.of[found].mean;
    if (isnan(value) && e->job->best_is_score) {
        warn_of_no_value(e, j, b);
        return GT_GO_ON;
    }
    if (isnan(value)) {
        const char *why = gt_metric_of_fakes(name) ? "has no pictures to judge"
                                                   : "has no such statistic (stats.jsonl shows all statistics)";
        if (!b->said_no_value) gt_warn("--best=%s: a checkpoint is not judged, its tick %s", e->job->best, why);
        b->said_no_value = true;
        return GT_GO_ON;
    }
    if (is_of_few_steps(e, j->tick_shown, e->shown, j->logged.of, j->logged.n, found)) return GT_GO_ON;
    const char *recipe = j->logged.note[found].recipe;
    snprintf(b->latest_recipe, sizeof b->latest_recipe, "%s", recipe ? recipe : "");
    compare_recipes(e, j, b, value);
    b->pending = take_if_best(e, b, value);
    return b->pending ? GT_BEST : GT_GO_ON;
}

void gt_best_settle(const gt_engine *e, gt_journal *j, bool is_best) {
    best *b = gt_decider_own(j, &gt_decider_best);
    if (!b || !waits(e) || !j->logged.n) return; /* nothing was judged */
    b->pending = false;
    if (j->checkpoint_failed) gt_saver_hold(j->saver, false);
    else gt_saver_decide(j->saver, e->shown, is_best ? e->shown : -1);
}

/* Is this checkpoint, which `best` does not point to, the better one? A newer one of another recipe begins anew, as it
 * would have when it was made. */
static bool take_logged(const gt_engine *e, const gt_journal *j, best *b, int64_t linked, const judged *of) {
    if (of->images == linked || isnan(of->value) || of->late) return false;
    if (of->images < linked && *of->recipe && *b->recipe && !gt_is(of->recipe, b->recipe)) return false;
    memcpy(b->latest_recipe, of->recipe, sizeof b->latest_recipe);
    if (of->images > linked) compare_recipes(e, j, b, of->value);
    return take_if_best(e, b, of->value);
}

/* The checkpoints that are there are judged again, by what the log says of them: a kill may have come between a
 * checkpoint, or its late values, and the link. */
static void judge_again(const gt_engine *e, gt_journal *j, best *b, int64_t linked) {
    int64_t found = -1;
    GT_FREED checkpoint_place *list = NULL;
    int n = 0;
    GT_FREED judged *of = checkpoint_list(j->dir, &list, &n) ? NULL : calloc((size_t)n + 1, sizeof *of);
    if (!of) gt_warn("--best: the existing checkpoints are not judged again: %s", gt_message());
    for (int i = 0; i < n && of; i++) of[i].images = list[i].images <= e->shown ? list[i].images : -1;
    if (of && n) read_logged(e, j, of, n);
    for (int i = n - 1; i >= 0 && of; i--) /* the oldest first, as they were made */
        if (take_logged(e, j, b, linked, &of[i])) found = of[i].images;
    if (found >= 0) gt_saver_decide(j->saver, e->shown, found);
}

static void begin(gt_engine *e, gt_journal *j, void *own) {
    best *b = own;
    judged linked = {.images = gt_checkpoint_best(j->dir)};
    tell_of_series_before(e, j);
    b->value = NAN;
    if (linked.images >= 0) {
        read_logged(e, j, &linked, 1);
        b->value = linked.value;
        memcpy(b->recipe, linked.recipe, sizeof b->recipe);
    }
    b->before = b->value;
    judge_again(e, j, b, linked.images);
}

void gt_best_lost(gt_journal *j) {
    best *b = gt_decider_own(j, &gt_decider_best);
    if (!b) return;
    if (b->pending) b->value = b->before;
    b->pending = false;
}

void gt_best_saved(const gt_engine *e, gt_journal *j, gt_saver_state news) {
    best *b = gt_decider_own(j, &gt_decider_best);
    (void)e;
    (void)news;
    if (b && b->pending && !gt_saver_outcome(j->saver)->best) gt_best_lost(j);
    if (b) b->pending = false;
}

const gt_decider gt_decider_best = {
    .name = "--best",
    .own_bytes = sizeof(best),
    .is_wanted = is_wanted,
    .waits = waits,
    .begin = begin,
    .decide = decide,
};
