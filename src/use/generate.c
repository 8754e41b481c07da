/* SPDX-License-Identifier: Apache-2.0
 * Images from a checkpoint: one generator, and many seeds shared out among ranks. */
#include "gantry/generate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "codec/npy.h"
#include "gantry/codec.h"
#include "gantry/log.h"
#include "gantry/random.h"
#include "gantry/rundir.h"
#include "use/each_item.h"
#include "use/trained.h"

struct gt_generator {
    gt_trained trained;
    int batch;
};

/* Enough pixels to keep the kernels busy, few enough for small memories. */
static int batch_for(const gt_model *m) {
    enum { PIXELS = 1 << 18, MOST = 8 };
    int64_t n = PIXELS / ((int64_t)m->height * m->width);
    return n < 1 ? 1 : n > MOST ? MOST : (int)n;
}

static gt_status build(gt_generator *g, const gt_generator_options *o) {
    gt_model *m = g->trained.model;
    g->batch = batch_for(m);
    const gt_generate_options options = {
        .n = g->batch, .noise_mode = o->noise_mode, .truncation = o->truncation, .truncation_cutoff = -1};
    return gt_trained_build(&g->trained, m->build_generator(m, &options), o->pool);
}

gt_generator *gt_generator_open(const char *checkpoint, const gt_generator_options *options) {
    gt_generator *g = calloc(1, sizeof *g);
    if (!g) {
        gt_fail(GT_NOMEM, "out of memory for a generator");
        return NULL;
    }
    gt_status st = gt_trained_open(&g->trained, checkpoint, options->kernels);
    if (!st && !build(g, options)) return g;
    gt_generator_close(g);
    return NULL;
}

void gt_generator_close(gt_generator *g) {
    if (g) gt_trained_close(&g->trained);
    free(g);
}

const gt_model *gt_generator_model(const gt_generator *g) { return g->trained.model; }
int gt_generator_batch(const gt_generator *g) { return g->batch; }
int gt_generator_labels(const gt_generator *g) {
    const gt_model *m = g->trained.model;
    return m->unlabelled_generator ? 0 : m->label_dim;
}

gt_status gt_generator_run(gt_generator *g, const float *z, const float *labels, uint32_t first, float *images) {
    const gt_model *m = g->trained.model;
    gt_exec *x = g->trained.exec;
    size_t n = (size_t)g->batch;
    float *in_z = gt_exec_input(x, "z"), *in_c = gt_generator_labels(g) ? gt_exec_input(x, "c") : NULL;
    if (in_z) memcpy(in_z, z, n * (size_t)m->z_dim * sizeof *z);
    if (in_c) memcpy(in_c, labels, n * (size_t)m->label_dim * sizeof *labels);
    gt_status st = gt_exec_run(x, &(gt_exec_env){.sample0 = first});
    if (!st) memcpy(images, gt_exec_output(x, "image"), n * gt_model_floats(m) * sizeof *images);
    return st;
}

void gt_seed_latent(uint32_t seed, int z_dim, float *z) {
    gt_mt19937 r;
    gt_mt_seed(&r, seed);
    for (int i = 0; i < z_dim; i++) z[i] = (float)gt_mt_randn(&r);
}

void gt_image_bytes(const float *x, uint8_t *out, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float v = x[i] * 127.5f + 128;
        out[i] = v >= 255 ? 255 : v > 0 ? (uint8_t)v : 0; /* NaN is 0 */
    }
}

/* ---- many seeds on many ranks ---- */

typedef struct work {
    const gt_generate_request *request;
    gt_comm *comm;
    gt_generator *generator;
    const gt_model *model; /* the generator's */
    gt_arena *arena;       /* holds the arrays */
    int shown;             /* channels in pictures */
    int64_t columns, rows; /* of the grid */
    size_t image_bytes;    /* of one image in a picture */
    size_t image_floats;
    float *z, *labels, *images; /* of a batch */
    uint8_t *bytes;             /* of a batch */
} work;

