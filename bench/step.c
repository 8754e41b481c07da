/* SPDX-License-Identifier: Apache-2.0
 * Training steps of a recipe: images per second, what each phase takes, which families of ops it goes to, and
 * arithmetic against the FMA peak of the same run. Under mpirun: of all ranks together. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/families.h"
#include "common/program.h"
#include "common/recipe.h"
#include "graph/exec.h"

typedef struct step_options {
    bench_common common;
    const char *recipe, *job;
    bool nodes, exchange;
    int64_t threads, batch, slices, at_once, steps;
} step_options;

static step_options options;

static const gt_option rows[] = {
    BENCH_OPTIONS,
    {BENCH_ROW(step_options, "recipe", recipe, "small", "What to train"), .choices = BENCH_RECIPE_NAMES "|all"},
    {BENCH_ROW(step_options, "job", job, "",
               "Keys of the job, as \"model=resnet18 data=...\"; goes with --recipe=job")},
    {BENCH_ROW(step_options, "nodes", nodes, "0", "Print each node of the graphs with its time")},
    {BENCH_ROW(step_options, "exchange", exchange, "0",
               "Print what several ranks would exchange, and when each gradient is complete")},
    BENCH_THREADS(step_options),
    {BENCH_ROW(step_options, "batch", batch, "0", "Images per step over all ranks; 0: the recipe's"), .max = 65536},
    {BENCH_ROW(step_options, "slices", slices, "0", "0: the recipe's"), .max = 65536},
    {BENCH_ROW(step_options, "slices-at-once", at_once, "0", "In one execution; 0: as training chooses"), .max = 16},
    {BENCH_ROW(step_options, "steps", steps, "0", "Measured after one that is not; 0: 2, with --long 5"), .max = 1000},
};

/* ---- families ---- */

enum { PROFILED = 2 /* steps, behind those that count */ };

typedef struct family_sum {
    double seconds, flops; /* per step, phases at their intervals */
} family_sum;

/* By id: does a node's value follow from parameters and update inputs alone? Every rank computes such a node at least
 * once in a phase, however few slices it has; also where it is not hoisted (passes/sink.c). NULL: out of memory. */
static bool *find_repeated(const gt_graph *g) {
    bool *repeated = calloc((size_t)g->n_nodes + 1, sizeof *repeated);
    for (int id = 0; id < g->n_nodes && repeated; id++) {
        const gt_node *n = g->nodes[id];
        repeated[id] = n->op != &gt_op_input && !n->op->impure;
        for (int i = 0; i < n->n_in; i++) repeated[id] &= repeated[n->in[i]->id];
    }
    return repeated;
}

/* Returns the seconds of the phase's graph in one step, with those of packing for several ranks; *repeated: what of it
 * this rank does however few slices it has. */
static double add_phase(const gt_engine *e, int p, double preparing, family_sum *sums, double *repeated) {
    double graph = preparing;
    *repeated = preparing;
    sums[BENCH_PACKING].seconds += preparing / e->model->phases[p].interval;
    const gt_exec *exec = gt_engine_first(e, p);
    GT_FREED bool *is_repeated = find_repeated(exec->graph);
    for (int i = 0; i < exec->n_steps; i++) {
        const gt_step *s = &exec->steps[i];
        bool once = i < exec->n_hoisted;
        double flops, bytes, times = once ? 1 : gt_engine_runs(e, p);
        double seconds = gt_step_seconds(s) * times;
        gt_node_cost(s->node, &flops, &bytes);
        family_sum *f = &sums[bench_family_of(s->node)];
        f->seconds += seconds / e->model->phases[p].interval;
        f->flops += flops * times / e->model->phases[p].interval;
        graph += seconds;
        if (is_repeated && is_repeated[s->node->id]) *repeated += gt_step_seconds(s);
    }
    return graph;
}

/* ---- tables ---- */

static void tell_phases(bench *b, const gt_engine *e, const bench_steps *s, family_sum *sums) {
    static const gt_column columns[] = {{"recipe", "recipe", GT_COLUMN_TEXT},
                                        {"phase", "phase", GT_COLUMN_TEXT},
                                        {"interval", "every", 0},
                                        {"seconds", "seconds", 4},
                                        {"graph", "in graphs", 4},
                                        {"hoisted", "of weights alone", 4},
                                        {"slices", "slices", 0},
                                        {"parameters", "parameters", 0},
                                        {"gflop", "Gflop/slice", 2}};
    gt_table *table = gt_results_table(b->results, "phases, best time on rank 0", columns, 9);
    for (int p = 0; p < e->model->n_phases; p++) {
        const gt_phase *phase = &e->model->phases[p];
        double repeated, graph = add_phase(e, p, s->preparing[p], sums, &repeated);
        gt_table_row(table, options.recipe, phase->name, (double)phase->interval, s->phase[p], graph, repeated,
                     (double)e->batches[0].count, (double)e->model->nets[phase->net]->trainable_floats,
                     gt_exec_cost(gt_engine_first(e, p)).flops / e->shapes[e->phases[p].first].slices / 1e9);
    }
    gt_table_row(table, options.recipe, "moving average", 1.0, s->rest, NAN, NAN, NAN, NAN, NAN);
}

