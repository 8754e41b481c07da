/* SPDX-License-Identifier: Apache-2.0
 * Training on more ranks and threads: weak scaling (the batch grows with the ranks) and strong scaling (it does not),
 * the latter on one node and then on more of them (--mode=nodes), with the efficiency against independent runs of one
 * rank and thread side by side, which share the machine but nothing else. With --model: a cost model
 * (common/cost_model.h) fitted to measurements with this launcher, checked against them, and evaluated on two kinds of
 * network. Runs the programs `step` and `reduce` beside it. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/clock.h"
#include "base/door/machine.h"
#include "common/bandwidth.h"
#include "common/cost_model.h"
#include "common/points.h"
#include "common/program.h"
#include "common/recipe.h"
#include "figures/door/figure.h"

typedef struct scaling_options {
    bench_common common;
    const char *recipe, *job, *ranks, *threads, *nodes, *launch, *mode, *svg;
    int64_t steps, batch, slices, shared_cores, node_cores, minutes;
    bool model, overwrite;
} scaling_options;

static scaling_options options;

static const gt_option rows[] = {
    BENCH_OPTIONS,
    {BENCH_ROW(scaling_options, "recipe", recipe, "small",
               "Recipes with commas between (gantry bench step --help names them)")},
    {BENCH_ROW(scaling_options, "job", job, "", "With --recipe=job: keys of the job, as for step")},
    {BENCH_ROW(scaling_options, "batch", batch, "0", "Batch of one rank, and for strong scaling; 0: the recipe's"),
     .max = 65536},
    {BENCH_ROW(scaling_options, "slices", slices, "0",
               "Slices of that batch, the largest number of ranks; 0: the recipe's"),
     .max = 65536},
    {BENCH_ROW(scaling_options, "ranks", ranks, "1,2", "Numbers of ranks")},
    {BENCH_ROW(scaling_options, "threads", threads, "1,2", "Numbers of threads of each")},
    {BENCH_ROW(
         scaling_options, "mode", mode, "both",
         "Batch: weak: the recipe's times the number of ranks; strong: the recipe's; nodes: one node in all ways "
         "of --ranks x --threads, then the fastest that fills it on more nodes, strong and weak (a batch a node)"),
     .choices = "weak|strong|both|nodes"},
    {BENCH_ROW(scaling_options, "nodes", nodes, "1", "With --mode=nodes: numbers of nodes")},
    {BENCH_ROW(scaling_options, "minutes", minutes, "0", "With --mode=nodes: no launch begins later; 0: no limit"),
     .max = 1 << 20},
    {BENCH_ROW(scaling_options, "node-cores", node_cores, "0", "Cores of a node; 0: this machine's"), .max = 65536},
    {BENCH_ROW(scaling_options, "launch", launch, "mpirun -n %r",
               "Starts ranks: %r stands for their number, %t for threads, %n for nodes")},
    {BENCH_ROW(scaling_options, "shared-cores", shared_cores, "-1",
               "Cores that all ranks share; 0: each has its own; -1: this machine's, unless Slurm gave several nodes"),
     .min = -1, .max = 1 << 20},
    {BENCH_ROW(scaling_options, "steps", steps, "0", "As for step"), .max = 1000},
    {BENCH_ROW(scaling_options, "model", model, "0", "Fit, check and evaluate the cost model")},
    {BENCH_ROW(scaling_options, "svg", svg, "", "With --model: file for a plot"),
     BENCH_WRITES("*.svg", GT_OUTFILE_PICTURE)},
    BENCH_OVERWRITE(scaling_options),
};

enum { MOST_NUMBERS = 64, MOST_CORES = 64 };

typedef struct numbers {
    int n, of[MOST_NUMBERS];
} numbers;

static numbers numbers_of(const char *text) {
    numbers list = {0};
    for (char *end; *text; text = *end == ',' ? end + 1 : end) {
        long value = strtol(text, &end, 10);
        if (end == text || value < 1 || value > 1 << 20 || list.n == MOST_NUMBERS) return (numbers){0};
        list.of[list.n++] = (int)value;
    }
    return list;
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
    double hosts, n, median, least, most, node, computing, packing, sums, rest, reading;
} point;

static gt_status read_point(gt_results *r, point *out) {
    const gt_table *t = r ? gt_results_find(r, "training") : NULL,
                   *s = r ? gt_results_find(r, "steps one by one, phases at their intervals") : NULL;
    if (!r) return GT_FAILED;
    if (!t || !t->n_rows || !s || !s->n_rows) return gt_fail(GT_FORMAT, "no results of 'step'");
    *out = (point){.rate = gt_table_number(t, 0, "rate"),
                   .sec_per_kimg = gt_table_number(t, 0, "sec_per_kimg"),
                   .memory = gt_table_number(t, 0, "memory"),
                   .batch = gt_table_number(t, 0, "batch"),
                   .slices = gt_table_number(t, 0, "slices"),
                   .busy = gt_table_number(t, 0, "busy"),
                   .hosts = gt_table_number(s, 0, "hosts"),
                   .n = gt_table_number(s, 0, "n"),
                   .median = gt_table_number(s, 0, "median"),
                   .least = gt_table_number(s, 0, "least"),
                   .most = gt_table_number(s, 0, "most"),
                   .node = gt_table_number(s, 0, "node"),
                   .computing = gt_table_number(s, 0, "computing"),
                   .packing = gt_table_number(s, 0, "packing"),
                   .sums = gt_table_number(s, 0, "sums"),
                   .rest = gt_table_number(s, 0, "rest"),
                   .reading = gt_table_number(s, 0, "reading")};
    return GT_OK;
}

/* The shell reads the line: see job_is_fine(). */
static void step_arguments(char *out, size_t room, const char *recipe, int threads, double batch, double slices) {
    int64_t steps = options.steps ? options.steps : options.common.careful ? 5 : 2;
    const char *job = options.job;
    snprintf(out, room, "--recipe=%s --threads=%d --batch=%.0f --slices=%.0f --steps=%lld%s%s%s", recipe, threads,
             batch, slices, (long long)steps, *job ? " '--job=" : "", job, *job ? "'" : "");
}