static gt_status fill_labels(work *w) {
    const gt_generate_request *r = w->request;
    int dim = gt_generator_labels(w->generator), batch = w->generator->batch;
    if (!dim) {
        if (w->comm->rank == 0 && (r->class >= 0 || r->label))
            gt_warn("--%s ignored when running on an unconditional network", r->label ? "label" : "class");
        return GT_OK;
    }
    if (r->class < 0 && !r->label)
        return gt_fail(GT_USAGE,
                       "Must specify class label with --class when using a conditional network (0 to %d), or a vector "
                       "with --label",
                       dim - 1);
    if (r->class >= dim) return gt_fail(GT_USAGE, "--class must be between 0 and %d", dim - 1);
    if (r->label && r->label_dim != dim)
        return gt_fail(GT_USAGE, "--label has %d numbers, the network takes %d", r->label_dim, dim);
    for (int i = 0; i < batch; i++)
        for (int k = 0; k < dim; k++) w->labels[i * dim + k] = r->label ? r->label[k] : (float)(k == r->class);
    return GT_OK;
}

static gt_status lay_out_grid(work *w) {
    const gt_generate_request *r = w->request;
    const gt_model *m = w->model;
    w->columns = r->grid.columns, w->rows = r->grid.rows;
    if (!w->columns) {
        w->columns = (int64_t)ceil(sqrt((double)r->n));
        w->rows = (r->n + w->columns - 1) / w->columns;
    }
    gt_status st = gt_grid_check(w->columns, w->rows, m->height, m->width, w->shown);
    return st ? gt_wrap(st, "--grid") : GT_OK;
}

static void say_shown(const work *w) {
    const char *names = w->generator->trained.data.channels;
    gt_info("pictures show %s of %d channels%s%.200s%s%s", w->shown == 1 ? "the first" : "the first three",
            w->model->channels, names ? " (" : "", names ? names : "", names ? ")" : "",
            w->request->npy ? "" : "; --npy writes all of them");
}

static gt_status prepare(work *w) {
    const gt_generate_request *r = w->request;
    w->generator = gt_generator_open(r->checkpoint, &r->options);
    if (!w->generator) return GT_FAILED;
    const gt_model *m = w->model = gt_generator_model(w->generator);
    size_t batch = (size_t)w->generator->batch;
    w->shown = m->channels == 4 ? 4 : m->channels >= 3 ? 3 : 1;
    w->image_bytes = (size_t)m->height * (size_t)m->width * (size_t)w->shown;
    w->image_floats = gt_model_floats(m);
    if (w->shown != m->channels && !w->comm->rank) say_shown(w);
    gt_status st = r->single ? GT_OK : lay_out_grid(w);
    if (st) return st;
    if (!(w->arena = gt_arena_new())) return GT_NOMEM;
    w->z = gt_arena_array(w->arena, batch, (size_t)m->z_dim * sizeof *w->z);
    w->labels = gt_arena_array(w->arena, batch, (size_t)m->label_dim * sizeof *w->labels);
    w->images = gt_arena_array(w->arena, batch, w->image_floats * sizeof *w->images);
    w->bytes = gt_arena_array(w->arena, batch, w->image_bytes);
    if (gt_arena_failed(w->arena)) return GT_NOMEM;
    st = fill_labels(w);
    if (!st && w->comm->rank == 0)
        st = gt_rundir_prepare(r->outdir,
                               (size_t)r->n * (w->image_bytes + (r->npy ? w->image_floats * sizeof(float) : 0)));
    return st;
}

/* Image i of the batch, as a picture and with all its channels, as far as they are wanted. */
static gt_status write_image(const work *w, int64_t seed, int64_t i, const uint8_t *bytes) {
    const gt_model *m = w->model;
    char path[4096];
    int length = snprintf(path, sizeof path - 4, "%s/seed%04lld", w->request->outdir, (long long)seed);
    if (length >= (int)sizeof path - 4) return gt_fail(GT_USAGE, "--outdir: the path is too long");
    strcpy(path + length, ".png");
    gt_status st = w->request->single
                       ? gt_png_write(path, bytes + (size_t)i * w->image_bytes, m->height, m->width, w->shown)
                       : GT_OK;
    strcpy(path + length, ".npy");
    if (!st && w->request->npy)
        st = gt_npy_write(path, w->images + (size_t)i * w->image_floats, m->height, m->width, m->channels);
    return st;
}

