/* SPDX-License-Identifier: Apache-2.0
 * precond_loss, flow, samplers: denoisers, what they learn from, and pictures made with them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kind_told.h"
#include "base/door/memory.h"
#include "kind_unet.h"
#include "features/edm/loss.h"
#include "features/edm/sampling.h"

/* One network, which all cases of a file share. */
typedef struct subject {
    gold *f;
    gt_denoiser d;
    gt_net *net;
    float *block;
} subject;

static bool open_subject(subject *s, gold *f, gt_precond precond) {
    json_t *c = gold_get(f->config, "net");
    *s = (subject){
        .f = f, .d = {.unet = gold_unet_shape(c), .precond = precond, .sigma_data = gold_number(c, "sigma_data", 0.5)}};
    f->in_front = "model.";
    s->net = gt_unet_net("F", &s->d.unet);
    s->block = s->net ? gold_load(f, s->net, "params") : NULL;
    return s->block;
}

static void close_subject(subject *s) {
    if (s->net) gt_block_free(s->block, s->net->block_floats * sizeof(float));
    gt_net_free(s->net);
}

static gt_forward forward_of(const subject *s, gold_graph *g) {
    gold_bind(g, 0, s->block);
    return (gt_forward){.graph = gold_nodes(g), .bound = {gold_nodes(g), s->net, 0}};
}

/* ---- preconditioning ---- */

static void coefficients_of(subject *s) {
    gold_graph *g = gold_graph_new(s->f);
    gt_coefficients c = gt_coefficients_of(gold_nodes(g), &s->d, gold_in(g, "precond/in/sigma", GOLD_PLAIN));
    gold_out(g, c.skip, "precond/out/c_skip", GOLD_PLAIN);
    gold_out(g, c.out, "precond/out/c_out", GOLD_PLAIN);
    gold_out(g, c.in, "precond/out/c_in", GOLD_PLAIN);
    gold_out(g, c.noise, "precond/out/c_noise", GOLD_PLAIN);
    gold_run(g);
    gold_graph_free(g);
}

/* The rows of all inputs from `first` on. */
static void denoise(subject *s, gt_precond precond, const char *out, int first, bool labelled) {
    gold_graph *g = gold_graph_new(s->f);
    gt_graph *n = gold_nodes(g);
    gt_forward f = forward_of(s, g);
    gt_node *x = gold_in(g, "precond/in/x", GOLD_IMAGE), *sigma = gold_in(g, "precond/in/sigma", GOLD_PLAIN),
            *labels = gold_in(g, "precond/in/class_labels", GOLD_PLAIN);
    if (!x || !sigma || !labels) return;
    int64_t rows = gt_dim(x, 0);
    gt_denoiser d = s->d;
    d.precond = precond;
    if (!labelled) labels = gt_scale(n, labels, 0);
    gt_unet_inputs in = {.labels = gt_slice(n, labels, 0, first, rows)};
    gt_node *y = gt_denoise(&f, &d, gt_slice(n, x, 0, first, rows), gt_slice(n, sigma, 0, first, rows), &in);
    gold_out(g, y, gold_path(s->f, "precond/out/%s", out), GOLD_IMAGE);
    if (!strcmp(out, "D_x")) gold_grad(g, y, gold_in(g, "precond/in/v", GOLD_IMAGE), x, "precond/grad/x", GOLD_IMAGE);
    gold_run(g);
    gold_graph_free(g);
}

/* ---- losses ---- */

typedef struct given {                                             /* what a case of a loss draws */
    const char *group, *images, *labels, *noise, *level, *augment; /* paths; NULL: none */
    const char *level_out, *noisy_out;
    gold_told_case *told; /* NULL: pictures are not augmented */
    gt_levels_rule rule;
    double dropout, label_dropout;
} given;

typedef struct masks {
    gt_forward forward; /* the first field: drawn by its `draw` */
    gold_graph *g;
    gold *f;
    const char *group;
    int next;
} masks;

/* What is kept has the draw 1, what is dropped 0. */
static gt_node *mask(gt_forward *f, const char *stream, gt_shape shape) {
    masks *m = (masks *)f;
    (void)stream;
    (void)shape;
    return gold_in(m->g, gold_path(m->f, "%s/in/keep/dropout_%02d", m->group, m->next++), GOLD_IMAGE);
}

