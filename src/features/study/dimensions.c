/* SPDX-License-Identifier: Apache-2.0
 * What each dimension of a latent is for: see latent_loss.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/mathfn.h"
#include "gantry/encode.h"
#include "networks/model/door/model.h"
#include "runner/apply/door/encode.h"
#include "features/study/latent_loss.h"

typedef struct work {
    gt_latent_loss *loss;
    int d;
    const double *held; /* [d]: where a dimension is held; NULL: the first pass, which finds the means */
} work;

/* Of an image, [2 d + 1]: latents and divergences; or in the second pass the errors with dimension k held, and without.
 */
static gt_status record_latents(const work *w, const gt_run_batch *b, const gt_encoded *e, double *records) {
    for (int i = 0; i < b->n; i++) {
        double *to = records + (size_t)i * (2 * (size_t)w->d + 1);
        for (int k = 0; k < w->d; k++) {
            double m = e->latent[i * w->d + k], v = e->log_variance ? e->log_variance[i * w->d + k] : (float)NAN;
            to[k] = m;
            to[w->d + k] = (m * m + gt_exp(v) - v - 1) / 2;
        }
    }
    return GT_OK;
}

static gt_status record_rises(const work *w, const gt_run_batch *b, const gt_encoded *e, double *records) {
    int samples = gt_latent_loss_samples(w->loss), d = w->d;
    gt_status st = GT_OK;
    for (int first = 0; first <= d && !st; first += samples) { /* latent d is the whole one */
        const float *loss, *gradient;
        float *z = gt_latent_loss_z(w->loss);
        for (int i = 0; i < b->n; i++)
            for (int s = 0; s < samples; s++, z += d) {
                memcpy(z, e->latent + (size_t)i * (size_t)d, (size_t)d * sizeof *z);
                if (first + s < d) z[first + s] = (float)w->held[first + s];
            }
        st = gt_latent_loss_run(w->loss, b, &loss, &gradient);
        for (int i = 0; i < b->n && !st; i++)
            for (int s = 0; s < samples && first + s <= d; s++)
                records[(size_t)i * (2 * (size_t)d + 1) + (size_t)(first + s)] = loss[i * samples + s];
    }
    return st;
}

static gt_status record_batch(void *arg, gt_runner *encoder, const gt_run_batch *b, void *records) {
    const work *w = arg;
    const gt_encoded e = gt_encoded_of(encoder);
    return (w->held ? record_rises : record_latents)(w, b, &e, records);
}

/* The means over images of what a pass has found -> sum [2 d + 1], on all ranks. */
static gt_status mean_of_pass_all(gt_comm *c, const work *w, gt_dataset *ds, int64_t count, double *sum) {
    size_t width = 2 * (size_t)w->d + 1;
    GT_FREED void *all = NULL;
    const gt_runner_pass pass = {.data = ds,
                                 .count = count,
                                 .bytes = width * sizeof *sum,
                                 .doing = w->held ? "decoding" : "encoding",
                                 .record = record_batch,
                                 .arg = (void *)w};
    memset(sum, 0, width * sizeof *sum);
    gt_status st = gt_runner_dataset_all(c, gt_latent_loss_encoder(w->loss), &pass, &all);
    for (int64_t i = 0; i < count && all; i++)
        for (size_t k = 0; k < width; k++) sum[k] += ((double *)all)[(size_t)i * width + k] / (double)count;
    if (!st) gt_comm_broadcast_all(c, sum, width * sizeof *sum, 0);
    return st;
}

gt_status gt_study_dimensions_all(gt_comm *c, gt_latent_loss *l, gt_dataset *ds, int64_t count, gt_dimension *out,
                                  double *error) {
    work w = {.loss = l, .d = gt_runner_model(gt_latent_loss_encoder(l))->latent_size};
    double *encoded = calloc(4 * (size_t)w.d + 2, sizeof *encoded), *errors = encoded + 2 * (size_t)w.d + 1;
    gt_status st = encoded ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %d dimensions", w.d);
    st = gt_comm_agree_all(c, st);
    if (!st) st = mean_of_pass_all(c, &w, ds, count, encoded);
    w.held = encoded;
    if (!st) st = mean_of_pass_all(c, &w, ds, count, errors);
    for (int k = 0; k < w.d && !st; k++) out[k] = (gt_dimension){encoded[k], encoded[w.d + k], errors[k] - errors[w.d]};
    if (!st) *error = errors[w.d];
    free(encoded);
    return st;
}
