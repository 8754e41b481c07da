/* SPDX-License-Identifier: Apache-2.0
 * gantry gmm fit: begins with a mixture, or goes on with the one in OUTDIR. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/gmm.h"
#include "gantry/log.h"
#include "gantry/stop.h"

/* ---- the file ---- */

enum { LLOYD = 10 };

/* A fit that is there keeps its --lloyd unless another one is given. */
static bool gives_lloyd(const cli_session *s) { return gt_options_state(&s->options, "lloyd") != GT_OPTION_DEFAULT; }

static bool same_recipe(const gt_mixture_recipe *a, const gt_mixture_recipe *b, bool any_lloyd, bool any_k) {
    return a->covariance == b->covariance && (any_k || a->k == b->k) && a->seed == b->seed &&
           a->restarts == b->restarts && a->floor == b->floor && (any_lloyd || a->lloyd == b->lloyd) &&
           !strcmp(a->start, b->start) && a->iterations <= b->iterations && a->tol >= b->tol;
}

gt_status gmm_read_own(const gmm_task *t, const gt_mixture_recipe *recipe, const char *path, bool any_k, gt_fit *f) {
    gt_status st = gt_fit_read(f, path);
    if (st == GT_FORMAT) gt_wrap(st, "choose another --outdir, or begin anew with --overwrite");
    if (st) return st;
    if (!same_recipe(&f->recipe, recipe, !gives_lloyd(t->session), any_k))
        return gt_fail(GT_USAGE,
                       "%s is a fit with other options: choose another --outdir, or begin anew with --overwrite; a "
                       "fit resumes with more --iterations and a smaller --tol alone",
                       path);
    if (strcmp(f->fingerprint, t->fingerprint))
        return gt_fail(GT_USAGE, "%s is a fit to other data: choose another --outdir, or begin anew with --overwrite",
                       path);
    return GT_OK;
}

bool gmm_overwrites(const gmm_task *t, gt_status st) {
    return gmm_options(t->session)->overwrite && (st == GT_USAGE || st == GT_FORMAT);
}

/* What is in the file must be this fit, or it would be lost. */
static gt_status go_on(const gmm_task *t, const gt_mixture_recipe *recipe, const char *path, gt_fit *f) {
    bool anew;
    gt_status st = gmm_read_own(t, recipe, path, false, f);
    if (!st) st = gt_fit_extend(f, recipe->iterations, recipe->tol, &anew);
    if (st) return st;
    if (anew) gt_info("%s: the restarts begin anew with other --iterations or --tol", path);
    else if (!f->finished) gt_info("resuming %s at iteration %d of restart %d", path, f->n_now, f->restart + 1);
    return GT_OK;
}

/* Ranks that went on from different places would wait for each other for ever. */
static gt_status same_place(gt_comm *c, const gt_fit *f) {
    const int place[] = {f->finished, f->restart, f->started, f->n_now};
    bool same = gt_comm_as_first_all(c, place, sizeof place);
    return gt_comm_agree_all(
        c,
        same ? GT_OK
             : gt_fail(
                   GT_FAILED,
                   "another fit than on rank 0 is in the same place: --outdir must be one folder that all hosts see"));
}

static gt_status read_start(const cli_session *s, const gmm_task *t, const gt_mixture_recipe *recipe, gt_fit *f) {
    char fingerprint[33];
    if (!*recipe->start) return GT_OK;
    gt_status st = gt_mixture_start_read(&f->start, gmm_options(s)->start, recipe->covariance, fingerprint);
    if (!st && strcmp(fingerprint, t->recipe.start))
        st = gt_fail(GT_FAILED, "%s changes while it is read", gmm_options(s)->start);
    return st;
}

/* Is there something to go on with? */
static bool is_there(const gmm_task *t, const gt_mixture_recipe *recipe, const char *path) {
    gt_fit f;
    bool there = !access(path, F_OK);
    if (!there || !gmm_options(t->session)->overwrite) return there;
    there = !gmm_overwrites(t, gmm_read_own(t, recipe, path, false, &f));
    gt_fit_free(&f);
    if (!there) gt_info("%s: the fit that is there is replaced", path);
    return there;
}

static gt_status begin(const gmm_task *t, const gt_mixture_recipe *recipe, const char *path, gt_fit *f) {
    gt_comm *c = t->session->comm;
    int found = c->rank ? 0 : is_there(t, recipe, path);
    gt_status st;
    /* rank 0 holds the lock of the folder, so what it sees counts */
    gt_comm_broadcast_all(c, &found, sizeof found, 0);
    if (found) {
        st = gt_comm_agree_all(c, go_on(t, recipe, path, f));
        if (!st) st = same_place(c, f);
    } else {
        st = gt_fit_init(f, recipe, t->points->info);
        memcpy(f->fingerprint, t->fingerprint, sizeof f->fingerprint);
        if (!st && t->columns && !(f->columns = strdup(t->columns))) st = GT_NOMEM;
        st = gt_comm_agree_all(c, st);
    }
    return st ? st : gt_comm_agree_all(c, read_start(t->session, t, recipe, f));
}

