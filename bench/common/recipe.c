/* SPDX-License-Identifier: Apache-2.0
 * Recipes and their steps: see recipe.h. */
#include "common/program.h"
#include "common/recipe.h"
#include "kernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/clock.h"
#include "gantry/job.h"

const bench_recipe bench_recipes[BENCH_RECIPES] = {
    {.name = "small", .keys = {"cfg=auto", "data=synth:shapes:size=32", "cbase=8192", "cmax=128", "batch=32"}},
    {.name = "cifar",
     .keys = {"cfg=cifar", "data=synth:shapes:size=32", "batch=32"},
     .reference_memory = 4.7e9,
     .reference_slice = 32},
    {.name = "auto32", .keys = {"cfg=auto", "data=synth:shapes:size=32", "batch=32"}},
    {.name = "auto64",
     .keys = {"cfg=auto", "data=synth:shapes:size=64", "batch=16"},
     .reference_memory = 3.0e9,
     .reference_slice = 8},
    {.name = "auto128", .keys = {"cfg=auto", "data=synth:shapes:size=128", "batch=16"}},
    {.name = "auto256",
     .keys = {"cfg=auto", "data=synth:shapes:size=256,n=256", "batch=8"},
     .reference_memory = 3.9e9,
     .reference_slice = 4},
    {.name = "auto512", .keys = {"cfg=auto", "data=synth:shapes:size=512,n=64", "batch=8"}},
    {.name = "demo", .keys = {"cfg=auto", "data=synth:shapes:size=32", "cbase=2048", "cmax=64", "batch=32", "mbstd=4"}},
    {.name = "dcgan", .keys = {"model=dcgan", "data=synth:shapes:size=64", "batch=128", "slices=4"}},
    {.name = "vae", .keys = {"model=vae", "data=synth:circles", "batch=128"}},
    {.name = "downscale", /* jobs/downscale.ini */
     .keys = {"model=edm", "data=synth:fields", "batch=32", "model-channels=16", "periodic=both"}},
    {.name = "job"}, /* what the caller's keys say */
};

const bench_recipe *bench_recipe_find(const char *name) {
    for (int i = 0; i < BENCH_RECIPES; i++)
        if (!strcmp(bench_recipes[i].name, name)) return &bench_recipes[i];
    return NULL;
}

static gt_status set_number(gt_job *job, const char *key, int64_t value) {
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)value);
    return value ? gt_job_set(job, key, text, NULL) : GT_OK;
}

/* "KEY=VALUE", of which `length` characters count. */
static gt_status set_key(gt_job *job, const char *text, size_t length) {
    char key[32], value[256];
    const char *equals = memchr(text, '=', length);
    size_t name = equals ? (size_t)(equals - text) : length, rest = equals ? length - name - 1 : 0;
    if (!equals || name >= sizeof key || rest >= sizeof value)
        return gt_fail(GT_USAGE, "'%.*s' is not KEY=VALUE", (int)length, text);
    snprintf(key, sizeof key, "%.*s", (int)name, text);
    snprintf(value, sizeof value, "%.*s", (int)rest, equals + 1);
    return gt_job_set(job, key, value, NULL);
}

static gt_job *job_of(const bench_recipe *r, const bench_changes *c) {
    gt_job *job = gt_job_new();
    gt_status st = job ? GT_OK : GT_NOMEM;
    for (int i = 0; i < BENCH_RECIPE_KEYS && r->keys[i] && !st; i++) st = set_key(job, r->keys[i], strlen(r->keys[i]));
    for (const char *at = c->job ? c->job : ""; *at && !st;) {
        size_t length = strcspn(at, " ");
        if (length) st = set_key(job, at, length);
        at += length + (at[length] != 0);
    }
    if (!st && c->data) st = gt_job_set(job, "data", c->data, NULL);
    if (!st) st = set_number(job, "batch", c->batch);
    if (!st) st = set_number(job, "slices", c->slices);
    if (!st) st = set_number(job, "slices-at-once", c->at_once);
    if (!st) return job;
    gt_job_free(job);
    return NULL;
}

