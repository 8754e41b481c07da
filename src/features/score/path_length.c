/* SPDX-License-Identifier: Apache-2.0
 * Perceptual path length: see features/score/path_length.h. */
#include "features/score/path_length.h"

#include <stdlib.h>
#include <string.h>

#include "base/door/numbers.h"
#include "base/door/random.h"
#include "features/score/distances/distances.h"
#include "networks/model/door/model.h"
#include "runner/door/each_item.h"
#include "runner/door/runner.h"

enum { EIGHTHS = 8, TOP = 3, LEFT = 2, CROPPED = 4 /* eighths of a side */, SIDE_OF_LPIPS = 256, CHANNELS = 3 };

typedef struct paths {
    const gt_path_maker *maker;
    const gt_path_options *o;
    uint32_t kimg;
    int batch, label_dim;
    gt_runner *mapping, *synthesis;
    gt_graph *graph; /* LPIPS of the pictures at both ends: the nearer ends, then the further ones */
    gt_exec *lpips;
    int top, left, height, width; /* of the crop */
    int by;                       /* pixels of a square whose mean is a pixel of LPIPS */
    float *z[2], *w[2], *t;       /* [batch,z_dim], [batch,num_ws,w_dim], [batch] */
    float *between, *ws, *label;  /* [batch,z_dim], [batch,num_ws,w_dim], [batch,label_dim] */
    gt_arena *arena;              /* of these */
} paths;

static const char *const outputs[GT_LPIPS_MAPS] = {"0", "1", "2", "3", "4"};

/* ---- opening ---- */

static int label_dim_of(const gt_model *m) { return m->unlabelled_generator ? 0 : m->label_dim; }

static void measure_crop(paths *p) {
    const gt_model *m = p->maker->model;
    bool crop = p->o->crop;
    int longer = (int)gt_largest(m->height, m->width);
    p->by = (int)gt_largest(1, longer / SIDE_OF_LPIPS);
    p->top = crop ? m->height / EIGHTHS * TOP : 0;
    p->left = crop ? m->width / EIGHTHS * LEFT : 0;
    p->height = crop ? m->height / EIGHTHS * CROPPED : m->height;
    p->width = crop ? m->width / EIGHTHS * CROPPED : m->width;
}

gt_status gt_path_check(const gt_path_maker *maker, const gt_path_options *o) {
    const gt_model *m = maker->model;
    paths p = {.maker = maker, .o = o};
    int dim = label_dim_of(m);
    measure_crop(&p);
    if (!gt_model_role(m, GT_ROLE_MAPPING))
        return gt_fail(GT_USAGE, "path lengths are for generators with styles, but '%s' has none", m->name);
    if (m->channels != 1 && m->channels != 3)
        return gt_fail(GT_USAGE, "LPIPS takes grey and RGB pictures, but this network's have %d channels", m->channels);
    if (p.height < GT_LPIPS_MIN || p.width < GT_LPIPS_MIN)
        return gt_fail(GT_USAGE, "LPIPS takes pictures of %d pixels and more, but these have %dx%d%s", GT_LPIPS_MIN,
                       p.width, p.height, o->crop ? " after cropping: ppl2_wend does not crop" : "");
    if (dim && maker->labels && gt_dataset_get_info(maker->labels)->label_width != dim)
        return gt_fail(GT_USAGE, "the network takes labels of %d numbers, but the labels of '%s' have %d", dim,
                       gt_dataset_get_info(maker->labels)->name, gt_dataset_get_info(maker->labels)->label_width);
    return GT_OK;
}

/* Enough pixels to keep the kernels busy, few enough for small memories. */
static int batch_for(const paths *p) {
    enum { PIXELS = 1 << 17, MOST = 16 };
    int64_t n = PIXELS / ((int64_t)(p->height / p->by) * (p->width / p->by));
    return n < 1 ? 1 : n > MOST ? MOST : (int)n;
}

static gt_status open_lpips(paths *p, const gt_lpips *lpips, gt_pool *pool) {
    gt_node *maps[GT_LPIPS_MAPS];
    p->graph = gt_graph_new("paths", p->maker->model->kernels);
    if (!p->graph) return GT_NOMEM;
    gt_shape shape = GT_SHAPE(2 * p->batch, p->height / p->by, p->width / p->by, CHANNELS);
    gt_lpips_maps(lpips, p->graph, 0, gt_input(p->graph, "images", shape), maps);
    for (int i = 0; i < GT_LPIPS_MAPS; i++) gt_output(p->graph, outputs[i], maps[i]);
    p->lpips = gt_exec_new(p->graph, &(gt_exec_options){.pool = pool});
    if (!p->lpips) return gt_failure();
    gt_exec_bind(p->lpips, 0, gt_lpips_block(lpips));
    return gt_exec_prepare(p->lpips, &(gt_exec_env){0});
}

