/* SPDX-License-Identifier: Apache-2.0
 * reconstructions*.png of a model that encodes: the items of reals.png, each beside what the model makes of it. */
#include <stdlib.h>

#include "gantry/encode.h"
#include "train/journal.h"

gt_status gt_journal_reconstructions(gt_engine *e, gt_journal *j) {
    if (!e->model->build_encoder || e->comm->rank) return GT_OK;
    gt_grid grid;
    int64_t *items = NULL;
    gt_status st = gt_engine_grid(e, &grid, &items);
    int n = st ? 0 : grid.columns * grid.rows;
    size_t pixels = (size_t)e->model->height * (size_t)e->model->width * (size_t)e->model->channels;
    gt_encoder *encoder = st ? NULL : gt_encoder_new(e->model, e->model->blocks[0], e->model->slice_size, e->pool);
    float *cells = encoder ? calloc(2 * (size_t)n, pixels * sizeof *cells) : NULL;
    if (!st && !cells) st = encoder ? gt_fail(GT_NOMEM, "out of memory for reconstructions") : GT_FAILED;
    if (!st) st = gt_reconstruct(encoder, e->data, n, items, cells);
    char name[64];
    snprintf(name, sizeof name, "reconstructions%09lld.png", (long long)e->shown);
    grid.columns *= 2;
    if (!st) gt_journal_write_grid(e, j, name, "reconstructions", &grid, cells);
    gt_encoder_close(encoder);
    free(items);
    free(cells);
    return st;
}