gt_status bench_recipe_open(gt_engine *e, gt_comm *comm, const bench_recipe *r, const bench_changes *changes) {
    gt_job *job = job_of(r, changes);
    if (!job) return GT_USAGE;
    job->kernels = bench_kernels();
    gt_status st = gt_engine_open_all(e, comm, job);
    if (!st) st = gt_engine_build_all(e);
    if (!st) st = gt_engine_start_loader_all(e);
    if (st) bench_recipe_close(e);
    return st;
}

void bench_recipe_close(gt_engine *e) {
    gt_job *job = e->job;
    gt_engine_close_all(e);
    gt_job_free(job);
}

/* Counters at the beginning of each phase: noted by a prepare() put in front of the phase's own. */
typedef struct mark {
    double processor, computing, sums; /* seconds */
} mark;

static struct marks {
    gt_engine *engine;
    gt_status (*prepare[GT_MAX_PHASES])(gt_phase *p, gt_exec *e);
    double waited; /* by reducers, so far */
    mark at[GT_MAX_PHASES + 1];
} marks;

static double processor_seconds(void) { return gt_clock_of(CLOCK_PROCESS_CPUTIME_ID); }

static mark mark_now(void) {
    gt_engine *e = marks.engine;
    for (int net = 0; net < e->model->n_nets; net++)
        marks.waited += gt_reducer_traffic(e->batches[0].reducers[net]).waited;
    return (mark){processor_seconds(), e->measures.compute, marks.waited + e->measures.slice_sums};
}

/* Packing is over by then: this phase's counts as the one's before, and is taken off where it belongs. */
static gt_status mark_and_prepare(gt_phase *p, gt_exec *e) {
    long index = p - marks.engine->model->phases;
    marks.at[index] = mark_now();
    return marks.prepare[index] ? marks.prepare[index](p, e) : GT_OK;
}

static void set_marks(gt_engine *e) {
    gt_model *m = e->model;
    marks.engine = e;
    for (int p = 0; p < m->n_phases; p++) {
        if (m->phases[p].prepare == mark_and_prepare) continue;
        marks.prepare[p] = m->phases[p].prepare;
        m->phases[p].prepare = mark_and_prepare;
    }
}

static void keep_least(double *best, double now) {
    if (now < *best) *best = now;
}

/* A step in which all phases are due, again and again: the loader hands out the same images. Step 0, in which norms are
 * measured for the log, too; where all phases are due in every step it is step 1, as norms are measured in every eighth
 * alone. */
static gt_status one_step(gt_engine *e, bench_steps *best) {
    int n = e->model->n_phases;
    e->step = 1;
    for (int p = 0; p < n; p++)
        if (e->model->phases[p].interval > 1) e->step = 0;
    double start = gt_clock(), processor = processor_seconds(), weighted = 0;
    gt_status st = gt_engine_step_all(e);
    double rest = gt_clock() - start, end = processor_seconds(), busy = (end - processor) / (rest * e->comm->threads);
    if (st) return st;
    marks.at[n] = mark_now(); /* the last phase's time includes the moving average: it has no mark of its own */
    for (int p = 0; p < n; p++) {
        double interval = e->model->phases[p].interval, next_packing = p + 1 < n ? e->phases[p + 1].preparing : 0;
        const mark *from = &marks.at[p], *to = from + 1;
        keep_least(&best->phase[p], e->phases[p].seconds);
        keep_least(&best->processor_phase[p], to->processor - from->processor);
        best->processor += (to->processor - from->processor) / interval;
        best->preparing[p] += e->phases[p].preparing;
        best->own.computing += (to->computing - from->computing - next_packing) / interval;
        best->own.packing += e->phases[p].preparing / interval;
        best->own.sums += (to->sums - from->sums) / interval;
        rest -= e->phases[p].seconds;
        weighted += e->phases[p].seconds / interval;
    }
    weighted += rest;
    best->average += weighted;
    if (best->n < BENCH_MOST_STEPS) best->seconds[best->n++] = weighted;
    keep_least(&best->rest, rest);
    if (busy > best->busy) best->busy = busy;
    return GT_OK;
}

static double mean_of_ranks_all(gt_comm *c, double value) {
    return 1e-9 * (double)gt_comm_sum_all(c, llrint(value * 1e9)) / c->ranks;
}

