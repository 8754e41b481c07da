/* SPDX-License-Identifier: Apache-2.0
 * The loop: steps, and between them what is due by images or by the clock. The clock decides only what is written when; rank 0's
 * clock counts, and all ranks follow. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/augment.h"
#include "gantry/log.h"
#include "gantry/version.h"
#include "base/clock.h"
#include "base/file.h"
#include "dist/mpi_version.h"
#include "kernels/blas.h"
#include "kernels/kernel_set.h"
#include "train/stop.h"
#include "train/trainer.h"

/* When pictures or checkpoints are due: every so many images, and so many seconds after the last. */
typedef struct schedule {
    int64_t every;  /* images; 0: not by images */
    double seconds; /* 0: not by the clock */
    int64_t last;
    double last_time;
} schedule;

static bool is_due(const schedule *s, int64_t shown, double now) {
    return (s->every > 0 && shown / s->every > s->last / s->every) || (s->seconds > 0 && now - s->last_time >= s->seconds);
}

static void was_done(schedule *s, int64_t shown, double now) {
    s->last = shown;
    s->last_time = now;
}

typedef enum stop_reason { GO_ON, ASKED, STOP_FILE, TIME_OVER } stop_reason;

typedef struct due { /* rank 0's decision */
    bool tick, pictures, checkpoint;
    stop_reason stop;
    bool finished;
    bool lost; /* the run's directory is no longer ours, see gt_lock_fail_lost() */
} due;

typedef struct plan {
    schedule tick, pictures, checkpoint;
    double end; /* of --max-time, by gt_clock() */
    double look; /* when rank 0 looks for the file `stop` again */
    int64_t picture_steps;
    bool each_pictured; /* checkpoints, to be judged by their pictures; not the one that somebody waits for */
} plan;

/* At least one. */
static int64_t images_of(double kimg) { return kimg > 0.001 ? llround(1000 * kimg) : 1; }

static plan make_plan(const gt_trainer *t, double began) {
    const gt_job *j = t->job;
    double now = gt_clock(), most = INFINITY;
    if (*j->max_time) gt_parse_duration("--max-time", j->max_time, &most); /* was checked when it was given */
    int64_t tick = images_of(j->tick), snap;
    if (__builtin_mul_overflow(tick, j->snap, &snap)) snap = 0;
    int64_t checkpoint = j->checkpoint_kimg > 0 ? images_of(j->checkpoint_kimg) : snap;
    return (plan){.tick = {tick, 60 * j->tick_minutes, t->shown, now},
                  .pictures = {snap, 60 * j->image_minutes, t->shown, now},
                  .checkpoint = {checkpoint, 60 * j->checkpoint_minutes, t->shown, now},
                  .picture_steps = j->image_steps,
                  .each_pictured = gt_trainer_best_of_pictures(j),
                  .end = began + most};
}

/* The file system of the run may stand still for minutes, so that the others must be told of each look: not at every step, but with every tick,
 * which goes there anyway, and at the last: a file that were left there would stop the next start. */
static bool stop_file(gt_trainer *t, plan *p, double now, bool last) {
    const double interval = 1; /* seconds */
    if (now < p->look && !last && !is_due(&p->tick, t->shown, now)) return false;
    p->look = now + interval;
    gt_comm_busy(t->comm, "looking for the file `stop`");
    bool stop = gt_rundir_stop(t->dir);
    gt_comm_doing(t->comm, t->step, "between two steps");
    return stop;
}

static bool is_room(gt_trainer *t) {
    gt_comm_busy(t->comm, "logs, pictures, checkpoints");
    return gt_space_free(t->dir) > (double)gt_trainer_checkpoint_bytes(t);
}