/* [n,1,1,1] as [n] */
static gt_node *flat(gold_graph *g, const char *path) {
    gt_node *x = gold_in(g, path, GOLD_PLAIN);
    return x ? gt_reshape(gold_nodes(g), x, GT_SHAPE(gt_dim(x, 0))) : NULL;
}

static void level_must_be(gold_graph *g, gold *f, gt_node *level, const char *path) {
    gt_shape shape;
    if (level && gold_read(f, path, GOLD_PLAIN, &shape))
        gold_out(g, gt_reshape(gold_nodes(g), level, shape), path, GOLD_PLAIN);
}

/* The pictures, and the numbers that go with them, are written by hand. */
static void write_told(gold *f, gt_exec *e, void *arg) {
    const gold_told_case *c = arg;
    gt_shape shape;
    const float *images = gold_read(f, "loss/in/images", GOLD_IMAGE, &shape),
                *moved = gold_told_moved(c, images, &shape);
    float *to = gt_exec_input(e, "moved"), *numbers = gt_exec_input(e, "numbers");
    int each = gt_told_numbers(&c->pipe);
    if (to && moved) memcpy(to, moved, (size_t)gt_shape_size(&shape) * sizeof *to);
    for (int i = 0; numbers && i < c->n; i++)
        memcpy(numbers + i * each, c->told[i].numbers, (size_t)each * sizeof *numbers);
    gold_told_write(c, e, &shape);
}

static gt_node *told_pictures(gold *f, gold_graph *g, const given *c, gt_unet_inputs *in) {
    gt_shape shape;
    if (!gold_read(f, c->images, GOLD_IMAGE, &shape)) return NULL;
    gt_graph *n = gold_nodes(g);
    gold_told_read(c->told, f, gold_get(f->config, "augment"), gold_path(f, "%s/in/draws", c->group), &shape);
    gold_told_check_numbers(c->told, gold_path(f, "%s/out/augment_labels", c->group));
    in->augment = gt_input(n, "numbers", GT_SHAPE(shape.d[0], gt_told_numbers(&c->told->pipe)));
    gt_node *y = gt_augment(n, &c->told->config, "aug", gt_input(n, "moved", shape));
    gold_out(g, y, gold_path(f, "%s/out/y", c->group), GOLD_IMAGE);
    gold_before(g, write_told, c->told);
    return y;
}

static void loss_of(subject *s, const given *c) {
    gold *f = s->f;
    gold_graph *g = gold_graph_new(f);
    gt_graph *n = gold_nodes(g);
    masks m = {.forward = forward_of(s, g), .g = g, .f = f, .group = c->group};
    gt_denoiser d = s->d;
    gt_unet_inputs in = {.labels = gold_in(g, c->labels, GOLD_PLAIN)};
    if (c->augment) in.augment = gold_in(g, c->augment, GOLD_PLAIN);
    if (c->dropout > 0) {
        m.forward.training = true;
        m.forward.norm = GT_NORM_RUNNING;
        m.forward.draw = mask;
        d.unet.dropout = c->dropout;
        in.labels = gt_drop_labels(n, in.labels,
                                   gold_in(g, gold_path(f, "%s/in/draws/label_dropout", c->group), GOLD_PLAIN),
                                   c->label_dropout);
    }
    gt_loss_draws draws = {.level = flat(g, c->level), .noise = gold_in(g, c->noise, GOLD_IMAGE)};
    gt_node *pictures = c->told ? told_pictures(f, g, c, &in) : gold_in(g, c->images, GOLD_IMAGE);
    gt_denoising r = gt_denoising_of(&m.forward, &d, &c->rule, pictures, draws, &in);
    gold_out(g, r.loss, gold_path(f, "%s/out/loss", c->group), GOLD_IMAGE);
    const char *level = gold_path(f, "%s/out/%s", c->group, c->level_out);
    if (strcmp(level, c->level)) level_must_be(g, f, r.level, level);
    else gold_judge(f, level, 0, 1); /* it was given */
    if (c->noisy_out) gold_out(g, r.noisy, gold_path(f, "%s/out/%s", c->group, c->noisy_out), GOLD_IMAGE);
    if (gold_has(f, gold_path(f, "%s/grad/params", c->group))) {
        gt_node *mean = r.loss ? gt_scale(n, r.loss, (float)(1 / (double)gt_dim(r.loss, 0))) : NULL;
        gold_param_grads(f, g, mean, NULL, m.forward.bound, gold_path(f, "%s/grad/params", c->group));
    }
    gold_run(g);
    gold_graph_free(g);
}

