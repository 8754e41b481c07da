/* SPDX-License-Identifier: Apache-2.0
 * NAME.h5 beside NAME.pkl: a pickle of the reference implementation or of its TensorFlow predecessor, and what its
 * networks make: pictures of seeds, styles, scores of D, tensors. Limits are those of float32: 2e-4 of the largest
 * absolute value, and one grey level. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/generate.h"
#include "gantry/network.h"
#include "base/door/random.h"
#include "golden.h"
#include "runner/door/runner.h"
#include "runner/door/trained.h"

static const double LIMIT = 2e-4;

typedef struct pkl {
    gold *f;
    const char *path; /* of the pickle */
    int n;            /* seeds */
    const float *z;
    float *labels;      /* [n,label_dim] */
    const char *prefix; /* of the names of results: "class1_" */
} pkl;

/* ---- tensors ---- */

/* Is the outcome NaN? */
static bool is_spoilt(gold *f, const char *path) {
    const float *theirs = gold_read(f, path, GOLD_PLAIN, NULL);
    return theirs && isnan(*theirs);
}

static void check_tensor(gold *f, const char *name, void *arg) {
    const gt_checkpoint_file *c = arg;
    const gt_checkpoint_entry *e = gt_checkpoint_find(c, gold_path(f, "/networks/G_ema/%s", name));
    float *values = e ? gt_arena_array(f->arena, e->size, sizeof *values) : NULL;
    const char *path = gold_path(f, "G_ema/%s", name);
    if (!values || gt_checkpoint_read(c, e->path, values, e->size))
        gold_fail(f, "G_ema.%s: %s", name, e ? gt_message() : "there is no such tensor");
    else if (!is_spoilt(f, path)) gold_check(f, path, GOLD_PLAIN, values, e->size, 1e-7);
    else if (!isnan(values[0])) gold_fail(f, "G_ema.%s is not NaN here", name);
}

static void check_tensors(const pkl *p) {
    gt_status st;
    gt_checkpoint_file *c = gt_network_open(p->path, NULL, &st);
    if (!c) gold_fail(p->f, "%s", gt_message());
    else gold_each(p->f, "G_ema", check_tensor, c);
    gt_checkpoint_close(c);
}

/* ---- G ---- */

static void check_seeds(const pkl *p, int z_dim) {
    const float *seeds = gold_read(p->f, "seeds", GOLD_PLAIN, NULL);
    for (int i = 0; seeds && i < p->n; i++) {
        float *z = gt_arena_array(p->f->arena, (size_t)z_dim, sizeof *z);
        gt_seed_latent((uint32_t)seeds[i], z_dim, z);
        if (memcmp(z, p->z + i * z_dim, (size_t)z_dim * sizeof *z))
            gold_fail(p->f, "the latent of seed %d is another", (int)seeds[i]);
    }
}

/* Pictures as bytes may differ by a level. */
static void check_grey(const pkl *p, const char *path, const float *ours, size_t n) {
    const float *theirs = gold_read(p->f, path, GOLD_IMAGE, NULL);
    uint8_t *bytes = gt_arena_array(p->f->arena, 2, n);
    if (!theirs || !bytes) return;
    gt_image_bytes(ours, bytes, n);
    gt_image_bytes(theirs, bytes + n, n);
    for (size_t i = 0; i < n; i++)
        if (abs(bytes[i] - bytes[n + i]) > 1) gold_fail(p->f, "%s: grey %d, not %d", path, bytes[i], bytes[n + i]);
}

static void run_role(const pkl *p, gt_trained *t, const char *role, const gt_request *request, const char *output,
                     const float *ws, const char *path, gold_order order) {
    gt_runner *r = gt_runner_new(t->model, t->params, &(gt_runner_options){.role = role, .request = *request}, NULL);
    const gt_model *m = t->model;
    float *z = r ? gt_runner_input(r, "z") : NULL, *c = r ? gt_runner_input(r, "c") : NULL,
          *w = r ? gt_runner_input(r, "ws") : NULL;
    size_t n = (size_t)p->n;
    if (z) memcpy(z, p->z, n * (size_t)m->z_dim * sizeof *z);
    if (c) memcpy(c, p->labels, n * (size_t)m->label_dim * sizeof *c);
    if (w) memcpy(w, ws, n * (size_t)(m->num_ws * m->w_dim) * sizeof *w);
    gt_status st = r ? gt_runner_run(r, &(gt_run_batch){.n = p->n}) : gt_failure();
    if (st) gold_fail(p->f, "%s: %s", path, gt_message());
    else {
        size_t size = n * gt_runner_floats(r, output);
        gold_check(p->f, path, order, gt_runner_output(r, output), size, LIMIT);
        if (order == GOLD_IMAGE) check_grey(p, path, gt_runner_output(r, output), size);
    }
    gt_runner_close(r);
}

