/* SPDX-License-Identifier: Apache-2.0
 * How a run begins: a new directory, a run that is there and goes on, or a new run from another's networks. Rank 0 looks at the
 * files; what it found is handed out, so that all ranks take the same way. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gantry/log.h"
#include "kernels/conv.h"
#include "kernels/isa.h"
#include "kernels/kernel_set.h"
#include "train/stop.h"
#include "train/trainer.h"

/* The directory of the run, made if it is not there. */
static gt_status find_directory(gt_trainer *t) {
    gt_job *job = t->job;
    t->made_outdir = !*job->run && access(job->outdir, F_OK);
    t->made_dir = !*job->run || access(job->run, F_OK);
    char *dir = *job->run ? strdup(job->run) : gt_rundir_new(job->outdir, gt_job_description(job));
    if (!dir) return GT_FAILED;
    t->dir = dir;
    gt_status st = gt_rundir_prepare(dir, 0);
    if (st) return st;
    st = gt_lock_take(&t->lock, dir, &(gt_lock_options){.stop = gt_stop_requested});
    /* Made for a run that has ended, by a crash perhaps: this one would stop after a step. */
    if (!st && gt_rundir_stop(dir)) gt_info("removed a file `stop` from before the start in '%s'", dir);
    return st;
}

/* A start that fails leaves no directory behind that has nothing in it. */
static void leave_directory(gt_trainer *t) {
    gt_lock_release(t->lock);
    t->lock = NULL;
    if (t->dir && t->made_dir && rmdir(t->dir) == 0 && t->made_outdir) rmdir(t->job->outdir);
}

/* Is what the run was begun with the same job? A difference is a table on stderr and an error. */
static gt_status compare_jobs(gt_trainer *t, gt_job *before, const gt_checkpoint_file *f) {
    int differences = gt_job_compare(before, "the run", t->job, "now", stderr);
    if (gt_arena_failed(before->arena) || gt_arena_failed(t->job->arena)) return gt_fail(GT_NOMEM, "out of memory comparing two jobs");
    bool same_data = true;
    gt_status st = f ? gt_trainer_same_pictures(t, f, &same_data) : GT_OK;
    if (st) return st;
    if (!differences && same_data) return GT_OK;
    return gt_fail(GT_FAILED, "%s was begun with another job (see the table): give the same values, or another --run; --resume=%s begins a new run from its networks",
                   t->dir, t->dir);
}

static gt_status check_same_job(gt_trainer *t, const gt_checkpoint_file *f) {
    gt_job *before = NULL;
    gt_status st = GT_OK;
    if (f) {
        const gt_checkpoint_about *about = gt_checkpoint_info(f);
        before = gt_job_from_recipe_text(about->recipe, gt_checkpoint_path(f));
        st = before ? compare_jobs(t, before, f) : GT_FORMAT;
    } else {
        char *text = gt_rundir_read(t->dir, "job.ini"), name[4200];
        if (!text) return GT_OK; /* stopped before it had written anything */
        before = gt_job_new();
        snprintf(name, sizeof name, "%s/job.ini", t->dir);
        st = before ? gt_job_read_text(before, text, name) : GT_NOMEM;
        if (st == GT_USAGE) st = GT_FORMAT; /* nobody typed it */
        if (!st) before->colours = t->job->colours;
        if (!st) st = gt_job_resolve(before, t->job->height, t->job->width, t->job->channels, t->info->stored_label_width, t->info->stored);
        if (!st) st = compare_jobs(t, before, NULL);
        free(text);
    }
    gt_job_free(before);
    return st;
}

/* Rank 0: the checkpoint to go on from, NULL for none: a new run. */
static gt_status find_run(gt_trainer *t, gt_checkpoint_file **file) {
    bool again = t->job->restart && gt_rundir_restarted(t->dir);
    if (again) gt_info("this job was requeued, and has begun anew already: it goes on, whatever --restart says");
    t->anew = t->job->restart && !again;
    if (t->anew) return GT_OK;
    gt_status st = gt_checkpoint_newest(t->dir, file);
    if (!st && !*file && gt_rundir_lost_checkpoints(t->dir))
        return gt_fail(GT_FAILED, "the checkpoints of %s are gone: put one back, or begin anew with --restart (its logs and pictures are kept in a subfolder)", t->dir);
    return st ? st : check_same_job(t, *file);
}

static gt_status set_run_aside(gt_trainer *t) {
    char *aside;
    gt_status st = gt_rundir_set_aside(t->dir, &aside);
    if (!st) st = gt_rundir_note_restart(t->dir);
    if (!st && aside) gt_info("beginning anew: the run before is kept in %s", aside);
    free(aside);
    return st;
}

/* The kernels that made a checkpoint go on with it; where a CPU (or GT_ISA) does not allow them, bits change, and it is said. A new run
 * takes rank 0's, since launchers need not pass the environment on. In a mixed allocation all ranks use the most that every one has. */
