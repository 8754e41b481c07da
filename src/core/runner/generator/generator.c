/* SPDX-License-Identifier: Apache-2.0
 * The generator of a checkpoint, in one piece or as mapping and synthesis: see gantry/generate.h. */
#include <stdlib.h>
#include <string.h>

#include "gantry/text.h"
#include "data/door/source.h"
#include "files/codec/door/sample.h"
#include "base/door/hash.h"
#include "data/door/dataset.h"
#include "gantry/generate.h"
#include "base/door/log.h"
#include "base/door/random.h"
#include "run/door/checkpoint.h"
#include "runner/door/runner.h"
#include "runner/generator/door/generator.h"
#include "runner/door/adapt.h"
#include "runner/door/roles.h"

struct gt_generator {
    gt_trained trained;
    gt_runner *images; /* from latents to images, or (apart) from styles to images */
    float *start;      /* the picture to begin with; NULL: none */
    gt_runner *styles; /* apart: from latents to styles; else NULL */
    uint32_t *numbers; /* [layers,batch]: by which images draw fresh noise */
};

/* Enough pixels to keep the kernels busy, few enough for small memories. */
static int batch_for(const gt_model *m) {
    enum { PIXELS = 1 << 18, MAX = 8 };
    int64_t n = PIXELS / ((int64_t)m->height * m->width);
    return n < 1 ? 1 : n > MAX ? MAX : (int)n;
}

static gt_status check_options(const gt_trained *t, const gt_generator_options *o) {
    const gt_model *m = t->model;
    if (!gt_role_needed(m, GT_ROLE_GENERATOR)) return GT_USAGE;
    if (o->temperature > 0 && !m->draws_codes)
        return gt_fail(
            GT_USAGE,
            "--temperature is for draws from a prior of codes (vq-prior, gumbel-prior), which this network is not");
    gt_status st = gt_model_takes_steps(m, &o->steps);
    if (st) return st;
    if (!m->in_steps && o->start)
        return gt_fail(GT_USAGE, "--start is for diffusion models; this network makes pictures in one pass");
    if (m->in_steps && o->truncation != 1)
        return gt_fail(GT_USAGE,
                       "--trunc: a diffusion model has no styles to truncate; --guidance has a similar effect");
    st = o->truncation != 1 && m->check_truncation ? m->check_truncation(m, t->params) : GT_OK;
    return st ? gt_wrap(st, "--trunc=1 is needed") : GT_OK;
}

static gt_status read_start(gt_generator *g, const char *file) {
    gt_picture p;
    gt_status st = gt_read_picture(file, &p);
    if (!st) st = gt_adapt_picture(&p, file, &g->trained, true, &g->start);
    return st ? gt_wrap(st, "--start") : GT_OK;
}

static int layers_of(const gt_generator *g) {
    int layers = g->trained.model->num_ws;
    return layers ? layers : 1;
}

static gt_status open_runners(gt_generator *g, const gt_generator_options *o) {
    gt_model *m = g->trained.model;
    const float *params = g->trained.params;
    gt_status st = check_options(&g->trained, o);
    if (!st && o->start) st = read_start(g, o->start);
    if (st) return st;
    bool apart = o->apart && gt_model_role(m, GT_ROLE_MAPPING);
    gt_runner_options options = {.role = GT_ROLE_GENERATOR,
                                 .request = {.n = batch_for(m),
                                             .noise_mode = o->noise_mode,
                                             .truncation = o->truncation,
                                             .temperature = o->temperature,
                                             .steps = o->steps,
                                             .truncation_cutoff = o->truncated_layers ? o->truncated_layers : -1,
                                             .from_styles = apart},
                                 .pool = o->pool};
    g->images = gt_runner_new(m, params, &options, NULL);
    options.role = GT_ROLE_MAPPING;
    if (g->images && apart) g->styles = gt_runner_new(m, params, &options, NULL);
    if (!g->images || (apart && !g->styles)) return gt_failure();
    g->numbers = calloc((size_t)layers_of(g), (size_t)gt_generator_batch(g) * sizeof *g->numbers);
    return g->numbers ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a generator");
}

