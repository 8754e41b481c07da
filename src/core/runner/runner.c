/* SPDX-License-Identifier: Apache-2.0
 * Trained networks, run over many items: see gantry/runner.h. */
#include "runner/door/runner.h"

#include <stdlib.h>
#include <string.h>

#include "runner/door/items.h"
#include "networks/nets/door/layers.h"
#include "runner/door/each_item.h"
#include "runner/door/roles.h"
#include "runner/door/trained.h"

struct gt_runner {
    gt_trained trained;
    gt_runner_options options;
    gt_graph *graph;
    gt_exec *exec;
    int batch;
};

/* ---- life ---- */

static const gt_role *role_of(const gt_runner *r) {
    const gt_model *m = r->trained.model;
    const gt_role *other = r->options.otherwise ? gt_model_role(m, r->options.otherwise) : NULL;
    return other && !gt_model_role(m, r->options.role) ? other : gt_role_needed(m, r->options.role);
}

/* `runs`: as in gt_exec_options. */
static gt_status make_execution(gt_runner *r, int runs) {
    gt_exec_free(r->exec);
    r->exec = gt_exec_new(r->graph, &(gt_exec_options){.pool = r->options.pool, .runs = runs});
    if (!r->exec) return gt_failure();
    gt_exec_bind(r->exec, 0, (void *)r->trained.params);
    if (r->options.bind) r->options.bind(r->options.own, r->exec);
    return GT_OK;
}

/* Values that depend on parameters alone are kept from run to run only if the arena has room for them. */
static gt_status make_beside(gt_runner *r, size_t *room) {
    gt_status st = make_execution(r, 0);
    if (!st && gt_exec_arena_bytes(r->exec) > *room) st = make_execution(r, 1);
    if (!st && gt_exec_arena_bytes(r->exec) > *room) *room = gt_exec_arena_bytes(r->exec);
    return st;
}

/* The graph of the role, or the forward pass of a network. */
static gt_status build_graph(gt_runner *r) {
    gt_model *m = r->trained.model;
    gt_runner_options *o = &r->options;
    const gt_role *role = o->role ? role_of(r) : NULL;
    int network = o->network ? gt_model_network(m, o->network) : r->trained.network;
    if (o->role ? !role : network < 0) return GT_USAGE;
    if (role && !o->request.n) o->request.n = gt_model_batch(m, role);
    r->batch = o->request.n;
    r->graph = role ? role->build(m, &o->request) : gt_model_forward(m, network, r->batch);
    if (!r->graph) return gt_failure();
    return o->extend ? o->extend(o->own, m, r->graph) : GT_OK;
}

static gt_status build(gt_runner *r, size_t *room) {
    gt_status st = build_graph(r);
    if (st || room) return st ? st : make_beside(r, room);
    st = make_execution(r, 0);
    return st ? st : gt_exec_prepare(r->exec, &(gt_exec_env){0});
}

/* A checkpoint is opened with the network that makes pictures or else the first. Another network may have the role. */
static gt_status open_checkpoint(gt_runner *r, const char *checkpoint) {
    gt_trained *t = &r->trained;
    const gt_runner_options *o = &r->options;
    gt_status st = gt_trained_open_network(t, checkpoint, &o->reading, o->network);
    if (st || !o->role) return st;
    const gt_role *role = role_of(r);
    if (!role || role->network == t->network) return role ? GT_OK : GT_USAGE;
    gt_text name = gt_text_of("%s", t->model->nets[role->network]->name);
    gt_trained_close(t);
    return gt_trained_open_network(t, checkpoint, &o->reading, name.s);
}

static gt_runner *start_runner(const char *checkpoint, gt_model *m, const float *params, const gt_runner_options *o,
                               size_t *room) {
    gt_runner *r = calloc(1, sizeof *r);
    if (!r) {
        gt_fail(GT_NOMEM, "out of memory for a network");
        return NULL;
    }
    *r = (gt_runner){.trained = {.model = m, .params = params}, .options = *o};
    gt_status st = checkpoint ? open_checkpoint(r, checkpoint) : GT_OK;
    if (!st) st = build(r, room);
    if (!st) return r;
    gt_runner_close(r);
    return NULL;
}

gt_runner *gt_runner_open(const char *checkpoint, const gt_runner_options *o) {
    return start_runner(checkpoint, NULL, NULL, o, NULL);
}

gt_runner *gt_runner_new(gt_model *m, const float *params, const gt_runner_options *o, size_t *room) {
    return start_runner(NULL, m, params, o, room);
}

void gt_runner_use_arena(gt_runner *r, void *memory) {
    if (r) gt_exec_use_arena(r->exec, memory);
}

gt_status gt_runner_prepare(gt_runner *r) {
    return r ? gt_exec_prepare(r->exec, &(gt_exec_env){.seed = r->options.seed}) : GT_OK;
}

void gt_runner_close(gt_runner *r) {
    if (!r) return;
    gt_exec_free(r->exec);
    gt_graph_free(r->graph);
    gt_trained_close(&r->trained);
    free(r);
}

