/* SPDX-License-Identifier: Apache-2.0
 * Detectors: see features/score/feature_extractor.h. */
#include "features/score/feature_extractor.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/hash.h"
#include "gantry/generate.h"
#include "base/door/mathfn.h"
#include "base/door/memory.h"
#include "gantry/job.h"
#include "networks/model/door/family.h"
#include "runner/door/runner.h"
#include "features/score/feature_net.h"
#include "networks/nets/door/layers.h"
#include "gantry/trained.h"
#include "features/score/pixel_features.h"

enum { PUBLISHED_BATCH = 8, PIXELS_BATCH = 64 };

struct gt_extractor {
    const char *path;                     /* for messages */
    const gt_feature_net_kind *published; /* NULL: a network of the user's */
    gt_resize_rule resize;
    const gt_kernel_set *kernels; /* of a published network */
    gt_feature_net *net;
    int wanted; /* components of pixels; 0: a network */
    gt_components components;
    gt_pool *pool; /* for those */
    gt_trained trained;
    gt_runner *runner; /* of a network trained here */
    int batch, classes;
    int64_t features;
    gt_hash128 hash;
    char recipe[192];
    int height, width, channels; /* of gt_extractor_takes(); 0: it was not called */
    bool grey;                   /* met grey pictures */
    uint8_t *bytes;              /* of published networks: a batch of pictures */
    float *probabilities;        /* of published networks with classes: of a batch */
};

/* ---- opening ---- */

/* `weights`: of the network. Afterwards the conversion says what else the features depend on. */
static void name_extractor(gt_extractor *d, const char *name, gt_hash128 weights, const char *conversion) {
    char hex[33];
    gt_hash_hex(weights, hex);
    snprintf(d->recipe, sizeof d->recipe, "%s %.8s%s", name, hex, conversion);
    gt_hash128 parts[] = {gt_hash(name, strlen(name)), weights, gt_hash(conversion, strlen(conversion))};
    d->hash = gt_hash(parts, sizeof parts);
}

static gt_status open_published(gt_extractor *d, const char *path, const gt_extractor_options *o) {
    gt_status st;
    const gt_feature_net_kind *k = d->published;
    char conversion[64];
    d->batch = PUBLISHED_BATCH;
    d->kernels = o->reading.kernels;
    d->net = gt_feature_net_open(
        k, path, &(gt_feature_net_options){.batch = d->batch, .pool = o->pool, .kernels = o->reading.kernels}, &st);
    if (!d->net) return st;
    d->features = k->features;
    d->classes = k->has_unbiased ? k->classes : 0;
    d->probabilities = calloc((size_t)(d->batch * d->classes) + 1, sizeof *d->probabilities);
    if (!d->probabilities) return gt_fail(GT_NOMEM, "out of memory for a detector");
    snprintf(conversion, sizeof conversion, ", 8-bit, resize %s", gt_resize_rule_name(d->resize));
    name_extractor(d, k->text, gt_feature_net_hash(d->net), conversion);
    return GT_OK;
}

/* Why a model has no features, and what it is for. */
static gt_status refuse_model(const gt_extractor *d) {
    const gt_model *m = d->trained.model;
    const char *name = d->trained.job->model;
    static const char wanted[] = "a detector is a classifier (gantry train --model=deep-conv) or an autoencoder";
    if (gt_model_role(m, GT_ROLE_DISCRIMINATOR))
        return gt_fail(GT_USAGE,
                       "'%s' is a generator and its discriminator (%s), but %s: gantry metrics %s judges its pictures",
                       d->path, name, wanted, d->path);
    if (gt_model_role(m, GT_ROLE_ENCODER) && m->label_dim)
        return gt_fail(GT_USAGE,
                       "the autoencoder '%s' (%s) uses labels (--cond=1), but pictures to be judged have none: %s",
                       d->path, name, wanted);
    if (gt_model_role(m, GT_ROLE_ENCODER))
        return gt_fail(GT_USAGE,
                       "the latents of '%s' (%s) are numbers of codes, which have no distances: %s with continuous "
                       "latents (--model=cvae)",
                       d->path, name, wanted);
    return gt_fail(GT_USAGE, "'%s' (%s) gives a class to each pixel, not to a picture: %s", d->path, name, wanted);
}