/* Of the checkpoint, or of what is open already. */
static gt_generator *start_generator(const char *checkpoint, const gt_trained *t, const gt_generator_options *options) {
    gt_generator *g = calloc(1, sizeof *g);
    if (!g) {
        gt_fail(GT_NOMEM, "out of memory for a generator");
        return NULL;
    }
    if (t)
        g->trained = (gt_trained){
            .model = t->model, .data = t->data, .network = t->network, .params = t->params, .recipe = t->recipe};
    gt_status st = t ? GT_OK : gt_trained_open(&g->trained, checkpoint, &options->reading);
    if (!st && !open_runners(g, options)) return g;
    gt_generator_close(g);
    return NULL;
}

gt_generator *gt_generator_open(const char *checkpoint, const gt_generator_options *options) {
    return start_generator(checkpoint, NULL, options);
}

gt_generator *gt_generator_of(const gt_trained *t, const gt_generator_options *options) {
    return start_generator(NULL, t, options);
}

void gt_generator_close(gt_generator *g) {
    if (!g) return;
    free(g->start);
    free(g->numbers);
    gt_runner_close(g->styles);
    gt_runner_close(g->images);
    gt_trained_close(&g->trained);
    free(g);
}

const char *gt_generator_recipe(const gt_generator *g) { return g->trained.recipe ? g->trained.recipe : ""; }
const gt_model *gt_generator_model(const gt_generator *g) { return g->trained.model; }
int gt_generator_batch(const gt_generator *g) { return gt_runner_batch(g->images); }
int gt_generator_labels(const gt_generator *g) {
    const gt_model *m = g->trained.model;
    return m->unlabelled_generator ? 0 : m->label_dim;
}

bool gt_generator_samples(const gt_generator *g, gt_sample_format *samples) {
    const gt_checkpoint_data *d = &g->trained.data;
    *samples = gt_checkpoint_samples(d);
    return d->has_range || d->samples != GT_U8;
}

gt_hash128 gt_generator_hash(const gt_generator *g) {
    const gt_trained *t = &g->trained;
    return gt_hash(t->params, t->model->nets[t->network]->block_floats * sizeof *t->params);
}

const char *gt_generator_channels(const gt_generator *g) { return g->trained.data.channels; }

int gt_generator_class_names(const gt_generator *g, const char *const **name) {
    *name = g->trained.data.class_name;
    return g->trained.data.class_names;
}

void gt_generator_number(gt_generator *g, int image, int layer, uint32_t number) {
    int batch = gt_generator_batch(g), first = layer < 0 ? 0 : layer, end = layer < 0 ? layers_of(g) : layer + 1;
    for (int k = first; k < end; k++) g->numbers[k * batch + image] = number;
}

static void number_in_turn(gt_generator *g, uint32_t first) {
    for (int i = 0; i < gt_generator_batch(g); i++) gt_generator_number(g, i, GT_ALL_LAYERS, first + (uint32_t)i);
}

/* Runs the part that begins with latents. */
static gt_status run_latents(const gt_generator *g, gt_runner *r, const float *z, const float *labels) {
    const gt_model *m = g->trained.model;
    size_t n = (size_t)gt_runner_batch(r);
    float *start = g->start ? gt_runner_input(r, "start") : NULL;
    for (size_t i = 0; i < n && start; i++)
        memcpy(start + i * gt_model_floats(m), g->start, gt_model_floats(m) * sizeof *start);
    float *in_z = gt_runner_input(r, "z"), *in_c = gt_generator_labels(g) ? gt_runner_input(r, "c") : NULL;
    if (in_z) memcpy(in_z, z, n * (size_t)m->z_dim * sizeof *z);
    if (in_c) memcpy(in_c, labels, n * (size_t)m->label_dim * sizeof *labels);
    return gt_runner_run(r, &(gt_run_batch){.n = (int)n, .numbers = g->numbers});
}

