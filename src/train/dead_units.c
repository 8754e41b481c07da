/* SPDX-License-Identifier: Apache-2.0
 * Units that do nothing: channels and features whose rectifier lets through no picture's value. They are looked for at
 * ticks, on a few training pictures, beside the training. */
#include <stdlib.h>
#include <string.h>

#include "base/numbers.h"
#include "gantry/encode.h"
#include "nets/forward.h"
#include "train/engine.h"
#include "use/trained.h"

enum { LEAST = 64, MOST = 256, /* pictures */ PART = 8 /* of the data */, PIXELS = MOST * 64 * 64 /* at most */ };

struct gt_dead_units {
    gt_trained trained;
    int64_t *items;          /* of a batch */
    double *active;          /* of all units, layer by layer */
    double *share;           /* of dead units, of each layer */
    char (*series)[48];      /* names */
    int64_t pictures, units; /* pictures: looked at; units: of all layers */
};

static gt_status allocate(gt_dead_units *d) {
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

gt_status gt_engine_open_dead_units(gt_engine *e) {
    gt_model *m = e->model;
    gt_graph *graph = m->build_rectified ? m->build_rectified(m, gt_classifying_batch(m)) : NULL;
    if (!m->build_rectified) return GT_OK;
    if (graph && !m->rectified->n) gt_graph_free(graph);
    if (graph && !m->rectified->n) return GT_OK;
    gt_dead_units *d = e->dead_units = calloc(1, sizeof *d);
    if (!d) gt_graph_free(graph);
    if (!d) return gt_fail(GT_NOMEM, "out of memory for a look at units");
    d->trained = (gt_trained){.model = m, .params = m->blocks[0]};
    int64_t batch = gt_classifying_batch(m), part = e->info->count / PART,
            room = gt_least(MOST, PIXELS / ((int64_t)m->height * m->width)),
            wanted = gt_least(room, gt_largest(part, LEAST));
    d->pictures = gt_largest(wanted / batch, 1) * batch;
    gt_status st = gt_trained_build_beside(&d->trained, graph, e->pool, &e->arena_bytes);
    return st ? st : allocate(d);
}

void gt_dead_units_use_arena(gt_dead_units *d, void *memory) {
    if (d) gt_exec_use_arena(d->trained.exec, memory);
}

void gt_dead_units_close(gt_dead_units *d) {
    if (!d) return;
    gt_trained_close(&d->trained);
    free(d->items);
    free(d->active);
    free(d->share);
    free(d->series);
    free(d);
}

static void collect(gt_dead_units *d) {
    const gt_rectified *r = d->trained.model->rectified;
    double *active = d->active;
    for (int i = 0; i < r->n; i++) {
        const float *now = gt_exec_output(d->trained.exec, gt_text_of("active/%s", r->of[i].layer).s);
        for (int64_t k = 0; k < r->of[i].units; k++) *active++ += (double)now[k];
    }
}

gt_status gt_dead_units_measure(gt_dead_units *d, gt_dataset *data) {
    if (!d) return GT_OK;
    const gt_rectified *r = d->trained.model->rectified;
    int64_t batch = gt_classifying_batch(d->trained.model), count = gt_dataset_get_info(data)->count;
    gt_exec *x = d->trained.exec;
    memset(d->active, 0, (size_t)d->units * sizeof *d->active);
    gt_status st = gt_exec_prepare(x, &(gt_exec_env){0});
    for (int64_t first = 0; first < d->pictures && !st; first += batch) {
        for (int64_t i = 0; i < batch; i++) d->items[i] = (int64_t)((__int128)(first + i) * count / d->pictures);
        st = gt_read_images(data, batch, d->items, gt_exec_input(x, "images"));
        if (!st) st = gt_exec_run(x, &(gt_exec_env){0});
        if (!st) collect(d);
    }
    const double *active = d->active;
    for (int i = 0; i < r->n; i++) {
        double dead = 0;
        for (int64_t k = 0; k < r->of[i].units; k++) dead += !(*active++ > 0);
        d->share[i] = dead / (double)r->of[i].units;
    }
    return st;
}

int gt_dead_units_count(const gt_dead_units *d) { return d ? d->trained.model->rectified->n : 0; }

gt_stat_value gt_dead_units_value(const gt_dead_units *d, int i) {
    return (gt_stat_value){d->series[i], 1, d->share[i], 0};
}
