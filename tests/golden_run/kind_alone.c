/* SPDX-License-Identifier: Apache-2.0
 * alone: optimisers, schedules, normalisation, pooling, dropout and the loss of classifiers, each by itself, beside
 * PyTorch's (tests/torch/make_alone.py). */
#include <math.h>
#include <string.h>

#include "networks/model/door/optimizer.h"
#include "networks/model/door/schedule.h"
#include "golden.h"
#include "features/classifier/classifier.h"
#include "networks/nets/door/layers.h"

/* ---- optimisers: changes of parameters after each step ---- */

static void optimizer(gold *f, const char *name, json_t *c) {
    gt_shape shape;
    const float *grads = gold_read(f, "optimizers/in/grads", GOLD_PLAIN, &shape),
                *start = gold_read(f, "optimizers/in/p", GOLD_PLAIN, NULL);
    bool given_adam = !strncmp(name, "adam_", 5);
    const gt_optimizer *o = gt_optimizer_find(!strncmp(name, "adamw", 5)     ? "adamw"
                                              : given_adam                   ? "adam"
                                              : !strncmp(name, "rmsprop", 7) ? "rmsprop"
                                              : gt_optimizer_find(name)      ? name
                                                                             : "sgd");
    if (!grads || !start) return;
    size_t steps = (size_t)shape.d[0], n = (size_t)shape.d[1];
    json_t *betas = gold_get(c, "betas");
    gt_optimizer_settings settings = {.lr = gold_number(c, "lr", 0),
                                      .beta1 = json_number_value(json_array_get(betas, 0)),
                                      .beta2 = json_number_value(json_array_get(betas, 1)),
                                      .momentum = gold_number(c, "momentum", 0),
                                      .nesterov = json_is_true(gold_get(c, "nesterov")),
                                      .rho = gold_number(c, "alpha", 0.99),
                                      .eps = gold_number(c, "eps", 0),
                                      .decay = gold_number(c, "weight_decay", 0),
                                      .eps_outside = !strcmp(name, "adam_outside")};
    float *p = gt_arena_array(f->arena, n, sizeof *p), *grad = gt_arena_array(f->arena, n, sizeof *grad),
          *out = gt_arena_array(f->arena, steps * n, sizeof *out);
    memcpy(p, start, n * sizeof *p);
    gt_update u = {.optimizer = o, .settings = settings, .decay = settings.decay, .n = n, .grad = grad, .params = p};
    for (int k = 0; k < o->n_moments; k++)
        if (gt_optimizer_needs(o, &settings, k)) u.moments[k] = gt_arena_array(f->arena, n, sizeof(float));
    for (size_t t = 0; t < steps; t++) {
        memcpy(grad, grads + t * n, n * sizeof *grad);
        u.step = t + 1;
        gt_update_run(&u, NULL);
        for (size_t i = 0; i < n; i++) out[t * n + i] = p[i] - start[i];
    }
    /* a change is a difference of parameters of size 1: 1e-7 of these, relative to the changes of 0.01 and more */
    gold_check(f, gold_path(f, "optimizers/out/%s", name), GOLD_PLAIN, out, steps * n, 2e-5);
}

/* ---- schedules: the rate of each epoch, of which each is one step ---- */