static gt_status job_is_fine(void) {
    return strlen(options.job) < 512 && !strchr(options.job, '\'')
               ? GT_OK
               : gt_fail(GT_USAGE, "--job: at most 511 characters, none of them a quote");
}

static gt_status measure_point(const char *recipe, int nodes, int ranks, int threads, double batch, double slices,
                               point *out, gt_results **kept) {
    char arguments[1024];
    step_arguments(arguments, sizeof arguments - 16, recipe, threads, batch, slices);
    if (kept) strcat(arguments, " --exchange");
    gt_results *r = bench_point(options.launch, nodes, ranks, threads, "step", arguments);
    gt_status st = read_point(r, out);
    if (kept && !st) *kept = r;
    else gt_results_free(r);
    return st;
}

/* Images per second of `n` runs of one rank and thread at once, added up. */
static gt_status independent_rate(const char *recipe, int n, double *rate) {
    char arguments[1024];
    gt_results *list[MOST_CORES];
    step_arguments(arguments, sizeof arguments, recipe, 1, (double)options.batch, (double)options.slices);
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
    numbers ranks, threads, nodes;
    point one;                          /* one rank, one thread */
    double independent[MOST_CORES + 1]; /* images/s by number of runs; 0: not measured yet */
    double until;                       /* when no launch begins any more; 0: no limit */
    bench *b;
    gt_table *table;
} study;

static int node_cores(void) {
    gt_machine m;
    if (options.node_cores) return (int)options.node_cores;
    gt_machine_look(&m);
    return m.cores < m.allowed ? m.cores : m.allowed;
}