static void tell_families(bench *b, const family_sum *sums, double step, double peak) {
    static const gt_column columns[] = {{"family", "family of ops", GT_COLUMN_TEXT},
                                        {"seconds", "seconds/step", 4},
                                        {"share", "share %", 1},
                                        {"gflops", "Gflop/s", 1},
                                        {"of_peak", "of peak", 2}};
    gt_table *table = gt_results_table(b->results, "where a step's time goes, phases at their intervals, averages",
                                       columns, 5);
    double outside = step;
    for (int f = 0; f < BENCH_FAMILIES; f++) {
        double rate = sums[f].seconds > 0 ? sums[f].flops / sums[f].seconds : NAN;
        gt_table_row(table, bench_families[f], sums[f].seconds, 100 * sums[f].seconds / step, rate / 1e9, rate / peak);
        outside -= sums[f].seconds;
    }
    gt_table_row(table, "outside the graphs", outside, 100 * outside / step, NAN, NAN);
}

/* ---- what ranks exchange ---- */

/* Each gradient at the share of its graph's time after which it is complete, in the order in which they leave. */
static void tell_gradients(const gt_engine *e, int p, gt_table *table) {
    const gt_exec *exec = gt_engine_first(e, p);
    const gt_output_place *order;
    int n = gt_exec_output_order(exec, &order), told = 0;
    double all = 0, now = 0;
    for (int i = 0; i < exec->n_steps; i++) all += gt_step_seconds(&exec->steps[i]);
    for (int i = 0; i < exec->n_steps; i++) {
        now += gt_step_seconds(&exec->steps[i]);
        for (; told < n && told < exec->steps[i].done; told++)
            gt_table_row(table, e->model->phases[p].name, now / all, (double)order[told].offset,
                         (double)order[told].size);
    }
}

static void tell_exchange(bench *b, const gt_engine *e) {
    static const gt_column phases[] = {{"phase", "phase", GT_COLUMN_TEXT},
                                       {"parameters", "parameters", 0},
                                       {"states", "states of each slice", 0},
                                       {"stats", "statistics of each slice", 0}},
                           gradients[] = {{"phase", "phase", GT_COLUMN_TEXT},
                                          {"at", "at share of graph", 4},
                                          {"offset", "offset", 0},
                                          {"floats", "floats", 0}};
    gt_table *table = gt_results_table(b->results, "what ranks exchange in each phase", phases, 4);
    for (int p = 0; p < e->model->n_phases; p++) {
        const gt_phase *phase = &e->model->phases[p];
        gt_table_row(table, phase->name, (double)e->model->nets[phase->net]->trainable_floats,
                     (double)gt_phase_states(phase), (double)phase->n_stats);
    }
    table = gt_results_table(b->results, "when gradients are complete", gradients, 4);
    for (int p = 0; p < e->model->n_phases; p++) tell_gradients(e, p, table);
}

static void tell_steps(bench *b, const gt_engine *e, const bench_steps *s) {
    static const gt_column columns[] = {{"recipe", "recipe", GT_COLUMN_TEXT},
                                        {"ranks", "ranks", 0},
                                        {"hosts", "nodes", 0},
                                        {"n", "steps", 0},
                                        {"median", "median s/step", 4},
                                        {"least", "least", 4},
                                        {"most", "most", 4},
                                        {"waited", "communication %", 1},
                                        {"node", "MB a node", 0},
                                        {"computing", "computing s", 4},
                                        {"packing", "packing s", 4},
                                        {"sums", "waiting in sums s", 4},
                                        {"rest", "rest s", 4},
                                        {"reading", "reading s", 4}};
    gt_table *table = gt_results_table(b->results, "steps one by one, phases at their intervals", columns,
                                       sizeof columns / sizeof *columns);
    double median = (s->seconds[(s->n - 1) / 2] + s->seconds[s->n / 2]) / 2;
    gt_table_row(table, options.recipe, (double)e->comm->ranks, (double)e->comm->hosts, (double)s->n, median,
                 s->seconds[0], s->seconds[s->n - 1], 100 * s->parts.sums / s->average, s->node_bytes / 1e6,
                 s->parts.computing, s->parts.packing, s->parts.sums, s->parts.rest, s->parts.reading);
}

