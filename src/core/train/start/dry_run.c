/* SPDX-License-Identifier: Apache-2.0
 * --dry-run: how long the run would take, what it needs and what would be faster, then where that comes from: sizes of
 * the graphs, and two seconds of real steps (no more than the job has), or, where two steps take too long, pieces of
 * one. All that is measured is bounded by --dry-run-seconds on the clock, also where other programs have the cores.
 * --dry-run=quick prints the job and its sizes, and makes no step; --dry-run=job prints the job, --dry-run=speed
 * images a second. Nothing is written. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/machine.h"
#include "base/door/clock.h"
#include "gantry/job.h"
#include "gantry/log.h"
#include "gantry/progress.h"
#include "gantry/text.h"
#include "gantry/train.h"
#include "job/door/job.h"
#include "train/start/dry_run.h"

static size_t trainable(const gt_net *n) {
    size_t floats = 0;
    for (int k = 0; k < n->n_tensors; k++)
        if (n->tensors[k].trainable) floats += n->tensors[k].size;
    return floats;
}

/* Over all phases, each at its interval. */
static double flops_per_image(const gt_engine *e) {
    double flops = 0;
    for (int p = 0; p < e->model->n_phases; p++) flops += gt_engine_phase_flops(e, p) / e->model->phases[p].interval;
    return flops;
}

static gt_status print_job(const gt_engine *e) {
    GT_FREED char *text = gt_job_to_text(e->job);
    if (!text) return GT_NOMEM;
    gt_print_lines(text);
    gt_print("\n");
    gt_print_flush(stdout);
    return GT_OK;
}

static void print_memory(const gt_engine *e) {
    size_t once = gt_engine_in_common_bytes(e), pictures = gt_engine_picture_bytes(e);
    gt_print("memory      %.0f MB per rank, including %.0f MB for the graphs of a step",
             (double)gt_engine_rank_bytes(e) / 1e6, (double)e->arena_bytes / 1e6);
    if (pictures) gt_print("%s %.0f MB for decoded pictures", once ? "," : " and", (double)pictures / 1e6);
    if (once) gt_print(" and %.0f MB for its part of the memory that the ranks of a host share", (double)once / 1e6);
    gt_print("; rank 0 %.0f MB more while it writes a checkpoint\n", (double)gt_engine_checkpoint_bytes(e) / 1e6);
}

static void print_ranks(const gt_engine *e) {
    int slices = e->batches[0].slices.count;
    char text[256];
    if (gt_slices_tell_hosts(slices, e->comm->hosts, e->comm->ranks / e->comm->hosts, text, sizeof text))
        gt_print("hosts       %s\n", text);
    if (slices == (int)e->job->batch)
        gt_print("ranks       up to %d: one for each image of a batch; beyond that, give more threads per rank\n",
                 slices);
    else
        gt_print("ranks       up to %d, the number of slices of %d image%s; with --slices=%lld, a new run allows up to "
                 "that number (another recipe: the last bits differ)\n",
                 slices, e->model->slice_size, gt_plural(e->model->slice_size), (long long)e->job->batch);
}

static void print_sizes(const gt_engine *e) {
    const gt_model *m = e->model;
    for (int i = 0; i < m->n_nets; i++)
        gt_print("network %-3s %12zu parameters in %d tensors\n", m->nets[i]->name, trainable(m->nets[i]),
                 m->nets[i]->n_tensors);
    gt_print("arithmetic  %.2f Gflop per image (direct convolutions, all phases at their intervals)\n",
             flops_per_image(e) / 1e9);
    gt_print_flush(stdout);
}

/* Do other programs use the cores? */
typedef struct load {
    bool is;
    char text[96]; /* "other programs keep 1.8 of 2 cores busy" */
} load;

