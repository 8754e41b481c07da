/* SPDX-License-Identifier: Apache-2.0
 * The loop: steps, and between them what is due by images or by the clock. The clock decides only what is written when;
 * rank 0's clock counts, and all ranks follow. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/door/file.h"
#include "base/door/clock.h"
#include "base/door/library.h"
#include "base/door/log.h"
#include "base/door/progress.h"
#include "gantry/stop.h"
#include "gantry/text.h"
#include "run/door/pages.h"
#include "train/start/choice.h"
#include "train/ticks/decider.h"
#include "train/door/measurer.h"
#include "train/journal/journal.h"

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

typedef enum stop_reason {
    GO_ON,
    ASKED,
    STOP_FILE,
    TIME_OVER,
    UNREADABLE, /* the pictures of the next step */
    BROKEN_OFF, /* asked, before the late values were complete: the run measures them when it resumes */
    LOST        /* the run's directory is no longer ours, see gt_lock_fail_lost() */
} stop_reason;

/* What is due after a step, as rank 0 decides. */
typedef struct due {
    /* pictures that the clock alone asks for decide nothing, and are not measured */
    enum { NO_PICTURES, SHOWN, MEASURED } pictures;
    bool tick, checkpoint;
    bool late; /* values of measurers, after the checkpoint, which is judged by them */
    stop_reason stop;
    gt_standing standing; /* of the checkpoint, by the tick */
    bool back;            /* the tick has set the run back to an earlier step */
} due;

typedef struct schedules {
    schedule tick, pictures, checkpoint;
    double look; /* when rank 0 looks for the files `stop` and `checkpoint` again */
    int64_t picture_steps;
    bool each_pictured; /* each checkpoint but that of a stop has pictures, for --best */
} schedules;

/* At least one. */
static int64_t images_of(double kimg) { return kimg > 0.001 ? llround(1000 * kimg) : 1; }

int64_t gt_tick_images(const gt_job *j) { return images_of(j->tick); }

bool gt_by_images(double kimg, int64_t last, int64_t shown) {
    int64_t every = images_of(kimg);
    return shown / every > last / every;
}

/* The first step ends a tick, too. */
bool gt_tick_is_whole(const gt_job *j, int64_t before, int64_t images) {
    return !before || gt_by_images(j->tick, before, images) ||
           (j->checkpoint_kimg > 0 && gt_by_images(j->checkpoint_kimg, before, images));
}

int64_t gt_checkpoints_by_images(const gt_job *j) {
    double every = j->checkpoint_kimg > 0 ? j->checkpoint_kimg : j->tick * (double)j->snap;
    return (int64_t)ceil((double)j->total_images / 1000 / every);
}

/* Of --max-time. */
static double end_of(const gt_job *j, double began) {
    double most = INFINITY;
    if (*j->max_time) gt_parse_duration(j->max_time, &most); /* was checked when it was given */
    return began + most;
}

static schedules make_schedules(const gt_engine *e) {
    const gt_job *j = e->job;
    double now = gt_clock();
    int64_t tick = images_of(j->tick), snap;
    if (__builtin_mul_overflow(tick, j->snap, &snap)) snap = 0;
    int64_t checkpoint = j->checkpoint_kimg > 0 ? images_of(j->checkpoint_kimg) : snap;
    return (schedules){.tick = {tick, 60 * j->tick_minutes, e->shown, now},
                       .pictures = {snap, 60 * j->image_minutes, e->shown, now},
                       .checkpoint = {checkpoint, 60 * j->checkpoint_minutes, e->shown, now},
                       .picture_steps = j->image_steps,
                       .each_pictured = gt_best_of_pictures(j)};
}

