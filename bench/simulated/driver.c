/* SPDX-License-Identifier: Apache-2.0
 * One step of training on simulated ranks: the ranks, the reducer, its messages and sums over slices are the program's
 * own (src/core/dist); graphs and optimisers only take time, as measured on one core.
 *
 *     driver STEP IMAGES CORE HOST NEAR [RATE LATENCY MESSAGE]
 *
 * IMAGES: of each rank, a slice each. CORE, HOST: bytes per second that a core alone, and all cores of a host together,
 * read and write. NEAR: ranks of a NUMA node. STEP is a file of the phases in their order:
 *
 *     phase NAME INTERVAL GRAPH HOISTED OUTSIDE FLOATS STATES STATS OUTPUTS
 *     AT OFFSET SIZE                                                 OUTPUTS lines
 *
 * GRAPH: seconds of the graph for a rank's images; HOISTED: of what follows from weights alone, which the ranks of a
 * NUMA node divide; OUTSIDE: of the optimiser, which all ranks divide, for all parameters; AT: the share of the graph
 * after which a gradient is complete. Prints for each phase what it took rank 0, and beside it, where each rank has a
 * host of its own and RATE, LATENCY and MESSAGE are given (cost_network), what the model of `gantry bench scaling`
 * says. */
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cost_model.h"
#include "base/door/clock.h"
#include "dist/door/dist.h"
#include "base/door/memory.h"
#include "networks/model/door/model.h"
#include "simulated.h"

enum { MOST_PHASES = 8, MOMENTS = 3 };

typedef struct phase {
    char name[64];
    double interval, graph, hoisted, outside;
    size_t floats;
    int states, stats, n;
    double *at;
    gt_span *outputs;
    gt_reducer *reducer;
    gt_reducer_schedule *schedule;
    float *params;
} phase;

typedef struct step {
    gt_comm *comm;
    int images, near; /* of this rank; ranks of its NUMA node */
    gt_slices slices;
    gt_work work;
    cost_network network;
    phase phases[MOST_PHASES];
    int n;
} step;

static bool read_phase(FILE *f, phase *p) {
    double floats;
    if (fscanf(f, " phase %63s %lf %lf %lf %lf %lf %d %d %d", p->name, &p->interval, &p->graph, &p->hoisted,
               &p->outside, &floats, &p->states, &p->stats, &p->n) != 9)
        return false;
    p->floats = (size_t)floats;
    p->at = calloc((size_t)p->n + 1, sizeof *p->at);
    p->outputs = calloc((size_t)p->n + 1, sizeof *p->outputs);
    for (int i = 0; p->at && p->outputs && i < p->n; i++)
        if (fscanf(f, "%lf %zu %zu", &p->at[i], &p->outputs[i].offset, &p->outputs[i].size) != 3) return false;
    return p->at && p->outputs;
}

static gt_status read_step(step *s, const char *path) {
    FILE *f = fopen(path, "re");
    if (!f) return gt_fail(GT_FAILED, "'%s' cannot be opened", path);
    while (s->n < MOST_PHASES && read_phase(f, &s->phases[s->n])) s->n++;
    bool whole = feof(f);
    fclose(f);
    return s->n && whole ? GT_OK : gt_fail(GT_FORMAT, "'%s' is not a step", path);
}

/* As training cuts them. */
static gt_status cut(step *s) {
    int first, count;
    s->slices = (gt_slices){s->images * s->comm->ranks, s->images * s->comm->ranks};
    gt_slice_range(s->comm, s->slices.count, s->comm->rank, &first, &count);
    s->work.groups = calloc((size_t)count + 1, sizeof *s->work.groups);
    s->work.units = calloc((size_t)count + 1, sizeof *s->work.units);
    if (!s->work.groups || !s->work.units) return gt_fail(GT_NOMEM, "out of memory for groups");
    gt_work_plan(s->comm, s->slices, 1, s->comm->rank, GT_MOST_AT_ONCE, &s->work);
    return GT_OK;
}

/* Phases of the same network, which here is the same number of parameters, share a reducer. */
static gt_status open_phase(step *s, phase *p) {
    for (phase *before = s->phases; before < p && !p->reducer; before++)
        if (before->floats == p->floats) p->reducer = before->reducer, p->params = before->params;
    if (!p->reducer) {
        p->reducer = gt_reducer_new_all(
            s->comm, NULL, &(gt_reducer_options){.slices = s->slices.count, .work = &s->work, .floats = p->floats});
        p->params = gt_block_alloc(p->floats * sizeof(float), "parameters");
    }
    p->schedule = p->reducer ? gt_reducer_schedule_new(p->reducer, p->n, p->outputs) : NULL;
    return p->schedule && p->params ? GT_OK : GT_FAILED;
}