static size_t floats_of_styles(const gt_generator *g) {
    const gt_model *m = g->trained.model;
    return (size_t)gt_generator_batch(g) * (size_t)m->num_ws * (size_t)m->w_dim;
}

static gt_status run_styles(gt_generator *g, const float *ws) {
    memcpy(gt_runner_input(g->images, "ws"), ws, floats_of_styles(g) * sizeof *ws);
    return gt_runner_run(g->images, &(gt_run_batch){.n = gt_generator_batch(g), .numbers = g->numbers});
}

static gt_status copy_images(const gt_generator *g, gt_status st, float *images) {
    size_t n = (size_t)gt_generator_batch(g) * gt_model_floats(g->trained.model);
    if (!st) memcpy(images, gt_runner_output(g->images, "image"), n * sizeof *images);
    return st;
}

gt_status gt_generator_run_numbered(gt_generator *g, const float *z, const float *labels, float *images) {
    gt_status st = run_latents(g, g->styles ? g->styles : g->images, z, labels);
    if (!st && g->styles) st = run_styles(g, gt_runner_output(g->styles, "ws"));
    return copy_images(g, st, images);
}

gt_status gt_generator_run(gt_generator *g, const float *z, const float *labels, uint32_t first, float *images) {
    number_in_turn(g, first);
    return gt_generator_run_numbered(g, z, labels, images);
}

gt_status gt_generator_styles(gt_generator *g, const float *z, const float *labels, float *ws) {
    gt_status st = run_latents(g, g->styles, z, labels);
    if (!st) memcpy(ws, gt_runner_output(g->styles, "ws"), floats_of_styles(g) * sizeof *ws);
    return st;
}

gt_status gt_generator_run_styles_numbered(gt_generator *g, const float *ws, float *images) {
    return copy_images(g, run_styles(g, ws), images);
}

gt_status gt_generator_run_styles(gt_generator *g, const float *ws, uint32_t first, float *images) {
    number_in_turn(g, first);
    return gt_generator_run_styles_numbered(g, ws, images);
}

/* ---- labels ---- */

/* "0 disc, 1 ring, 2 square ...", as far as there is room; "0 to 9" where they have no names. */
static const char *list_classes(const gt_checkpoint_data *d, int classes, char text[256]) {
    if (!d->class_names) return snprintf(text, 256, "0 to %d", classes - 1), text;
    size_t used = 0;
    for (int i = 0; i < d->class_names; i++) {
        int n = snprintf(text + used, 256 - used, "%s%d %s", i ? ", " : "", i, d->class_name[i]);
        if (used + (size_t)n + 8 > 256) return snprintf(text + used, 256 - used, " ..."), text;
        used += (size_t)n;
    }
    return text;
}

static gt_status unknown_class(const gt_checkpoint_data *d, const gt_class_names *names, const char *class) {
    const char *near = gt_class_nearest(names, class);
    char known[256];
    return gt_fail(GT_USAGE, "--class=%.60s: the network knows no class of this name%s%s%s (%s)", class,
                   near ? "; did you mean " : "", near ? near : "", near ? "?" : "",
                   list_classes(d, names->classes, known));
}

static gt_status find_class(const gt_generator *g, const char *text, int *class) {
    const gt_checkpoint_data *d = &g->trained.data;
    int classes = gt_generator_labels(g), known = d->class_names < classes ? d->class_names : classes;
    const gt_class_names names = {.name = d->class_name, .names = known, .classes = classes};
    gt_status st = gt_class_of_text(&names, "--class", text, class);
    if (st || *class >= 0) return st;
    bool number = !text[strspn(text, "#-0123456789")];
    return number ? gt_fail(GT_USAGE, "--class must be between 0 and %d", classes - 1) : unknown_class(d, &names, text);
}

