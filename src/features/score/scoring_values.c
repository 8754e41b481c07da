/* SPDX-License-Identifier: Apache-2.0
 * A run of a scoring: what each score is to look at, then its values with their recipes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/door/numbers.h"
#include "base/door/memory.h"
#include "data/door/dataset.h"
#include "gantry/checkpoint.h"
#include "base/door/clock.h"
#include "gantry/log.h"
#include "gantry/progress.h"
#include "features/score/distances/distances.h"
#include "metrics/door/metric.h"
#include "features/score/path_length.h"
#include "features/score/scoring.h"

typedef struct counts {
    int64_t fakes, reals;
    int64_t named; /* fakes, as the key says */
} counts;

typedef struct run {
    gt_scoring *s;
    gt_collected reals, fakes, held_out; /* of which a set may be NULL */
    gt_path_maker *paths;
    counts count[GT_METRICS_MAX];
    gt_metric_table *out;
    int room, score; /* of the table; the score that is computed */
    bool lost;       /* a value, for want of memory */
} run;

/* How many pictures of each set the score looks at. */
static counts count_of(const run *r, int i) {
    const gt_metric_request *q = &r->s->asked[i];
    const gt_metric *score = q->row;
    const gt_picture_set *fakes = r->fakes.set, *reals = r->reals.set;
    counts c = {.fakes = q->count, .named = q->count};
    if (score->network == GT_METRIC_LPIPS) return c;
    int64_t there = fakes->count, most = score->most_reals ? score->most_reals : q->count ? q->count : GT_METRIC_ALL;
    c.fakes = q->count ? gt_smallest(q->count, there) : there;
    /* of millions of pictures, patches would fill the memory */
    if (score->needs & GT_METRIC_EQUAL_COUNTS && !q->count) c.fakes = gt_smallest(c.fakes, score->count);
    c.named = c.fakes;
    if (!(score->needs & GT_METRIC_REALS)) return c;
    c.reals = gt_smallest(most, score->full ? reals->unmirrored : reals->count);
    const counts own = c;
    if (score->needs & GT_METRIC_EQUAL_COUNTS) c.fakes = c.reals = gt_smallest(c.fakes, c.reals);
    if (reals->statistics) c.reals = 0;
    if (r->s->team.comm->rank) return c;
    if (q->count && own.fakes < q->count && !fakes->statistics)
        gt_warn("%s: there are only %lld %s of the requested %lld", q->metric, (long long)own.fakes, fakes->name,
                (long long)q->count);
    if (!score->most_reals && q->count && own.reals < q->count && !reals->statistics)
        gt_warn("%s: there are only %lld %s of the requested %lld", q->metric, (long long)own.reals, reals->name,
                (long long)q->count);
    return c;
}

/* Statistics of other programs have no pictures. */
static gt_status check_set(const run *r, const gt_picture_set *set, int i) {
    const gt_metric_request *q = &r->s->asked[i];
    int lane = gt_scoring_lane(r->s, i);
    if (!set || !set->statistics) return GT_OK;
    if (!(q->row->needs & GT_METRIC_GAUSSIAN))
        return gt_fail(GT_USAGE, "%s: the %s are statistics of another program, which allow only fid", q->metric,
                       set->name);
    const gt_extractor *d = r->s->extractor[lane]; /* NULL: both sets are statistics */
    int64_t features = d ? gt_extractor_features(d) : r->reals.set->statistics->d;
    if (set->statistics->d == features) return GT_OK;
    return gt_fail(GT_USAGE, "%s: the %s are statistics of %lld features, %s %lld", q->metric, set->name,
                   (long long)set->statistics->d, d ? "the detector has" : "the reals of", (long long)features);
}

static gt_status check_held_out(const run *r, int i) {
    const gt_picture_set *held_out = r->held_out.set, *reals = r->reals.set;
    bool same = !held_out || (held_out->height == reals->height && held_out->width == reals->width &&
                              held_out->channels == reals->channels);
    if (same || gt_scoring_lane(r->s, i) != GT_LANE_PIXELS) return GT_OK;
    return gt_fail(GT_USAGE,
                   "%s: held-out pictures of %dx%dx%d cannot be compared with reals of %dx%dx%d pixel by pixel",
                   r->s->asked[i].metric, held_out->width, held_out->height, held_out->channels, reals->width,
                   reals->height, reals->channels);
}