/* The weights and all that says what is computed with them: the recipe of a checkpoint. */
static gt_status hash_trained(const gt_extractor *d, gt_hash128 *out) {
    const gt_trained *t = &d->trained;
    GT_FREED char *recipe = gt_job_to_recipe_text(t->job);
    if (!recipe) return GT_NOMEM;
    gt_hash128 parts[] = {gt_hash(t->params, t->model->nets[t->network]->block_floats * sizeof(float)),
                          gt_hash(recipe, strlen(recipe))};
    *out = gt_hash(parts, sizeof parts);
    return GT_OK;
}

static gt_status open_trained(gt_extractor *d, const char *path, const gt_extractor_options *o) {
    gt_status st = gt_trained_open(&d->trained, path, &o->reading);
    if (st) return gt_wrap(st, "the detector");
    gt_model *m = d->trained.model;
    char name[96];
    gt_hash128 weights;
    if (!gt_model_role(m, GT_ROLE_FEATURES)) return refuse_model(d);
    d->runner = gt_runner_new(m, d->trained.params, &(gt_runner_options){.role = GT_ROLE_FEATURES, .pool = o->pool},
                              NULL);
    if (!d->runner) return gt_failure();
    d->batch = gt_runner_batch(d->runner);
    d->features = (int64_t)gt_runner_floats(d->runner, "features");
    d->classes = gt_model_classifier(m) == 0 ? m->label_dim : 0;
    if ((st = hash_trained(d, &weights))) return st;
    snprintf(name, sizeof name, "%s %s", d->trained.job->model, m->features_layer);
    name_extractor(d, name, weights, "");
    return GT_OK;
}

static gt_status tell_network(gt_extractor *d, const char *path, const char *kind) {
    if (kind && *kind) {
        d->published = gt_feature_net_find(kind);
        return d->published ? GT_OK : gt_fail(GT_USAGE, "there is no published network '%s'", kind);
    }
    gt_file_kind is = gt_kind_of_file(path);
    if (!gt_kind_is_foreign_network(is) && is != GT_KIND_ZIP) return GT_OK;
    return gt_feature_net_tell(path, &d->published);
}

static gt_status open_network(gt_extractor *d, const char *path, const gt_extractor_options *o) {
    gt_status st = tell_network(d, path, o->kind);
    return st ? st : d->published ? open_published(d, path, o) : open_trained(d, path, o);
}

static gt_status open_pixels(gt_extractor *d, const char *path, const gt_extractor_options *o) {
    d->batch = PIXELS_BATCH;
    d->kernels = o->reading.kernels;
    d->pool = o->pool;
    gt_status st = gt_pixel_components(path, &d->wanted);
    d->features = d->wanted;
    snprintf(d->recipe, sizeof d->recipe, "pixels in %d components", d->wanted);
    d->hash = gt_hash(d->recipe, strlen(d->recipe));
    return st;
}

void gt_extractor_fit(gt_extractor *d, gt_components *c, int64_t reals) {
    char name[96], conversion[48];
    gt_hash128 parts[] = {gt_hash(c->mean, (size_t)c->d * sizeof *c->mean),
                          gt_hash(c->axes, (size_t)c->d * (size_t)c->n * sizeof *c->axes)};
    gt_components_free(&d->components);
    d->components = *c;
    *c = (gt_components){0};
    d->features = d->components.n;
    snprintf(name, sizeof name, "pixels in %d components of %lld reals", d->components.n, (long long)reals);
    snprintf(conversion, sizeof conversion, " (%.1f %% of the variance), 8-bit", 100 * d->components.share);
    name_extractor(d, name, gt_hash(parts, sizeof parts), conversion);
}

