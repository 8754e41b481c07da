/* SPDX-License-Identifier: Apache-2.0
 * reconstructions*.png of a model that encodes: the items of reals.png, each beside what the model makes of it. */
#include <stdlib.h>

#include "gantry/encode.h"
#include "train/trainer.h"

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
    if (!st) st = gt_reconstruct(e, t->data, n, items, cells);
    char name[64];
    snprintf(name, sizeof name, "reconstructions%09lld.png", (long long)t->shown);
    grid.columns *= 2;
    if (!st) gt_trainer_write_grid(t, name, "reconstructions", &grid, cells, -1, 1);
    gt_encoder_close(e);
    free(items);
    free(cells);
    return st;
}