/* Of each rank; of one rank alone the means say it. */
static void tell_ranks_all(bench *b, const gt_engine *e, const bench_steps *s) {
    static const gt_column columns[] = {{"recipe", "recipe", GT_COLUMN_TEXT}, {"rank", "rank", 0},
                                        {"computing", "computing s", 4},      {"packing", "packing s", 4},
                                        {"sums", "waiting in sums s", 4},     {"rest", "rest s", 4},
                                        {"reading", "reading s", 4},          {"processor", "processor s", 4}};
    int ranks = e->comm->ranks;
    if (ranks == 1) return;
    bench_parts all[ranks];
    gt_comm_gather_all(e->comm, &s->own, sizeof s->own, all);
    if (e->comm->rank) return;
    gt_table *table = gt_results_table(b->results, "parts of a step by rank, averages", columns,
                                       sizeof columns / sizeof *columns);
    for (int r = 0; r < ranks; r++)
        gt_table_row(table, options.recipe, (double)r, all[r].computing, all[r].packing, all[r].sums, all[r].rest,
                     all[r].reading, all[r].processor);
}

/* `held`: bytes of this process before the model was made. */
static void tell_totals(bench *b, const gt_engine *e, const bench_steps *s, double peak, double held) {
    static const gt_column columns[] = {{"recipe", "recipe", GT_COLUMN_TEXT},
                                        {"ranks", "ranks", 0},
                                        {"threads", "threads", 0},
                                        {"batch", "batch", 0},
                                        {"slices", "slices", 0},
                                        {"slice", "slice", 0},
                                        {"rate", "images/s", 3},
                                        {"sec_per_kimg", "sec/kimg", 1},
                                        {"gflop", "Gflop/image", 2},
                                        {"gflops", "Gflop/s", 1},
                                        {"of_peak", "of FMA peak", 2},
                                        {"busy", "busy", 2},
                                        {"processor", "processor s/image", 6},
                                        {"quiet", "quiet images/s", 3},
                                        {"quiet_of_peak", "of FMA peak", 2},
                                        {"memory", "planned MB", 0},
                                        {"rss", "peak RSS MB", 0}};
    gt_table *table = gt_results_table(b->results, "training", columns, sizeof columns / sizeof *columns);
    double rate = 1 / s->per_image, flops = bench_flops_per_image(e),
           cores = (double)(e->comm->ranks * e->comm->threads);
    double quiet = cores > 1 ? NAN : 1 / s->processor_per_image;
    gt_table_row(table, options.recipe, (double)e->comm->ranks, (double)e->comm->threads, (double)e->job->batch,
                 (double)e->batches[0].slices.count, (double)e->model->slice_size, rate, 1000 / rate, flops / 1e9,
                 flops * rate / 1e9, flops * rate / (peak * e->comm->ranks), s->busy, s->processor_per_image, quiet,
                 flops * quiet / peak, (double)e->arena_bytes / 1e6, (bench_status_bytes("VmHWM") - held) / 1e6);
}

static gt_status measure(bench *b, const char *recipe) {
    gt_engine e;
    static bench_steps steps;
    options.recipe = recipe;
    bench_reset_high_water();
    double held = bench_status_bytes("VmRSS");
    gt_status st = bench_recipe_open(
        &e, b->comm, bench_recipe_find(recipe),
        &(bench_changes){
            .batch = options.batch, .slices = options.slices, .at_once = options.at_once, .job = options.job});
    if (st) return st;
    double peak = bench_peak(b, e.pool);
    st = bench_recipe_steps_all(&e, options.steps ? (int)options.steps : b->common->careful ? 5 : 2, PROFILED, &steps);
    if (!st) {
        family_sum sums[BENCH_FAMILIES] = {{0, 0}};
        tell_phases(b, &e, &steps, sums);
        tell_families(b, sums, steps.profiled, peak);
        tell_totals(b, &e, &steps, peak, held);
        tell_steps(b, &e, &steps);
        tell_ranks_all(b, &e, &steps);
        if (options.exchange) tell_exchange(b, &e);
        for (int p = 0; options.nodes && e.comm->rank == 0 && p < e.model->n_phases; p++)
            gt_exec_print(gt_engine_first(&e, p), stdout);
    }
    bench_recipe_close(&e);
    return st;
}

static gt_status run(bench *b) {
    gt_results_say(b->results, "counted",
                   "flops of direct convolutions and matrix products as defined, a multiply-add as two, whatever the "
                   "kernel does; sum over phases of flops / interval");
    gt_results_say(b->results, "of weights alone",
                   "nodes that follow from parameters alone, packing of weights first: each rank runs them at least "
                   "once in a phase, however few images it has");
    gt_results_say(b->results, "busy",
                   "processor time / (time x threads): much below 1, and other programs had the cores; measure again");
    gt_results_say(b->results, "quiet",
                   "images per second of processor time, of one rank and thread: what a machine without other programs "
                   "gives, except for caches and memory");
    if (strcmp(options.recipe, "all")) return measure(b, options.recipe);
    gt_status st = GT_OK;
    for (int i = 0; i < 6 && !st; i++)
        st = measure(b, (const char *[]){"small", "cifar", "auto64", "auto256", "dcgan", "vae"}[i]);
    return st;
}

BENCH_MAIN(.name = "step",
           .help =
               "Phases of training: images/s, sec/kimg, share of each family of ops, arithmetic against the FMA peak",
           .run = run, .ranks = true, .threads = &options.threads)
