/* SPDX-License-Identifier: Apache-2.0
 * Style mixing: see features/mix/mix.h. The cells of the grid are made in their order, row by row, so that the grid is
 * written while they are made; the rank that makes a cell writes the cell's own file. */
#include "features/mix/mix.h"

#include <stdio.h>
#include <string.h>

#include "files/codec/door/sample.h"
#include "gantry/rundir.h"
#include "runner/door/roles.h"
#include "runner/generator/door/pictures.h"
#include "runner/generator/door/styles.h"

typedef struct work {
    gt_pictures p;
    const gt_mix_request *request;
    bool *mixed; /* [num_ws]: the layer comes from the column */
    gt_collection_of of;
    char path[4096]; /* of grid.png */
    float *other;    /* as ws of a batch: of the columns */
    size_t picture;  /* bytes */
    int class;       /* of all images, in the names of their files; -1: none */
} work;

/* ---- cells ---- */

typedef struct cell {
    int64_t row, column; /* seeds; in the first row and column of the grid both are the same */
    bool corner;         /* white */
    bool repeated;       /* another cell has the same file */
} cell;

static bool has(const int64_t *list, int64_t n, int64_t seed) {
    for (int64_t i = 0; i < n; i++)
        if (list[i] == seed) return true;
    return false;
}

static cell cell_at(const gt_mix_request *r, int64_t i) {
    int64_t y = i / (r->n_columns + 1), x = i % (r->n_columns + 1);
    if (!x && !y) return (cell){.corner = true};
    if (!y) return (cell){r->columns[x - 1], r->columns[x - 1], false, has(r->columns, x - 1, r->columns[x - 1])};
    int64_t row = r->rows[y - 1];
    bool again = has(r->rows, y - 1, row);
    if (!x) return (cell){row, row, false, again || has(r->columns, r->n_columns, row)};
    int64_t column = r->columns[x - 1];
    return (cell){row, column, false, again || row == column || has(r->columns, x - 1, column)};
}

/* ---- before the work ---- */

static gt_status read_styles(work *w) {
    int layers = w->p.model->num_ws;
    const char *text = w->request->styles;
    if (*text) return gt_layers_read(text, layers, w->mixed);
    for (int i = 0; i < layers; i++) w->mixed[i] = i < 7 && i < layers / 2;
    return GT_OK;
}

/* Where all layers are of one seed, the record of a picture would name another one that had no effect. */
static gt_status check_again(const work *w) {
    int mixed = 0;
    for (int i = 0; i < w->p.model->num_ws; i++) mixed += w->mixed[i];
    return w->request->again && (!mixed || mixed == w->p.model->num_ws)
               ? gt_fail(GT_UNDECIDED, "its record mixes all layers or none: one of the seeds has no effect")
               : GT_OK;
}

static gt_status plan_grid(work *w) {
    const gt_mix_request *r = w->request;
    const gt_model *m = w->p.model;
    int shown = gt_shown_channels(m);
    if (snprintf(w->path, sizeof w->path, "%s/grid.png", r->outdir) >= (int)sizeof w->path)
        return gt_fail(GT_USAGE, "--outdir: the path is too long");
    w->picture = gt_model_floats(m) / (size_t)m->channels * (size_t)shown;
    w->of = (gt_collection_of){.path = w->path,
                               .n = (r->n_rows + 1) * (r->n_columns + 1),
                               .type = GT_U8,
                               .n_dims = 3,
                               .dims = {m->height, m->width, shown},
                               .columns = r->n_columns + 1,
                               .rows = r->n_rows + 1};
    return gt_collection_check(&w->of);
}

static gt_status open_generator(work *w) {
    gt_status st = gt_pictures_open(&w->p, true);
    if (st) return st;
    const gt_model *m = w->p.model;
    if (!gt_role_needed(m, GT_ROLE_MAPPING)) return GT_USAGE;
    w->mixed = gt_arena_array(w->p.arena, (size_t)m->num_ws, sizeof *w->mixed);
    w->other = gt_arena_array(w->p.arena, (size_t)w->p.batch, (size_t)m->num_ws * (size_t)m->w_dim * sizeof *w->other);
    return gt_arena_failed(w->p.arena) ? GT_NOMEM : GT_OK;
}

/* ---- records ---- */

static void put_mixture(const work *w, gt_record_text *r) {
    int64_t layers[1024];
    int n = 0;
    for (int i = 0; i < w->p.model->num_ws && n < 1024; i++)
        if (w->mixed[i]) layers[n++] = i;
    gt_record_put_ranges(r, "styles", layers, n);
    gt_origin_put_label(r, &w->p.origin, w->p.labels);
}

static gt_status note_cell(const work *w, const cell *c, gt_record_notes *notes) {
    const gt_model *m = w->p.model;
    gt_record_text r = {0};
    *notes = (gt_record_notes){0};
    if (w->p.origin.level == GT_RECORD_NONE) return GT_OK;
    gt_origin_put(&r, &w->p.origin, "picture", m->height, m->width, gt_shown_channels(m), 8);
    put_mixture(w, &r);
    gt_record_put_int(&r, "row_seed", c->row);
    gt_record_put_int(&r, "column_seed", c->column);
    return gt_origin_end(&w->p.origin, &r, notes);
}