static gt_status check_sets(const run *r, int i) {
    const gt_metric_request *q = &r->s->asked[i];
    const gt_metric *score = q->row;
    const gt_picture_set *fakes = r->fakes.set, *reals = r->reals.set;
    if (score->network == GT_METRIC_LPIPS && !r->paths)
        return gt_fail(GT_USAGE, "%s needs a network that makes pictures, not pictures", q->metric);
    if (score->network == GT_METRIC_LPIPS) return gt_metric_check_paths(q, r->paths);
    if (!fakes) return gt_fail(GT_USAGE, "%s needs fakes", q->metric);
    if (score->needs & GT_METRIC_REALS && !reals)
        return gt_fail(GT_USAGE, "%s compares with real pictures: --data=PATH names them", q->metric);
    gt_status st = check_set(r, fakes, i);
    if (!st && score->needs & GT_METRIC_REALS) st = check_set(r, reals, i);
    if (!st && score->needs & GT_METRIC_BASE) st = check_held_out(r, i);
    if (st || !(score->needs & GT_METRIC_REALS) || fakes->statistics || reals->statistics) return st;
    bool same = fakes->height == reals->height && fakes->width == reals->width && fakes->channels == reals->channels;
    if (!same && (score->network == GT_METRIC_NO_NETWORK || gt_scoring_lane(r->s, i) == GT_LANE_PIXELS))
        return gt_fail(GT_USAGE, "%s: %s of %dx%dx%d and %s of %dx%dx%d cannot be compared pixel by pixel", q->metric,
                       fakes->name, fakes->width, fakes->height, fakes->channels, reals->name, reals->width,
                       reals->height, reals->channels);
    return GT_OK;
}

/* Once for a scoring: a training computes scores again and again. */
static void warn_of_names(const run *r, int i) {
    gt_scoring *s = r->s;
    const gt_picture_set *fakes = r->fakes.set;
    if (s->team.comm->rank || s->names_told || !(s->asked[i].row->needs & GT_METRIC_CLASSES)) return;
    const gt_checkpoint_data *known = gt_extractor_data(s->extractor[gt_scoring_lane(s, i)]);
    if (!known) return;
    int k = gt_class_names_differ(fakes->class_name, fakes->class_names, known->class_name, known->class_names);
    if (k < 0) return;
    gt_warn("%s: class %d of the %s is '%s', but '%s' in the detector: classes are compared by their numbers",
            s->asked[i].metric, k, fakes->name, fakes->class_name[k], known->class_name[k]);
    s->names_told = true;
}

static gt_status want_all(run *r) {
    gt_status st = GT_OK;
    for (int i = 0; i < r->s->n && !st; i++) {
        int lane = gt_scoring_lane(r->s, i), needs = r->s->asked[i].row->needs;
        st = check_sets(r, i);
        if (st) break;
        warn_of_names(r, i);
        r->count[i] = count_of(r, i);
        if (r->s->asked[i].row->network == GT_METRIC_LPIPS) continue;
        gt_collected_want(&r->fakes, lane, needs, r->count[i].fakes);
        needs &= ~(GT_METRIC_PROBABILITIES | GT_METRIC_CLASSES);
        if (needs & GT_METRIC_REALS) gt_collected_want(&r->reals, lane, needs, r->count[i].reals);
        if (needs & GT_METRIC_BASE && r->held_out.set)
            gt_collected_want(&r->held_out, lane, needs, r->held_out.set->count);
    }
    return gt_comm_agree_all(r->s->team.comm, st);
}

/* ---- values ---- */

/* The numbers that a network of the user's sees, of which some say them themselves. */
static int write_numbers(const run *r, int lane, char *text, size_t bytes) {
    const gt_picture_set *fakes = r->fakes.set, *reals = r->reals.set, *one = fakes->statistics ? reals : fakes;
    if (lane != GT_LANE_OWN || gt_extractor_rounds(r->s->extractor[lane]) || !one || one->statistics) return 0;
    const char *numbers = gt_sample_name(one->format.type);
    if (!reals || reals->statistics || reals->format.type == one->format.type)
        return snprintf(text, bytes, ", %s", numbers);
    return snprintf(text, bytes, ", fakes %s, reals %s", numbers, gt_sample_name(reals->format.type));
}

