/* SPDX-License-Identifier: Apache-2.0
 * Stretches of a run, computed again: see train/door/replay.h. */
#include "train/door/replay.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/clock.h"
#include "runner/contents/door/contents.h"
#include "gantry/job.h"
#include "gantry/stop.h"
#include "job/door/job.h"
#include "kernels/door/kernel_set.h"
#include "run/door/chain.h"
#include "train/audit/replay_internal.h"
#include "train/door/measurer.h"
#include "train/journal/journal.h"
#include "train/ticks/decider.h"

/* ---- the job ---- */

/* What a run may change from start to start and what its state depends on all the same: which data, and how they are
 * read. All else is the recipe's. */
static const char
    *const from_job[] = {"data",         "condition",       "static",
                         "missing",      "value-transform", "condition-resize",
                         "on-error",     "class-names",     "tick",
                         "tick-minutes", "checkpoint-kimg", "resume" /* the last: where it begins with nothing */};

/* Usual values are left out: some options mean nothing without others. */
static gt_status take_value(gt_job *job, const gt_job *from, const char *key) {
    const gt_option *row = gt_options_find(&from->options, key);
    const char *value = gt_options_effective(&from->options, row);
    bool usual = !value || !*value || (row->standard && !strcmp(value, row->standard));
    return usual ? GT_OK : gt_job_set(job, key, value, NULL);
}

/* Nothing of the run's folder is in it: the engine neither looks for a run there nor writes. */
static gt_status make_job(gt_job *job, const char *filed, const char *recipe, const char *data, bool nothing) {
    GT_FREED char *differences = NULL;
    gt_job *before = gt_job_new();
    gt_status st = before ? gt_job_read_text(before, filed, "job.ini") : GT_NOMEM;
    size_t n = sizeof from_job / sizeof *from_job - !nothing;
    for (size_t i = 0; i < n && !st; i++) st = take_value(job, before, from_job[i]);
    if (!st && *data) st = gt_job_set(job, "data", data, NULL);
    job->resume_partial = true; /* the run has begun with what fitted */
    if (!st) st = gt_job_adopt(job, recipe, "the recipe of the checkpoint", &differences);
    if (before) gt_job_free(before);
    return st;
}

/* The arithmetic of the run, with each rank's own instructions. */
static gt_status choose_kernels_all(gt_comm *c, gt_job *job, const char *arithmetic) {
    const gt_kernel_set *set = gt_kernel_set_or_best(NULL);
    bool has = !gt_kernel_set_adopt(arithmetic, &set) && gt_kernel_set_has_bits(arithmetic, GT_BITS_OF_TRAINING);
    if (gt_comm_max_all(c, !has))
        return gt_fail(GT_UNDECIDED,
                       "the run was computed with the arithmetic %s, which this program on %s does not have: use the "
                       "version of the program that the ledger names, on a processor with fused multiply-adds",
                       arithmetic, c->ranks > 1 ? "these hosts" : "this host");
    job->kernels = set;
    return GT_OK;
}

static bool lacks(gt_status st) { return st == GT_FAILED || st == GT_USAGE; }

/* Where the data are gone, whatever lies in their place, nothing differs yet. */
static gt_status build_all(gt_replay *r, gt_comm *comm) {
    gt_status st = gt_engine_open_all(&r->engine, comm, r->job);
    if (lacks(st) || st == GT_FORMAT) return gt_wrap(GT_UNDECIDED, GT_REPLAY_NO_DATA);
    if (!st) st = gt_engine_build_all(&r->engine);
    return lacks(st) ? gt_wrap(GT_UNDECIDED, "the run cannot be computed again here") : st;
}

bool gt_replay_has_moved(const gt_replay *r) { return r->moved; }
int64_t gt_replay_tick(const gt_replay *r) { return gt_tick_images(r->job); }
bool gt_replay_transfers(const gt_replay *r) { return r->job->resumes; }

char *gt_replay_recipe(const gt_replay *r) { return gt_job_to_recipe_text(r->job); }

gt_status gt_replay_source(const gt_replay *r, gt_sha256 *root) {
    gt_status st;
    gt_checkpoint_file *source = gt_job_open_resumed(r->job, &st);
    if (!st) st = gt_contents_root_of_file(gt_checkpoint_path(source), root);
    gt_checkpoint_close(source);
    return st ? gt_wrap(GT_UNDECIDED, "the networks of --resume") : GT_OK;
}

gt_status gt_replay_data_root_all(gt_replay *r, gt_sha256 *root) { return gt_data_root_all(&r->engine, NULL, root); }

