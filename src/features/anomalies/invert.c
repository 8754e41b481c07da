/* SPDX-License-Identifier: Apache-2.0
 * Latents of images: see features/anomalies/invert.h. A batch of images is searched for at once; each has its own
 * latent, so that the sum of their errors has the derivatives of each. */
#include "features/anomalies/invert.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/generate.h"
#include "runner/door/items.h"
#include "base/door/mathfn.h"
#include "gantry/memory.h"
#include "graph/door/ops.h"
#include "base/door/progress.h"
#include "runner/door/runner.h"
#include "runner/door/each_item.h"
#include "runner/door/roles.h"

enum { BEGINNINGS = 32, MOMENTS = 2 };

struct gt_inverter {
    gt_model *model;
    gt_inverter_options options;
    int batch;
    gt_runner *images;            /* from latents, or styles, to images and their errors */
    gt_runner *styles;            /* from latents to styles; NULL: the model has none */
    gt_arena *arena;              /* of what follows */
    size_t row;                   /* numbers that are looked for, of an image */
    float *at, *moments[MOMENTS]; /* [batch,row]: where the search is */
    float *begin;                 /* [batch,row]: where it begins */
    float *least;                 /* [batch]: errors */
    float *found;                 /* [batch,H,W,C]: the images of these errors */
    float *z, *labels;            /* [z_dim]; [batch,label_dim] */
};

static int labels_of(const gt_model *m) { return m->unlabelled_generator ? 0 : m->label_dim; }

/* ---- the graph ---- */

/* Squared errors over pixels in [0,1]: a quarter of those in [-1,1]. */
static gt_status extend(void *own, gt_model *m, gt_graph *g) {
    const gt_inverter *v = own;
    gt_node *image = (gt_node *)gt_graph_output(g, 0, NULL), *grad = NULL;
    gt_node *sought = v->styles ? gt_input(g, "ws", GT_SHAPE(v->batch, m->num_ws, m->w_dim))
                                : gt_input(g, "z", GT_SHAPE(v->batch, m->z_dim));
    gt_node *off = gt_sub(g, image, gt_input(g, "target", GT_SHAPE(v->batch, m->height, m->width, m->channels)));
    gt_node *error = gt_sum(g, gt_scale(g, gt_square(g, off), 0.25f), GT_AXIS(1) | GT_AXIS(2) | GT_AXIS(3));
    gt_node *total = gt_sum(g, error, GT_ALL_AXES);
    gt_output(g, "error", error);
    gt_status st = gt_grad(g, 1, &total, NULL, 1, &sought, &grad);
    if (!st) st = gt_output(g, "slope", v->styles ? gt_sum(g, grad, GT_AXIS(1)) : grad); /* all layers share one w */
    return st ? gt_wrap(st, "the graph of a search for latents") : GT_OK;
}

static gt_status build(gt_inverter *v, const float *params) {
    gt_runner_options o = {.role = GT_ROLE_MAPPING, .request = gt_plain_request(v->batch), .pool = v->options.pool};
    if (v->model->num_ws) {
        v->styles = gt_runner_new(v->model, params, &o, NULL);
        if (!v->styles) return gt_failure();
        o.request.from_styles = true;
    }
    o.role = GT_ROLE_GENERATOR;
    o.extend = extend;
    o.own = v;
    v->images = gt_runner_new(v->model, params, &o, NULL);
    return v->images ? GT_OK : gt_failure();
}

/* ---- life ---- */

static int batch_for(const gt_model *m) {
    enum { PIXELS = 1 << 18, MOST = 16 };
    int64_t n = PIXELS / ((int64_t)m->height * m->width);
    return n < 1 ? 1 : n > MOST ? MOST : (int)n;
}

static gt_status allocate(gt_inverter *v) {
    const gt_model *m = v->model;
    size_t n = (size_t)v->batch;
    v->row = (size_t)(m->num_ws ? m->w_dim : m->z_dim);
    v->arena = gt_arena_new();
    if (!v->arena) return GT_NOMEM;
    float **rows[] = {&v->at, &v->moments[0], &v->moments[1], &v->begin};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        *rows[i] = gt_arena_array(v->arena, n * v->row, sizeof **rows[i]);
    v->least = gt_arena_array(v->arena, n, sizeof *v->least);
    v->found = gt_arena_array(v->arena, n * gt_model_floats(m), sizeof *v->found);
    v->z = gt_arena_array(v->arena, (size_t)m->z_dim, sizeof *v->z);
    v->labels = gt_arena_array(v->arena, n * (size_t)m->label_dim, sizeof *v->labels);
    return gt_arena_failed(v->arena) ? GT_NOMEM : GT_OK;
}

