/* SPDX-License-Identifier: Apache-2.0
 * Units that do nothing: channels and features whose rectifier lets through no picture's value. They are counted at
 * ticks, on a few training pictures, beside the training. */
#include <stdlib.h>
#include <string.h>

#include "base/door/numbers.h"
#include "runner/door/items.h"
#include "runner/door/runner.h"
#include "networks/nets/door/layers.h"
#include "train/door/measurer.h"
#include "train/journal/journal.h"

enum { MIN = 64, MAX = 256, /* pictures */ PART = 8 /* of the data */, PIXELS = MAX * 64 * 64 /* at most */ };

typedef struct rectifier {
    const char *output; /* "active/conv1" */
    gt_text series;     /* "Dead/conv1" */
    int64_t units;
    double dead; /* share of the units */
} rectifier;

/* On rank 0 alone. */
typedef struct dead_units {
    gt_runner *network; /* NULL: the model has no rectifiers */
    int n;
    rectifier *rectifiers;
    int64_t *items;   /* of a batch */
    double *active;   /* of all units, rectifier by rectifier */
    int64_t pictures; /* looked at */
} dead_units;

static bool is_wanted(const gt_engine *e) { return gt_model_role(e->model, GT_ROLE_RECTIFIERS) != NULL; }

static gt_status allocate(dead_units *d) {
    size_t batch = (size_t)gt_runner_batch(d->network), units = 0;
    const gt_graph *g = gt_runner_graph(d->network);
    d->rectifiers = calloc((size_t)d->n, sizeof *d->rectifiers);
    for (int i = 0; d->rectifiers && i < d->n; i++) {
        rectifier *r = &d->rectifiers[i];
        const gt_node *active = gt_graph_output(g, i, &r->output);
        r->units = gt_shape_size(gt_node_shape(active));
        r->series = gt_text_of("Dead%s", strchr(r->output, '/'));
        units += (size_t)r->units;
    }
    d->items = calloc(batch, sizeof *d->items);
    d->active = calloc(units + 1, sizeof *d->active);
    if (d->rectifiers && d->items && d->active) return GT_OK;
    return gt_fail(GT_NOMEM, "out of memory for the units of %d layers", d->n);
}

static gt_status open_network(gt_engine *e, dead_units *d) {
    gt_model *m = e->model;
    size_t bytes = e->arena_bytes;
    d->network = gt_runner_new(m, m->blocks[0], &(gt_runner_options){.role = GT_ROLE_RECTIFIERS, .pool = e->pool},
                               &bytes);
    if (!d->network) return gt_failure();
    while (gt_graph_output(gt_runner_graph(d->network), d->n, NULL)) d->n++;
    if (!d->n) return GT_OK;
    e->arena_bytes = bytes;
    int64_t batch = gt_runner_batch(d->network), part = e->info->count / PART,
            room = gt_smallest(MAX, PIXELS / ((int64_t)m->height * m->width)),
            wanted = gt_smallest(room, gt_largest(part, MIN));
    d->pictures = gt_largest(wanted / batch, 1) * batch;
    return allocate(d);
}

static gt_status open_all(gt_engine *e, void *own) {
    return gt_comm_agree_all(e->comm, e->comm->rank ? GT_OK : open_network(e, own));
}

static void use_arena(void *own, void *memory) {
    const dead_units *d = own;
    if (d->n) gt_runner_use_arena(d->network, memory);
}

static void close_network(void *own) {
    dead_units *d = own;
    gt_runner_close(d->network);
    free(d->rectifiers);
    free(d->items);
    free(d->active);
}

static void add_active(dead_units *d) {
    double *active = d->active;
    for (int i = 0; i < d->n; i++) {
        const float *now = gt_runner_output(d->network, d->rectifiers[i].output);
        for (int64_t k = 0; k < d->rectifiers[i].units; k++) *active++ += (double)now[k];
    }
}

static void share_out_dead(dead_units *d) {
    const double *active = d->active;
    for (rectifier *r = d->rectifiers; r < d->rectifiers + d->n; r++) {
        r->dead = 0;
        for (int64_t k = 0; k < r->units; k++) r->dead += !(*active++ > 0);
        r->dead /= (double)r->units;
    }
}

/* The share of the units of each layer with a rectifier that are positive for none of some evenly spaced training
 * pictures. */
static gt_status measure_units(dead_units *d, gt_dataset *data) {
    int64_t batch = gt_runner_batch(d->network), count = gt_dataset_get_info(data)->count, units = 0;
    for (int i = 0; i < d->n; i++) units += d->rectifiers[i].units;
    memset(d->active, 0, (size_t)units * sizeof *d->active);
    gt_status st = gt_runner_prepare(d->network);
    for (int64_t first = 0; first < d->pictures && !st; first += batch) {
        for (int64_t i = 0; i < batch; i++) d->items[i] = (int64_t)((__int128)(first + i) * count / d->pictures);
        st = gt_read_images(data, batch, d->items, gt_runner_input(d->network, "images"));
        if (!st) st = gt_runner_run(d->network, &(gt_run_batch){.n = (int)batch});
        if (!st) add_active(d);
    }
    share_out_dead(d);
    return st;
}

static gt_status measure_all(gt_engine *e, void *own, gt_values *values) {
    dead_units *d = own;
    gt_status st = gt_comm_agree_all(e->comm, d->n ? measure_units(d, e->data) : GT_OK);
    for (int i = 0; !st && i < d->n; i++) gt_values_put(values, d->rectifiers[i].series.s, d->rectifiers[i].dead);
    return st;
}

const gt_measurer gt_measurer_dead_units = {
    .name = "the count of dead units",
    .own_bytes = sizeof(dead_units),
    .is_wanted = is_wanted,
    .open_all = open_all,
    .use_arena = use_arena,
    .close = close_network,
    .measure_all = measure_all,
};
