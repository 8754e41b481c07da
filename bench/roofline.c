/* SPDX-License-Identifier: Apache-2.0
 * Where the time of a training step goes beyond what this CPU allows: each node of a recipe's graphs with its time, its
 * ceiling and the difference, on one thread. (Williams, Waterman and Patterson, "Roofline: An Insightful Visual
 * Performance Model", CACM 2009.)
 *
 *     ceiling = max(flops / FMA peak, bytes read and written / bandwidth)
 *
 * and of Winograd's convolutions, whose transforms read and write the pixels while their products do not:
 *
 *     ceiling = flops of products / FMA peak + max(flops of transforms / FMA peak, bytes / bandwidth)
 *
 * Flops are those that the node's algorithm computes. Peak and bandwidth are measured in the same run; the bandwidth is
 * that of the smallest measured size that holds the bytes of the node. Times are processor time. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/bandwidth.h"
#include "common/families.h"
#include "common/program.h"
#include "common/recipe.h"
#include "graph/exec.h"
#include "graph/door/internal.h"
#include "graph/door/nodes.h"

typedef struct roofline_options {
    bench_common common;
    const char *recipe, *job;
    int64_t batch, slices, steps, nodes;
} roofline_options;

static roofline_options options;

static const gt_option rows[] = {
    BENCH_OPTIONS,
    {BENCH_ROW(roofline_options, "recipe", recipe, "small", "What to train"), .choices = BENCH_RECIPE_NAMES},
    {BENCH_ROW(roofline_options, "job", job, "",
               "Keys of the job, as \"model=resnet18 data=...\"; goes with --recipe=job")},
    {BENCH_ROW(roofline_options, "batch", batch, "0", "Images per step; 0: the recipe's"), .max = 65536},
    {BENCH_ROW(roofline_options, "slices", slices, "0", "0: the recipe's"), .max = 65536},
    {BENCH_ROW(roofline_options, "steps", steps, "0", "Measured after one that is not; 0: 2, with --long 5"),
     .max = 1000},
    {BENCH_ROW(roofline_options, "nodes", nodes, "30", "Shown, those that lose most; 0: all"), .max = 100000},
};

/* ---- the machine ---- */

enum { LEVELS = 5, SMALLEST_KIB = 32, GROWTH = 8 };

typedef struct machine {
    double peak; /* flops per second */
    size_t bytes[LEVELS];
    double bandwidth[LEVELS]; /* bytes per second */
} machine;

static gt_status measure_machine(bench *b, machine *m) {
    static const gt_column columns[] = {{"kib", "KiB", 0}, {"bandwidth", "GB/s", 1}};
    gt_table *table = gt_results_table(b->results, "memory, y += x on one thread", columns, 2);
    m->peak = bench_peak(b, NULL);
    for (int i = 0; i < LEVELS; i++) {
        m->bytes[i] = ((size_t)SMALLEST_KIB << 10) * (i ? m->bytes[i - 1] / ((size_t)SMALLEST_KIB << 10) * GROWTH : 1);
        m->bandwidth[i] = bench_bandwidth(m->bytes[i]);
        if (!(m->bandwidth[i] > 0)) return GT_NOMEM;
        gt_table_row(table, (double)(m->bytes[i] >> 10), m->bandwidth[i] / 1e9);
    }
    return GT_OK;
}

static double bandwidth_for(const machine *m, double bytes) {
    int i = 0;
    while (i < LEVELS - 1 && (double)m->bytes[i] < bytes) i++;
    return m->bandwidth[i];
}

/* ---- nodes ---- */

enum { WORDS = 48 };

typedef struct measured { /* a node in one step, phases at their intervals */
    const char *phase;
    const gt_node *node;
    int family;
    char resolution[WORDS];
    double seconds, ceiling, flops, bytes;
    bool by_memory; /* bytes decide its ceiling */
} measured;

typedef struct list {
    gt_arena *arena;
    measured *nodes;
    int n, room;
} list;

static bool is_convolution(const gt_node *n) {
    return !strncmp(n->op->name, "conv", 4) && strcmp(n->op->name, "conv_pack") != 0;
}

/* Does x have the shape of a convolution's weights, in either order of their channels, or of several gradients? */
static bool is_of_weights(const gt_node *x) {
    const gt_graph *g = x->graph;
    if (!strcmp(x->op->name, "conv_gradient")) return true;
    for (int id = 0; id < g->n_nodes; id++) {
        const int64_t *w = g->nodes[id]->shape.d, *d = x->shape.d;
        if (g->nodes[id]->op != &gt_op_param || g->nodes[id]->shape.n != 4 || w[0] != d[0] || w[1] != d[1]) continue;
        if ((w[2] == d[2] && w[3] == d[3]) || (w[2] == d[3] && w[3] == d[2])) return true;
    }
    return false;
}

