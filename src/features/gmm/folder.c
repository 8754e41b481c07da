/* SPDX-License-Identifier: Apache-2.0
 * A folder of fits (features/gmm/mixture_folder.h): checks what is to be fitted, begins a fit or resumes the one that
 * is there, and writes the fit while it is made. */
#include "features/gmm/folder.h"

#include <string.h>
#include <unistd.h>

#include "base/door/clock.h"
#include "base/door/log.h"
#include "gantry/hash.h"
#include "features/gmm/mixture.h"
#include "features/gmm/mixture_view.h"
#include "gantry/option.h"
#include "gantry/stop.h"

enum { LLOYD = 10 };

/* ---- what is there ---- */

/* A fit that is there keeps its steps of Lloyd's algorithm unless their number is given. */
static bool gives_lloyd(const gt_fit_folder *d) { return d->o->lloyd >= 0; }

static bool same_recipe(const gt_mixture_recipe *a, const gt_mixture_recipe *b, bool any_lloyd, bool any_k) {
    return a->covariance == b->covariance && (any_k || a->k == b->k) && a->seed == b->seed &&
           a->restarts == b->restarts && a->floor == b->floor && (any_lloyd || a->lloyd == b->lloyd) &&
           !strcmp(a->start, b->start) && a->iterations <= b->iterations && a->tol >= b->tol;
}

gt_status gt_fit_folder_read_own(const gt_fit_folder *d, const gt_mixture_recipe *recipe, const char *path, bool any_k,
                                 gt_fit *f) {
    gt_status st = gt_fit_read(f, path);
    if (st == GT_FORMAT) gt_wrap(st, "choose another --outdir, or start over with --overwrite");
    if (st) return st;
    if (!same_recipe(&f->recipe, recipe, !gives_lloyd(d), any_k))
        return gt_fail(GT_USAGE,
                       "%s is a fit with other options: choose another --outdir, or start over with --overwrite; a fit "
                       "can resume only with more --iterations or a smaller --tol",
                       path);
    if (strcmp(f->fingerprint, d->fingerprint))
        return gt_fail(GT_USAGE, "%s is a fit to other data: choose another --outdir, or start over with --overwrite",
                       path);
    return GT_OK;
}

bool gt_fit_folder_overwrites(const gt_fit_folder *d, gt_status st) {
    return d->o->overwrite && (st == GT_USAGE || st == GT_FORMAT);
}

/* What is in the file must be this fit, or it would be lost. */
static gt_status resume_fit(const gt_fit_folder *d, const gt_mixture_recipe *recipe, const char *path, gt_fit *f) {
    bool anew;
    gt_status st = gt_fit_folder_read_own(d, recipe, path, false, f);
    if (!st) st = gt_fit_extend(f, recipe->iterations, recipe->tol, &anew);
    if (st) return st;
    if (anew) gt_info("%s: the restarts start over because --iterations or --tol changed", path);
    else if (!f->finished) gt_info("resuming %s at iteration %d of restart %d", path, f->n_now, f->restart + 1);
    return GT_OK;
}

/* Ranks that resumed from different places would wait for each other for ever. */
static gt_status check_same_place_all(gt_comm *c, const gt_fit *f) {
    const int place[] = {f->finished, f->restart, f->started, f->n_now};
    bool same = gt_comm_as_first_all(c, place, sizeof place);
    return gt_comm_agree_all(
        c,
        same ? GT_OK
             : gt_fail(
                   GT_FAILED,
                   "--outdir holds another fit here than on rank 0: --outdir must be one folder that all hosts share"));
}

static gt_status read_start(const gt_fit_folder *d, gt_fit *f) {
    char fingerprint[33];
    if (!*f->recipe.start) return GT_OK;
    gt_status st = gt_mixture_start_read(&f->start, f->arena, d->o->start, f->recipe.covariance, fingerprint);
    if (!st && strcmp(fingerprint, d->recipe.start))
        st = gt_fail(GT_FAILED, "%s changes while it is read", d->o->start);
    return st;
}

/* Is there something to resume? */
static bool has_fit(const gt_fit_folder *d, const gt_mixture_recipe *recipe, const char *path) {
    gt_fit f;
    bool there = !access(path, F_OK);
    if (!there || !d->o->overwrite) return there;
    there = !gt_fit_folder_overwrites(d, gt_fit_folder_read_own(d, recipe, path, false, &f));
    gt_fit_free(&f);
    if (!there) gt_info("%s: replacing the existing fit", path);
    return there;
}

