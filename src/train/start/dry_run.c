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
#include "gantry/network.h"
#include "gantry/pool.h"
#include "gantry/progress.h"
#include "gantry/text.h"
#include "gantry/train.h"
#include "job/door/job.h"
#include "train/start/choice.h"
#include "train/measure/measurer.h"

enum { MEASURE_SECONDS = 2 };

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

/* Seconds of steps so far: of each phase, and of what is outside of them. */
typedef struct step_times {
    double phase[GT_MAX_PHASES], rest;
    int made[GT_MAX_PHASES], steps;
} step_times;

static gt_status time_step_all(gt_engine *e, step_times *t) {
    double start = gt_clock();
    uint32_t step = e->step;
    gt_status st = gt_engine_step_all(e);
    t->rest += gt_clock() - start;
    t->steps++;
    for (int p = 0; p < e->model->n_phases; p++) {
        if (step % (uint32_t)e->model->phases[p].interval) continue;
        t->phase[p] += e->phases[p].seconds;
        t->rest -= e->phases[p].seconds;
        t->made[p]++;
    }
    return st;
}

/* Seconds per image, phases weighted by how often they run. The first step touches memory for the first time and does
 * not count: it is made again, with all its phases, and then as many as fit into the time. */
static gt_status measure_steps_all(gt_engine *e, double *seconds_per_image) {
    step_times t = {.rest = 0};
    gt_status st = gt_engine_step_all(e);
    e->step = 0;
    e->shown = 0;
    double start = gt_clock();
    for (int more = 1; more && !st; gt_comm_broadcast_all(e->comm, &more, sizeof more, 0)) {
        st = time_step_all(e, &t);
        more = gt_clock() - start < MEASURE_SECONDS && !gt_engine_finished(e);
    }
    *seconds_per_image = t.steps ? fmax(0, t.rest) / t.steps : 0;
    for (int p = 0; p < e->model->n_phases; p++)
        if (t.made[p]) *seconds_per_image += t.phase[p] / t.made[p] / e->model->phases[p].interval;
    *seconds_per_image /= (double)e->job->batch;
    return st;
}

/* Pieces of a step first: they say whether there is time for two whole ones. *cut: there was not. `limit`: seconds. */
static gt_status measure_all(gt_engine *e, double limit, double *seconds_per_image, gt_rehearsal *pieces, bool *cut) {
    const double for_pieces = 0.75;
    double start = gt_clock();
    gt_status st = gt_engine_rehearse_all(e, for_pieces * limit, pieces);
    if (st) return st;
    *seconds_per_image = pieces->per_image;
    *cut = 2 * pieces->step > limit - (gt_clock() - start);
    gt_comm_broadcast_all(e->comm, cut, sizeof *cut, 0);
    return *cut ? GT_OK : measure_steps_all(e, seconds_per_image);
}

/* "35 seconds", "12.3 minutes", "7234.0 hours (301.4 days)" */
static const char *length_text(double seconds, char text[64]) {
    const double minute = 60, hour = 3600, day = 86400;
    if (seconds < 2 * minute) snprintf(text, 64, "%.0f second%s", seconds, gt_plural(llrint(seconds)));
    else if (seconds < 2 * hour) snprintf(text, 64, "%.1f minutes", seconds / minute);
    else snprintf(text, 64, "%.1f hours (%.1f days)", seconds / hour, seconds / day);
    return text;
}

static gt_status print_job(const gt_engine *e) {
    char *text = gt_job_to_text(e->job);
    if (!text) return GT_NOMEM;
    gt_print_lines(text);
    gt_print("\n");
    gt_print_flush(stdout);
    free(text);
    return GT_OK;
}

static void print_memory(const gt_engine *e) {
    size_t once = gt_engine_in_common_bytes(e);
    gt_print("memory      %.0f MB a rank, of which %.0f MB for the graphs of a step",
             (double)(e->arena_bytes + gt_engine_network_bytes(e) + e->measurer_bytes) / 1e6,
             (double)e->arena_bytes / 1e6);
    if (once) gt_print(" and %.0f MB its part of what the ranks of a host have once", (double)once / 1e6);
    gt_print("; rank 0 %.0f MB more while it writes a checkpoint\n", (double)gt_engine_checkpoint_bytes(e) / 1e6);
}

