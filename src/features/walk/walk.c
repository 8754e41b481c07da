/* SPDX-License-Identifier: Apache-2.0
 * Walks as films: see features/walk/walk.h. A frame is a function of its number alone; ranks make some frames at a
 * time. */
#include "features/walk/walk.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "files/codec/door/grid.h"
#include "files/codec/door/sample.h"
#include "features/walk/curve.h"
#include "runner/generator/door/pictures.h"
#include "runner/generator/door/styles.h"

enum { POINTS = 4 }; /* of a curve that count at a time */

typedef struct work {
    gt_pictures p;
    const gt_walk_request *request;
    int cells, columns; /* walks side by side */
    bool styles;        /* the curve is one of styles */
    bool *moves;        /* [num_ws]: the layer does */
    int classes;        /* 0: the generator takes no labels */
    float *class;       /* [classes,label_dim] */
    float *still;       /* [cells,num_ws,w_dim]: styles of the first frame; NULL: all layers move */
    float *point;       /* [POINTS] latents; or styles, of a batch */
    uint8_t *frame;
    gt_record_text common; /* of the film and its frames */
    gt_film_of of;
} work;

/* ---- before the work ---- */

static int count_parts(const char *text) {
    int n = *text != 0;
    for (; *text; text++) n += *text == ',';
    return n;
}

/* The labels that the walk passes. */
static gt_status read_classes(work *w) {
    gt_condition c = w->request->condition;
    const char *text = c.class;
    size_t dim = (size_t)gt_generator_labels(w->p.generator);
    int parts = count_parts(text);
    w->class = gt_arena_array(w->p.arena, (size_t)parts + 1, dim * sizeof *w->class);
    char *rest = gt_arena_printf(w->p.arena, "%s", text);
    if (!w->class || !rest) return GT_NOMEM;
    gt_status st = GT_OK;
    for (int i = 0; i < (parts ? parts : 1) && !st; i++) {
        c.class = strsep(&rest, ",");
        st = gt_generator_asked_label(w->p.generator, &c, w->class + (size_t)i * dim);
    }
    w->classes = dim ? parts + !parts : 0;
    return st;
}

static gt_status choose_space(work *w) {
    const gt_walk_request *r = w->request;
    int layers = w->p.model->num_ws;
    if (!layers && r->space == GT_WALK_STYLES)
        return gt_fail(GT_USAGE, "--space=w: the model '%s' has no styles; --space=z walks in its latents",
                       w->p.model->name);
    if (!layers && *r->styles) return gt_fail(GT_USAGE, "--styles: the model '%s' has no styles", w->p.model->name);
    w->styles = layers && r->space != GT_WALK_LATENTS;
    return *r->styles ? gt_layers_read(r->styles, layers, w->moves) : GT_OK;
}

static gt_status lay_out(work *w) {
    const gt_walk_request *r = w->request;
    const gt_model *m = w->p.model;
    int rows = r->grid.columns ? r->grid.rows : 1;
    w->columns = r->grid.columns ? r->grid.columns : 1;
    w->cells = w->columns * rows;
    if (w->cells > r->n)
        return gt_fail(GT_USAGE,
                       "--grid=%dx%d has %d walks, and each needs its own first seed; there are only %lld seeds",
                       w->columns, rows, w->cells, (long long)r->n);
    if (r->n < 2 && w->classes < 2 && !gt_edits_moving(w->p.edits))
        return gt_fail(GT_USAGE,
                       "nothing would move: at least two seeds are needed, or two classes (--class=A,B), or a "
                       "strength that changes (--edit=d0:-3..3)");
    w->of = r->film;
    w->of.frames = r->count ? r->count : r->frames;
    w->of.channels = gt_shown_channels(m);
    gt_status st = gt_grid_check(w->columns, rows, m->height, m->width, w->of.channels);
    if (st) return gt_wrap(st, "--grid");
    w->of.height = rows * m->height;
    w->of.width = w->columns * m->width;
    return gt_film_check(&w->of);
}

static gt_status make_arrays(work *w) {
    const gt_model *m = w->p.model;
    size_t batch = (size_t)w->p.batch, row = (size_t)m->num_ws * (size_t)m->w_dim;
    w->point = gt_arena_array(w->p.arena, w->styles ? batch : POINTS,
                              (w->styles ? row : (size_t)m->z_dim) * sizeof *w->p.z);
    w->frame = gt_arena_array(w->p.arena, (size_t)w->cells, gt_model_floats(m));
    if (*w->request->styles) w->still = gt_arena_array(w->p.arena, (size_t)w->cells, row * sizeof *w->still);
    return gt_arena_failed(w->p.arena) ? GT_NOMEM : GT_OK;
}

