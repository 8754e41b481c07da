/* SPDX-License-Identifier: Apache-2.0
 * The sheet of directions: a row for each, in which the strength grows from left to right. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/memory.h"
#include "networks/model/door/model.h"
#include "figures/door/sheet.h"
#include "features/directions/directions.h"
#include "runner/generator/door/generator.h"
#include "runner/door/in_order.h"

enum { LARGE = 512, WORD = 48 };

typedef struct work {
    gt_direction_work *w;
    gt_generator *generator;   /* with the request's truncation */
    float *base, *images;      /* [num_ws,w_dim] of the seed; of a batch */
    int shrunk, height, width; /* pixels of a picture that become one of the sheet; pictures of the sheet */
    float *pictures;           /* rank 0's, [cells,height,width,channels] */
} work;

static size_t floats_of(const work *k) { return (size_t)k->height * (size_t)k->width * (size_t)k->w->model->channels; }

/* The mean of squares of pixels. */
static void shrink(const work *k, const float *image, float *out) {
    const gt_model *m = k->w->model;
    size_t channels = (size_t)m->channels, line = (size_t)m->width * channels, by = (size_t)k->shrunk;
    for (size_t y = 0; y < (size_t)k->height; y++)
        for (size_t x = 0; x < (size_t)k->width * channels; x++) {
            const float *from = image + y * by * line + x / channels * by * channels + x % channels;
            float sum = 0;
            for (size_t v = 0; v < by; v++)
                for (size_t u = 0; u < by; u++) sum += from[v * line + u * channels];
            *out++ = sum / (float)(by * by);
        }
}

static gt_status make_cells(void *arg, int64_t first, int n, gt_buffer *out) {
    work *k = arg;
    gt_direction_work *w = k->w;
    const gt_directions_request *r = w->request;
    size_t row = (size_t)w->model->num_ws * (size_t)w->model->w_dim;
    GT_FREED float *small = malloc(floats_of(k) * sizeof *small);
    if (!small) return gt_fail(GT_NOMEM, "out of memory for the sheet");
    for (int i = 0; i < n; i++) {
        const float *step = w->found.steps + (size_t)((first + i) / r->n_strengths) * row;
        float strength = r->strengths[(first + i) % r->n_strengths], *ws = w->ws + (size_t)i * row;
        for (size_t j = 0; j < row; j++) ws[j] = k->base[j] + strength * step[j];
    }
    gt_status st = gt_generator_run_styles(k->generator, w->ws, 0, k->images);
    for (size_t i = 0; i < (size_t)n && !st; i++) {
        shrink(k, k->images + i * gt_model_floats(w->model), small);
        gt_buffer_add(out, small, floats_of(k) * sizeof *small);
    }
    return st;
}

static gt_status take_cells(void *arg, int64_t first, int n, const char *bytes, size_t size) {
    const work *k = arg;
    (void)n;
    memcpy(k->pictures + (size_t)first * floats_of(k), bytes, size);
    return GT_OK;
}

static gt_status prepare(work *k) {
    gt_direction_work *w = k->w;
    const gt_directions_request *r = w->request;
    const gt_model *m = w->model;
    size_t row = (size_t)m->num_ws * (size_t)m->w_dim, bytes, cells = (size_t)w->found.n * (size_t)r->n_strengths;
    gt_generator_options options = r->options;
    options.apart = true;
    if (!(k->generator = gt_generator_of(&w->net, &options))) return gt_failure();
    int side = m->height > m->width ? m->height : m->width;
    for (k->shrunk = 1; side / k->shrunk >= LARGE; k->shrunk *= 2) {}
    k->height = m->height / k->shrunk, k->width = m->width / k->shrunk;
    k->base = gt_arena_array(w->arena, row, sizeof *k->base);
    k->images = gt_arena_array(w->arena, (size_t)gt_generator_batch(k->generator),
                               gt_model_floats(m) * sizeof *k->images);
    if (gt_arena_failed(w->arena)) return GT_NOMEM;
    gt_direction_label(w, 0, w->label, r->seed);
    gt_status st = gt_direction_styles(w, k->generator, 1, &r->seed);
    memcpy(k->base, w->ws, row * sizeof *k->base);
    if (st || w->comm->rank) return st;
    bool fits = !gt_mul_overflows(cells, floats_of(k), &bytes) && !gt_mul_overflows(bytes, sizeof(float), &bytes);
    k->pictures = fits ? malloc(bytes) : NULL;
    return k->pictures ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a sheet of %zu pictures", cells);
}

/* Rank 0. */
static gt_status draw(const work *k) {
    gt_direction_work *w = k->w;
    const gt_directions_request *r = w->request;
    int64_t cells = (int64_t)w->found.n * r->n_strengths;
    sheet_cell *cell = gt_arena_array(w->arena, (size_t)cells, sizeof *cell);
    char *words = gt_arena_array(w->arena, (size_t)cells, WORD), title[160];
    if (!cell || !words) return GT_NOMEM;
    for (int64_t i = 0; i < cells; i++) {
        char *text = words + i * WORD;
        double strength = (double)r->strengths[i % r->n_strengths];
        snprintf(text, WORD, "%s: %s%g", w->found.list[i / r->n_strengths].name, strength > 0 ? "+" : "", strength);
        cell[i] = (sheet_cell){.image = k->pictures + (size_t)i * floats_of(k), .text = {text}};
    }
    snprintf(title, sizeof title, "Seed %lld, psi %g: directions, with strengths in standard deviations of w",
             (long long)r->seed, (double)r->options.truncation);
    sheet s = sheet_of(title, r->n_strengths, cells, cell, k->height, k->width, w->model->channels);
    return sheet_write(r->sheet, &s);
}

gt_status gt_directions_sheet_all(gt_direction_work *w) {
    work k = {.w = w};
    gt_status st = gt_comm_agree_all(w->comm, prepare(&k));
    if (!st)
        st = gt_in_order_all(&(gt_in_order){.comm = w->comm,
                                            .count = (int64_t)w->found.n * w->request->n_strengths,
                                            .batch = gt_generator_batch(k.generator),
                                            .doing = "drawing",
                                            .of = "pictures",
                                            .make = make_cells,
                                            .take = take_cells,
                                            .stop = w->request->stop,
                                            .arg = &k});
    if (!st) st = gt_comm_agree_all(w->comm, w->comm->rank ? GT_OK : draw(&k));
    gt_generator_close(k.generator);
    free(k.pictures);
    return st;
}
