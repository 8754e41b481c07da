/* SPDX-License-Identifier: Apache-2.0
 * train8 of a denoiser, or of consistency: whole steps - loss, clean-up of gradients, Adam with a growing rate, moving
 * average - held against the reference's trajectory. The rows of keys in qkv.bias are left out: their gradient is
 * rounding noise. */
#include <math.h>
#include <string.h>

#include "networks/model/door/model.h"
#include "base/door/memory.h"
#include "kind_unet.h"
#include "features/edm/loss.h"

static const double LOSS_LIMIT = 1e-5, CHANGE_LIMIT = 1e-3; /* golden/edm/README.md */

typedef struct training {
    gold *f;
    const gt_net *net;
    gt_exec *e;
    int batch, steps;
    size_t pixels;
    float *params, *start, *grads, *average, *moments[2];
    gt_optimizer_settings settings;
    gt_stages stages; /* of consistency; n 0: the loss is another */
} training;

static float *block_of(gold *f, const gt_net *net) {
    return gt_arena_array(f->arena, net->block_floats, sizeof(float));
}

static bool is_bias_of_keys(const gt_tensor *t, size_t i) {
    size_t n = strlen(t->name);
    return n > 8 && !strcmp(t->name + n - 8, "qkv.bias") && i % 3 == 1;
}

/* The root of the sum of squares of what counts. */
static float norm_of(const gt_tensor *t, const float *block) {
    double sum = 0;
    for (size_t i = 0; i < t->size; i++) {
        double v = (double)block[t->offset + i];
        if (!is_bias_of_keys(t, i)) sum += v * v;
    }
    return (float)sqrt(sum);
}

/* In the order of the file: that of config["param_names"]. */
static void put_norms(const training *t, const float *block, float *to) {
    json_t *names = gold_get(t->f->config, "param_names"), *name;
    size_t i;
    json_array_foreach(names, i, name) {
        const gt_tensor *tensor = gt_net_find(t->net, json_string_value(name) + strlen(t->f->in_front));
        if (tensor) to[i] = norm_of(tensor, block);
        else gold_fail(t->f, "the network has no tensor %s", json_string_value(name));
    }
}

static gt_graph *graph_of(const training *t, const gt_denoiser *d, const gt_levels_rule *rule) {
    const gt_unet_shape *s = &d->unet;
    gt_shape shape = GT_SHAPE(t->batch, s->height, s->width, s->in);
    gt_graph *g = gt_graph_new("step", gt_kernel_set_best());
    gt_forward f = {.graph = g, .bound = {g, t->net, 0}};
    gt_unet_inputs in = {.labels = gt_input(g, "labels", GT_SHAPE(t->batch, s->labels))};
    if (s->augment) in.augment = gt_input(g, "augment", GT_SHAPE(t->batch, s->augment));
    gt_loss_draws draws = {.level = gt_input(g, "level", GT_SHAPE(t->batch)),
                           .noise = gt_input(g, "noise", shape),
                           .gap = t->stages.n ? gt_input(g, "gap", GT_SCALAR) : NULL};
    gt_denoising r = gt_denoising_of(&f, d, rule, gt_input(g, "images", shape), draws, &in);
    gt_output(g, "loss", gt_mean(g, r.loss, GT_AXIS(1) | GT_AXIS(2) | GT_AXIS(3)));
    gt_node *total = gt_scale(g, gt_sum(g, r.loss, GT_ALL_AXES), (float)(1.0 / t->batch));
    gt_put_gradients(g, t->net, gt_gradients(g, t->net, 0, gt_reshape(g, total, GT_SCALAR)), NULL);
    return g;
}

/* Row `step` of a dataset, n floats. */
static void write(training *t, const char *input, const char *path, gold_order order, size_t n, int step) {
    gt_shape shape;
    const float *all = gold_read(t->f, path, order, &shape);
    float *to = gt_exec_input(t->e, input);
    if (all && to && (size_t)gt_shape_size(&shape) == n * (size_t)t->steps)
        memcpy(to, all + (size_t)step * n, n * sizeof *to);
    else gold_fail(t->f, "%s: there are not %d rows of %zu numbers", path, t->steps, n);
}