gt_status gt_generator_label(const gt_generator *g, const gt_condition *c, float *label, bool *ignored) {
    int dim = gt_generator_labels(g);
    bool given = c->label || (c->class && *c->class);
    if (ignored) *ignored = !dim && given;
    if (!dim) return GT_OK;
    if (!given && g->trained.data.vectors)
        return gt_fail(GT_USAGE, "the network is conditional: a vector of %d number%s is needed, by --label", dim,
                       gt_plural(dim));
    if (!given)
        return gt_fail(
            GT_USAGE, "the network is conditional: --class=0 to --class=%d is needed, or a vector by --label", dim - 1);
    if (!c->label && g->trained.data.vectors)
        return gt_fail(GT_USAGE,
                       "--class=%.60s: the network's labels are vectors of %d number%s, not classes: --label=%s",
                       c->class, dim, gt_plural(dim), dim > 1 ? "X,Y,..." : "X");
    if (c->label && c->label_dim != dim)
        return gt_fail(GT_USAGE, "--label has %d numbers, the network takes %d", c->label_dim, dim);
    int class = -1;
    gt_status st = c->label ? GT_OK : find_class(g, c->class, &class);
    for (int k = 0; k < dim && !st; k++) label[k] = c->label ? c->label[k] : (float)(k == class);
    return st;
}

gt_status gt_generator_asked_label(const gt_generator *g, const gt_condition *c, float *label) {
    bool ignored;
    gt_status st = gt_generator_label(g, c, label, &ignored);
    if (ignored && gt_log_is_first())
        gt_log_once(GT_WARNING, "--%s has no effect: the network knows no classes", c->label ? "label" : "class");
    return st;
}

gt_status gt_generator_asked_labels(const gt_generator *g, const gt_condition *c, float *labels) {
    size_t dim = (size_t)gt_generator_labels(g);
    gt_status st = gt_generator_asked_label(g, c, labels);
    for (int i = 1; i < gt_generator_batch(g) && !st && dim; i++)
        memcpy(labels + (size_t)i * dim, labels, dim * sizeof *labels);
    return st;
}

int gt_generator_class_of(const gt_generator *g, const float *label) {
    int dim = gt_generator_labels(g), class = -1;
    for (int k = 0; k < dim && !g->trained.data.vectors; k++) {
        if (label[k] == 0) continue;
        if (class >= 0 || label[k] != 1) return -1;
        class = k;
    }
    return class;
}

/* ---- latents and pixels ---- */

void gt_seed_latent(uint32_t seed, int z_dim, float *z) {
    gt_mt19937 r;
    gt_mt_seed(&r, seed);
    for (int i = 0; i < z_dim; i++) z[i] = (float)gt_mt_randn(&r);
}

void gt_image_bytes(const float *x, uint8_t *out, size_t n) { gt_samples_of_floats(&GT_SAMPLES_OF_8_BITS, x, n, out); }

/* ---- pictures ---- */

int gt_shown_channels(const gt_model *m) { return m->channels == 4 ? 4 : m->channels >= 3 ? 3 : 1; }

void gt_show_images(const gt_model *m, const gt_sample_format *f, int64_t n, const float *images, void *pictures) {
    size_t channels = (size_t)m->channels, shown = (size_t)gt_shown_channels(m),
           pixels = (size_t)n * gt_model_floats(m) / channels, pixel = shown * gt_sample_bytes(f->type);
    if (shown == channels) gt_samples_of_floats(f, images, pixels * channels, pictures);
    else
        for (size_t i = 0; i < pixels; i++)
            gt_samples_of_floats(f, images + i * channels, shown, (char *)pictures + i * pixel);
}

void gt_shown_say(const gt_model *m, const char *names, const char *more) {
    int shown = gt_shown_channels(m);
    if (shown == m->channels) return;
    gt_info("pictures show %s of %d channels%s%.200s%s%s", shown == 1 ? "the first" : "the first three", m->channels,
            names ? " (" : "", names ? names : "", names ? ")" : "", more);
}
