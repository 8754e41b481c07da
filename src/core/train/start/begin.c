/* SPDX-License-Identifier: Apache-2.0
 * How a run begins: a new directory, a run that is there and resumes, or a new run from another's networks. Rank 0
 * looks at the files; what it found is handed out, so that all ranks take the same way. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/door/log.h"
#include "runner/contents/door/contents.h"
#include "gantry/job.h"
#include "gantry/progress.h"
#include "gantry/stop.h"
#include "job/door/job.h"
#include "kernels/door/kernel_set.h"
#include "run/door/checkpoint_internal.h"
#include "train/ticks/decider.h"
#include "train/door/measurer.h"
#include "train/journal/journal.h"

/* The directory of the run, made if it is not there. */
static gt_status find_directory(gt_engine *e, gt_journal *j) {
    gt_job *job = e->job;
    j->made_outdir = !*job->run && access(job->outdir, F_OK);
    j->made_dir = !*job->run || access(job->run, F_OK);
    char *dir = *job->run ? strdup(job->run) : gt_rundir_new(job->outdir, gt_job_description(job));
    if (!dir) return GT_FAILED;
    j->dir = dir;
    gt_status st = gt_rundir_prepare(dir, 0);
    if (st) return st;
    st = gt_lock_take(&j->lock, dir, &(gt_lock_options){.stop = gt_stop_requested});
    j->anew = gt_run_begins_anew(job); /* then all that a run would replace is set aside */
    if (!st && job->restart && !j->anew)
        gt_info("this job was requeued and has already started over: it resumes, despite --restart");
    if (!st && !j->anew) st = gt_job_check_folder(dir);
    /* Made for a run that has ended, by a crash perhaps: this one would stop after a step. */
    if (!st && gt_rundir_stop(dir)) gt_info("removed an old file `stop` in '%s'", dir);
    if (!st && gt_rundir_checkpoint(dir)) gt_info("removed an old file `checkpoint` in '%s'", dir);
    return st;
}

/* A start that fails leaves no directory behind that has nothing in it. */
static void leave_directory(gt_engine *e, gt_journal *j) {
    gt_lock_release(j->lock);
    j->lock = NULL;
    if (j->dir && j->made_dir && rmdir(j->dir) == 0 && j->made_outdir) rmdir(e->job->outdir);
}

/* Is what the run was begun with the same job? A difference is a table on stderr and an error. */
static gt_status compare_jobs(gt_engine *e, gt_journal *j, gt_job *before, const gt_checkpoint_file *f) {
    int differences = gt_job_compare(before, "the run", e->job, "now", stderr);
    if (gt_arena_failed(before->arena) || gt_arena_failed(e->job->arena))
        return gt_fail(GT_NOMEM, "out of memory comparing two jobs");
    bool same_data = true;
    gt_status st = f ? gt_journal_same_pictures(e, j, f, &same_data) : GT_OK;
    if (st) return st;
    if (!differences && same_data) return GT_OK;
    return gt_fail(GT_USAGE,
                   "%s was begun with another job (see the table): give the same values, or another --run%s%s%s",
                   j->dir, f ? "; --resume=" : "", f ? j->dir : "", f ? " begins a new run from its networks" : "");
}

static gt_status check_same_job(gt_engine *e, gt_journal *j, const gt_checkpoint_file *f) {
    gt_job *before = NULL;
    gt_status st = GT_OK;
    if (f) {
        const gt_checkpoint_about *about = gt_checkpoint_info(f);
        before = gt_job_from_recipe_text(about->recipe, gt_checkpoint_path(f));
        st = before ? compare_jobs(e, j, before, f) : GT_FORMAT;
    } else {
        char *text, name[4200];
        st = gt_rundir_read(j->dir, "job.ini", &text);
        if (!text) return st; /* stopped before it had written anything */
        before = gt_job_new();
        snprintf(name, sizeof name, "%s/job.ini", j->dir);
        st = before ? gt_job_read_text(before, text, name) : GT_NOMEM;
        if (st == GT_USAGE) st = GT_FORMAT; /* nobody typed it */
        if (!st) before->goes_on = true, gt_job_take_data(before, e->job);
        if (!st) st = gt_job_inherit_found(before, e->job); /* job.ini does not have it */
        if (!st)
            st = gt_job_resolve(before, e->job->height, e->job->width, e->job->channels,
                                gt_job_label_width(e->job, e->info), e->info->stored);
        if (!st) st = compare_jobs(e, j, before, NULL);
        free(text);
    }
    gt_job_free(before);
    return st;
}