/* Are samples rounded where scores look at bytes? */
static bool is_finer(const gt_picture_set *s) { return s->format.type != GT_U8; }

/* Statistics whose divisor is n - 1 for good: see features/score/distances/frechet.c. */
static bool is_of_unknown_count(const gt_picture_set *s) { return s && s->statistics && !s->statistics->count; }

/* Recipes with the conversion of both sets. */
static void write_recipe(const run *r, int i, char *text, size_t bytes) {
    const gt_scoring *s = r->s;
    const gt_metric *score = s->asked[i].row;
    int lane = gt_scoring_lane(s, i), n = 0;
    char hash[33];
    const counts *c = &r->count[i];
    if (lane != GT_LANE_NONE && (s->extractor[lane] || lane == GT_LANE_PIXELS)) {
        n = snprintf(text, bytes, "%s", s->extractor[lane] ? gt_extractor_recipe(s->extractor[lane]) : "pixels");
        n += write_numbers(r, lane, text + n, bytes - (size_t)n);
        n += snprintf(text + n, bytes - (size_t)n, "; ");
    }
    if (score->network == GT_METRIC_LPIPS) {
        gt_hash_hex(gt_lpips_hash(s->lpips), hash);
        n = snprintf(text, bytes, "LPIPS of VGG16 torchvision %.8s; ", hash);
    }
    if (score->recipe) n += snprintf(text + n, bytes - (size_t)n, "%s; ", score->recipe);
    const gt_picture_set *fakes = r->fakes.set, *reals = r->reals.set;
    if (score->needs & GT_METRIC_GAUSSIAN && (is_of_unknown_count(fakes) || is_of_unknown_count(reals)))
        n += snprintf(text + n, bytes - (size_t)n, "divisor n - 1; ");
    bool pixels = score->network != GT_METRIC_LPIPS && (lane == GT_LANE_NONE || lane == GT_LANE_PIXELS);
    if (pixels && (is_finer(fakes) || (reals && is_finer(reals))))
        n += snprintf(text + n, bytes - (size_t)n, "8-bit; ");
    if (score->network == GT_METRIC_LPIPS)
        n += snprintf(text + n, bytes - (size_t)n, "%lld paths", (long long)c->fakes);
    else if (fakes->statistics) n += snprintf(text + n, bytes - (size_t)n, "fakes: %s", fakes->recipe);
    else n += snprintf(text + n, bytes - (size_t)n, "%lld fakes: %s", (long long)c->fakes, fakes->recipe);
    if (!(score->needs & GT_METRIC_REALS)) {
        if (fakes->labels_of_data && reals) snprintf(text + n, bytes - (size_t)n, "; labels of %s", reals->recipe);
        else if (score->network == GT_METRIC_LPIPS && fakes->label_dim)
            snprintf(text + n, bytes - (size_t)n, "; classes in equal shares");
        return;
    }
    const char *mirror = c->reals > reals->unmirrored ? " with mirror images" : "";
    if (reals->statistics) snprintf(text + n, bytes - (size_t)n, "; reals: %s", reals->recipe);
    else snprintf(text + n, bytes - (size_t)n, "; %lld reals: %s%s", (long long)c->reals, reals->recipe, mirror);
}

/* What a base rate is that of. */
static void add_base(const run *r, int i, char *text, size_t bytes) {
    const gt_picture_set *held_out = r->held_out.set, *reals = r->reals.set;
    size_t n = strlen(text);
    if (!(r->s->asked[i].row->needs & GT_METRIC_BASE)) return;
    if (held_out)
        snprintf(text + n, bytes - n, "; base rate of %lld held out: %s", (long long)held_out->count, held_out->recipe);
    else
        snprintf(text + n, bytes - n, "; base rate of %lld reals, left out one at a time",
                 (long long)gt_smallest(reals->unmirrored, r->count[i].fakes));
}

/* The name with the number of fakes that there are. */
static void counted_name(const run *r, int i, char name[GT_METRIC_NAME_BYTES]) {
    const gt_metric_request *q = &r->s->asked[i];
    if (r->count[i].named) gt_metric_name(q->row, r->count[i].named, name);
    else snprintf(name, GT_METRIC_NAME_BYTES, "%s", q->metric);
}

