/* SPDX-License-Identifier: Apache-2.0
 * gantry project: targets are dealt to the ranks, each rank projects its own, one after the other. */
#include "features/project/project.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "base/door/clock.h"
#include "dist/door/dist.h"
#include "gantry/log.h"
#include "base/door/progress.h"
#include "run/door/rundir.h"
#include "runner/generator/door/film.h"
#include "features/project/step.h"

typedef struct work {
    const gt_project_request *request;
    gt_comm *comm;
    gt_targets targets;
    gt_projector projector;
    gt_lock *lock; /* of outdir; rank 0's */
    int64_t own;   /* targets of this rank that can be projected */
    int64_t done;  /* steps of this rank, those of an earlier process included */
} work;

/* ---- a target ---- */

/* "NAME/" where there are several targets. */
static gt_status folder_of(const work *w, int64_t i, gt_projection *t) {
    char *dir = w->targets.n == 1 ? strdup(w->request->outdir)
                                  : gt_path_join(w->request->outdir, w->targets.list[i].name);
    t->name = w->targets.list[i].name;
    t->dir = dir;
    return dir ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a path");
}

/* The line of the reference tool. */
static void tell_progress(const work *w, const gt_projection *t) {
    enum { TOLD = 20 };
    int64_t n = w->request->steps, every = n / TOLD > 0 ? n / TOLD : 1;
    char values[64];
    snprintf(values, sizeof values, "dist %-4.2f loss %-5.2f", (double)t->curve[2 * t->step - 2],
             (double)t->curve[2 * t->step - 1]);
    if (w->comm->rank == 0 && (t->step % every == 0 || t->step == n))
        gt_info("%.100s%sstep %4lld/%lld: %s", w->targets.n > 1 ? t->name : "", w->targets.n > 1 ? ": " : "",
                (long long)t->step, (long long)n, values);
    gt_tell_with(w->done, values);
}

static gt_status take_steps(work *w, gt_projection *t) {
    const gt_project_request *r = w->request;
    double written = gt_clock();
    gt_status st = GT_OK;
    while (t->step < r->steps && !st) {
        st = gt_projection_step(&w->projector, t);
        gt_progress();
        w->done++;
        if (!st) tell_progress(w, t);
        if (!st && r->stop && r->stop()) {
            st = gt_projection_write(&w->projector, t);
            return st ? st : gt_fail(GT_STOPPED, "stopped: the same command resumes");
        }
        bool due = r->state_minutes > 0 && gt_clock() - written >= 60 * r->state_minutes;
        if (!st && (due || (r->save && r->save()))) {
            st = gt_projection_write(&w->projector, t);
            written = gt_clock();
        }
    }
    return st;
}

/* Of an earlier projection into the same folder. */
static gt_status forget_results(const gt_projection *t) {
    GT_FREED char *path = gt_path_join(t->dir, "projected_w.npz");
    if (!path) return gt_fail(GT_NOMEM, "out of memory for a path");
    gt_file_remove(path);
    return GT_OK;
}

/* From the state on the disk, where there is one, to the results. */
static gt_status go_on(work *w, gt_projection *t) {
    bool found;
    gt_status st = gt_projection_read(&w->projector, t, &found);
    if (!st && found && t->step < w->request->steps)
        gt_warn("resuming '%s' after step %lld", t->name, (long long)t->step);
    bool over = found && t->step == w->request->steps;
    w->done += t->step;
    if (st || (over && gt_folder_has(t->dir, "projected_w.npz"))) return st;
    if (!over) st = forget_results(t);
    if (!st) st = take_steps(w, t);
    if (st) return st;
    st = gt_projection_write(&w->projector, t);
    return st ? st : gt_projection_results(&w->projector, t);
}

static gt_status project(work *w, int64_t i) {
    gt_projection t = {0};
    gt_status st = folder_of(w, i, &t);
    if (!st) st = gt_make_directories(t.dir);
    if (!st) st = gt_targets_read(&w->targets, i, &w->projector.net, true, &t.image);
    if (!st) st = gt_projection_new(&w->projector, &t);
    if (!st) st = gt_projector_aim(&w->projector, t.image);
    if (!st) st = go_on(w, &t);
    free((char *)t.dir);
    gt_projection_free(&t);
    return st;
}

/* ---- all of them ---- */

typedef struct left_out { /* of the targets of a rank */
    int64_t n, first;
    char why[512]; /* of the first one */
} left_out;

/* What cannot be read is not found out after hours. A file that somebody names must be a picture; of a folder or an
 * archive what cannot be used is left out. */
static gt_status check_targets(work *w, left_out *out) {
    gt_status st = GT_OK;
    *out = (left_out){.first = w->targets.n};
    for (int64_t i = w->comm->rank; i < w->targets.n && !st; i += w->comm->ranks) {
        gt_target *t = &w->targets.list[i];
        float *image;
        st = gt_targets_read(&w->targets, i, &w->projector.net, false, &image);
        free(image);
        gt_progress();
        t->left_out = st && st != GT_NOMEM && !t->file;
        w->own += !t->left_out;
        if (!t->left_out) continue;
        st = GT_OK;
        if (out->n++) continue;
        out->first = i;
        snprintf(out->why, sizeof out->why, "%s", gt_message());
    }
    return st;
}