/* Pages that several processes share count in parts. */
static double proportional_bytes(void) {
    FILE *f = fopen("/proc/self/smaps_rollup", "re");
    char line[256];
    double bytes = bench_status_bytes("VmRSS");
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, "Pss:", 4)) bytes = 1024 * strtod(line + 4, NULL);
    if (f) fclose(f);
    return bytes;
}

static double node_bytes_all(gt_comm *c) {
    int64_t own = llrint(proportional_bytes()), most = 0;
    for (int host = 0; host < c->hosts; host++) {
        int64_t sum = gt_comm_sum_all(c, host == c->host_index ? own : 0);
        if (sum > most) most = sum;
    }
    return (double)most;
}

/* Seconds that the loader takes for this rank's pictures of a step, while all ranks read. The first steps are those
 * that it decodes ahead. */
static gt_status read_all(gt_engine *e, int steps, double *seconds) {
    enum { AHEAD = 8 };
    gt_loader_damage damage;
    gt_status st = gt_loader_ready(e->loader, e->step + AHEAD, &damage);
    double start = gt_clock();
    for (int i = 1; i <= steps && !st; i++) st = gt_loader_ready(e->loader, e->step + AHEAD + (uint64_t)i, &damage);
    *seconds = (gt_clock() - start) / steps;
    return gt_comm_agree_all(e->comm, st);
}

static void forget(const gt_engine *e, bench_steps *s) {
    memset(s, 0, sizeof *s);
    s->rest = 1e30;
    for (int p = 0; p < e->model->n_phases; p++) s->phase[p] = s->processor_phase[p] = 1e30;
}

/* Two clocks around each node are a twentieth of a small step where asking for processor time enters the kernel: these
 * steps do not count. */
static gt_status profile_nodes_all(gt_engine *e, int steps, bench_steps *out) {
    static bench_steps with_clocks;
    gt_status st = GT_OK;
    forget(e, &with_clocks);
    for (int p = 0; p < e->model->n_phases; p++) gt_exec_profile(gt_engine_first(e, p), true);
    for (int i = 0; i < steps && !st; i++) st = one_step(e, &with_clocks);
    if (steps) out->profiled = with_clocks.average / steps, out->profiled_processor = with_clocks.processor / steps;
    return st;
}

gt_status bench_recipe_steps_all(gt_engine *e, int steps, int profiled, bench_steps *out) {
    gt_status st = GT_OK;
    set_marks(e);
    for (int i = 0; i <= steps && !st; i++) {
        if (i < 2) forget(e, out); /* the first touches the memory */
        st = one_step(e, out);
    }
    if (!st) st = profile_nodes_all(e, profiled, out);
    if (!st) st = read_all(e, steps, &out->own.reading);
    if (st) return st;
    out->average /= steps, out->processor /= steps;
    bench_parts *own = &out->own;
    own->computing /= steps, own->packing /= steps, own->sums /= steps;
    own->rest = out->average - own->computing - own->packing - own->sums;
    own->processor = out->processor;
    out->parts.computing = mean_of_ranks_all(e->comm, own->computing);
    out->parts.packing = mean_of_ranks_all(e->comm, own->packing);
    out->parts.sums = mean_of_ranks_all(e->comm, own->sums);
    out->parts.rest = mean_of_ranks_all(e->comm, own->rest);
    out->parts.reading = mean_of_ranks_all(e->comm, own->reading);
    out->node_bytes = node_bytes_all(e->comm);
    bench_sort(out->seconds, out->n);
    out->per_image = out->rest;
    for (int p = 0; p < e->model->n_phases; p++) {
        out->preparing[p] /= steps;
        out->per_image += out->phase[p] / e->model->phases[p].interval;
        out->processor_per_image += out->processor_phase[p] / e->model->phases[p].interval;
    }
    out->per_image /= (double)e->job->batch;
    out->processor_per_image /= (double)e->job->batch;
    return st;
}

double bench_flops_per_image(const gt_engine *e) {
    double flops = 0;
    for (int p = 0; p < e->model->n_phases; p++) flops += gt_engine_phase_flops(e, p) / e->model->phases[p].interval;
    return flops;
}
