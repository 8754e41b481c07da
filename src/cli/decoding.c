/* SPDX-License-Identifier: Apache-2.0
 * Latents as a picture. */
#include "cli/decoding.h"

#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "gantry/grid.h"

gt_generator *cli_open_decoder(const char *checkpoint, gt_pool *pool) {
    return gt_generator_open(
        checkpoint,
        &(gt_generator_options){.noise_mode = "const", .truncation = 1, .pool = pool, .kernels = cli_kernels()});
}

static gt_status decode(gt_generator *g, const cli_decoded *d, float *images) {
    const gt_model *m = gt_generator_model(g);
    size_t pixels = gt_model_floats(m), z_dim = (size_t)m->z_dim, width = (size_t)gt_generator_labels(g);
    int64_t batch = gt_generator_batch(g);
    float *z = calloc((size_t)batch, z_dim * sizeof *z), *labels = calloc((size_t)batch * width + 1, sizeof *labels);
    gt_status st = z && labels ? GT_OK : gt_fail(GT_NOMEM, "out of memory for latents");
    for (size_t i = 0; i < (size_t)batch && width && !st; i++) memcpy(labels + i * width, d->label, width * sizeof *z);
    for (int64_t first = 0; first < d->n && !st; first += batch) {
        int64_t count = d->n - first < batch ? d->n - first : batch;
        memcpy(z, d->z + (size_t)first * z_dim, (size_t)count * z_dim * sizeof *z);
        st = gt_generator_run(g, z, width ? labels : NULL, 0, images + (size_t)first * pixels);
    }
    free(z);
    free(labels);
    return st;
}

static gt_status draw_with_words(const gt_model *m, const cli_decoded *d, const float *images, const char *path) {
    sheet_cell *cells = calloc((size_t)d->n, sizeof *cells);
    for (int64_t i = 0; cells && i < d->n; i++) {
        cells[i].image = images + (size_t)i * gt_model_floats(m);
        memcpy(cells[i].text, d->words[i], sizeof cells[i].text);
    }
    gt_status st = cells ? sheet_write(path, &(sheet){.title = d->title,
                                                      .columns = d->columns,
                                                      .n = d->n,
                                                      .cells = cells,
                                                      .height = m->height,
                                                      .width = m->width,
                                                      .channels = m->channels,
                                                      .lo = -1,
                                                      .hi = 1})
                         : gt_fail(GT_NOMEM, "out of memory for %s", path);
    free(cells);
    return st;
}

gt_status cli_draw_decoded(gt_generator *g, const cli_decoded *d, const char *path) {
    const gt_model *m = gt_generator_model(g);
    int64_t rows = (d->n + d->columns - 1) / d->columns;
    if (gt_generator_labels(g) && !d->label)
        return gt_fail(GT_USAGE,
                       "%s: the checkpoint is of a conditional model, whose images need labels as well as latents",
                       path);
    gt_status st = gt_grid_check(d->columns, rows, m->height, m->width, gt_grid_shown(m->channels));
    if (st) return gt_wrap(st, "%s", path);
    float *images = calloc((size_t)(rows * d->columns + gt_generator_batch(g)), gt_model_floats(m) * sizeof *images);
    st = images ? decode(g, d, images) : gt_fail(GT_NOMEM, "out of memory for %s", path);
    if (!st && d->words) st = draw_with_words(m, d, images, path);
    else if (!st)
        st = gt_grid_write(path, images, d->columns, (int)rows, m->height, m->width, m->channels, -1, 1, NULL);
    free(images);
    return st;
}
