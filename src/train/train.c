/* SPDX-License-Identifier: Apache-2.0
 * The loop: steps, and between them what is due by images or by the clock. The clock decides only what is written when;
 * rank 0's clock counts, and all ranks follow. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "gantry/clock.h"
#include "gantry/log.h"
#include "gantry/progress.h"
#include "gantry/stop.h"
#include "gantry/text.h"
#include "train/choice.h"
#include "train/measurer.h"

/* When something is due: every so many images, and so many seconds after the last time. */
typedef struct schedule {
    int64_t every;  /* images; 0: not by images */
    double seconds; /* 0: not by the clock */
    int64_t last;
    double last_time;
} schedule;

static bool is_by_images(const schedule *s, int64_t shown) {
    return s->every > 0 && shown / s->every > s->last / s->every;
}

static bool is_due(const schedule *s, int64_t shown, double now) {
    return is_by_images(s, shown) || (s->seconds > 0 && now - s->last_time >= s->seconds);
}

static void was_done(schedule *s, int64_t shown, double now) {
    s->last = shown;
    s->last_time = now;
}

typedef enum stop_reason { GO_ON, ASKED, STOP_FILE, TIME_OVER, UNREADABLE } stop_reason;

typedef struct due { /* as rank 0 decides */
    bool tick, pictures, checkpoint;
    bool measured; /* the pictures; those that the clock alone asks for decide nothing */
    bool late;     /* values of measurers, after the checkpoint, which is judged by them */
    bool epoch;    /* ended, where the plateau judges epochs */
    stop_reason stop;
    bool finished;
    bool broken_off; /* a stop came before the late values were complete: the run computes them when it resumes */
    bool lost;       /* the run's directory is no longer ours, see gt_lock_fail_lost() */
} due;

typedef struct schedules {
    schedule tick, pictures, checkpoint;
    double end;  /* of --max-time, by gt_clock() */
    double look; /* when rank 0 looks for the files `stop` and `checkpoint` again */
    int64_t picture_steps;
    bool each_pictured; /* each checkpoint but that of a stop has pictures, for --best */
} schedules;

/* At least one. */
static int64_t images_of(double kimg) { return kimg > 0.001 ? llround(1000 * kimg) : 1; }

bool gt_by_images(double kimg, int64_t last, int64_t shown) {
    int64_t every = images_of(kimg);
    return shown / every > last / every;
}

static schedules make_schedules(const gt_engine *e, double began) {
    const gt_job *j = e->job;
    double now = gt_clock(), most = INFINITY;
    if (*j->max_time) gt_parse_duration(j->max_time, &most); /* was checked when it was given */
    int64_t tick = images_of(j->tick), snap;
    if (__builtin_mul_overflow(tick, j->snap, &snap)) snap = 0;
    int64_t checkpoint = j->checkpoint_kimg > 0 ? images_of(j->checkpoint_kimg) : snap;
    return (schedules){.tick = {tick, 60 * j->tick_minutes, e->shown, now},
                       .pictures = {snap, 60 * j->image_minutes, e->shown, now},
                       .checkpoint = {checkpoint, 60 * j->checkpoint_minutes, e->shown, now},
                       .picture_steps = j->image_steps,
                       .each_pictured = gt_best_of_pictures(j),
                       .end = began + most};
}

void gt_next_checkpoint_text(const gt_engine *e, char text[96]) {
    const schedule s = make_schedules(e, 0).checkpoint;
    int64_t images = s.every > 0 ? (e->shown / s.every + 1) * s.every : e->job->total_images;
    if (images > e->job->total_images) images = e->job->total_images;
    int n = snprintf(text, 96, "at %.6g kimg", (double)images / 1000);
    time_t then = (time_t)(gt_unix_time() + s.seconds);
    struct tm t;
    if (s.seconds > 0 && localtime_r(&then, &t)) strftime(text + n, 96 - (size_t)n, " or on %Y-%m-%d at %H:%M:%S", &t);
}

/* Each look is announced to the other ranks, since the file system of the run may stand still for minutes. So rank 0
 * does not look at every step, but once a second, at each tick, and at the end: a file that nobody took would stop the
 * next start. */