/* A run that begins: do its options need the networks of another run? */
static gt_status check_source(const gt_job *job) {
    static const char *const keys[] = {"freeze", "new-head", "trunk-lrate"};
    const char *base = gt_job_adds_to(job);
    const char *tunes = job->family->tunes ? job->family->tunes(job) : NULL;
    if (base && !job->resumes)
        return gt_fail(GT_USAGE, "--model=%s learns the codes of a trained '%s': --resume=CHECKPOINT or --resume=RUN",
                       job->model, base);
    if (tunes && !job->resumes)
        return gt_fail(GT_USAGE, "%s tunes a trained network: --resume=CHECKPOINT or --resume=RUN", tunes);
    for (size_t i = 0; i < sizeof keys / sizeof *keys && !job->resumes; i++)
        if (gt_job_given(job, keys[i]))
            return gt_fail(GT_USAGE, "--%s needs a trained network to begin with: --resume=CHECKPOINT or --resume=RUN",
                           keys[i]);
    return GT_OK;
}

/* Rank 0: the checkpoint to resume from, NULL for none: a new run. */
static gt_status find_run(gt_engine *e, gt_journal *j, gt_checkpoint_file **file) {
    if (j->anew) return GT_OK;
    *file = e->recorded; /* read before the run was this one's */
    e->recorded = NULL;
    gt_status st = gt_checkpoint_newest_still(j->dir, file);
    if (!st && !*file && gt_rundir_lost_checkpoints(j->dir))
        return gt_fail(GT_FAILED,
                       "the checkpoints of %s are missing: put one back, or start over with --restart (the logs and "
                       "pictures are kept in a subfolder)",
                       j->dir);
    return st ? st : check_same_job(e, j, *file);
}

static gt_status set_run_aside(gt_journal *j, char **aside) {
    gt_status st = gt_rundir_set_aside(j->dir, aside);
    if (!st) st = gt_rundir_note_restart(j->dir);
    if (!st && *aside) gt_info("starting over: the old run is kept in %s", *aside);
    return st;
}

/* `aside`: the folder of the run before, where it was set aside; else NULL. */
static gt_status open_ledger(gt_journal *j, const char *aside) {
    gt_ledger_line line = {.event = GT_LEDGER_RESTART};
    char name[GT_NAME_BYTES];
    if (!(j->ledger = gt_ledger_open(j->dir))) return GT_FAILED;
    if (gt_ledger_check(gt_ledger_past(j->ledger), j->dir, NULL)) gt_warn("%s", gt_message());
    if (!aside) return GT_OK;
    gt_path_name(aside, name);
    line.folder = name;
    gt_ledger_lines *before = gt_ledger_read(aside);
    const gt_ledger_line *head = before ? gt_ledger_head(before) : NULL;
    if (head) line.has_head = true, line.head = head->head;
    gt_ledger_lines_free(before);
    gt_journal_note(j, &line, true);
    return GT_OK;
}

/* The first arithmetic from `wanted` on, and then from the first on, that all ranks have, with this rank's instructions
 * for it; NULL: there is none. */
static const gt_kernel_set *common_kernels_all(gt_comm *c, const gt_kernel_set *set, gt_arithmetic wanted) {
    const gt_kernel_set *common = NULL;
    for (int i = 0; i < GT_ARITHMETIC_COUNT; i++) {
        gt_arithmetic a = (gt_arithmetic)((wanted + i) % GT_ARITHMETIC_COUNT);
        const gt_kernel_set *s = gt_kernel_set_with_arithmetic(set, a);
        if (!gt_comm_max_all(c, !s) && !common) common = s;
    }
    return common;
}

