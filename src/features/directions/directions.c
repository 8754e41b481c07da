/* SPDX-License-Identifier: Apache-2.0
 * Directions of a network: see runner/generator/door/directions.h. Rank 0 finds them; all ranks map seeds and make
 * pictures. */
#include "features/directions/directions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dist/door/dist.h"
#include "gantry/file.h"
#include "gantry/text.h"
#include "kernels/door/symmetric.h"
#include "runner/generator/door/generator.h"
#include "runner/generator/door/styles.h"
#include "runner/door/roles.h"

/* Eigenvalues below that, of the largest, are rounding. */
static const double rounding = 1e-10;

/* ---- before the work ---- */

/* d0, d1 and so on are the names of what a method finds. */
static bool is_number(const char *name) { return *name == 'd' && name[1] && !name[1 + strspn(name + 1, "0123456789")]; }

static gt_status read_condition(gt_direction_work *w) {
    const gt_condition *c = &w->request->condition;
    int dim = gt_generator_labels(w->generator);
    bool given = c->label || (c->class && *c->class);
    if (dim && !given && !w->net.data.vectors) return GT_OK; /* classes take turns */
    float *label = gt_arena_array(w->arena, (size_t)dim + 1, sizeof *label);
    if (!label) return GT_NOMEM;
    w->label = label;
    return gt_generator_asked_label(w->generator, c, label);
}

static gt_status read_layers(gt_direction_work *w) {
    const char *text = w->request->layers;
    int layers = w->model->num_ws;
    memset(w->chosen, 1, (size_t)layers * sizeof *w->chosen);
    if (!text || !*text) return GT_OK;
    gt_status st = gt_layers_read(text, layers, w->chosen);
    return st ? gt_fail(st, "--layers=%.60s: the network has %d layers of styles, 0 to %d", text, layers, layers - 1)
              : GT_OK;
}

static gt_status say_no_styles(const gt_model *m) {
    char why[1024];
    snprintf(why, sizeof why, "%s", gt_message());
    if (!gt_model_role(m, GT_ROLE_GENERATOR)) return GT_USAGE;
    return gt_fail(GT_USAGE, "%s. Its pictures come from independent normal numbers, which have no directions", why);
}

static gt_status prepare(gt_direction_work *w) {
    const gt_directions_request *r = w->request;
    if (is_number(r->name))
        return gt_fail(GT_USAGE, "--name=%s: such names are reserved for directions found without examples", r->name);
    gt_status st = gt_trained_open(&w->net, r->checkpoint, &r->options.reading);
    if (st) return st;
    const gt_model *m = w->model = w->net.model;
    if (!gt_role_needed(m, GT_ROLE_MAPPING)) return say_no_styles(m);
    const gt_generator_options plain = {
        .noise_mode = GT_NOISE_CONST, .truncation = 1, .apart = true, .pool = r->options.pool};
    if (!(w->generator = gt_generator_of(&w->net, &plain))) return gt_failure();
    if (!(w->arena = gt_arena_new())) return GT_NOMEM;
    size_t batch = (size_t)gt_generator_batch(w->generator);
    w->chosen = gt_arena_array(w->arena, (size_t)m->num_ws, sizeof *w->chosen);
    w->z = gt_arena_array(w->arena, batch, (size_t)m->z_dim * sizeof *w->z);
    w->labels = gt_arena_array(w->arena, batch, (size_t)m->label_dim * sizeof *w->labels);
    w->ws = gt_arena_array(w->arena, batch, (size_t)m->num_ws * (size_t)m->w_dim * sizeof *w->ws);
    if (gt_arena_failed(w->arena)) return GT_NOMEM;
    st = read_layers(w);
    return st ? st : read_condition(w);
}

/* ---- factors and components: rank 0 ---- */

/* The sum of A^T A over the maps of the layers (SeFa, equation 7), the lower triangle. */
static gt_status add_maps(const gt_direction_work *w, double *products) {
    const gt_model *m = w->model;
    size_t dim = (size_t)m->w_dim;
    double *row = gt_arena_array(w->arena, dim, sizeof *row);
    if (!row) return GT_NOMEM;
    for (int layer = 0; layer < m->num_ws; layer++) {
        gt_style_map maps[GT_STYLE_MAPS];
        int n = w->chosen[layer] ? m->style_maps(m, layer, maps) : 0;
        for (int i = 0; i < n; i++) {
            const float *weight = w->net.params + maps[i].weight->offset;
            for (size_t r = 0; r < maps[i].weight->size / dim; r++) {
                for (size_t k = 0; k < dim; k++) row[k] = maps[i].scale * (double)weight[r * dim + k];
                gt_add_products(dim, 1, row, products);
            }
        }
    }
    for (size_t i = 0; i < dim; i++)
        for (size_t j = 0; j < i; j++) products[j * dim + i] = products[i * dim + j];
    return GT_OK;
}

static gt_status keep_vectors(gt_direction_work *w, const double *values, const double *vectors) {
    const gt_directions_request *r = w->request;
    size_t dim = (size_t)w->model->w_dim;
    bool factors = r->method == GT_DIRECTION_FACTORS;
    double all = 0;
    int n = 0;
    for (size_t i = 0; i < dim; i++) all += values[i] > 0 ? values[i] : 0;
    while (n < r->count && (size_t)n < dim && values[n] > rounding * values[0]) n++;
    if (!n) return gt_fail(GT_FAILED, factors ? "the maps of the styles are all zero" : "all seeds have the same w");
    gt_status st = gt_directions_new(&w->found, n, w->model->num_ws, w->model->w_dim);
    for (int i = 0; i < n && !st; i++) {
        const double *v = vectors + (size_t)i * dim;
        gt_direction *d = &w->found.list[i];
        d->sigma = gt_direction_deviation(w, v);
        gt_direction_put(w, i, d->sigma, v, 0);
        snprintf(d->name, sizeof d->name, "d%d", i);
        snprintf(d->how, sizeof d->how,
                 factors ? "factor of the styles' weights (SeFa), %.3g %% of their squares"
                         : "principal component of w (GANSpace), %.3g %% of the variance",
                 100 * values[i] / all);
    }
    return st;
}

