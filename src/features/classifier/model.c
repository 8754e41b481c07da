/* SPDX-License-Identifier: Apache-2.0
 * A classifier as a model of the training loop: one network, one phase. */
#include <stdio.h>
#include <string.h>

#include "gantry/file.h"
#include "networks/model/door/family.h"
#include "features/classifier/classifier.h"

static gt_node *pass(gt_forward *f, gt_node *images, const void *arg) {
    gt_classifier_heads heads = {0};
    return gt_classifier_logits(arg, f, images, &heads);
}

static gt_status fill(gt_phase *p, gt_exec *e, const gt_slice_input *s) {
    const gt_model *m = p->model;
    const gt_classifier *own = m->own;
    size_t pixels = (size_t)m->height * (size_t)m->width * (size_t)m->channels;
    float *images = gt_exec_input(e, "images"), *labels = gt_exec_input(e, "labels");
    if (gt_classifier_dense(own->row)) gt_classifier_targets(own, s, labels);
    else memcpy(labels, s->labels, (size_t)s->n * (size_t)m->label_dim * sizeof(float));
    if (gt_classifier_augments(own->options)) return gt_classifier_augment(own, s, images, labels);
    if (s->images != images) memcpy(images, s->images, (size_t)s->n * pixels * sizeof(float));
    return GT_OK;
}

static gt_graph *build_phase(gt_phase *p, int n) {
    gt_graph *g = gt_graph_new(p->name, p->model->kernels);
    if (!g) return NULL;
    gt_classifier_loss(p->model->own, g, n);
    return gt_whole_graph(g, "", p->name);
}

static gt_graph *build_with(gt_model *m, int n, bool features) {
    gt_graph *g = gt_graph_new("classifier", m->kernels);
    if (!g) return NULL;
    gt_classifier_heads heads = {0};
    gt_forward f = {.graph = g, .bound = {g, m->nets[0], 0}};
    gt_node *images = gt_input(g, "images", GT_SHAPE(n, m->height, m->width, m->channels));
    gt_output(g, "logits", gt_classifier_logits(m->own, &f, images, &heads));
    if (features) {
        gt_output(g, "features", f.last_input);
        m->features_layer = gt_arena_printf(m->arena, "before %s", f.layer);
    }
    return gt_whole_graph(g, "the ", "classifier");
}

static gt_graph *build_classifier(gt_model *m, const gt_request *r) { return build_with(m, r->n, false); }
static gt_graph *build_features(gt_model *m, const gt_request *r) { return build_with(m, r->n, true); }

static gt_graph *build_class_maps(gt_model *m, const gt_request *r) {
    gt_forward_windows windows = {0};
    gt_classifier_heads heads = {0};
    if (r->height < m->height || r->width < m->width) {
        gt_fail(GT_USAGE,
                "images of %dx%d: the network was trained on %dx%d and takes only images of this size or larger",
                r->height, r->width, m->height, m->width);
        return NULL;
    }
    gt_graph *own = gt_graph_new("classifier", m->kernels), *g = gt_graph_new("convolutional form", m->kernels);
    if (!own || !g) {
        gt_graph_free(own);
        gt_graph_free(g);
        return NULL;
    }
    gt_forward at_own_size = {.graph = own, .bound = {own, m->nets[0], 0}, .sees = &windows};
    gt_classifier_logits(m->own, &at_own_size, gt_input(own, "images", GT_SHAPE(1, m->height, m->width, m->channels)),
                         &heads);
    gt_graph_free(own);
    gt_forward f = {.graph = g, .bound = {g, m->nets[0], 0}, .convolves = &windows};
    gt_node *images = gt_input(g, "images", GT_SHAPE(r->n, r->height, r->width, m->channels));
    gt_output(g, "logits", gt_classifier_logits(m->own, &f, images, &heads));
    return gt_whole_graph(g, "the ", "convolutional form");
}