static void spoil(training *t, int step) {
    static const float values[] = {NAN, INFINITY, -INFINITY};
    json_t *c = gold_get(t->f->config, "spoiled_gradient");
    const char *name = gold_text(c, "tensor", NULL);
    if (!name || step != gold_int(c, "step", -1)) return;
    const gt_tensor *tensor = gt_net_find(t->net, name + strlen(t->f->in_front));
    if (tensor && tensor->size >= 3) memcpy(t->grads + tensor->offset, values, sizeof values);
    else gold_fail(t->f, "the network has no tensor %s to spoil", name);
}

/* One step; the learning rate and the average's share go to *rate and *beta. */
static void run_step(training *t, const gt_unet_shape *s, int step, float *rate, float *beta) {
    size_t n = (size_t)t->batch;
    write(t, "images", "in/images", GOLD_IMAGE, n * t->pixels, step);
    write(t, "noise", "in/noise", GOLD_IMAGE, n * t->pixels, step);
    write(t, "level", "in/rnd_normal", GOLD_PLAIN, n, step);
    write(t, "labels", "in/labels", GOLD_PLAIN, n * (size_t)s->labels, step);
    if (s->augment) write(t, "augment", "in/augment_labels", GOLD_PLAIN, n * (size_t)s->augment, step);
    if (t->stages.n) *gt_exec_input(t->e, "gap") = (float)gt_stages_gap(&t->stages, (int64_t)step * t->batch);
    gt_exec_bind(t->e, 0, t->params);
    gt_exec_bind(t->e, GT_SLOT_GRAD, t->grads);
    if (t->f->failed || gt_exec_prepare(t->e, NULL) || gt_exec_run(t->e, NULL)) {
        gold_fail(t->f, "%s", gt_message());
        return;
    }
    spoil(t, step);
    json_t *c = t->f->config;
    double shown = (double)step * t->batch, ramp = 1000 * gold_number(c, "lr_rampup_kimg", 0);
    gt_optimizer_settings settings = t->settings;
    settings.lr *= fmin(1, shown / fmax(ramp, 1e-8));
    double share = gt_ema_beta(gold_number(c, "ema_halflife_kimg", 0), gold_number(c, "ema_rampup_ratio", 0), shown,
                               t->batch);
    gt_clean_nonfinite(t->grads, t->net->trainable_floats);
    gt_optimizer_find("adam")->update(&settings, (uint64_t)step + 1, t->net->trainable_floats, t->grads, t->params,
                                      t->moments);
    gt_ema_update(t->average, t->params, t->net->trainable_floats, share);
    *rate = (float)settings.lr;
    *beta = (float)share;
}

/* The change of a tensor from the start, without biases of keys; rows of them are made equal. */
static void check_change(training *t, const gt_tensor *tensor, const char *path, const float *theirs,
                         const float *block) {
    double difference = 0, change = 0;
    float *ours = gt_arena_array(t->f->arena, tensor->size, sizeof *ours),
          *first = gt_arena_array(t->f->arena, tensor->size, sizeof *first);
    if (!theirs || !ours || !first) return;
    gt_tensor_to_file(tensor, block + tensor->offset, ours);
    gt_tensor_to_file(tensor, t->start + tensor->offset, first);
    for (size_t i = 0; i < tensor->size; i++) {
        if (is_bias_of_keys(tensor, i)) continue;
        double off = (double)ours[i] - (double)theirs[i], by = (double)theirs[i] - (double)first[i];
        difference += off * off;
        change += by * by;
    }
    gold_judge(t->f, path, change > 0 ? sqrt(difference / change) : sqrt(difference), CHANGE_LIMIT);
}

typedef struct visit {
    training *t;
    const char *group;
    const float *block;
    int step; /* of datasets that have a row for each; -1: none has */
} visit;

static void check_tensor(gold *f, const char *name, void *arg) {
    const visit *v = arg;
    const char *path = gold_path(f, "%s/%s", v->group, name);
    const gt_tensor *tensor = gt_net_find(v->t->net, name + strlen(f->in_front));
    const float *theirs = gold_read(f, path, GOLD_PLAIN, NULL);
    if (!tensor) gold_fail(f, "%s: the network has no such tensor", path);
    else if (theirs)
        check_change(v->t, tensor, path, theirs + (v->step > 0 ? (size_t)v->step * tensor->size : 0), v->block);
}

