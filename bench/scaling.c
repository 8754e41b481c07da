/* SPDX-License-Identifier: Apache-2.0
 * Training on more ranks and threads: weak scaling (the batch grows with the ranks) and strong scaling (it does not),
 * with the efficiency against independent runs of one rank and thread side by side, which share the machine but nothing
 * else. With --model: a cost model (common/cost_model.h) fitted to measurements with this launcher, checked against
 * them, and evaluated on two kinds of network. Runs the programs `step` and `reduce` beside it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/machine.h"
#include "common/cost_model.h"
#include "common/points.h"
#include "common/program.h"
#include "common/recipe.h"
#include "gantry/figure.h"

typedef struct scaling_options {
    bench_common common;
    const char *recipe, *ranks, *threads, *launch, *mode, *svg;
    int64_t steps, shared_cores;
    bool model, overwrite;
} scaling_options;

static scaling_options options;

static const gt_option rows[] = {
    BENCH_OPTIONS,
    {BENCH_ROW(scaling_options, "recipe", recipe, "small",
               "Recipes with commas between (gantry bench step --help names them)")},
    {BENCH_ROW(scaling_options, "ranks", ranks, "1,2", "Numbers of ranks")},
    {BENCH_ROW(scaling_options, "threads", threads, "1,2", "Numbers of threads of each")},
    {BENCH_ROW(scaling_options, "mode", mode, "both", "Batch: so many times the recipe's as ranks; or the recipe's"),
     .choices = "weak|strong|both"},
    {BENCH_ROW(scaling_options, "launch", launch, "mpirun -n %r",
               "Starts ranks: %r stands for their number, %t for threads")},
    {BENCH_ROW(scaling_options, "shared-cores", shared_cores, "-1",
               "Cores that all ranks share; 0: each has its own; -1: this machine's, unless Slurm gave several nodes"),
     .min = -1, .max = 1 << 20},
    {BENCH_ROW(scaling_options, "steps", steps, "0", "As for step"), .max = 1000},
    {BENCH_ROW(scaling_options, "model", model, "0", "Fit, check and evaluate the cost model")},
    {BENCH_ROW(scaling_options, "svg", svg, "", "With --model: file for a plot"),
     BENCH_WRITES("*.svg", GT_OUTFILE_PICTURE)},
    BENCH_OVERWRITE(scaling_options),
};

enum { MOST_NUMBERS = 16, MOST_CORES = 64 };

static int numbers_of(const char *text, int list[MOST_NUMBERS]) {
    int n = 0;
    for (char *end; *text && n < MOST_NUMBERS; text = *end == ',' ? end + 1 : end) {
        long value = strtol(text, &end, 10);
        if (end == text || value < 1) return 0;
        list[n++] = (int)value;
    }
    return n;
}

/* Cores that the ranks of all points share; 0: each rank has its own. */
static int cores(void) {
    gt_machine m;
    const char *nodes = getenv("SLURM_JOB_NUM_NODES");
    if (options.shared_cores >= 0) return (int)options.shared_cores;
    if (nodes && atoi(nodes) > 1) return 0;
    gt_machine_look(&m);
    return m.cores < m.allowed ? m.cores : m.allowed;
}

typedef struct point {
    double rate, sec_per_kimg, memory, batch, slices, busy;
} point;

static gt_status read_point(gt_results *r, point *out) {
    const gt_table *t = r ? gt_results_find(r, "training") : NULL;
    if (!r) return GT_FAILED;
    if (!t || !t->n_rows) return gt_fail(GT_FORMAT, "no results of 'step'");
    *out = (point){.rate = gt_table_number(t, 0, "rate"),
                   .sec_per_kimg = gt_table_number(t, 0, "sec_per_kimg"),
                   .memory = gt_table_number(t, 0, "memory"),
                   .batch = gt_table_number(t, 0, "batch"),
                   .slices = gt_table_number(t, 0, "slices"),
                   .busy = gt_table_number(t, 0, "busy")};
    return GT_OK;
}

static void step_arguments(char *out, size_t room, const char *recipe, int threads, double batch, double slices) {
    snprintf(out, room, "--recipe=%s --threads=%d --batch=%.0f --slices=%.0f --steps=%lld", recipe, threads, batch,
             slices,
             (long long)(options.steps            ? options.steps
                         : options.common.careful ? 5
                                                  : 2));
}