/* A run resumes with the arithmetic that made its checkpoint; where a CPU does not allow that, bits change, and it is
 * said. A new run takes rank 0's, since launchers need not pass the environment on. Instructions are each rank's own:
 * they change no bit. */
static gt_status choose_kernels_all(gt_engine *e, const gt_checkpoint_file *f) {
    const gt_kernel_set *own = gt_kernel_set_or_best(e->job->kernels), *set = own;
    char wanted[GT_KERNEL_SET_BYTES];
    snprintf(wanted, sizeof wanted, "%s", f ? gt_checkpoint_info(f)->kernel_set : own->id);
    gt_comm_broadcast_all(e->comm, wanted, sizeof wanted, 0);
    bool adopted = gt_kernel_set_adopt(wanted, &set) == GT_OK && gt_kernel_set_has_bits(wanted, GT_BITS_OF_TRAINING);
    if (f && own->conv != GT_CONV_AUTO && own->conv != set->conv && e->comm->rank == 0)
        gt_warn("GT_CONV=%s has no effect: a resumed run keeps its convolutions (%s)", gt_conv_modes[own->conv],
                set->id);
    bool lacking = gt_comm_max_all(e->comm, !adopted), recorded = gt_comm_max_all(e->comm, f != NULL);
    int first = set->arithmetic; /* of rank 0, whose own it is, or the recorded one */
    gt_comm_broadcast_all(e->comm, &first, sizeof first, 0);
    e->job->kernels = set = common_kernels_all(e->comm, set, (gt_arithmetic)first);
    if (!set)
        return gt_fail(GT_FAILED, "the ranks have no arithmetic in common: some CPUs or builds have no fused "
                                  "multiply-adds; compare `gantry version` on all hosts");
    if (lacking && recorded && e->comm->rank == 0)
        gt_warn("the checkpoint has the arithmetic %s, which not all ranks have: resuming with %s, so bits will differ",
                wanted, set->id);
    else if (lacking) gt_info("arithmetic: %s on all ranks, since not all of them have %s", set->id, wanted);
    int most = gt_comm_max_all(e->comm, (int)set->isa), least = gt_comm_min_all(e->comm, (int)set->isa);
    if (most > least)
        gt_info("instructions: each rank's own, %s to %s; they affect only speed",
                gt_kernel_set_with_isa(set, (gt_isa)least)->instructions,
                gt_kernel_set_with_isa(set, (gt_isa)most)->instructions);
    return GT_OK;
}

/* A resumed run has the steps that its events have. */
static gt_status keep_tensorboard_step(gt_engine *e, const gt_journal *j) {
    GT_FREED char *text = NULL;
    if (gt_job_given(e->job, "tensorboard-step")) return GT_OK;
    gt_status st = gt_rundir_read(j->dir, "job.ini", &text);
    gt_job *before = text ? gt_job_new() : NULL;
    bool known = before && !gt_job_read_text(before, text, "job.ini");
    e->job->tensorboard_step = known ? before->tensorboard_step : GT_EVENTS_BY_IMAGES;
    if (before) gt_job_free(before);
    return st;
}

gt_status gt_journal_open_logs(gt_engine *e, gt_journal *j) {
    char path[4200];
    snprintf(path, sizeof path, "%s/log.txt", j->dir);
    gt_log_close();
    gt_runlog_close(j->log);
    j->log = NULL;
    if (gt_log_cut_back(path, e->shown) || !gt_log_open(path)) return GT_FAILED;
    if (gt_metric_lines_cut_back(j->dir, e->shown)) gt_warn("%s", gt_message());
    GT_FREED char *text = gt_job_to_text(e->job);
    if (text)
        j->log = gt_runlog_open(j->dir, e->shown,
                                &(gt_runlog_options){.swmr = e->job->log_swmr,
                                                     .step_in_images = e->job->tensorboard_step == GT_EVENTS_BY_IMAGES,
                                                     .job = text});
    if (!j->log) return GT_FAILED;
    return GT_OK;
}

gt_status gt_journal_take_past_all(gt_engine *e, gt_journal *j) {
    bool first = e->comm->rank == 0;
    if (first) gt_tick_take_past(e, j);
    gt_status st = gt_deciders_begin_all(e, j);
    if (st) return st;
    gt_measurers_begin_all(e, j);
    if (first) gt_late_begin(e, j);
    return GT_OK;
}