static gt_status find(gt_direction_work *w) {
    size_t dim = (size_t)w->model->w_dim;
    double *matrix = gt_arena_array(w->arena, dim, dim * sizeof *matrix),
           *vectors = gt_arena_array(w->arena, dim, dim * sizeof *vectors),
           *values = gt_arena_array(w->arena, dim, sizeof *values),
           *scratch = gt_arena_array(w->arena, gt_eigenvectors_scratch(dim), sizeof *scratch);
    if (gt_arena_failed(w->arena)) return GT_NOMEM;
    gt_comm_busy(w->comm, "finding directions");
    gt_status st = GT_OK;
    if (w->request->method == GT_DIRECTION_FACTORS) st = add_maps(w, matrix);
    else memcpy(matrix, w->covariance, dim * dim * sizeof *matrix);
    if (!st && !gt_eigenvectors(dim, matrix, values, vectors, scratch))
        st = gt_fail(GT_NONFINITE, "'%s': the network has weights that are not finite", w->request->checkpoint);
    return st ? st : keep_vectors(w, values, vectors);
}

/* ---- the file: rank 0 ---- */

/* Which of the directions that are there stay beside those that are found? */
static bool stays(const gt_direction_work *w, const char *name) {
    return gt_direction_find(&w->found, name) < 0 && (*w->request->name || !is_number(name));
}

/* Those of the file first, where one is added to them. */
static gt_status join(const gt_direction_work *w, const gt_directions *old, gt_directions *all) {
    const gt_directions *found = &w->found;
    size_t row = (size_t)found->num_ws * (size_t)found->w_dim;
    bool last = *w->request->name;
    int kept = 0;
    for (int i = 0; i < old->n; i++) kept += stays(w, old->list[i].name);
    gt_status st = gt_directions_new(all, found->n + kept, found->num_ws, found->w_dim);
    if (st) return st;
    int at = last ? 0 : found->n;
    for (int i = 0; i < old->n; i++) {
        if (!stays(w, old->list[i].name)) continue;
        all->list[at] = old->list[i];
        memcpy(all->steps + (size_t)at++ * row, old->steps + (size_t)i * row, row * sizeof *all->steps);
    }
    at = last ? kept : 0;
    memcpy(all->list + at, found->list, (size_t)found->n * sizeof *all->list);
    memcpy(all->steps + (size_t)at * row, found->steps, (size_t)found->n * row * sizeof *all->steps);
    memcpy(all->network, found->network, sizeof all->network);
    return GT_OK;
}

static bool has_names(const gt_directions *d) {
    int i = 0;
    while (i < d->n && is_number(d->list[i].name)) i++;
    return i < d->n;
}

static gt_status write_file(const gt_direction_work *w) {
    const gt_directions_request *r = w->request;
    gt_directions old = {0}, all;
    gt_status st = GT_OK;
    if (gt_ends_with(r->out, ".h5") && gt_kind_of_file(r->out) == GT_KIND_HDF5 &&
        (st = gt_directions_read(&old, r->out, w->model->num_ws, w->model->w_dim)) && !r->replace)
        return gt_wrap(st, "replace the file with --overwrite, or name another with --out=FILE");
    if (old.n && strcmp(old.network, w->found.network)) { /* of another checkpoint of the run, perhaps */
        bool named = has_names(&old);
        gt_directions_free(&old);
        if (named && !r->replace)
            return gt_fail(GT_USAGE,
                           "'%s' has directions from examples of another network or checkpoint: replace them with "
                           "--overwrite, or name another file with --out=FILE",
                           r->out);
    }
    st = join(w, &old, &all);
    if (!st) st = gt_directions_write(&all, r->out);
    gt_directions_free(&old);
    gt_directions_free(&all);
    return st;
}

static void print_found(const gt_direction_work *w) {
    for (int i = 0; i < w->found.n; i++) {
        const gt_direction *d = &w->found.list[i];
        gt_print("%-8s sigma %-8.3g %s\n", d->name, d->sigma, d->how);
    }
    gt_print("%s: %d direction%s\n", w->request->out, w->found.n, gt_plural(w->found.n));
    if (*w->request->sheet) gt_print("%s\n", w->request->sheet);
}

gt_status gt_directions_all(gt_comm *comm, const gt_directions_request *request) {
    gt_direction_work w = {.request = request, .comm = comm};
    gt_status st = gt_comm_agree_all(comm, prepare(&w));
    if (!st) st = gt_directions_measure_all(&w);
    if (!st && *request->name) st = gt_directions_between_all(&w);
    else if (!st) st = gt_comm_agree_all(comm, comm->rank ? GT_OK : find(&w));
    if (!st) gt_hash_hex(gt_generator_hash(w.generator), w.found.network);
    if (!st) st = gt_directions_share_all(comm, &w.found);
    if (!st && *request->sheet) st = gt_directions_sheet_all(&w);
    if (!st) st = gt_comm_agree_all(comm, comm->rank ? GT_OK : write_file(&w));
    if (!st && !comm->rank) print_found(&w);
    gt_directions_free(&w.found);
    gt_generator_close(w.generator);
    gt_trained_close(&w.net);
    gt_arena_free(w.arena);
    return st;
}
