/* SPDX-License-Identifier: Apache-2.0
 * Importance-weighted log-likelihood: see gantry/likelihood.h. */
#include "features/likelihood/likelihood.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/mathfn.h"
#include "networks/model/door/model.h"
#include "runner/door/runner.h"

struct gt_estimator {
    gt_runner *network;
    gt_likelihood_options options;
    double variance, normaliser; /* of p(x|z); variance as gt_model.pixel_variance */
    int batch, at_once;          /* samples of each image in a run of the graph: by the images' size alone */
    double *log_weight;          /* [batch,samples] */
};

static gt_status open_density(gt_estimator *e, gt_model *m, const float *params) {
    double pixels = (double)gt_model_floats(m);
    const gt_likelihood_options *o = &e->options;
    e->network = gt_runner_new(m, params,
                               &(gt_runner_options){.role = GT_ROLE_DENSITY, .seed = o->seed, .pool = o->pool}, NULL);
    if (!e->network) return gt_failure();
    e->variance = m->pixel_variance;
    if (o->sigma > 0 && e->variance == 0)
        return gt_fail(GT_USAGE,
                       "sigma: the model was trained with cross-entropy, its pixels are not Gaussian variables");
    if (o->sigma > 0 && e->variance < 0)
        return gt_fail(GT_USAGE, "sigma: the decoder gives each pixel its own deviation (--recon=normal)");
    if (o->sigma > 0) e->variance = o->sigma * o->sigma;
    if (e->variance > 0) e->normaliser = -0.5 * pixels * gt_ln(2 * M_PI * e->variance);
    e->batch = gt_runner_batch(e->network);
    e->at_once = (int)gt_runner_floats(e->network, "ratio");
    e->log_weight = malloc((size_t)e->batch * (size_t)o->samples * sizeof *e->log_weight);
    return e->log_weight ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %d samples", o->samples);
}

gt_estimator *gt_estimator_new(gt_model *m, const float *params, const gt_likelihood_options *o) {
    gt_estimator *e = calloc(1, sizeof *e);
    if (!e) {
        gt_fail(GT_NOMEM, "out of memory for an estimator");
        return NULL;
    }
    e->options = *o;
    if (!open_density(e, m, params)) return e;
    gt_estimator_free(e);
    return NULL;
}

void gt_estimator_free(gt_estimator *e) {
    if (!e) return;
    gt_runner_close(e->network);
    free(e->log_weight);
    free(e);
}

double gt_estimator_sigma(const gt_estimator *e) { return e->variance < 0 ? -1 : sqrt(e->variance); }
int gt_estimator_batch(const gt_estimator *e) { return e->batch; }

/* log(1/n sum exp x), without overflow. */
static double log_mean_exp(const double *x, int n) {
    double most = -INFINITY, sum = 0;
    for (int i = 0; i < n; i++) most = fmax(most, x[i]);
    if (!isfinite(most)) return most;
    for (int i = 0; i < n; i++) sum += gt_exp(x[i] - most);
    return most + gt_ln(sum / n);
}

/* Samples `done` and so on of n images, as many as there are at once; sums go to out. */
static void collect_samples(gt_estimator *e, int done, int n, gt_likelihood *out) {
    const float *observation = gt_runner_output(e->network, "observation"),
                *ratio = gt_runner_output(e->network, "ratio");
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

/* The first samples are there. */
static gt_status estimate_batch(gt_estimator *e, const gt_run_batch *b, gt_likelihood *out) {
    int samples = e->options.samples;
    gt_status st = GT_OK;
    memset(out, 0, (size_t)b->n * sizeof *out);
    for (int done = 0; done < samples && !st; done += e->at_once) {
        gt_run_batch next = *b;
        next.step = (uint32_t)(done / e->at_once);
        if (done) st = gt_runner_run(e->network, &next);
        if (!st) collect_samples(e, done, b->n, out);
    }
    for (int i = 0; i < b->n && !st; i++)
        out[i].log_likelihood = log_mean_exp(e->log_weight + (size_t)i * (size_t)samples, samples);
    return st;
}

gt_status gt_estimator_run(gt_estimator *e, int64_t first, int n, const float *images, const float *labels,
                           gt_likelihood *out) {
    const gt_run_batch batch = {.n = n, .first = first, .images = images, .labels = labels};
    gt_status st = gt_runner_run(e->network, &batch);
    return st ? st : estimate_batch(e, &batch, out);
}

static gt_status record_likelihoods(void *arg, gt_runner *r, const gt_run_batch *b, void *records) {
    (void)r;
    return estimate_batch(arg, b, records);
}

gt_status gt_likelihood_dataset_all(gt_comm *c, gt_estimator *e, gt_dataset *ds, gt_likelihood **out) {
    const gt_runner_pass pass = {
        .data = ds, .bytes = sizeof **out, .doing = "sampling", .record = record_likelihoods, .arg = e};
    void *all;
    gt_status st = gt_runner_dataset_all(c, e->network, &pass, &all);
    *out = all;
    return st;
}