static gt_status begin_fit(const gt_fit_folder *d, const gt_mixture_recipe *recipe, gt_fit *f) {
    gt_status st = gt_fit_init(f, recipe, d->points->info);
    memcpy(f->fingerprint, d->fingerprint, sizeof f->fingerprint);
    if (!st && d->columns && !(f->columns = gt_arena_printf(f->arena, "%s", d->columns))) st = GT_NOMEM;
    return st;
}

static gt_status begin_or_resume_all(const gt_fit_folder *d, const gt_mixture_recipe *recipe, const char *path,
                                     gt_fit *f) {
    gt_comm *c = d->comm;
    int found = c->rank ? 0 : has_fit(d, recipe, path);
    /* rank 0 holds the lock of the folder, so what it sees counts */
    gt_comm_broadcast_all(c, &found, sizeof found, 0);
    gt_status st = gt_comm_agree_all(c, found ? resume_fit(d, recipe, path, f) : begin_fit(d, recipe, f));
    if (!st && found) st = check_same_place_all(c, f);
    return st ? st : gt_comm_agree_all(c, read_start(d, f));
}

/* ---- one fit ---- */

typedef struct keeper { /* writes a fit while it is made */
    const gt_fit_folder *folder;
    const char *path;
    double written; /* when */
    bool failing;   /* it could not be written the last time */
} keeper;

static bool wants_stop(void *arg) {
    const gt_fit_folder *d = ((const keeper *)arg)->folder;
    return gt_stop_requested() || (d->comm->rank == 0 && gt_rundir_stop(d->o->dir));
}

gt_status gt_fit_folder_write(const gt_fit_folder *d, const gt_fit *f, const char *path) {
    return gt_lock_lost(d->lock) ? gt_lock_fail_lost(d->lock) : gt_fit_write(f, path);
}

static gt_status save_fit(void *arg, const gt_fit *f, bool now) {
    keeper *k = arg;
    gt_comm *c = k->folder->comm;
    double every = 60 * k->folder->o->checkpoint_minutes;
    bool due = now || gt_stop_take_checkpoint() || (every > 0 && gt_clock() - k->written >= every);
    gt_status st = GT_OK;
    if (c->rank == 0 && due) {
        st = gt_fit_folder_write(k->folder, f, k->path);
        k->written = gt_clock();
        if (!now) gt_log_outcome(&k->failing, st != GT_OK, k->path); /* a disk that is full now may not be at the end */
    }
    return now ? gt_comm_agree_all(c, st) : GT_OK;
}

gt_status gt_fit_folder_fit_one_all(const gt_fit_folder *d, const gt_mixture_recipe *recipe, const char *path,
                                    gt_fit *f) {
    gt_comm *c = d->comm;
    keeper k = {d, path, gt_clock(), false};
    gt_status st = begin_or_resume_all(d, recipe, path, f);
    if (st) return st;
    if (f->finished) {
        gt_info("%s is finished", path);
        st = gt_comm_agree_all(c, c->rank ? GT_OK : gt_fit_write(f, path)); /* its --iterations may be more */
    }
    if (!st) st = gt_mixture_fit(d->points->blocks, f, &(gt_fit_hooks){wants_stop, save_fit, NULL, false, &k});
    if (st == GT_STOPPED) gt_info("stopped: %s is written, the same command resumes", path);
    return st;
}

gt_status gt_fit_folder_fit_all(gt_fit_folder *d, gt_fit *best) {
    *best = (gt_fit){0};
    const char *path = gt_arena_printf(d->arena, "%s/mixture.h5", d->o->dir);
    gt_status st = gt_comm_agree_all(d->comm, path ? GT_OK : GT_NOMEM);
    if (st) return st;
    return d->n_k > 1 ? gt_fit_folder_compare_all(d, path, best) : gt_fit_folder_fit_one_all(d, &d->recipe, path, best);
}

/* ---- opening ---- */

