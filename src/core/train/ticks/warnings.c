/* SPDX-License-Identifier: Apache-2.0
 * The warnings of a run (warnings.h). Limits are wide on purpose: nobody reads a warning that comes in good runs. */
#include "train/ticks/warnings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/log.h"
#include "metrics/door/metric.h"
#include "gantry/text.h"
#include "networks/model/door/family.h"
#include "train/journal/journal.h"

enum { YOUNG_TICKS = 8, EARLY_STEPS = 100 };

/* NaN: no such series. */
static double value_of(const gt_tick_view *v, const char *name) { return gt_stat_mean(v->values, v->n, name); }

/* The next series PREFIX...SUFFIX from *i on; NULL: no more. */
static const gt_stat_value *next_series(const gt_tick_view *v, const char *prefix, const char *suffix, int *i) {
    for (; *i < v->n; ++*i) {
        const char *name = v->values[*i].name;
        size_t n = strlen(name), a = strlen(prefix), b = strlen(suffix);
        if (n >= a + b && !strncmp(name, prefix, a) && !strcmp(name + n - b, suffix)) return &v->values[(*i)++];
    }
    return NULL;
}

/* Is some series above `factor` times its usual value, and above `least`? The usual value is the largest of a young
 * run, then it follows slowly, and not into trouble. */
static bool above_usual(const gt_tick_view *v, const char *prefix, const char *suffix, double factor, double least,
                        const char *what) {
    const double pace = 0.05;
    bool found = false;
    const gt_stat_value *s;
    for (int i = 0, k = 0; k < GT_WATCHED && (s = next_series(v, prefix, suffix, &i)); k++) {
        double x = fabs(s->mean), *usual = &v->usual[k];
        if (!isfinite(x) || (!v->young && x > factor * *usual && x > least)) {
            if (!found)
                snprintf(v->text, GT_WARNING_TEXT, "%s %s is %.3g, it was usually %.3g", what, s->name, s->mean,
                         *usual);
            found = true;
        } else {
            *usual = !v->young ? *usual + pace * (x - *usual) : fmax(x, *usual);
        }
    }
    return found;
}

/* ---- the rules ---- */

/* What an untrained network makes, and a burst of noise, may differ by more than any image of the data does: neither is
 * a measure. A tick without new pictures is judged by the latest. */
static bool collapse(const gt_tick_view *v) {
    const double part = 0.3;
    double spread = value_of(v, "Fakes/spread"), reals = value_of(v, "Reals/spread"), *largest = &v->usual[0],
           *untrained = &v->usual[1];
    double *latest = &v->usual[2], *any = &v->usual[3];
    if (isnan(spread) && *any == 0) return false;
    if (isnan(spread)) spread = *latest;
    *latest = spread;
    *any = 1;
    if (*untrained == 0) *untrained = spread;
    if (spread == *untrained) return false;
    if (spread > *largest) *largest = spread;
    double possible = *largest > reals ? reals : *largest;
    snprintf(v->text, GT_WARNING_TEXT, "images of a fixed set of latents differ by %.3g, but could differ by %.3g",
             spread, possible);
    return spread < part * possible;
}

static bool saturation(const gt_tick_view *v) {
    const double sure = 0.98;
    double real = value_of(v, "Loss/signs/real"), fake = value_of(v, "Loss/signs/fake");
    snprintf(v->text, GT_WARNING_TEXT, "the discriminator is never wrong: signs %.3f of reals, %.3f of fakes", real,
             fake);
    return real > sure && fake < -sure;
}

static bool ceiling(const gt_tick_view *v) {
    double p = value_of(v, "Progress/augment");
    snprintf(v->text, GT_WARNING_TEXT, "augmentation is at its ceiling, p = %.3f, but the discriminator still overfits",
             p);
    return v->p_max > 0 && p > 0.999 * v->p_max;
}

static bool divergence(const gt_tick_view *v) { return above_usual(v, "Loss/", "/loss", 10, 10, "the loss"); }

static bool norms(const gt_tick_view *v) { return above_usual(v, "Norms/", "", 30, 0, "the gradient's norm"); }

static bool slow_data(const gt_tick_view *v) {
    const double much = 0.2;
    double wait = value_of(v, "Ranks/most_wait_for_data_sec"), seconds = value_of(v, "Timing/sec_per_tick");
    snprintf(v->text, GT_WARNING_TEXT, "a rank waited %.1f of %.1f s for images", wait, seconds);
    return wait > much * seconds && wait > 0.1;
}

static bool slow_disk(const gt_tick_view *v) {
    const double slow = 10;
    double rate = value_of(v, "Timing/checkpoint_mb_per_sec");
    snprintf(v->text, GT_WARNING_TEXT, "the latest checkpoint was written at %.1f MB/s", rate);
    return rate < slow;
}