/* A job file that somebody has laid into the folder of a run that begins, before the run's own takes its place. */
static gt_status keep_given_job(const gt_engine *e, const gt_journal *j) {
    static const char name[] = "job-given.ini";
    GT_FREED char *given = NULL, *kept = NULL;
    gt_status st = e->resumed ? GT_OK : gt_rundir_read(j->dir, "job.ini", &given);
    bool keep = given && !gt_job_is_resolved_text(given);
    if (keep) st = gt_rundir_read(j->dir, name, &kept);
    bool free_name = kept ? !strcmp(kept, given) : !keep || !gt_folder_has(j->dir, name);
    if (!st && !free_name)
        st = gt_fail(GT_USAGE,
                     "%s/job.ini is your job file, but the run writes its own file there: rename yours (it cannot be "
                     "kept as %s, which already exists)",
                     j->dir, name);
    else if (!st && keep && !kept) st = gt_rundir_write(j->dir, name, given);
    if (!st && keep) gt_info("the run writes its own %s/job.ini: your file is kept as %s", j->dir, name);
    return st;
}

/* The run's own job. A link that a run finds when it begins leads to somebody's file: the link is replaced. */
static gt_status write_job(const gt_engine *e, const gt_journal *j) {
    static const char name[] = "job.ini", fresh[] = "job.ini.00000000.part"; /* a half: base/door/file.h */
    struct stat s;
    char path[4200], *text = gt_job_to_text(e->job);
    snprintf(path, sizeof path, "%s/%s", j->dir, name);
    bool link = !e->resumed && !lstat(path, &s) && S_ISLNK(s.st_mode);
    gt_status st = text ? gt_rundir_write(j->dir, link ? fresh : name, text) : GT_NOMEM;
    if (!st && link) st = gt_rundir_move(j->dir, fresh, j->dir, name);
    free(text);
    return st;
}

static gt_status open_files(gt_engine *e, gt_journal *j) {
    char *aside = NULL;
    gt_status st = j->anew ? set_run_aside(j, &aside) : keep_given_job(e, j);
    /* before all else: by its job a folder is known as that of a run */
    if (!st) st = write_job(e, j);
    if (!st) st = gt_journal_open_logs(e, j);
    if (!st) st = open_ledger(j, aside);
    free(aside);
    if (st) return st;
    j->seconds_before = e->shown ? gt_runlog_last(j->log, "Timing/total_sec") : 0;
    gt_keep keep = {.newest = (int)e->job->keep,
                    .every = llround(1000 * e->job->keep_every),
                    .audit = 1e6 * e->job->audit_disk,
                    .bytes = 1e9 * e->job->disk_cap};
    j->saver = gt_saver_new(j->dir, &keep, j->ledger);
    return j->saver ? GT_OK : GT_FAILED;
}

/* Rank 0: which data are these? */
static gt_status identify(gt_engine *e, gt_journal *j) {
    gt_hash_hex(e->fingerprint, j->fingerprint);
    gt_status st = gt_dataset_look(e->data, e->pool, &j->look);
    if (!st && !j->look.unreadable) gt_hash_hex(j->look.pictures, j->pictures);
    return st;
}

gt_status gt_journal_open_all(gt_engine *e, gt_journal *j) {
    gt_tell_start("checking the data", NULL, 0);
    return gt_comm_agree_all(e->comm, e->comm->rank ? GT_OK : identify(e, j));
}

void gt_journal_end(gt_engine *e, gt_journal *j) {
    gt_saver_free(j->saver);
    gt_ledger_close(j->ledger);
    if (j->log) gt_measurers_settle(e, j);
    gt_runlog_close(j->log);
    gt_lock_release(j->lock);
    gt_journal_forget_pictures(j);
    gt_values_clear(&j->measured);
    gt_values_clear(&j->logged);
    free(j->dir);
}

