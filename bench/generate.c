/* SPDX-License-Identifier: Apache-2.0
 * Images per second from a generator: of a recipe, with fresh weights (time does not depend on their values), or of a
 * file, as gantry generate opens it. Under mpirun every rank makes its own, as gantry generate does. */
#include <math.h>
#include <string.h>

#include "common/program.h"
#include "common/recipe.h"
#include "base/door/clock.h"
#include "base/door/random.h"
#include "kernels.h"
#include "gantry/trained.h"

typedef struct generate_options {
    bench_common common;
    const char *recipe, *network;
    int64_t threads, batch;
} generate_options;

static generate_options options;

static const gt_option rows[] = {
    BENCH_OPTIONS,
    {BENCH_ROW(generate_options, "recipe", recipe, "cifar", "Whose generator"), .choices = BENCH_RECIPE_NAMES},
    {BENCH_ROW(generate_options, "network", network, "", "A checkpoint, run or network of others instead")},
    BENCH_THREADS(generate_options),
    {BENCH_ROW(generate_options, "batch", batch, "0", "Images per run; 0: 1, 4 and 8"), .max = 4096},
};

/* A generator, its parameters, and where its results go. */
typedef struct measured {
    gt_model *model;
    const float *params;
    gt_pool *pool;
    const char *name;
    double peak;
    gt_table *table;
} measured;

static gt_status measure(bench *b, const measured *of, int n) {
    gt_model *m = of->model;
    gt_graph *g = gt_model_build(
        m, GT_ROLE_GENERATOR,
        &(gt_request){.n = n, .noise_mode = GT_NOISE_CONST, .truncation = 1, .truncation_cutoff = -1});
    gt_exec *x = g ? gt_exec_new(g, &(gt_exec_options){.pool = of->pool}) : NULL;
    gt_status st = x ? GT_OK : GT_FAILED;
    if (x) gt_exec_bind(x, GT_SLOT(0), (void *)of->params);
    float *z = x ? gt_exec_input(x, "z") : NULL;
    if (z) gt_random_normal((gt_key){.seed = 1}, z, (size_t)n * (size_t)m->z_dim);
    if (!st) st = gt_exec_prepare(x, NULL);
    /* one thread: other programs do not count */
    clockid_t clock = b->comm->threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
    double best = INFINITY, until = gt_clock() + (b->common->careful ? 10 : 1);
    for (int i = 0; !st && (i < 3 || gt_clock() < until); i++) {
        double start = gt_clock_of(clock);
        st = gt_exec_run(x, NULL);
        double seconds = gt_clock_of(clock) - start;
        if (i && seconds < best) best = seconds;
    }
    if (!st) {
        double rate = n * b->comm->ranks / best, flops = gt_exec_cost(x).flops / n;
        gt_table_row(of->table, of->name, (double)b->comm->ranks, (double)b->comm->threads, (double)n, rate,
                     flops / 1e9, flops * rate / 1e9, flops * rate / (of->peak * b->comm->ranks),
                     (double)gt_exec_arena_bytes(x) / 1e6);
    }
    gt_exec_free(x);
    gt_graph_free(g);
    return st;
}

static gt_status measure_batches(bench *b, measured *of) {
    static const gt_column columns[] = {{"recipe", "recipe", GT_COLUMN_TEXT},
                                        {"ranks", "ranks", 0},
                                        {"threads", "threads", 0},
                                        {"batch", "batch", 0},
                                        {"rate", "images/s", 1},
                                        {"gflop", "Gflop/image", 2},
                                        {"gflops", "Gflop/s", 1},
                                        {"of_peak", "of FMA peak", 2},
                                        {"arena", "arena MB", 1}};
    of->peak = bench_peak(b, of->pool);
    of->table = gt_results_table(b->results, "generation", columns, 9);
    static const int batches[] = {1, 4, 8};
    gt_status st = options.batch ? measure(b, of, (int)options.batch) : GT_OK;
    for (int i = 0; i < 3 && !options.batch && !st; i++) st = measure(b, of, batches[i]);
    return st;
}

static gt_status run_recipe(bench *b) {
    gt_engine e;
    gt_status st = bench_recipe_open(&e, b->comm, bench_recipe_find(options.recipe), &(bench_changes){0});
    if (st) return st;
    st = measure_batches(
        b, &(measured){.model = e.model, .params = e.model->blocks[0], .pool = e.pool, .name = options.recipe});
    bench_recipe_close(&e);
    return st;
}

static gt_status run_network(bench *b) {
    gt_trained t;
    gt_status st = gt_trained_open(&t, options.network, &(gt_network_options){.kernels = bench_kernels()});
    if (st) return st;
    gt_pool *pool = gt_pool_new((int)options.threads);
    st = pool ? measure_batches(b, &(measured){.model = t.model, .params = t.params, .pool = pool, .name = "network"})
              : GT_NOMEM;
    gt_trained_close(&t);
    gt_pool_free(pool);
    return st;
}

static gt_status run(bench *b) { return *options.network ? run_network(b) : run_recipe(b); }

BENCH_MAIN(.name = "generate", .help = "Generated images per second", .run = run, .ranks = true,
           .threads = &options.threads)