/* `nodes`: whole ones, which are counted as such; 0: only the cores that are used are. `node_rate`: images/s of one
 * node, with which several are compared. */
static void tell_point(study *s, const char *mode, int nodes, int ranks, int threads, const point *p,
                       double independent, double node_rate) {
    int n = ranks * threads;
    double charged = nodes ? (double)nodes * node_cores() : n;
    gt_table_row(s->table, s->recipe, mode, p->hosts, (double)ranks, (double)threads, p->batch, p->rate,
                 p->sec_per_kimg, p->n, p->median, p->least, p->most, p->rate / s->one.rate,
                 p->rate / (n * s->one.rate), independent > 0 ? p->rate / independent : NAN,
                 node_rate > 0 ? p->rate / (nodes * node_rate) : NAN, p->computing, p->packing, p->sums, p->rest,
                 p->reading, p->node, charged * p->sec_per_kimg / 3600, p->memory, p->busy);
}

/* The batch has no work for so many ranks. */
static void tell_few_slices(study *s, const char *what, int ranks) {
    gt_results_say(s->b->results, "left out",
                   "%s: %d ranks %s: a batch of %.0f has %.0f slices; what makes them run: --batch=%.0f "
                   "--slices=%d (BATCH, SLICES of slurm/scaling.sbatch)",
                   s->recipe, ranks, what, s->one.batch, s->one.slices, ranks * fmax(1, s->one.batch / s->one.slices),
                   ranks);
}

static gt_status add_point(study *s, const char *mode, int ranks, int threads) {
    bool weak = !strcmp(mode, "weak"), few = !weak && ranks > (int)s->one.slices;
    int n = ranks * threads, available = cores();
    if (few) tell_few_slices(s, "by strong scaling", ranks);
    if ((available && n > available) || few || (!weak && ranks == 1 && !strcmp(options.mode, "both"))) return GT_OK;
    point p = s->one;
    gt_status st = GT_OK;
    if (n > 1)
        st = measure_point(s->recipe, 1, ranks, threads, weak ? s->one.batch * ranks : s->one.batch,
                           weak ? s->one.slices * ranks : s->one.slices, &p, NULL);
    double *independent = n <= MOST_CORES ? &s->independent[n] : NULL;
    s->independent[1] = s->one.rate;
    /* Ranks on hosts of their own do not share a machine: they are compared with one rank alone. */
    if (independent && !*independent && !st) {
        if (available) st = independent_rate(s->recipe, n, independent);
        else *independent = n * s->one.rate;
    }
    if (!st) tell_point(s, mode, 0, ranks, threads, &p, independent ? *independent : NAN, NAN);
    return st;
}

static gt_status one_by_one(study *s) {
    static const char *const modes[] = {"weak", "strong"};
    gt_status st = GT_OK;
    for (int m = 0; m < 2; m++)
        for (int r = 0; r < s->ranks.n; r++)
            for (int t = 0; t < s->threads.n && !st; t++)
                if (!strcmp(options.mode, "both") || !strcmp(options.mode, modes[m]))
                    st = add_point(s, modes[m], s->ranks.of[r], s->threads.of[t]);
    return st;
}

/* One way to use a node. */
typedef struct division {
    int ranks, threads;
    point p; /* of one node */
} division;

/* `batches`: of the recipe, which many nodes share (1) or of which each has one. What cannot be measured, such as what
 * needs more memory than there is, is left out with the reason. */
static bool measure_nodes(study *s, int nodes, division *d, int batches) {
    char reason[512] = "";
    int ranks = nodes * d->ranks;
    d->p = s->one;
    if (ranks * d->threads == 1) return true;
    if (s->until && gt_clock() > s->until)
        snprintf(reason, sizeof reason, "the %lld minutes of --minutes are over", (long long)options.minutes);
    else if (measure_point(s->recipe, nodes, ranks, d->threads, batches * s->one.batch, batches * s->one.slices, &d->p,
                           NULL))
        snprintf(reason, sizeof reason, "%s", gt_message());
    if (*reason)
        gt_results_say(s->b->results, "left out", "%s, batch %.0f: %d ranks x %d threads on %d node%s: %s", s->recipe,
                       batches * s->one.batch, ranks, d->threads, nodes, nodes > 1 ? "s" : "", reason);
    return !*reason;
}