gt_inverter *gt_inverter_new(gt_model *m, const float *params, const gt_inverter_options *o) {
    gt_status st = gt_role_needed(m, GT_ROLE_GENERATOR) ? GT_OK : GT_USAGE;
    if (!st && m->in_steps)
        st = gt_fail(GT_USAGE, "model '%s' makes pictures in steps from noise, so there is no latent to search for",
                     m->name);
    gt_inverter *v = st ? NULL : calloc(1, sizeof *v);
    if (!st && !v) st = gt_fail(GT_NOMEM, "out of memory for latents of images");
    if (st) return NULL;
    *v = (gt_inverter){.model = m, .options = *o, .batch = batch_for(m)};
    st = allocate(v);
    if (!st) st = build(v, params);
    if (!st) return v;
    gt_inverter_close(v);
    return NULL;
}

void gt_inverter_close(gt_inverter *v) {
    if (!v) return;
    gt_runner_close(v->images);
    gt_runner_close(v->styles);
    gt_arena_free(v->arena);
    free(v);
}

/* ---- the search ---- */

/* The errors of the latents `at`; those that are the least so far are kept, with their images, and with their latents
 * in `keep` (NULL: not). */
static gt_status evaluate(gt_inverter *v, float *keep) {
    const gt_model *m = v->model;
    size_t pixels = gt_model_floats(m), row = v->row * sizeof *v->at;
    float *in = gt_runner_input(v->images, v->styles ? "ws" : "z");
    int copies = v->styles ? m->num_ws : 1;
    for (int i = 0; in && i < v->batch * copies; i++)
        memcpy(in + (size_t)i * v->row, v->at + (size_t)(i / copies) * v->row, row);
    gt_status st = gt_runner_run(v->images, &(gt_run_batch){.n = v->batch});
    const float *error = gt_runner_output(v->images, "error"), *image = gt_runner_output(v->images, "image");
    for (int i = 0; i < v->batch && !st; i++) {
        if (!(error[i] < v->least[i])) continue;
        v->least[i] = error[i];
        memcpy(v->found + (size_t)i * pixels, image + (size_t)i * pixels, pixels * sizeof *image);
        if (keep) memcpy(keep + (size_t)i * v->row, v->at + (size_t)i * v->row, row);
    }
    return st;
}

/* The latent of a seed for all images; of models with styles its style, by the label of each. */
static gt_status put_seed(gt_inverter *v, uint32_t seed) {
    const gt_model *m = v->model;
    size_t z_dim = (size_t)m->z_dim, labels = (size_t)labels_of(m);
    gt_seed_latent(seed, m->z_dim, v->z);
    if (!v->styles) {
        for (int i = 0; i < v->batch; i++) memcpy(v->at + (size_t)i * z_dim, v->z, z_dim * sizeof *v->z);
        return GT_OK;
    }
    float *z = gt_runner_input(v->styles, "z"), *c = labels ? gt_runner_input(v->styles, "c") : NULL;
    for (int i = 0; z && i < v->batch; i++) memcpy(z + (size_t)i * z_dim, v->z, z_dim * sizeof *z);
    if (c) memcpy(c, v->labels, (size_t)v->batch * labels * sizeof *c);
    gt_status st = gt_runner_run(v->styles, &(gt_run_batch){.n = v->batch});
    const float *ws = gt_runner_output(v->styles, "ws");
    for (int i = 0; i < v->batch && !st; i++)
        memcpy(v->at + (size_t)i * v->row, ws + (size_t)i * (size_t)m->num_ws * v->row, v->row * sizeof *ws);
    return st;
}

/* Falls to nothing, so that the search comes to rest. */
static double rate(const gt_inverter *v, int64_t step) {
    const double first = 0.1;
    return first * (0.5 + 0.5 * gt_cos_pi((double)step / (double)v->options.steps));
}