gt_extractor *gt_extractor_open(const char *path, const gt_extractor_options *o, gt_status *status) {
    gt_extractor *d = calloc(1, sizeof *d);
    char *copy = strdup(path);
    *status = GT_OK;
    if (!d || !copy) *status = gt_fail(GT_NOMEM, "out of memory for a detector");
    if (d) *d = (gt_extractor){.path = copy, .resize = o->resize};
    else free(copy);
    bool pixels = gt_is_pixels(path) && !(o->kind && *o->kind);
    if (!*status) *status = pixels ? open_pixels(d, path, o) : open_network(d, path, o);
    if (!*status) return d;
    gt_extractor_close(d);
    return NULL;
}

void gt_extractor_close(gt_extractor *d) {
    if (!d) return;
    gt_feature_net_close(d->net);
    gt_components_free(&d->components);
    gt_runner_close(d->runner);
    gt_trained_close(&d->trained);
    free(d->bytes);
    free(d->probabilities);
    free((void *)d->path);
    free(d);
}

int64_t gt_extractor_features(const gt_extractor *d) { return d->features; }
int gt_extractor_classes(const gt_extractor *d) { return d->classes; }
const gt_checkpoint_data *gt_extractor_data(const gt_extractor *d) {
    return d->published || d->wanted ? NULL : &d->trained.data;
}
bool gt_extractor_rounds(const gt_extractor *d) { return d->published || d->wanted; }
bool gt_extractor_is_pixels(const gt_extractor *d) { return d->wanted; }
bool gt_extractor_wants_fit(const gt_extractor *d) { return d->wanted && !d->components.n; }
bool gt_extractor_has_unbiased(const gt_extractor *d) { return d->published && d->published->has_unbiased; }
gt_hash128 gt_extractor_hash(const gt_extractor *d) { return d->hash; }
const char *gt_extractor_recipe(const gt_extractor *d) { return d->recipe; }
size_t gt_extractor_bytes(const gt_extractor *d) {
    const gt_trained *t = &d->trained;
    if (d->net) return gt_feature_net_bytes(d->net);
    if (d->wanted) return (size_t)d->components.d * (size_t)d->components.n * sizeof *d->components.axes;
    return gt_runner_bytes(d->runner) + t->model->nets[t->network]->block_floats * sizeof(float);
}
int gt_extractor_batch(const gt_extractor *d) { return d->batch; }

const char *gt_extractor_kernels(const gt_extractor *d) {
    return gt_kernel_set_arithmetic(d->published || d->wanted ? d->kernels : d->trained.model->kernels);
}

/* ---- pictures ---- */

static const char *channels_text(int channels) { return channels == 1 ? "channel" : "channels"; }

static gt_status takes_published(gt_extractor *d, int height, int width, int channels) {
    if (channels != 1 && channels != 3)
        return gt_fail(GT_USAGE,
                       "%s takes grey and RGB pictures, but these have %d channels: use a detector that was trained on "
                       "such pictures, or convert them with gantry dataset SOURCE DEST --channels=3",
                       d->published->text, channels);
    size_t pixels, bytes;
    if (gt_mul_overflows((size_t)height * (size_t)width, (size_t)channels, &pixels) ||
        gt_mul_overflows(pixels, (size_t)d->batch, &bytes))
        return gt_fail(GT_USAGE, "pictures of %dx%d pixels are too large", width, height);
    free(d->bytes);
    d->bytes = calloc(bytes, 1);
    if (!d->bytes) return gt_fail(GT_NOMEM, "out of memory for %d pictures of %dx%d pixels", d->batch, width, height);
    if (channels == 1 && !d->grey) strncat(d->recipe, ", grey as RGB", sizeof d->recipe - strlen(d->recipe) - 1);
    d->grey |= channels == 1;
    return GT_OK;
}