static void show_images(const work *w, int64_t n, uint8_t *bytes) {
    size_t channels = (size_t)w->model->channels, shown = (size_t)w->shown,
           pixels = (size_t)n * w->image_floats / channels;
    for (size_t i = 0; i < pixels; i++) gt_image_bytes(w->images + i * channels, bytes + i * shown, shown);
}

static gt_status latents_of(const gt_generate_request *r, int64_t n, const int64_t *seeds, int z_dim, float *z) {
    if (r->latents) return r->latents(r->latents_arg, n, seeds, z_dim, z);
    for (int64_t i = 0; i < n; i++) gt_seed_latent((uint32_t)seeds[i], z_dim, z + i * z_dim);
    return GT_OK;
}

/* `pictures`: [n] of the grid; NULL: images are written one by one. */
static gt_status make_batch(void *arg, int64_t first, int n, const float *none, void *pictures) {
    (void)none;
    work *w = arg;
    const gt_generate_request *r = w->request;
    gt_status st = latents_of(r, n, r->seeds + first, w->model->z_dim, w->z);
    if (!st) st = gt_generator_run(w->generator, w->z, w->labels, (uint32_t)first, w->images);
    if (st) return st;
    uint8_t *bytes = pictures ? pictures : w->bytes;
    show_images(w, n, bytes);
    for (int i = 0; i < n && !st; i++) st = write_image(w, r->seeds[first + i], i, bytes);
    return st;
}

/* Images [n] one after the other into a picture of `columns`; cells without an image stay black. */
static void tile(const uint8_t *image, int64_t cell, const gt_model *m, int shown, int columns, uint8_t *picture) {
    size_t line = (size_t)m->width * (size_t)shown, x = (size_t)(cell % columns) * line;
    size_t y = (size_t)(cell / columns) * (size_t)m->height;
    for (size_t i = 0; i < (size_t)m->height; i++)
        memcpy(picture + (y + i) * line * (size_t)columns + x, image + i * line, line);
}

static gt_status write_grid(const work *w, const uint8_t *images) {
    const gt_generate_request *r = w->request;
    const gt_model *m = w->model;
    int64_t columns = w->columns, rows = w->rows;
    uint8_t *picture = calloc((size_t)(columns * rows), w->image_bytes);
    if (!picture)
        return gt_fail(GT_NOMEM, "out of memory for a picture of %lldx%lld images", (long long)columns,
                       (long long)rows);
    for (int64_t i = 0; i < r->n; i++) tile(images + (size_t)i * w->image_bytes, i, m, w->shown, (int)columns, picture);
    char path[4096];
    snprintf(path, sizeof path, "%s/grid.png", r->outdir);
    gt_status st = gt_png_write(path, picture, (int)rows * m->height, (int)columns * m->width, w->shown);
    free(picture);
    return st;
}

gt_status gt_generate_all(gt_comm *comm, const gt_generate_request *request) {
    work w = {.request = request, .comm = comm};
    void *images = NULL;
    gt_status st = gt_comm_agree_all(comm, prepare(&w));
    if (!st)
        st = gt_each_item_all(&(gt_each_item){.comm = comm,
                                              .count = request->n,
                                              .batch = w.generator->batch,
                                              .bytes = request->single ? 0 : w.image_bytes,
                                              .doing = "generating",
                                              .make = make_batch,
                                              .arg = &w},
                              &images);
    if (!st && !request->single) st = gt_comm_agree_all(comm, comm->rank == 0 ? write_grid(&w, images) : GT_OK);
    free(images);
    gt_generator_close(w.generator);
    gt_arena_free(w.arena);
    return st;
}