/* Of n images [batch,H,W,C], black ones filling the batch, with labels in v->labels. */
static gt_status search(gt_inverter *v, const float *images) {
    const gt_model *m = v->model;
    size_t n = (size_t)v->batch * v->row;
    float *target = gt_runner_input(v->images, "target"),
          *c = labels_of(m) && !v->styles ? gt_runner_input(v->images, "c") : NULL;
    if (target) memcpy(target, images, (size_t)v->batch * gt_model_floats(m) * sizeof *images);
    if (c) memcpy(c, v->labels, (size_t)v->batch * (size_t)m->label_dim * sizeof *c);
    for (int i = 0; i < v->batch; i++) v->least[i] = INFINITY;
    for (int i = 0; i < MOMENTS; i++) memset(v->moments[i], 0, n * sizeof *v->moments[i]);
    memset(v->begin, 0, n * sizeof *v->begin);
    gt_status st = GT_OK;
    for (uint32_t seed = 0; seed < BEGINNINGS && !st; seed++) {
        st = put_seed(v, seed);
        if (!st) st = evaluate(v, v->begin);
    }
    memcpy(v->at, v->begin, n * sizeof *v->at);
    for (int64_t step = 0; step < v->options.steps && !st; step++) {
        gt_optimizer_settings s = {.lr = rate(v, step), .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};
        st = evaluate(v, NULL);
        if (!st)
            gt_optimizer_find("adam")->update(&s, (uint64_t)step + 1, n, gt_runner_output(v->images, "slope"), v->at,
                                              v->moments);
        gt_progress();
    }
    return st ? st : evaluate(v, NULL);
}

/* ---- datasets ---- */

static void put_label(gt_inverter *v, gt_dataset *ds, int64_t item, int i) {
    size_t dim = (size_t)v->model->label_dim;
    if (labels_of(v->model)) gt_model_label(v->model, ds, item, v->labels + (size_t)i * dim);
}

typedef struct pass {
    gt_inverter *inverter;
    gt_dataset *data;
} pass;

static gt_status record_errors(void *arg, int64_t first, int n, const float *images, void *records) {
    const pass *p = arg;
    for (int i = 0; i < n; i++) put_label(p->inverter, p->data, first + i, i);
    gt_status st = search(p->inverter, images);
    if (!st) memcpy(records, p->inverter->least, (size_t)n * sizeof(float));
    return st;
}

static gt_status check(const gt_inverter *v, gt_dataset *ds) {
    gt_status st = gt_model_takes(v->model, ds);
    return !st && labels_of(v->model) ? gt_model_takes_labels(v->model, ds) : st;
}

gt_status gt_invert_dataset_all(gt_comm *c, gt_inverter *v, gt_dataset *ds, float **error) {
    pass p = {v, ds};
    void *all = NULL;
    *error = NULL;
    gt_status st = gt_comm_agree_all(c, check(v, ds));
    if (st) return st;
    const gt_each_item each = {.comm = c,
                               .count = gt_dataset_get_info(ds)->count,
                               .batch = v->batch,
                               .bytes = sizeof **error,
                               .doing = "searching latents",
                               .data = ds,
                               .make = record_errors,
                               .arg = &p};
    st = gt_each_item_all(&each, &all);
    *error = all;
    return st;
}

gt_status gt_invert_pairs(gt_inverter *v, gt_dataset *ds, int64_t n, int64_t *items, float *pairs) {
    size_t pixels = gt_model_floats(v->model), batch = (size_t)v->batch;
    gt_status st = check(v, ds);
    GT_FREED float *images = st ? NULL : calloc(batch, pixels * sizeof *images);
    if (!st && !images) st = gt_fail(GT_NOMEM, "out of memory for images");
    for (int64_t first = 0; first < n && !st; first += v->batch) {
        int count = (int)(n - first < v->batch ? n - first : v->batch);
        st = gt_read_images(ds, count, items + first, images);
        for (int i = 0; i < count && !st; i++) put_label(v, ds, items[first + i], i);
        if (!st) st = search(v, images);
        for (int i = 0; i < count && !st; i++) {
            float *pair = pairs + 2 * (size_t)(first + i) * pixels;
            memcpy(pair, images + (size_t)i * pixels, pixels * sizeof *pair);
            memcpy(pair + pixels, v->found + (size_t)i * pixels, pixels * sizeof *pair);
        }
    }
    return st;
}