static void train(training *t, const gt_unet_shape *s) {
    gold *f = t->f;
    size_t names = json_array_size(gold_get(f->config, "param_names")), steps = (size_t)t->steps,
           batch = (size_t)t->batch;
    float *losses = gt_arena_array(f->arena, steps * batch, sizeof *losses),
          *rates = gt_arena_array(f->arena, steps, sizeof *rates),
          *betas = gt_arena_array(f->arena, steps, sizeof *betas),
          *norms = gt_arena_array(f->arena, steps * names, sizeof *norms),
          *average = gt_arena_array(f->arena, steps * names, sizeof *average);
    for (int i = 0; i < t->steps && !f->failed; i++) {
        run_step(t, s, i, &rates[i], &betas[i]);
        if (f->failed) return;
        memcpy(losses + (size_t)i * batch, gt_exec_output(t->e, "loss"), batch * sizeof *losses);
        put_norms(t, t->params, norms + (size_t)i * names);
        put_norms(t, t->average, average + (size_t)i * names);
        gold_each(f, "out/steps/net", check_tensor, &(visit){t, "out/steps/net", t->params, i});
        gold_each(f, "out/steps/ema", check_tensor, &(visit){t, "out/steps/ema", t->average, i});
    }
    gold_each(f, "out/after8/net", check_tensor, &(visit){t, "out/after8/net", t->params, -1});
    gold_check(f, "out/loss", GOLD_PLAIN, losses, steps * batch, LOSS_LIMIT);
    gold_check(f, "out/lr", GOLD_PLAIN, rates, steps, 1e-6);
    gold_check(f, "out/beta", GOLD_PLAIN, betas, steps, 1e-6);
    gold_check(f, "out/norms", GOLD_PLAIN, norms, steps * names, LOSS_LIMIT);
    gold_check(f, "out/ema_norms", GOLD_PLAIN, average, steps * names, LOSS_LIMIT);
}

void gold_denoise_train(gold *f) {
    json_t *c = gold_get(f->config, "net"), *loss = gold_get(f->config, "loss"), *adam = gold_get(f->config, "adam"),
           *betas = gold_get(adam, "betas"), *stages = gold_get(f->config, "stages");
    gt_denoiser d = {.unet = gold_unet_shape(c), .sigma_data = gold_number(loss, "sigma_data", 0.5)};
    gt_levels_rule rule = {
        .mean = gold_number(loss, "P_mean", 0), .std = gold_number(loss, "P_std", 0), .huber = 0.00054};
    gt_net *net = gt_unet_net("F", &d.unet);
    gt_shape images;
    f->in_front = "model.";
    float *params = gold_load(f, net, "params");
    if (!params || !gold_read(f, "in/images", GOLD_PLAIN, &images)) return;
    training t = {.f = f,
                  .net = net,
                  .batch = gold_int(f->config, "batch", 1),
                  .steps = (int)images.d[0],
                  .pixels = (size_t)(d.unet.height * d.unet.width * d.unet.in),
                  .params = params,
                  .start = block_of(f, net),
                  .grads = block_of(f, net),
                  .average = block_of(f, net),
                  .moments = {block_of(f, net), block_of(f, net)},
                  .stages = {gold_int(stages, "n", 0), gold_int(stages, "images", 1), gold_number(stages, "factor", 2)},
                  .settings = {.lr = gold_number(adam, "lr", 0),
                               .eps = gold_number(adam, "eps", 0),
                               .beta1 = json_number_value(json_array_get(betas, 0)),
                               .beta2 = json_number_value(json_array_get(betas, 1))}};
    memcpy(t.start, params, net->block_floats * sizeof(float));
    gt_graph *g = graph_of(&t, &d, &rule);
    t.e = gt_exec_new(g, NULL);
    if (t.e) train(&t, &d.unet);
    else gold_fail(f, "%s", gt_message());
    gt_exec_free(t.e);
    gt_graph_free(g);
    gt_block_free(params, net->block_floats * sizeof(float));
    gt_net_free(net);
}