static void look_for_files(gt_engine *e, gt_journal *j, schedules *p, double now, bool last, bool *stop,
                           bool *checkpoint) {
    const double interval = 1; /* seconds */
    *stop = *checkpoint = false;
    if (now < p->look && !last && !is_due(&p->tick, e->shown, now)) return;
    p->look = now + interval;
    *stop = gt_rundir_stop(j->dir);
    *checkpoint = gt_rundir_checkpoint(j->dir);
}

static bool is_room(const gt_engine *e, const gt_journal *j) {
    gt_storage_begin("asking for the room in", j->dir);
    double bytes = gt_space_free(j->dir);
    gt_storage_end();
    return bytes > (double)gt_engine_checkpoint_bytes(e);
}

static due decide_all(gt_engine *e, gt_journal *j, schedules *p) {
    due d = {0};
    enum { NOTHING, CHECKPOINT, STOP, WISHES };
    bool finished = gt_engine_finished(e), news = !finished && gt_engine_look_ahead(e);
    double now = gt_clock();
    int own = gt_stop_requested() ? STOP : gt_stop_take_checkpoint() ? CHECKPOINT : NOTHING;
    int wish = gt_comm_max_all(e->comm, news ? WISHES : own);
    if (wish == WISHES) { /* seldom; the wish is asked for once more */
        gt_engine_meet_damage_all(e);
        wish = gt_comm_max_all(e->comm, own);
    }
    bool unreadable = e->damage.status != GT_OK;
    if (e->comm->rank == 0) {
        d.finished = finished;
        bool last = d.finished || wish == STOP || now >= p->end || unreadable;
        bool file, one_now;
        look_for_files(e, j, p, now, last, &file, &one_now);
        d.stop = wish == STOP ? ASKED : file ? STOP_FILE : now >= p->end ? TIME_OVER : unreadable ? UNREADABLE : GO_ON;
        gt_journal_saved(e, j, gt_saver_poll(j->saver));
        d.measured = d.finished || is_by_images(&p->pictures, e->shown) ||
                     (p->picture_steps && e->step % (uint32_t)p->picture_steps == 0);
        d.pictures = d.measured || gt_sheet_is_due(p->pictures.last_time, gt_journal_seconds(j), p->pictures.seconds);
        bool by_images = is_by_images(&p->checkpoint, e->shown);
        d.checkpoint = d.finished || d.stop || wish == CHECKPOINT || one_now || is_due(&p->checkpoint, e->shown, now);
        /* a run that is asked to stop computes them when it resumes */
        d.late = (d.finished || (by_images && !d.stop)) && gt_measurers_are_due(e, j, d.finished);
        /* Statistics since the last tick are not in checkpoints, so a checkpoint ends a tick. After a failed write each
         * tick with room on the disk tries again. */
        d.tick = d.checkpoint || is_due(&p->tick, e->shown, now) || e->shown == e->job->batch;
        d.epoch = gt_engine_epoch_ended(e);
        d.tick |= d.epoch;
        if (j->checkpoint_failed && d.tick && is_room(e, j)) d.checkpoint = true;
        if (d.checkpoint && !d.stop && p->each_pictured) d.pictures = d.measured = true;
        d.lost = gt_lock_lost(j->lock);
    }
    gt_comm_broadcast_all(e->comm, &d, sizeof d, 0);
    return d;
}

/* The run stands at an earlier step again. */
static void set_back(gt_engine *e, gt_journal *j, schedules *p) {
    double now = gt_clock();
    was_done(&p->tick, e->shown, now);
    was_done(&p->pictures, e->shown, gt_journal_seconds(j));
    was_done(&p->checkpoint, e->shown, now);
    j->tick_start = now;
    j->tick_shown = e->shown;
}

static void write_report(gt_journal *j) {
    gt_tell_start("writing report.html", NULL, 0);
    gt_storage_begin("writing", "report.html"); /* much is read for the report */
    gt_log_outcome(&j->report_failing, gt_report_write(j->dir, NULL) != GT_OK, "report.html");
    gt_storage_end();
}

static gt_status pictures_all(gt_engine *e, gt_journal *j, schedules *p, bool measured) {
    gt_status st = gt_fakes_all(e, j, measured);
    if (!st) st = gt_comm_agree_all(e->comm, gt_journal_reconstructions(e, j));
    was_done(&p->pictures, e->shown, gt_journal_seconds(j));
    return st;
}

