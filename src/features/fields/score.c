/* SPDX-License-Identifier: Apache-2.0
 * gantry metrics --condition: scores of ensembles beside the truth, and what the feature registers. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/door/random.h"
#include "dist/door/dist.h"
#include "ensemble.h"
#include "gantry/log.h"
#include "gantry/text.h"
#include "scores.h"

typedef struct scoring {
    gt_ensemble_scores **of; /* [targets]; rank 0's */
} scoring;

/* In physical units: the members, and the truth in `picture`, which is read again for the next sample. */
static gt_status score_sample(gt_ensemble *e, int64_t sample) {
    const scoring *s = e->arg;
    int channels = e->model->channels;
    uint32_t drawn;
    const float *mask = e->info->mask_of_target >= 0 ? e->picture + e->info->mask_of_target : NULL;
    gt_random_bits((gt_key){.seed = e->request->seed, .stream = gt_stream("cell"), .sample = (uint32_t)sample}, &drawn,
                   1);
    gt_ensemble_undo(e, e->members, e->request->members, e->targets);
    gt_ensemble_undo(e, e->picture, 1, channels);
    e->read = -1;
    for (int c = 0; c < e->targets; c++)
        gt_ensemble_scores_add(s->of[c], e->members + c, e->floats, (size_t)e->targets, e->picture + c, mask,
                               (size_t)channels, drawn);
    return GT_OK;
}

static gt_status begin(gt_ensemble *e, scoring *s) {
    const gt_model *m = e->model;
    s->of = gt_arena_array(e->arena, (size_t)e->targets, sizeof(gt_ensemble_scores *));
    for (int c = 0; s->of && c < e->targets && !e->comm->rank; c++)
        s->of[c] = gt_ensemble_scores_new(e->arena, (int)e->request->members, m->height, m->width);
    return gt_arena_failed(e->arena) ? GT_NOMEM : GT_OK;
}

/* Is the name one of a list with commas? */
static bool names(const char *list, const char *name) {
    size_t n = strlen(name);
    for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',')
        if (strcspn(at, ",") == n && !strncmp(at, name, n)) return true;
    return false;
}

static gt_status check_metrics(const char *list) {
    for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',') {
        int n = (int)strcspn(at, ",");
        const gt_ensemble_score *s = gt_ensemble_score_list;
        while (s->key && (strlen(s->metric) != (size_t)n || strncmp(s->metric, at, (size_t)n))) s++;
        if (!s->key)
            return gt_fail(GT_USAGE,
                           "--metrics=%.*s: scores of ensembles are crps, rmse, spread, ranks, spectrum and "
                           "quantiles",
                           n, at);
    }
    return GT_OK;
}

static void help(void (*line)(void *arg, const char *name, const char *text), void *arg) {
    for (const gt_ensemble_score *s = gt_ensemble_score_list; s->key; s++)
        if (s == gt_ensemble_score_list || strcmp(s->metric, s[-1].metric)) line(arg, s->metric, s->help);
}

static const char *about(const char *key) {
    for (const gt_ensemble_score *s = gt_ensemble_score_list; s->key; s++) {
        size_t n = strlen(key), own = strlen(s->key);
        if (n >= own && !strcmp(key + n - own, s->key) && (n == own || key[n - own - 1] == '_')) return s->help;
    }
    return NULL;
}

static void warn_of_gaps(const gt_ensemble *e, const scoring *s) {
    for (int c = 0; c < e->targets; c++) {
        int64_t whole = gt_ensemble_whole_fields(s->of[c]);
        if (whole == e->samples) continue;
        gt_warn("'%s': spectrum and quantiles need a truth in each cell, which %" PRId64 " of %" PRId64
                " samples have%s; the other scores leave out the cells without one",
                e->scale[c].name, whole, e->samples, whole ? ": they are of these" : ", so there are none");
    }
}

static void tell_scores(const gt_ensemble *e, const scoring *s, const char *metrics, gt_ensemble_tell *tell,
                        void *arg) {
    char recipe[160];
    snprintf(recipe, sizeof recipe, "%" PRId64 " members of %" PRId64 " samples, seed %" PRIu64, e->request->members,
             e->samples, e->request->seed);
    for (int c = 0; c < e->targets; c++)
        for (const gt_ensemble_score *row = gt_ensemble_score_list; row->key; row++)
            if (names(metrics, row->metric)) tell(arg, e->scale[c].name, row->key, row->value(s->of[c]), recipe);
}

static gt_status score_all(gt_comm *comm, const gt_ensemble_request *r, const char *metrics, gt_ensemble_tell *tell,
                           void *arg) {
    gt_ensemble e;
    scoring s = {0};
    gt_status st = gt_ensemble_open_all(&e, comm, r, true);
    if (!st) st = gt_comm_agree_all(comm, begin(&e, &s));
    if (!st) st = gt_ensemble_make_all(&e, "scoring", score_sample, &s);
    if (!st && !comm->rank) warn_of_gaps(&e, &s);
    if (!st && !comm->rank) tell_scores(&e, &s, metrics, tell, arg);
    bool drawn = !st && !comm->rank && r->chart && *r->chart;
    if (drawn) st = gt_ensemble_chart(e.arena, r->chart, e.targets, e.scale, s.of);
    st = gt_comm_agree_all(comm, st);
    gt_ensemble_close(&e);
    return st;
}

const gt_ensembles gt_ensembles_fields = {.generate_all = gt_fields_generate_all,
                                          .help = help,
                                          .check_metrics = check_metrics,
                                          .about = about,
                                          .score_all = score_all};
