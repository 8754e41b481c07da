/* SPDX-License-Identifier: Apache-2.0
 * gantry gmm fit: begins with a mixture, or goes on with the one in OUTDIR. */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/gmm.h"
#include "gantry/log.h"
#include "gantry/rundir.h"
#include "train/stop.h"

gt_status gmm_read_points_all(const cli_session *s, const char *data, gt_blocks **blocks, gt_cloud_info *info) {
    gt_cloud *cloud;
    *blocks = NULL;
    gt_comm_busy(s->comm, "reading the points");
    gt_status st = gt_comm_agree_all(s->comm,
                                     gt_cloud_open_part(&cloud, data, gmm_options(s)->array, gmm_options(s)->classes));
    if (!st) {
        *info = gt_cloud_get_info(cloud);
        gt_info("%lld points of %d numbers from %s", (long long)info->count, info->d, data);
        st = gt_blocks_read(blocks, s->comm, s->pool, cli_kernels(), cloud);
    }
    gt_cloud_close(cloud);
    return st;
}

/* ---- the file ---- */

static gt_mixture_recipe recipe_of(const gmm_fields *f) {
    return (gt_mixture_recipe){gt_covariance_parse(f->covariance),
                               (int)f->k,
                               (uint64_t)f->seed,
                               (int)f->restarts,
                               (int)f->iterations,
                               f->tol,
                               f->floor};
}

static bool same_recipe(const gt_mixture_recipe *a, const gt_mixture_recipe *b) {
    return a->covariance == b->covariance && a->k == b->k && a->seed == b->seed && a->restarts == b->restarts &&
           a->iterations == b->iterations && a->tol == b->tol && a->floor == b->floor;
}