/* More of the node, then faster; with at most so many ranks. */
static const division *best_division(const division *list, int n, int most_ranks) {
    const division *best = NULL;
    for (const division *d = list; d < list + n; d++) {
        int more = best ? d->ranks * d->threads - best->ranks * best->threads : 1;
        if (d->ranks <= most_ranks && (more > 0 || (!more && d->p.rate > best->p.rate))) best = d;
    }
    return best;
}

/* The batch has so few slices that each node gets at most `most` ranks: the largest such number of --ranks, and the
 * threads that fill the node. */
static division fewer_ranks(const study *s, int most) {
    division d = {.ranks = 1};
    for (int r = 0; r < s->ranks.n; r++)
        if (s->ranks.of[r] <= most && s->ranks.of[r] > d.ranks) d.ranks = s->ranks.of[r];
    d.threads = node_cores() / d.ranks;
    if (d.threads < 1) d.threads = 1;
    return d;
}

static void on_more_nodes(study *s, const division *list, int n) {
    const division *best = best_division(list, n, INT_MAX);
    tell_point(s, "strong", 1, best->ranks, best->threads, &best->p, NAN, best->p.rate);
    for (int k = 0; k < s->nodes.n; k++) {
        int nodes = s->nodes.of[k], most = (int)s->one.slices / nodes;
        if (nodes == 1) continue;
        if (!most) {
            tell_few_slices(s, "one on each node", nodes);
            continue;
        }
        const division *fits = best_division(list, n, most);
        division d = fewer_ranks(s, most);
        if (fits && fits->ranks * fits->threads >= d.ranks * d.threads) d = *fits;
        if (measure_nodes(s, nodes, &d, 1))
            tell_point(s, "strong", nodes, nodes * d.ranks, d.threads, &d.p, NAN, best->p.rate);
    }
    tell_point(s, "weak", 1, best->ranks, best->threads, &best->p, NAN, best->p.rate);
    for (int k = 0; k < s->nodes.n; k++) {
        division d = *best;
        if (s->nodes.of[k] > 1 && measure_nodes(s, s->nodes.of[k], &d, s->nodes.of[k]))
            tell_point(s, "weak", s->nodes.of[k], s->nodes.of[k] * d.ranks, d.threads, &d.p, NAN, best->p.rate);
    }
}

/* One node in all ways, then more nodes. */
static gt_status node_by_node(study *s) {
    static division list[MOST_NUMBERS * MOST_NUMBERS];
    int n = 0;
    for (int r = 0; r < s->ranks.n; r++) {
        int ranks = s->ranks.of[r];
        if (ranks > (int)s->one.slices) {
            tell_few_slices(s, "on one node", ranks);
            continue;
        }
        for (int t = 0; t < s->threads.n; t++) {
            list[n] = (division){.ranks = ranks, .threads = s->threads.of[t]};
            if (ranks * s->threads.of[t] > node_cores() || !measure_nodes(s, 1, &list[n], 1)) continue;
            tell_point(s, "one node", 1, ranks, s->threads.of[t], &list[n].p, NAN, NAN);
            n++;
        }
    }
    if (!n) return gt_fail(GT_FAILED, "no way to cut a node into --ranks x --threads could be measured");
    on_more_nodes(s, list, n);
    return GT_OK;
}

static gt_status study_recipe(study *s) {
    gt_status st = measure_point(s->recipe, 1, 1, 1, (double)options.batch, (double)options.slices, &s->one, NULL);
    if (st) return st;
    return strcmp(options.mode, "nodes") ? one_by_one(s) : node_by_node(s);
}