/* All pictures of one class, or of a network without classes. */
static void check_pictures(const pkl *p, gt_trained *t) {
    gt_model *m = t->model;
    gt_request o = {.n = p->n, .noise_mode = GT_NOISE_CONST, .truncation = 1, .truncation_cutoff = -1}, less = o,
               none = o, styles = o;
    less.truncation = 0.7f;
    none.noise_mode = GT_NOISE_NONE;
    styles.from_styles = true;
    const char *ws_path = gold_path(p->f, "%sws", p->prefix);
    const float *ws = gold_read(p->f, ws_path, GOLD_PLAIN, NULL);
    run_role(p, t, GT_ROLE_GENERATOR, &o, "image", NULL, gold_path(p->f, "%strunc1.0", p->prefix), GOLD_IMAGE);
    const char *truncated = gold_path(p->f, "%strunc0.7", p->prefix);
    bool refused = m->check_truncation(m, t->params) != GT_OK;
    if (refused != is_spoilt(p->f, truncated))
        gold_fail(p->f, "%s: truncation is%s refused", truncated, refused ? "" : " not");
    if (!refused) run_role(p, t, GT_ROLE_GENERATOR, &less, "image", NULL, truncated, GOLD_IMAGE);
    run_role(p, t, GT_ROLE_GENERATOR, &none, "image", NULL, gold_path(p->f, "%snone", p->prefix), GOLD_IMAGE);
    run_role(p, t, GT_ROLE_MAPPING, &o, "ws", NULL, ws_path, GOLD_PLAIN);
    if (ws)
        run_role(p, t, GT_ROLE_GENERATOR, &styles, "image", ws, gold_path(p->f, "%strunc1.0", p->prefix), GOLD_IMAGE);
}

static void check_generator(pkl *p) {
    const gt_network_options reading = {.kernels = asked_kernels()};
    gt_trained t;
    if (gt_trained_open(&t, p->path, &reading)) {
        gold_fail(p->f, "%s", gt_message());
        return;
    }
    int labels = t.model->label_dim, classes = 0;
    gt_shape shape;
    p->z = gold_read(p->f, "z", GOLD_PLAIN, &shape);
    p->n = p->z ? (int)shape.d[0] : 0;
    p->labels = gt_arena_array(p->f->arena, (size_t)(p->n * labels) + 1, sizeof(float));
    if (p->z && shape.d[1] != t.model->z_dim) gold_fail(p->f, "latents have %d numbers here", t.model->z_dim);
    else if (p->z && p->labels) check_seeds(p, t.model->z_dim);
    for (int k = 0; k < (labels ? labels : 1) && p->labels && !p->f->failed; k++) {
        p->prefix = labels ? gold_path(p->f, "class%d_", k) : "";
        if (!gold_has(p->f, gold_path(p->f, "%strunc1.0", p->prefix))) continue;
        for (int i = 0; i < p->n * labels; i++) p->labels[i] = (float)(i % labels == k);
        check_pictures(p, &t);
        classes++;
    }
    if (!classes) gold_fail(p->f, "there are no pictures");
    gt_trained_close(&t);
}

/* ---- D ---- */

static void check_discriminator(const pkl *p) {
    const gt_network_options reading = {.kernels = asked_kernels()};
    gt_trained t;
    gt_shape shape;
    const float *in = gold_read(p->f, "D_in", GOLD_IMAGE, &shape), *labels = gold_read(p->f, "D_c", GOLD_PLAIN, NULL);
    gt_status st = in && labels ? gt_trained_open_network(&t, p->path, &reading, "D") : GT_FAILED;
    if (st) {
        gold_fail(p->f, "D: %s", gt_message());
        return;
    }
    const gt_runner_options o = {.role = GT_ROLE_DISCRIMINATOR, .request = {.n = (int)shape.d[0]}};
    gt_runner *d = gt_runner_new(t.model, t.params, &o, NULL);
    st = d ? gt_runner_run(d, &(gt_run_batch){.n = (int)shape.d[0], .images = in, .labels = labels}) : gt_failure();
    if (st) gold_fail(p->f, "D: %s", gt_message());
    else
        gold_check(p->f, "D_out", GOLD_PLAIN, gt_runner_output(d, "score"),
                   (size_t)shape.d[0] * gt_runner_floats(d, "score"), LIMIT);
    gt_runner_close(d);
    gt_trained_close(&t);
}

void gold_pkl(gold *f) {
    if (gold_has(f, "ema")) { /* of EDM's program */
        gold_denoise_pkl(f);
        return;
    }
    size_t stem = strlen(f->path) - strlen(".h5");
    pkl p = {.f = f, .path = gt_arena_printf(f->arena, "%.*s.pkl", (int)stem, f->path)};
    if (!p.path) return;
    check_tensors(&p);
    if (!f->failed) check_generator(&p);
    if (!f->failed) check_discriminator(&p);
}
