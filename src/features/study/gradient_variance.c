/* SPDX-License-Identifier: Apache-2.0
 * Two estimates of a gradient, and how far they scatter: see latent_loss.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/mathfn.h"
#include "base/door/random.h"
#include "gantry/encode.h"
#include "runner/apply/door/encode.h"
#include "features/study/latent_loss.h"
#include "runner/door/roles.h"

enum { CELLS = GT_ESTIMATES * GT_DERIVATIVES };

/* Of one number of an estimate: means of 2^level samples, their mean and squared deviations (Welford). */
typedef struct scatter {
    double part, mean, square;
} scatter;

typedef struct work {
    gt_latent_loss *loss;
    int d, samples, levels;
    uint64_t seed;
    scatter *all; /* [batch,d,CELLS,levels] */
    float *eps;   /* [batch,at once,d] */
} work;

typedef struct record { /* of an image, summed over dimensions */
    double variance[CELLS][GT_GRADIENT_LEVELS], square[CELLS];
} record;

/* Sample number k of an estimate. */
static void add_to_scatter(const work *w, scatter *s, int k, double x) {
    for (int level = 0; level < w->levels; level++) {
        int size = 1 << level, n = (k + 1) >> level;
        s[level].part += x;
        if ((k + 1) & (size - 1)) continue;
        double estimate = s[level].part / size, off = estimate - s[level].mean;
        s[level].mean += off / n;
        s[level].square += off * (estimate - s[level].mean);
        s[level].part = 0;
    }
}

static void add_sample(const work *w, int i, int k, const gt_encoded *e, const float *eps, double loss,
                       const float *gradient) {
    for (int j = 0; j < w->d; j++) {
        double x = eps[j], s = gt_exp(0.5 * (double)e->log_variance[i * w->d + j]), g = gradient[j];
        scatter *to = w->all + (size_t)(i * w->d + j) * CELLS * (size_t)w->levels;
        const double terms[GT_ESTIMATES][GT_DERIVATIVES] = {
            [GT_SCORE_FUNCTION] = {[GT_BY_MEAN] = loss * x / s, [GT_BY_LOG_VARIANCE] = loss * (x * x - 1) / 2},
            [GT_REPARAMETRISED] = {[GT_BY_MEAN] = g, [GT_BY_LOG_VARIANCE] = g * x * s / 2},
        };
        for (int c = 0; c < CELLS; c++)
            add_to_scatter(w, to + c * w->levels, k, terms[c / GT_DERIVATIVES][c % GT_DERIVATIVES]);
    }
}

static gt_status run_samples(const work *w, const gt_run_batch *b, int done, const gt_encoded *e) {
    const float *loss, *gradient;
    float *z = gt_latent_loss_z(w->loss);
    int at_once = gt_latent_loss_samples(w->loss);
    for (int i = 0; i < b->n; i++)
        for (int s = 0; s < at_once; s++) {
            size_t at = (size_t)(i * at_once + s) * (size_t)w->d;
            gt_random_normal((gt_key){.seed = w->seed,
                                      .stream = gt_stream("study/gradient-variance"),
                                      .step = (uint32_t)(done + s),
                                      .sample = (uint32_t)(b->first + i)},
                             w->eps + at, (size_t)w->d);
            for (int j = 0; j < w->d; j++)
                z[at + (size_t)j] = (float)((double)e->latent[i * w->d + j] +
                                            gt_exp(0.5 * (double)e->log_variance[i * w->d + j]) *
                                                (double)w->eps[at + (size_t)j]);
        }
    gt_status st = gt_latent_loss_run(w->loss, b, &loss, &gradient);
    for (int i = 0; i < b->n && !st; i++)
        for (int s = 0; s < at_once && done + s < w->samples; s++) {
            size_t at = (size_t)(i * at_once + s);
            add_sample(w, i, done + s, e, w->eps + at * (size_t)w->d, loss[at], gradient + at * (size_t)w->d);
        }
    return st;
}

static gt_status record_scatter(void *arg, gt_runner *encoder, const gt_run_batch *b, void *records) {
    const work *w = arg;
    const gt_encoded e = gt_encoded_of(encoder);
    int at_once = gt_latent_loss_samples(w->loss);
    gt_status st = GT_OK;
    memset(w->all, 0, (size_t)(b->n * w->d) * CELLS * (size_t)w->levels * sizeof *w->all);
    memset(records, 0, (size_t)b->n * sizeof(record));
    for (int done = 0; done < w->samples && !st; done += at_once) st = run_samples(w, b, done, &e);
    for (int i = 0; i < b->n * w->d && !st; i++)
        for (int c = 0; c < CELLS; c++) {
            record *r = (record *)records + i / w->d;
            const scatter *s = w->all + ((size_t)i * CELLS + (size_t)c) * (size_t)w->levels;
            r->square[c] += s->mean * s->mean;
            for (int level = 0; level < w->levels; level++)
                r->variance[c][level] += s[level].square / ((w->samples >> level) - 1);
        }
    return st;
}

static gt_status allocate_scatter(work *w) {
    gt_runner *encoder = gt_latent_loss_encoder(w->loss);
    if (!gt_role_needed(gt_runner_model(encoder), GT_ROLE_DENSITY)) return GT_USAGE;
    size_t numbers = (size_t)gt_runner_batch(encoder) * (size_t)w->d;
    w->all = calloc(numbers * CELLS * (size_t)w->levels, sizeof *w->all);
    w->eps = calloc(numbers * (size_t)gt_latent_loss_samples(w->loss), sizeof *w->eps);
    return w->all && w->eps ? GT_OK : gt_fail(GT_NOMEM, "out of memory for estimates of gradients");
}

gt_status gt_study_gradients_all(gt_comm *c, gt_latent_loss *l, gt_dataset *ds, int64_t count, int samples,
                                 uint64_t seed, gt_gradient_study *out) {
    gt_runner *encoder = gt_latent_loss_encoder(l);
    work w = {.loss = l, .d = gt_runner_model(encoder)->latent_size, .samples = samples, .seed = seed};
    void *all = NULL;
    while (samples >> w.levels >= 16 && w.levels < GT_GRADIENT_LEVELS) w.levels++;
    const gt_runner_pass pass = {
        .data = ds, .count = count, .bytes = sizeof(record), .doing = "sampling", .record = record_scatter, .arg = &w};
    *out = (gt_gradient_study){.levels = w.levels};
    gt_status st = gt_comm_agree_all(c, allocate_scatter(&w));
    if (!st) st = gt_runner_dataset_all(c, encoder, &pass, &all);
    for (int64_t i = 0; i < count && all; i++)
        for (int k = 0; k < CELLS; k++) {
            const record *r = (const record *)all + i;
            out->square[k / GT_DERIVATIVES][k % GT_DERIVATIVES] += r->square[k] / (double)count;
            for (int level = 0; level < w.levels; level++)
                out->variance[k / GT_DERIVATIVES][k % GT_DERIVATIVES][level] += r->variance[k][level] / (double)count;
        }
    free(all);
    free(w.all);
    free(w.eps);
    return st;
}
