/* SPDX-License-Identifier: Apache-2.0
 * Memory of a training run on a rank: how its graphs are planned, and what they need with everything else. */
#include <string.h>

#include "base/machine.h"
#include "gantry/log.h"
#include "train/measurer.h"

/* Fractions of a phase's work that may be done twice. The first costs about 1 % of a step's time, and saves a quarter
 * to two fifths of the memory of a step's graph; the second is what it costs to run all forward passes again, and more
 * only where graphs hold derivatives of derivatives. */
static const double recompute_normal = 0.03, recompute_low = 0.5;

double gt_job_recompute(const gt_job *job) { return gt_is(job->memory, "low") ? recompute_low : recompute_normal; }

static gt_exec_options exec_options(const gt_engine *e, int slices, int at_once, bool low) {
    int own = (slices + e->comm->ranks - 1) / e->comm->ranks; /* of the rank with the most */
    bool once = low || e->model->over_slices;
    return (gt_exec_options){.pool = e->pool,
                             .slices = at_once,
                             .runs = once ? 1 : (own + at_once - 1) / at_once,
                             .recompute = low ? recompute_low : recompute_normal};
}

gt_exec_options gt_engine_exec_options(const gt_engine *e, int at_once) {
    return exec_options(e, e->batches[0].slices.count, at_once, gt_is(e->job->memory, "low"));
}

gt_status gt_engine_relax(gt_engine *e) {
    gt_status st = GT_OK;
    bool several = false; /* executions in one arena at the same time: none has room to spare */
    for (int i = 0; i < e->n_batches; i++) several |= e->model->over_slices && e->batches[i].n_groups > 1;
    if (several) return GT_OK;
    for (int p = 0; p < e->model->n_phases; p++)
        for (int i = 0; i < e->n_shapes && !st; i++)
            st = gt_exec_relax(e->phases[p].executions[i].exec, e->arena_bytes);
    return st;
}

size_t gt_engine_network_bytes(const gt_engine *e) {
    const gt_model *m = e->model;
    size_t bytes = 0;
    for (int i = 0; i < m->n_nets; i++) {
        size_t block = m->nets[i]->block_floats * sizeof(float);
        bytes += block * (size_t)(1 + (i == m->ema_of)) +
                 (size_t)gt_learner_moments(&e->learners[i]) * block / (size_t)e->comm->ranks;
        for (int k = 0; k < e->n_batches; k++) bytes += gt_reducer_bytes(e->batches[k].reducers[i]);
    }
    return bytes;
}

/* ---- does it fit? ---- */

typedef struct demand { /* of a rank, or of a host's ranks together */
    int host, ranks;
    double graphs, rest; /* bytes */
    double memory;       /* of the host */
} demand;

static double bytes_of(const demand *d) { return d->graphs + d->rest; }

static demand own_demand(const gt_engine *e) {
    gt_machine machine;
    gt_machine_look(&machine);
    size_t image = e->comm->rank == 0 ? gt_engine_checkpoint_bytes(e) : 0;
    return (demand){.host = e->comm->host_index,
                    .ranks = 1,
                    .graphs = (double)e->arena_bytes,
                    .rest = (double)(gt_engine_network_bytes(e) + gt_measurers_bytes(e) + image),
                    .memory = (double)machine.memory};
}

/* On rank 0: the host whose ranks need most of what it has. */
static demand fullest_host(const demand *all, int ranks) {
    demand worst = {.memory = 1};
    for (int first = 0; first < ranks; first++) {
        demand host = {.host = all[first].host, .memory = all[first].memory};
        for (int r = 0; r < ranks; r++) {
            if (all[r].host != host.host) continue;
            host.ranks++;
            host.graphs += all[r].graphs;
            host.rest += all[r].rest;
        }
        if (host.memory > 0 && bytes_of(&host) / host.memory > bytes_of(&worst) / worst.memory) worst = host;
    }
    return worst;
}

/* What the host would need with other slices or more recomputation; 0: cannot be said. */
static double needed_with(gt_engine *e, const demand *host, int slices, bool low) {
    gt_exec_options o = exec_options(e, slices, 1, low);
    size_t arena;
    int samples = gt_slices_samples((gt_slices){(int)e->job->batch, slices}, 0);
    if (gt_engine_largest_arena(e, samples, &o, &arena)) return 0;
    int at_the_same_time = e->model->over_slices ? (slices + e->comm->ranks - 1) / e->comm->ranks : 1;
    return host->rest + (double)arena * at_the_same_time * host->ranks;
}

/* The least change with which it fits, as options; says so if there is none. */
static void advise(gt_engine *e, const demand *host, char *text, size_t room) {
    int slices = e->batches[0].slices.count;
    double needs = 0;
    if (!gt_is(e->job->memory, "low")) {
        needs = needed_with(e, host, slices, true);
        snprintf(text, room, "--memory=low needs %.1f GB", needs / 1e9);
        if (needs > 0 && needs < host->memory) return;
    }
    /* about what one needs */
    double image = needs > 0 ? (needs - host->rest) / host->ranks * slices / (double)e->job->batch : 0;
    for (int s = slices + 1; s <= (int)e->job->batch; s++) {
        int images = gt_slices_samples((gt_slices){(int)e->job->batch, s}, 0);
        bool hopeless = host->rest + image * images * host->ranks > 1.5 * host->memory;
        if (hopeless || !gt_slices_hold_mbstd((int)e->job->batch, gt_model_mbstd(e->job), s)) continue;
        needs = needed_with(e, host, s, true);
        image = (needs - host->rest) / host->ranks / images;
        snprintf(text, room,
                 "--memory=low with --slices=%d (%d images each; other numbers, as slices are part of the recipe) "
                 "needs %.1f GB",
                 s, images, needs / 1e9);
        if (needs > 0 && needs < host->memory) return;
    }
    size_t used = strlen(text);
    snprintf(text + used, room - used, "%sfewer ranks on a host, or smaller networks (--cbase, --cmax)",
             used ? ", which is too much as well: " : "");
}

gt_status gt_engine_check_memory_all(gt_engine *e) {
    demand mine = own_demand(e), all[e->comm->rank == 0 ? e->comm->ranks : 1];
    gt_comm_gather_all(e->comm, &mine, sizeof mine, all);
    if (e->comm->rank) return GT_OK;
    demand host = fullest_host(all, e->comm->ranks);
    if (bytes_of(&host) <= host.memory) return GT_OK;
    if (gt_is(e->job->dry_run, "speed"))
        return gt_fail(GT_NOMEM, "%.1f GB are needed of %.1f GB", bytes_of(&host) / 1e9, host.memory / 1e9);
    char advice[256] = "";
    advise(e, &host, advice, sizeof advice);
    gt_warn("this job needs %.1f GB on a host with %d rank%s, which has %.1f GB: %s", bytes_of(&host) / 1e9, host.ranks,
            host.ranks > 1 ? "s" : "", host.memory / 1e9, advice);
    return GT_OK;
}
