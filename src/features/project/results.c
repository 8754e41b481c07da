/* SPDX-License-Identifier: Apache-2.0
 * What is left of a projection: styles, pictures, a film, a curve. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/numbers.h"
#include "base/door/sha256.h"
#include "files/codec/door/grid.h"
#include "files/codec/door/notes.h"
#include "files/codec/door/picture.h"
#include "files/codec/door/sample.h"
#include "files/codec/door/weights_write.h"
#include "files/h5/door/arrays.h"
#include "gantry/picture.h"
#include "networks/model/door/model.h"
#include "figures/door/figure.h"
#include "gantry/generate.h"
#include "gantry/log.h"
#include "base/door/progress.h"
#include "runner/generator/door/film.h"
#include "runner/generator/door/generator.h"
#include "features/project/step.h"

typedef struct work {
    gt_projector *p;
    const gt_projection *t;
    const gt_model *m;
    int batch;                /* images at a time */
    int shown;                /* channels of pictures */
    uint8_t *target, *result; /* [H,W,shown], [batch,H,W,shown] */
    float *ws, *images;       /* [batch,num_ws,w_dim], [batch,H,W,C] */
} work;

enum { PATH_BYTES = 4200, FRAMES_PER_SECOND = 10 };

static const char *path_of(const work *w, const char *name, char path[PATH_BYTES]) {
    snprintf(path, PATH_BYTES, "%s/%s", w->t->dir, name);
    return path;
}

/* ---- pictures ---- */

static size_t pixels_of(const work *w) { return (size_t)w->m->height * (size_t)w->m->width; }
static size_t styles_of(const work *w) { return (size_t)w->m->num_ws * (size_t)w->m->w_dim; }

/* All layers' styles of w [rows,w_dim]. */
static void spread(const work *w, const float *from, float *ws) {
    size_t w_dim = (size_t)w->m->w_dim;
    memcpy(ws, from, w->p->w_floats * sizeof *from);
    for (int i = w->p->rows; i < w->m->num_ws; i++) memcpy(ws + (size_t)i * w_dim, from, w_dim * sizeof *from);
}

/* w->result: what the generator makes of n <= batch w with its own noise maps, as `gantry generate --projected-w` makes
 * it. */
static gt_status generate(work *w, int n, const float *from) {
    for (int i = 0; i < w->batch; i++)
        spread(w, from + (size_t)(i < n ? i : 0) * w->p->w_floats, w->ws + (size_t)i * styles_of(w));
    gt_status st = gt_generator_run_styles(w->p->generator, w->ws, 0, w->images);
    if (!st) gt_show_images(w->m, &GT_SAMPLES_OF_8_BITS, n, w->images, w->result);
    return st;
}

/* Target and result i beside each other. The caller frees *out. */
static gt_status beside(const work *w, int i, gt_picture *out) {
    gt_status st = gt_picture_new(out, w->m->height, 2 * w->m->width, w->shown, GT_U8);
    size_t height = (size_t)w->m->height, line = (size_t)w->m->width * (size_t)w->shown;
    for (int k = 0; k < 2 && !st; k++)
        gt_grid_put(out->samples, k, 2, height, line, k ? w->result + (size_t)i * height * line : w->target);
    return st;
}

/* How the styles came about, but for the target. */
static void put_way(const work *w, gt_record_text *r, const gt_origin *o) {
    const gt_project_request *q = w->p->request;
    gt_record_put_text(r, "array", "w");
    gt_record_put_int(r, "steps", q->steps);
    gt_record_put_int(r, "noise_seed", (int64_t)q->seed);
    gt_record_put_text(r, "space", q->plus ? "w+" : "w");
    gt_record_put_text(r, "distance", w->p->lpips ? "lpips" : "own");
    if (w->p->label) gt_origin_put_label(r, o, w->p->label);
}