static void print_ranks(const gt_engine *e) {
    int slices = e->batches[0].slices.count;
    if (slices == (int)e->job->batch)
        gt_print("ranks       up to %d: one for each image of a batch; beyond that more threads a rank\n", slices);
    else
        gt_print("ranks       up to %d: the batch is cut into so many slices of %d image%s; with --slices=%lld a new "
                 "run takes up to as many\n",
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

/* The same data with a smaller network of the same family, by the family's advice; its speed is measured as that of
 * this one. */
typedef struct smaller {
    const char *options; /* "--cfg=cpu"; NULL: there is none, or this job is that already */
    double seconds_per_image, kimg;
} smaller;

static const char *advised_size(const gt_job *job) {
    for (const gt_named *a = job->family->advice; a && a->name; a++)
        if (gt_is(a->name, "slow")) return a->text;
    return NULL;
}

/* What was given of the job, and these options in place of its own; *other: it is another job then. */
static gt_status job_with(const gt_job *job, const char *options, gt_job **out, bool *other) {
    char *text = gt_job_to_text(job), *list = strdup(options), *rest = list, *word;
    *out = text && list ? gt_job_new() : NULL;
    gt_status st = *out ? gt_job_read_text(*out, text, "the job") : GT_NOMEM;
    for (int i = 0; !st && i < job->options.n; i++)
        if (!gt_job_given(job, job->options.rows[i].key)) gt_options_forget(&(*out)->options, job->options.rows[i].key);
    *other = false;
    while (!st && (word = strtok_r(rest, " ", &rest))) {
        char *value = strchr(word, '=');
        *value++ = 0;
        const char *now = gt_job_value(job, word + 2);
        *other |= !now || strcmp(now, value);
        st = gt_options_set(&(*out)->options, word + 2, value, NULL);
    }
    if (!st) (*out)->threads = job->threads, (*out)->dry_run = job->dry_run;
    free(text);
    free(list);
    return st;
}

/* Of new runs of more than a day, where there is time until `end`. A network that cannot be measured, or is hardly
 * faster, is not proposed. */
static gt_status measure_smaller_all(const gt_engine *e, double end, double seconds_per_image, smaller *out) {
    const double day = 86400, seconds = seconds_per_image * (double)e->job->total_images, faster = 1.5;
    const char *options = advised_size(e->job);
    gt_rehearsal pieces;
    gt_job *job = NULL;
    bool other = false, cut;
    *out = (smaller){0};
    int wanted = options && !e->goes_on && seconds > day && gt_clock() < end; /* as rank 0 has measured */
    gt_comm_broadcast_all(e->comm, &wanted, sizeof wanted, 0);
    if (!wanted) return GT_OK;
    gt_status st = gt_comm_agree_all(e->comm, job_with(e->job, options, &job, &other));
    gt_engine small = {0};
    if (!st && other) {
        st = gt_engine_open_all(&small, e->comm, job);
        if (!st) st = gt_engine_build_all(&small);
        if (!st) st = gt_engine_start_loader_all(&small);
        if (!st) st = measure_all(&small, fmax(0, end - gt_clock()) / 2, &out->seconds_per_image, &pieces, &cut);
        if (!st && faster * out->seconds_per_image < seconds_per_image)
            out->options = options, out->kimg = (double)job->total_images / 1000;
        gt_engine_close_all(&small);
    }
    gt_job_free(job);
    return st == GT_USAGE ? GT_OK : st;
}

/* Ranks in place of the threads of this one, which `gantry train` would start. */
typedef struct ranks_instead {
    gt_split split; /* 0 ranks: not measured */
    double images_per_second;
} ranks_instead;

/* `left`: seconds; where they are over before ranks have been measured, there is no such number. */
static ranks_instead measure_ranks(gt_engine *e, double left, double seconds, const gt_starter *starter) {
    const double short_run = 300;
    ranks_instead r = {0};
    if (!starter || starter->instead || e->comm->ranks > 1 || seconds < short_run || left < 1) return r;
    r.split = gt_fastest_split(e, starter, left, &r.images_per_second);
    return r;
}

static void print_faster(const gt_engine *e, double seconds_per_image, const smaller *s, const ranks_instead *r) {
    const double day = 86400, kimg = (double)e->job->total_images / 1000, chance = 1.03;
    char text[64];
    double images = day / seconds_per_image; /* of a day */
    if (r->images_per_second * seconds_per_image > chance)
        gt_print("faster      %d ranks with %d thread%s: %.2f images/s, %s; gantry train starts them by itself\n",
                 r->split.ranks, r->split.threads, gt_plural(r->split.threads), r->images_per_second,
                 length_text(1000 * kimg / r->images_per_second, text));
    else if (r->images_per_second > 0)
        gt_print("ranks       not faster: %d ranks with %d thread%s make %.2f images/s\n", r->split.ranks,
                 r->split.threads, gt_plural(r->split.threads), r->images_per_second);
    if (seconds_per_image * 1000 * kimg < day) return;
    gt_print("faster      --kimg=%.0f: a day\n", fmax(1, images / 1000));
    if (s->options)
        gt_print("            %s: %.2f images/s, %s for %.0f kimg\n", s->options, 1 / s->seconds_per_image,
                 length_text(s->seconds_per_image * 1000 * s->kimg, text), s->kimg);
    gt_print("            N hosts: at best an Nth of the time (gantry run, gantry submit)\n");
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
    gt_print("disk        %.0f MB: %lld checkpoints of %.1f MB, and one that is being written",
             (double)(e->job->keep + 1 + older) * bytes / 1e6, (long long)e->job->keep, bytes / 1e6);
    if (older) gt_print("; about %lld older one%s for audits (--audit-disk)", (long long)older, gt_plural(older));
    gt_print("; logs and pictures beside\n");
}

/* What whoever asks wants to know, in five lines or so. */
static void print_answer(const gt_engine *e, double seconds_per_image, const load *busy, const smaller *s,
                         const ranks_instead *r) {
    double seconds = seconds_per_image * (double)e->job->total_images;
    char text[64];
    gt_print("time        %s for %.1f kimg, at %.2f images/s", length_text(seconds, text),
             (double)e->job->total_images / 1000, 1 / seconds_per_image);
    if (e->comm->hosts > 1) gt_print("; %.4g node-hours", seconds / 3600 * e->comm->hosts);
    if (busy->is) gt_print("; %s, alone it is faster", busy->text);
    gt_print("\n");
    print_memory(e);
    print_disk(e, seconds);
    print_ranks(e);
    print_faster(e, seconds_per_image, s, r);
    gt_print("\n");
}

/* `cut`: the pieces that were measured in place of steps; NULL: none. */
static void print_cost(const gt_engine *e, double seconds_per_image, const gt_rehearsal *cut) {
    char text[64];
    gt_print("measured    %.2f images/s, %.1f sec/kimg, %.1f Gflop/s on %s (arithmetic %s, instructions %s)\n",
             1 / seconds_per_image, 1000 * seconds_per_image, flops_per_image(e) / seconds_per_image / 1e9,
             e->comm->description, gt_kernel_set_arithmetic(e->model->kernels),
             gt_kernel_set_instructions(e->model->kernels));
    if (cut)
        gt_print(
            "            cut short: a step takes about %s, and --dry-run-seconds=%g were enough for %.3g %% of one.\n"
            "            The rest is extrapolated; sums over ranks and updates are not counted\n",
            length_text(cut->step, text), e->job->dry_run_seconds, 100 * cut->part);
    gt_scores_print_cost(e, seconds_per_image);
    gt_print_flush(stdout);
}

/* Networks to begin with are taken as training takes them. */
static gt_status transfer_all(gt_engine *e) {
    gt_checkpoint_file *f = NULL;
    gt_status st = GT_OK;
    if (!gt_comm_max_all(e->comm, e->job->resume_file != NULL)) return GT_OK; /* rank 0 alone knows */
    if (e->comm->rank == 0) f = gt_job_open_resumed(e->job, &st);
    st = gt_comm_agree_all(e->comm, st);
    gt_buffer said = {0};
    if (!st) st = gt_engine_transfer_all(e, f, &said);
    if (!st) gt_engine_log_transfer(&said);
    gt_buffer_free(&said);
    gt_checkpoint_close(f);
    return st;
}

/* Steps are made and timed. */
static gt_status measure_cost_all(gt_engine *e, const load *busy, const gt_starter *starter) {
    gt_rehearsal pieces;
    double seconds, limit = e->job->dry_run_seconds, end = gt_clock() + limit;
    smaller less;
    bool cut;
    gt_info(
        "measuring: steps for about %d seconds, or pieces of a step where one takes long, and what would be faster; "
        "%g seconds at most (--dry-run=quick measures nothing)",
        MEASURE_SECONDS, limit);
    gt_tell_start("measuring", NULL, 0);
    gt_status st = gt_engine_start_loader_all(e);
    if (!st) st = measure_all(e, limit / 2, &seconds, &pieces, &cut);
    if (!st) st = gt_scores_measure_cost_all(e);
    if (!st) st = measure_smaller_all(e, end - limit / 4, seconds, &less);
    ranks_instead several = {0};
    if (!st) several = measure_ranks(e, end - gt_clock(), seconds * (double)e->job->total_images, starter);
    gt_tell_end();
    if (!st && e->comm->rank == 0) {
        print_answer(e, seconds, busy, &less, &several);
        print_sizes(e);
        print_cost(e, seconds, cut ? &pieces : NULL);
    }
    return st;
}

static gt_status measure_speed_all(gt_engine *e) {
    gt_rehearsal pieces;
    double seconds;
    bool cut;
    gt_status st = gt_engine_start_loader_all(e);
    if (!st) st = measure_all(e, e->job->dry_run_seconds, &seconds, &pieces, &cut);
    if (!st && e->comm->rank == 0) gt_print("%.4g\n", 1 / seconds);
    return st;
}

gt_status gt_train_dry_run_all(gt_comm *comm, gt_job *job, const gt_starter *starter, size_t *checkpoint_bytes) {
    gt_engine e;
    gt_journal j = {0};
    load busy = {0};
    bool quick = job->dry_run == GT_DRY_RUN_QUICK, alone = job->dry_run == GT_DRY_RUN_JOB,
         speed = job->dry_run == GT_DRY_RUN_SPEED;
    if (!quick && !alone && !speed) look_at_load_all(comm, &busy);
    if (busy.is && comm->rank == 0) gt_warn("%s: what is measured now is slower than on cores of its own", busy.text);
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