/* Values come, and the deciders say what follows from them, in this order. *trouble: the one that begins; -1: none. */
static gt_status tick_all(gt_engine *e, gt_journal *j, const due *d, int *trouble) {
    double began = gt_clock();
    bool best_waits = d->late && e->job->best_is_score;
    *trouble = -1;
    gt_status st = gt_measurers_measure_all(e, j);
    if (st) return gt_engine_advise(e, st, st == GT_FORMAT);
    if (d->epoch) gt_plateau_decide_all(e, &j->measured);
    j->tick_start += gt_clock() - began; /* what is measured does not count against the rate of the tick */
    gt_tick_gather_all(e, j);
    if (e->comm->rank == 0) {
        if (!best_waits) {
            gt_patience_decide(e, j);
            gt_patience_put(e, j);
        }
        *trouble = gt_tick_watch(e, j);
        /* a trouble that ends the run or sets it back comes before what is late */
        gt_tick_log(e, j, d->late && (*trouble < 0 || e->job->on_trouble == GT_ON_TROUBLE_WARN));
    }
    gt_comm_broadcast_all(e->comm, trouble, sizeof *trouble, 0);
    gt_tick_end(e, j);
    return GT_OK;
}

/* The checkpoint is on the disk before its late values are measured: that may take hours. */
static void late_all(gt_engine *e, gt_journal *j, due *d) {
    bool first = e->comm->rank == 0;
    if (first) gt_journal_saved(e, j, gt_saver_wait(j->saver));
    d->broken_off = gt_measurers_late_all(e, j, false);
    if (d->broken_off) d->stop = ASKED;
    if (first) gt_tick_late(e, j);
    if (first) gt_best_decide_late(e, j);
    if (!e->stopped_early) gt_engine_stop_early_all(e, j);
}

/* Pictures first: the tick says what they are like. */
static gt_status act_all(gt_engine *e, gt_journal *j, schedules *p, due *d) {
    double began = gt_clock();
    if (d->tick || d->pictures || d->checkpoint) gt_comm_doing(e->comm, e->step, "logs, pictures, checkpoints");
    gt_status st = d->pictures ? pictures_all(e, j, p, d->measured) : GT_OK;
    j->tick_start += gt_clock() - began; /* what is written does not count against the rate of the tick */
    if (!st && d->tick) {
        int trouble;
        bool back = false;
        st = tick_all(e, j, d, &trouble);
        was_done(&p->tick, e->shown, gt_clock());
        if (!st && trouble >= 0) st = gt_trouble_all(e, j, trouble, &back);
        if (back) set_back(e, j, p);
        if (st || back) return st;
        gt_engine_stop_early_all(e, j);
        d->checkpoint |= e->stopped_early;
    }
    began = gt_clock();
    if (!st && d->checkpoint) {
        gt_tell_start("making a checkpoint", NULL, 0);
        j->best.waits = d->late && e->job->best_is_score;
        gt_save_all(e, j); /* asks whether it is the best */
        was_done(&p->checkpoint, e->shown, gt_clock());
    }
    if (!st && d->late) late_all(e, j, d);
    bool over = d->stop || d->finished || e->stopped_early; /* the end writes the last report */
    if (!st && (d->pictures || e->stopped_early) && e->comm->rank == 0) gt_measurers_draw(e, j);
    if (!st && d->pictures && !over && e->comm->rank == 0) write_report(j);
    j->tick_start = d->tick ? gt_clock() : j->tick_start + gt_clock() - began; /* ... nor of the next */
    return st;
}

/* The last checkpoint must be on disk before the run says that it is done, or that it has stopped. */
static gt_status settle_all(gt_engine *e, gt_journal *j) {
    gt_status st = GT_OK;
    if (e->comm->rank == 0) {
        gt_tell_start("bringing the last checkpoint to the disk", NULL, 0);
        gt_journal_saved(e, j, gt_saver_wait(j->saver));
        gt_tell_end();
        if (j->checkpoint_failed)
            st = gt_fail(GT_FAILED,
                         "the last checkpoint of %s could not be written (see the warning): started again, the run "
                         "resumes from the one before",
                         j->dir);
    }
    return gt_comm_agree_all(e->comm, st);
}

