/* SPDX-License-Identifier: Apache-2.0
 * Trained networks for other languages: see gantry/flat.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/hash.h"
#include "files/codec/door/sample.h"
#include "data/door/dataset.h"
#include "features/flat/network.h"
#include "gantry/kernels.h"
#include "gantry/version.h"
#include "networks/model/door/model.h"
#include "runner/apply/door/classify.h"
#include "runner/apply/door/encode.h"
#include "runner/door/roles.h"

int gt_flat_version(void) { return GT_FLAT_VERSION; }
const char *gt_flat_release(void) { return GT_VERSION; }

const char *gt_flat_kind(int status) {
    static const char *const kinds[] = {"", "failed", "usage", "format", "memory", "nonfinite", "stopped", "undecided"};
    return status >= 0 && status < (int)(sizeof kinds / sizeof *kinds) ? kinds[status] : "";
}

void gt_flat_floats(const uint8_t *pixels, size_t n, float *out) {
    gt_floats_of_samples(&GT_SAMPLES_OF_8_BITS, pixels, n, out);
}

/* ---- life ---- */

static void hash(gt_flat_network *n) {
    const gt_trained *t = &n->trained;
    gt_hash_hex(gt_hash(t->params, t->model->nets[t->network]->block_floats * sizeof *t->params), n->hash);
}

static gt_status open_network(gt_flat_network *n, const char *path, int threads) {
    bool foreign;
    gt_status st = gt_kernel_set_asked(getenv("GT_ISA"), getenv("GT_CONV"), &n->reading.kernels);
    if (!st && threads < 0) st = gt_fail(GT_USAGE, "threads: %d is less than 1", threads);
    /* The same file for each role. NULL: the folder has no checkpoint, and opening it says so. */
    if (!st) st = gt_network_choose(path, &n->reading, &n->file, &foreign);
    if (!st && !n->file && !(n->file = strdup(path))) st = gt_fail(GT_NOMEM, "out of memory for a network");
    if (!st) st = gt_trained_open(&n->trained, n->file, &n->reading);
    if (st) return st;
    hash(n);
    n->pool = gt_pool_new(threads ? threads : gt_processors_allowed());
    return n->pool ? GT_OK : gt_failure();
}

gt_flat_network *gt_flat_open(const char *path, int threads, int *status) {
    gt_flat_network *n = calloc(1, sizeof *n);
    *status = n ? (int)open_network(n, path, threads) : (int)gt_fail(GT_NOMEM, "out of memory for a network");
    if (!*status) return n;
    gt_flat_close(n);
    return NULL;
}

static void drop_generator(gt_flat_network *n) {
    gt_generator_close(n->generator);
    n->generator = NULL;
    free(n->z); /* begins the memory of all four */
    n->z = NULL;
}

static void drop_all(gt_flat_network *n) {
    drop_generator(n);
    gt_runner_close(n->encoder);
    gt_runner_close(n->classifier);
    n->encoder = n->classifier = NULL;
}

void gt_flat_forget(gt_flat_network *n) {
    drop_all(n);
    hash(n);
}

void gt_flat_close(gt_flat_network *n) {
    if (!n) return;
    drop_all(n);
    for (int i = 0; i < GT_FLAT_NETWORKS; i++)
        if (n->beside[i].model) gt_trained_close(&n->beside[i]);
    gt_trained_close(&n->trained);
    gt_pool_free(n->pool);
    free(n->file);
    free(n);
}

/* ---- facts ---- */

int64_t gt_flat_fact(const gt_flat_network *n, const char *name) {
    const gt_model *m = n->trained.model;
    const struct {
        const char *name;
        int64_t value;
    } facts[] = {
        {"height", m->height},
        {"width", m->width},
        {"channels", m->channels},
        {"z_dim", m->z_dim},
        {"label_dim", m->label_dim},
        {"generator_labels", m->unlabelled_generator ? 0 : m->label_dim},
        {"vectors", n->trained.data.vectors},
        {"latent_size", m->latent_size},
        {"num_ws", m->num_ws},
        {"w_dim", m->w_dim},
        {"class_names", n->trained.data.class_names},
        {"batch", n->generator ? gt_generator_batch(n->generator) : 0},
        {"log_variance", n->encoder && gt_runner_floats(n->encoder, "log_variance")},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        if (!strcmp(facts[i].name, name)) return facts[i].value;
    return -1;
}

const char *gt_flat_text(const gt_flat_network *n, const char *name) {
    const char *channels = n->trained.data.channels;
    if (!strcmp(name, "model")) return n->trained.model->name;
    if (!strcmp(name, "file")) return n->file;
    if (!strcmp(name, "hash")) return n->hash;
    return !strcmp(name, "channels") && channels ? channels : "";
}

const char *gt_flat_class_name(const gt_flat_network *n, int64_t number) {
    const gt_checkpoint_data *d = &n->trained.data;
    return number >= 0 && number < d->class_names ? d->class_name[number] : "";
}

int gt_flat_has_role(const gt_flat_network *n, const char *role) { return gt_model_has_role(n->trained.model, role); }

/* ---- pictures ---- */

static bool same_way(const gt_flat_way *a, const gt_flat_way *b) {
    bool guidance = a->guidance == b->guidance || (isnan(a->guidance) && isnan(b->guidance));
    return a->truncation == b->truncation && guidance && a->noise == b->noise && a->steps == b->steps;
}

static gt_status find_noise(const char *name, gt_noise_mode *noise) {
    static const char *const names[] = {GT_NOISE_MODES(GT_NAME)};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(names[i], name)) return *noise = (gt_noise_mode)i, GT_OK;
    return gt_fail(GT_USAGE, "noise: '%.40s' is not const, random or none", name);
}

