/* SPDX-License-Identifier: Apache-2.0
 * The layers of networks: see features/inspect/layer_table.h. */
#include "features/inspect/layer_table.h"

#include <stdio.h>
#include <string.h>

#include "base/door/memory.h"
#include "gantry/train.h"
#include "graph/door/graph.h"
#include "gantry/text.h"
#include "gantry/trained.h"
#include "networks/model/door/family.h"

enum { LAYER = 256 };

/* Floats of the layer's tensors. */
static void count_tensors(const gt_net *net, const char *layer, double *parameters, double *buffers) {
    *parameters = *buffers = 0;
    for (int i = 0; i < net->n_tensors; i++) {
        char name[LAYER];
        gt_layer_name(net->tensors[i].name, false, name, sizeof name);
        if (!strcmp(name, layer)) *(net->tensors[i].trainable ? parameters : buffers) += (double)net->tensors[i].size;
    }
}

/* "112x112x64", height, width and channels: without the number of images. */
static const char *shape_text(gt_arena *a, const gt_node *n) {
    gt_shape s = *gt_node_shape(n);
    char text[96];
    if (s.n > 1) {
        s.n--;
        memmove(s.d, s.d + 1, (size_t)s.n * sizeof *s.d);
    }
    return gt_arena_printf(a, "%s", gt_shape_text(&s, text));
}

static void add_layer(gt_arena *a, const gt_net *net, const gt_graph_layer *l, gt_layer_table *t) {
    double parameters, buffers, values = (double)gt_shape_size(gt_node_shape(l->output));
    count_tensors(net, l->name, &parameters, &buffers);
    const char *kind = layer_kind(a, net, l);
    bool nameless = strchr(l->name, '#');
    if (nameless && (l->flops <= 0 || (!t->n && !strcmp(kind, "arithmetic")))) return; /* a view; the scale of pixels */
    t->rows[t->n++] = (gt_layer_row){.layer = gt_arena_printf(a, "%.*s", (int)strcspn(l->name, "#"), l->name),
                                     .kind = kind,
                                     .channels = layer_channels(a, l),
                                     .activation = layer_activation(a, l),
                                     .shape = shape_text(a, l->output),
                                     .parameters = parameters,
                                     .flops = l->flops,
                                     .values = values};
    t->flops += l->flops;
    t->values += values;
}

/* Layers whose tensors the pass in use does not read: heads that help to train. */
static void add_absent(gt_arena *a, const gt_net *net, const gt_layer_list *list, gt_layer_table *t) {
    char last[LAYER] = "";
    for (int i = 0; i < net->n_tensors; i++) {
        char name[LAYER];
        double parameters, buffers;
        bool there = false;
        gt_layer_name(net->tensors[i].name, false, name, sizeof name);
        for (int k = 0; k < list->n && !there; k++) there = !strcmp(list->layers[k].name, name);
        count_tensors(net, name, &parameters, &buffers);
        if (there || !strcmp(name, last) || parameters <= 0) continue;
        snprintf(last, sizeof last, "%s", name);
        t->rows[t->n++] = (gt_layer_row){.layer = gt_arena_printf(a, "%.*s", (int)strcspn(name, "#"), name),
                                         .kind = "in training",
                                         .channels = "",
                                         .activation = "",
                                         .shape = "",
                                         .parameters = parameters,
                                         .in_training = true};
    }
}

static gt_layer_row *row_called(const gt_layer_table *t, const char *name) {
    for (int i = 0; i < t->n; i++)
        if (!strcmp(t->rows[i].layer, name)) return &t->rows[i];
    return NULL;
}

/* "relu, dropout 0.5": in the row before the layer whose tensors come next, which may be a mean or a pooling. */
static void add_dropouts(gt_arena *a, const gt_net *net, const gt_layer_table *t) {
    for (int i = 0; i < net->n_tensors; i++) {
        double p = (double)net->tensors[i].dropout;
        char own[LAYER], next[LAYER] = "";
        if (!(p > 0)) continue;
        gt_layer_name(net->tensors[i].name, false, own, sizeof own);
        if (i + 1 < net->n_tensors) gt_layer_name(net->tensors[i + 1].name, false, next, sizeof next);
        gt_layer_row *row = row_called(t, own), *after = row_called(t, next);
        if (after && row && after > row) row = after - 1;
        if (row)
            row->activation = gt_arena_printf(a, "%s%sdropout %.3g", row->activation, *row->activation ? ", " : "", p);
    }
}

static gt_status fill_table(gt_arena *a, const gt_net *net, gt_graph *g, gt_layer_table *t) {
    gt_layer_list list;
    gt_status st = gt_layer_list_make(g, &list);
    if (st) return st;
    *t = (gt_layer_table){.network = gt_arena_printf(a, "%s", net->name),
                          .tensors = net->n_tensors,
                          .rows = gt_arena_array(a, (size_t)(list.n + net->n_tensors), sizeof *t->rows)};
    if (!t->rows) return GT_NOMEM;
    for (int k = 0; k < list.n; k++) add_layer(a, net, &list.layers[k], t);
    add_absent(a, net, &list, t);
    add_dropouts(a, net, t);
    for (int k = 0; k < net->n_tensors; k++)
        *(net->tensors[k].trainable ? &t->parameters : &t->buffers) += (double)net->tensors[k].size;
    return gt_arena_failed(a) ? GT_NOMEM : GT_OK;
}

