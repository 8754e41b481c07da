/* SPDX-License-Identifier: Apache-2.0
 * Which ranks and threads a run has that `gantry train` starts by itself (choice.h): by trials, unless they are known.
 */
#include "train/start/choice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/hash.h"
#include "base/door/machine.h"
#include "base/door/clock.h"
#include "gantry/job.h"
#include "gantry/log.h"
#include "gantry/progress.h"
#include "run/door/rundir.h"
#include "gantry/stop.h"
#include "gantry/text.h"
#include "train/door/engine.h"

enum { MOST = 6 /* ways that are tried */, FEW_STEPS = 20 };

static const double short_run = 300, all_trials = 30, least_trial = 4, longest_trial = 12; /* seconds */

/* ---- how long will it take? ---- */

typedef struct network {
    double work;   /* of a step, phases weighted by how often they run, as gt_graph_work() measures */
    gt_hash128 is; /* which network and step this is */
} network;

static gt_status add_phase(network *n, gt_phase *p, const gt_job *job, gt_buffer *text) {
    gt_graph *g = p->build(p, p->model->slice_size);
    if (!g) return gt_failure();
    double work = gt_graph_work(g);
    n->work += work * (double)(p->own_slices ? p->own_slices : job->slices) / p->interval;
    gt_buffer_printf(text, "%s %d %.9g\n", p->name, p->interval, work);
    gt_graph_free(g);
    return GT_OK;
}

static gt_status look_at_network(const gt_job *job, network *out) {
    gt_model *m = gt_model_new(job);
    GT_BUFFER gt_buffer text = {0};
    *out = (network){0};
    if (!m) return gt_failure();
    gt_status st = GT_OK;
    gt_buffer_printf(&text, "%s, batch %lld, slices %lld of %d, at once %lld, memory %s\n", job->model,
                     (long long)job->batch, (long long)job->slices, m->slice_size, (long long)job->slices_at_once,
                     gt_job_value(job, "memory"));
    for (int i = 0; i < m->n_nets; i++) gt_buffer_printf(&text, "%s %zu\n", m->nets[i]->name, m->nets[i]->block_floats);
    for (int p = 0; p < m->n_phases && !st; p++) st = add_phase(out, &m->phases[p], job, &text);
    if (!st && text.failed) st = gt_fail(GT_NOMEM, "out of memory for a network's description");
    if (!st) out->is = gt_hash(text.data, text.n);
    gt_model_free(m);
    return st;
}

/* Images that are still to be shown, by what the folder's log says of a run that is there. */
static double images_left(const gt_job *job) {
    double shown = 0;
    gt_starts *s = *job->run && !job->restart ? gt_starts_read(job->run) : NULL;
    if (s) shown = (double)s->shown;
    gt_starts_free(s);
    return fmax(0, (double)job->total_images - shown);
}

/* What a core does in a second, in the measure of gt_graph_work(): between that of small networks (a Zen 4, 32x32) and
 * that of large ones. Half or double of it moves the border of five minutes, and nothing else. */
static const double work_a_second = 60e9;

static double expected_seconds(const gt_job *job, const network *n, int cores) {
    double steps = images_left(job) / (double)job->batch, most = INFINITY;
    if (*job->max_time) gt_parse_duration(job->max_time, &most); /* was checked when it was given */
    return fmin(most, steps * n->work / work_a_second / cores);
}

/* ---- what can be tried ---- */

typedef struct trial {
    gt_split split;
    double rate; /* images a second; 0: unknown */
    char why[GT_WHY_BYTES];
} trial;

typedef struct trials {
    trial list[MOST];
    int n;
    bool failed;   /* one of them, for whatever reason */
    char busy[64]; /* "; other programs kept 1.2 of 2 cores busy", or "" */
} trials;

/* One rank, and from the most ranks down: each divides the cores, and has slices. Of many each has at most half of the
 * ranks of the one before. */
static void list_splits(int64_t slices, int cores, trials *t) {
    int before = 0;
    t->list[t->n++].split = (gt_split){1, cores};
    for (int ranks = cores; ranks > 1 && t->n < MOST; ranks--) {
        if (cores % ranks || ranks > slices || (before && 2 * ranks > before)) continue;
        t->list[t->n++].split = (gt_split){ranks, cores / ranks};
        before = ranks;
    }
}

const char *gt_split_text(gt_split s, bool words, char text[64]) {
    if (words)
        snprintf(text, 64, "%d rank%s with %d thread%s", s.ranks, gt_plural(s.ranks), s.threads, gt_plural(s.threads));
    else snprintf(text, 64, "%d x %d", s.ranks, s.threads);
    return text;
}

static void try_one(const gt_starter *s, trial *t, const char *options, double limit) {
    char name[64], doing[96], why[GT_WHY_BYTES] = "";
    snprintf(doing, sizeof doing, "trying %s", gt_split_text(t->split, true, name));
    gt_tell_start(doing, NULL, 0);
    double rate = s->images_per_second(s->of, t->split, options, limit, why);
    if (rate > t->rate) t->rate = rate; /* what disturbs makes it slower, never faster */
    if (!(t->rate > 0)) snprintf(t->why, sizeof t->why, "%s", why);
}

static int best_of(const trials *t, int but) {
    int best = -1;
    for (int i = 0; i < t->n; i++)
        if (i != but && t->list[i].rate > 0 && (best < 0 || t->list[i].rate > t->list[best].rate)) best = i;
    return best;
}

static void look_at_load(trials *t) {
    const double seconds = 0.2, much = 0.25; /* of the cores */
    gt_machine m;
    gt_machine_look(&m);
    double others = gt_machine_load_of_others(seconds);
    if (others > much * m.processors)
        snprintf(t->busy, sizeof t->busy, "; other programs kept %.1f of %d processors busy", others, m.processors);
}