static gt_status make_generator(gt_flat_network *n, const gt_flat_way *w) {
    const gt_model *m = n->trained.model;
    const gt_generator_options o = {
        .noise_mode = w->noise,
        .truncation = (float)w->truncation,
        .steps = {.steps = w->steps, .guided = !isnan(w->guidance), .guidance = isnan(w->guidance) ? 0 : w->guidance},
        .apart = true,
        .pool = n->pool};
    drop_generator(n);
    n->generator = gt_generator_of(&n->trained, &o);
    if (!n->generator) return gt_failure();
    size_t z = (size_t)m->z_dim, labels = (size_t)gt_generator_labels(n->generator),
           ws = (size_t)m->num_ws * (size_t)m->w_dim, batch = (size_t)gt_generator_batch(n->generator);
    n->z = calloc(batch, (z + labels + ws + gt_model_floats(m)) * sizeof *n->z);
    if (!n->z) {
        drop_generator(n);
        return gt_fail(GT_NOMEM, "out of memory for pictures");
    }
    n->labels = n->z + batch * z;
    n->ws = n->labels + batch * labels;
    n->images = n->ws + batch * ws;
    n->way = *w;
    return GT_OK;
}

enum { MOST_STEPS = 10000, MOST_GUIDANCE = 100 }; /* as of the program's options */

int gt_flat_prepare(gt_flat_network *n, double truncation, const char *noise, int steps, double guidance) {
    gt_flat_way w = {.truncation = truncation, .guidance = guidance, .steps = steps};
    gt_status st = find_noise(noise, &w.noise);
    if (!st && !isfinite((float)truncation)) st = gt_fail(GT_USAGE, "truncation: a finite number is needed");
    if (!st && (steps < 0 || steps > MOST_STEPS)) st = gt_fail(GT_USAGE, "steps must be 1 to %d", MOST_STEPS);
    if (!st && (guidance < 0 || guidance > MOST_GUIDANCE))
        st = gt_fail(GT_USAGE, "guidance must be 0 to %d", MOST_GUIDANCE);
    if (st || (n->generator && same_way(&w, &n->way))) return st;
    return make_generator(n, &w);
}

static gt_status ready(const gt_flat_network *n) {
    return n->generator ? GT_OK : gt_fail(GT_USAGE, "the generator is not ready: gt_flat_prepare() comes first");
}

static gt_status with_styles(const gt_flat_network *n) {
    gt_status st = ready(n);
    if (st || gt_model_has_role(n->trained.model, GT_ROLE_MAPPING)) return st;
    return gt_fail(GT_USAGE, "the model '%s' has no styles", n->trained.model->name);
}

int gt_flat_label(const gt_flat_network *n, const char *class_text, float *label) {
    gt_status st = ready(n);
    return st ? st : gt_generator_label(n->generator, &(gt_condition){.class = class_text}, label, NULL);
}

/* The next items of an array of `each` floats an item; what fills the batch keeps what it has. */
static void take(float *batch, const float *all, int64_t first, int count, size_t each) {
    if (all) memcpy(batch, all + (size_t)first * each, (size_t)count * each * sizeof *all);
}

static void give(float *all, const float *batch, int64_t first, int count, size_t each) {
    if (all && batch) memcpy(all + (size_t)first * each, batch, (size_t)count * each * sizeof *all);
}

static int next(int64_t count, int64_t first, int batch) {
    return count - first < batch ? (int)(count - first) : batch;
}

/* From latents (z) or from styles (ws; z NULL) to images, or (images NULL) from latents to styles. */
static gt_status run(gt_flat_network *n, int64_t count, const float *z, const float *labels, const float *ws,
                     const uint32_t *numbers, float *images, float *styles) {
    const gt_model *m = n->trained.model;
    gt_generator *g = n->generator;
    int batch = gt_generator_batch(g);
    size_t z_dim = (size_t)m->z_dim, width = (size_t)gt_generator_labels(g), row = (size_t)m->num_ws * (size_t)m->w_dim,
           floats = gt_model_floats(m);
    gt_status st = z && width && !labels ? gt_fail(GT_USAGE, "the generator takes labels") : GT_OK;
    for (int64_t first = 0; first < count && !st; first += batch) {
        int now = next(count, first, batch);
        take(n->z, z, first, now, z_dim);
        take(n->labels, labels, first, now, width);
        take(n->ws, ws, first, now, row);
        for (int i = 0; i < now && numbers; i++) gt_generator_number(g, i, GT_ALL_LAYERS, numbers[first + i]);
        if (styles) st = gt_generator_styles(g, n->z, n->labels, n->ws);
        else if (z) st = gt_generator_run_numbered(g, n->z, n->labels, n->images);
        else st = gt_generator_run_styles_numbered(g, n->ws, n->images);
        give(styles, n->ws, first, now, row);
        give(images, n->images, first, now, floats);
    }
    return st;
}

