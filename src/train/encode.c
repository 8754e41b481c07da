/* SPDX-License-Identifier: Apache-2.0
 * Encoding images: one encoder, and all images of a dataset on many ranks. */
#include "gantry/encode.h"

#include <stdlib.h>
#include <string.h>

#include "gantry/log.h"
#include "train/trained.h"

enum { BATCH = 32 }; /* a fixed number: an image's latent does not depend on how many are encoded */

struct gt_encoder {
    gt_trained trained; /* all NULL when the model is not ours */
    gt_model *model;
    const float *params;
    gt_graph *graph;
    gt_exec *exec;
    int batch;
};

static gt_status build(gt_encoder *e, gt_pool *pool) {
    if (!e->model->build_encoder) return gt_fail(GT_USAGE, "model '%s' has no encoder: this is for autoencoders", e->model->name);
    e->graph = e->model->build_encoder(e->model, e->batch);
    e->exec = e->graph ? gt_exec_new(e->graph, &(gt_exec_options){.pool = pool}) : NULL;
    if (!e->exec) return GT_FAILED;
    gt_exec_bind(e->exec, 0, (void *)e->params);
    return gt_exec_prepare(e->exec, &(gt_exec_env){0});
}

static gt_encoder *allocate(void) {
    gt_encoder *e = calloc(1, sizeof *e);
    if (!e) gt_fail(GT_NOMEM, "out of memory for an encoder");
    return e;
}

gt_encoder *gt_encoder_new(gt_model *m, const float *params, int batch, gt_pool *pool) {
    gt_encoder *e = allocate();
    if (!e) return NULL;
    e->model = m;
    e->params = params;
    e->batch = batch;
    if (!build(e, pool)) return e;
    gt_encoder_close(e);
    return NULL;
}

gt_encoder *gt_encoder_open(const char *checkpoint, gt_pool *pool) {
    gt_encoder *e = allocate();
    if (!e) return NULL;
    e->batch = BATCH;
    if (!gt_trained_open(&e->trained, checkpoint)) {
        e->model = e->trained.model;
        e->params = e->trained.params;
        if (!build(e, pool)) return e;
    }
    gt_encoder_close(e);
    return NULL;
}

void gt_encoder_close(gt_encoder *e) {
    if (!e) return;
    gt_exec_free(e->exec);
    gt_graph_free(e->graph);
    gt_trained_close(&e->trained);
    free(e);
}

gt_model *gt_encoder_model(const gt_encoder *e) { return e->model; }
int gt_encoder_batch(const gt_encoder *e) { return e->batch; }

gt_status gt_encoder_run(gt_encoder *e, const float *images, gt_encoded *out) {
    const gt_model *m = e->model;
    memcpy(gt_exec_input(e->exec, "images"), images, (size_t)e->batch * (size_t)m->height * (size_t)m->width * (size_t)m->channels * sizeof *images);
    gt_status st = gt_exec_run(e->exec, &(gt_exec_env){0});
    if (st) return st;
    *out = (gt_encoded){gt_exec_output(e->exec, "latent"), gt_exec_output(e->exec, "log_variance"), gt_exec_output(e->exec, "image"),
                        gt_exec_output(e->exec, "error")};
    return GT_OK;
}

gt_status gt_read_image(gt_dataset *ds, int64_t item, void *samples, float *image) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    gt_status st = gt_dataset_read(ds, item, samples);
    if (!st) gt_dataset_floats(info, samples, (size_t)info->height * (size_t)info->width * (size_t)info->channels, image);
    return st;
}

static gt_status check_shape(const gt_encoder *e, gt_dataset *ds) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    const gt_model *m = e->model;
    if (info->height == m->height && info->width == m->width && info->channels == m->channels) return GT_OK;
    return gt_fail(GT_USAGE, "the images are %dx%d with %d channels, the model was trained on %dx%d with %d", info->width, info->height, info->channels, m->width,
                   m->height, m->channels);
}

gt_status gt_reconstruct(gt_encoder *e, gt_dataset *ds, int64_t n, const int64_t *items, float *pairs) {
    const gt_model *m = e->model;
    gt_status st = check_shape(e, ds);
    if (st) return st;
    int64_t batch = e->batch;
    size_t pixels = (size_t)m->height * (size_t)m->width * (size_t)m->channels;
    void *samples = malloc(gt_dataset_get_info(ds)->image_bytes);
    float *images = calloc((size_t)batch * pixels, sizeof *images);
    if (!samples || !images) st = gt_fail(GT_NOMEM, "out of memory for reconstructions");
    for (int64_t first = 0; first < n && !st; first += batch) {
        int64_t count = n - first < batch ? n - first : batch;
        for (int64_t i = 0; i < count && !st; i++) st = gt_read_image(ds, items[first + i], samples, images + (size_t)i * pixels);
        gt_encoded out;
        if (st || (st = gt_encoder_run(e, images, &out))) break;
        for (int64_t i = 0; i < count; i++) {
            float *pair = pairs + 2 * (size_t)(first + i) * pixels;
            memcpy(pair, images + (size_t)i * pixels, pixels * sizeof *pair);
            memcpy(pair + pixels, out.image + (size_t)i * pixels, pixels * sizeof *pair);
        }
    }
    free(samples);
    free(images);
    return st;
}