/* All ranks sleep meanwhile, so that they do not count as others. Rank 0's host is looked at. */
static void look_at_load_all(gt_comm *comm, load *out) {
    const double seconds = 0.5, much = 0.25; /* of the cores */
    gt_machine m;
    gt_comm_barrier_all(comm);
    double others = gt_machine_load_of_others(seconds);
    gt_machine_look(&m);
    out->is = others > much * m.processors;
    snprintf(out->text, sizeof out->text, "other programs keep %.1f of %d cores busy", others, m.processors);
}

/* How many checkpoints of so many bytes stay for audits alone at the end of a run of so many seconds. */
static int64_t checkpoints_for_audits(const gt_job *j, double bytes, double seconds) {
    double by_clock = j->checkpoint_minutes > 0 ? seconds / (60 * j->checkpoint_minutes) : 0;
    double made = fmax((double)gt_checkpoints_by_images(j), by_clock), newest = (double)j->keep, room = INFINITY;
    if (j->disk_cap > 0) room = fmax(0, 1e9 * j->disk_cap - newest * bytes);
    return (int64_t)fmax(0, fmin(made - newest, floor(fmin(1e6 * j->audit_disk, room) / bytes)));
}

static void print_disk(const gt_engine *e, double seconds) {
    double bytes = (double)gt_engine_checkpoint_bytes(e);
    int64_t older = checkpoints_for_audits(e->job, bytes, seconds);
    gt_print("disk        %.0f MB: %lld checkpoints of %.1f MB and space to write one more",
             (double)(e->job->keep + 1 + older) * bytes / 1e6, (long long)e->job->keep, bytes / 1e6);
    if (older) gt_print("; about %lld older one%s for audits (--audit-disk)", (long long)older, gt_plural(older));
    gt_print("; logs and pictures come on top\n");
}

/* What whoever asks wants to know, in five lines or so. */
static void print_answer(const gt_engine *e, double seconds_per_image, const load *busy, const gt_faster *faster) {
    double seconds = seconds_per_image * (double)e->job->total_images;
    char text[64];
    gt_print("time        %s for %.1f kimg, at %.2f images/s", gt_length_text(seconds, text),
             (double)e->job->total_images / 1000, 1 / seconds_per_image);
    if (e->comm->hosts > 1) gt_print("; %.4g node-hours", seconds / 3600 * e->comm->hosts);
    if (busy->is) gt_print("; %s, alone it is faster", busy->text);
    gt_print("\n");
    print_memory(e);
    print_disk(e, seconds);
    print_ranks(e);
    gt_faster_print(e, seconds_per_image, faster);
    gt_print("\n");
}

static void print_cost(const gt_engine *e, const gt_step_time *t) {
    char text[64];
    gt_print("measured    %.2f images/s, %.1f sec/kimg, %.1f Gflop/s on %s (arithmetic %s, instructions %s)\n",
             1 / t->per_image, 1000 * t->per_image, flops_per_image(e) / t->per_image / 1e9, e->comm->description,
             gt_kernel_set_arithmetic(e->model->kernels), gt_kernel_set_instructions(e->model->kernels));
    if (t->cut)
        gt_print("            cut short: a step takes about %s, and --dry-run-seconds=%g covered %.3g %% of a step.\n"
                 "            The rest is extrapolated; sums over ranks and updates are not counted\n",
                 gt_length_text(t->pieces.step, text), e->job->dry_run_seconds, 100 * t->pieces.part);
    gt_measurers_print_cost(e, t->per_image);
    gt_print_flush(stdout);
}

/* Networks to begin with are taken as training takes them. */
static gt_status transfer_all(gt_engine *e) {
    gt_checkpoint_file *f = NULL;
    gt_status st = GT_OK;
    if (!gt_comm_max_all(e->comm, e->job->resume_file != NULL)) return GT_OK; /* rank 0 alone knows */
    if (e->comm->rank == 0) f = gt_job_open_resumed(e->job, &st);
    st = gt_comm_agree_all(e->comm, st);
    GT_BUFFER gt_buffer said = {0};
    if (!st) st = gt_engine_transfer_all(e, f, &said);
    if (!st) gt_engine_log_transfer(&said);
    gt_checkpoint_close(f);
    return st;
}