/* Only in the last group do gradients leave while it runs. */
static void run_group(step *s, phase *p, const gt_group *group) {
    double graph = p->graph * group->count / s->images, now = 0;
    gt_reducer_begin_group(p->reducer);
    for (int i = 0; i < p->n; i++) {
        simulated_work((p->at[i] - now) * graph);
        now = p->at[i];
        gt_reducer_progress(p->reducer, i + 1);
    }
    simulated_work((1 - now) * graph);
    gt_reducer_end_group(p->reducer);
}

/* States and statistics are summed over slices while gradients are on their way. */
static void fill_small(void *arg, int own, double *vector) {
    (void)own;
    memset(vector, 0, *(const size_t *)arg);
}

static gt_status begin_small(step *s, const phase *p) {
    size_t n = (size_t)p->states + MOMENTS * (size_t)p->stats, bytes = n * sizeof(double);
    return gt_small_sum_begin_all(s->comm, s->slices.count, n, fill_small, &bytes);
}

static double model_seconds(const step *s, const phase *p) {
    cost_phase model = {.slice = p->graph / s->images,
                        .hoisted = p->hoisted,
                        .outside = p->outside,
                        .floats = (double)p->floats,
                        .small = p->states + MOMENTS * p->stats,
                        .n = p->n < COST_OUTPUTS ? p->n : COST_OUTPUTS};
    for (int i = 0; i < model.n; i++)
        model.outputs[i] = (cost_output){p->at[i], (double)p->outputs[i].offset, (double)p->outputs[i].size};
    return cost_phase_seconds(&model, &s->network, simulated_memory_rate,
                              (cost_ranks){.count = s->comm->ranks, .near = s->near, .slices = s->images, .crowd = 1});
}

static gt_status run_phase(step *s, phase *p) {
    gt_comm_barrier_all(s->comm);
    gt_reducer_traffic(p->reducer);
    double start = gt_clock();
    gt_reducer_begin_all(p->reducer, p->schedule);
    simulated_work(p->hoisted / s->near);
    for (int i = 0; i < s->work.n_groups; i++) run_group(s, p, &s->work.groups[i]);
    gt_status st = begin_small(s, p);
    if (st) return st;
    gt_reducer_finish_all(p->reducer);
    simulated_work(p->outside / s->comm->ranks);
    gt_reducer_gather_all(p->reducer, p->params);
    gt_small_sum_end_all(s->comm);
    double seconds = gt_clock() - start, alone = p->graph + p->hoisted / s->near + p->outside / s->comm->ranks;
    if (s->comm->rank == 0)
        printf("%s interval %.0f seconds %.6f computing %.6f model %.6f\n", p->name, p->interval, seconds, alone,
               s->network.rate > 0 ? model_seconds(s, p) : NAN);
    return st;
}

int main(int argc, char **argv) {
    step s = {.images = argc > 2 ? atoi(argv[2]) : 0};
    gt_status st = argc == 6 || argc == 9
                       ? GT_OK
                       : gt_fail(GT_USAGE, "usage: driver STEP IMAGES CORE HOST NEAR [RATE LATENCY MESSAGE]");
    if (argc == 9)
        s.network = (cost_network){.rate = atof(argv[6]), .latency = atof(argv[7]), .message = atof(argv[8])};
    if (!st) s.comm = gt_comm_start_all(1, &st);
    if (!st) st = read_step(&s, argv[1]);
    if (!st) {
        double core = atof(argv[3]), shared = atof(argv[4]) / s.comm->local_ranks;
        s.near = atoi(argv[5]);
        s.near = s.near < 1 ? 1 : s.near < s.comm->local_ranks ? s.near : s.comm->local_ranks;
        simulated_memory_rate = core < shared ? core : shared;
        st = cut(&s);
    }
    for (int p = 0; p < s.n && !st; p++) st = open_phase(&s, &s.phases[p]);
    for (int p = 0; p < s.n && !st; p++) st = run_phase(&s, &s.phases[p]);
    if (st) fprintf(stderr, "driver: %s\n", gt_message());
    gt_comm_stop_all(s.comm);
    return st ? 1 : 0;
}