static gt_status note_grid(work *w) {
    const gt_mix_request *q = w->request;
    const gt_model *m = w->p.model;
    gt_record_text r = {0};
    if (w->p.origin.level == GT_RECORD_NONE) return GT_OK;
    gt_origin_put(&r, &w->p.origin, "sheet", w->of.rows * m->height, w->of.columns * m->width, gt_shown_channels(m), 8);
    put_mixture(w, &r);
    gt_record_put_int(&r, "columns", w->of.columns);
    gt_record_put_int(&r, "rows", w->of.rows);
    gt_record_put_ranges(&r, "row_seeds", q->rows, q->n_rows);
    gt_record_put_ranges(&r, "column_seeds", q->columns, q->n_columns);
    gt_status st = gt_origin_end(&w->p.origin, &r, &w->p.notes);
    if (w->p.notes.json) w->of.notes = &w->p.notes.notes;
    return st;
}

static gt_status prepare(work *w) {
    const gt_mix_request *r = w->request;
    gt_status st = read_styles(w);
    if (!st) st = check_again(w);
    bool *again;
    if (!st) st = gt_generator_asked_labels(w->p.generator, &w->request->condition, w->p.labels);
    if (!st) w->class = gt_generator_class_of(w->p.generator, w->p.labels);
    if (!st) st = gt_seeds_repeated(w->p.arena, "--rows", r->n_rows, r->rows, &again);
    if (!st) st = gt_seeds_repeated(w->p.arena, "--cols", r->n_columns, r->columns, &again);
    if (!st) st = plan_grid(w);
    if (st || w->p.comm->rank) return st;
    gt_shown_say(w->p.model, gt_generator_channels(w->p.generator), "");
    st = gt_rundir_prepare(r->outdir, 2 * (size_t)w->of.n * w->picture);
    if (st) return st;
    gt_halves_clear(r->outdir);
    if ((st = note_grid(w))) return st;
    return gt_collection_open(&w->p.all, &w->of);
}

/* ---- the work ---- */

/* Styles of the seeds of n cells: of their rows, or of their columns. */
static gt_status styles_of(work *w, int64_t first, int n, bool columns, float *ws) {
    int z_dim = w->p.model->z_dim;
    for (int i = 0; i < n; i++) {
        cell c = cell_at(w->request, first + i);
        gt_seed_latent((uint32_t)(columns ? c.column : c.row), z_dim, w->p.z + (size_t)i * (size_t)z_dim);
    }
    return gt_generator_styles(w->p.generator, w->p.z, w->p.labels, ws);
}

/* A layer has the style, and the fresh noise, of the column's seed or of the row's. */
static void mix(work *w, int64_t first, int n) {
    size_t dim = (size_t)w->p.model->w_dim, layers = (size_t)w->p.model->num_ws;
    for (size_t i = 0; i < (size_t)n; i++) {
        cell c = cell_at(w->request, first + (int64_t)i);
        for (size_t k = 0, at = i * layers * dim; k < layers; k++, at += dim) {
            gt_generator_number(w->p.generator, (int)i, (int)k, (uint32_t)(w->mixed[k] ? c.column : c.row));
            if (w->mixed[k]) memcpy(w->p.ws + at, w->other + at, dim * sizeof *w->p.ws);
        }
    }
}

/* ---- files ---- */

static gt_status write_cell(const work *w, const cell *c, int i) {
    gt_record_notes notes;
    char path[4200], class[32] = "";
    if (c->corner || c->repeated) return GT_OK;
    if (w->class >= 0) snprintf(class, sizeof class, "-class%d", w->class);
    snprintf(path, sizeof path, "%s/%lld-%lld%s.png", w->request->outdir, (long long)c->row, (long long)c->column,
             class);
    gt_status st = note_cell(w, c, &notes);
    return st ? st : gt_pictures_write(&w->p, path, GT_U8, i, &notes);
}

static gt_status make_cells(void *arg, int64_t first, int n, gt_buffer *out) {
    work *w = arg;
    gt_status st = styles_of(w, first, n, false, w->p.ws);
    if (!st) st = styles_of(w, first, n, true, w->other);
    if (!st) mix(w, first, n);
    if (!st) gt_edits_apply(w->p.edits, 0, n, w->p.ws);
    if (!st) st = gt_generator_run_styles_numbered(w->p.generator, w->p.ws, w->p.images);
    if (st) return st;
    gt_show_images(w->p.model, &GT_SAMPLES_OF_8_BITS, n, w->p.images, w->p.pictures);
    for (int i = 0; i < n && !st; i++) {
        cell c = cell_at(w->request, first + i);
        if (c.corner) memset(w->p.pictures + (size_t)i * w->picture, 255, w->picture);
        st = write_cell(w, &c, i);
    }
    gt_buffer_add(out, w->p.pictures, (size_t)n * w->picture);
    return st;
}

gt_status gt_mix_all(gt_comm *comm, const gt_mix_request *request, int64_t *replaced) {
    work w = {.request = request,
              .p = {.comm = comm,
                    .record = request->record,
                    .stop = request->stop,
                    .of = {.command = "mix",
                           .checkpoint = request->checkpoint,
                           .options = &request->options,
                           .edit = &request->edit,
                           .again = request->again}}};
    gt_status st = gt_comm_agree_all(comm, open_generator(&w));
    if (!st) st = gt_pictures_origin_all(&w.p, false);
    if (!st) st = gt_comm_agree_all(comm, prepare(&w));
    if (!st)
        st = gt_pictures_make_all(
            &w.p, &(gt_in_order){.count = w.of.n, .doing = "mixing", .of = "images", .make = make_cells}, true);
    *replaced = w.p.replaced;
    gt_pictures_close(&w.p);
    return st;
}