static due decide(gt_trainer *t, plan *p) {
    due d = {0};
    double now = gt_clock();
    enum { NOTHING, CHECKPOINT, STOP };
    int wish = gt_stop_requested() ? STOP : gt_stop_take_checkpoint() ? CHECKPOINT : NOTHING;
    wish = gt_comm_max_all(t->comm, wish);
    if (t->comm->rank == 0) {
        d.finished = gt_trainer_finished(t);
        bool last = d.finished || wish == STOP || now >= p->end;
        bool file = stop_file(t, p, now, last);
        d.stop = wish == STOP ? ASKED : file ? STOP_FILE : now >= p->end ? TIME_OVER : GO_ON;
        gt_trainer_saved(t, gt_saver_poll(t->saver));
        d.pictures = d.finished || is_due(&p->pictures, t->shown, now) || (p->picture_steps && t->step % (uint32_t)p->picture_steps == 0);
        d.checkpoint = d.finished || d.stop || wish == CHECKPOINT || is_due(&p->checkpoint, t->shown, now);
        /* Statistics since the last tick are not in checkpoints, so a checkpoint ends a tick. After a failed write each tick with room on the disk tries again. */
        d.tick = d.checkpoint || is_due(&p->tick, t->shown, now) || t->shown == t->job->batch;
        if (t->checkpoint_failed && d.tick && is_room(t)) d.checkpoint = true;
        if (d.checkpoint && !d.stop && p->each_pictured) d.pictures = true;
        d.lost = gt_lock_lost(t->lock);
    }
    gt_comm_broadcast_all(t->comm, &d, sizeof d, 0);
    return d;
}

/* The run stands at an earlier step again. */
static gt_status set_back(gt_trainer *t, plan *p) {
    double now = gt_clock();
    was_done(&p->tick, t->shown, now);
    was_done(&p->pictures, t->shown, now);
    was_done(&p->checkpoint, t->shown, now);
    t->tick_start = now;
    t->tick_shown = t->shown;
    return GT_OK;
}

static gt_status pictures(gt_trainer *t, plan *p) {
    gt_status st = gt_trainer_fakes(t);
    if (!st) st = gt_comm_agree_all(t->comm, gt_trainer_reconstructions(t));
    was_done(&p->pictures, t->shown, gt_clock());
    return st;
}

/* Pictures first: the tick says what they are like. */
static gt_status act(gt_trainer *t, plan *p, due d) {
    double began = gt_clock();
    if (d.tick || d.pictures || d.checkpoint) gt_comm_busy(t->comm, "logs, pictures, checkpoints");
    gt_status st = d.pictures ? pictures(t, p) : GT_OK;
    t->tick_start += gt_clock() - began; /* what is written does not count against the rate of the tick */
    if (!st && d.tick) {
        int trouble;
        st = gt_trainer_tick(t, &trouble);
        was_done(&p->tick, t->shown, gt_clock());
        if (!st && trouble >= 0) {
            bool back = false;
            st = gt_trainer_trouble(t, trouble, &back);
            if (st || back) return st ? st : set_back(t, p);
        }
    }
    began = gt_clock();
    if (!st && d.checkpoint) {
        gt_trainer_save(t);
        was_done(&p->checkpoint, t->shown, gt_clock());
    }
    if (!st && d.pictures && t->comm->rank == 0) gt_log_outcome(&t->report_failing, gt_report_write(t->dir, NULL) != GT_OK, "report.html");
    t->tick_start = d.tick ? gt_clock() : t->tick_start + gt_clock() - began; /* ... nor of the next */
    return st;
}

/* The last checkpoint must be on disk before the run says that it is done. */
static gt_status settle(gt_trainer *t) {
    gt_status st = GT_OK;
    if (t->comm->rank == 0) {
        gt_trainer_saved(t, gt_saver_wait(t->saver));
        if (t->checkpoint_failed)
            st = gt_fail(GT_FAILED, "the last checkpoint of %s could not be written (see the warning): started again, the run goes on from the one before", t->dir);
    }
    return gt_comm_agree_all(t->comm, st);
}

static void say_end(const gt_trainer *t, stop_reason stop) {
    static const char *const reasons[] = {[ASKED] = "as it was asked to", [STOP_FILE] = "because of the file `stop`", [TIME_OVER] = "because --max-time is over"};
    const char *but = t->job->restart ? " but without --restart" : "";
    if (stop == GO_ON) gt_info("done: %s", t->dir);
    else
        gt_info("stopped at a step boundary %s, a checkpoint is written: %s goes on with the same command%s", reasons[stop],
                t->dir, but);
}