/* Without a speed: what does not depend on it. */
static void print_answer_without_time(const gt_engine *e, const gt_step_time *t, const load *busy) {
    gt_print("time        could not be measured: --dry-run-seconds=%g covered only %.1g %% of a step; give more "
             "seconds, more "
             "cores, or a smaller network%s%s\n",
             e->job->dry_run_seconds, 100 * t->pieces.part, busy->is ? "; " : "", busy->is ? busy->text : "");
    print_memory(e);
    print_disk(e, 0);
    print_ranks(e);
    gt_print("\n");
}

/* Steps are made and timed. */
static gt_status measure_cost_all(gt_engine *e, const load *busy, const gt_starter *starter) {
    gt_step_time t;
    gt_faster faster;
    double limit = e->job->dry_run_seconds, end = gt_clock() + limit;
    gt_info("measuring steps for about %.2g seconds (pieces of a step, if steps take long) and faster choices; at most "
            "%g seconds (--dry-run=quick measures nothing)",
            fmin(GT_MEASURE_SECONDS, limit / 16), limit);
    gt_tell_start("measuring", NULL, 0);
    gt_status st = gt_engine_start_loader_all(e);
    if (!st) st = gt_time_steps_all(e, limit / 2, limit / 16, &t);
    if (!st) st = gt_measurers_measure_cost_all(e);
    bool known = !st && gt_step_time_is_known(&t);
    if (known) st = gt_faster_look_all(e, starter, t.per_image, end, &faster);
    gt_tell_end();
    if (!st && e->comm->rank == 0) {
        if (known) print_answer(e, t.per_image, busy, &faster);
        else print_answer_without_time(e, &t, busy);
        print_sizes(e);
        if (known) print_cost(e, &t);
    }
    return st;
}

static gt_status measure_speed_all(gt_engine *e) {
    gt_step_time t;
    gt_status st = gt_engine_start_loader_all(e);
    if (!st) st = gt_time_steps_all(e, e->job->dry_run_seconds, e->job->dry_run_seconds, &t);
    if (!st && e->comm->rank == 0) gt_print("%.4g\n", 1 / t.per_image);
    return st;
}

gt_status gt_train_dry_run_all(gt_comm *comm, gt_job *job, const gt_starter *starter, size_t *checkpoint_bytes) {
    gt_engine e;
    gt_journal j = {0};
    load busy = {0};
    bool quick = job->dry_run == GT_DRY_RUN_QUICK, alone = job->dry_run == GT_DRY_RUN_JOB,
         speed = job->dry_run == GT_DRY_RUN_SPEED;
    if (!quick && !alone && !speed) look_at_load_all(comm, &busy);
    if (busy.is && comm->rank == 0) gt_warn("%s: this measurement is slower than on idle cores", busy.text);
    gt_tell_start("opening the data", NULL, 0);
    gt_status st = gt_engine_open_all(&e, comm, job);
    gt_tell_end();
    if (!st && (quick || alone)) st = gt_comm_agree_all(comm, comm->rank == 0 ? print_job(&e) : GT_OK);
    *checkpoint_bytes = 0;
    if (alone) {
        gt_engine_close_all(&e);
        return st;
    }
    if (!st) st = gt_journal_open_all(&e, &j);
    if (!st) st = gt_comm_agree_all(comm, comm->rank == 0 ? gt_journal_warn_data(&e, &j) : GT_OK);
    gt_tell_start("preparing the graphs of a step", NULL, 0);
    if (!st) st = gt_engine_build_all(&e);
    if (!st) st = transfer_all(&e);
    gt_tell_end();
    if (!st && quick && comm->rank == 0) {
        print_sizes(&e);
        print_ranks(&e);
        print_memory(&e);
    }
    if (!st && !quick) st = speed ? measure_speed_all(&e) : measure_cost_all(&e, &busy, starter);
    if (!st) *checkpoint_bytes = gt_engine_checkpoint_bytes(&e);
    gt_journal_end(&e, &j);
    gt_engine_close_all(&e);
    return st;
}