/* What is in the file must be this fit, or it would be lost. */
static gt_status go_on(gt_fit *f, const gt_mixture_recipe *recipe, const char *fingerprint, const char *path) {
    gt_status st = gt_fit_read(f, path);
    if (st) return gt_wrap(st, "remove it or choose another --outdir");
    if (!same_recipe(&f->recipe, recipe))
        return gt_fail(GT_USAGE, "%s is a fit with other options: choose another --outdir, or remove it", path);
    if (strcmp(f->fingerprint, fingerprint))
        return gt_fail(GT_USAGE, "%s is a fit to other data: choose another --outdir, or remove it", path);
    if (!f->finished) gt_info("going on with %s at iteration %d of restart %d", path, f->n_now, f->restart + 1);
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

static gt_status take_folder(const cli_session *s, gt_lock **lock) {
    if (s->comm->rank) return GT_OK;
    gt_status st = gt_rundir_prepare(gmm_options(s)->outdir, 0);
    return st ? st : gt_lock_take(lock, gmm_options(s)->outdir, &(gt_lock_options){.stop = gt_stop_requested});
}

static gt_status begin(const cli_session *s, gt_blocks *blocks, gt_cloud_info info, const char *path, gt_fit *f,
                       gt_lock **lock) {
    char fingerprint[33];
    gt_mixture_recipe recipe = recipe_of(gmm_options(s));
    gt_hash_hex(gt_blocks_fingerprint(blocks), fingerprint);
    gt_comm_broadcast_all(s->comm, fingerprint, sizeof fingerprint, 0);
    gt_status st = gt_comm_agree_all(s->comm, take_folder(s, lock));
    if (st) return st;
    int found = !access(path, F_OK);
    /* rank 0 holds the lock of the folder, so what it sees counts */
    gt_comm_broadcast_all(s->comm, &found, sizeof found, 0);
    if (found) {
        st = gt_comm_agree_all(s->comm, go_on(f, &recipe, fingerprint, path));
        return st ? st : same_place(s->comm, f);
    }
    st = gt_fit_init(f, &recipe, info);
    memcpy(f->fingerprint, fingerprint, sizeof fingerprint);
    return gt_comm_agree_all(s->comm, st);
}

/* ---- hooks ---- */

typedef struct keeper {
    const cli_session *session;
    const char *path;
    gt_lock *lock;  /* of OUTDIR; rank 0's */
    double written; /* when */
    bool failing;   /* it could not be written the last time */
} keeper;

static bool wants_stop(void *arg) {
    const keeper *k = arg;
    return gt_stop_requested() || (k->session->comm->rank == 0 && gt_rundir_stop(gmm_options(k->session)->outdir));
}

static gt_status save(void *arg, const gt_fit *f, bool now) {
    keeper *k = arg;
    gt_comm *c = k->session->comm;
    double every = 60 * gmm_options(k->session)->checkpoint_minutes;
    bool due = now || gt_stop_take_checkpoint() || (every > 0 && gt_clock() - k->written >= every);
    gt_status st = GT_OK;
    if (c->rank == 0 && due) {
        st = gt_lock_lost(k->lock) ? gt_lock_fail_lost(k->lock) : gt_fit_write(f, k->path);
        k->written = gt_clock();
        if (!now) gt_log_outcome(&k->failing, st != GT_OK, k->path); /* a disk that is full now may not be at the end */
    }
    return now ? gt_comm_agree_all(c, st) : GT_OK;
}

/* ---- results ---- */

static void print_fit(const gt_fit *f, const char *path) {
    int64_t n = f->points.count;
    printf("%s: %s covariances, %d components, %lld points of %d numbers\n", path,
           gt_covariance_name(f->recipe.covariance), f->recipe.k, (long long)n, f->points.d);
    printf("restart %d of %d, %d iterations%s\n", f->best_restart + 1, f->recipe.restarts, f->n_curve - 1,
           f->converged ? "" : ", not converged: more --iterations, or a larger --tol");
    printf("log-likelihood %.9g nats per sample, BIC %.10g, AIC %.10g\n", f->log_likelihood,
           gt_fit_bic(f, f->log_likelihood, n), gt_fit_aic(f, f->log_likelihood, n));
}

/* Figures, then words. */
static gt_status show(const cli_session *s, gt_blocks *b, const gt_fit *f, const char *path) {
    gt_prediction p;
    gt_status st = gt_comm_agree_all(s->comm, s->comm->rank ? GT_OK : gmm_draw_curve(s, f));
    if (!st) st = gt_mixture_predict(b, &f->best, false, &p);
    if (st) return st;
    st = gmm_draw_clusters_all(s, b, &f->best, p.labels, f->points.count);
    gt_prediction_free(&p);
    if (!st && s->comm->rank == 0) print_fit(f, path);
    return st;
}

gt_status gmm_fit_all(cli_session *s) {
    gt_blocks *blocks;
    gt_cloud_info info;
    gt_fit f = {0};
    keeper k = {.session = s, .path = cli_out(s, "mixture.h5"), .written = gt_clock()};
    /* a signal while points are read ends the first iteration */
    gt_stop_install(s->comm, "this iteration, then mixture.h5 is written");
    gt_status st = gmm_read_points_all(s, s->arguments.words[1], &blocks, &info);
    if (!st) st = gt_comm_agree_all(s->comm, k.path ? gmm_read_axes(s, info.d, NULL) : GT_NOMEM);
    if (!st) st = begin(s, blocks, info, k.path, &f, &k.lock);
    if (st == GT_STOPPED) gt_info("%s", gt_message());
    if (!st && f.finished) gt_info("%s is finished", k.path);
    if (!st && !f.finished) {
        st = gt_mixture_fit(blocks, &f, &(gt_fit_hooks){wants_stop, save, &k});
        if (st == GT_STOPPED) gt_info("stopped: %s is written, the same command goes on", k.path);
    }
    gt_stop_restore();
    if (!st) st = show(s, blocks, &f, k.path);
    gt_lock_release(k.lock);
    gt_fit_free(&f);
    gt_blocks_free(blocks);
    return st;
}