static gt_status train(gt_trainer *t, double began) {
    plan p = make_plan(t, began);
    gt_status st = GT_OK;
    if (t->shown == 0) {
        if ((st = gt_comm_agree_all(t->comm, gt_trainer_reals(t))) || (st = gt_trainer_fakes(t))) return st;
    }
    t->tick_start = t->start = gt_clock();
    t->tick_shown = t->shown;
    for (;;) {
        if ((st = gt_trainer_step(t))) return st;
        due d = decide(t, &p);
        if (d.lost && t->log) gt_runlog_leave(t->log);
        if (d.lost) return gt_comm_agree_all(t->comm, t->comm->rank ? GT_OK : gt_lock_fail_lost(t->lock));
        if ((st = act(t, &p, d))) return st;
        bool finished = d.finished && gt_trainer_finished(t); /* not where it was set back */
        if (finished || d.stop) {
            if ((st = settle(t))) return st;
            if (t->comm->rank == 0) say_end(t, finished ? GO_ON : d.stop);
            return finished ? GT_OK : GT_STOPPED;
        }
        if (t->comm->rank == 0) gt_trainer_live(t);
    }
}

/* Does the job's set of augmentations have some of colour, which these channels do without? */
static bool colour_is_off(const gt_job *j) {
    gt_augment_config c;
    if (!j->augments || gt_augment_preset(j->augpipe, &c)) return false;
    c.colours = (int)j->colours;
    return gt_augment_drop_colour(&c, (int)j->channels);
}

static void describe(const gt_trainer *t) {
    char mpi[256];
    gt_mpi_version(mpi, sizeof mpi);
    gt_info("gantry %s (git %s), %s, %s", GT_VERSION, gt_git_id(), mpi, gt_blas_description());
    gt_info("%s; kernels %s", t->comm->description, gt_kernel_set_id());
    gt_info("data: %s: %lld images %dx%dx%d, %s samples, %s", t->job->data, (long long)t->info->count, t->info->height, t->info->width, t->info->channels, gt_sample_name(t->info->type),
            t->job->label_dim ? "labels used" : "no labels used");
    if (colour_is_off(t->job))
        gt_info("colour augmentations are off: the %d channels%s%s have no colour meaning", t->info->channels, t->info->channel_names ? " " : "",
                t->info->channel_names ? t->info->channel_names : "");
    gt_info("batch %lld in %d slices of %d, %d at once; %.1f kimg to train; arena %.0f MB a rank", (long long)t->job->batch, t->shares[0].slices.count,
            t->model->slice_size, t->variants[0].slices,
            (double)t->job->total_images / 1000, (double)t->arena_bytes / 1e6);
}

gt_status gt_train_all(gt_comm *comm, gt_job *job) {
    gt_trainer t;
    bool done = false;
    double began = gt_clock();
    gt_stop_install(comm, "this step, then a checkpoint");
    gt_status st = gt_trainer_open(&t, comm, job);
    if (!st) st = gt_trainer_begin(&t, &done);
    if (st == GT_STOPPED) gt_info("%s", gt_message()); /* before it began */
    if (!st && !done) {
        t.tick = comm->rank == 0 && t.shown ? (int)gt_runlog_last(t.log, "Progress/tick") + 1 : 0;
        t.seconds_before = comm->rank == 0 && t.shown ? gt_runlog_last(t.log, "Timing/total_sec") : 0;
        describe(&t);
        st = gt_comm_agree_all(comm, comm->rank == 0 ? gt_trainer_warn_data(&t) : GT_OK);
        if (!st) st = gt_trainer_start_loader(&t);
        if (!st) st = train(&t, began);
    }
    gt_log_live(NULL);
    gt_trainer_close(&t);
    gt_stop_restore();
    return st;
}
