/* SPDX-License-Identifier: Apache-2.0
 * Encoders: see gantry/encode.h. */
#include "gantry/encode.h"
#include "gantry/items.h"

#include <stdlib.h>
#include <string.h>

#include "base/progress.h"
#include "use/runner/each_item.h"
#include "use/runner/trained.h"
#include "use/runner/wrong_model.h"

enum { BATCH = 32 }; /* a fixed number: an image's latent does not depend on how many are encoded */

struct gt_encoder {
    gt_trained trained;
    int batch;
};

static gt_status build(gt_encoder *e, gt_pool *pool) {
    gt_model *m = e->trained.model;
    if (!m->build_encoder) return gt_wrong_model(m, "has no encoder, as autoencoders have");
    return gt_trained_build(&e->trained, m->build_encoder(m, e->batch), pool);
}

/* Of a checkpoint, or of the model and parameters where there is none. */
static gt_encoder *open_encoder(const char *checkpoint, const gt_kernel_set *kernels, gt_model *m, const float *params,
                                int batch, gt_pool *pool) {
    gt_encoder *e = calloc(1, sizeof *e);
    if (!e) gt_fail(GT_NOMEM, "out of memory for an encoder");
    if (e) *e = (gt_encoder){{.model = m, .params = params}, batch};
    gt_status st = !e ? GT_NOMEM : checkpoint ? gt_trained_open(&e->trained, checkpoint, kernels) : GT_OK;
    if (!st && !build(e, pool)) return e;
    gt_encoder_close(e);
    return NULL;
}

gt_encoder *gt_encoder_new(gt_model *m, const float *params, int batch, gt_pool *pool) {
    return open_encoder(NULL, NULL, m, params, batch, pool);
}
gt_encoder *gt_encoder_open(const char *checkpoint, gt_pool *pool, const gt_kernel_set *kernels) {
    return open_encoder(checkpoint, kernels, NULL, NULL, BATCH, pool);
}

void gt_encoder_close(gt_encoder *e) {
    if (e) gt_trained_close(&e->trained);
    free(e);
}

gt_model *gt_encoder_model(const gt_encoder *e) { return e->trained.model; }
const float *gt_encoder_params(const gt_encoder *e) { return e->trained.params; }
int gt_encoder_batch(const gt_encoder *e) { return e->batch; }

gt_status gt_encoder_run(gt_encoder *e, const float *images, const float *labels, gt_encoded *out) {
    gt_exec *x = e->trained.exec;
    size_t floats = (size_t)e->batch * gt_model_floats(e->trained.model);
    float *c = gt_exec_input(x, "c");
    memcpy(gt_exec_input(x, "images"), images, floats * sizeof *images);
    if (c) memcpy(c, labels, (size_t)e->batch * (size_t)e->trained.model->label_dim * sizeof *labels);
    gt_status st = gt_exec_run(x, &(gt_exec_env){0});
    if (st) return st;
    *out = (gt_encoded){gt_exec_output(x, "latent"), gt_exec_output(x, "log_variance"), gt_exec_output(x, "image"),
                        gt_exec_output(x, "error")};
    return GT_OK;
}

gt_status gt_reconstruct(gt_encoder *e, gt_dataset *ds, int64_t n, const int64_t *items, float *pairs) {
    const gt_model *m = e->trained.model;
    gt_status st = gt_model_takes(m, ds);
    if (st) return st;
    int64_t batch = e->batch;
    size_t pixels = gt_model_floats(m), dim = (size_t)m->label_dim;
    float *images = calloc((size_t)batch * (pixels + dim), sizeof *images), *labels = images + (size_t)batch * pixels;
    if (!images) return gt_fail(GT_NOMEM, "out of memory for reconstructions");
    for (int64_t first = 0; first < n && !st; first += batch) {
        int64_t count = n - first < batch ? n - first : batch;
        gt_encoded out;
        st = gt_read_images(ds, count, items + first, images);
        for (int64_t i = 0; i < count && dim && !st; i++)
            gt_model_label(m, ds, items[first + i], labels + (size_t)i * dim);
        if (!st) st = gt_encoder_run(e, images, labels, &out);
        for (int64_t i = 0; i < count && !st; i++) {
            float *pair = pairs + 2 * (size_t)(first + i) * pixels;
            memcpy(pair, images + (size_t)i * pixels, pixels * sizeof *pair);
            memcpy(pair + pixels, out.image + (size_t)i * pixels, pixels * sizeof *pair);
        }
    }
    free(images);
    return st;
}

