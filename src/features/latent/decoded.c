/* SPDX-License-Identifier: Apache-2.0
 * What a decoder makes of latents, as pictures: see features/latent/latent_view.h. */
#include <string.h>

#include "gantry/grid.h"
#include "networks/model/door/model.h"
#include "runner/door/items.h"
#include "features/latent/latent_view.h"
#include "gantry/log.h"

gt_status gt_reconstructions_draw(gt_runner *e, gt_dataset *data, int64_t n, int64_t *items, int columns,
                                  const char *path) {
    const gt_model *m = gt_runner_model(e);
    int64_t rows = (n + columns - 1) / columns;
    GT_ARENA gt_arena *a = gt_arena_new();
    float *cells = a ? gt_arena_array(a, 2 * (size_t)(columns * rows), gt_model_floats(m) * sizeof *cells) : NULL;
    gt_status st = cells ? gt_reconstruct(e, data, n, items, cells) : GT_NOMEM;
    return st ? st : gt_grid_write(path, cells, 2 * columns, (int)rows, m->height, m->width, m->channels, -1, 1, NULL);
}

gt_status gt_latent_label(gt_arena *a, const gt_latents *l, const gt_generator *g, const char *class,
                          const float **label) {
    size_t dim = (size_t)gt_generator_labels(g);
    *label = NULL;
    if (!dim && *class) return gt_fail(GT_USAGE, "--class=%.60s: the model uses no labels", class);
    if (!dim) return GT_OK;
    float *own = gt_arena_array(a, dim, sizeof *own);
    *label = own;
    if (!own) return GT_NOMEM;
    if (*class || !l) return gt_generator_label(g, &(gt_condition){.class = class}, own, NULL);
    gt_model_label(l->model, l->data, 0, own);
    gt_info("pictures of decoded latents have the label of image 0; --class=CLASS chooses another");
    return GT_OK;
}

/* ---- traversal and interpolation ---- */

typedef const char *words[GT_DECODED_LINES];

typedef struct latent_grid { /* latents with words, in an arena */
    gt_arena *arena;
    size_t d;
    float *z;     /* [n,d] */
    words *under; /* [n] */
} latent_grid;

static gt_status open_grid(latent_grid *l, gt_generator *g, int64_t n) {
    *l = (latent_grid){.arena = gt_arena_new(), .d = (size_t)gt_generator_model(g)->z_dim};
    if (!l->arena) return GT_NOMEM;
    l->z = gt_arena_array(l->arena, (size_t)n, l->d * sizeof *l->z);
    l->under = gt_arena_array(l->arena, (size_t)n, sizeof *l->under);
    return gt_arena_failed(l->arena) ? GT_NOMEM : GT_OK;
}

static gt_status draw_grid(latent_grid *l, gt_generator *g, gt_decoded d, const char *path) {
    d.z = l->z;
    d.words = l->under;
    return gt_arena_failed(l->arena) ? GT_NOMEM : gt_decoded_draw(g, &d, path);
}

gt_status gt_latent_draw_traversal(gt_generator *g, const gt_latent_dims *dims, const gt_latent_pictures *p,
                                   const char *path) {
    latent_grid l;
    int n = p->n_values;
    gt_status st = open_grid(&l, g, (int64_t)dims->n * n);
    for (int i = 0; i < dims->n * n && !st; i++) {
        int dim = dims->dim[i / n];
        l.z[(size_t)i * l.d + (size_t)dim] = p->values[i % n];
        l.under[i][0] = gt_arena_printf(l.arena, "z%d = %.4g", dim, (double)p->values[i % n]);
    }
    gt_decoded d = {.n = dims->n * n, .columns = n, .title = "one dimension moved, the others 0", .label = p->label};
    if (!st) st = draw_grid(&l, g, d, path);
    gt_arena_free(l.arena);
    return st;
}

/* The point of an n x n grid at column x and row y between four corners. */
static void interpolate(const float *const corner[4], int64_t n, int64_t x, int64_t y, size_t d, float *to) {
    float u = (float)x / (float)(n - 1), v = (float)y / (float)(n - 1);
    for (size_t i = 0; i < d; i++)
        to[i] = (1 - v) * ((1 - u) * corner[0][i] + u * corner[1][i]) + v * ((1 - u) * corner[2][i] + u * corner[3][i]);
}

gt_status gt_latent_draw_interpolation(const gt_latents *l, gt_generator *g, const gt_latent_dims *dims,
                                       const gt_latent_pictures *p, const char *path) {
    int64_t n = p->steps, count = gt_dataset_get_info(l->data)->count;
    latent_grid grid;
    gt_status st = open_grid(&grid, g, n * n);
    const float *corner[4];
    for (int k = 0; k < 4; k++) corner[k] = l->of.latent + count * k / 4 * l->model->z_dim;
    for (int64_t i = 0; i < n * n && !st; i++) {
        float *to = grid.z + (size_t)i * grid.d;
        interpolate(corner, n, i % n, i / n, grid.d, to);
        for (int k = 0; k < GT_DECODED_LINES && k < dims->n; k++)
            grid.under[i][k] = gt_arena_printf(grid.arena, "z%d = %.2f", dims->dim[k], (double)to[dims->dim[k]]);
    }
    const char *title = st ? NULL
                           : gt_arena_printf(grid.arena, "between images %lld, %lld, %lld and %lld of the data", 0LL,
                                             (long long)(count / 4), (long long)(count * 2 / 4),
                                             (long long)(count * 3 / 4));
    gt_decoded d = {.n = n * n, .label = p->label, .columns = (int)n, .title = title};
    if (!st) st = draw_grid(&grid, g, d, path);
    gt_arena_free(grid.arena);
    return st;
}
