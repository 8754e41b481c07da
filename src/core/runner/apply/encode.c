/* SPDX-License-Identifier: Apache-2.0
 * Encoders: see gantry/encode.h. */
#include "runner/apply/door/encode.h"
#include "networks/model/door/model.h"
#include "runner/door/items.h"

#include <stdlib.h>
#include <string.h>

gt_encoded gt_encoded_of(const gt_runner *r) {
    return (gt_encoded){gt_runner_output(r, "latent"), gt_runner_output(r, "log_variance"),
                        gt_runner_output(r, "image"), gt_runner_output(r, "error")};
}

gt_status gt_reconstruct(gt_runner *e, gt_dataset *ds, int64_t n, int64_t *items, float *pairs) {
    const gt_model *m = gt_runner_model(e);
    gt_status st = gt_model_takes(m, ds);
    if (st) return st;
    int64_t batch = gt_runner_batch(e);
    size_t pixels = gt_model_floats(m), dim = (size_t)m->label_dim;
    float *images = calloc((size_t)batch * (pixels + dim), sizeof *images), *labels = images + (size_t)batch * pixels;
    if (!images) return gt_fail(GT_NOMEM, "out of memory for reconstructions");
    for (int64_t first = 0; first < n && !st; first += batch) {
        int64_t count = n - first < batch ? n - first : batch;
        st = gt_read_images(ds, count, items + first, images);
        for (int64_t i = 0; i < count && dim && !st; i++)
            gt_model_label(m, ds, items[first + i], labels + (size_t)i * dim);
        if (!st) st = gt_runner_run(e, &(gt_run_batch){.n = (int)count, .images = images, .labels = labels});
        for (int64_t i = 0; i < count && !st; i++) {
            float *pair = pairs + 2 * (size_t)(first + i) * pixels;
            memcpy(pair, images + (size_t)i * pixels, pixels * sizeof *pair);
            memcpy(pair + pixels, gt_encoded_of(e).image + (size_t)i * pixels, pixels * sizeof *pair);
        }
    }
    free(images);
    return st;
}

/* ---- a whole dataset ---- */

typedef struct records {  /* of an image: latent, log-variance, error */
    size_t latent, width; /* floats */
    bool spreads;         /* there are log-variances */
} records;

static gt_status record_latents(void *arg, gt_runner *with, const gt_run_batch *b, void *out) {
    const records *r = arg;
    gt_encoded e = gt_encoded_of(with);
    for (int i = 0; i < b->n; i++) {
        float *record = (float *)out + (size_t)i * r->width;
        memcpy(record, e.latent + (size_t)i * r->latent, r->latent * sizeof *record);
        if (r->spreads) memcpy(record + r->latent, e.log_variance + (size_t)i * r->latent, r->latent * sizeof *record);
        record[2 * r->latent] = e.error[i];
    }
    return GT_OK;
}

static gt_status unpack_latents(const records *r, const float *all, size_t n, gt_encoded *out) {
    float *latent = malloc(n * r->latent * sizeof *latent), *error = malloc(n * sizeof *error);
    float *log_variance = r->spreads ? malloc(n * r->latent * sizeof *log_variance) : NULL;
    *out = (gt_encoded){latent, log_variance, NULL, error};
    if (!latent || !error || (r->spreads && !log_variance))
        return gt_fail(GT_NOMEM, "out of memory for the latents of %zu images", n);
    for (size_t i = 0; i < n; i++) {
        const float *record = all + i * r->width;
        memcpy(latent + i * r->latent, record, r->latent * sizeof *record);
        if (r->spreads) memcpy(log_variance + i * r->latent, record + r->latent, r->latent * sizeof *record);
        error[i] = record[2 * r->latent];
    }
    return GT_OK;
}

gt_status gt_encode_dataset_all(gt_comm *c, gt_runner *e, gt_dataset *ds, gt_encoded *out) {
    size_t latent = (size_t)gt_runner_model(e)->latent_size;
    records r = {latent, 2 * latent + 1, gt_runner_floats(e, "log_variance") > 0};
    GT_FREED void *all = NULL;
    *out = (gt_encoded){0};
    const gt_runner_pass pass = {
        .data = ds, .bytes = r.width * sizeof(float), .doing = "encoding", .record = record_latents, .arg = &r};
    gt_status st = gt_runner_dataset_all(c, e, &pass, &all);
    if (!st)
        st = gt_comm_agree_all(c, all ? unpack_latents(&r, all, (size_t)gt_dataset_get_info(ds)->count, out) : GT_OK);
    if (st) gt_encoded_free(out);
    return st;
}

void gt_encoded_free(gt_encoded *out) {
    free((void *)out->latent);
    free((void *)out->log_variance);
    free((void *)out->error);
    *out = (gt_encoded){0};
}