/* Has the last start made the run another length? */
static void say_jump(const gt_engine *e, const gt_journal *j) {
    const gt_ledger_lines *past = gt_ledger_past(j->ledger);
    int i = past->n;
    while (i > 0 && past->line[i - 1].event != GT_LEDGER_START) i--;
    if (i > 0 && !gt_engine_finished(e)) gt_engine_say_jump(e, past->line[i - 1].total);
}

gt_status gt_run_begin_all(gt_engine *e, gt_journal *j, bool *done) {
    bool first = e->comm->rank == 0, transfers = e->job->resumes;
    gt_checkpoint_file *file = NULL, *source = NULL;
    gt_buffer said = {0};
    gt_status st = GT_OK;
    *done = false;
    if (first) {
        st = find_directory(e, j);
        if (!st) st = find_run(e, j, &file);
        if (!st && !file) st = check_source(e->job);
        if (!st && !file) st = gt_look_check_range(&j->look, e->info, e->job->data);
        if (!st && !file && transfers) {
            source = gt_job_open_resumed(e->job, &st);
            if (st) gt_wrap(st, "--resume");
        }
        if (source) st = gt_engine_compare_meaning(e, source);
        if (source && !st) st = gt_contents_root_of_file(gt_checkpoint_path(source), &j->source);
        j->has_source = source && !st;
    }
    int found = file ? 1 : source ? 2 : 0;
    if ((st = gt_comm_agree_all(e->comm, st))) goto end;
    if ((st = choose_kernels_all(e, file))) goto end;
    gt_comm_broadcast_all(e->comm, &found, sizeof found, 0);

    e->resumed = found == 1;
    gt_tell_start("preparing the graphs of a step", NULL, 0);
    if ((st = gt_engine_build_all(e))) goto end;
    /* Now it is known how large a checkpoint will be. */
    if ((st = gt_comm_agree_all(e->comm, first ? gt_rundir_prepare(j->dir, gt_engine_checkpoint_bytes(e)) : GT_OK)))
        goto end;
    if (found) gt_tell_start("reading the checkpoint", NULL, 0);
    if (found == 1) st = gt_engine_load_all(e, file);
    else if (found == 2) st = gt_engine_transfer_all(e, source, &said);
    if (st) goto end;

    if (first) {
        st = found == 1 ? keep_tensorboard_step(e, j) : GT_OK;
        if (!st) st = open_files(e, j);
    }
    st = gt_comm_agree_all(e->comm, st);
    if (!st) st = gt_journal_take_past_all(e, j);
    if (first) {
        gt_engine_log_transfer(&said);
        if (!st && found == 1 && e->shown < e->job->total_images && !e->stopped_early)
            gt_info("resuming %s at %.1f kimg (%s)", j->dir, (double)e->shown / 1000, gt_checkpoint_path(file));
        if (!st && found == 1) say_jump(e, j);
    }
    bool trained = !st && found == 1 && gt_engine_finished(e);
    const char *ends = gt_engine_rate_ends(e);
    int owed = !st && found == 1 && first && gt_owed_look(e, j, trained);
    gt_comm_broadcast_all(e->comm, &owed, sizeof owed, 0);
    bool late = trained && gt_late_is_missing_all(e, j);
    *done = trained && !late && !owed;
    if (late && first) gt_info("%s is fully trained: computing the missing metrics of its last checkpoint", j->dir);
    else if (trained && owed && first) gt_info("%s is fully trained: writing the missing files", j->dir);
    if (*done && first && e->stopped_early)
        gt_log_also_quiet("%s is finished, for that reason%s", j->dir,
                          e->job->early_stopping ? "; to train it further, give a larger --early-stopping (0: none)"
                                                 : "");
    else if (*done && first)
        gt_log_also_quiet(
            "%s is finished: %.1f kimg of this job are trained; to train it further, give a larger --kimg, --steps "
            "or --epochs%s%s%s",
            j->dir, (double)e->shown / 1000, ends ? " in a new run: --schedule=" : "", ends ? ends : "",
            ends ? " ends with this one" : "");
end:
    if (st) leave_directory(e, j);
    gt_buffer_free(&said);
    gt_checkpoint_close(file);
    gt_checkpoint_close(source);
    return st;
}