static gt_graph *build_rectifiers(gt_model *m, const gt_request *r) {
    gt_graph *g = gt_graph_new("rectifiers", m->kernels);
    if (!g) return NULL;
    gt_classifier_heads heads = {0};
    gt_forward f = {.graph = g, .bound = {g, m->nets[0], 0}, .counts_active = true};
    gt_classifier_logits(m->own, &f, gt_input(g, "images", GT_SHAPE(r->n, m->height, m->width, m->channels)), &heads);
    return gt_whole_graph(g, "the ", "rectifiers");
}

/* Running statistics are renewed by the phase. */
static gt_status add_phase(gt_model *m) {
    static const gt_stat stats[] = {{.name = "Loss/train", .output = "Loss/train"},
                                    {.name = "Accuracy/train", .output = "Accuracy/train"}};
    const gt_classifier *own = m->own;
    const gt_net *net = m->nets[0];
    gt_state *states = gt_arena_array(m->arena, (size_t)net->n_tensors, sizeof *states);
    if (!states) return GT_NOMEM;
    gt_phase *p = &m->phases[m->n_phases++];
    *p = (gt_phase){.name = "C_main",
                    .interval = 1,
                    .build = build_phase,
                    .fill = fill,
                    .images_in_place = !gt_classifier_augments(own->options),
                    .n_stats = 2,
                    .stats = stats,
                    .states = states,
                    .model = m};
    for (int i = 0; i < net->n_tensors; i++) {
        const gt_tensor *t = &net->tensors[i];
        if (!t->trainable && !t->frozen) states[p->n_states++] = (gt_state){t->name, m->blocks[0] + t->offset, t->size};
    }
    return GT_OK;
}

static gt_net *declare(const gt_classifier *c, const gt_job *job) {
    return gt_forward_declare("C", pass, c, (int)job->height, (int)job->width, (int)job->channels);
}

/* The side of the smallest square pictures that the network's layers fit on; 0: there is none. */
static int64_t least_side(const gt_job *job) {
    enum { MOST = 512 };
    for (int64_t side = 1; side <= MOST; side++) {
        gt_job small = *job;
        gt_classifier c;
        small.height = small.width = side;
        if (gt_classifier_configure(&small, &c)) return 0;
        gt_net *net = declare(&c, &small);
        gt_net_free(net);
        if (net) return side;
    }
    return 0;
}

gt_status gt_classifier_check_size(const gt_classifier *c, const gt_job *job) {
    char why[512];
    gt_net *net = declare(c, job);
    gt_status st = net && *c->options->freeze ? gt_net_freeze(net, c->options->freeze) : GT_OK;
    gt_net_free(net);
    if (net) return st;
    snprintf(why, sizeof why, "%s", gt_message());
    int64_t side = least_side(job);
    if (!side || (job->height >= side && job->width >= side)) return gt_fail(GT_USAGE, "%s", why);
    if (c->row == &gt_classifier_layers)
        return gt_fail(GT_USAGE, "%s. Use images of at least %lldx%lld pixels", why, (long long)side, (long long)side);
    return gt_fail(GT_USAGE, "%s needs at least %lldx%lld pixels, but these images have %lldx%lld", job->model,
                   (long long)side, (long long)side, (long long)job->height, (long long)job->width);
}

/* The head are the tensors whose shape depends on the number of classes. */
static gt_status mark_head(gt_classifier *own) {
    const gt_job *job = own->job;
    const gt_classifier_options *o = own->options;
    if (!o->new_head && !(o->trunk_lrate > 0)) return GT_OK;
    gt_classifier other = *own;
    other.config.classes++;
    gt_net *net = declare(&other, job);
    if (!net) return GT_FAILED;
    for (int i = 0; i < net->n_tensors; i++) {
        gt_tensor *t = &own->net->tensors[i];
        bool head = !gt_shape_equal(&t->file_shape, &net->tensors[i].file_shape);
        t->anew = head && o->new_head;
        if (!head && o->trunk_lrate > 0) t->rate = o->trunk_lrate / job->lrate;
    }
    gt_net_free(net);
    return GT_OK;
}