/* ---- the model ---- */

static const cost_network networks[] = {
    /* as bench/simulated/run has them */
    {.name = "10 Gbit/s Ethernet, TCP", .message = 2e-6, .latency = 25e-6, .rate = 1.1e9},
    {.name = "HDR InfiniBand, 200 Gbit/s", .message = 0.3e-6, .latency = 1.5e-6, .rate = 23e9},
};
enum { NETWORKS = sizeof networks / sizeof *networks, MOST_RANKS_LOG = 10, MEMORY_BYTES = 1 << 26 };

/* How much slower a rank computes where `ranks` of them share this machine: caches, memory, cores. */
static gt_status measure_crowd(const char *recipe, int ranks, double alone, double *crowd) {
    double together = NAN;
    *crowd = 1;
    gt_status st = cores() ? independent_rate(recipe, ranks, &together) : GT_OK;
    if (together > 0) *crowd = ranks * alone / together;
    return st;
}

static gt_status check_ranks(const char *recipe, const cost_model *m, const point *one, int ranks, gt_table *table) {
    cost_network here = {.name = "here"};
    gt_results *reduce = bench_point(options.launch, ranks, ranks, 1, "reduce", "--most=64");
    if (!reduce) return GT_FAILED;
    double error = cost_network_fit(&here, reduce), crowd = 1;
    gt_results_free(reduce);
    point p = *one;
    gt_status st = measure_point(recipe, ranks, ranks, 1, one->batch * ranks, one->slices * ranks, &p, NULL);
    if (!st) st = measure_crowd(recipe, ranks, one->rate, &crowd);
    if (st) return st;
    double measured = p.batch / p.rate;
    cost_ranks r = {.count = ranks, .near = cores() ? ranks : 1, .slices = (int)one->slices, .crowd = crowd};
    double model = cost_step(m, &here, r);
    gt_table_row(table, recipe, (double)ranks, here.message * 1e6, here.rate / 1e6, 100 * error, crowd, model, measured,
                 model / measured);
    return GT_OK;
}