gt_status gt_replay_open_all(gt_comm *comm, const gt_replay_about *about, gt_replay **out) {
    const char *const own[] = {about ? about->job : NULL, about ? about->recipe : NULL,
                               about ? about->arithmetic : NULL, about ? about->data : NULL};
    enum { TEXTS = sizeof own / sizeof *own };
    char *text[TEXTS] = {0};
    int nothing = about && about->nothing && !about->sourceless;
    gt_status st = GT_OK;
    *out = NULL;
    gt_comm_broadcast_all(comm, &nothing, sizeof nothing, 0);
    for (int i = 0; i < TEXTS && !st; i++) text[i] = gt_share_text_all(comm, own[i], &st);
    gt_replay *r = st ? NULL : calloc(1, sizeof *r);
    if (!st) st = gt_comm_agree_all(comm, r ? GT_OK : gt_fail(GT_NOMEM, "out of memory for an engine"));
    if (!st) r->job = gt_job_new();
    if (!st) st = gt_comm_agree_all(comm, r->job ? make_job(r->job, text[0], text[1], text[3], nothing) : GT_NOMEM);
    if (!st) st = choose_kernels_all(comm, r->job, text[2]);
    if (!st) st = build_all(r, comm);
    for (int i = 0; i < TEXTS; i++) free(text[i]);
    if (!st) *out = r;
    else gt_replay_close_all(r);
    return st;
}

void gt_replay_close_all(gt_replay *r) {
    if (!r) return;
    if (r->engine.comm) gt_engine_close_all(&r->engine);
    if (r->job) gt_job_free(r->job);
    free(r);
}

/* ---- where a stretch begins ---- */

gt_status replay_load_all(gt_engine *e, const char *path) {
    gt_status st = GT_OK;
    gt_checkpoint_file *f = path && !e->comm->rank ? gt_checkpoint_open(path, &st) : NULL;
    st = gt_comm_agree_all(e->comm, st);
    if (!st) st = gt_engine_load_all(e, f);
    gt_checkpoint_close(f);
    return st;
}

static gt_status transfer_all(gt_engine *e) {
    GT_BUFFER gt_buffer said = {0};
    gt_status st = GT_OK;
    gt_checkpoint_file *source = e->comm->rank ? NULL : gt_job_open_resumed(e->job, &st);
    st = gt_comm_agree_all(e->comm, st);
    if (!st) st = gt_engine_transfer_all(e, source, &said);
    gt_checkpoint_close(source);
    return st;
}

static gt_status make_point_all(gt_engine *e, double seconds, gt_replay_point *p) {
    *p = (gt_replay_point){.step = e->step, .images = e->shown, .seconds = seconds};
    return gt_engine_root_all(e, &p->state);
}

gt_status gt_replay_begin_all(gt_replay *r, const char *path, gt_replay_point *begin) {
    gt_engine *e = &r->engine;
    int from = path != NULL;
    gt_comm_broadcast_all(e->comm, &from, sizeof from, 0);
    gt_status st = GT_OK;
    if (from) st = replay_load_all(e, path);
    else if (r->moved) st = gt_fail(GT_FAILED, "an engine that has trained cannot begin with nothing");
    else if (e->job->resumes && (st = transfer_all(e))) st = gt_wrap(GT_UNDECIDED, "the run begins with others");
    r->moved |= from;
    return st ? st : make_point_all(e, 0, begin);
}

/* ---- its steps ---- */