static void schedule(gold *f, const char *name, json_t *c) {
    gt_shape shape;
    const float *losses = gold_read(f, "schedules/in/losses", GOLD_PLAIN, &shape),
                *rates = gold_read(f, gold_path(f, "schedules/out/%s", name), GOLD_PLAIN, NULL);
    if (!losses || !rates) return;
    static const char *const kinds[] = {GT_SCHEDULE_KINDS(GT_NAME)};
    gt_schedule_kind kind = GT_SCHEDULE_CONSTANT;
    for (int i = 0; i <= GT_SCHEDULE_PLATEAU; i++)
        if (!strcmp(gold_text(c, "kind", ""), kinds[i])) kind = (gt_schedule_kind)i;
    size_t n = (size_t)shape.d[0];
    /* the same with epochs of eight steps: the run is an eighth as long, and so is the warm-up */
    for (int steps = 1; steps <= 8; steps += 7) {
        double step = 1.0 / steps;
        gt_schedule s = {.kind = kind,
                         .warmup = gold_number(c, "warmup", 0) * step,
                         .length = (double)n * step,
                         .factor = gold_number(c, "factor", 0),
                         .patience = gold_number(c, "patience", 0)};
        if (gt_schedule_parse(gold_text(c, "at", ""), &s)) gold_fail(f, "%s: %s", name, gt_message());
        for (int i = 0; i < s.n_at; i++) s.at[i] *= step;
        gt_plateau plateau = gt_plateau_begin();
        float *ours = gt_arena_array(f->arena, n, sizeof *ours);
        for (size_t i = 0; i < n; i++) {
            ours[i] = (float)(plateau.factor * gt_schedule_rate(&s, (double)i * step, step));
            if (!(fabs((double)ours[i] / (double)rates[i] - 1) < 1e-6))
                gold_fail(f, "schedule %s: the rate of step %zu is %g, not %g", name, i, (double)ours[i],
                          (double)rates[i]);
            if (s.kind == GT_SCHEDULE_PLATEAU) gt_plateau_look(&plateau, &s, (double)losses[i]);
        }
        gold_check(f, gold_path(f, "schedules/out/%s", name), GOLD_PLAIN, ours, n, 1e-6);
    }
}

/* ---- layers: a result, and the gradient of its weighted sum in inputs and parameters ---- */

typedef struct layer {
    gold *f;
    gold_graph *g;
    const char *at; /* "norm/batch" */
    gt_node *x;
    gt_forward forward;
} layer;

static layer open_layer(gold *f, const char *kind, const char *name) {
    gold_graph *g = gold_graph_new(f);
    const char *at = gold_path(f, "%s/%s", kind, name);
    gt_node *x = gold_in(g, gold_path(f, "%s/in/x", at), GOLD_IMAGE);
    return (layer){f, g, at, x, {.graph = gold_nodes(g), .training = true}};
}

/* `order`: of the result. */
static gt_node *put_result(layer *l, gt_node *y, gold_order order) {
    gt_node *v = gold_in(l->g, gold_path(l->f, "%s/in/v", l->at), order);
    gold_out(l->g, y, gold_path(l->f, "%s/out/y", l->at), order);
    gold_grad(l->g, y, v, l->x, gold_path(l->f, "%s/grad/x", l->at), GOLD_IMAGE);
    return v;
}

static void run_layer(layer *l) {
    gold_run(l->g);
    gold_graph_free(l->g);
}

static gt_node *norm_pass(gt_forward *f, gt_node *x, const void *groups) {
    f->groups = *(const int *)groups;
    return gt_forward_norm(f, "norm", x);
}

static float *norm_block(gold *f, const char *at, const gt_net *net, bool running) {
    static const char *const names[][2] = {
        {"weight", "norm.weight"}, {"bias", "norm.bias"}, {"mean", "norm.running_mean"}, {"var", "norm.running_var"}};
    float *block = gt_arena_array(f->arena, net->block_floats, sizeof *block);
    for (int i = 0; i < (running ? 4 : 2); i++) {
        const float *values = gold_read(f, gold_path(f, "%s/in/%s", at, names[i][0]), GOLD_PLAIN, NULL);
        const gt_tensor *t = gt_net_find(net, names[i][1]);
        if (values && t) memcpy(block + t->offset, values, t->size * sizeof *block);
    }
    return block;
}

static void norm(gold *f, const char *name, json_t *c) {
    int groups = gold_int(c, "groups", 0);
    layer l = open_layer(f, "norm", name);
    gt_net *net = gt_forward_declare("N", norm_pass, &groups, 2, 2, 6);
    if (!l.x || !net) {
        gold_fail(f, "%s: %s", l.at, gt_message());
        return;
    }
    gold_bind(l.g, 0, norm_block(f, l.at, net, !groups));
    l.forward.bound = (gt_bound_net){l.forward.graph, net, 0};
    l.forward.groups = groups;
    gt_node *y = gt_forward_norm(&l.forward, "norm", l.x), *v = put_result(&l, y, GOLD_IMAGE);
    const char *const parameters[] = {"weight", "bias"};
    for (int i = 0; i < 2; i++)
        gold_grad(l.g, y, v, gt_leaf(l.forward.bound, "norm.", parameters[i]),
                  gold_path(f, "%s/grad/%s", l.at, parameters[i]), GOLD_PLAIN);
    run_layer(&l);
    gt_net_free(net);
}