/* The record of the picture of the styles in w->ws, or of these styles as an array. Nothing is said of the target. */
static gt_status note_styles(const work *w, bool array, gt_record_notes *notes) {
    const gt_model *m = w->m;
    gt_origin o = w->p->origin;
    gt_record_text r = {0};
    gt_sha256 styles;
    *notes = (gt_record_notes){0};
    gt_status st = gt_sha256_of(w->ws, styles_of(w) * sizeof *w->ws, &styles);
    if (st || o.level == GT_RECORD_NONE) return st;
    if (array) o.of.command = "project", o.of.space = GT_STYLES;
    if (array) gt_origin_put(&r, &o, "array", 0, 0, 0, 32);
    else gt_origin_put(&r, &o, "picture", m->height, m->width, w->shown, 8);
    if (array) put_way(w, &r, &o);
    gt_record_put_sha256(&r, "styles_sha256", &styles);
    if (!array) gt_record_put_int(&r, "row", 0);
    return gt_origin_end(&o, &r, notes);
}

/* As `gantry generate --projected-w` writes its picture, whose bytes it has. */
static gt_status write_projected(const work *w, const char *path) {
    const gt_model *m = w->m;
    const gt_picture p = {.height = m->height, .width = m->width, .channels = w->shown, .samples = w->result};
    gt_record_notes notes;
    gt_status st = note_styles(w, false, &notes);
    if (!st) st = gt_png_write_noted(path, &p, &notes.notes);
    gt_record_notes_free(&notes);
    return st;
}

static gt_status write_pictures(work *w) {
    char path[PATH_BYTES];
    const gt_model *m = w->m;
    gt_picture both;
    gt_status st = generate(w, 1, w->t->params);
    if (!st) st = gt_png_write(path_of(w, "target.png", path), w->target, m->height, m->width, w->shown);
    if (!st) st = write_projected(w, path_of(w, "proj.png", path));
    if (st) return st;
    st = beside(w, 0, &both);
    if (!st) st = gt_png_write(path_of(w, "beside.png", path), both.samples, both.height, both.width, w->shown);
    gt_picture_free(&both);
    return st;
}

/* ---- the film ---- */

/* The frame whose result is the one `at` of the batch. */
static gt_status add_frame(const work *w, gt_film *film, const gt_film_of *of, int at) {
    gt_picture both;
    GT_FREED void *bytes = NULL;
    size_t n;
    gt_status st = beside(w, at, &both);
    if (st) return st;
    st = gt_film_pack(of, both.samples, &bytes, &n);
    if (!st) st = gt_film_add(film, bytes, n);
    gt_picture_free(&both);
    return st;
}

gt_film_of gt_projection_film(const gt_project_request *r, const gt_model *m, const char *standard) {
    bool named = r->film_path && *r->film_path;
    return (gt_film_of){.path = named ? r->film_path : standard,
                        .height = m->height,
                        .width = 2 * m->width,
                        .channels = gt_shown_channels(m),
                        .fps = FRAMES_PER_SECOND,
                        .quality = 90,
                        .ffmpeg = r->ffmpeg};
}

static gt_status write_film(work *w) {
    char path[PATH_BYTES];
    gt_film *film;
    gt_film_of of = gt_projection_film(w->p->request, w->m, path_of(w, "proj.webp", path));
    if (gt_film_check(&of)) {
        gt_warn("no film: %s", gt_message());
        return GT_OK;
    }
    of.frames = w->p->frames;
    gt_status st = gt_film_open(&film, &of);
    for (int64_t i = 0; i < w->p->frames && !st; i += w->batch) {
        int n = (int)gt_smallest(w->p->frames - i, w->batch);
        st = generate(w, n, w->t->path + (size_t)i * w->p->w_floats);
        for (int k = 0; k < n && !st; k++) st = add_frame(w, film, &of, k);
        gt_progress();
    }
    if (!st) st = gt_film_finish(film);
    gt_film_close(film);
    return st;
}

/* ---- numbers ---- */