/* Each once, while it does not get worse; then the two fastest once more, where there is time. *enough: the run is too
 * short for all this. */
static void make_trials(const gt_engine *e, const gt_starter *s, double seconds, trials *t, bool *enough) {
    double end = gt_clock() + seconds;
    int worse = 0;
    *enough = false;
    for (int i = 0; i < t->n && worse < 2 && !gt_stop_requested(); i++) {
        double left = end - gt_clock(), each = fmin(longest_trial, left / (t->n - i));
        if (i && left < least_trial) {
            t->n = i;
            break;
        }
        try_one(s, &t->list[i], "", fmax(each, fmin(least_trial, left)));
        t->failed |= !(t->list[i].rate > 0);
        if (!i && t->list[0].rate > 0 && images_left(e->job) / t->list[0].rate < short_run) {
            *enough = true;
            return;
        }
        worse = i > 1 && best_of(t, -1) != i ? worse + 1 : 0;
        if (worse == 2) t->n = i + 1;
    }
    int first = best_of(t, -1), second = first < 0 ? -1 : best_of(t, first);
    for (int i = 0; i < 2 && second >= 0 && !gt_stop_requested(); i++) {
        double left = end - gt_clock();
        if (left < least_trial) break;
        try_one(s, &t->list[i ? second : first], "", fmin(longest_trial, left / (2 - i)));
    }
}

/* "2 ranks with 1 thread: 254 images/s; 1 x 2: 185". What there is no number of says why. */
static void put_text(const trials *t, int best, gt_start *out) {
    char name[64];
    size_t room = sizeof out->text, n;
    n = (size_t)snprintf(out->text, room, "%s", gt_split_text(t->list[best].split, true, name));
    if (t->list[best].rate > 0) n += (size_t)snprintf(out->text + n, room - n, ": %.4g images/s", t->list[best].rate);
    for (int i = 0; i < t->n && n < room; i++) {
        const trial *one = &t->list[i];
        if (i == best) continue;
        n += (size_t)snprintf(out->text + n, room - n, "; %s: ", gt_split_text(one->split, false, name));
        if (n >= room) break;
        if (one->rate > 0) n += (size_t)snprintf(out->text + n, room - n, "%.4g", one->rate);
        else n += (size_t)snprintf(out->text + n, room - n, "no number (%.200s)", one->why);
    }
    if (n < room) snprintf(out->text + n, room - n, "%s", t->busy);
}

/* This one, as it is. */
static void choose_one_rank(const gt_engine *e, const char *why, gt_start *out) {
    char name[64];
    out->split = (gt_split){1, e->comm->threads};
    snprintf(out->text, sizeof out->text, "%s%s%.300s", gt_split_text(out->split, true, name),
             *why ? ", because ranks cannot be started: " : "", why);
}

static gt_status add_held(const gt_starter *s, const char *between, gt_start *out) {
    size_t n = strlen(out->text);
    if (s->held)
        snprintf(out->text + n, sizeof out->text - n, "%sanother run has %d of %d cores", between, s->held, s->all);
    return GT_OK;
}

gt_status gt_choose_split(gt_engine *e, const gt_starter *s, gt_start *out) {
    network net;
    if (!s || images_left(e->job) < FEW_STEPS * (double)e->job->batch) return GT_OK;
    gt_status st = look_at_network(e->job, &net);
    if (st) return st;
    bool tries = s->cores > 1;
    if (expected_seconds(e->job, &net, tries ? s->cores : 1) <= short_run) return GT_OK;
    if (s->instead) {
        gt_info("%s", s->instead);
        return GT_OK;
    }
    trials t = {.n = 0};
    int cores = tries ? s->cores : s->all;
    list_splits(e->job->slices, cores, &t);
    if (t.n < 2 || (*e->job->run && gt_lock_look(e->job->run).held)) return GT_OK;
    gt_kept_split kept = gt_kept_split_of(e, cores, net.is);
    if (gt_kept_split_read(&kept, out) && (tries || out->split.ranks > 1)) {
        char why[GT_WHY_BYTES] = "";
        if (out->split.ranks > 1 && !s->works(s->of, out->split, why)) choose_one_rank(e, why, out);
        return add_held(s, "; ", out);
    }
    if (!tries) {
        choose_one_rank(e, "", out);
        return add_held(s, ": ", out);
    }
    gt_info(
        "searching the fastest numbers of ranks and threads, for at most %.0f seconds (--ranks=1: one rank, no trials)",
        all_trials);
    bool enough;
    look_at_load(&t);
    make_trials(e, s, all_trials, &t, &enough);
    gt_tell_end();
    if (gt_stop_requested()) return gt_fail(GT_STOPPED, "stopped before the first step: the same command starts again");
    int best = enough ? -1 : best_of(&t, -1);
    if (best < 0) return GT_OK; /* what is wrong shows in the run itself */
    out->split = t.list[best].split;
    put_text(&t, best, out);
    if (!t.failed) gt_kept_split_write(&kept, out, *t.busy != 0);
    return add_held(s, "; ", out);
}

gt_split gt_fastest_split(const gt_starter *s, int64_t slices, const char *options, double seconds,
                          double *images_per_second) {
    trials t = {.n = 0};
    double end = gt_clock() + seconds;
    list_splits(slices, s->cores, &t);
    for (int i = 1; i < t.n && end - gt_clock() >= 1; i++)
        try_one(s, &t.list[i], options, (end - gt_clock()) / (t.n - i));
    gt_tell_end();
    int best = best_of(&t, -1);
    *images_per_second = best < 0 ? 0 : t.list[best].rate;
    return best < 0 ? (gt_split){0, 0} : t.list[best].split;
}