void gold_precond_loss(gold *f) {
    subject s;
    f->limits[0] = 2e-5;
    f->limits[1] = 1e-4;
    if (open_subject(&s, f, GT_PRECOND_EDM)) {
        coefficients_of(&s);
        denoise(&s, GT_PRECOND_EDM, "D_x", 0, true);
        denoise(&s, GT_PRECOND_EDM, "D_x_uncond", 0, false);
        denoise(&s, GT_PRECOND_VP, "D_x_VPPrecond", 1, true);
        denoise(&s, GT_PRECOND_VE, "D_x_VEPrecond", 1, true);
        json_t *loss = gold_get(f->config, "loss"), *dropout = gold_get(f->config, "dropout");
        given c = {.group = "loss/plain",
                   .images = "loss/in/images",
                   .labels = "loss/in/labels",
                   .noise = "loss/in/noise",
                   .level = "loss/in/rnd_normal",
                   .level_out = "sigma",
                   .rule = {.mean = gold_number(loss, "P_mean", 0), .std = gold_number(loss, "P_std", 0)}};
        loss_of(&s, &c);
        c.group = "loss/aug_labels";
        c.augment = "loss/aug_labels/in/augment_labels";
        loss_of(&s, &c);
        static gold_told_case told;
        c.group = "loss/augment_pipe";
        c.augment = NULL;
        c.told = &told;
        loss_of(&s, &c);
        c.told = NULL;
        c.group = "loss/dropout";
        c.augment = "loss/dropout/in/augment_labels";
        c.dropout = gold_number(dropout, "dropout", 0);
        c.label_dropout = gold_number(dropout, "label_dropout", 0);
        loss_of(&s, &c);
    }
    close_subject(&s);
}

/* The file has the draws and the times, but not the numbers of the rule between them: the logit of a time is mean + std
 * times the draw. The line through all of them, to four digits. */
static void fit_logits(gold *f, const char *group, gt_levels_rule *rule) {
    gt_shape shape;
    const float *draw = gold_read(f, gold_path(f, "%s/in/rnd_normal", group), GOLD_PLAIN, &shape),
                *time = gold_read(f, gold_path(f, "%s/out/t", group), GOLD_PLAIN, NULL);
    double n = 0, x = 0, y = 0, xx = 0, xy = 0;
    for (; draw && time && n < (double)gt_shape_size(&shape); n++) {
        double a = (double)draw[(int)n], t = (double)time[(int)n], b = log(t / (1 - t));
        x += a, y += b, xx += a * a, xy += a * b;
    }
    rule->std = rint((n * xy - x * y) / (n * xx - x * x) * 1e4) / 1e4;
    rule->mean = rint((y - rule->std * x) / n * 1e4) / 1e4;
}

void gold_flow(gold *f) {
    static const char *const names[] = {"uniform", "logit_normal", "sigma_min"};
    subject s;
    f->limits[0] = 2e-5;
    f->limits[1] = 3e-4;
    if (open_subject(&s, f, GT_PRECOND_FLOW))
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            json_t *own = gold_get(f->config, names[i]);
            const char *normal = gold_path(f, "%s/in/rnd_normal", names[i]), *time = gold_path(f, "%s/in/t", names[i]);
            bool uniform = !gold_has(f, normal);
            if (uniform && !gold_has(f, time)) time = gold_path(f, "%s/out/t", names[i]);
            given c = {.group = names[i],
                       .images = "in/images",
                       .labels = "in/labels",
                       .noise = "in/noise",
                       .level = uniform ? time : normal,
                       .augment = json_is_true(gold_get(own, "augment_labels")) ? "in/augment_labels" : NULL,
                       .level_out = "t",
                       .noisy_out = "x_t",
                       .rule = {.mean = gold_number(own, "mean", 0),
                                .std = gold_number(own, "std", 1),
                                .uniform = uniform,
                                .sigma_min = gold_number(own, "sigma_min", 0)}};
            if (!uniform && !gold_get(own, "mean")) fit_logits(f, names[i], &c.rule);
            loss_of(&s, &c);
        }
    close_subject(&s);
}

