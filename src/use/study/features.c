/* SPDX-License-Identifier: Apache-2.0
 * Inside trained networks: see features.h. */
#include "gantry/features.h"

#include <stdlib.h>
#include <string.h>

#include "gantry/graph.h"
#include "gantry/items.h"
#include "gantry/ops.h"
#include "graph/internal.h"
#include "use/runner/each_item.h"
#include "gantry/trained.h"
#include "use/runner/roles.h"

enum { BATCH = 16 }; /* a fixed number: no value depends on how many images there are */

static const char output[] = "features";

struct gt_features {
    gt_trained trained;
    bool cam;
    gt_shape shape;
    size_t size; /* floats of one image's values */
};

static bool has_pixels(const gt_node *n) {
    const gt_shape *s = gt_node_shape(n);
    return s->n == 4 && s->d[1] * s->d[2] > 1;
}

static gt_node *last_with_pixels(const gt_layer_list *list) {
    for (int i = list->n - 1; i >= 0; i--)
        if (has_pixels(list->layers[i].output)) return list->layers[i].output;
    gt_fail(GT_USAGE, "no layer of the network has results with pixels");
    return NULL;
}

static gt_node *cam_of(gt_graph *g, gt_node *maps, int classes) {
    if (!has_pixels(maps)) return gt_graph_fault(g, "the result of the layer has no pixels, so that it has no map");
    gt_node *logits = (gt_node *)gt_graph_output(g, 0, NULL), *class = gt_input(g, "class", GT_SHAPE(BATCH, classes)),
            *slope;
    if (gt_grad(g, 1, &logits, &class, 1, &maps, &slope)) return NULL;
    gt_node *weights = gt_mean(g, slope, GT_AXIS(1) | GT_AXIS(2));
    return gt_leaky_relu(g, gt_sum(g, gt_mul(g, maps, weights), GT_AXIS(3)), 0);
}

static gt_status build_features(gt_features *f, const gt_features_options *o) {
    gt_model *m = f->trained.model;
    if (o->cam && !gt_role_needed(m, GT_ROLE_CLASSIFIER)) return GT_USAGE;
    gt_graph *g = gt_model_forward(m, f->trained.network, BATCH);
    if (!g) return gt_failure();
    gt_layer_list list;
    gt_status st = gt_layer_list_make(g, &list);
    gt_node *node = NULL;
    if (!st) node = o->layer ? gt_layer_list_find(&list, o->layer) : last_with_pixels(&list);
    if (!st && !node) st = GT_USAGE;
    if (!st && node->shape.d[0] != BATCH)
        st = gt_fail(GT_USAGE, "the result of layer '%s' does not belong to single images", o->layer);
    if (!st && o->cam && !(node = cam_of(g, node, m->label_dim))) st = gt_graph_status(g);
    if (!st) st = gt_output(g, output, node);
    if (st) {
        gt_graph_free(g);
        return st;
    }
    f->shape = node->shape;
    f->shape.n--;
    memmove(f->shape.d, f->shape.d + 1, (size_t)f->shape.n * sizeof *f->shape.d);
    f->size = (size_t)gt_shape_size(&f->shape);
    return gt_trained_build(&f->trained, g, o->pool);
}

gt_features *gt_features_open(const char *checkpoint, const gt_features_options *o, gt_status *st) {
    gt_features *f = calloc(1, sizeof *f);
    *st = f ? gt_trained_open_network(&f->trained, checkpoint, &o->reading, o->network)
            : gt_fail(GT_NOMEM, "out of memory for a network");
    if (f) f->cam = o->cam;
    if (!*st && !o->any) *st = build_features(f, o);
    if (!*st) return f;
    gt_features_close(f);
    return NULL;
}

void gt_features_close(gt_features *f) {
    if (f) gt_trained_close(&f->trained);
    free(f);
}

const gt_model *gt_features_model(const gt_features *f) { return f->trained.model; }
gt_shape gt_features_shape(const gt_features *f) { return f->shape; }
int gt_features_batch(const gt_features *f) {
    (void)f;
    return BATCH;
}