/* ---- latents, styles and images of frames ---- */

/* A sample is a cell of a frame: sample = frame x cells + cell. */
static int64_t frame_of(const work *w, int64_t sample) { return sample / w->cells; }

/* ---- records ---- */

/* The classes that the walk passes; labels that are vectors one after the other. */
static void put_classes(const work *w, gt_record_text *r) {
    int dim = gt_generator_labels(w->p.generator), class = -1, n = w->classes;
    size_t bytes = (size_t)dim * sizeof *w->class;
    GT_BUFFER gt_buffer text = {0};
    while (n > 1 && !memcmp(w->class + (n - 1) * dim, w->class, bytes)) n--; /* one that stays is said once */
    if (n > 1) n = w->classes;
    for (int i = 0; i < n; i++) {
        class = gt_generator_class_of(w->p.generator, w->class + i * dim);
        if (class < 0) break;
        gt_buffer_printf(&text, "%s#%d", i ? "," : "", class);
    }
    if (n && class >= 0 && !text.failed) gt_record_put_text(r, "classes", text.data);
    else if (n) gt_record_put_floats(r, "label", w->class, dim); /* there is one alone */
    r->json.failed |= text.failed;
}

static void put_walk(work *w) {
    const gt_walk_request *q = w->request;
    gt_record_text *r = &w->common;
    gt_film_kind kind = gt_film_kind_of(q->film.path);
    bool folder = kind == GT_FILM_FOLDER;
    gt_origin_put(r, &w->p.origin, folder ? "frame" : "film", w->of.height, w->of.width, w->of.channels, 8);
    put_classes(w, r);
    gt_record_put_ranges(r, "seeds", q->seeds, q->n);
    gt_record_put_text(r, "space", w->styles ? "w" : "z");
    if (*q->styles) gt_record_put_text(r, "styles", q->styles);
    gt_record_put_int(r, "columns", w->columns);
    gt_record_put_int(r, "rows", w->cells / w->columns);
    gt_record_put_int(r, "frames", q->frames);
    gt_record_put_bool(r, "loop", q->loop);
    if (folder) return;
    gt_record_put_double(r, "fps", q->film.fps);
    if (kind != GT_FILM_WEBP) return;
    gt_record_put_bool(r, "lossless", q->film.lossless);
    if (!q->film.lossless) gt_record_put_double(r, "quality", q->film.quality);
}

/* Of the film, or of one of its frames in a folder. */
static gt_status note_frame(const work *w, int64_t frame, gt_record_notes *notes) {
    gt_record_text r = {0};
    *notes = (gt_record_notes){0};
    if (w->p.origin.level == GT_RECORD_NONE) return GT_OK;
    gt_record_put_all(&r, &w->common);
    if (frame >= 0) gt_record_put_int(&r, "frame", frame);
    return gt_origin_end(&w->p.origin, &r, notes);
}

static gt_curve_place place_of(const work *w, int64_t sample) {
    const gt_walk_request *r = w->request;
    int64_t parts = r->loop ? r->n : r->n - 1;
    return gt_curve_at(gt_curve_time(frame_of(w, sample), r->frames, parts, r->loop), r->n, r->loop);
}

/* Walks begin at different seeds, and all pass the seeds in one order. */
static uint32_t seed_of(const work *w, int64_t sample, int64_t point) {
    const gt_walk_request *r = w->request;
    int64_t start = sample % w->cells * r->n / w->cells;
    return (uint32_t)r->seeds[(point + start) % r->n];
}

static void write_label(const work *w, int64_t sample, float *label) {
    const gt_walk_request *r = w->request;
    if (!w->classes) return;
    int dim = gt_generator_labels(w->p.generator), parts = r->loop ? w->classes : w->classes - 1;
    double t = gt_curve_time(frame_of(w, sample), r->frames, parts, r->loop);
    int from = (int)t % w->classes, to = (from + 1) % w->classes;
    float v = to == from ? 0 : (float)(t - floor(t));
    for (int k = 0; k < dim; k++)
        label[k] = (1 - v) * w->class[from * dim + k] + (v > 0 ? v * w->class[to * dim + k] : 0);
}

