/* SPDX-License-Identifier: Apache-2.0
 * Values of layers before training: see activations.h. The inputs go through the network twice, once for the ends of
 * the ranges and once for the bins, so that no values need to be kept. */
#include "features/study/activations.h"

#include <math.h>
#include <string.h>

#include "graph/door/graph.h"
#include "base/door/random.h"
#include "runner/door/runner.h"
#include "runner/door/roles.h"

enum { NAME = 256 };

typedef struct watched { /* a layer */
    char output[32];
    size_t floats; /* of an input */
    double lo, hi, sum, squares, zeros, middle, outside;
    double *counts;
} watched;

typedef struct work {
    const gt_activations_options *options;
    gt_model *model;
    gt_runner *runner;
    gt_arena *arena;
    int batch, n;
    watched *layers;
    gt_activations *out;
} work;

static bool has_tensors(const gt_net *net, const char *layer) {
    for (int i = 0; i < net->n_tensors; i++) {
        char name[NAME];
        gt_layer_name(net->tensors[i].name, false, name, sizeof name);
        if (!strcmp(name, layer)) return true;
    }
    return false;
}

static gt_status watch_layers(void *own, gt_model *m, gt_graph *g) {
    work *w = own;
    gt_arena *a = w->arena;
    gt_layer_list list;
    gt_status st = gt_layer_list_make(g, &list);
    if (st) return st;
    w->layers = gt_arena_array(a, (size_t)list.n, sizeof *w->layers);
    w->out = gt_arena_array(a, (size_t)list.n, sizeof *w->out);
    if (!w->layers || !w->out) return GT_NOMEM;
    for (int i = 0; i + 1 < list.n && !st; i++) {
        const gt_graph_layer *l = &list.layers[i];
        const gt_shape *shape = gt_node_shape(l->output);
        if (!has_tensors(m->nets[0], l->name) || shape->d[0] != w->batch) continue;
        watched *v = &w->layers[w->n];
        *v = (watched){.floats = (size_t)(gt_shape_size(shape) / w->batch), .lo = INFINITY, .hi = -INFINITY};
        v->counts = gt_arena_array(a, (size_t)w->options->bins, sizeof *v->counts);
        w->out[w->n] = (gt_activations){.layer = gt_arena_printf(a, "%s", l->name)};
        if (!v->counts || !w->out[w->n].layer) return GT_NOMEM;
        memset(v->counts, 0, (size_t)w->options->bins * sizeof *v->counts);
        snprintf(v->output, sizeof v->output, "activations/%d", w->n++);
        st = gt_output(g, v->output, l->output);
    }
    return st;
}

/* Pixels of -1..1 reach the network as 0..1. */
static void draw_inputs(const work *w, int first, int n) {
    size_t pixels = gt_model_floats(w->model);
    float *images = gt_runner_input(w->runner, "images");
    for (int i = 0; i < n; i++, images += pixels) {
        gt_random_normal((gt_key){w->options->seed, gt_stream("activations"), 0, (uint32_t)(first + i)}, images,
                         pixels);
        for (size_t k = 0; k < pixels; k++) images[k] = 2 * images[k] - 1;
    }
}

static void look_at_ends(watched *v, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        v->lo = fmin(v->lo, (double)x[i]);
        v->hi = fmax(v->hi, (double)x[i]);
        v->sum += (double)x[i];
        v->squares += (double)x[i] * (double)x[i];
        v->zeros += !(x[i] < 0 || x[i] > 0);
    }
}

/* The upper end belongs to the last bin. */
static void count_bins(watched *v, int bins, const float *x, size_t n) {
    double width = v->hi - v->lo, scale = width > 0 ? bins / width : 0, middle = (v->lo + v->hi) / 2;
    for (size_t i = 0; i < n; i++) {
        double at = floor(((double)x[i] - v->lo) * scale);
        if ((double)x[i] < v->lo || (double)x[i] > v->hi) v->outside++;
        else v->counts[at < bins ? (int)at : bins - 1]++;
        v->middle += fabs((double)x[i] - middle) <= width / 20;
    }
}

static gt_status pass(work *w, bool ends) {
    const gt_activations_options *o = w->options;
    gt_status st = GT_OK;
    for (int first = 0; first < o->inputs && !st; first += w->batch) {
        int n = o->inputs - first < w->batch ? o->inputs - first : w->batch;
        draw_inputs(w, first, n);
        st = gt_runner_run(w->runner, &(gt_run_batch){.n = n});
        for (int i = 0; i < w->n && !st; i++) {
            watched *v = &w->layers[i];
            const float *x = gt_runner_output(w->runner, v->output);
            if (ends) look_at_ends(v, x, v->floats * (size_t)n);
            else count_bins(v, o->bins, x, v->floats * (size_t)n);
        }
    }
    return st;
}

static gt_status conclude(work *w) {
    int bins = w->options->bins;
    for (int i = 0; i < w->n; i++) {
        watched *v = &w->layers[i];
        gt_activations *out = &w->out[i];
        double *edges = gt_arena_array(w->arena, (size_t)bins + 1, sizeof *edges),
               n = (double)v->floats * w->options->inputs;
        if (!edges) return GT_NOMEM;
        for (int k = 0; k <= bins; k++) edges[k] = v->lo + (v->hi - v->lo) * k / bins;
        for (int k = 0; k < bins; k++) v->counts[k] /= n;
        out->count = n;
        out->mean = v->sum / n;
        out->std = sqrt(fmax(0, v->squares / n - out->mean * out->mean));
        out->zeros = v->zeros / n;
        out->outer = v->counts[0] + (bins > 1 ? v->counts[bins - 1] : 0);
        out->middle = v->middle / n;
        out->outside = v->outside / n;
        out->edges = edges;
        out->shares = v->counts;
    }
    return GT_OK;
}

static gt_status measure_layers(work *w) {
    gt_status st = pass(w, true);
    for (int i = 0; i < w->n; i++)
        if (w->options->lo < w->options->hi) w->layers[i].lo = w->options->lo, w->layers[i].hi = w->options->hi;
    if (!st) st = pass(w, false);
    return st ? st : conclude(w);
}

gt_status gt_activations_measure(gt_model *m, const gt_activations_options *o, gt_arena *a, gt_activations **out,
                                 int *n) {
    const gt_role *role = gt_role_needed(m, GT_ROLE_CLASSIFIER);
    if (!role) return GT_USAGE;
    work w = {.options = o, .model = m, .arena = a, .batch = gt_model_batch(m, role)};
    w.runner = gt_runner_new(m, m->blocks[role->network],
                             &(gt_runner_options){.network = m->nets[role->network]->name,
                                                  .request = {.n = w.batch},
                                                  .pool = o->pool,
                                                  .extend = watch_layers,
                                                  .own = &w},
                             NULL);
    gt_status st = w.runner ? measure_layers(&w) : gt_failure();
    gt_runner_close(w.runner);
    *out = w.out;
    *n = w.n;
    return st;
}