static gt_status make_network(gt_classifier *own) {
    own->net = declare(own, own->job);
    gt_status st = own->net ? mark_head(own) : GT_FAILED;
    if (!st && *own->options->freeze) st = gt_net_freeze(own->net, own->options->freeze);
    if (!st) return GT_OK;
    gt_net_free(own->net);
    return st;
}

/* A tensor of the first layer that has the same shape with the stem for small pictures; NULL: a shape differs. */
static const char *same_in_small_stem(const gt_classifier_net *net) {
    return net == &gt_classifier_mobilenet_v2   ? "features.0.0.weight"
           : net == &gt_classifier_inception_v3 ? "Conv2d_1a_3x3.conv.weight"
                                                : NULL;
}

/* "0 to 1, minus 0.485,0.456,0.406, divided by 0.229,0.224,0.225" */
static const char *describe_pixels(const gt_classifier *own, gt_arena *a) {
    const char *text = "0 to 1";
    for (int k = 0; k < 2 && own->mean && text; k++)
        for (int c = 0; c < own->job->channels && text; c++)
            text = gt_arena_printf(a, "%s%s%.7g", text,
                                   c   ? ","
                                   : k ? ", divided by "
                                       : ", minus ",
                                   (double)(k ? own->std : own->mean)[c]);
    return text;
}

static void add_roles(gt_model *m) {
    gt_model_add_role(m, (gt_role){.name = m->masks ? GT_ROLE_SEGMENTER : GT_ROLE_CLASSIFIER,
                                   .batch = m->masks ? 8 : 0,
                                   .build = build_classifier,
                                   .inputs = {"images"},
                                   .outputs = {"logits"}});
    gt_model_add_role(m, (gt_role){.name = GT_ROLE_RECTIFIERS, .build = build_rectifiers, .inputs = {"images"}});
    if (m->masks) return;
    gt_model_add_role(m, (gt_role){.name = GT_ROLE_CLASS_MAPS,
                                   .batch = 4,
                                   .build = build_class_maps,
                                   .inputs = {"images"},
                                   .outputs = {"logits"}});
    gt_model_add_role(m, (gt_role){.name = GT_ROLE_FEATURES,
                                   .build = build_features,
                                   .inputs = {"images"},
                                   .outputs = {"features", "logits"}});
}

/* By statistics of samples? Then there are running ones. */
static bool normalises(const gt_net *net) {
    for (int i = 0; i < net->n_tensors; i++)
        if (gt_ends_with(net->tensors[i].name, ".running_mean")) return true;
    return false;
}

gt_status gt_classifier_make(gt_model *m, const gt_job *job) {
    static const gt_shown shown[] = {{"Loss/train", "train loss"}, {"Accuracy/train", "train accuracy"}};
    gt_classifier *own = m->own = gt_arena_alloc(m->arena, sizeof *own);
    if (!own) return GT_NOMEM;
    gt_status st = gt_classifier_configure(job, own);
    if (!st) st = gt_classifier_normalize(job, m->arena, own);
    if (st) return st;
    m->name = job->model;
    m->epoch_end = GT_EPOCH_SHORT;
    m->shown = shown;
    m->n_shown = 2;
    m->loss_stat = "Loss/train";
    m->masks = gt_classifier_dense(own->row);
    m->small_stem = own->config.small ? same_in_small_stem(own->row) : NULL;
    m->pixels = describe_pixels(own, m->arena);
    add_roles(m);
    own->room = gt_arena_array(m->arena, (size_t)(2 * m->height * m->width * m->channels + m->label_dim),
                               sizeof(float));
    if (!own->room) return GT_NOMEM;
    if ((st = make_network(own))) return st;
    m->stretch = job->bn == GT_BN_BATCH && normalises(own->net) ? GT_WHOLE_BATCH : 0;
    st = gt_model_add_network(m, own->net, gt_job_learning(job, "", job->lrate, 0.9, 0.999, 0));
    m->average_buffers = true;
    if (!st && job->ema_kimg > 0) st = gt_model_average(m, 0);
    return st ? st : add_phase(m);
}