/* Is another score asked for by this name, or has one before it the name? */
static bool is_taken(const run *r, int i, const char *name) {
    char other[GT_METRIC_NAME_BYTES];
    for (int k = 0; k < r->s->n; k++)
        if (k != i && !strcmp(r->s->asked[k].metric, name)) return true;
    for (int k = 0; k < i; k++) {
        counted_name(r, k, other);
        if (!strcmp(other, name)) return true;
    }
    return false;
}

static void name_of(const run *r, int i, char name[GT_METRIC_NAME_BYTES]) {
    counted_name(r, i, name);
    if (is_taken(r, i, name)) snprintf(name, GT_METRIC_NAME_BYTES, "%s", r->s->asked[i].metric);
}

/* The values of a score stand where the score stands among those asked for, whenever it is computed. */
static void put_value(void *arg, const char *suffix, double value) {
    run *r = arg;
    gt_metric_table *t = r->out;
    const gt_metric_request *q = &r->s->asked[r->score];
    size_t have = (size_t)r->room;
    if (gt_grow(&t->value, &have, (size_t)t->n + 1, sizeof *t->value, "scores")) {
        r->lost = true;
        return;
    }
    r->room = (int)have;
    gt_metric_value *v = &t->value[t->n++];
    *v = (gt_metric_value){.value = value,
                           .more_is_better = q->row->more_is_better && strcmp(suffix, "_std"),
                           .is_base = !strcmp(suffix, GT_METRIC_BASE_KEY)};
    char name[GT_METRIC_NAME_BYTES];
    name_of(r, r->score, name);
    snprintf(v->key, sizeof v->key, "%s%.*s", name, (int)(sizeof v->key - sizeof name), suffix);
    snprintf(v->metric, sizeof v->metric, "%s", q->metric);
    write_recipe(r, r->score, v->recipe, sizeof v->recipe);
    add_base(r, r->score, v->recipe, sizeof v->recipe);
}

static gt_status path_length_all(run *r, const gt_metric_request *q) {
    double value;
    const gt_path_options o = {
        .in_z = q->row->in_z, .full = q->row->whole, .crop = q->row->crop, .count = q->count, .stop = r->s->o.stop};
    gt_status st = gt_path_length_all(&r->s->team, r->paths, r->s->lpips, &o, &value);
    if (!st) put_value(r, "", value);
    return st;
}

/* What Gaussians alone tell. */
static void warn_of(const gt_metric_set *set, const char *name) {
    if (set->gaussian) gt_gaussian_warn(set->gaussian, name);
}

/* The base rate of an earlier run, with the same recipe; else NaN. */
static double *recall_base(const run *r, int i) {
    gt_scoring *s = r->s;
    char recipe[GT_METRIC_RECIPE_BYTES];
    write_recipe(r, i, recipe, sizeof recipe);
    add_base(r, i, recipe, sizeof recipe);
    if (strcmp(recipe, s->base[i].recipe) != 0) s->base[i].value = NAN;
    snprintf(s->base[i].recipe, sizeof s->base[i].recipe, "%s", recipe);
    return &s->base[i].value;
}

static gt_status compute_metric_all(run *r, int i) {
    gt_scoring *s = r->s;
    const gt_metric_request *q = &s->asked[i];
    int lane = gt_scoring_lane(s, i), needs = q->row->needs;
    bool reals = needs & GT_METRIC_REALS;
    if (q->row->network == GT_METRIC_LPIPS) return path_length_all(r, q);
    if (lane != GT_LANE_NONE &&
        (r->fakes.lane[lane].failed || (reals && r->reals.lane[lane].failed) || r->held_out.lane[lane].failed))
        return gt_fail(GT_NONFINITE, "features are NaN or infinite");
    int told = needs & GT_METRIC_CLASSES ? gt_extractor_classes(s->extractor[lane]) : 0;
    if (told && r->fakes.set->label_dim > told)
        return gt_fail(GT_USAGE, "the %s have %d classes, but the detector has %d", r->fakes.set->name,
                       r->fakes.set->label_dim, told);
    gt_metric_input in = {.team = &s->team,
                          .base = needs & GT_METRIC_BASE ? recall_base(r, i) : NULL,
                          .seed = s->o.seed,
                          .put = put_value,
                          .arg = r};
    gt_status st = gt_metric_set_of_all(s, &r->fakes, lane, needs, r->count[i].fakes, &in.fakes);
    needs &= ~(GT_METRIC_PROBABILITIES | GT_METRIC_CLASSES);
    if (!st && reals) st = gt_metric_set_of_all(s, &r->reals, lane, needs, r->count[i].reals, &in.reals);
    if (!st && needs & GT_METRIC_BASE && r->held_out.set)
        st = gt_metric_set_of_all(s, &r->held_out, lane, needs, r->held_out.set->count, &in.held_out);
    if (!st && !s->team.comm->rank) {
        warn_of(&in.fakes, r->fakes.set->name);
        if (reals) warn_of(&in.reals, r->reals.set->name);
    }
    if (!st) st = q->row->compute_all(&in);
    gt_metric_set_free(&r->fakes, lane, &in.fakes);
    if (reals) gt_metric_set_free(&r->reals, lane, &in.reals);
    gt_metric_set_free(&r->held_out, lane, &in.held_out);
    return st;
}