/* The state is saved, so far as it can be: why the run ends. */
static gt_status unreadable(const gt_engine *e, const gt_journal *j, gt_status settled) {
    char why[sizeof e->damage.why], not_saved[1024];
    snprintf(why, sizeof why, "%s", e->damage.why);
    if (!settled)
        return gt_fail(e->damage.status, "%s (%s has the state at %.6g kimg)", why, e->comm->rank ? "the run" : j->dir,
                       (double)e->shown / 1000);
    snprintf(not_saved, sizeof not_saved, "%s", gt_message());
    return gt_fail(e->damage.status, "%s; %s", why, not_saved);
}

static void say_end(const gt_engine *e, const gt_journal *j, stop_reason stop) {
    static const char *const reasons[] = {[ASKED] = "as it was asked to",
                                          [STOP_FILE] = "because of the file `stop`",
                                          [TIME_OVER] = "because --max-time is over"};
    const char *but = e->job->restart ? " but without --restart" : "";
    if (e->damage.so_far.n)
        gt_warn("damaged pictures of the data: %zu; %lld of the %lld images shown were others in their places "
                "(--on-error=skip)",
                e->damage.so_far.n, (long long)e->damage.replaced, (long long)e->shown);
    if (stop == GO_ON) gt_info("done: %s", j->dir);
    else
        gt_info("stopped at a step boundary %s, a checkpoint is written: %s resumes with the same command%s",
                reasons[stop], j->dir, but);
}

bool gt_late_values_were_due(const gt_engine *e) {
    schedule before = make_schedules(e, 0).checkpoint;
    before.last = e->step ? gt_steps_shown(&e->steps, e->step - 1) : 0;
    return e->step && (gt_engine_at_end(e) || is_by_images(&before, e->shown));
}

static void write_end(const gt_engine *e, const gt_journal *j, gt_status st, const char *why, const char *hash) {
    gt_storage_begin("writing", "starts.jsonl");
    gt_starts_end(j->dir, e->shown, !st ? "finished" : st == GT_STOPPED ? "stopped" : "failed", why, hash);
    gt_storage_end();
}

/* The last line of starts.jsonl, and the report with it. A directory that belongs to another process is left alone. */
static gt_status conclude(const gt_engine *e, gt_journal *j, gt_status st) {
    bool failed = st && st != GT_STOPPED;
    if (gt_lock_lost(j->lock)) return st;
    char why[2048] = "", hash[GT_CONTENTS_HASH_BYTES] = "";
    if (failed) snprintf(why, sizeof why, "%s", gt_message());
    else gt_journal_hash(j, hash);
    write_end(e, j, st, why, hash);
    write_report(j);
    if (j->report_failing) write_report(j);
    if (!st && (st = gt_owed_report(j))) {
        failed = true;
        snprintf(why, sizeof why, "%s", gt_message());
        write_end(e, j, st, why, hash);
    }
    return failed ? gt_fail(st, "%s", why) : st; /* the report may have left a message of its own */
}

/* A run that resumes at a checkpoint whose late values a stop or a kill broke off: the values come in a line of their
 * own, and --best judges the checkpoint. true: a stop broke them off again. */
static bool resume_late_all(gt_engine *e, gt_journal *j) {
    bool first = e->comm->rank == 0;
    int wanted = gt_measurers_are_missing_all(e, j);
    if (wanted && first) wanted = gt_measurers_are_due(e, j, gt_engine_at_end(e));
    gt_comm_broadcast_all(e->comm, &wanted, sizeof wanted, 0);
    if (!wanted) return false;
    if (gt_measurers_late_all(e, j, true)) return true;
    if (first && j->late.n) {
        gt_tick_resume_late(e, j);
        gt_best_decide_late(e, j);
    }
    if (!e->stopped_early) gt_engine_stop_early_all(e, j);
    return false;
}