/* The layers are those of the graph as the model builds it: the passes join and move what a reader looks for. */
gt_status gt_layer_table_make(gt_arena *a, gt_model *m, int i, gt_layer_table *out) {
    gt_graph *g = gt_model_forward(m, i, 1);
    gt_status st = g ? fill_table(a, m->nets[i], g, out) : gt_failure();
    gt_exec *e = st ? NULL : gt_exec_new(g, &(gt_exec_options){0});
    if (e) out->bytes = gt_exec_arena_bytes(e);
    else if (!st) st = gt_failure();
    gt_exec_free(e);
    gt_graph_free(g);
    return st;
}

gt_status gt_layer_tables_of(gt_arena *a, const char *checkpoint, const gt_network_options *o, gt_layer_table **tables,
                             int *n) {
    gt_trained t;
    *n = 0;
    gt_status st = gt_trained_open(&t, checkpoint, o);
    if (st) return st == GT_NOMEM ? st : GT_OK;
    *n = t.model->n_nets;
    *tables = gt_arena_array(a, (size_t)*n, sizeof **tables);
    if (!*tables) st = GT_NOMEM;
    for (int i = 0; i < *n && !st; i++) st = gt_layer_table_make(a, t.model, i, &(*tables)[i]);
    gt_trained_close(&t);
    return st;
}

gt_status gt_training_bytes(gt_model *m, const gt_job *job, size_t *bytes) {
    gt_status st = GT_OK;
    *bytes = 0;
    for (int i = 0; i < m->n_phases && !st; i++) {
        gt_graph *g = m->phases[i].build(&m->phases[i], m->slice_size);
        gt_exec *e = g ? gt_exec_new(g, &(gt_exec_options){.runs = 1, .recompute = gt_job_recompute(job)}) : NULL;
        st = e ? GT_OK : gt_failure();
        if (e && gt_exec_arena_bytes(e) > *bytes) *bytes = gt_exec_arena_bytes(e);
        gt_exec_free(e);
        gt_graph_free(g);
    }
    return st;
}

/* ---- times ---- */

static void empty_label(void *label_dim, int64_t item, float *label) {
    (void)item;
    memset(label, 0, (size_t) * (int *)label_dim * sizeof *label);
}

static gt_status run_timed(gt_phase *p, gt_exec *e, const gt_slice_input *slice) {
    enum { TIMED_RUNS = 3 };
    gt_status st = GT_OK;
    for (int i = 0; i <= TIMED_RUNS && !st; i++) { /* the first run touches the memory and is not counted */
        gt_exec_profile(e, i > 0);
        if (p->prepare) st = p->prepare(p, e);
        if (!st) st = gt_exec_prepare(e, &(gt_exec_env){0});
        if (!st) st = p->fill(p, e, slice);
        if (!st) st = gt_exec_run(e, &(gt_exec_env){0});
    }
    return st;
}

/* Times do not depend on values. */
static gt_status time_phase(gt_phase *p, gt_exec *e) {
    gt_model *m = p->model;
    size_t n = (size_t)m->slice_size, bytes = m->nets[p->net]->block_floats * sizeof(float);
    GT_ARENA gt_arena *a = gt_arena_new();
    if (!a) return GT_NOMEM;
    float *images = gt_arena_array(a, n, gt_model_floats(m) * sizeof *images),
          *labels = gt_arena_array(a, n, (size_t)m->label_dim * sizeof *labels),
          *gradient = gt_block_alloc(bytes, "a gradient");
    gt_slice_input slice = {.n = m->slice_size,
                            .images = images,
                            .labels = m->label_dim ? labels : NULL,
                            .label_of = empty_label,
                            .label_arg = &m->label_dim,
                            .batch = m->slice_size,
                            .items = m->slice_size};
    for (int i = 0; i < m->n_nets; i++) gt_exec_bind(e, i, m->blocks[i]);
    gt_exec_bind(e, GT_SLOT_GRAD, gradient);
    gt_status st = images && labels && gradient ? run_timed(p, e, &slice) : GT_NOMEM;
    gt_block_free(gradient, bytes);
    return st;
}

gt_status gt_phase_print(gt_phase *p, const gt_phase_print_options *o, FILE *f) {
    gt_graph *g = p->build(p, p->model->slice_size);
    gt_exec *e = g ? gt_exec_new(g, &(gt_exec_options){.pool = o->pool, .runs = 1, .recompute = o->recompute}) : NULL;
    gt_status st = e ? GT_OK : gt_failure();
    if (!st)
        gt_print_to(f, "phase %s: trains %s, every %d step%s, slices of %d\n", p->name, p->model->nets[p->net]->name,
                    p->interval, p->interval > 1 ? "s" : "", p->model->slice_size);
    if (!st && o->timed) st = time_phase(p, e);
    if (!st) gt_exec_print(e, f);
    if (e) gt_print_to(f, "\n");
    gt_exec_free(e);
    gt_graph_free(g);
    return st;
}