/* ---- hooks ---- */

typedef struct keeper {
    const gmm_task *task;
    const char *path;
    double written; /* when */
    bool failing;   /* it could not be written the last time */
} keeper;

static bool wants_stop(void *arg) {
    const cli_session *s = ((const keeper *)arg)->task->session;
    return gt_stop_requested() || (s->comm->rank == 0 && gt_rundir_stop(gmm_options(s)->outdir));
}

static gt_status save(void *arg, const gt_fit *f, bool now) {
    keeper *k = arg;
    const cli_session *s = k->task->session;
    gt_comm *c = s->comm;
    double every = 60 * gmm_options(s)->checkpoint_minutes;
    bool due = now || gt_stop_take_checkpoint() || (every > 0 && gt_clock() - k->written >= every);
    gt_status st = GT_OK;
    if (c->rank == 0 && due) {
        st = gt_lock_lost(k->task->lock) ? gt_lock_fail_lost(k->task->lock) : gt_fit_write(f, k->path);
        k->written = gt_clock();
        if (!now) gt_log_outcome(&k->failing, st != GT_OK, k->path); /* a disk that is full now may not be at the end */
    }
    return now ? gt_comm_agree_all(c, st) : GT_OK;
}

gt_status gmm_fit_one_all(const gmm_task *t, const gt_mixture_recipe *recipe, const char *path, gt_fit *f) {
    gt_comm *c = t->session->comm;
    keeper k = {t, path, gt_clock(), false};
    gt_status st = begin(t, recipe, path, f);
    if (st) return st;
    if (f->finished) {
        gt_info("%s is finished", path);
        st = gt_comm_agree_all(c, c->rank ? GT_OK : gt_fit_write(f, path)); /* its --iterations may be more */
    }
    if (!st) st = gt_mixture_fit(t->points->blocks, f, &(gt_fit_hooks){wants_stop, save, NULL, false, &k});
    if (st == GT_STOPPED) gt_info("stopped: %s is written, the same command resumes", path);
    return st;
}

/* ---- results ---- */

void gmm_print_held(const gt_fit *f) {
    enum { NAMED = 8 };
    gt_buffer b = {0};
    if (!f->n_held) return;
    bool tied = f->best.covariance == GT_COVARIANCE_TIED;
    for (int i = 0; i < f->n_held && i < NAMED && !tied; i++)
        gt_buffer_printf(&b, "%s%d (%.0f points)", i ? ", " : "", f->held[i],
                         f->best.weights[f->held[i]] * (double)f->points.count);
    if (f->n_held > NAMED && !tied) gt_buffer_printf(&b, " and %d more", f->n_held - NAMED);
    if (tied) printf("the covariance is held up by the floor: --floor decides its least variance\n");
    else if (!b.failed)
        printf("held up by the floor: component%s %s; --floor decides about their likelihood: more --restarts, "
               "fewer --k or a larger --floor\n",
               f->n_held > 1 ? "s" : "", b.data);
    gt_buffer_free(&b);
}

static void print_fit(const gt_fit *f, const char *path) {
    int64_t n = f->points.count;
    printf("%s: %s covariances, %d components, %lld points of %d numbers\n", path,
           gt_covariance_name(f->recipe.covariance), f->recipe.k, (long long)n, f->points.d);
    printf("restart %d of %d, %d iterations%s\n", f->best_restart + 1, f->recipe.restarts, f->n_curve - 1,
           f->converged ? "" : ", not converged: more --iterations, or a larger --tol");
    printf("log-likelihood %.9g nats per sample, BIC %.10g, AIC %.10g\n", f->log_likelihood,
           gt_fit_bic(f, f->log_likelihood, n), gt_fit_aic(f, f->log_likelihood, n));
    gmm_print_held(f);
}

/* Figures, then words. */
static gt_status show(const cli_session *s, const gmm_points *p, const gt_fit *f, const char *path) {
    gt_prediction prediction;
    gt_status st = gt_comm_agree_all(s->comm, s->comm->rank ? GT_OK : gmm_draw_curve(s, f));
    if (!st) st = gt_mixture_predict(p->blocks, &f->best, false, &prediction);
    if (st) return st;
    st = gmm_draw_clusters_all(s, p, &f->best, prediction.labels, "clusters");
    if (!st && s->comm->rank == 0) {
        print_fit(f, path);
        st = gmm_tell_labels(s, p, prediction.labels, f->best.k, "labels.csv");
    }
    gt_prediction_free(&prediction);
    st = gt_comm_agree_all(s->comm, st);
    return st || !*gmm_options(s)->film ? st : gmm_film_all(s, p, f);
}

/* ---- the command ---- */

