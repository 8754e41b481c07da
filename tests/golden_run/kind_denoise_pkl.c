/* SPDX-License-Identifier: Apache-2.0
 * NAME.h5 beside NAME.pkl of EDM's program: tensors, denoised pictures and pictures made by its sampler; beside
 * NAME.pt, the state of a training: tensors. */
#include <string.h>

#include "gantry/network.h"
#include "runner/door/runner.h"
#include "gantry/trained.h"
#include "kind_unet.h"

static const double LIMIT = 1e-5, PICTURE_LIMIT = 5e-5; /* golden/edm/README.md */

typedef struct tensors {
    const gt_checkpoint_file *c;
    const char *group, *network; /* in the file, here */
} tensors;

static void check_tensor(gold *f, const char *name, void *arg) {
    const tensors *t = arg;
    const char *ours = strncmp(name, "model.", 6) ? name : name + 6;
    const gt_checkpoint_entry *e = gt_checkpoint_find(t->c, gold_path(f, "/networks/%s/%s", t->network, ours));
    float *values = e ? gt_arena_array(f->arena, e->size, sizeof *values) : NULL;
    if (!values || gt_checkpoint_read(t->c, e->path, values, e->size))
        gold_fail(f, "%s.%s: %s", t->network, ours, e ? gt_message() : "there is no such tensor");
    else gold_check(f, gold_path(f, "%s/%s", t->group, name), GOLD_PLAIN, values, e->size, 1e-7);
}

static void check_tensors(gold *f, const char *path, const char *group, const char *network) {
    gt_status st;
    gt_checkpoint_file *c = gt_network_open(path, NULL, &st);
    if (!c) gold_fail(f, "%s", gt_message());
    else gold_each(f, group, check_tensor, &(tensors){c, group, network});
    gt_checkpoint_close(c);
}

typedef struct input {
    const char *name, *path; /* of the graph, of the file; path NULL: zeros */
    gold_order order;
} input;

/* Runs the network in a role with inputs of the file; *n floats of its output. NULL: a fault. */
static float *run(gold *f, gt_trained *t, const char *role, const gt_request *request, const input *in,
                  const char *output, size_t *n) {
    gt_runner *r = gt_runner_new(t->model, t->params, &(gt_runner_options){.role = role, .request = *request}, NULL);
    gt_status st = r ? GT_OK : gt_failure();
    float *result = NULL;
    for (; !st && in->name; in++) {
        gt_shape shape;
        float *to = gt_runner_input(r, in->name);
        const float *from = to && in->path ? gold_read(f, in->path, in->order, &shape) : NULL;
        if (from) memcpy(to, from, (size_t)gt_shape_size(&shape) * sizeof *to);
    }
    if (!st) st = gt_runner_run(r, &(gt_run_batch){.n = request->n});
    if (st) gold_fail(f, "%s", gt_message());
    else {
        *n = gt_runner_floats(r, output) * (size_t)request->n;
        result = gt_arena_array(f->arena, *n, sizeof *result);
        if (result) memcpy(result, gt_runner_output(r, output), *n * sizeof *result);
    }
    gt_runner_close(r);
    return result;
}

static void check_denoised(gold *f, gt_trained *t, int n, const char *labels, const char *path) {
    const input in[] = {{"x", "in/x", GOLD_IMAGE}, {"level", "in/sigma", GOLD_PLAIN}, {"c", labels, GOLD_PLAIN}, {0}};
    size_t size = 0;
    if (!gold_has(f, path)) return;
    gt_request r = gt_plain_request(n);
    const float *y = run(f, t, GT_ROLE_DENOISER, &r, in, "denoised", &size);
    if (y) gold_check(f, path, GOLD_IMAGE, y, size, LIMIT);
}

void gold_check_bytes(gold *f, const char *path, const float *x, size_t n) {
    if (!gold_has(f, path)) return;
    const float *theirs = gold_read(f, path, GOLD_IMAGE, NULL);
    size_t off = 0;
    for (size_t i = 0; theirs && i < n; i++) {
        double v = (double)x[i] * 127.5 + 128, byte = v < 0 ? 0 : v > 255 ? 255 : (double)(int)v;
        double by = byte - (double)theirs[i];
        if (by > 1 || by < -1) off = n;
        off += by != 0;
    }
    if (theirs) gold_judge(f, path, (double)off / (double)n, 0.01);
}

static void check_pictures(gold *f, gt_trained *t, int n, const char *labels, int steps) {
    const char *path = gold_path(f, "out/heun%d", steps), *bytes = gold_path(f, "%s_uint8", path);
    const input in[] = {{"z", "in/latents", GOLD_IMAGE}, {"c", labels, GOLD_PLAIN}, {0}};
    size_t size = 0;
    if (!gold_has(f, path)) return;
    gt_request r = gt_plain_request(n);
    r.steps.steps = steps;
    const float *x = run(f, t, GT_ROLE_GENERATOR, &r, in, "image", &size);
    if (!x) return;
    gold_check(f, path, GOLD_IMAGE, x, size, PICTURE_LIMIT);
    gold_check_bytes(f, bytes, x, size);
}

void gold_denoise_pkl(gold *f) {
    static const char *const names[] = {"in/class_labels", "in/labels"};
    const char *path = gold_path(f, "%.*s.pkl", (int)(strlen(f->path) - strlen(".h5")), f->path), *labels = NULL;
    const gt_network_options reading = {.kernels = asked_kernels()};
    gt_trained t;
    gt_shape shape;
    for (int i = 0; i < 2; i++)
        if (gold_has(f, names[i])) labels = names[i];
    check_tensors(f, path, "ema", "F_ema");
    if (!gold_read(f, "in/x", GOLD_IMAGE, &shape) || gt_trained_open(&t, path, &reading)) {
        gold_fail(f, "%s", gt_message());
        return;
    }
    check_denoised(f, &t, (int)shape.d[0], labels, "out/D_x");
    check_denoised(f, &t, (int)shape.d[0], NULL, "out/D_x_uncond");
    gold_read(f, "in/latents", GOLD_IMAGE, &shape);
    for (int steps = 1; steps < 100; steps++) check_pictures(f, &t, (int)shape.d[0], labels, steps);
    gt_trained_close(&t);
}

void gold_denoise_state(gold *f) {
    const char *path = gold_path(f, "%.*s.pt", (int)(strlen(f->path) - strlen(".h5")), f->path);
    check_tensors(f, path, "net", "F");
}
