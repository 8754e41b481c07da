/* SPDX-License-Identifier: Apache-2.0
 * Where projection begins: mean and spread of w (docs/mathematics/projection.md#beginning). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/progress.h"
#include "base/door/random.h"
#include "networks/model/door/model.h"
#include "features/project/step.h"
#include "runner/door/runner.h"

enum { SAMPLES = 10000, BATCH = 100, SEED = 123 };

/* A run of the mapping network: w of the next latents, [BATCH,w_dim]. */
static gt_status next_styles(const gt_projector *p, gt_runner *mapping, gt_mt19937 *r, float *w) {
    const gt_model *m = p->net.model;
    float *z = gt_runner_input(mapping, "z"), *c = p->label ? gt_runner_input(mapping, "c") : NULL;
    for (int64_t i = 0; i < (int64_t)BATCH * m->z_dim; i++) {
        float v = (float)gt_mt_randn(r); /* drawn also where the network takes none */
        if (z) z[i] = v;
    }
    for (int i = 0; c && i < BATCH; i++) memcpy(c + i * m->label_dim, p->label, (size_t)m->label_dim * sizeof *c);
    gt_status st = gt_runner_run(mapping, &(gt_run_batch){.n = BATCH});
    if (st) return st;
    const float *ws = gt_runner_output(mapping, "ws");
    size_t w_dim = (size_t)m->w_dim;
    for (size_t i = 0; i < BATCH; i++) memcpy(w + i * w_dim, ws + i * (size_t)m->num_ws * w_dim, w_dim * sizeof *w);
    gt_progress();
    return GT_OK;
}

static void measure_spread(gt_projector *p, const float *w) {
    size_t d = (size_t)p->net.model->w_dim;
    double square = 0;
    for (size_t k = 0; k < d; k++) {
        double sum = 0;
        for (size_t i = 0; i < SAMPLES; i++) sum += (double)w[i * d + k];
        p->w_avg[k] = (float)(sum / SAMPLES);
    }
    for (size_t i = 0; i < SAMPLES; i++)
        for (size_t k = 0; k < d; k++) {
            double away = (double)w[i * d + k] - (double)p->w_avg[k];
            square += away * away;
        }
    p->w_std = sqrt(square / SAMPLES);
}

gt_status gt_projector_measure(gt_projector *p) {
    gt_model *m = p->net.model;
    const gt_runner_options o = {.role = GT_ROLE_MAPPING, .request = gt_plain_request(BATCH), .pool = p->request->pool};
    gt_runner *mapping = gt_runner_new(m, p->net.params, &o, NULL);
    GT_FREED float *w = malloc(SAMPLES * (size_t)m->w_dim * sizeof *w);
    gt_status st = !mapping ? gt_failure() : w ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %d styles", SAMPLES);
    gt_mt19937 r;
    gt_mt_seed(&r, SEED);
    for (int i = 0; i < SAMPLES && !st; i += BATCH) st = next_styles(p, mapping, &r, w + (size_t)i * (size_t)m->w_dim);
    if (!st) measure_spread(p, w);
    if (!st && !isfinite(p->w_std))
        st = gt_fail(GT_NONFINITE, "'%s': the mapping network gives styles that are not numbers",
                     p->request->checkpoint);
    gt_runner_close(mapping);
    return st;
}