static gt_status read_k(const cli_session *s, const gt_mixture_start *start, int64_t **k, int64_t *n) {
    enum { MOST = 1 << 20 };
    const gmm_fields *o = gmm_options(s);
    bool given = gt_options_state(&s->options, "k") != GT_OPTION_DEFAULT;
    gt_status st = gt_parse_range_list(s->arena, "--k", o->k, MOST, k, n);
    bool fine = !st;
    for (int64_t i = 0; i < *n && fine; i++) fine = (*k)[i] >= 1 && (*k)[i] <= MOST;
    if (!fine && st != GT_NOMEM)
        st = gt_fail(GT_USAGE, "--k=%.100s: must be a number of components from 1 to %d, or several: 1-20 or 2,4,8",
                     o->k, MOST);
    if (st || !start->mixture.weights) return st;
    if (!given) (*k)[0] = start->mixture.k;
    if (*n > 1 || (*k)[0] != start->mixture.k)
        return gt_fail(GT_USAGE, "--start=%s has %d components: --k=%s must be left away", o->start, start->mixture.k,
                       o->k);
    return GT_OK;
}

static gt_status check_start(const cli_session *s, const gt_mixture_start *start, const gt_cloud_info *points) {
    const gmm_fields *o = gmm_options(s);
    if (start->mixture.d != points->d)
        return gt_fail(GT_USAGE, "--start=%s is of points of %d numbers, the data are of %d", o->start,
                       start->mixture.d, points->d);
    if (o->restarts > 1)
        return gt_fail(GT_USAGE, "--start and --restarts=%lld: every restart would be the same",
                       (long long)o->restarts);
    if (gives_lloyd(s) && o->lloyd && start->whole)
        return gt_fail(GT_USAGE, "--start=%s is a whole mixture: --lloyd moves means alone", o->start);
    return GT_OK;
}

/* Options and data -> the task and the numbers of components. */
static gt_status prepare(gmm_task *t, int64_t **k, int64_t *n) {
    const cli_session *s = t->session;
    const gmm_fields *o = gmm_options(s);
    gt_mixture_start start = {0};
    t->recipe = (gt_mixture_recipe){.covariance = gt_covariance_parse(o->covariance),
                                    .seed = (uint64_t)o->seed,
                                    .restarts = (int)o->restarts,
                                    .iterations = (int)o->iterations,
                                    .tol = o->tol,
                                    .floor = o->floor,
                                    .lloyd = gives_lloyd(s) ? (int)o->lloyd
                                             : *o->start    ? 0
                                                            : LLOYD};
    gt_status st = gmm_read_axes(s, t->points, NULL);
    if (!st && *o->start) st = gt_mixture_start_read(&start, o->start, t->recipe.covariance, t->recipe.start);
    if (!st && *o->start) st = check_start(s, &start, &t->points->info);
    if (!st) st = read_k(s, &start, k, n);
    for (int64_t i = 0; i < *n && !st; i++)
        if ((*k)[i] > t->points->info.count)
            st = gt_fail(GT_USAGE, "%lld components for %lld points: there must be at least as many points",
                         (long long)(*k)[i], (long long)t->points->info.count);
    gt_mixture_free(&start.mixture);
    if (!st) t->recipe.k = (int)(*k)[0];
    return st;
}

static gt_status take_folder(const cli_session *s, gt_lock **lock) {
    if (s->comm->rank) return GT_OK;
    gt_status st = gt_rundir_prepare(gmm_options(s)->outdir, 0);
    return st ? st : gt_lock_take(lock, gmm_options(s)->outdir, &(gt_lock_options){.stop = gt_stop_requested});
}

static gt_status open_task(gmm_task *t, int64_t **k, int64_t *n) {
    gt_comm *c = t->session->comm;
    gt_status st = gt_comm_agree_all(c, prepare(t, k, n));
    if (st) return st;
    t->columns = gmm_columns_of(t->points->cloud, t->points->info.d);
    gt_hash_hex(gt_blocks_fingerprint(t->points->blocks), t->fingerprint);
    gt_comm_broadcast_all(c, t->fingerprint, sizeof t->fingerprint, 0);
    return gt_comm_agree_all(c, take_folder(t->session, &t->lock));
}

gt_status gmm_fit_all(cli_session *s) {
    gmm_points points = {0};
    gmm_task t = {.session = s, .points = &points};
    gt_fit f = {0};
    int64_t *k = NULL, n = 0;
    const char *path = cli_out(s, "mixture.h5");
    /* a signal while points are read ends the first iteration */
    gt_stop_install(s->comm, "this iteration, then mixture.h5 is written");
    gt_status st = gt_comm_agree_all(s->comm, path ? GT_OK : GT_NOMEM);
    if (!st) st = gmm_read_points_all(s, s->arguments.words[1], &points);
    if (!st) st = open_task(&t, &k, &n);
    if (st == GT_STOPPED) gt_info("%s", gt_message());
    if (!st) st = n > 1 ? gmm_fit_range_all(&t, k, n, path, &f) : gmm_fit_one_all(&t, &t.recipe, path, &f);
    if (!st) st = show(s, &points, &f, path);
    gt_stop_restore();
    gt_lock_release(t.lock);
    free(t.columns);
    gt_fit_free(&f);
    gmm_free_points(&points);
    return st;
}
