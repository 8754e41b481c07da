/* SPDX-License-Identifier: Apache-2.0
 * adam_ema_ada: the scalar loops of training - optimiser, moving average, augmentation controller. */
#include <string.h>

#include "networks/model/door/ada.h"
#include "networks/model/door/optimizer.h"
#include "golden.h"

/* All steps from p on; out gets p after each. The moments start at zero. */
static void descend(const gt_optimizer_settings *settings, size_t steps, size_t n, const float *grads, float *p,
                    float *const *moments, float *out) {
    const gt_optimizer *o = gt_optimizer_find("adam");
    for (int i = 0; i < o->n_moments; i++) memset(moments[i], 0, n * sizeof(float));
    for (size_t t = 0; t < steps; t++) {
        o->update(settings, t + 1, n, grads + t * n, p, moments);
        memcpy(out + t * n, p, n * sizeof *p);
    }
}

/* Some files recorded p0 after the run instead of before it: p0 is then the last row of out/p, and the start follows
 * from it because Adam's steps do not depend on where they begin. */
static bool recorded_late(gold *f, const char *name, const float *p0, size_t steps, size_t n) {
    const float *out = gold_read(f, gold_path(f, "adam/%s/out/p", name), GOLD_PLAIN, NULL);
    return out && !memcmp(out + (steps - 1) * n, p0, n * sizeof *p0) && memcmp(out, p0, n * sizeof *p0);
}

static void adam(gold *f, const char *name, json_t *c) {
    gt_shape s;
    float *grads = gold_read(f, gold_path(f, "adam/%s/in/grads", name), GOLD_PLAIN, &s),
          *p = gold_read(f, gold_path(f, "adam/%s/in/p0", name), GOLD_PLAIN, NULL);
    const gt_optimizer *o = gt_optimizer_find("adam");
    if (!grads || !p || s.n != 2 || !o) return;
    size_t steps = (size_t)s.d[0], n = (size_t)s.d[1];
    gt_clean_nonfinite(grads, steps * n);
    json_t *betas = gold_get(c, "betas");
    gt_optimizer_settings settings = {.lr = gold_number(c, "lr", 0),
                                      .eps = gold_number(c, "eps", 0),
                                      .beta1 = json_number_value(json_array_get(betas, 0)),
                                      .beta2 = json_number_value(json_array_get(betas, 1))};
    float *moments[GT_MAX_MOMENTS], *out = gt_arena_array(f->arena, steps * n, sizeof *out);
    for (int i = 0; i < o->n_moments; i++) moments[i] = gt_arena_array(f->arena, n, sizeof(float));
    if (recorded_late(f, name, p, steps, n)) {
        f->note = "adam/*/in/p0 holds the parameters after the last step (it equals the last row of out/p); the start "
                  "is reckoned back from it";
        float *end = gt_arena_array(f->arena, n, sizeof *end);
        memcpy(end, p, n * sizeof *p);
        descend(&settings, steps, n, grads, end, moments, out);
        for (size_t i = 0; i < n; i++) p[i] -= end[i] - p[i];
    }
    descend(&settings, steps, n, grads, p, moments, out);
    gold_check(f, gold_path(f, "adam/%s/out/p", name), GOLD_PLAIN, out, steps * n, 0);
    for (int i = 0; i < o->n_moments; i++)
        gold_check(f, gold_path(f, "adam/%s/out/%s", name, o->moment_names[i]), GOLD_PLAIN, moments[i], n, 0);
}

static void ema(gold *f, const char *name, json_t *c) {
    gt_shape s;
    const float *p = gold_read(f, gold_path(f, "ema/%s/in/p", name), GOLD_PLAIN, &s);
    float *average = gold_read(f, gold_path(f, "ema/%s/in/p_ema0", name), GOLD_PLAIN, NULL);
    if (!p || !average || s.n != 2) return;
    size_t steps = (size_t)s.d[0], n = (size_t)s.d[1];
    float *out = gt_arena_array(f->arena, steps * n, sizeof *out),
          *betas = gt_arena_array(f->arena, steps, sizeof *betas);
    double batch = gold_number(c, "batch", 1);
    for (size_t t = 0; t < steps; t++) {
        double beta = gt_ema_beta(gold_number(c, "ema_kimg", 0), gold_number(c, "ema_rampup", 0), (double)t * batch,
                                  batch);
        betas[t] = (float)beta;
        gt_ema_update(average, p + t * n, n, beta);
        memcpy(out + t * n, average, n * sizeof *out);
    }
    gold_check(f, gold_path(f, "ema/%s/out/beta", name), GOLD_PLAIN, betas, steps, 0);
    gold_check(f, gold_path(f, "ema/%s/out/p_ema", name), GOLD_PLAIN, out, steps * n, 0);
}

static void ada(gold *f, const char *name, json_t *c) {
    gt_shape s;
    const float *logits = gold_read(f, gold_path(f, "ada/%s/in/logits", name), GOLD_PLAIN, &s);
    if (!logits || s.n != 2) return;
    gt_ada_config config = {.target = gold_number(c, "target", 0.6),
                            .interval = gold_int(c, "ada_interval", 4),
                            .batch = gold_int(c, "batch", 1),
                            .kimg = gold_number(c, "ada_kimg", 500)};
    gt_ada a = {.p = (float)gold_number(c, "p0", 0)};
    float *out = gt_arena_array(f->arena, (size_t)s.d[0], sizeof *out);
    size_t n = 0;
    for (int64_t step = 0; step < s.d[0]; step++) {
        double sum = 0;
        for (int64_t i = 0; i < s.d[1]; i++) sum += (logits[step * s.d[1] + i] > 0) - (logits[step * s.d[1] + i] < 0);
        gt_ada_collect(&a, sum, (double)s.d[1]);
        if (gt_ada_step(&a, &config, (long)step + 1)) out[n++] = a.p;
    }
    gold_check(f, gold_path(f, "ada/%s/out/p", name), GOLD_PLAIN, out, n, 0);
}

static void each(gold *f, const char *key, void (*run)(gold *f, const char *name, json_t *c)) {
    const char *name;
    json_t *c;
    json_object_foreach(gold_get(f->config, key), name, c) run(f, name, c);
}

void gold_optimizer(gold *f) {
    each(f, "adam", adam);
    each(f, "ema", ema);
    each(f, "ada", ada);
}