static gt_status agree_on_kernels(gt_trainer *t, const gt_checkpoint_file *f) {
    char wanted[GT_KERNEL_SET_BYTES];
    snprintf(wanted, sizeof wanted, "%s", f ? gt_checkpoint_info(f)->kernel_set : gt_kernel_set_id());
    gt_comm_broadcast_all(t->comm, wanted, sizeof wanted, 0);
    bool adopted = gt_kernel_set_adopt(wanted) == GT_OK;
    const char *mode = getenv("GT_CONV");
    if (f && mode && *mode && strcmp(mode, gt_conv_mode()) && t->comm->rank == 0)
        gt_warn("GT_CONV=%s has no effect: a run goes on with the kernels it was begun with (%s)", mode, gt_kernel_set_id());
    gt_isa mine = gt_isa_now() < gt_isa_most() ? gt_isa_now() : gt_isa_most();
    int least = GT_ISA_COUNT - gt_comm_max_all(t->comm, GT_ISA_COUNT - (int)mine);
    bool lacking = gt_comm_max_all(t->comm, !adopted || mine != gt_isa_now()), recorded = gt_comm_max_all(t->comm, f != NULL);
    bool mixed = gt_comm_max_all(t->comm, least != (int)gt_isa_most()) && !recorded;
    gt_status st = gt_isa_set(gt_isa_name((gt_isa)least));
    if (lacking && recorded && t->comm->rank == 0)
        gt_warn("the checkpoint was made with kernels %s, which are not to be had on all ranks: going on with %s, bits will differ", wanted, gt_kernel_set_id());
    else if (mixed)
        gt_info("kernels: %s on all ranks, the most that all of them have", gt_isa_name((gt_isa)least));
    return st;
}

gt_status gt_trainer_open_logs(gt_trainer *t) {
    char path[4200];
    snprintf(path, sizeof path, "%s/log.txt", t->dir);
    gt_log_close();
    gt_runlog_close(t->log);
    t->log = NULL;
    if (gt_log_cut_back(path, t->shown) || !gt_log_open(path)) return GT_FAILED;
    if (!(t->log = gt_runlog_open(t->dir, t->shown, t->job->log_swmr))) return GT_FAILED;
    gt_trainer_best_begin(t);
    gt_trainer_watch_begin(t);
    return GT_OK;
}

static gt_status open_files(gt_trainer *t) {
    gt_status st = t->anew ? set_run_aside(t) : GT_OK;
    if (!st) st = gt_trainer_open_logs(t);
    if (st) return st;
    gt_keep keep = {.newest = (int)t->job->keep, .every = llround(1000 * t->job->keep_every), .bytes = 1e9 * t->job->disk_cap};
    if (!(t->saver = gt_saver_new(t->dir, &keep))) return GT_FAILED;
    char *text = gt_job_to_text(t->job);
    st = text ? gt_rundir_write(t->dir, "job.ini", text) : GT_NOMEM;
    free(text);
    return st;
}

gt_status gt_trainer_begin(gt_trainer *t, bool *done) {
    bool first = t->comm->rank == 0, transfers = t->job->resumes;
    gt_checkpoint_file *file = NULL, *source = NULL;
    gt_status st = GT_OK;
    *done = false;
    if (first) {
        st = find_directory(t);
        if (!st) st = find_run(t, &file);
        if (!st && !file && transfers) {
            source = gt_checkpoint_open(t->job->resume_file ? t->job->resume_file : t->job->resume, &st);
            if (st) gt_wrap(st, "--resume");
        }
        if (source) st = gt_trainer_compare_meaning(t, source);
    }
    int found = file ? 1 : source ? 2 : 0;
    if ((st = gt_comm_agree_all(t->comm, st)) || (st = gt_comm_agree_all(t->comm, agree_on_kernels(t, file)))) goto end;
    gt_comm_broadcast_all(t->comm, &found, sizeof found, 0);

    if ((st = gt_trainer_build(t))) goto end;
    /* Now it is known how large a checkpoint will be. */
    if ((st = gt_comm_agree_all(t->comm, first ? gt_rundir_prepare(t->dir, gt_trainer_checkpoint_bytes(t)) : GT_OK))) goto end;
    if (found == 1)
        st = gt_trainer_load(t, file);
    else if (found == 2)
        st = gt_trainer_transfer(t, source);
    if (st) goto end;

    if (first) {
        st = open_files(t);
        if (!st && found == 1 && t->shown < t->job->total_images)
            gt_info("going on with %s at %.1f kimg (%s)", t->dir, (double)t->shown / 1000, gt_checkpoint_path(file));
    }
    st = gt_comm_agree_all(t->comm, st);
    *done = !st && found == 1 && gt_trainer_finished(t);
    if (*done && first) gt_info("%s is finished: %.1f kimg of this job are trained; a longer --kimg trains it further", t->dir, (double)t->shown / 1000);
end:
    if (st) leave_directory(t);
    gt_checkpoint_close(file);
    gt_checkpoint_close(source);
    return st;
}