/* A score that has no value is NaN, with a warning. */
static gt_status value_all(run *r, int i) {
    const gt_metric_request *q = &r->s->asked[i];
    int before = r->out->n;
    bool stop = r->s->o.stop && r->s->o.stop();
    gt_status st = gt_comm_agree_all(r->s->team.comm, stop ? gt_fail(GT_STOPPED, "stopped") : GT_OK);
    r->score = i;
    gt_tell_start(q->metric, NULL, 0);
    if (!st) st = compute_metric_all(r, i);
    if (!st || st == GT_STOPPED || st == GT_NOMEM) return st;
    if (!r->s->team.comm->rank) gt_warn("%s has no value: %s", q->metric, gt_message());
    r->out->n = before;
    for (int k = 0; k < GT_METRIC_MAX_KEYS && q->row->keys[k]; k++) put_value(r, q->row->keys[k], NAN);
    return GT_OK;
}

static int place_of(const run *r, const gt_metric_value *v) {
    int i = 0;
    while (i < r->s->n && strcmp(r->s->asked[i].metric, v->metric)) i++;
    return i;
}

/* Back to the order in which scores were asked for; the values of one score stay in theirs. */
static void sort_values(run *r) {
    for (int i = 1; i < r->out->n; i++)
        for (int k = i; k > 0 && place_of(r, &r->out->value[k]) < place_of(r, &r->out->value[k - 1]); k--) {
            gt_metric_value swap = r->out->value[k];
            r->out->value[k] = r->out->value[k - 1];
            r->out->value[k - 1] = swap;
        }
}

gt_status gt_scoring_run_all(gt_scoring *s, gt_picture_set *reals, gt_picture_set *fakes, gt_path_maker *paths,
                             gt_metric_table *out) {
    double start = gt_clock();
    *out = (gt_metric_table){0};
    run r = {.s = s,
             .reals.set = reals,
             .fakes.set = fakes,
             .held_out.set = gt_scoring_has_base(s) ? s->held_out : NULL,
             .paths = paths,
             .out = out};
    gt_comm_busy(s->team.comm, "metrics");
    gt_picture_set_round(fakes, reals);
    if (r.held_out.set) gt_picture_set_round(r.held_out.set, reals);
    gt_status st = want_all(&r);
    if (!st) st = gt_nearest_want_all(s, &r.reals, &r.fakes);
    if (!st) st = gt_scoring_fit_all(s, reals);
    if (!st) st = gt_collect_all(s, &r.reals);
    if (!st) st = gt_collect_all(s, &r.held_out);
    if (!st) st = gt_collect_all(s, &r.fakes);
    for (int late = 0; late <= 1; late++)
        for (int i = 0; i < s->n && !st; i++)
            if (!(s->asked[i].row->needs & GT_METRIC_HALVES) == !late) st = value_all(&r, i);
    /* what fails before has been agreed on */
    if (!st) st = gt_comm_agree_all(s->team.comm, r.lost ? gt_fail(GT_NOMEM, "out of memory for scores") : GT_OK);
    gt_tell_end();
    if (!st) st = gt_nearest_draw_all(s, &r.reals, &r.fakes);
    gt_collected_free(&r.reals);
    gt_collected_free(&r.fakes);
    gt_collected_free(&r.held_out);
    if (!st) sort_values(&r);
    else gt_metric_table_free(out);
    out->seconds = gt_clock() - start;
    return st;
}