static gt_status write_styles(work *w) {
    char path[PATH_BYTES];
    char network[GT_STYLES_NETWORK];
    int64_t num_ws = w->m->num_ws, w_dim = w->m->w_dim, steps[GT_PROJECT_FRAMES];
    gt_hash_hex(gt_generator_hash(w->p->generator), network);
    for (int64_t i = 0; i < w->p->frames; i++) steps[i] = gt_project_frame(w->p, i);
    spread(w, w->t->params, w->ws);
    const gt_array arrays[] = {
        {"w", GT_NUMBER_FLOAT, 3, {1, num_ws, w_dim}, w->ws},
        {"path", GT_NUMBER_FLOAT, 3, {w->p->frames, w->p->rows, w_dim}, w->t->path},
        {"steps", GT_NUMBER_INT64, 1, {w->p->frames}, steps},
        {GT_NETWORK_OF_STYLES, GT_NUMBER_TEXT, 2, {1, sizeof network}, network},
    };
    gt_record_notes notes;
    gt_status st = note_styles(w, true, &notes);
    if (!st)
        st = gt_arrays_write_noted(path_of(w, "projected_w.h5", path), arrays, sizeof arrays / sizeof *arrays,
                                   GT_NOTES_KEY, notes.json);
    const gt_weight_out out = {"w", 3, {1, num_ws, w_dim}, (size_t)(num_ws * w_dim), .data = w->ws};
    const gt_weight_text texts[] = {{GT_NETWORK_OF_STYLES, network}, {GT_NOTES_KEY, notes.json}};
    const gt_weights_out all = {.n = 1, .weights = &out, .n_texts = notes.json ? 2 : 1, .texts = texts};
    if (!st) st = gt_npz_write(path_of(w, "projected_w.npz", path), &all);
    gt_record_notes_free(&notes);
    return st;
}

static gt_status write_table(const work *w) {
    char path[PATH_BYTES];
    gt_buffer b = {0};
    gt_buffer_printf(&b, "step,dist,loss\n");
    for (int64_t i = 0; i < w->t->step; i++)
        gt_buffer_printf(&b, "%lld,%.9g,%.9g\n", (long long)i + 1, (double)w->t->curve[2 * i],
                         (double)w->t->curve[2 * i + 1]);
    return gt_buffer_write(&b, path_of(w, "curve.csv", path));
}

static gt_status draw_curve(const work *w) {
    char path[PATH_BYTES];
    size_t n = (size_t)w->t->step;
    const char *name = w->p->lpips ? "LPIPS" : "distance";
    double *x = malloc(3 * n * sizeof *x), *dist = x + n, *loss = x + 2 * n;
    if (!x) return gt_fail(GT_NOMEM, "out of memory for the curve of a projection");
    for (size_t i = 0; i < n; i++) {
        x[i] = (double)i + 1;
        dist[i] = (double)w->t->curve[2 * i];
        loss[i] = (double)w->t->curve[2 * i + 1];
    }
    const gt_curve curves[] = {{.label = "loss", .n = (int)n, .x = x, .y = loss},
                               {.label = name, .n = (int)n, .x = x, .y = dist}};
    gt_panel panel = {.title = w->t->name,
                      .x_label = "step",
                      .y_label = w->p->lpips ? "loss, LPIPS" : "loss, distance",
                      .y_scale = GT_LOG_10,
                      .n_curves = 2,
                      .curves = curves};
    gt_status st = gt_figure_write_png(path_of(w, "curve.png", path), &panel, 1, 1);
    free(x);
    return st;
}

/* ---- all of it ---- */

static gt_status prepare(work *w, gt_arena *a) {
    const gt_model *m = w->m;
    size_t pictures = pixels_of(w) * (size_t)(w->shown = gt_shown_channels(m));
    w->batch = gt_generator_batch(w->p->generator);
    w->target = gt_arena_array(a, 1 + (size_t)w->batch, pictures);
    w->ws = gt_arena_array(a, (size_t)w->batch, styles_of(w) * sizeof *w->ws);
    w->images = gt_arena_array(a, (size_t)w->batch, gt_model_floats(m) * sizeof *w->images);
    if (gt_arena_failed(a)) return GT_NOMEM;
    w->result = w->target + pictures;
    gt_show_images(w->m, &GT_SAMPLES_OF_8_BITS, 1, w->t->image, w->target);
    return GT_OK;
}

gt_status gt_projection_results(gt_projector *p, const gt_projection *t) {
    work w = {.p = p, .t = t, .m = p->net.model};
    GT_ARENA gt_arena *a = gt_arena_new();
    gt_status st = a ? prepare(&w, a) : GT_NOMEM;
    if (!st) st = write_pictures(&w);
    if (!st) st = write_table(&w);
    if (!st) st = draw_curve(&w);
    if (!st && p->request->film) st = write_film(&w);
    if (!st) st = write_styles(&w); /* last: projected_w.npz is the mark of a target that is done */
    return st;
}