/* At the state of this step: what the ledger tells. */
static gt_status share_turns_all(gt_comm *c, const gt_replay_stretch *s, gt_replay_turn **turns, int *n) {
    *n = s->n_turns;
    gt_comm_broadcast_all(c, n, sizeof *n, 0);
    *turns = calloc((size_t)*n + 1, sizeof **turns);
    gt_status st = gt_comm_agree_all(c, *turns ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a ledger"));
    if (st) return st;
    for (int i = 0; i < *n && !c->rank; i++) (*turns)[i] = s->turns[i];
    gt_comm_broadcast_all(c, *turns, (size_t)*n * sizeof **turns, 0);
    return GT_OK;
}

static void turn(gt_engine *e, const gt_replay_turn *turns, int n) {
    for (int i = 0; i < n; i++) {
        if (turns[i].step != e->step) continue;
        if (turns[i].reseed > e->reseed) e->reseed = turns[i].reseed;
        if (turns[i].total) gt_engine_set_length(e, turns[i].total);
    }
}

/* Turns from before the stretch: how long the training was to be. */
static void turn_before(gt_engine *e, const gt_replay_turn *turns, int n) {
    for (int i = 0; i < n; i++)
        if (turns[i].step < e->step && turns[i].total) gt_engine_set_length(e, turns[i].total);
}

/* As a tick at the end of an epoch does. */
gt_status replay_judge_epoch_all(gt_engine *e, gt_journal *j) {
    if (!e->plateau_is_on || !gt_plateau_is_due(e)) return GT_OK;
    gt_status st = gt_measurers_measure_all(e, j, false);
    if (!st && e->comm->rank == 0) gt_plateau_judge(e, &j->measured);
    gt_comm_broadcast_all(e->comm, &e->plateau, sizeof e->plateau, 0);
    return st;
}

bool replay_is_link(const gt_engine *e) {
    return gt_chain_is_due(gt_steps_shown(&e->steps, e->step - 1), e->shown, e->job->batch);
}

/* What the ranks are to do before the next step. */
typedef enum verdict { STEP, TIME_OVER, ASKED } verdict;

static verdict ask_all(gt_comm *c, double end) {
    int own = gt_stop_requested() ? ASKED : c->rank == 0 && gt_clock() >= end ? TIME_OVER : STEP;
    return (verdict)gt_comm_max_all(c, own);
}

static gt_status look_all(gt_engine *e, const gt_replay_stretch *s, double seconds, bool link, int *goes_on) {
    gt_replay_point p;
    gt_status st = make_point_all(e, seconds, &p);
    if (!st && e->comm->rank == 0) *goes_on = s->look(s->arg, &p, link);
    gt_comm_broadcast_all(e->comm, goes_on, sizeof *goes_on, 0);
    return st;
}

/* *goes_on: the trace, where there is one, does not ask to end. */
static gt_status trace_step_all(gt_engine *e, const gt_replay_stretch *s, gt_trace *t, int *goes_on) {
    return s->line ? gt_trace_step_all(e, t, goes_on) : GT_OK;
}

static gt_status run_all(gt_engine *e, const gt_replay_stretch *s, gt_journal *j, const gt_replay_turn *turns, int n,
                         gt_trace *t) {
    double end = s->seconds > 0 ? gt_clock() + s->seconds : HUGE_VAL, seconds = 0;
    int64_t images = s->images;
    int goes_on = 1;
    gt_comm_broadcast_all(e->comm, &images, sizeof images, 0);
    turn_before(e, turns, n);
    turn(e, turns, n);
    if (e->shown >= images) return GT_OK;
    gt_status st = gt_engine_start_loader_all(e);
    while (!st && goes_on && e->shown < images) {
        verdict v = ask_all(e->comm, end);
        if (v == ASKED) return gt_fail(GT_STOPPED, "stopped as it was asked to");
        if (v == TIME_OVER) return GT_OK;
        double began = gt_clock();
        st = gt_engine_step_all(e);
        seconds += gt_clock() - began;
        if (!st) st = trace_step_all(e, s, t, &goes_on);
        if (st || !goes_on) break;
        if (replay_is_link(e)) st = look_all(e, s, seconds, true, &goes_on);
        if (st || !goes_on) break;
        /* as in a run: the link first, then what ticks change */
        if ((st = replay_judge_epoch_all(e, j))) break;
        turn(e, turns, n);
        if (e->shown >= images) return look_all(e, s, seconds, false, &goes_on);
        st = gt_engine_check_data_all(e);
    }
    return st;
}

gt_status gt_replay_run_all(gt_replay *r, const gt_replay_stretch *s) {
    gt_journal j = {0}; /* of a run that has no folder */
    gt_trace t = {0};
    GT_FREED gt_replay_turn *turns = NULL;
    int n;
    gt_status st = share_turns_all(r->engine.comm, s, &turns, &n);
    r->moved = true;
    if (!st && s->line) st = gt_trace_begin_all(&r->engine, &t, s->line, s->line_arg);
    if (!st) st = run_all(&r->engine, s, &j, turns, n, &t);
    gt_trace_end(&r->engine, &t);
    gt_values_clear(&j.measured);
    return st;
}

gt_status gt_replay_save_all(gt_replay *r, const char *path) {
    gt_journal j = {0};
    gt_status st = gt_journal_open_all(&r->engine, &j);
    if (!st) st = gt_engine_write_all(&r->engine, &j, path);
    gt_journal_end(&r->engine, &j);
    return st;
}