/* ---- a whole dataset ---- */

typedef struct records { /* of an image: latent, log-variance, error */
    gt_encoder *encoder;
    gt_dataset *data;
    float *labels;        /* of a batch */
    size_t latent, width; /* floats */
} records;

static gt_status encode_batch(void *arg, int64_t first, int n, const float *images, void *out) {
    const records *r = arg;
    const gt_model *m = r->encoder->trained.model;
    gt_encoded e;
    for (int i = 0; i < n && m->label_dim; i++)
        gt_model_label(m, r->data, first + i, r->labels + (size_t)i * (size_t)m->label_dim);
    gt_status st = gt_encoder_run(r->encoder, images, r->labels, &e);
    for (int i = 0; i < n && !st; i++) {
        float *record = (float *)out + (size_t)i * r->width;
        memcpy(record, e.latent + (size_t)i * r->latent, r->latent * sizeof *record);
        if (e.log_variance)
            memcpy(record + r->latent, e.log_variance + (size_t)i * r->latent, r->latent * sizeof *record);
        record[2 * r->latent] = e.error[i];
    }
    return st;
}

static gt_status unpack(const records *r, const float *all, size_t n, gt_encoded *out) {
    bool spread = gt_exec_output(r->encoder->trained.exec, "log_variance") != NULL;
    float *latent = malloc(n * r->latent * sizeof *latent), *error = malloc(n * sizeof *error);
    float *log_variance = spread ? malloc(n * r->latent * sizeof *log_variance) : NULL;
    *out = (gt_encoded){latent, log_variance, NULL, error};
    if (!latent || !error || (spread && !log_variance))
        return gt_fail(GT_NOMEM, "out of memory for the latents of %zu images", n);
    for (size_t i = 0; i < n; i++) {
        const float *record = all + i * r->width;
        memcpy(latent + i * r->latent, record, r->latent * sizeof *record);
        if (spread) memcpy(log_variance + i * r->latent, record + r->latent, r->latent * sizeof *record);
        error[i] = record[2 * r->latent];
    }
    return GT_OK;
}

gt_status gt_encode_dataset_all(gt_comm *c, gt_encoder *e, gt_dataset *ds, gt_encoded *out) {
    const gt_model *m = e->trained.model;
    records r = {.encoder = e,
                 .data = ds,
                 .labels = calloc((size_t)e->batch * (size_t)m->label_dim + 1, sizeof(float)),
                 .latent = (size_t)m->latent_size,
                 .width = 2 * (size_t)m->latent_size + 1};
    gt_each_item each = {.comm = c,
                         .count = gt_dataset_get_info(ds)->count,
                         .batch = e->batch,
                         .bytes = r.width * sizeof(float),
                         .doing = "encoding",
                         .data = ds,
                         .make = encode_batch,
                         .arg = &r};
    void *all = NULL;
    *out = (gt_encoded){0};
    gt_status st = r.labels ? gt_model_takes(m, ds) : gt_fail(GT_NOMEM, "out of memory for labels");
    st = gt_comm_agree_all(c, st);
    if (!st) st = gt_each_item_all(&each, &all);
    if (!st) st = gt_comm_agree_all(c, all ? unpack(&r, all, (size_t)each.count, out) : GT_OK);
    free(r.labels);
    free(all);
    if (st) gt_encoded_free(out);
    return st;
}

void gt_encoded_free(gt_encoded *out) {
    free((void *)out->latent);
    free((void *)out->log_variance);
    free((void *)out->error);
    *out = (gt_encoded){0};
}
