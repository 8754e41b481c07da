/* SPDX-License-Identifier: Apache-2.0
 * Units that do nothing: channels and features whose rectifier lets through no picture's value. They are looked for at
 * ticks, on a few training pictures, beside the training. */
#include <stdlib.h>
#include <string.h>

#include "base/numbers.h"
#include "gantry/classify.h"
#include "gantry/items.h"
#include "nets/forward.h"
#include "train/measurer.h"
#include "use/runner/trained.h"

enum { LEAST = 64, MOST = 256, /* pictures */ PART = 8 /* of the data */, PIXELS = MOST * 64 * 64 /* at most */ };

/* On rank 0 alone. */
typedef struct dead_units {
    gt_trained trained;
    int64_t *items;          /* of a batch */
    double *active;          /* of all units, layer by layer */
    double *share;           /* of dead units, of each layer */
    char (*series)[48];      /* names */
    int64_t pictures, units; /* pictures: looked at; units: of all layers */
} dead_units;

static gt_status allocate(dead_units *d) {
    const gt_rectified *r = d->trained.model->rectified;
    for (int i = 0; i < r->n; i++) d->units += r->of[i].units;
    d->items = calloc((size_t)gt_classifying_batch(d->trained.model), sizeof *d->items);
    d->active = calloc((size_t)d->units + 1, sizeof *d->active);
    d->share = calloc((size_t)r->n + 1, sizeof *d->share);
    d->series = calloc((size_t)r->n + 1, sizeof *d->series);
    if (!d->items || !d->active || !d->share || !d->series)
        return gt_fail(GT_NOMEM, "out of memory for the units of %d layers", r->n);
    for (int i = 0; i < r->n; i++) snprintf(d->series[i], sizeof *d->series, "Dead/%s", r->of[i].layer);
    return GT_OK;
}

static bool is_wanted(const gt_engine *e) { return e->model->build_rectified != NULL; }

static gt_status open_network(gt_engine *e, dead_units *d) {
    gt_model *m = e->model;
    gt_graph *graph = m->build_rectified(m, gt_classifying_batch(m));
    if (graph && !m->rectified->n) {
        gt_graph_free(graph);
        return GT_OK;
    }
    d->trained = (gt_trained){.model = m, .params = m->blocks[0]};
    int64_t batch = gt_classifying_batch(m), part = e->info->count / PART,
            room = gt_least(MOST, PIXELS / ((int64_t)m->height * m->width)),
            wanted = gt_least(room, gt_largest(part, LEAST));
    d->pictures = gt_largest(wanted / batch, 1) * batch;
    gt_status st = gt_trained_build_beside(&d->trained, graph, e->pool, &e->arena_bytes);
    return st ? st : allocate(d);
}

static gt_status open_all(gt_engine *e, void *own) {
    return gt_comm_agree_all(e->comm, e->comm->rank ? GT_OK : open_network(e, own));
}

static void use_arena(void *own, void *memory) {
    dead_units *d = own;
    if (d->pictures) gt_exec_use_arena(d->trained.exec, memory);
}

static void close_network(void *own) {
    dead_units *d = own;
    if (d->pictures) gt_trained_close(&d->trained);
    free(d->items);
    free(d->active);
    free(d->share);
    free(d->series);
}

static void add_active(dead_units *d) {
    const gt_rectified *r = d->trained.model->rectified;
    double *active = d->active;
    for (int i = 0; i < r->n; i++) {
        const float *now = gt_exec_output(d->trained.exec, gt_text_of("active/%s", r->of[i].layer).s);
        for (int64_t k = 0; k < r->of[i].units; k++) *active++ += (double)now[k];
    }
}

/* The share of the units of each layer with a rectifier that are positive for none of some evenly spaced training
 * pictures. */
static gt_status measure_units(dead_units *d, gt_dataset *data) {
    const gt_rectified *r = d->trained.model->rectified;
    int64_t batch = gt_classifying_batch(d->trained.model), count = gt_dataset_get_info(data)->count;
    gt_exec *x = d->trained.exec;
    memset(d->active, 0, (size_t)d->units * sizeof *d->active);
    gt_status st = gt_exec_prepare(x, &(gt_exec_env){0});
    for (int64_t first = 0; first < d->pictures && !st; first += batch) {
        for (int64_t i = 0; i < batch; i++) d->items[i] = (int64_t)((__int128)(first + i) * count / d->pictures);
        st = gt_read_images(data, batch, d->items, gt_exec_input(x, "images"));
        if (!st) st = gt_exec_run(x, &(gt_exec_env){0});
        if (!st) add_active(d);
    }
    const double *active = d->active;
    for (int i = 0; i < r->n; i++) {
        double dead = 0;
        for (int64_t k = 0; k < r->of[i].units; k++) dead += !(*active++ > 0);
        d->share[i] = dead / (double)r->of[i].units;
    }
    return st;
}

static gt_status measure_all(gt_engine *e, void *own, gt_values *values) {
    dead_units *d = own;
    gt_status st = gt_comm_agree_all(e->comm, d->pictures ? measure_units(d, e->data) : GT_OK);
    for (int i = 0; !st && d->pictures && i < e->model->rectified->n; i++)
        gt_values_put(values, d->series[i], d->share[i]);
    return st;
}

const gt_measurer gt_measurer_dead_units = {
    .name = "a look at units",
    .own_bytes = sizeof(dead_units),
    .is_wanted = is_wanted,
    .open_all = open_all,
    .use_arena = use_arena,
    .close = close_network,
    .measure_all = measure_all,
};