static gt_status measure_point(const char *recipe, int ranks, int threads, double batch, double slices, point *out,
                               gt_results **kept) {
    char arguments[256];
    step_arguments(arguments, sizeof arguments, recipe, threads, batch, slices);
    gt_results *r = bench_point(options.launch, ranks, threads, "step", arguments);
    gt_status st = read_point(r, out);
    if (kept && !st) *kept = r;
    else gt_results_free(r);
    return st;
}

/* Images per second of `n` runs of one rank and thread at once, added up. */
static gt_status independent_rate(const char *recipe, int n, double *rate) {
    char arguments[256];
    gt_results *list[MOST_CORES];
    step_arguments(arguments, sizeof arguments, recipe, 1, 0, 0);
    gt_status st = n > MOST_CORES ? GT_OK : bench_independent(n, "step", arguments, list);
    *rate = n > MOST_CORES ? NAN : 0;
    for (int i = 0; i < n && n <= MOST_CORES && !st; i++) {
        point p = {.rate = 0};
        st = read_point(list[i], &p);
        *rate += p.rate;
        gt_results_free(list[i]);
    }
    return st;
}

/* ---- measured scaling ---- */

typedef struct study {
    const char *recipe;
    point one;                          /* one rank, one thread */
    double independent[MOST_CORES + 1]; /* images/s by number of runs; 0: not measured yet */
    gt_table *table;
} study;

static gt_status add_point(study *s, const char *mode, int ranks, int threads) {
    bool weak = !strcmp(mode, "weak");
    int n = ranks * threads, available = cores();
    if ((available && n > available) || (!weak && ranks > (int)s->one.slices) ||
        (!weak && ranks == 1 && !strcmp(options.mode, "both")))
        return GT_OK;
    point p = s->one;
    gt_status st = GT_OK;
    if (n > 1)
        st = measure_point(s->recipe, ranks, threads, weak ? s->one.batch * ranks : s->one.batch,
                           weak ? s->one.slices * ranks : s->one.slices, &p, NULL);
    double *independent = n <= MOST_CORES ? &s->independent[n] : NULL;
    s->independent[1] = s->one.rate;
    /* Ranks on hosts of their own do not share a machine: they are compared with one rank alone. */
    if (independent && !*independent && !st) {
        if (available) st = independent_rate(s->recipe, n, independent);
        else *independent = n * s->one.rate;
    }
    if (st) return st;
    gt_table_row(s->table, s->recipe, mode, (double)ranks, (double)threads, p.batch, p.rate, p.sec_per_kimg, p.memory,
                 p.rate / (n * s->one.rate), independent ? p.rate / *independent : NAN, p.busy);
    return GT_OK;
}

static gt_status study_recipe(study *s, const int *ranks, int n_ranks, const int *threads, int n_threads) {
    static const char *const modes[] = {"weak", "strong"};
    gt_status st = measure_point(s->recipe, 1, 1, 0, 0, &s->one, NULL);
    for (int m = 0; m < 2; m++)
        for (int r = 0; r < n_ranks; r++)
            for (int t = 0; t < n_threads && !st; t++)
                if (!strcmp(options.mode, "both") || !strcmp(options.mode, modes[m]))
                    st = add_point(s, modes[m], ranks[r], threads[t]);
    return st;
}

/* ---- the model ---- */

static const cost_network networks[] = {
    {.name = "10 Gbit/s Ethernet, TCP", .message = 25e-6, .rate = 1.1e9},
    {.name = "HDR InfiniBand, 200 Gbit/s", .message = 1.5e-6, .rate = 23e9},
};
enum { NETWORKS = sizeof networks / sizeof *networks, MOST_RANKS_LOG = 10 };

/* How much slower a rank computes where `ranks` of them share this machine: caches, memory, cores. */
static gt_status measure_crowd(const char *recipe, int ranks, double alone, double *crowd) {
    double together = NAN;
    *crowd = 1;
    gt_status st = cores() ? independent_rate(recipe, ranks, &together) : GT_OK;
    if (together > 0) *crowd = ranks * alone / together;
    return st;
}

/* The share of a slice's time in which sums are hidden: what makes the model agree with this run, as far as it lies
 * between 0 and 1. */
static void fit_overlap(cost_model *m, const cost_network *n, cost_ranks ranks, double measured) {
    double best = INFINITY, chosen = 0;
    for (int i = 0; i <= 20; i++) {
        m->overlap = i / 20.0;
        double off = fabs(cost_step(m, n, ranks) - measured);
        if (off < best) best = off, chosen = m->overlap;
    }
    m->overlap = chosen;
}