/* Running statistics: renewed in training, and used. */
static void running(gold *f, const char *name, json_t *c) {
    if (gold_int(c, "groups", 0)) return;
    static const char *const buffers[][2] = {{"mean", "norm.running_mean"}, {"var", "norm.running_var"}};
    int groups = 0;
    gt_net *net = gt_forward_declare("N", norm_pass, &groups, 2, 2, 6);
    const char *at = gold_path(f, "norm/%s", name);
    float *block = norm_block(f, at, net, true);
    for (int training = 0; training < 2; training++) {
        gt_graph *g = gt_graph_new("norm", asked_kernels());
        gt_shape shape;
        const float *x = gold_read(f, gold_path(f, "%s/in/x", at), GOLD_IMAGE, &shape);
        gt_forward forward = {.graph = g, .bound = {g, net, 0}, .training = training};
        gt_output(g, "y", gt_forward_norm(&forward, "norm", gt_input(g, "x", shape)));
        gt_exec *e = gt_exec_new(g, &(gt_exec_options){0});
        if (!e || !x) {
            gold_fail(f, "%s: %s", at, gt_message());
            return;
        }
        gt_exec_bind(e, 0, block);
        memcpy(gt_exec_input(e, "x"), x, (size_t)gt_shape_size(&shape) * sizeof *x);
        if (gt_exec_prepare(e, &(gt_exec_env){0}) || gt_exec_run(e, &(gt_exec_env){0}))
            gold_fail(f, "%s", gt_message());
        if (!training)
            gold_check(f, gold_path(f, "%s/out/running", at), GOLD_IMAGE, gt_exec_output(e, "y"),
                       (size_t)gt_shape_size(&shape), 0);
        for (int i = 0; i < 2 && training; i++)
            gold_check(f, gold_path(f, "%s/out/%s", at, buffers[i][0]), GOLD_PLAIN, gt_exec_output(e, buffers[i][1]), 6,
                       0);
        gt_exec_free(e);
        gt_graph_free(g);
    }
    gt_net_free(net);
}

static void pool(gold *f, const char *name, json_t *c) {
    layer l = open_layer(f, "pool", name);
    int average = gold_int(c, "average", 0), adaptive = gold_int(c, "adaptive", 0), size = gold_int(c, "size", 0),
        stride = gold_int(c, "stride", 0), pad = gold_int(c, "pad", 0);
    gt_node *y = adaptive  ? gt_forward_adaptive_pool(&l.forward, l.x, adaptive)
                 : average ? gt_forward_average_pool(&l.forward, l.x,
                                                     (gt_max_pool_attr){.size = size, .stride = stride, .pad = pad},
                                                     average == 1)
                           : gt_max_pool(l.forward.graph, l.x, .size = size, .stride = stride, .pad = pad,
                                         .ceil = gold_int(c, "ceil", 0));
    put_result(&l, y, GOLD_IMAGE);
    run_layer(&l);
}

static void dropout(gold *f, const char *name, json_t *c) {
    layer l = open_layer(f, "dropout", name);
    put_result(&l, gt_forward_dropout(&l.forward, "drop", l.x, (float)gold_number(c, "p", 0)), GOLD_PLAIN);
    run_layer(&l);
}

static void loss(gold *f, const char *name, json_t *c) {
    layer l = open_layer(f, "loss", name);
    gt_node *labels = gold_in(l.g, gold_path(f, "%s/in/labels", l.at), GOLD_PLAIN);
    gt_node *targets = gt_smoothed_labels(l.forward.graph, labels, gold_number(c, "smoothing", 0));
    gt_node *y = gt_classifier_entropy(l.forward.graph, l.x, targets);
    put_result(&l, y ? gt_reshape(l.forward.graph, y, GT_SHAPE(-1)) : NULL, GOLD_PLAIN);
    run_layer(&l);
}

void gold_alone(gold *f) {
    static const struct {
        const char *kind;
        void (*run)(gold *f, const char *name, json_t *c);
    } parts[] = {{"optimizers", optimizer}, {"schedules", schedule}, {"norm", norm}, {"norm", running}, {"pool", pool},
                 {"dropout", dropout},      {"loss", loss}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const char *name;
        json_t *c;
        json_object_foreach(gold_get(f->config, parts[i].kind), name, c) parts[i].run(f, name, c);
    }
}
