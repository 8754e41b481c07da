/* SPDX-License-Identifier: Apache-2.0
 * reconstructions*.png of a model that encodes: the items of reals.png, each beside what the model makes of it. */
#include <stdlib.h>
#include <string.h>

#include "gantry/encode.h"
#include "train/trainer.h"

/* Image i goes to cell 2 i, its reconstruction to the next one. */
static gt_status fill(gt_trainer *t, gt_encoder *e, const int64_t *items, int n, float *cells) {
    const gt_model *m = t->model;
    size_t pixels = (size_t)m->height * (size_t)m->width * (size_t)m->channels;
    int batch = gt_encoder_batch(e);
    void *samples = malloc(t->info->image_bytes);
    float *images = calloc((size_t)batch * pixels, sizeof *images);
    gt_status st = samples && images ? GT_OK : gt_fail(GT_NOMEM, "out of memory for reconstructions");
    for (int first = 0; first < n && !st; first += batch) {
        int count = n - first < batch ? n - first : batch;
        for (int i = 0; i < count && !st; i++) st = gt_read_image(t->data, items[first + i], samples, images + (size_t)i * pixels);
        gt_encoded out;
        if (st || (st = gt_encoder_run(e, images, &out))) break;
        for (int i = 0; i < count; i++) {
            float *cell = cells + 2 * (size_t)(first + i) * pixels;
            memcpy(cell, images + (size_t)i * pixels, pixels * sizeof *cell);
            memcpy(cell + pixels, out.image + (size_t)i * pixels, pixels * sizeof *cell);
        }
    }
    free(samples);
    free(images);
    return st;
}

gt_status gt_trainer_reconstructions(gt_trainer *t) {
    if (!t->model->build_encoder || t->comm->rank) return GT_OK;
    gt_grid grid;
    int64_t *items = NULL;
    gt_status st = gt_trainer_grid(t, &grid, &items);
    int n = st ? 0 : grid.columns * grid.rows;
    size_t pixels = (size_t)t->model->height * (size_t)t->model->width * (size_t)t->model->channels;
    gt_encoder *e = st ? NULL : gt_encoder_new(t->model, t->model->blocks[0], t->model->slice_size, t->pool);
    float *cells = e ? calloc(2 * (size_t)n, pixels * sizeof *cells) : NULL;
    if (!st && !cells) st = e ? gt_fail(GT_NOMEM, "out of memory for reconstructions") : GT_FAILED;
    if (!st) st = fill(t, e, items, n, cells);
    char name[64];
    snprintf(name, sizeof name, "reconstructions%09lld.png", (long long)t->shown);
    grid.columns *= 2;
    if (!st) gt_trainer_write_grid(t, name, "reconstructions", &grid, cells, -1, 1);
    gt_encoder_close(e);
    free(items);
    free(cells);
    return st;
}