gt_model *gt_runner_model(const gt_runner *r) { return r->trained.model; }
const char *gt_runner_recipe(const gt_runner *r) { return r->trained.recipe ? r->trained.recipe : ""; }
const float *gt_runner_params(const gt_runner *r) { return r->trained.params; }
const gt_checkpoint_data *gt_runner_data(const gt_runner *r) { return &r->trained.data; }
int gt_runner_batch(const gt_runner *r) { return r->batch; }
const gt_graph *gt_runner_graph(const gt_runner *r) { return r->graph; }

float *gt_runner_input(gt_runner *r, const char *name) { return gt_exec_input(r->exec, name); }

const float *gt_runner_output(const gt_runner *r, const char *name) { return gt_exec_output(r->exec, name); }

size_t gt_runner_floats(const gt_runner *r, const char *name) {
    return gt_exec_output_size(r->exec, name) / (size_t)r->batch;
}

size_t gt_runner_bytes(const gt_runner *r) { return gt_exec_arena_bytes(r->exec); }

/* ---- a batch ---- */

/* Floats of a picture: of the request's size, where it names one. */
static size_t floats_of_image(const gt_runner *r) {
    const gt_request *q = &r->options.request;
    const gt_model *m = r->trained.model;
    return q->height ? (size_t)q->height * (size_t)q->width * (size_t)m->channels : gt_model_floats(m);
}

static gt_status write_labels(gt_runner *r, const gt_run_batch *b) {
    float *c = gt_runner_input(r, "c");
    size_t width = (size_t)r->trained.model->label_dim;
    if (!c) return GT_OK;
    if (!b->labels) return gt_fail(GT_USAGE, "the network takes labels, but the data have no labels that fit");
    memset(c, 0, (size_t)r->batch * width * sizeof *c);
    memcpy(c, b->labels, (size_t)b->n * width * sizeof *c);
    return GT_OK;
}

static gt_status write_images(gt_runner *r, const gt_run_batch *b) {
    float *in = gt_runner_input(r, "images");
    size_t floats = floats_of_image(r), given = (size_t)b->n * floats, all = (size_t)r->batch * floats;
    const char *role = r->options.role ? r->options.role : "network";
    if (!in) return gt_fail(GT_USAGE, "the %s of model '%s' takes no images", role, r->trained.model->name);
    memcpy(in, b->images, given * sizeof *in);
    for (size_t i = given; i < all; i++) in[i] = -1;
    return write_labels(r, b);
}

gt_status gt_runner_run(gt_runner *r, const gt_run_batch *b) {
    gt_status st = b->images ? write_images(r, b) : GT_OK;
    const gt_exec_env env = {
        .seed = r->options.seed, .step = b->step, .sample0 = (uint32_t)b->first, .numbers = b->numbers};
    return st ? st : gt_exec_run(r->exec, &env);
}

/* ---- a dataset ---- */

typedef struct work {
    gt_runner *runner;
    const gt_runner_pass *pass;
    float *labels; /* of a batch; NULL: the network takes none */
} work;

static gt_status run_batch(void *arg, int64_t first, int n, const float *images, void *records) {
    const work *w = arg;
    const gt_model *m = w->runner->trained.model;
    for (int i = 0; i < n && w->labels; i++)
        gt_model_label(m, w->pass->data, first + i, w->labels + (size_t)i * (size_t)m->label_dim);
    const gt_run_batch batch = {.n = n, .first = first, .images = images, .labels = w->labels};
    gt_status st = gt_runner_run(w->runner, &batch);
    return st ? st : w->pass->record(w->pass->arg, w->runner, &batch, records);
}

static gt_status begin_work(work *w) {
    const gt_runner *r = w->runner;
    size_t floats = (size_t)r->batch * (size_t)r->trained.model->label_dim;
    bool labels = gt_exec_has_input(r->exec, "c");
    gt_status st = r->options.request.height ? GT_OK : gt_model_takes(r->trained.model, w->pass->data);
    if (!st && labels) st = gt_model_takes_labels(r->trained.model, w->pass->data);
    if (st || !labels) return st;
    w->labels = calloc(floats + 1, sizeof *w->labels);
    return w->labels ? GT_OK : gt_fail(GT_NOMEM, "out of memory for labels");
}

gt_status gt_runner_dataset_all(gt_comm *c, gt_runner *r, const gt_runner_pass *pass, void **all) {
    work w = {.runner = r, .pass = pass};
    *all = NULL;
    gt_status st = gt_comm_agree_all(c, begin_work(&w));
    const gt_each_item each = {.comm = c,
                               .count = pass->count ? pass->count : gt_dataset_get_info(pass->data)->count,
                               .batch = r->batch,
                               .bytes = pass->bytes,
                               .doing = pass->doing,
                               .data = pass->data,
                               .make = run_batch,
                               .arg = &w};
    if (!st) st = gt_each_item_all(&each, all);
    free(w.labels);
    return st;
}