static gt_status check_ranks(const char *recipe, cost_model *m, const point *one, int ranks, bool *fitted,
                             gt_table *table) {
    cost_network here = {.name = "here"};
    gt_results *reduce = bench_point(options.launch, ranks, 1, "reduce", "--most=64");
    if (!reduce) return GT_FAILED;
    double error = cost_network_fit(&here, reduce), crowd = 1;
    gt_results_free(reduce);
    point p = *one;
    gt_status st = measure_point(recipe, ranks, 1, one->batch * ranks, one->slices * ranks, &p, NULL);
    if (!st) st = measure_crowd(recipe, ranks, one->rate, &crowd);
    if (st) return st;
    double measured = p.batch / p.rate;
    cost_ranks r = {.count = ranks, .near = cores() ? ranks : 1, .slices = (int)one->slices, .crowd = crowd};
    if (!*fitted) fit_overlap(m, &here, r, measured);
    *fitted = true;
    double model = cost_step(m, &here, r);
    gt_table_row(table, recipe, (double)ranks, here.message * 1e6, here.rate / 1e6, 100 * error, crowd, m->overlap,
                 model, measured, model / measured);
    return GT_OK;
}

static gt_status fit_and_check(bench *b, const char *recipe, cost_model *m, const point *one, const int *ranks,
                               int n_ranks) {
    static const gt_column columns[] = {{"recipe", "recipe", GT_COLUMN_TEXT},
                                        {"ranks", "ranks", 0},
                                        {"message", "us/message", 2},
                                        {"rate", "MB/s", 0},
                                        {"fit", "fit error %", 1},
                                        {"crowd", "crowding", 2},
                                        {"overlap", "overlap", 2},
                                        {"model", "model sec/step", 4},
                                        {"measured", "measured", 4},
                                        {"ratio", "model/measured", 3}};
    gt_table *table = gt_results_table(b->results, "the model against measurements with this launcher, weak scaling",
                                       columns, sizeof columns / sizeof *columns);
    bool fitted = false;
    gt_status st = GT_OK;
    for (int i = 0; i < n_ranks && !st; i++)
        if (ranks[i] > 1) st = check_ranks(recipe, m, one, ranks[i], &fitted, table);
    return st;
}

/* Each rank on a host of its own. */
static cost_ranks apart(int ranks, int slices) {
    return (cost_ranks){.count = ranks, .near = 1, .slices = slices, .crowd = 1};
}

static gt_status evaluate(bench *b, const char *recipe, const cost_model *m, int slices) {
    static const gt_column columns[] = {{"network", "network", GT_COLUMN_TEXT},
                                        {"mode", "scaling", GT_COLUMN_TEXT},
                                        {"ranks", "ranks", 0},
                                        {"batch", "batch", 0},
                                        {"step", "sec/step", 4},
                                        {"rate", "images/s", 2},
                                        {"sec_per_kimg", "sec/kimg", 2},
                                        {"efficiency", "efficiency", 3}};
    gt_table *table = gt_results_table(
        b->results,
        "the model on other networks; weak: a slice a rank, strong: the recipe's batch, up to a slice a rank", columns,
        8);
    double x[NETWORKS + 1][MOST_RANKS_LOG + 1], y[NETWORKS + 1][MOST_RANKS_LOG + 1];
    gt_curve lines[NETWORKS + 1] = {
        {.label = "one rank x ranks", .n = MOST_RANKS_LOG + 1, .x = x[NETWORKS], .y = y[NETWORKS]}};
    for (int k = 0; k < NETWORKS; k++) {
        const cost_network *n = &networks[k];
        lines[k + 1] = (gt_curve){.label = n->name, .n = MOST_RANKS_LOG + 1, .x = x[k], .y = y[k]};
        double one = cost_step(m, n, apart(1, 1)), all = cost_step(m, n, apart(1, slices));
        for (int e = 0; e <= MOST_RANKS_LOG; e++) {
            int ranks = 1 << e;
            double step = cost_step(m, n, apart(ranks, 1)), batch = ranks * m->slice_size;
            gt_table_row(table, n->name, "weak", (double)ranks, batch, step, batch / step, 1000 * step / batch,
                         one / step);
            x[k][e] = x[NETWORKS][e] = ranks;
            y[k][e] = batch / step;
            y[NETWORKS][e] = batch / one;
        }
        for (int ranks = 1; ranks <= slices; ranks *= 2) {
            double step = cost_step(m, n, apart(ranks, (slices + ranks - 1) / ranks)), batch = slices * m->slice_size;
            gt_table_row(table, n->name, "strong", (double)ranks, batch, step, batch / step, 1000 * step / batch,
                         all / step / ranks);
        }
    }
    char title[128];
    snprintf(title, sizeof title, "gantry, recipe %s: images/s, one slice of %.0f images a rank (model)", recipe,
             m->slice_size);
    const gt_panel panel = {.title = title,
                            .x_label = "ranks, one per host",
                            .y_label = "images per second",
                            .x_scale = GT_LOG_2,
                            .y_scale = GT_LOG_10,
                            .n_curves = NETWORKS + 1,
                            .curves = lines};
    return *options.svg ? gt_figure_write_svg(options.svg, &panel) : GT_OK;
}

