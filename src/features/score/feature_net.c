/* SPDX-License-Identifier: Apache-2.0
 * Feature networks of published metrics. */
#include "features/score/feature_net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/hash.h"
#include "base/door/memory.h"
#include "base/door/numbers.h"
#include "base/door/mathfn.h"
#include "base/door/progress.h"
#include "networks/nets/door/classifier_net.h"

#define EACH(x) \
    { x, x, x }
#define COLOURS(r, g, b) \
    { 255 * r, 255 * g, 255 * b }
static const gt_feature_net_kind kinds[] = {
    {.name = "inception",
     .text = "Inception v3 of the FID",
     .file = "pt_inception-2015-12-05-6726825d.pth",
     .address = "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/"
                "pt_inception-2015-12-05-6726825d.pth",
     .side = 299,
     .features = 2048,
     .classes = 1008,
     .has_unbiased = true,
     .mean = {EACH(128), EACH(127.5f)},
     .std = {EACH(128), EACH(127.5f)},
     .mark = "Mixed_7c.branch1x1.conv.weight",
     .last = "fc.weight",
     .net = &gt_classifier_inception_fid},
    {.name = "vgg16",
     .text = "VGG16 torchvision",
     .file = "vgg16-397923af.pth",
     .address = "https://download.pytorch.org/models/vgg16-397923af.pth",
     .side = 224,
     .features = 4096,
     .classes = 1000,
     .mean = {COLOURS(.485f, .456f, .406f), COLOURS(.485f, .456f, .406f)},
     .std = {COLOURS(.229f, .224f, .225f), COLOURS(.229f, .224f, .225f)},
     .mark = "features.26.weight", /* the VGGs of 13 and 19 layers have no such tensor */
     .last = "classifier.6.weight",
     .net = &gt_classifier_vgg16},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

const gt_feature_net_kind *gt_feature_net_at(int i) { return i >= 0 && i < KINDS ? &kinds[i] : NULL; }

const gt_feature_net_kind *gt_feature_net_find(const char *name) {
    for (int i = 0; i < KINDS; i++)
        if (!strcmp(kinds[i].name, name)) return &kinds[i];
    return NULL;
}

struct gt_feature_net {
    const gt_feature_net_kind *kind;
    int batch;
    gt_net *net;
    float *block;
    gt_graph *graph;
    gt_exec *exec;
};

static size_t block_bytes(const gt_feature_net *d) { return d->net->block_floats * sizeof *d->block; }

/* ---- the graph ---- */

static gt_node *pass(gt_forward *f, gt_node *images, const void *arg) {
    const gt_feature_net_kind *kind = arg;
    const gt_classifier_net *net = kind->net;
    gt_classifier_heads heads = {0};
    return net->forward(f, images,
                        &(gt_classifier_config){.classes = kind->classes, .width = 1, .bn = kind->has_unbiased},
                        net->variant, &heads);
}

gt_net *gt_feature_net_declare(const gt_feature_net_kind *kind) {
    return gt_forward_declare("features", pass, kind, kind->side, kind->side, 3);
}

static gt_graph *build(const gt_feature_net *d, const gt_kernel_set *kernels) {
    gt_graph *g = gt_graph_new(d->kind->name, kernels);
    if (!g) return NULL;
    gt_forward f = {.graph = g, .bound = {g, d->net, 0}};
    gt_node *logits = pass(&f, gt_input(g, "images", GT_SHAPE(d->batch, d->kind->side, d->kind->side, 3)), d->kind);
    gt_output(g, "features", f.last_input);
    if (d->kind->has_unbiased) {
        gt_output(g, "logits", logits);
        gt_output(g, "unbiased", gt_matmul(g, f.last_input, gt_leaf(f.bound, "fc", ".weight"), .transpose_b = true));
    }
    return g;
}

/* ---- weights ---- */

static gt_status read_all(gt_feature_net *d, gt_feature_net_read *read, void *arg) {
    GT_FREED float *file = malloc(gt_net_largest(d->net) * sizeof *file);
    gt_status st = file ? GT_OK : gt_fail(GT_NOMEM, "out of memory for the weights of %s", d->kind->text);
    for (int i = 0; i < d->net->n_tensors && !st; i++, gt_progress()) {
        const gt_tensor *t = &d->net->tensors[i];
        st = read(arg, t->name, &t->file_shape, file);
        if (!st) gt_tensor_from_file(t, file, d->block + t->offset);
    }
    return st;
}

gt_feature_net *gt_feature_net_new(const gt_feature_net_kind *kind, const gt_feature_net_options *o,
                                   gt_feature_net_read *read, void *arg, gt_status *status) {
    gt_feature_net *d = calloc(1, sizeof *d);
    *status = d ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %s", kind->text);
    if (!d) return NULL;
    *d = (gt_feature_net){.kind = kind, .batch = o->batch};
    d->net = gt_feature_net_declare(kind);
    if (d->net) d->block = gt_block_alloc(block_bytes(d), kind->text);
    if (!d->block) *status = GT_FAILED;
    if (!*status) *status = read_all(d, read, arg);
    if (!*status) d->graph = build(d, o->kernels);
    if (d->graph && o->extend) o->extend(o->arg, d->graph);
    if (d->graph) d->exec = gt_exec_new(d->graph, &(gt_exec_options){.pool = o->pool});
    if (d->exec) gt_exec_bind(d->exec, 0, d->block);
    if (!*status) *status = d->exec ? gt_exec_prepare(d->exec, &(gt_exec_env){0}) : GT_FAILED;
    if (!*status) return d;
    gt_feature_net_close(d);
    return NULL;
}

void gt_feature_net_close(gt_feature_net *d) {
    if (!d) return;
    gt_exec_free(d->exec);
    gt_graph_free(d->graph);
    if (d->block) gt_block_free(d->block, block_bytes(d));
    gt_net_free(d->net);
    free(d);
}

size_t gt_feature_net_bytes(const gt_feature_net *d) { return block_bytes(d) + gt_exec_arena_bytes(d->exec); }
gt_hash128 gt_feature_net_hash(const gt_feature_net *d) { return gt_hash(d->block, block_bytes(d)); }
const float *gt_feature_net_value(const gt_feature_net *d, const char *output) {
    return gt_exec_output(d->exec, output);
}
gt_exec *gt_feature_net_exec(const gt_feature_net *d) { return d->exec; }
const float *gt_feature_net_input(const gt_feature_net *d) { return gt_exec_input(d->exec, "images"); }

/* ---- pictures ---- */

static void softmax(int n, const float *logits, float *to) {
    float most = -INFINITY;
    double sum = 0;
    for (int i = 0; i < n; i++)
        if (logits[i] > most) most = logits[i];
    for (int i = 0; i < n; i++) sum += gt_exp((double)logits[i] - (double)most);
    for (int i = 0; i < n; i++) to[i] = (float)(gt_exp((double)logits[i] - (double)most) / sum);
}

gt_status gt_feature_net_run(gt_feature_net *d, const gt_feature_net_pictures *p, float *features,
                             float *probabilities) {
    const gt_feature_net_kind *k = d->kind;
    if (probabilities && !k->has_unbiased)
        return gt_fail(GT_USAGE, "%s has no probabilities for an Inception Score", k->text);
    gt_status st = GT_OK;
    for (int64_t i = 0; i < p->n && !st; i += d->batch, gt_progress()) {
        int64_t n = gt_smallest(d->batch, p->n - i);
        st = gt_network_input(p->rule, p->bytes + i * p->height * p->width * p->channels, n, p->height, p->width,
                              p->channels, k->side, k->mean[p->rule], k->std[p->rule],
                              gt_exec_input(d->exec, "images"));
        if (!st) st = gt_exec_run(d->exec, &(gt_exec_env){0});
        if (st) return st;
        if (features)
            memcpy(features + i * k->features, gt_exec_output(d->exec, "features"),
                   (size_t)(n * k->features) * sizeof *features);
        for (int64_t j = 0; j < n && probabilities; j++)
            softmax(k->classes, gt_exec_output(d->exec, "unbiased") + j * k->classes,
                    probabilities + (i + j) * k->classes);
    }
    return st;
}