static gt_status take_room(paths *p) {
    const gt_model *m = p->maker->model;
    size_t n = (size_t)p->batch, w = n * (size_t)m->num_ws * (size_t)m->w_dim;
    gt_arena *a = p->arena = gt_arena_new();
    if (!a) return GT_NOMEM;
    for (int i = 0; i < 2; i++) {
        p->z[i] = gt_arena_array(a, n * (size_t)m->z_dim, sizeof(float));
        p->w[i] = gt_arena_array(a, w, sizeof(float));
    }
    p->t = gt_arena_array(a, n, sizeof(float));
    p->between = gt_arena_array(a, n * (size_t)m->z_dim, sizeof(float));
    p->ws = gt_arena_array(a, w, sizeof(float));
    p->label = gt_arena_array(a, n * (size_t)p->label_dim, sizeof(float));
    return gt_arena_failed(a) ? GT_NOMEM : GT_OK;
}

static gt_status open_paths(paths *p, const gt_team *team, const gt_lpips *lpips) {
    gt_status st = gt_path_check(p->maker, p->o);
    if (st) return st;
    gt_model *m = p->maker->model;
    measure_crop(p);
    p->batch = batch_for(p);
    p->label_dim = label_dim_of(m);
    p->kimg = (uint32_t)(p->maker->images / 1000);
    gt_runner_options o = {.role = GT_ROLE_MAPPING, .seed = p->maker->seed, .pool = team->pool};
    o.request = (gt_request){.n = p->batch, .noise_mode = GT_NOISE_RANDOM, .truncation = 1, .truncation_cutoff = -1};
    p->mapping = gt_runner_new(m, p->maker->params, &o, NULL);
    if (!p->mapping) return gt_failure();
    o.role = GT_ROLE_GENERATOR;
    o.request.from_styles = true;
    p->synthesis = gt_runner_new(m, p->maker->params, &o, NULL);
    if (!p->synthesis) return gt_failure();
    st = open_lpips(p, lpips, team->pool);
    return st ? st : take_room(p);
}

static void close_paths(paths *p) {
    gt_runner_close(p->mapping);
    gt_runner_close(p->synthesis);
    gt_exec_free(p->lpips);
    gt_graph_free(p->graph);
    gt_arena_free(p->arena);
}

/* ---- a batch ---- */

static gt_key key_of(const paths *p, const char *stream, int64_t sample) {
    return (gt_key){.seed = p->maker->seed, .stream = gt_stream(stream), .step = p->kimg, .sample = (uint32_t)sample};
}

static void draw_latents(paths *p, int64_t first) {
    size_t z_dim = (size_t)p->maker->model->z_dim;
    gt_dataset *ds = p->maker->labels;
    for (int i = 0; i < p->batch; i++) {
        gt_random_normal(key_of(p, "metrics/path/z0", first + i), p->z[0] + (size_t)i * z_dim, z_dim);
        gt_random_normal(key_of(p, "metrics/path/z1", first + i), p->z[1] + (size_t)i * z_dim, z_dim);
        if (p->o->full) gt_random_uniform(key_of(p, "metrics/path/t", first + i), p->t + i, 1);
        float *label = p->label + (ptrdiff_t)i * p->label_dim;
        if (p->label_dim && ds) {
            uint32_t count = (uint32_t)gt_dataset_get_info(ds)->count;
            gt_dataset_label(ds, gt_random_below(key_of(p, "metrics/path/label", first + i), 0, count), label);
        }
        for (int k = 0; k < p->label_dim && !ds; k++) label[k] = (float)((first + i) % p->label_dim == k);
    }
}

/* ws: of the latents z. */
static gt_status map(paths *p, const float *z, float *ws) {
    const gt_model *m = p->maker->model;
    gt_runner *r = p->mapping;
    size_t n = (size_t)p->batch;
    memcpy(gt_runner_input(r, "z"), z, n * (size_t)m->z_dim * sizeof *z);
    if (p->label_dim) memcpy(gt_runner_input(r, "c"), p->label, n * (size_t)p->label_dim * sizeof *z);
    gt_status st = gt_runner_run(r, &(gt_run_batch){.n = p->batch});
    if (!st) memcpy(ws, gt_runner_output(r, "ws"), n * (size_t)m->num_ws * (size_t)m->w_dim * sizeof *ws);
    return st;
}