/* ---- a whole dataset: batches are dealt to the ranks in turn, and come back as records of `width` floats an image ---- */

typedef struct pass {
    gt_comm *comm;
    gt_encoder *encoder;
    gt_dataset *ds;
    int64_t count, batches, rounds;
    size_t latent, width, pixels; /* floats: of a latent, of a record, of an image */
    void *samples;
    float *images, *mine, *all;   /* all: rank 0 */
} pass;

static gt_status prepare(pass *p) {
    const gt_model *m = p->encoder->model;
    gt_status st = check_shape(p->encoder, p->ds);
    if (st) return st;
    int batch = p->encoder->batch;
    const gt_dataset_info *info = gt_dataset_get_info(p->ds);
    p->count = info->count;
    p->batches = (p->count + batch - 1) / batch;
    p->rounds = (p->batches + p->comm->ranks - 1) / p->comm->ranks;
    p->latent = (size_t)m->latent_size;
    p->width = 2 * p->latent + 1;
    p->pixels = (size_t)m->height * (size_t)m->width * (size_t)m->channels;
    p->samples = malloc(info->image_bytes);
    p->images = calloc((size_t)batch * p->pixels, sizeof *p->images);
    p->mine = calloc((size_t)p->rounds * (size_t)batch * p->width, sizeof *p->mine);
    p->all = p->comm->rank ? NULL : calloc((size_t)p->rounds * (size_t)p->comm->ranks * (size_t)batch * p->width, sizeof *p->all);
    bool got = p->samples && p->images && p->mine && (p->comm->rank || p->all);
    return got ? GT_OK : gt_fail(GT_NOMEM, "out of memory for the latents of %lld images", (long long)p->count);
}

static gt_status encode_batch(pass *p, int64_t round) {
    int64_t batch = p->encoder->batch, first = (round * p->comm->ranks + p->comm->rank) * batch;
    int64_t n = p->count - first < batch ? p->count - first : batch;
    gt_status st = GT_OK;
    for (int64_t i = 0; i < n && !st; i++) st = gt_read_image(p->ds, first + i, p->samples, p->images + (size_t)i * p->pixels);
    gt_encoded out;
    if (st || n <= 0 || (st = gt_encoder_run(p->encoder, p->images, &out))) return st;
    for (int64_t i = 0; i < n; i++) {
        float *record = p->mine + (size_t)(round * batch + i) * p->width;
        memcpy(record, out.latent + (size_t)i * p->latent, p->latent * sizeof *record);
        if (out.log_variance) memcpy(record + p->latent, out.log_variance + (size_t)i * p->latent, p->latent * sizeof *record);
        record[2 * p->latent] = out.error[i];
    }
    return GT_OK;
}

static gt_status unpack(const pass *p, gt_encoded *out) {
    size_t n = (size_t)p->count;
    bool spread = gt_exec_output(p->encoder->exec, "log_variance") != NULL;
    float *latent = malloc(n * p->latent * sizeof *latent), *error = malloc(n * sizeof *error);
    float *log_variance = spread ? malloc(n * p->latent * sizeof *log_variance) : NULL;
    *out = (gt_encoded){latent, log_variance, NULL, error};
    if (!latent || !error || (spread && !log_variance)) return gt_fail(GT_NOMEM, "out of memory for the latents of %zu images", n);
    int64_t batch = p->encoder->batch, ranks = p->comm->ranks;
    for (int64_t i = 0; i < p->count; i++) {
        int64_t b = i / batch;
        const float *record = p->all + (size_t)(((b % ranks) * p->rounds + b / ranks) * batch + i % batch) * p->width;
        memcpy(latent + (size_t)i * p->latent, record, p->latent * sizeof *record);
        if (spread) memcpy(log_variance + (size_t)i * p->latent, record + p->latent, p->latent * sizeof *record);
        error[i] = record[2 * p->latent];
    }
    return GT_OK;
}

gt_status gt_encode_dataset(gt_comm *c, gt_encoder *e, gt_dataset *ds, gt_encoded *out) {
    pass p = {.comm = c, .encoder = e, .ds = ds};
    *out = (gt_encoded){0};
    gt_status st = gt_comm_agree(c, prepare(&p));
    for (int64_t round = 0; round < p.rounds && !st; round++) {
        st = encode_batch(&p, round);
        char line[64];
        snprintf(line, sizeof line, "encoding: %.0f %%", 100.0 * (double)(round + 1) / (double)p.rounds);
        gt_log_live(line);
    }
    gt_log_live(NULL);
    if (!(st = gt_comm_agree(c, st))) {
        gt_comm_gather(c, p.mine, (size_t)p.rounds * (size_t)e->batch * p.width * sizeof *p.mine, p.all);
        st = gt_comm_agree(c, c->rank ? GT_OK : unpack(&p, out));
    }
    free(p.samples);
    free(p.images);
    free(p.mine);
    free(p.all);
    if (st) gt_encoded_free(out);
    return st;
}

void gt_encoded_free(gt_encoded *out) {
    free((void *)out->latent);
    free((void *)out->log_variance);
    free((void *)out->error);
    *out = (gt_encoded){0};
}