/* Of the largest images that the node reads or writes: of tensors of 4 axes, the first of which counts the images of a
 * slice, or of several. */
static void write_resolution(const gt_node *n, int slice, bool once, char text[WORDS]) {
    int64_t height = 0, width = 0;
    for (int i = -1; i < n->n_in; i++) {
        const gt_node *x = i < 0 ? n : n->in[i];
        const gt_shape *s = &x->shape;
        bool images = s->n == 4 && s->d[0] % slice == 0 && !is_of_weights(x);
        if (images && s->d[1] * s->d[2] > height * width) height = s->d[1], width = s->d[2];
    }
    if (once) snprintf(text, WORDS, "once a step");
    else if (height) snprintf(text, WORDS, "%lldx%lld", (long long)height, (long long)width);
    else snprintf(text, WORDS, "no images");
}

static gt_status add_node(list *l, const machine *m, const gt_engine *e, const gt_phase *phase, const gt_step *s,
                          double times, bool once) {
    double flops, bytes, seconds = gt_step_seconds(s);
    if (!gt_arena_grow(l->arena, &l->nodes, l->n, &l->room, sizeof *l->nodes)) return GT_NOMEM;
    gt_node_cost(s->node, &flops, &bytes);
    double products = flops, transforms = 0;
    if (is_convolution(s->node)) gt_conv_node_work(s->node, &products, &transforms);
    double by_products = products / m->peak, by_transforms = transforms / m->peak,
           by_memory = bytes / bandwidth_for(m, bytes);
    double ceiling = transforms > 0 ? by_products + fmax(by_transforms, by_memory) : fmax(by_products, by_memory);
    times /= phase->interval;
    measured *node = &l->nodes[l->n++];
    *node = (measured){.phase = phase->name,
                       .node = s->node,
                       .family = bench_family_of(s->node),
                       .seconds = seconds * times,
                       .ceiling = ceiling * times,
                       .flops = flops * times,
                       .bytes = bytes * times,
                       .by_memory = by_memory > by_products + by_transforms};
    write_resolution(s->node, e->model->slice_size, once, node->resolution);
    return GT_OK;
}

static gt_status list_nodes(const gt_engine *e, const machine *m, list *l) {
    gt_status st = GT_OK;
    for (int p = 0; p < e->model->n_phases; p++) {
        const gt_exec *exec = gt_engine_first(e, p);
        double runs = gt_engine_runs(e, p);
        for (int i = 0; i < exec->n_steps && !st; i++) {
            bool once = i < exec->n_hoisted;
            st = add_node(l, m, e, &e->model->phases[p], &exec->steps[i], once ? 1 : runs, once);
        }
    }
    return st;
}

static double lost(const measured *n) { return n->seconds - n->ceiling; }

static int by_loss(const void *a, const void *b) {
    double x = lost(a), y = lost(b);
    return (x < y) - (x > y);
}

/* ---- tables ---- */

static void tell_nodes(bench *b, const list *l, double all) {
    static const gt_column columns[] = {{"phase", "phase", GT_COLUMN_TEXT},
                                        {"node", "node", GT_COLUMN_TEXT},
                                        {"shape", "shape", GT_COLUMN_TEXT},
                                        {"kernel", "kernel", GT_COLUMN_TEXT},
                                        {"family", "family", GT_COLUMN_TEXT},
                                        {"resolution", "resolution", GT_COLUMN_TEXT},
                                        {"ms", "ms/step", 3},
                                        {"gflop", "Gflop", 3},
                                        {"mb", "MB", 2},
                                        {"gflops", "Gflop/s", 1},
                                        {"intensity", "flop/byte", 2},
                                        {"limit", "limit", GT_COLUMN_TEXT},
                                        {"ceiling", "ceiling ms", 3},
                                        {"lost", "lost ms", 3},
                                        {"share", "lost % of step", 2}};
    gt_table *table = gt_results_table(b->results, "nodes of a step, phases at their intervals, by time lost", columns,
                                       sizeof columns / sizeof *columns);
    for (int i = 0; i < l->n && (!options.nodes || i < options.nodes); i++) {
        const measured *n = &l->nodes[i];
        char shape[96], kernel[160];
        gt_table_row(table, n->phase, n->node->name, gt_shape_text(&n->node->shape, shape),
                     gt_node_kernel_text(n->node, kernel, sizeof kernel), bench_families[n->family], n->resolution,
                     1e3 * n->seconds, n->flops / 1e9, n->bytes / 1e6, n->flops / n->seconds / 1e9,
                     n->bytes > 0 ? n->flops / n->bytes : NAN, n->by_memory ? "memory" : "arithmetic", 1e3 * n->ceiling,
                     1e3 * lost(n), 100 * lost(n) / all);
    }
}

typedef struct sum {
    int family;
    const char *resolution; /* "all": of all */
    double seconds, ceiling, flops;
} sum;

