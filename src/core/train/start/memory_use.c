/* SPDX-License-Identifier: Apache-2.0
 * Memory of a training run on a rank: how its graphs are planned, and what they need with everything else. */
#include <string.h>

#include "base/door/machine.h"
#include "base/door/numbers.h"
#include "gantry/log.h"
#include "train/door/measurer.h"
#include "train/journal/journal.h"

/* Fractions of a phase's work that may be done twice. The first costs about 1 % of a step's time, and saves a quarter
 * to two fifths of the memory of a step's graph; the second is what it costs to run all forward passes again, and more
 * only where graphs hold derivatives of derivatives. */
static const double recompute_normal = 0.03, recompute_low = 0.5;

/* Below, memory is not worth the time that recomputation takes to plan: a rank has many times as much beside it. */
enum { LITTLE = 16 << 20 };

double gt_job_recompute(const gt_job *job) { return job->memory == GT_MEMORY_LOW ? recompute_low : recompute_normal; }

static gt_exec_options exec_options(const gt_engine *e, int at_once, int stretch, int runs, bool low) {
    return (gt_exec_options){.pool = e->pool,
                             .slices = at_once,
                             .stretch = stretch,
                             .runs = low ? 1 : runs,
                             .recompute = low ? recompute_low : recompute_normal,
                             .enough = low ? 0 : LITTLE};
}

gt_exec_options gt_engine_exec_options(const gt_engine *e, int at_once, int stretch, int runs) {
    return exec_options(e, at_once, stretch, runs, e->job->memory == GT_MEMORY_LOW);
}

gt_status gt_engine_relax(gt_engine *e) {
    gt_status st = GT_OK;
    for (int p = 0; p < e->model->n_phases; p++)
        for (int i = 0; i < e->n_shapes && !st; i++) {
            gt_exec *exec = e->phases[p].executions[i].exec;
            /* those that share the arena with others have no room to spare */
            if (exec && !e->shapes[i].abreast) st = gt_exec_relax(exec, e->arena_bytes);
        }
    return st;
}

size_t gt_engine_network_bytes(const gt_engine *e) {
    const gt_model *m = e->model;
    size_t bytes = gt_engine_in_common_bytes(e);
    for (int i = 0; i < m->n_nets; i++) {
        size_t block = m->nets[i]->block_floats * sizeof(float);
        if (!e->blocks_with) bytes += block * (size_t)(1 + (i == m->ema_of));
        bytes += (size_t)gt_learner_moments(&e->learners[i]) * block / (size_t)e->comm->ranks;
        for (int k = 0; k < e->n_batches; k++) bytes += gt_reducer_bytes(e->batches[k].reducers[i]);
        for (int p = 0; p < m->n_phases; p++)
            if (e->phases[p].own.reducers[i]) bytes += gt_reducer_bytes(e->phases[p].own.reducers[i]);
    }
    return bytes;
}

size_t gt_engine_rank_bytes(const gt_engine *e) {
    return e->arena_bytes + gt_engine_network_bytes(e) + e->measurer_bytes + gt_engine_picture_bytes(e);
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
                    .rest = (double)(gt_engine_rank_bytes(e) - e->arena_bytes + image),
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

/* What the host would need with --memory=low and so many slices at once; 0: cannot be said. */
static double needed_with(gt_engine *e, const demand *host, int at_once) {
    const gt_batch *b = &e->batches[0];
    gt_exec_options o = exec_options(e, at_once, b->stretch, 1, true);
    size_t arena;
    if (gt_engine_largest_arena(e, gt_slices_samples(b->slices, 0), &o, NULL, &arena)) return 0;
    /* the parts of a stretch that are in memory together, on the rank with the most */
    int together = (int)gt_smallest(b->stretch, (b->slices.count + e->comm->ranks - 1) / e->comm->ranks);
    return host->rest + (double)arena * ((together + at_once - 1) / at_once) * host->ranks;
}

/* The least change with which it fits, as options; says so if there is none. */
static void advise(gt_engine *e, const demand *host, char *text, size_t room) {
    const gt_batch *b = &e->batches[0];
    int at_once = (int)gt_smallest(gt_largest(b->stretch, 1), b->work.n_groups ? b->work.groups[0].count : 1);
    double needs = 0;
    if (e->job->memory != GT_MEMORY_LOW) {
        needs = needed_with(e, host, at_once);
        snprintf(text, room, "--memory=low needs %.1f GB", needs / 1e9);
        if (needs > 0 && needs < host->memory) return;
    }
    if (at_once > 1) {
        needs = needed_with(e, host, 1);
        snprintf(text, room, "--memory=low --slices-at-once=1 needs %.1f GB", needs / 1e9);
        if (needs > 0 && needs < host->memory) return;
    }
    size_t used = strlen(text);
    snprintf(text + used, room - used, "%sfewer ranks on a host, %ssmaller networks (--cbase, --cmax)",
             used ? ", which is also too much: " : "",
             b->slices.count < b->slices.samples ? "a new run with a slice for each image (--slices), or " : "or ");
}

gt_status gt_engine_check_memory_all(gt_engine *e) {
    demand mine = own_demand(e), all[e->comm->rank == 0 ? e->comm->ranks : 1];
    gt_comm_gather_all(e->comm, &mine, sizeof mine, all);
    if (e->comm->rank) return GT_OK;
    demand host = fullest_host(all, e->comm->ranks);
    if (bytes_of(&host) <= host.memory) return GT_OK;
    if (e->job->dry_run == GT_DRY_RUN_SPEED)
        return gt_fail(GT_NOMEM, "%.1f GB are needed, of %.1f GB", bytes_of(&host) / 1e9, host.memory / 1e9);
    char advice[256] = "";
    advise(e, &host, advice, sizeof advice);
    gt_warn("this job needs %.1f GB on a host with %d rank%s, but the host has %.1f GB: %s", bytes_of(&host) / 1e9,
            host.ranks, host.ranks > 1 ? "s" : "", host.memory / 1e9, advice);
    return GT_OK;
}