static gt_status takes_trained(const gt_extractor *d, int height, int width, int channels) {
    const gt_model *m = d->trained.model;
    if (height == m->height && width == m->width && channels == m->channels) return GT_OK;
    gt_text more = {""};
    if (channels != m->channels && (m->channels == 1 || m->channels == 3 || m->channels == 4))
        more = gt_text_of(" --channels=%d", m->channels);
    return gt_fail(GT_USAGE,
                   "the detector '%s' (%s) was trained on pictures of %dx%d with %d %s, but these are %dx%d with %d: "
                   "convert them with gantry dataset SOURCE DEST --width=%d --height=%d%s",
                   d->path, d->trained.job->model, m->width, m->height, m->channels, channels_text(m->channels), width,
                   height, channels, m->width, m->height, more.s);
}

static gt_status takes_pixels(const gt_extractor *d, int height, int width, int channels) {
    if (!d->components.n || !d->height || (height == d->height && width == d->width && channels == d->channels))
        return GT_OK;
    return gt_fail(GT_USAGE,
                   "the components of pixels belong to pictures of %dx%d with %d %s, but these are %dx%d with %d",
                   d->width, d->height, d->channels, channels_text(d->channels), width, height, channels);
}

gt_status gt_extractor_takes(gt_extractor *d, int height, int width, int channels) {
    gt_status st = d->published ? takes_published(d, height, width, channels)
                   : d->wanted  ? takes_pixels(d, height, width, channels)
                                : takes_trained(d, height, width, channels);
    if (!st) d->height = height, d->width = width, d->channels = channels;
    return st;
}

/* ---- features ---- */

static int place_of_largest(const float *x, int n) {
    int best = 0;
    for (int i = 1; i < n; i++)
        if (x[i] > x[best]) best = i;
    return best;
}

static void softmax(const float *logits, int n, float *to) {
    double most = (double)logits[place_of_largest(logits, n)], sum = 0;
    for (int i = 0; i < n; i++) sum += gt_exp((double)logits[i] - most);
    for (int i = 0; i < n; i++) to[i] = (float)(gt_exp((double)logits[i] - most) / sum);
}

static gt_status run_published(gt_extractor *d, int n, const float *images, float *features, float *probabilities,
                               int32_t *classes) {
    size_t floats = (size_t)d->height * (size_t)d->width * (size_t)d->channels;
    gt_image_bytes(images, d->bytes, (size_t)n * floats);
    gt_feature_net_pictures p = {d->bytes, n, d->height, d->width, d->channels, d->resize};
    if (classes && !probabilities && d->classes) probabilities = d->probabilities;
    gt_status st = gt_feature_net_run(d->net, &p, features, probabilities);
    for (int i = 0; i < n && classes && !st; i++)
        classes[i] = place_of_largest(probabilities + (ptrdiff_t)i * d->classes, d->classes);
    return st;
}

static gt_status run_trained(gt_extractor *d, int n, const float *images, float *features, float *probabilities,
                             int32_t *classes) {
    gt_runner *r = d->runner;
    gt_status st = gt_runner_run(r, &(gt_run_batch){.n = n, .images = images});
    if (st) return st;
    if (features) memcpy(features, gt_runner_output(r, "features"), (size_t)n * (size_t)d->features * sizeof *features);
    const float *logits = gt_runner_output(r, "logits");
    for (int i = 0; i < n && logits; i++, logits += d->classes) {
        if (probabilities) softmax(logits, d->classes, probabilities + (ptrdiff_t)i * d->classes);
        if (classes) classes[i] = place_of_largest(logits, d->classes);
    }
    return GT_OK;
}

gt_status gt_extractor_run(gt_extractor *d, int n, const float *images, float *features, float *probabilities,
                           int32_t *classes) {
    if (!d->height || n > d->batch) return gt_fail(GT_USAGE, "a detector needs the shape of pictures first");
    if ((probabilities || classes) && !d->classes)
        return gt_fail(GT_USAGE, "the detector '%s' gives no classes", d->path);
    if (gt_extractor_wants_fit(d)) return gt_fail(GT_USAGE, "'%s': the components are not computed yet", d->path);
    if (d->wanted) return features ? gt_pixel_features(&d->components, d->pool, n, images, features) : GT_OK;
    return d->published ? run_published(d, n, images, features, probabilities, classes)
                        : run_trained(d, n, images, features, probabilities, classes);
}