/* Sums of nodes alike in family, and in resolution if `by_resolution`. Returns how many; -1: no memory. */
static int add_up(const list *l, bool by_resolution, sum **sums) {
    int n = 0, room = 0;
    for (int i = 0; i < l->n; i++) {
        const measured *m = &l->nodes[i];
        const char *resolution = by_resolution ? m->resolution : "all";
        int k = 0;
        while (k < n && ((*sums)[k].family != m->family || strcmp((*sums)[k].resolution, resolution) != 0)) k++;
        if (k == n) {
            if (!gt_arena_grow(l->arena, sums, n, &room, sizeof **sums)) return -1;
            (*sums)[n++] = (sum){.family = m->family, .resolution = resolution};
        }
        (*sums)[k].seconds += m->seconds;
        (*sums)[k].ceiling += m->ceiling;
        (*sums)[k].flops += m->flops;
    }
    return n;
}

static int sum_by_loss(const void *a, const void *b) {
    const sum *x = a, *y = b;
    double p = x->seconds - x->ceiling, q = y->seconds - y->ceiling;
    return (p < q) - (p > q);
}

static void tell_sum(gt_table *table, const char *family, const sum *s, double all, double peak) {
    double more = s->seconds - s->ceiling;
    gt_table_row(table, family, s->resolution, 1e3 * s->seconds, 100 * s->seconds / all, s->flops / s->seconds / peak,
                 1e3 * s->ceiling, 1e3 * more, 100 * more / all);
}

static gt_status tell_sums(bench *b, const list *l, bool by_resolution, double all, double peak) {
    static const gt_column columns[] = {{"family", "family of ops", GT_COLUMN_TEXT},
                                        {"resolution", "resolution", GT_COLUMN_TEXT},
                                        {"ms", "ms/step", 2},
                                        {"share", "% of step", 1},
                                        {"of_peak", "of peak", 2},
                                        {"ceiling", "ceiling ms", 2},
                                        {"lost", "lost ms", 2},
                                        {"lost_share", "lost % of step", 1}};
    sum *sums = NULL;
    int n = add_up(l, by_resolution, &sums);
    if (n < 0) return GT_NOMEM;
    if (n) qsort(sums, (size_t)n, sizeof *sums, sum_by_loss);
    gt_table *table = gt_results_table(b->results, by_resolution ? "by family and resolution" : "by family", columns,
                                       sizeof columns / sizeof *columns);
    sum total = {.resolution = "all"};
    for (int i = 0; i < n; i++) {
        const sum *s = &sums[i];
        total.seconds += s->seconds, total.ceiling += s->ceiling, total.flops += s->flops;
        tell_sum(table, bench_families[s->family], s, all, peak);
    }
    tell_sum(table, "all", &total, all, peak);
    return GT_OK;
}

static gt_status measure(bench *b, gt_engine *e) {
    machine m;
    bench_steps steps;
    list l = {.arena = gt_arena_new()};
    gt_status st = l.arena ? measure_machine(b, &m) : GT_NOMEM;
    int n = options.steps ? (int)options.steps : b->common->careful ? 5 : 2;
    if (!st) st = bench_recipe_steps_all(e, n, n, &steps);
    if (!st) st = list_nodes(e, &m, &l);
    if (!st && l.n) qsort(l.nodes, (size_t)l.n, sizeof *l.nodes, by_loss);
    if (!st) {
        gt_results_say(b->results, "a step", "%.3f ms of processor time, in %.3f ms", 1e3 * steps.processor,
                       1e3 * steps.average);
        tell_nodes(b, &l, steps.profiled_processor);
        st = tell_sums(b, &l, false, steps.profiled_processor, m.peak);
    }
    if (!st) st = tell_sums(b, &l, true, steps.profiled_processor, m.peak);
    gt_arena_free(l.arena);
    return st;
}

static gt_status run(bench *b) {
    gt_engine e;
    gt_results_say(
        b->results, "counted",
        "flops of direct convolutions and matrix products as defined, a multiply-add as two; the ceiling of a "
        "convolution counts the products that its algorithm computes, then its transforms or, where they take longer, "
        "the pixels");
    gt_status st = bench_recipe_open(
        &e, b->comm, bench_recipe_find(options.recipe),
        &(bench_changes){.batch = options.batch, .slices = options.slices, .job = options.job});
    if (st) return st;
    st = measure(b, &e);
    bench_recipe_close(&e);
    return st;
}

BENCH_MAIN(.name = "roofline",
           .help =
               "Each node of a training step beside what this CPU allows: time, ceiling, time lost; sums by family of\n"
               "ops and by resolution. A plot: gantry bench report FILE.json --svg=FILE.svg --x=intensity --y=gflops\n"
               "--group=family --dots --log",
           .run = run, .ranks = true)
