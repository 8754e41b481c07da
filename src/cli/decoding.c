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

gt_status cli_draw_decoded(gt_generator *g, const float *z, const float *label, int64_t n, int columns,
                           const char *path) {
    const gt_model *m = gt_generator_model(g);
    if (gt_generator_labels(g) && !label)
        return gt_fail(GT_USAGE,
                       "%s: the checkpoint is of a conditional model, whose images need labels as well as latents",
                       path);
    int64_t batch = gt_generator_batch(g), rows = (n + columns - 1) / columns;
    gt_status st = gt_grid_check(columns, rows, m->height, m->width, gt_grid_shown(m->channels));
    if (st) return gt_wrap(st, "%s", path);
    size_t pixels = gt_model_floats(m), z_dim = (size_t)m->z_dim, dim = (size_t)gt_generator_labels(g);
    float *cells = calloc((size_t)(rows * columns + batch), pixels * sizeof *cells),
          *in = calloc((size_t)batch, (z_dim + dim) * sizeof *in), *labels = in + (size_t)batch * z_dim;
    st = cells && in ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %s", path);
    for (int64_t i = 0; i < batch && dim && !st; i++) memcpy(labels + (size_t)i * dim, label, dim * sizeof *label);
    for (int64_t first = 0; first < n && !st; first += batch) {
        int64_t count = n - first < batch ? n - first : batch;
        memcpy(in, z + (size_t)first * z_dim, (size_t)count * z_dim * sizeof *in);
        st = gt_generator_run(g, in, labels, 0, cells + (size_t)first * pixels);
    }
    if (!st) st = gt_grid_write(path, cells, columns, (int)rows, m->height, m->width, m->channels, -1, 1, NULL);
    free(cells);
    free(in);
    return st;
}
