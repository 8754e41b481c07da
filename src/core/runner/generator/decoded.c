/* SPDX-License-Identifier: Apache-2.0
 * What a decoder makes of latents, as one picture: see runner/generator/door/decoded.h. */
#include "runner/generator/door/decoded.h"

#include <string.h>

#include "gantry/grid.h"
#include "gantry/memory.h"
#include "networks/model/door/model.h"
#include "figures/door/sheet.h"

gt_generator *gt_decoder_open(const char *checkpoint, gt_pool *pool, const gt_network_options *reading) {
    return gt_generator_open(
        checkpoint,
        &(gt_generator_options){.noise_mode = GT_NOISE_CONST, .truncation = 1, .pool = pool, .reading = *reading});
}

static gt_status decode_latents(gt_arena *a, gt_generator *g, const gt_decoded *d, float *images) {
    const gt_model *m = gt_generator_model(g);
    size_t pixels = gt_model_floats(m), z_dim = (size_t)m->z_dim, width = (size_t)gt_generator_labels(g);
    int64_t batch = gt_generator_batch(g);
    float *z = gt_arena_array(a, (size_t)batch, z_dim * sizeof *z),
          *labels = gt_arena_array(a, (size_t)batch, width * sizeof *labels);
    gt_status st = z && labels ? GT_OK : GT_NOMEM;
    for (size_t i = 0; i < (size_t)batch && width && !st; i++) memcpy(labels + i * width, d->label, width * sizeof *z);
    for (int64_t first = 0; first < d->n && !st; first += batch) {
        int64_t count = d->n - first < batch ? d->n - first : batch;
        memcpy(z, d->z + (size_t)first * z_dim, (size_t)count * z_dim * sizeof *z);
        st = gt_generator_run(g, z, width ? labels : NULL, 0, images + (size_t)first * pixels);
    }
    return st;
}

static gt_status write_with_words(gt_arena *a, const gt_model *m, const gt_decoded *d, const float *images,
                                  const char *path) {
    sheet_cell *cells = gt_arena_array(a, (size_t)d->n, sizeof *cells);
    if (!cells) return GT_NOMEM;
    for (int64_t i = 0; i < d->n; i++) {
        cells[i].image = images + (size_t)i * gt_model_floats(m);
        for (int k = 0; k < GT_DECODED_LINES && k < SHEET_LINES; k++) cells[i].text[k] = d->words[i][k];
    }
    sheet s = sheet_of(d->title, d->columns, d->n, cells, m->height, m->width, m->channels);
    return sheet_write(path, &s);
}

gt_status gt_decoded_draw(gt_generator *g, const gt_decoded *d, const char *path) {
    const gt_model *m = gt_generator_model(g);
    int64_t rows = (d->n + d->columns - 1) / d->columns;
    if (gt_generator_labels(g) && !d->label)
        return gt_fail(GT_USAGE,
                       "%s: the checkpoint holds a conditional model, whose images need labels as well as latents",
                       path);
    gt_status st = gt_grid_check(d->columns, rows, m->height, m->width, gt_grid_shown(m->channels));
    if (st) return gt_wrap(st, "%s", path);
    GT_ARENA gt_arena *a = gt_arena_new();
    if (!a) return GT_NOMEM;
    float *images = gt_arena_array(a, (size_t)(rows * d->columns + gt_generator_batch(g)),
                                   gt_model_floats(m) * sizeof *images);
    st = images ? decode_latents(a, g, d, images) : GT_NOMEM;
    if (!st && d->words) st = write_with_words(a, m, d, images, path);
    else if (!st)
        st = gt_grid_write(path, images, d->columns, (int)rows, m->height, m->width, m->channels, -1, 1, NULL);
    return st;
}