void gt_next_checkpoint_text(const gt_engine *e, char text[96]) {
    const schedule s = make_schedules(e).checkpoint;
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

static due decide(gt_engine *e, gt_journal *j, schedules *p, bool stop, bool checkpoint) {
    due d = {0};
    double now = gt_clock();
    bool finished = gt_engine_finished(e), unreadable = e->damage.status != GT_OK, over = now >= j->end, file, one_now;
    if (gt_lock_lost(j->lock)) return (due){.stop = LOST};
    look_for_files(e, j, p, now, finished || stop || over || unreadable, &file, &one_now);
    d.stop = stop ? ASKED : file ? STOP_FILE : over ? TIME_OVER : unreadable ? UNREADABLE : GO_ON;
    gt_journal_saved(e, j, gt_saver_poll(j->saver));
    bool by_images = is_by_images(&p->checkpoint, e->shown);
    d.checkpoint = finished || d.stop || checkpoint || one_now || is_due(&p->checkpoint, e->shown, now);
    /* a run that is asked to stop measures them when it resumes */
    d.late = (finished || (by_images && !d.stop)) && gt_late_is_due(e, j, finished);
    /* Statistics since the last tick are not in checkpoints, so a checkpoint ends a tick. After a failed write each
     * tick with room on the disk tries again. */
    d.tick = d.checkpoint || is_due(&p->tick, e->shown, now) || e->shown == e->job->batch || gt_deciders_need_tick(e);
    if (j->checkpoint_failed && d.tick && is_room(e, j)) d.checkpoint = true;
    bool measured = finished || is_by_images(&p->pictures, e->shown) ||
                    (p->picture_steps && e->step % (uint32_t)p->picture_steps == 0) ||
                    (d.checkpoint && !d.stop && p->each_pictured);
    if (measured) d.pictures = MEASURED;
    else if (gt_sheet_is_due(p->pictures.last_time, gt_journal_seconds(j), p->pictures.seconds)) d.pictures = SHOWN;
    return d;
}

static due decide_all(gt_engine *e, gt_journal *j, schedules *p) {
    enum { NOTHING, CHECKPOINT, STOP, WISHES };
    due d;
    bool news = !gt_engine_finished(e) && gt_engine_look_ahead(e);
    int own = gt_stop_requested() ? STOP : gt_stop_take_checkpoint() ? CHECKPOINT : NOTHING;
    int wish = gt_comm_max_all(e->comm, news ? WISHES : own);
    if (wish == WISHES) { /* seldom; the wish is asked for once more */
        gt_engine_meet_damage_all(e);
        wish = gt_comm_max_all(e->comm, own);
    }
    if (e->comm->rank == 0) d = decide(e, j, p, wish == STOP, wish == CHECKPOINT);
    gt_comm_broadcast_all(e->comm, &d, sizeof d, 0);
    return d;
}

/* The run stands at an earlier step again. */
static void set_back(gt_engine *e, gt_journal *j, schedules *p) {
    double now = gt_clock();
    was_done(&p->tick, e->shown, now);
    was_done(&p->pictures, e->shown, gt_journal_seconds(j));
    was_done(&p->checkpoint, e->shown, now);
    j->tick_seconds = 0;
    j->tick_shown = e->shown;
}

static void write_pages(gt_journal *j) {
    for (const gt_run_page *const *p = gt_run_pages; *p; p++) {
        char words[64];
        snprintf(words, sizeof words, "writing %s", (*p)->name);
        gt_tell_start(words, NULL, 0);
        gt_storage_begin("writing", (*p)->name); /* much is read for the report */
        gt_log_outcome(&j->report_failing, (*p)->write(j->dir) != GT_OK, (*p)->name);
        gt_storage_end();
    }
}

static gt_status draw_all(gt_engine *e, gt_journal *j, schedules *p, bool measured) {
    gt_status st = gt_fakes_all(e, j, measured);
    if (!st) st = gt_comm_agree_all(e->comm, gt_journal_reconstructions(e, j));
    was_done(&p->pictures, e->shown, gt_journal_seconds(j));
    return st;
}

/* A tick: values come, the deciders say what follows from them, both are logged. *broken_off: a stop came before late
 * values were complete. */
static gt_status tick_all(gt_engine *e, gt_journal *j, gt_tick *t, gt_decision *decision, bool *broken_off) {
    bool first = e->comm->rank == 0;
    gt_status st = gt_measurers_measure_all(e, j, t->late);
    *broken_off = t->late && st == GT_STOPPED;
    if (st && !*broken_off) return gt_engine_advise(e, st, st == GT_FORMAT);
    gt_tick_gather_all(e, j, t);
    gt_deciders_decide_all(e, j, t, decision);
    /* a trouble that ends the run or sets it back comes before what is late */
    if (first) gt_tick_log(e, j, t->more && !(decision->verdicts & GT_ROLL_BACK));
    if (first && decision->verdicts & GT_STOP) gt_info("%s", decision->reason.text);
    if (first && t->late) gt_late_count(j);
    if (first && t->late) gt_best_settle(e, j, decision->verdicts & GT_BEST);
    if (!t->late) gt_tick_end(e, j);
    return GT_OK;
}

/* ---- what happens between two steps ---- */

/* Pictures first: the tick says what they are like. */
static gt_status do_pictures_all(gt_engine *e, gt_journal *j, schedules *p, due *d) {
    return d->pictures ? draw_all(e, j, p, d->pictures == MEASURED) : GT_OK;
}

/* Ranks and threads were chosen when another run had some of the cores. */
static void tell_of_free_cores(const gt_engine *e, gt_journal *j) {
    int all, held = gt_cores_held(&all);
    if (!*e->choice || j->said_free || !gt_cores_came_free()) return;
    gt_info("the %d of %d cores that another run had are free: the run would be faster if it were stopped and started "
            "again, by the same command",
            held, all);
    j->said_free = true;
}

static gt_status do_tick_all(gt_engine *e, gt_journal *j, schedules *p, due *d) {
    gt_tick t = {.more = d->late, .checkpoint = d->checkpoint, .stop = d->stop && !gt_engine_finished(e)};
    gt_decision decision;
    bool broken_off;
    if (!d->tick) return GT_OK;
    gt_status st = tick_all(e, j, &t, &decision, &broken_off);
    was_done(&p->tick, e->shown, gt_clock());
    if (e->comm->rank == 0 && !d->stop) tell_of_free_cores(e, j);
    d->checkpoint = t.checkpoint;
    if (d->late && e->job->best_is_score) d->standing = GT_JUDGED_LATER;
    else if (decision.verdicts & GT_BEST) d->standing = GT_THE_BEST;
    d->back = !st && decision.verdicts & GT_ROLL_BACK;
    if (d->back) st = gt_roll_back_all(e, j, &decision.reason);
    if (d->back) set_back(e, j, p);
    return st;
}

static gt_status do_checkpoint_all(gt_engine *e, gt_journal *j, schedules *p, due *d) {
    if (!d->checkpoint) return GT_OK;
    gt_tell_start("making a checkpoint", NULL, 0);
    gt_status st = gt_save_all(e, j, d->standing);
    was_done(&p->checkpoint, e->shown, gt_clock());
    return st;
}

/* The checkpoint is on the disk before its late values are measured: that may take hours. */
static gt_status do_late_tick_all(gt_engine *e, gt_journal *j, schedules *p, due *d) {
    gt_tick t = {.late = true, .checkpoint = true};
    gt_decision late;
    bool broken_off;
    (void)p;
    if (!d->late) return GT_OK;
    if (e->comm->rank == 0) gt_journal_saved(e, j, gt_saver_wait(j->saver));
    gt_status st = tick_all(e, j, &t, &late, &broken_off);
    if (broken_off) d->stop = BROKEN_OFF;
    return st;
}

/* The end of the run writes the last report. */
static gt_status do_report_all(gt_engine *e, gt_journal *j, schedules *p, due *d) {
    bool first = e->comm->rank == 0, over = d->stop || gt_engine_finished(e);
    (void)p;
    if (first && (d->pictures || e->stopped_early)) gt_measurers_draw(e, j);
    if (first && d->pictures && !over) write_pages(j);
    return GT_OK;
}

static gt_status (*const acts[])(gt_engine *e, gt_journal *j, schedules *p, due *d) = {
    do_pictures_all, do_tick_all, do_checkpoint_all, do_late_tick_all, do_report_all};

/* Where the run is set back, nothing of this step is done any more. */
static gt_status act_all(gt_engine *e, gt_journal *j, schedules *p, due *d) {
    gt_status st = GT_OK;
    if (d->tick || d->pictures || d->checkpoint) gt_comm_doing(e->comm, e->step, "logs, pictures, checkpoints");
    for (size_t i = 0; i < sizeof acts / sizeof *acts && !st && !d->back; i++) st = acts[i](e, j, p, d);
    return st;
}

/* The last checkpoint must be on disk before the run says that it is done, or that it has stopped. */
static gt_status settle_all(gt_engine *e, gt_journal *j) {
    gt_status st = GT_OK;
    if (e->comm->rank == 0) {
        gt_tell_start("writing the last checkpoint to disk", NULL, 0);
        gt_journal_saved(e, j, gt_saver_wait(j->saver));
        gt_tell_end();
        if (j->checkpoint_failed)
            st = gt_fail(GT_FAILED,
                         "the last checkpoint of %s could not be written (see the warning): the same command resumes "
                         "from the checkpoint before",
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
    static const char *const reasons[] = {[ASKED] = "as requested",
                                          [STOP_FILE] = "because of the file `stop`",
                                          [TIME_OVER] = "because --max-time has passed",
                                          [BROKEN_OFF] = "as requested"};
    const char *but = e->job->restart ? " but without --restart" : "";
    if (e->damage.so_far.n)
        gt_warn("damaged pictures of the data: %zu; other pictures replaced them in %lld of the %lld images shown "
                "(--on-error=skip)",
                e->damage.so_far.n, (long long)e->damage.replaced, (long long)e->shown);
    if (stop == GO_ON) gt_info("done: %s", j->dir);
    else
        gt_info("stopped at a step boundary %s, a checkpoint is written: %s resumes with the same command%s",
                reasons[stop], j->dir, but);
}

bool gt_late_values_were_due(const gt_engine *e) {
    schedule before = make_schedules(e).checkpoint;
    before.last = e->step ? gt_steps_shown(&e->steps, e->step - 1) : 0;
    return e->step && (gt_engine_at_end(e) || is_by_images(&before, e->shown));
}

static void write_end(const gt_engine *e, gt_journal *j, gt_status st, const char *why, const char *hash) {
    const gt_ledger_line line = {.event = GT_LEDGER_END,
                                 .images = e->shown,
                                 .ended = !st                ? "finished"
                                          : st == GT_STOPPED ? "stopped"
                                                             : "failed",
                                 .message = why,
                                 .hash = hash};
    gt_journal_note(j, &line, true);
}

/* The last line of starts.jsonl, and the report with it. A directory that belongs to another process is left alone. */
static gt_status conclude(const gt_engine *e, gt_journal *j, gt_status st) {
    bool failed = st && st != GT_STOPPED;
    if (gt_lock_lost(j->lock)) return st;
    char why[2048] = "", hash[GT_CONTENTS_HASH_BYTES] = "";
    if (failed) snprintf(why, sizeof why, "%s", gt_message());
    else gt_journal_hash(j, hash);
    write_end(e, j, st, why, hash);
    write_pages(j);
    if (j->report_failing) write_pages(j);
    if (!st && (st = gt_owed_report(j))) {
        failed = true;
        snprintf(why, sizeof why, "%s", gt_message());
        write_end(e, j, st, why, hash);
    }
    return failed ? gt_fail(st, "%s", why) : st; /* the report may have left a message of its own */
}

typedef struct last_words {
    const gt_engine *e;
    gt_journal *j;
} last_words;

/* Rank 0 ends all ranks: nobody comes to conclude(). */
static void write_abort(void *arg) {
    const last_words *w = arg;
    char why[2048];
    snprintf(why, sizeof why, "%s", gt_message());
    if (!gt_lock_lost_now(w->j->lock)) write_end(w->e, w->j, GT_FAILED, why, "");
}

/* A run that resumes at a checkpoint whose late values a stop or a kill broke off: its late tick comes now, as a line
 * of its own. *broken_off: a stop broke the values off again. */
static gt_status resume_late_tick_all(gt_engine *e, gt_journal *j, bool *broken_off) {
    gt_tick t = {.late = true, .checkpoint = true};
    gt_decision decision;
    int wanted = gt_late_is_missing_all(e, j);
    *broken_off = false;
    if (wanted && e->comm->rank == 0) wanted = gt_late_is_due(e, j, gt_engine_at_end(e));
    gt_comm_broadcast_all(e->comm, &wanted, sizeof wanted, 0);
    return wanted ? tick_all(e, j, &t, &decision, broken_off) : GT_OK;
}

static gt_status train_all(gt_engine *e, gt_journal *j) {
    schedules p = make_schedules(e);
    gt_status st = GT_OK;
    if (e->shown == 0) {
        gt_tell_start("drawing the first pictures", NULL, 0);
        if ((st = gt_comm_agree_all(e->comm, gt_journal_reals(e, j)))) return gt_engine_advise(e, st, st == GT_FORMAT);
        if ((st = gt_fakes_all(e, j, true))) return st;
    }
    j->start = gt_clock();
    p.pictures.last_time = gt_journal_seconds(j);
    bool broken_off;
    if ((st = resume_late_tick_all(e, j, &broken_off))) return st;
    if (broken_off || gt_engine_finished(e)) { /* they were all that was missing, or --early-stopping judges them */
        if ((st = settle_all(e, j))) return st;
        if (!broken_off && (st = gt_owed_settle_all(e, j))) return st;
        if (e->comm->rank == 0) say_end(e, j, broken_off ? BROKEN_OFF : GO_ON);
        return broken_off ? GT_STOPPED : GT_OK;
    }
    if (e->resumed && (st = gt_owed_try_all(e, j))) return st;
    j->tick_shown = e->shown;
    gt_tell_start("first step", NULL, 0);
    for (;;) {
        double step_began = gt_clock();
        int64_t before = e->shown;
        gt_comm_patient(e->comm, false); /* beside steps it is rank 0 that works */
        gt_chain_before_step(e, j);
        if ((st = gt_engine_step_all(e))) return st;
        if ((st = gt_chain_after_step_all(e, j, before))) return st;
        if (e->comm->rank == 0) gt_journal_pace(e, j);
        due d = decide_all(e, j, &p);
        gt_comm_patient(e->comm, true);
        if (d.stop == LOST && j->log) gt_runlog_leave(j->log);
        if (d.stop == LOST) return gt_comm_agree_all(e->comm, e->comm->rank ? GT_OK : gt_lock_fail_lost(j->lock));
        j->tick_seconds += gt_clock() - step_began;
        if ((st = act_all(e, j, &p, &d))) return st;
        bool finished = gt_engine_finished(e) && d.stop != BROKEN_OFF;
        if (finished || d.stop) {
            st = settle_all(e, j);
            if (!finished && d.stop == UNREADABLE) return unreadable(e, j, st);
            if (st) return st;
            if (!finished && e->comm->rank == 0) say_end(e, j, d.stop);
            /* only now: whoever stops a run may have little patience */
            if (d.pictures != MEASURED) st = draw_all(e, j, &p, true);
            if (d.pictures != MEASURED && e->comm->rank == 0) gt_tick_pictured(e, j);
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

/* What a run will need when it writes its first files is opened before its first step: a library that is missing, or
 * is replaced meanwhile, costs no run. */
static gt_status open_libraries_all(const gt_engine *e) {
    gt_status st = e->comm->rank ? GT_OK : gt_library_open("libcrypto"); /* hdf5 may need it, too */
    if (!st && e->comm->rank == 0) st = gt_library_open("hdf5");
    if (!st && e->job->metrics && *e->job->metrics) st = gt_library_open("openblas");
    return gt_comm_agree_all(e->comm, st);
}

gt_status gt_train_all(gt_comm *comm, gt_job *job, const gt_starter *starter, gt_start *start) {
    gt_engine e;
    gt_journal j = {0};
    last_words at_abort = {&e, &j};
    bool done = false;
    double began = gt_clock();
    gt_comm_patient(comm, true);
    gt_tell_allow(job->progress);
    gt_tell_start("opening the data", NULL, 0);
    gt_status st = gt_engine_open_all(&e, comm, job);
    if (!st) st = open_libraries_all(&e);
    if (!st) st = choose(&e, starter, start, &done);
    if (!st && !done) st = gt_journal_open_all(&e, &j);
    if (!st && !done) st = gt_run_begin_all(&e, &j, &done);
    if (st == GT_STOPPED) gt_info("%s", gt_message()); /* before it began */
    if (start && j.dir) snprintf(start->run, sizeof start->run, "%s", j.dir);
    if (!st && !done) {
        gt_sha256 state;
        j.end = end_of(job, began);
        st = gt_chain_take_up_all(&e, &j, &state);
        gt_journal_describe_all(&e, &j);
        if (comm->rank == 0) gt_comm_at_abort(write_abort, &at_abort);
        if (!st) st = gt_chain_begin_all(&e, &j, &state);
        if (!st) st = gt_comm_agree_all(comm, comm->rank == 0 ? gt_journal_warn_data(&e, &j) : GT_OK);
        if (!st) st = gt_engine_start_loader_all(&e);
        if (!st) st = train_all(&e, &j);
        if (comm->rank == 0 && (!st || st == GT_STOPPED)) gt_say_next(&e, j.dir, !st);
        gt_comm_at_abort(NULL, NULL);
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
    return st ? gt_fail(st, "%s", why) : GT_OK;
}