static gt_status fit_and_check(bench *b, const char *recipe, const cost_model *m, const point *one, numbers ranks) {
    static const gt_column columns[] = {{"recipe", "recipe", GT_COLUMN_TEXT},
                                        {"ranks", "ranks", 0},
                                        {"message", "us/message", 2},
                                        {"rate", "MB/s", 0},
                                        {"fit", "fit error %", 1},
                                        {"crowd", "crowding", 2},
                                        {"model", "model sec/step", 4},
                                        {"measured", "measured", 4},
                                        {"ratio", "model/measured", 3}};
    gt_table *table = gt_results_table(b->results, "the model against measurements with this launcher, weak scaling",
                                       columns, sizeof columns / sizeof *columns);
    gt_status st = GT_OK;
    for (int i = 0; i < ranks.n && !st; i++)
        if (ranks.of[i] > 1) st = check_ranks(recipe, m, one, ranks.of[i], table);
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

static gt_status model_recipe(bench *b, const char *recipe, numbers ranks) {
    cost_model m;
    point one;
    gt_results *step = NULL;
    gt_status st = measure_point(recipe, 1, 1, 1, (double)options.batch, (double)options.slices, &one, &step);
    if (!st) st = cost_model_read(&m, step, bench_bandwidth(MEMORY_BYTES));
    gt_results_free(step);
    gt_results_say(
        b->results, "assumed",
        "each rank computes as one rank with one thread does here, on a host of its own with the network to "
        "itself; gradients leave when they are complete, as measured here; a rank posts one message after the "
        "other, all at full rate; optimiser and average are shared by the ranks");
    gt_results_say(
        b->results, "crowding",
        "how much slower a rank computes because others share its machine: from independent runs at the same time");
    for (int k = 0; k < NETWORKS; k++)
        gt_results_say(
            b->results, "network",
            "%s: %.1f us for a rank to post a message, %.1f us from host to host, %.1f GB/s per rank and direction",
            networks[k].name, networks[k].message * 1e6, networks[k].latency * 1e6, networks[k].rate / 1e9);
    if (!st) st = fit_and_check(b, recipe, &m, &one, ranks);
    return st ? st : evaluate(b, recipe, &m, (int)one.slices);
}

static gt_status run(bench *b) {
    numbers ranks = numbers_of(options.ranks), threads = numbers_of(options.threads), nodes = numbers_of(options.nodes);
    if (!ranks.n || !threads.n || !nodes.n)
        return gt_fail(GT_USAGE,
                       "--ranks, --threads and --nodes must be at most %d numbers with commas between, as in 1,2,4",
                       MOST_NUMBERS);
    double until = options.minutes ? gt_clock() + 60 * (double)options.minutes : 0;
    gt_status st = job_is_fine();
    if (st) return st;
    gt_results_say(b->results, "launch", "%s", options.launch);
    gt_table *table = NULL;
    if (!options.model) {
        static const gt_column columns[] = {{"recipe", "recipe", GT_COLUMN_TEXT},
                                            {"mode", "scaling", GT_COLUMN_TEXT},
                                            {"nodes", "nodes", 0},
                                            {"ranks", "ranks", 0},
                                            {"threads", "threads", 0},
                                            {"batch", "batch", 0},
                                            {"rate", "images/s", 3},
                                            {"sec_per_kimg", "sec/kimg", 1},
                                            {"n", "steps", 0},
                                            {"median", "median s/step", 4},
                                            {"least", "least", 4},
                                            {"most", "most", 4},
                                            {"speedup", "speed-up", 2},
                                            {"efficiency", "of n x one", 3},
                                            {"independent", "of n independent", 3},
                                            {"of_nodes", "of nodes x one", 3},
                                            {"computing", "computing s", 4},
                                            {"packing", "packing s", 4},
                                            {"sums", "waiting in sums s", 4},
                                            {"rest", "rest s", 4},
                                            {"reading", "reading s", 4},
                                            {"node", "MB a node", 0},
                                            {"core_hours", "core-hours/kimg", 3},
                                            {"memory", "planned MB", 0},
                                            {"busy", "busy", 2}};
        gt_results_say(
            b->results, "efficiency",
            "n = ranks x threads; speed-up: images/s over those of one rank and thread; 'of n x one': "
            "speed-up / n; 'of n independent': over n runs of one rank and thread at the same time; 'of nodes x "
            "one': over the fastest way to fill one node, times the nodes");
        gt_results_say(
            b->results, "time",
            "images/s and sec/kimg: of the best time of each phase; median, least and most: of the steps, after "
            "one that is not counted; computing, packing, waiting in sums and the rest: the parts of a step, "
            "means of steps and ranks; reading: of a rank's pictures of a step, hidden by the step unless longer");
        gt_results_say(b->results, "core-hours", "%s",
                       strcmp(options.mode, "nodes") ? "of the cores that are used" : "of whole nodes");
        table = gt_results_table(b->results, "scaling", columns, sizeof columns / sizeof *columns);
    }
    for (const char *at = options.recipe; *at && !st;) {
        char name[32];
        int n = (int)strcspn(at, ",");
        snprintf(name, sizeof name, "%.*s", n, at);
        at += n + (at[n] == ',');
        if (!bench_recipe_find(name))
            return gt_fail(GT_USAGE, "--recipe=%s: no such recipe; there are " BENCH_RECIPE_NAMES, name);
        if (options.model) st = model_recipe(b, name, ranks);
        else st = study_recipe(&(study){name, ranks, threads, nodes, .until = until, .b = b, .table = table});
    }
    return st;
}

BENCH_MAIN(.name = "scaling", .help = "Training on more ranks and threads: measured, and by a model up to 1024 ranks",
           .run = run)