gt_status gt_features_run(gt_features *f, int n, const float *images, const float *given, const float **values) {
    const gt_model *m = f->trained.model;
    gt_exec *x = f->trained.exec;
    size_t pixels = gt_model_floats(m), labels = (size_t)m->label_dim;
    float *in = gt_exec_input(x, "images"), *c = gt_exec_input(x, f->cam ? "class" : "c");
    if (!in) return gt_fail(GT_USAGE, "network %s takes no images", m->nets[f->trained.network]->name);
    for (size_t i = (size_t)n * pixels; i < BATCH * pixels; i++) in[i] = -1; /* black */
    memcpy(in, images, (size_t)n * pixels * sizeof *in);
    if (c) memset(c, 0, BATCH * labels * sizeof *c);
    if (c && !given) return gt_fail(GT_USAGE, "the network takes labels, and the data have none that fit");
    if (c) memcpy(c, given, (size_t)n * labels * sizeof *c);
    gt_status st = gt_exec_run(x, &(gt_exec_env){0});
    if (!st) *values = gt_exec_output(x, output);
    return st;
}

/* ---- a whole dataset ---- */

typedef struct work {
    gt_features *f;
    gt_dataset *ds;
    float *labels; /* [BATCH,label_dim]; NULL: there are none that fit */
} work;

static gt_status make_records(void *arg, int64_t first, int n, const float *images, void *records) {
    const work *w = arg;
    size_t width = (size_t)w->f->trained.model->label_dim;
    const float *values;
    for (int i = 0; w->labels && i < n; i++) gt_dataset_label(w->ds, first + i, w->labels + (size_t)i * width);
    gt_status st = gt_features_run(w->f, n, images, w->labels, &values);
    if (!st) memcpy(records, values, (size_t)n * w->f->size * sizeof *values);
    return st;
}

gt_status gt_features_dataset_all(gt_comm *c, gt_features *f, gt_dataset *ds, float **all) {
    const gt_model *m = f->trained.model;
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    work w = {.f = f, .ds = ds};
    if (m->label_dim && info->label_width == m->label_dim)
        w.labels = calloc(BATCH * (size_t)m->label_dim, sizeof *w.labels);
    gt_each_item each = {.comm = c,
                         .count = info->count,
                         .batch = BATCH,
                         .bytes = f->size * sizeof(float),
                         .doing = "computing features",
                         .data = ds,
                         .make = make_records,
                         .arg = &w};
    void *records = NULL;
    gt_status st = gt_comm_agree_all(c, gt_model_takes(m, ds));
    if (!st) st = gt_each_item_all(&each, &records);
    *all = records;
    free(w.labels);
    return st;
}

/* ---- filters ---- */

/* [n,C,H,W] as in files -> [n,H,W,C] */
static void filters_from_file(const float *file, gt_filters *out) {
    int h = out->height, w = out->width, c = out->channels;
    for (int i = 0; i < out->n; i++)
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++)
                for (int k = 0; k < c; k++)
                    out->values[(((int64_t)i * h + y) * w + x) * c + k] = file[(((int64_t)i * c + k) * h + y) * w + x];
}

gt_status gt_features_filters(const gt_features *f, gt_arena *a, gt_filters *out) {
    const gt_model *m = f->trained.model;
    const gt_tensor *t = m->nets[f->trained.network]->tensors;
    const gt_shape *s = &t->file_shape;
    *out = (gt_filters){.tensor = t->name, .n = (int)s->d[0]};
    if (s->n == 4) out->channels = (int)s->d[1], out->height = (int)s->d[2], out->width = (int)s->d[3];
    else if (s->n == 2 && s->d[1] == (int64_t)gt_model_floats(m))
        out->channels = m->channels, out->height = m->height, out->width = m->width;
    else return gt_fail(GT_USAGE, "the first tensor, %s, is not a layer that looks at images", t->name);
    float *file = gt_arena_array(a, t->size, sizeof *file);
    out->values = gt_arena_array(a, t->size, sizeof *out->values);
    if (!file || !out->values) return GT_NOMEM;
    gt_tensor_to_file(t, f->trained.params + t->offset, file);
    filters_from_file(file, out);
    return GT_OK;
}