static gt_status train_all(gt_engine *e, gt_journal *j, double began) {
    schedules p = make_schedules(e, began);
    gt_status st = GT_OK;
    if (e->shown == 0) {
        gt_tell_start("drawing the first pictures", NULL, 0);
        if ((st = gt_comm_agree_all(e->comm, gt_journal_reals(e, j)))) return gt_engine_advise(e, st, st == GT_FORMAT);
        if ((st = gt_fakes_all(e, j, true))) return st;
    }
    j->start = gt_clock();
    p.pictures.last_time = gt_journal_seconds(j);
    j->end = p.end;
    bool broken_off = resume_late_all(e, j);
    if (broken_off || gt_engine_finished(e)) { /* they were all that was missing, or --early-stopping judges them */
        if ((st = settle_all(e, j))) return st;
        if (!broken_off && (st = gt_owed_settle_all(e, j))) return st;
        if (e->comm->rank == 0) say_end(e, j, broken_off ? ASKED : GO_ON);
        return broken_off ? GT_STOPPED : GT_OK;
    }
    if (e->resumed && (st = gt_owed_try_all(e, j))) return st;
    j->tick_start = gt_clock();
    j->tick_shown = e->shown;
    gt_tell_start("first step", NULL, 0);
    for (;;) {
        if ((st = gt_engine_step_all(e))) return st;
        if (e->comm->rank == 0) gt_journal_pace(e, j);
        due d = decide_all(e, j, &p);
        if (d.lost && j->log) gt_runlog_leave(j->log);
        if (d.lost) return gt_comm_agree_all(e->comm, e->comm->rank ? GT_OK : gt_lock_fail_lost(j->lock));
        if ((st = act_all(e, j, &p, &d))) return st;
        bool finished = (d.finished || e->stopped_early) && gt_engine_finished(e) && /* not where it was set back */
                        !d.broken_off;
        if (finished || d.stop) {
            st = settle_all(e, j);
            if (!finished && d.stop == UNREADABLE) return unreadable(e, j, st);
            if (st) return st;
            if (!finished && e->comm->rank == 0) say_end(e, j, d.stop);
            /* only now: whoever stops a run may have little patience */
            if (!d.measured) st = pictures_all(e, j, &p, true);
            if (!d.measured && e->comm->rank == 0) gt_tick_pictured(e, j);
            if (st || !finished) return st ? st : GT_STOPPED;
            if ((st = gt_owed_settle_all(e, j))) return st;
            if (e->comm->rank == 0) say_end(e, j, GO_ON);
            return GT_OK;
        }
        if (e->comm->rank == 0) gt_journal_live(e, j);
    }
}

/* The run ends here where others are to train it. */
static gt_status choose(gt_engine *e, const gt_starter *starter, gt_start *start, bool *done) {
    gt_status st = gt_choose_split(e, starter, start);
    if (start) e->choice = start->text;
    *done = start && starter && start->split.ranks > 1;
    return st;
}

gt_status gt_train_all(gt_comm *comm, gt_job *job, const gt_starter *starter, gt_start *start) {
    gt_engine e;
    gt_journal j = {0};
    bool done = false;
    double began = gt_clock();
    gt_stop_install(comm, "this step, then a checkpoint");
    gt_tell_allow(job->progress);
    gt_tell_start("opening the data", NULL, 0);
    gt_status st = gt_engine_open_all(&e, comm, job);
    if (!st) st = choose(&e, starter, start, &done);
    if (!st && !done) st = gt_journal_open_all(&e, &j);
    if (!st && !done) st = gt_run_begin_all(&e, &j, &done);
    if (st == GT_STOPPED) gt_info("%s", gt_message()); /* before it began */
    if (!st && !done) {
        gt_journal_describe_all(&e, &j);
        st = gt_comm_agree_all(comm, comm->rank == 0 ? gt_journal_warn_data(&e, &j) : GT_OK);
        if (!st) st = gt_engine_start_loader_all(&e);
        if (!st) st = train_all(&e, &j, began);
        if (comm->rank == 0 && (!st || st == GT_STOPPED)) gt_say_next(&e, j.dir, !st);
        gt_status end = comm->rank == 0 ? conclude(&e, &j, st) : st;
        if (!st) st = gt_comm_agree_all(comm, end);
    }
    char why[2048] = "";
    if (st) snprintf(why, sizeof why, "%s", gt_message());
    gt_tell_end();
    gt_storage_begin("closing", j.dir);
    gt_journal_end(&e, &j); /* may leave a message of its own */
    gt_storage_end();
    gt_engine_close_all(&e);
    gt_stop_restore();
    return st ? gt_fail(st, "%s", why) : GT_OK;
}