static void write_labels(const work *w, int64_t first, int n) {
    for (int i = 0; i < n; i++) write_label(w, first + i, w->p.labels + i * gt_generator_labels(w->p.generator));
}

/* Latents on the curve. */
static void write_latents(const work *w, int64_t first, int n) {
    int z_dim = w->p.model->z_dim;
    const float *points[POINTS];
    for (int j = 0; j < POINTS; j++) points[j] = w->point + (size_t)j * (size_t)z_dim;
    for (int i = 0; i < n; i++) {
        gt_curve_place p = place_of(w, first + i);
        for (int j = 0; j < POINTS; j++)
            gt_seed_latent(seed_of(w, first + i, p.point[j]), z_dim, w->point + (size_t)j * (size_t)z_dim);
        gt_curve_latent(&p, points, (size_t)z_dim, w->p.z + (size_t)i * (size_t)z_dim);
    }
}

/* Styles on the curve: the sum of those of the points, each with the label of the moment. */
static gt_status sum_styles(work *w, int64_t first, int n) {
    int z_dim = w->p.model->z_dim;
    size_t row = (size_t)w->p.model->num_ws * (size_t)w->p.model->w_dim;
    gt_status st = GT_OK;
    memset(w->p.ws, 0, (size_t)n * row * sizeof *w->p.ws);
    for (int j = 0; j < POINTS && !st; j++) {
        for (int i = 0; i < n; i++)
            gt_seed_latent(seed_of(w, first + i, place_of(w, first + i).point[j]), z_dim,
                           w->p.z + (size_t)i * (size_t)z_dim);
        st = gt_generator_styles(w->p.generator, w->p.z, w->p.labels, w->point);
        for (int i = 0; i < n && !st; i++) {
            float weight = (float)place_of(w, first + i).weight[j];
            for (size_t k = (size_t)i * row; k < (size_t)(i + 1) * row && weight != 0; k++)
                w->p.ws[k] += weight * w->point[k];
        }
    }
    return st;
}

static gt_status styles_of(work *w, int64_t first, int n) {
    if (w->styles) return sum_styles(w, first, n);
    write_latents(w, first, n);
    return gt_generator_styles(w->p.generator, w->p.z, w->p.labels, w->p.ws);
}

/* What does not move is as in the first frame. */
static void hold_still(const work *w, int64_t first, int n) {
    size_t dim = (size_t)w->p.model->w_dim, layers = (size_t)w->p.model->num_ws;
    for (size_t i = 0; i < (size_t)n * layers && w->still; i++) {
        size_t cell = (size_t)((first + (int64_t)(i / layers)) % w->cells);
        if (!w->moves[i % layers])
            memcpy(w->p.ws + i * dim, w->still + (cell * layers + i % layers) * dim, dim * sizeof *w->p.ws);
    }
}

/* With --loop strengths that change come back. */
static void edit_styles(const work *w, int64_t first, int n) {
    const gt_walk_request *r = w->request;
    size_t row = (size_t)w->p.model->num_ws * (size_t)w->p.model->w_dim;
    for (int i = 0; i < n; i++) {
        double t = gt_curve_time(frame_of(w, first + i), r->frames, 1, r->loop);
        gt_edits_apply(w->p.edits, r->loop ? 1 - fabs(1 - 2 * t) : t, 1, w->p.ws + (size_t)i * row);
    }
}

static gt_status find_still(work *w) {
    size_t row = (size_t)w->p.model->num_ws * (size_t)w->p.model->w_dim;
    int batch = w->p.batch;
    gt_status st = GT_OK;
    for (int cell = 0; cell < w->cells && w->still && !st; cell += batch) {
        int n = w->cells - cell < batch ? w->cells - cell : batch;
        write_labels(w, cell, n);
        st = styles_of(w, cell, n);
        memcpy(w->still + (size_t)cell * row, w->p.ws, (size_t)n * row * sizeof *w->p.ws);
    }
    return st;
}

/* Fresh noise would flicker: all frames have that of the seed with which their walk begins. */
static void number_samples(work *w, int64_t first, int n) {
    for (int i = 0; i < n; i++) gt_generator_number(w->p.generator, i, GT_ALL_LAYERS, seed_of(w, first + i, 0));
}