/* ---- samplers ---- */

typedef struct way { /* a network made ready, and what it is asked in the course of a case */
    gold *f;
    json_t *config;
    const char *group;
    gt_exec *e;
    const float *latents, *labels, *churn;
    size_t size, n_labels;
    int batch;
} way;

static void churn_of(void *arg, int step, float *to, size_t n) {
    const way *w = arg;
    memcpy(to, w->churn + (size_t)step * n, n * sizeof *to);
}

static void ask(way *w, const float *x, double level, const float *labels, float *result) {
    float *to = gt_exec_input(w->e, "x"), *at = gt_exec_input(w->e, "level"), *c = gt_exec_input(w->e, "labels");
    memcpy(to, x, w->size * sizeof *to);
    for (int i = 0; i < w->batch; i++) at[i] = (float)level;
    for (size_t i = 0; i < w->n_labels; i++) c[i] = labels ? labels[i] : 0;
    if (gt_exec_run(w->e, NULL)) gold_fail(w->f, "%s: %s", w->group, gt_message());
    memcpy(result, gt_exec_output(w->e, "result"), w->size * sizeof *result);
}

/* Rows of one dataset that come one after the other; each is compared with the size of its own numbers. */
typedef struct rows {
    const char *path; /* NULL: there are none */
    const float *values;
    int n, next;
} rows;

static rows rows_of(way *w, const char *name) {
    rows r = {.path = gold_path(w->f, "%s/out/%s", w->group, name)};
    gt_shape shape;
    if (!gold_has(w->f, r.path)) return (rows){0};
    r.values = gold_read(w->f, r.path, GOLD_IMAGE, &shape);
    if (r.values) r.n = (int)shape.d[0];
    return r;
}

static void next_row(way *w, rows *r, const float *ours) {
    if (r->next >= r->n) return;
    const float *theirs = r->values + (size_t)r->next++ * w->size;
    double off = 0, most = 0;
    for (size_t i = 0; i < w->size; i++) {
        off = fmax(off, fabs((double)ours[i] - (double)theirs[i]));
        most = fmax(most, fabs((double)theirs[i]));
    }
    gold_judge(w->f, r->path, most > 0 ? off / most : off, 5e-5);
}

static void *room(way *w, size_t bytes) { return gt_arena_array(w->f->arena, w->size, bytes); }

static void sample(way *w, const gt_sampling *s, double guidance) {
    gold *f = w->f;
    rows evals = rows_of(w, "evals_x"), steps = rows_of(w, "steps");
    json_t *levels = gold_get(gold_get(f->config, w->group), "eval_sigmas");
    float *x = room(w, sizeof *x), *result = room(w, sizeof *x), *plain = room(w, sizeof *x);
    gt_course c = {.sampling = s,
                   .size = w->size,
                   .x = room(w, sizeof(double)),
                   .start = room(w, sizeof(double)),
                   .slope = room(w, sizeof(double))};
    int asked = 0;
    double worst = 0;
    for (gt_course_begin(&c, w->latents, NULL); gt_course_next(&c, x, churn_of, w); asked++) {
        next_row(w, &evals, x);
        if (!c.again) next_row(w, &steps, x);
        double level = json_number_value(json_array_get(levels, (size_t)asked));
        if (levels) worst = fmax(worst, fabs(level / c.at - 1));
        ask(w, x, c.at, w->labels, result);
        if (guidance != 1) {
            ask(w, x, c.at, NULL, plain);
            for (size_t i = 0; i < w->size; i++) result[i] = plain[i] + (float)guidance * (result[i] - plain[i]);
        }
        gt_course_take(&c, result);
    }
    for (size_t i = 0; i < w->size; i++) x[i] = (float)c.x[i];
    next_row(w, &steps, x);
    if (asked != gt_sampling_evaluations(s) || (levels && (size_t)asked != json_array_size(levels)))
        gold_fail(f, "%s: %d evaluations", w->group, asked);
    if (worst > 1e-12) gold_fail(f, "%s: a level is off by %g", w->group, worst);
    gold_check(f, gold_path(f, "%s/out/x", w->group), GOLD_IMAGE, x, w->size, 5e-5);
    gold_check_bytes(f, gold_path(f, "%s/out/image_uint8", w->group), x, w->size);
}