static gt_status model_recipe(bench *b, const char *recipe, const int *ranks, int n_ranks) {
    cost_model m;
    point one;
    gt_results *step = NULL;
    gt_status st = measure_point(recipe, 1, 1, 0, 0, &one, &step);
    if (!st) st = cost_model_read(&m, step);
    gt_results_free(step);
    gt_results_say(b->results, "assumed",
                   "each rank computes as one rank with one thread does here, on a host of its own with the network to "
                   "itself; a message is posted every so often, all at full rate; "
                   "hidden: the share 'overlap' of a rank's last slice, fitted to the first run on several ranks (0.5 "
                   "without one)");
    gt_results_say(
        b->results, "crowding",
        "how much slower a rank computes because others share its machine: from independent runs at the same time");
    for (int k = 0; k < NETWORKS; k++)
        gt_results_say(b->results, "network", "%s: %.1f us per message, %.1f GB/s per rank and direction",
                       networks[k].name, networks[k].message * 1e6, networks[k].rate / 1e9);
    if (!st) st = fit_and_check(b, recipe, &m, &one, ranks, n_ranks);
    return st ? st : evaluate(b, recipe, &m, (int)one.slices);
}

static gt_status run(bench *b) {
    int ranks[MOST_NUMBERS], threads[MOST_NUMBERS], n_ranks = numbers_of(options.ranks, ranks),
                                                    n_threads = numbers_of(options.threads, threads);
    if (!n_ranks || !n_threads)
        return gt_fail(GT_USAGE, "--ranks and --threads must be numbers with commas between, as in 1,2,4");
    gt_results_say(b->results, "launch", "%s", options.launch);
    gt_table *table = NULL;
    if (!options.model) {
        static const gt_column columns[] = {{"recipe", "recipe", GT_COLUMN_TEXT},
                                            {"mode", "scaling", GT_COLUMN_TEXT},
                                            {"ranks", "ranks", 0},
                                            {"threads", "threads", 0},
                                            {"batch", "batch", 0},
                                            {"rate", "images/s", 3},
                                            {"sec_per_kimg", "sec/kimg", 1},
                                            {"memory", "planned MB", 0},
                                            {"efficiency", "of n x one", 3},
                                            {"independent", "of n independent", 3},
                                            {"busy", "busy", 2}};
        gt_results_say(b->results, "efficiency",
                       "n = ranks x threads; 'of n x one': images/s over n times those of one; 'of n independent': "
                       "over those of n runs of one rank and thread at the same time");
        table = gt_results_table(b->results, "scaling", columns, 11);
    }
    gt_status st = GT_OK;
    for (const char *at = options.recipe; *at && !st;) {
        char name[32];
        int n = (int)strcspn(at, ",");
        snprintf(name, sizeof name, "%.*s", n, at);
        at += n + (at[n] == ',');
        if (!bench_recipe_find(name))
            return gt_fail(GT_USAGE, "--recipe=%s: no such recipe; there are " BENCH_RECIPE_NAMES, name);
        if (options.model) st = model_recipe(b, name, ranks, n_ranks);
        else st = study_recipe(&(study){.recipe = name, .table = table}, ranks, n_ranks, threads, n_threads);
    }
    return st;
}

int main(int argc, char **argv) {
    const bench_program p = {.name = "scaling",
                             .help = "Training on more ranks and threads: measured, and by a model up to 1024 ranks",
                             .rows = rows,
                             .n_rows = sizeof rows / sizeof *rows,
                             .fields = &options,
                             .run = run};
    return bench_main(&p, argc, argv);
}