static gt_status read_numbers_of_components(gt_fit_folder *d, const gt_mixture_start *start) {
    enum { MAXIMUM = 1 << 20 };
    const gt_fit_folder_options *o = d->o;
    gt_status st = gt_parse_range_list(d->arena, "--k", o->k, MAXIMUM, &d->k, &d->n_k);
    bool fine = !st;
    for (int64_t i = 0; i < d->n_k && fine; i++) fine = d->k[i] >= 1 && d->k[i] <= MAXIMUM;
    if (!fine && st != GT_NOMEM)
        st = gt_fail(GT_USAGE, "--k=%.100s: must be a number of components from 1 to %d, or several: 1-20 or 2,4,8",
                     o->k, MAXIMUM);
    if (st || !start->mixture.weights) return st;
    if (o->k_of_start) d->k[0] = start->mixture.k;
    if (d->n_k > 1 || d->k[0] != start->mixture.k)
        return gt_fail(GT_USAGE, "--start=%s has %d components: leave out --k=%s", o->start, start->mixture.k, o->k);
    return GT_OK;
}

static gt_status check_start(const gt_fit_folder *d, const gt_mixture_start *start) {
    const gt_fit_folder_options *o = d->o;
    if (start->mixture.d != d->points->info.d)
        return gt_fail(GT_USAGE, "--start=%s has %d dimensions, the data have %d", o->start, start->mixture.d,
                       d->points->info.d);
    if (o->recipe.restarts > 1)
        return gt_fail(GT_USAGE, "--start and --restarts=%d: every restart would be the same", o->recipe.restarts);
    if (o->lloyd > 0 && start->whole)
        return gt_fail(GT_USAGE, "--start=%s is a whole mixture: --lloyd can move only means", o->start);
    return GT_OK;
}

static gt_status check_options(gt_fit_folder *d) {
    const gt_fit_folder_options *o = d->o;
    gt_mixture_start start = {0};
    gt_status st = GT_OK;
    if (*o->start) st = gt_mixture_start_read(&start, d->arena, o->start, d->recipe.covariance, d->recipe.start);
    if (!st && *o->start) st = check_start(d, &start);
    if (!st) st = read_numbers_of_components(d, &start);
    for (int64_t i = 0; i < d->n_k && !st; i++)
        if (d->k[i] > d->points->info.count)
            st = gt_fail(GT_USAGE, "%lld components for %lld points: there must be at least as many points",
                         (long long)d->k[i], (long long)d->points->info.count);
    if (st) return st;
    d->recipe.k = (int)d->k[0];
    d->choices = gt_arena_array(d->arena, (size_t)d->n_k, sizeof *d->choices);
    return d->choices ? gt_cloud_columns(d->points->cloud, d->arena, &d->columns) : GT_NOMEM;
}

static gt_status take_lock(gt_fit_folder *d) {
    if (d->comm->rank) return GT_OK;
    gt_status st = gt_rundir_prepare(d->o->dir, 0);
    return st ? st : gt_lock_take(&d->lock, d->o->dir, &(gt_lock_options){.stop = gt_stop_requested});
}

/* The data's fingerprint, then the lock. */
static gt_status lock_folder_all(gt_fit_folder *d) {
    static const gt_hash128 none;
    gt_hash128 of = gt_blocks_fingerprint(d->points->blocks);
    bool short_of_memory = d->comm->rank == 0 && !memcmp(&of, &none, sizeof of);
    gt_hash_hex(of, d->fingerprint);
    gt_comm_broadcast_all(d->comm, d->fingerprint, sizeof d->fingerprint, 0);
    gt_status st = gt_comm_agree_all(
        d->comm, short_of_memory ? gt_fail(GT_NOMEM, "out of memory for the fingerprint of the points") : take_lock(d));
    if (st == GT_STOPPED) gt_info("%s", gt_message());
    return st;
}

gt_status gt_fit_folder_open_all(gt_fit_folder **out, const gt_mixture_points *p, const gt_fit_folder_options *o) {
    gt_comm *c = p->blocks->comm;
    gt_arena *a = gt_arena_new();
    gt_fit_folder *d = a ? gt_arena_array(a, 1, sizeof *d) : NULL;
    if (d) {
        *d = (gt_fit_folder){.arena = a, .comm = c, .points = p, .o = o, .recipe = o->recipe};
        d->recipe.lloyd = gives_lloyd(d) ? o->lloyd : *o->start ? 0 : LLOYD;
    }
    gt_status st = gt_comm_agree_all(c, d ? check_options(d) : GT_NOMEM);
    if (!st && d) st = lock_folder_all(d);
    *out = st ? NULL : d;
    if (!st) return GT_OK;
    if (d) gt_lock_release(d->lock);
    gt_arena_free(a);
    return st;
}

void gt_fit_folder_close(gt_fit_folder *d) {
    if (!d) return;
    gt_lock_release(d->lock);
    gt_arena_free(d->arena);
}
