/* SPDX-License-Identifier: Apache-2.0
 * Importance-weighted log-likelihood: see gantry/likelihood.h. */
#include "gantry/likelihood.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/items.h"
#include "gantry/mathfn.h"
#include "use/runner/each_item.h"
#include "use/runner/trained.h"
#include "use/runner/wrong_model.h"

enum { BATCH = 8, MOST_AT_ONCE = 32, PIXELS_AT_ONCE = 1 << 18 };

struct gt_estimator {
    gt_trained trained;
    gt_likelihood_options options;
    double variance, normaliser; /* of p(x|z); variance 0: Bernoulli */
    int at_once;                 /* samples of each image in a run of the graph: by the images' size alone */
    double *log_weight;          /* [BATCH,samples] */
};

static gt_status build(gt_estimator *e) {
    gt_model *m = e->trained.model;
    if (!m->build_density)
        return gt_wrong_model(m,
                              "has no density, as variational autoencoders with a continuous latent have (vae, cvae, "
                              "digits)");
    double pixels = (double)gt_model_floats(m), at_once = floor(PIXELS_AT_ONCE / pixels);
    e->variance = m->pixel_variance;
    if (e->options.sigma > 0 && e->variance == 0)
        return gt_fail(GT_USAGE,
                       "sigma: the model was trained with cross-entropy, its pixels are not Gaussian variables");
    if (e->options.sigma > 0) e->variance = e->options.sigma * e->options.sigma;
    if (e->variance > 0) e->normaliser = -0.5 * pixels * log(2 * M_PI * e->variance);
    e->at_once = at_once > MOST_AT_ONCE ? MOST_AT_ONCE : at_once < 1 ? 1 : (int)at_once;
    e->log_weight = malloc(BATCH * (size_t)e->options.samples * sizeof *e->log_weight);
    if (!e->log_weight) return gt_fail(GT_NOMEM, "out of memory for %d samples", e->options.samples);
    return gt_trained_build(&e->trained, m->build_density(m, BATCH, e->at_once), e->options.pool);
}

gt_estimator *gt_estimator_new(gt_model *m, const float *params, const gt_likelihood_options *o) {
    gt_estimator *e = calloc(1, sizeof *e);
    if (!e) {
        gt_fail(GT_NOMEM, "out of memory for an estimator");
        return NULL;
    }
    *e = (gt_estimator){.trained = {.model = m, .params = params}, .options = *o};
    if (!build(e)) return e;
    gt_estimator_free(e);
    return NULL;
}

void gt_estimator_free(gt_estimator *e) {
    if (!e) return;
    gt_trained_close(&e->trained);
    free(e->log_weight);
    free(e);
}

double gt_estimator_sigma(const gt_estimator *e) { return sqrt(e->variance); }
int gt_estimator_batch(const gt_estimator *e) {
    (void)e;
    return BATCH;
}

/* log(1/n sum exp x), without overflow. */
static double log_mean_exp(const double *x, int n) {
    double most = -INFINITY, sum = 0;
    for (int i = 0; i < n; i++) most = fmax(most, x[i]);
    if (!isfinite(most)) return most;
    for (int i = 0; i < n; i++) sum += gt_exp(x[i] - most);
    return most + log(sum / n);
}

/* Samples `done` and so on of n images, as many as there are at once; sums go to out. */
static void collect(gt_estimator *e, int done, int n, gt_likelihood *out) {
    const float *observation = gt_exec_output(e->trained.exec, "observation"),
                *ratio = gt_exec_output(e->trained.exec, "ratio");
    int samples = e->options.samples, count = samples - done < e->at_once ? samples - done : e->at_once;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < count; k++) {
            double error = observation[i * e->at_once + k], r = ratio[i * e->at_once + k];
            double given = e->variance > 0 ? e->normaliser - error / (2 * e->variance) : -error;
            e->log_weight[(size_t)i * (size_t)samples + (size_t)(done + k)] = given + r;
            out[i].bound += (given + r) / samples;
            out[i].divergence -= r / samples;
            out[i].error += error / samples;
        }
}

gt_status gt_estimator_run(gt_estimator *e, int64_t first, int n, const float *images, const float *labels,
                           gt_likelihood *out) {
    gt_exec *x = e->trained.exec;
    size_t label_bytes = BATCH * (size_t)e->trained.model->label_dim * sizeof *labels;
    size_t floats = BATCH * gt_model_floats(e->trained.model);
    int samples = e->options.samples;
    memset(out, 0, (size_t)n * sizeof *out);
    for (int done = 0; done < samples; done += e->at_once) {
        memcpy(gt_exec_input(x, "images"), images, floats * sizeof *images);
        if (label_bytes) memcpy(gt_exec_input(x, "c"), labels, label_bytes);
        gt_exec_env env = {.seed = e->options.seed, .step = (uint32_t)(done / e->at_once), .sample0 = (uint32_t)first};
        gt_status st = gt_exec_run(x, &env);
        if (st) return st;
        collect(e, done, n, out);
    }
    for (int i = 0; i < n; i++)
        out[i].log_likelihood = log_mean_exp(e->log_weight + (size_t)i * (size_t)samples, samples);
    return GT_OK;
}

typedef struct work {
    gt_estimator *estimator;
    gt_dataset *data;
    float *labels; /* of a batch */
} work;

static gt_status run_batch(void *arg, int64_t first, int n, const float *images, void *records) {
    const work *w = arg;
    const gt_model *m = w->estimator->trained.model;
    for (int i = 0; i < n && m->label_dim; i++)
        gt_model_label(m, w->data, first + i, w->labels + (size_t)i * (size_t)m->label_dim);
    return gt_estimator_run(w->estimator, first, n, images, w->labels, records);
}

gt_status gt_likelihood_dataset_all(gt_comm *c, gt_estimator *e, gt_dataset *ds, gt_likelihood **out) {
    const gt_model *m = e->trained.model;
    work w = {e, ds, calloc(BATCH * (size_t)m->label_dim + 1, sizeof(float))};
    gt_each_item each = {.comm = c,
                         .count = gt_dataset_get_info(ds)->count,
                         .batch = BATCH,
                         .bytes = sizeof **out,
                         .doing = "sampling",
                         .data = ds,
                         .make = run_batch,
                         .arg = &w};
    *out = NULL;
    gt_status st = w.labels ? gt_model_takes(m, ds) : gt_fail(GT_NOMEM, "out of memory for labels");
    st = gt_comm_agree_all(c, st);
    if (!st) st = gt_each_item_all(&each, (void **)out);
    free(w.labels);
    return st;
}