/* "heun18", "flow_midpoint10": as the case's own settings say. */
static void run_case(way *w, bool flow) {
    json_t *own = gold_get(w->f->config, w->group), *churn = gold_get(own, "S_churn");
    int steps = gold_int(own, flow ? "steps" : "num_steps", 1);
    double *levels = gt_arena_array(w->f->arena, (size_t)steps + 1, sizeof *levels);
    const char *solver = gold_text(own, "solver", "heun");
    if (flow) gt_sampling_times(levels, steps);
    else
        gt_sampling_levels(levels, steps, gold_number(own, "sigma_min", 0), gold_number(own, "sigma_max", 0),
                           gold_number(own, "rho", 0));
    gt_sampling s = {.flow = flow,
                     .steps = steps,
                     .levels = levels,
                     .second = !strcmp(solver, "euler")      ? 0
                               : !strcmp(solver, "midpoint") ? 0.5
                                                             : gold_number(own, "alpha", 1),
                     .churn = churn ? json_number_value(churn) : 0,
                     .churn_min = gold_number(own, "S_min", 0),
                     .churn_max = gold_number(own, "S_max", HUGE_VAL),
                     .churn_noise = gold_number(own, "S_noise", 1)};
    const char *guided = strrchr(w->group, '_');
    double guidance = guided && guided[1] == 's' ? strtod(guided + 2, NULL) : 1;
    sample(w, &s, gold_number(own, "guidance", guidance));
}

static void all_cases(subject *s, bool flow) {
    gold *f = s->f;
    gt_shape shape;
    way w = {.f = f, .latents = gold_read(f, "in/latents", GOLD_IMAGE, &shape)};
    w.labels = gold_read(f, "in/labels", GOLD_PLAIN, NULL);
    w.churn = gold_read(f, "in/churn_noise", GOLD_IMAGE, NULL);
    if (!w.latents || !w.labels || !w.churn) return;
    w.batch = (int)shape.d[0];
    w.size = (size_t)gt_shape_size(&shape);
    w.n_labels = (size_t)(w.batch * s->d.unet.labels);
    gt_graph *g = gt_graph_new("denoiser", gt_kernel_set_best());
    gt_forward forward = {.graph = g, .bound = {g, s->net, 0}};
    gt_denoiser d = s->d;
    d.precond = flow ? GT_PRECOND_FLOW : GT_PRECOND_EDM;
    gt_unet_inputs in = {.labels = gt_input(g, "labels", GT_SHAPE(w.batch, d.unet.labels))};
    gt_output(g, "result",
              gt_denoise(&forward, &d, gt_input(g, "x", shape), gt_input(g, "level", GT_SHAPE(w.batch)), &in));
    w.e = gt_exec_new(g, NULL);
    if (w.e) {
        gt_exec_bind(w.e, 0, s->block);
        const char *name;
        json_t *c;
        json_object_foreach(f->config, name, c) {
            bool flows = !strncmp(name, "flow_", 5);
            w.group = name;
            if (flows == flow && gold_has(f, gold_path(f, "%s/out/x", name))) run_case(&w, flow);
        }
    } else gold_fail(f, "%s", gt_message());
    gt_exec_free(w.e);
    gt_graph_free(g);
}

void gold_samplers(gold *f) {
    subject s;
    if (open_subject(&s, f, GT_PRECOND_EDM)) {
        all_cases(&s, false);
        all_cases(&s, true);
    }
    close_subject(&s);
}
