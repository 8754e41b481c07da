/* SPDX-License-Identifier: Apache-2.0
 * One target: the state, and a step (docs/mathematics/projection.md#steps). */
#include "features/project/step.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/hash.h"
#include "base/door/mathfn.h"
#include "base/door/memory.h"
#include "base/door/random.h"
#include "networks/model/door/model.h"

/* ---- schedules ---- */

static double noise_scale(const gt_projector *p, int64_t step) {
    const double initial = 0.05, length = 0.75;
    double left = 1 - (double)step / (double)p->request->steps / length;
    return left > 0 ? p->w_std * initial * left * left : 0;
}

static double learning_rate(const gt_projector *p, int64_t step) {
    const double initial = 0.1, up = 0.05, down = 0.25;
    double t = (double)step / (double)p->request->steps;
    double ramp = fmin(1, (1 - t) / down);
    return initial * (0.5 - 0.5 * gt_cos_pi(ramp)) * fmin(1, t / up);
}

static int64_t frame_every(const gt_projector *p) {
    return (p->request->steps + GT_PROJECT_FRAMES - 1) / GT_PROJECT_FRAMES;
}

int64_t gt_project_frame(const gt_projector *p, int64_t i) {
    return i + 1 < p->frames ? (i + 1) * frame_every(p) : p->request->steps;
}

/* ---- the state ---- */

static gt_key key_of(const gt_projector *p, const char *stream, int64_t step) {
    return (gt_key){.seed = p->request->seed, .stream = gt_stream(stream), .step = (uint32_t)step};
}

static void fingerprint(const gt_projector *p, gt_projection *t) {
    const gt_project_request *r = p->request;
    struct {
        gt_hash128 network, image, target;
        uint64_t steps, seed, plus, maps;
    } all;
    memset(&all, 0, sizeof all);
    all.network = p->network;
    all.image = gt_hash(t->image, gt_model_floats(p->net.model) * sizeof *t->image);
    all.target = gt_hash(p->w_avg, (size_t)p->net.model->w_dim * sizeof *p->w_avg); /* the label decides it */
    all.steps = (uint64_t)r->steps, all.seed = r->seed, all.plus = r->plus;
    all.maps = (uint64_t)p->n_maps << 1 | (p->lpips != NULL);
    t->fingerprint = gt_hash(&all, sizeof all);
}

gt_status gt_projection_new(const gt_projector *p, gt_projection *t) {
    size_t w_dim = (size_t)p->net.model->w_dim;
    t->params = gt_block_alloc(3 * p->floats * sizeof *t->params, "the state of a projection");
    t->curve = calloc((size_t)p->request->steps, 2 * sizeof *t->curve);
    t->path = calloc((size_t)p->frames, p->w_floats * sizeof *t->path);
    if (!t->params) return GT_NOMEM;
    t->moments[0] = t->params + p->floats;
    t->moments[1] = t->params + 2 * p->floats;
    if (!t->curve || !t->path) return gt_fail(GT_NOMEM, "out of memory for the curve of a projection");
    t->step = 0;
    for (int i = 0; i < p->rows; i++) memcpy(t->params + (size_t)i * w_dim, p->w_avg, w_dim * sizeof *t->params);
    for (int i = 0; i < p->n_noise; i++) {
        char stream[128];
        snprintf(stream, sizeof stream, "project/%s", p->noise[i].input);
        gt_random_normal(key_of(p, stream, 0), t->params + p->noise[i].offset, p->noise[i].size);
    }
    fingerprint(p, t);
    return GT_OK;
}

void gt_projection_free(gt_projection *t) {
    if (t->params) gt_block_free(t->params, 3 * (size_t)(t->moments[0] - t->params) * sizeof *t->params);
    free(t->curve);
    free(t->path);
    free(t->image);
    *t = (gt_projection){0};
}

/* ---- a step ---- */

static void write_styles(gt_projector *p, const gt_projection *t, float *ws) {
    const gt_model *m = p->net.model;
    size_t w_dim = (size_t)m->w_dim;
    float scale = (float)noise_scale(p, t->step);
    gt_random_normal(key_of(p, "project/w", t->step), ws, p->w_floats);
    for (size_t i = 0; i < p->w_floats; i++) ws[i] = t->params[i] + ws[i] * scale;
    for (int i = p->rows; i < m->num_ws; i++) memcpy(ws + (size_t)i * w_dim, ws, w_dim * sizeof *ws);
}

/* Mean 0 and mean square 1. */
static void normalise(float *x, size_t n) {
    double sum = 0, square = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i];
    float mean = (float)(sum / (double)n);
    for (size_t i = 0; i < n; i++) {
        x[i] -= mean;
        square += (double)x[i] * (double)x[i];
    }
    float by = (float)(1 / sqrt(square / (double)n));
    for (size_t i = 0; i < n; i++) x[i] *= by;
}

static gt_status evaluate(gt_projector *p, gt_projection *t) {
    write_styles(p, t, gt_runner_input(p->step, "ws"));
    for (int i = 0; i < p->n_noise; i++) {
        float *in = gt_runner_input(p->step, p->noise[i].input);
        if (in) memcpy(in, t->params + p->noise[i].offset, p->noise[i].size * sizeof *in);
    }
    gt_status st = gt_runner_run(p->step, &(gt_run_batch){.n = 1});
    if (st) return st;
    float dist = *gt_runner_output(p->step, "dist"), loss = dist + 1e5f * *gt_runner_output(p->step, "reg");
    t->curve[2 * t->step] = dist;
    t->curve[2 * t->step + 1] = loss;
    return isfinite(loss) ? GT_OK
                          : gt_fail(GT_NONFINITE,
                                    "'%s', step %lld: the distance is %g: the parameters of the network or of the "
                                    "feature network give no finite numbers",
                                    t->name, (long long)t->step + 1, (double)loss);
}

gt_status gt_projection_step(gt_projector *p, gt_projection *t) {
    gt_status st = evaluate(p, t);
    if (st) return st;
    gt_optimizer_settings s = {.lr = learning_rate(p, t->step), .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};
    t->step++;
    gt_optimizer_find("adam")->update(&s, (uint64_t)t->step, p->floats, p->grad, t->params, t->moments);
    for (int i = 0; i < p->n_noise; i++) normalise(t->params + p->noise[i].offset, p->noise[i].size);
    for (int64_t i = 0; i < p->frames; i++)
        if (gt_project_frame(p, i) == t->step)
            memcpy(t->path + (size_t)i * p->w_floats, t->params, p->w_floats * sizeof *t->path);
    return GT_OK;
}