static gt_status make_samples(work *w, int64_t first, int n) {
    write_labels(w, first, n);
    number_samples(w, first, n);
    gt_status st = GT_OK;
    if (w->p.model->num_ws) {
        st = styles_of(w, first, n);
        hold_still(w, first, n);
        if (!st) edit_styles(w, first, n);
        if (!st) st = gt_generator_run_styles_numbered(w->p.generator, w->p.ws, w->p.images);
    } else {
        write_latents(w, first, n);
        st = gt_generator_run_numbered(w->p.generator, w->p.z, w->p.labels, w->p.images);
    }
    if (!st) gt_show_images(w->p.model, &GT_SAMPLES_OF_8_BITS, n, w->p.images, w->p.pictures);
    return st;
}

/* ---- frames ---- */

static gt_status pack_frame(const work *w, int64_t frame, gt_buffer *out) {
    GT_FREED void *bytes = NULL;
    size_t n = 0;
    bool alone = gt_film_kind_of(w->of.path) == GT_FILM_FOLDER;
    gt_film_of of = w->of;
    gt_record_notes notes = {0};
    gt_status st = alone ? note_frame(w, frame, &notes) : GT_OK;
    of.notes = alone ? &notes.notes : NULL;
    if (!st) st = gt_film_pack(&of, w->frame, &bytes, &n);
    gt_record_notes_free(&notes);
    if (st) return st;
    uint64_t size = n;
    gt_buffer_add(out, &size, sizeof size);
    gt_buffer_add(out, bytes, n);
    return GT_OK;
}

static gt_status make_frames(void *arg, int64_t first, int n, gt_buffer *out) {
    work *w = arg;
    int batch = w->p.batch;
    first += w->request->from;
    size_t line = (size_t)w->p.model->width * (size_t)w->of.channels, height = (size_t)w->p.model->height;
    int64_t begin = first * w->cells, end = (first + n) * w->cells;
    gt_status st = GT_OK;
    for (int64_t sample = begin; sample < end && !st; sample += batch) {
        int count = end - sample < batch ? (int)(end - sample) : batch;
        st = make_samples(w, sample, count);
        for (int i = 0; i < count && !st; i++) {
            int cell = (int)((sample + i) % w->cells);
            gt_grid_put(w->frame, cell, w->columns, height, line, w->p.pictures + (size_t)i * height * line);
            if (cell + 1 == w->cells) st = pack_frame(w, frame_of(w, sample + i), out);
        }
    }
    return st;
}

static gt_status prepare(work *w) {
    w->moves = gt_arena_array(w->p.arena, (size_t)w->p.model->num_ws + 1, sizeof *w->moves);
    if (!w->moves) return GT_NOMEM;
    gt_status st = choose_space(w);
    if (!st) st = read_classes(w);
    if (!st) st = lay_out(w);
    if (!st) st = make_arrays(w);
    if (!st) st = find_still(w);
    if (!st && w->p.origin.level != GT_RECORD_NONE) put_walk(w);
    if (!st && gt_film_kind_of(w->of.path) != GT_FILM_FOLDER) st = note_frame(w, -1, &w->p.notes);
    w->of.notes = w->p.notes.json ? &w->p.notes.notes : NULL;
    if (st || w->p.comm->rank) return st;
    gt_shown_say(w->p.model, gt_generator_channels(w->p.generator), "");
    return gt_film_open(&w->p.film, &w->of);
}

gt_status gt_walk_all(gt_comm *comm, const gt_walk_request *request) {
    work w = {.request = request,
              .p = {.comm = comm,
                    .record = request->record,
                    .stop = request->stop,
                    .of = {.command = "walk",
                           .checkpoint = request->checkpoint,
                           .options = &request->options,
                           .edit = &request->edit,
                           .again = request->again}}};
    gt_status st = gt_comm_agree_all(comm, gt_pictures_open(&w.p, true));
    if (!st) st = gt_pictures_origin_all(&w.p, true);
    if (!st) st = gt_comm_agree_all(comm, prepare(&w));
    int batch = st ? 1 : w.p.batch / w.cells;
    if (!st)
        st = gt_pictures_make_all(&w.p,
                                  &(gt_in_order){.count = w.of.frames,
                                                 .batch = batch < 1 ? 1 : batch,
                                                 .doing = "walking",
                                                 .of = "frames",
                                                 .make = make_frames},
                                  true);
    gt_record_free(&w.common);
    gt_pictures_close(&w.p);
    return st;
}