/* Rank 0: one line for all ranks. */
static gt_status tell_left_out(const work *w, const left_out *all) {
    const left_out *first = all;
    int64_t n = 0;
    for (int r = 0; r < w->comm->ranks; r++) {
        n += all[r].n;
        if (all[r].first < first->first) first = &all[r];
    }
    if (n == w->targets.n && n == 1) return gt_fail(GT_FORMAT, "%s", first->why);
    if (n == w->targets.n) return gt_fail(GT_FORMAT, "no target can be used, the first one: %s", first->why);
    if (n)
        gt_warn("%lld of %lld targets cannot be used and %s left out, the first one: %s", (long long)n,
                (long long)w->targets.n, n == 1 ? "is" : "are", first->why);
    return GT_OK;
}

static gt_status check_targets_all(work *w) {
    gt_comm *c = w->comm;
    left_out mine, *all = c->rank ? NULL : calloc((size_t)c->ranks, sizeof *all);
    gt_status st = check_targets(w, &mine);
    if (!st && !c->rank && !all) st = gt_fail(GT_NOMEM, "out of memory for the messages of %d ranks", c->ranks);
    if (!(st = gt_comm_agree_all(c, st))) {
        gt_comm_gather_all(c, &mine, sizeof mine, all);
        st = gt_comm_agree_all(c, c->rank ? GT_OK : tell_left_out(w, all));
    }
    free(all);
    return st;
}

static gt_status take_folder(work *w) {
    if (w->comm->rank) return GT_OK;
    gt_status st = gt_rundir_prepare(w->request->outdir, 0);
    return st ? st : gt_lock_take(&w->lock, w->request->outdir, NULL);
}

/* A film by name is that of one target. */
static gt_status check_film(const work *w) {
    const gt_project_request *r = w->request;
    if (!r->film_path || !*r->film_path) return GT_OK;
    if (w->targets.n > 1)
        return gt_fail(GT_USAGE,
                       "'%s' cannot be the film of %lld targets: name one target, or leave out the option for a film "
                       "in the folder of each target",
                       r->film_path, (long long)w->targets.n);
    gt_film_of of = gt_projection_film(r, w->projector.net.model, "");
    return gt_film_check(&of);
}

static gt_status open_all(work *w) {
    gt_status st = gt_targets_open(&w->targets, w->request);
    if (!st && !w->targets.n) st = gt_fail(GT_USAGE, "--target: there are no pictures");
    st = gt_comm_agree_all(w->comm, st);
    if (st) return st;
    bool same = gt_comm_as_first_all(w->comm, &w->targets.names, sizeof w->targets.names);
    st = gt_comm_agree_all(w->comm, same ? GT_OK : gt_fail(GT_FAILED, "the targets differ from those on rank 0"));
    if (!st) st = gt_comm_agree_all(w->comm, gt_projector_open(&w->projector, w->request));
    if (!st) st = gt_comm_agree_all(w->comm, check_film(w));
    if (!st)
        st = gt_origin_find_all(w->comm, &w->projector.origin,
                                &(gt_origin_of){.command = "generate", /* which makes the same picture of the styles */
                                                .checkpoint = w->request->checkpoint,
                                                .generator = w->projector.generator,
                                                .options = &w->projector.generating,
                                                .styles = true,
                                                .again = w->request->again},
                                w->request->record);
    if (!st) st = check_targets_all(w);
    return st ? st : gt_comm_agree_all(w->comm, take_folder(w));
}

/* The states of targets that are finished stay until all are, so that a stopped command does not begin them anew. */
static gt_status forget(work *w) {
    gt_status st = GT_OK;
    for (int64_t i = w->comm->rank; i < w->targets.n && !st; i += w->comm->ranks) {
        gt_projection t = {0};
        if (w->targets.list[i].left_out) continue;
        st = folder_of(w, i, &t);
        if (!st) st = gt_projection_forget(&t);
        free((char *)t.dir);
    }
    return st;
}

gt_status gt_project_all(gt_comm *comm, const gt_project_request *request) {
    work w = {.request = request, .comm = comm};
    gt_tell_start("preparing the projection", NULL, 0);
    gt_status st = open_all(&w);
    if (!st) {
        gt_tell_start("projecting", "steps", w.own * request->steps);
        gt_comm_doing(comm, 0, "projecting");
        for (int64_t i = comm->rank; i < w.targets.n && !st; i += comm->ranks)
            if (!w.targets.list[i].left_out) st = project(&w, i);
        st = gt_comm_agree_all(comm, st);
    }
    if (!st) st = gt_comm_agree_all(comm, forget(&w));
    gt_tell_end();
    gt_lock_release(w.lock);
    gt_projector_close(&w.projector);
    gt_targets_close(&w.targets);
    return st;
}