static bool slow_rank(const gt_tick_view *v) {
    const double factor = 1.5;
    double ratio = value_of(v, "Ranks/slowest");
    snprintf(v->text, GT_WARNING_TEXT, "rank %.0f takes %.2f times as long for a slice as most ranks",
             value_of(v, "Ranks/slowest_rank"), ratio);
    return ratio > factor;
}

static bool imbalance(const gt_tick_view *v) {
    const double factor = 1.5;
    double ratio = value_of(v, "Ranks/imbalance");
    snprintf(v->text, GT_WARNING_TEXT, "the rank with most to do has %.2f times the work of the mean", ratio);
    return ratio > factor;
}

/* In the order of the logs. Families add rows of their own, and advice of their own on these. */
static const gt_warning general[] = {
    {"collapse", collapse, 2, true, "go back to an earlier checkpoint with another --seed"},
    {"saturation", saturation, 8, true, "more data|--mirror|--aug=ada"},
    {"ceiling", ceiling, 8, true, "more data|a smaller network|a larger --p-max"},
    {"divergence", divergence, 3, true, "a smaller --lrate|an earlier checkpoint with another --seed"},
    {"norms", norms, 3, true, "a smaller --lrate|an earlier checkpoint with another --seed"},
    {"slow-data", slow_data, 5, false,
     "stage the dataset on a local disk|pack it as stored ZIP; gantry doctor measures"},
    {"slow-disk", slow_disk, 1, false, "write to another file system; gantry doctor measures"},
    {"slow-rank", slow_rank, 5, false, "check what else runs there: gantry doctor under mpirun"},
    {"imbalance", imbalance, 5, false, "a number of ranks that divides the number of slices"},
};
enum { N_GENERAL = sizeof general / sizeof *general };

/* ---- ticks ---- */

bool gt_tick_is_cut(const gt_job *job, int64_t before, int64_t images, const gt_stat_value *values, int n) {
    return gt_has_late_pictures(values, n) && !gt_tick_is_whole(job, before, images);
}

const gt_warning *gt_warning_at(const gt_watch *w, int i) {
    if (i < N_GENERAL) return &general[i];
    if (i >= GT_WARNINGS_MAX) return NULL;
    for (const gt_warning *own = w->own; own && own->name; own++)
        if (i-- == N_GENERAL) return own;
    return NULL;
}

static const char *advice_on(const gt_watch *w, const gt_warning *r) {
    if (r->rule == slow_data && w->in_memory && w->images >= w->epoch)
        return "all images are in memory, so other programs keep the processors busy";
    for (const gt_named *a = w->advice; a && a->name; a++)
        if (!strcmp(a->name, r->name)) return a->text;
    return r->advice;
}

/* "a smaller --lrate", "a larger --gamma", "another --seed": the value that the job has is to change. `key`: what
 * follows the dashes. */
static bool is_change(const char *advice, const char *key) {
    static const char *const words[] = {"smaller ", "larger ", "another "};
    size_t before = (size_t)(key - advice) - strlen("--");
    for (int i = 0; i < 3; i++) {
        size_t n = strlen(words[i]);
        if (before >= n && !strncmp(advice + before - n, words[i], n)) return true;
    }
    return false;
}

/* A value that turns an option on, where the advice names none. */
static const char *some_value(const gt_option *row) {
    const char *last = row->choices ? strrchr(row->choices, '|') : NULL;
    return last ? last + 1 : row->type == GT_OPTION_REAL || row->type == GT_OPTION_TEXT ? "0.25" : "1";
}

/* Has the job this value, or, of options that can be off, another one than off? */
static bool has_already(const gt_job *job, const gt_option *row, const char *advised) {
    const char *value = gt_options_effective(&job->options, row);
    bool can_be_off = !advised || (row->choices && strstr(row->choices, "none"));
    if (!value) return false;
    if (advised && gt_is(value, advised)) return true;
    return can_be_off && *value && !gt_is(value, "0") && !gt_is(value, "none");
}

/* Does the job take the value together with its other options? */
static bool is_taken(const gt_job *job, const char *key, const char *value) {
    GT_FREED char *text = gt_job_to_text(job);
    gt_job *copy = text ? gt_job_new() : NULL;
    bool copied = copy && !gt_job_read_text(copy, text, "job.ini"), taken = !copied;
    if (copied) gt_job_take_data(copy, job);
    if (copied)
        taken = !gt_job_set(copy, key, value, NULL) &&
                !gt_job_resolve(copy, job->height, job->width, job->channels, job->label_dim, 0);
    gt_job_free(copy);
    return taken;
}