int gt_flat_generate(gt_flat_network *n, int64_t count, const float *z, const float *labels, const uint32_t *numbers,
                     float *images) {
    gt_status st = ready(n);
    return st ? st : run(n, count, z, labels, NULL, numbers, images, NULL);
}

int gt_flat_styles(gt_flat_network *n, int64_t count, const float *z, const float *labels, float *ws) {
    gt_status st = with_styles(n);
    return st ? st : run(n, count, z, labels, NULL, NULL, NULL, ws);
}

int gt_flat_synthesize(gt_flat_network *n, int64_t count, const float *ws, const uint32_t *numbers, float *images) {
    gt_status st = with_styles(n);
    return st ? st : run(n, count, NULL, NULL, ws, numbers, images, NULL);
}

/* ---- encoders and classifiers ---- */

gt_trained *gt_flat_trained(gt_flat_network *n, int i) {
    if (i == n->trained.network) return &n->trained;
    gt_trained *t = i < GT_FLAT_NETWORKS ? &n->beside[i] : NULL;
    if (!t) gt_fail(GT_USAGE, "the model has too many networks");
    if (!t || t->model) return t;
    return gt_trained_open_network(t, n->file, &n->reading, n->trained.model->nets[i]->name) ? NULL : t;
}

/* A checkpoint is opened with the network that makes pictures, or else the first; another one may have the role. */
gt_runner *gt_flat_runner(gt_flat_network *n, const char *name, gt_runner_options o) {
    const gt_role *role = gt_role_needed(n->trained.model, name);
    gt_trained *t = role ? gt_flat_trained(n, role->network) : NULL;
    o.role = name;
    o.pool = n->pool;
    return t ? gt_runner_new(t->model, t->params, &o, NULL) : NULL;
}

int gt_flat_ready(gt_flat_network *n, const char *role) {
    bool encodes = !strcmp(role, GT_ROLE_ENCODER);
    gt_runner **r = encodes ? &n->encoder : &n->classifier;
    if (!encodes && strcmp(role, GT_ROLE_CLASSIFIER) != 0)
        return gt_fail(GT_USAGE, "role: '%.40s' is not encoder or classifier", role);
    if (!*r) *r = gt_flat_runner(n, role, (gt_runner_options){0});
    return *r ? GT_OK : gt_failure();
}

int gt_flat_encode(gt_flat_network *n, int64_t count, int64_t first, const float *images, const float *labels,
                   float *latent, float *log_variance, float *image, float *error) {
    const gt_model *m = n->trained.model;
    size_t floats = gt_model_floats(m), size = (size_t)m->latent_size, width = (size_t)m->label_dim;
    gt_runner *r = n->encoder;
    gt_status st = r ? GT_OK : gt_fail(GT_USAGE, "the encoder is not ready: gt_flat_ready() comes first");
    for (int64_t at = 0; at < count && !st; at += gt_runner_batch(r)) {
        int now = next(count, at, gt_runner_batch(r));
        st = gt_runner_run(r, &(gt_run_batch){.n = now,
                                              .first = first + at,
                                              .images = images + (size_t)at * floats,
                                              .labels = labels ? labels + (size_t)at * width : NULL});
        if (st) break;
        gt_encoded e = gt_encoded_of(r);
        give(latent, e.latent, at, now, size);
        give(log_variance, e.log_variance, at, now, size);
        give(image, e.image, at, now, floats);
        give(error, e.error, at, now, 1);
    }
    return st;
}

int gt_flat_classify(gt_flat_network *n, int64_t count, const float *images, float *logits, float *probabilities) {
    const gt_model *m = n->trained.model;
    size_t floats = gt_model_floats(m), classes = (size_t)m->label_dim;
    gt_runner *r = n->classifier;
    gt_status st = r ? GT_OK : gt_fail(GT_USAGE, "the classifier is not ready: gt_flat_ready() comes first");
    for (int64_t at = 0; at < count && !st; at += gt_runner_batch(r)) {
        int now = next(count, at, gt_runner_batch(r));
        st = gt_runner_run(r, &(gt_run_batch){.n = now, .first = at, .images = images + (size_t)at * floats});
        const float *found = gt_runner_output(r, "logits");
        if (!st) give(logits, found, at, now, classes);
        for (int i = 0; i < now && probabilities && !st; i++)
            gt_class_probabilities(found + (size_t)i * classes, (int)classes,
                                   probabilities + ((size_t)at + (size_t)i) * classes);
    }
    return st;
}