/* p->ws: at t + further of each path. */
static gt_status go_along(paths *p, double further) {
    const gt_model *m = p->maker->model;
    size_t z_dim = (size_t)m->z_dim, w = (size_t)m->num_ws * (size_t)m->w_dim;
    if (p->o->in_z) {
        for (size_t i = 0; i < (size_t)p->batch; i++)
            gt_slerp(z_dim, p->z[0] + i * z_dim, p->z[1] + i * z_dim, (double)p->t[i] + further,
                     p->between + i * z_dim);
        return map(p, p->between, p->ws);
    }
    for (size_t i = 0; i < (size_t)p->batch * w; i++) {
        double from = (double)p->w[0][i], to = (double)p->w[1][i];
        p->ws[i] = (float)(from + (to - from) * ((double)p->t[i / w] + further));
    }
    return GT_OK;
}

/* A picture [H,W,C] of the generator as LPIPS sees pictures. */
static void crop_image(const paths *p, const float *image, float *to) {
    const gt_model *m = p->maker->model;
    int channels = m->channels, height = p->height / p->by, width = p->width / p->by;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < CHANNELS; c++, to++) {
                int64_t row = p->top + y * p->by, column = p->left + x * p->by;
                double sum = 0;
                for (int k = 0; k < p->by * p->by; k++)
                    sum += (double)
                        image[((row + k / p->by) * m->width + column + k % p->by) * channels + (channels == 1 ? 0 : c)];
                *to = (float)(sum / (p->by * p->by));
            }
}

/* The ends at t + further, as pictures `from` and so on of LPIPS. */
static gt_status make_ends(paths *p, int64_t first, double further, int from) {
    const gt_model *m = p->maker->model;
    gt_runner *r = p->synthesis;
    gt_status st = go_along(p, further);
    if (st) return st;
    memcpy(gt_runner_input(r, "ws"), p->ws, (size_t)p->batch * (size_t)m->num_ws * (size_t)m->w_dim * sizeof *p->ws);
    if ((st = gt_runner_run(r, &(gt_run_batch){.n = p->batch, .first = first, .step = p->kimg}))) return st;
    size_t pixels = (size_t)(p->height / p->by) * (size_t)(p->width / p->by) * CHANNELS;
    for (int i = 0; i < p->batch; i++)
        crop_image(p, gt_runner_output(r, "image") + (size_t)i * gt_model_floats(m),
                   gt_exec_input(p->lpips, "images") + (size_t)(from + i) * pixels);
    return GT_OK;
}

static gt_status make_batch(void *arg, int64_t first, int n, const float *images, void *records) {
    paths *p = arg;
    float *distances = records;
    (void)images;
    if (p->o->stop && p->o->stop()) return gt_fail(GT_STOPPED, "stopped");
    draw_latents(p, first);
    gt_status st = GT_OK;
    for (int i = 0; i < 2 && !p->o->in_z && !st; i++) st = map(p, p->z[i], p->w[i]);
    if (!st) st = make_ends(p, first, 0, 0);
    if (!st) st = make_ends(p, first, GT_PATH_EPSILON, p->batch);
    if (!st) st = gt_exec_run(p->lpips, &(gt_exec_env){0});
    for (int i = 0; i < n && !st; i++) {
        double sum = 0;
        for (int k = 0; k < GT_LPIPS_MAPS; k++) {
            size_t d = gt_exec_output_size(p->lpips, outputs[k]) / (size_t)(2 * p->batch);
            const float *map_of = gt_exec_output(p->lpips, outputs[k]);
            sum += gt_path_distance(d, map_of + (size_t)i * d, map_of + (size_t)(p->batch + i) * d, GT_PATH_EPSILON);
        }
        distances[i] = (float)sum;
    }
    return st;
}

gt_status gt_path_length_all(const gt_team *team, const gt_path_maker *m, const gt_lpips *lpips,
                             const gt_path_options *o, double *value) {
    paths p = {.maker = m, .o = o};
    GT_FREED void *distances = NULL;
    gt_status st = gt_comm_agree_all(team->comm, open_paths(&p, team, lpips));
    gt_each_item each = {.comm = team->comm,
                         .count = o->count,
                         .batch = p.batch,
                         .bytes = sizeof(float),
                         .doing = "path lengths",
                         .make = make_batch,
                         .arg = &p};
    if (!st) st = gt_each_item_all(&each, &distances);
    if (!st) st = gt_comm_agree_all(team->comm, distances ? gt_path_length(distances, o->count, value) : GT_OK);
    if (!st) gt_comm_broadcast_all(team->comm, value, sizeof *value, 0);
    close_paths(&p);
    return st;
}
