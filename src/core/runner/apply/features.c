/* SPDX-License-Identifier: Apache-2.0
 * Inside trained networks: see features.h. */
#include "runner/apply/door/features.h"

#include <stdlib.h>
#include <string.h>

#include "graph/door/graph.h"
#include "gantry/runner.h"
#include "graph/door/ops.h"
#include "runner/door/trained.h"
#include "runner/door/roles.h"

enum { BATCH = 16 }; /* a fixed number: no value depends on how many images there are */

static const char output[] = "features";

struct gt_features {
    const gt_features_options *options; /* while it is opened */
    gt_runner *runner;
    gt_shape shape;
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
    gt_node *logits = (gt_node *)gt_graph_output(g, 0, NULL), *class = gt_input(g, "class", GT_SHAPE(BATCH, classes)),
            *slope;
    if (gt_grad(g, 1, &logits, &class, 1, &maps, &slope)) return NULL;
    gt_node *weights = gt_mean(g, slope, GT_AXIS(1) | GT_AXIS(2));
    return gt_leaky_relu(g, gt_sum(g, gt_mul(g, maps, weights), GT_AXIS(3)), 0);
}

static gt_status extend(void *own, gt_model *m, gt_graph *g) {
    gt_features *f = own;
    const gt_features_options *o = f->options;
    if (o->cam && !gt_role_needed(m, GT_ROLE_CLASSIFIER)) return GT_USAGE;
    gt_layer_list list;
    gt_status st = gt_layer_list_make(g, &list);
    if (st) return st;
    gt_node *node = o->layer ? gt_layer_list_find(&list, o->layer) : last_with_pixels(&list);
    if (!node) return GT_USAGE;
    if (gt_node_shape(node)->d[0] != BATCH)
        return gt_fail(GT_USAGE, "the result of layer '%s' combines several images", o->layer);
    if (o->cam && !has_pixels(node))
        return gt_fail(GT_USAGE, "the result of the layer has no pixels, so that it has no map");
    if (o->cam && !(node = cam_of(g, node, m->label_dim))) return gt_graph_status(g);
    f->shape = *gt_node_shape(node);
    f->shape.n--;
    memmove(f->shape.d, f->shape.d + 1, (size_t)f->shape.n * sizeof *f->shape.d);
    return gt_output(g, output, node);
}

gt_features *gt_features_open(const char *checkpoint, const gt_features_options *o, gt_status *st) {
    gt_features *f = calloc(1, sizeof *f);
    *st = f ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a network");
    if (!f) return NULL;
    f->options = o;
    f->runner = gt_runner_open(checkpoint, &(gt_runner_options){.network = o->network,
                                                                .request = {.n = BATCH},
                                                                .pool = o->pool,
                                                                .reading = o->reading,
                                                                .extend = extend,
                                                                .own = f});
    if (f->runner) return f;
    *st = gt_failure();
    gt_features_close(f);
    return NULL;
}

void gt_features_close(gt_features *f) {
    if (f) gt_runner_close(f->runner);
    free(f);
}

const gt_model *gt_features_model(const gt_features *f) { return gt_runner_model(f->runner); }
gt_shape gt_features_shape(const gt_features *f) { return f->shape; }
int gt_features_batch(const gt_features *f) { return gt_runner_batch(f->runner); }

gt_status gt_features_run(gt_features *f, int n, const float *images, const float *given, const float **values) {
    size_t labels = (size_t)gt_features_model(f)->label_dim;
    float *class = gt_runner_input(f->runner, "class");
    if (class) memset(class, 0, BATCH * labels * sizeof *class);
    if (class) memcpy(class, given, (size_t)n * labels * sizeof *class);
    gt_status st = gt_runner_run(f->runner, &(gt_run_batch){.n = n, .images = images, .labels = given});
    if (!st) *values = gt_runner_output(f->runner, output);
    return st;
}

/* ---- a whole dataset ---- */

static gt_status record_features(void *arg, gt_runner *r, const gt_run_batch *b, void *records) {
    (void)arg;
    memcpy(records, gt_runner_output(r, output), (size_t)b->n * gt_runner_floats(r, output) * sizeof(float));
    return GT_OK;
}

gt_status gt_features_dataset_all(gt_comm *c, gt_features *f, gt_dataset *ds, float **all) {
    const gt_runner_pass pass = {.data = ds,
                                 .bytes = gt_runner_floats(f->runner, output) * sizeof(float),
                                 .doing = "computing features",
                                 .record = record_features};
    void *records;
    gt_status st = gt_runner_dataset_all(c, f->runner, &pass, &records);
    *all = records;
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

static gt_status read_filters(const gt_trained *trained, gt_arena *a, gt_filters *out) {
    const gt_model *m = trained->model;
    const gt_tensor *t = m->nets[trained->network]->tensors;
    const gt_shape *s = &t->file_shape;
    *out = (gt_filters){.tensor = gt_arena_printf(a, "%s", t->name), .n = (int)s->d[0]};
    if (s->n == 4) out->channels = (int)s->d[1], out->height = (int)s->d[2], out->width = (int)s->d[3];
    else if (s->n == 2 && s->d[1] == (int64_t)gt_model_floats(m))
        out->channels = m->channels, out->height = m->height, out->width = m->width;
    else return gt_fail(GT_USAGE, "the first tensor, %s, is not a layer that looks at images", t->name);
    float *file = gt_arena_array(a, t->size, sizeof *file);
    out->values = gt_arena_array(a, t->size, sizeof *out->values);
    if (gt_arena_failed(a)) return GT_NOMEM;
    gt_tensor_to_file(t, trained->params + t->offset, file);
    filters_from_file(file, out);
    return GT_OK;
}

gt_status gt_features_filters(const char *checkpoint, const gt_features_options *o, gt_arena *a, gt_filters *out) {
    gt_trained t;
    gt_status st = gt_trained_open_network(&t, checkpoint, &o->reading, o->network);
    if (st) return st;
    st = read_filters(&t, a, out);
    gt_trained_close(&t);
    return st;
}