/* May this be advised? Not an option that the model lacks, that is on already, or that the others refuse. */
static bool is_of_use(const gt_job *job, const char *advice) {
    const char *key = strstr(advice, "--");
    if (!job || !key) return true;
    char name[64];
    size_t n = strcspn(key += 2, "=,;:) ");
    snprintf(name, sizeof name, "%.*s", (int)n, key);
    const gt_option *row = gt_options_find(&job->options, name);
    const char *value = key[n] == '=' ? key + n + 1 : NULL;
    if (!row || !gt_model_has(job->family, job->kind, row)) return !row;
    if (is_change(advice, key)) return true;
    return !has_already(job, row, value) && is_taken(job, name, value ? value : some_value(row));
}

void gt_warning_advice(const gt_watch *w, const gt_warning *r, char text[GT_WARNING_TEXT]) {
    enum { MOST = 16 };
    char words[GT_WARNING_TEXT], *rest = words, *one, *kept[MOST];
    int n = 0;
    snprintf(words, sizeof words, "%s", advice_on(w, r));
    while ((one = strsep(&rest, "|")) && n < MOST)
        if (is_of_use(w->job, one)) kept[n++] = one;
    size_t used = 0;
    *text = 0;
    for (int i = 0; i < n && used < GT_WARNING_TEXT; i++) {
        const char *before = !i ? "" : i + 1 < n ? ", " : " or ";
        used += (size_t)snprintf(text + used, GT_WARNING_TEXT - used, "%s%s", before, kept[i]);
    }
}

/* Does a trouble of the training itself begin? */
static bool judge(gt_watch *w, int k, const gt_warning *r, int tick, double kimg, const gt_stat_value *values, int n) {
    char text[GT_WARNING_TEXT];
    gt_tick_view v = {.values = values,
                      .n = n,
                      .p_max = w->p_max,
                      .guess_accuracy = w->guess_accuracy,
                      .guess_loss = w->guess_loss,
                      .usual = w->of[k].usual,
                      .young = w->ticks < YOUNG_TICKS,
                      .early = 1000 * kimg < (double)w->epoch || gt_stat_mean(values, n, "Progress/step") < EARLY_STEPS,
                      .text = text};
    bool bad = r->rule(&v);
    if (bad && w->of[k].lasts++ == 0) {
        w->of[k].began = tick;
        w->of[k].began_kimg = kimg;
    }
    bool begins = bad && w->of[k].lasts == r->ticks;
    if (begins && !w->quiet) {
        char advice[GT_WARNING_TEXT];
        gt_warning_advice(w, r, advice);
        gt_warn("%s since tick %d (%.2f kimg): %s; %s", r->name, w->of[k].began, w->of[k].began_kimg, text, advice);
    }
    if (!bad && w->of[k].lasts >= r->ticks && !w->quiet)
        gt_info("%s is over after %d tick%s", r->name, w->of[k].lasts, gt_plural(w->of[k].lasts));
    if (!bad) w->of[k].lasts = 0;
    return begins && r->of_training;
}

int gt_watch_tick(gt_watch *w, int tick, double kimg, gt_stat_value *values, int *n) {
    int found = -1, seen = *n;
    int64_t images = llround(1000 * kimg);
    bool cut = w->job && gt_tick_is_cut(w->job, w->images, images, values, seen);
    const gt_warning *r;
    for (int k = 0; (r = gt_warning_at(w, k)); k++) {
        if (!cut && judge(w, k, r, tick, kimg, values, seen) && found < 0) found = k;
        snprintf(w->of[k].series, sizeof w->of[k].series, "Trouble/%s", r->name);
        values[(*n)++] = (gt_stat_value){w->of[k].series, 1, w->of[k].lasts, 0};
    }
    w->ticks += !cut;
    w->images = images;
    return found;
}

void gt_watch_replay(void *arg, int64_t images, const gt_stat_value *values, int n) {
    gt_watch *w = arg;
    GT_FREED gt_stat_value *seen = malloc(((size_t)n + GT_WARNINGS_MAX) * sizeof *seen);
    if (!seen) return; /* it then knows less of the past */
    int k = 0;
    double tick = w->ticks;
    bool late = gt_has_late_pictures(values, n);
    for (int i = 0; i < n; i++) {
        if (!(values[i].num > 0) || !strncmp(values[i].name, "Trouble/", 8)) continue;
        if (late && gt_metric_of_fakes(values[i].name)) continue;
        if (!strcmp(values[i].name, "Progress/tick")) tick = values[i].mean;
        seen[k++] = values[i];
    }
    w->quiet = true;
    gt_watch_tick(w, (int)tick, (double)images / 1000, seen, &k);
    w->quiet = false;
}
