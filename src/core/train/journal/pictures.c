/* SPDX-License-Identifier: Apache-2.0
 * Writes reals.png, fakes*.png and, of a model that encodes, reconstructions*.png; and confusion.png. All pictures of a
 * run show the same items and latents. All ranks make the fakes, a slice at a time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "files/codec/door/grid.h"
#include "gantry/encode.h"
#include "gantry/preview.h"
#include "figures/door/figure.h"
#include "runner/door/items.h"
#include "base/door/log.h"
#include "metrics/door/metric.h"
#include "base/door/random.h"
#include "train/door/measurer.h"
#include "train/journal/journal.h"
#include "runner/door/each_item.h"
#include "runner/door/runner.h"

static int cells_of(const gt_grid *g) { return g->columns * g->rows; }

gt_status gt_sheet_grid(const gt_engine *e, gt_grid *grid) {
    gt_status st = gt_grid_parse(e->job->grid, grid);
    if (!st) gt_grid_fit(grid, e->info->height, e->info->width);
    return st;
}

/* The grid, and the items of the data in its cells (free them), the same on all ranks. */
static gt_status grid_of(const gt_engine *e, gt_grid *grid, int64_t **items) {
    gt_status st = gt_sheet_grid(e, grid);
    if (st) return st;
    *items = calloc((size_t)cells_of(grid), sizeof **items);
    if (!*items) return gt_fail(GT_NOMEM, "out of memory for a grid of %dx%d pictures", grid->columns, grid->rows);
    return gt_grid_choose(grid, e->info->count, e->info->label_width, gt_engine_label_of, e->data, *items);
}

static void note(gt_journal *j, unsigned kind, bool failed) {
    gt_log_outcome(&j->pictures_failing, failed, "pictures");
    if (failed) j->owed |= kind;
    else j->owed &= ~kind;
}

static void drop_oldest(gt_journal *j) {
    free(j->unwritten[0].png);
    memmove(j->unwritten, j->unwritten + 1, (size_t)--j->n_unwritten * sizeof *j->unwritten);
}

void gt_journal_forget_pictures(gt_journal *j) {
    while (j->n_unwritten) drop_oldest(j);
}

void gt_journal_write_again(gt_journal *j) {
    bool failed = false;
    while (j->n_unwritten && !failed) {
        char path[4200];
        snprintf(path, sizeof path, "%s/%s", j->dir, j->unwritten[0].name);
        failed = gt_file_write(path, j->unwritten[0].png, j->unwritten[0].bytes) != GT_OK;
        gt_log_outcome(&j->pictures_failing, failed, "pictures");
        if (!failed) drop_oldest(j);
    }
}

static void keep_unwritten(gt_journal *j, const char *name, const gt_grid_png *picture) {
    if (j->n_unwritten == GT_UNWRITTEN_MOST) drop_oldest(j);
    gt_unwritten *u = &j->unwritten[j->n_unwritten++];
    *u = (gt_unwritten){.png = picture->png, .bytes = picture->bytes};
    snprintf(u->name, sizeof u->name, "%s", name);
}

/* Pictures [cells,H,W,C] with values -1..1 into the directory of the run and its logs, as one of a series; `shown`:
 * also on the terminal, where that is wanted. */
static void write_grid(gt_engine *e, gt_journal *j, const char *name, const char *series, unsigned kind,
                       const gt_grid *grid, const float *images, bool shown) {
    char path[4200];
    gt_grid_png picture;
    gt_journal_write_again(j);
    snprintf(path, sizeof path, "%s/%s", j->dir, name);
    gt_status st = gt_grid_write(path, images, grid->columns, grid->rows, e->info->height, e->info->width,
                                 e->info->channels, -1, 1, &picture);
    note(j, kind, st != GT_OK);
    if (!picture.png) return;
    if (shown && gt_preview_bytes(e->job->preview, picture.png, picture.bytes, name))
        gt_warn("%s is not shown: %s", name, gt_message());
    j->owed &= ~kind;
    gt_runlog_picture(j->log, e->shown, series, picture.width, picture.height, picture.channels, picture.png,
                      picture.bytes);
    if (st) keep_unwritten(j, name, &picture);
    else free(picture.png);
}

/* The data's images in the cells of the grid: for the measurers and, at the beginning of a run, as a picture. */
static gt_status take_reals(gt_engine *e, gt_journal *j, bool write) {
    gt_grid grid;
    GT_FREED int64_t *items = NULL;
    gt_status st = grid_of(e, &grid, &items);
    GT_FREED float *images = st ? NULL : calloc((size_t)cells_of(&grid), gt_model_floats(e->model) * sizeof *images);
    if (!st && !images) st = gt_fail(GT_NOMEM, "out of memory for reals.png");
    if (!st) st = gt_read_images(e->data, cells_of(&grid), items, images);
    if (!st) gt_sheet_metrics_add(e->sheets, GT_SHEET_REALS, images);
    if (!st && write) {
        gt_grid_empty(items, cells_of(&grid), gt_model_floats(e->model), images);
        write_grid(e, j, "reals.png", "reals", GT_OWES_REALS, &grid, images, false);
    }
    return st;
}

gt_status gt_journal_reals(gt_engine *e, gt_journal *j) { return e->comm->rank ? GT_OK : take_reals(e, j, true); }

typedef struct drawing {
    gt_engine *engine;
    const int64_t *items;
    int cells;
    float *real; /* room for a picture, whose conditions the cell has; NULL: there are no conditions */
} drawing;

static gt_status put_conditions(const drawing *d, int64_t cell, float *z) {
    int64_t item = d->items[cell];
    gt_status st = d->real && item >= 0 ? gt_read_images(d->engine->data, 1, &item, d->real) : GT_OK;
    if (!st && d->real && item >= 0) gt_model_put_conditions(d->engine->model, d->real, z);
    return st;
}

/* Cells first .. first+n-1, with latents and labels that depend on the cell alone. */
static gt_status make_cells(void *arg, int64_t first, int n, const float *none, void *images) {
    (void)none;
    const drawing *d = arg;
    gt_engine *e = d->engine;
    const gt_model *m = e->model;
    float *z = gt_exec_input(e->generator, "z"), *c = gt_exec_input(e->generator, "c");
    gt_status st = GT_OK;
    for (int i = 0; i < e->drawn && !st; i++) {
        int64_t cell = first + i < d->cells ? first + i : d->cells - 1;
        gt_key key = {(uint64_t)e->job->seed, gt_stream("grid/z"), 0, (uint32_t)cell};
        if (z) gt_random_normal(key, z + (size_t)i * (size_t)m->z_dim, (size_t)m->z_dim);
        if (c && m->label_dim) gt_dataset_label(e->data, d->items[cell], c + (size_t)i * (size_t)m->label_dim);
        if (z) st = put_conditions(d, cell, z + (size_t)i * (size_t)m->z_dim);
    }
    if (!st) st = gt_exec_run(e->generator, &(gt_exec_env){.seed = (uint64_t)e->job->seed, .step = e->step});
    if (!st)
        memcpy(images, gt_exec_output(e->generator, "image"), (size_t)n * gt_model_floats(e->model) * sizeof(float));
    return st;
}

static gt_status prepare_generator_all(gt_engine *e) {
    gt_engine_gather_average_all(e);
    return gt_comm_agree_all(e->comm, gt_exec_prepare(e->generator, &(gt_exec_env){.seed = (uint64_t)e->job->seed}));
}

bool gt_sheet_is_due(double last, double now, double every) {
    static const double early[] = {60, 120, 300, 600};
    double next = last + every;
    for (size_t i = 0; i < sizeof early / sizeof *early; i++)
        if (early[i] > last && early[i] < next) next = early[i];
    return every > 0 && now >= next;
}

static void no_pictures(gt_journal *j, unsigned kind) {
    gt_warn("no pictures this time: %s", gt_message());
    j->owed |= kind;
}

/* Without memory for the grid a run goes on without pictures; a generator that fails ends the run. */
gt_status gt_fakes_all(gt_engine *e, gt_journal *j, bool measured) {
    gt_grid grid;
    GT_FREED int64_t *items = NULL;
    GT_FREED void *fakes = NULL;
    char name[40];
    if (!e->generator) return GT_OK;
    gt_status failed = prepare_generator_all(e);
    if (failed) return failed;
    gt_status st = gt_comm_agree_all(e->comm, grid_of(e, &grid, &items));
    GT_FREED float *real = e->model->conditions ? calloc(gt_model_floats(e->model), sizeof *real) : NULL;
    if (!st && e->model->conditions && !real) st = gt_fail(GT_NOMEM, "out of memory for a picture");
    drawing d = {.engine = e, .items = items, .real = real};
    gt_each_item each = {.comm = e->comm,
                         .batch = e->drawn,
                         .bytes = gt_model_floats(e->model) * sizeof(float),
                         .doing = "drawing",
                         .make = make_cells,
                         .arg = &d};
    if (!st) {
        each.count = d.cells = cells_of(&grid);
        st = gt_each_item_all(&each, &fakes);
    }
    if (st == GT_NOMEM && e->comm->rank == 0) no_pictures(j, GT_OWES_FAKES);
    if (fakes) {
        /* in a resumed run; without reals fakes are measured all the same */
        if (measured && !gt_sheet_metrics_know_reals(e->sheets)) take_reals(e, j, false);
        gt_grid_fakes_name(e->shown, name);
        write_grid(e, j, name, "fakes", GT_OWES_FAKES, &grid, fakes, true);
        /* as the data are: reals are not finer */
        const gt_sample_format format = gt_dataset_format(e->info);
        gt_floats_round(&format, (size_t)cells_of(&grid) * gt_model_floats(e->model), fakes);
        if (measured) gt_sheet_metrics_add(e->sheets, GT_SHEET_FAKES, fakes);
    }
    return st == GT_NOMEM ? GT_OK : st;
}

void gt_reconstructions_name(int64_t images, char name[40]) {
    snprintf(name, 40, "reconstructions%09lld.png", (long long)images);
}

gt_status gt_journal_reconstructions(gt_engine *e, gt_journal *j) {
    if (!gt_model_role(e->model, GT_ROLE_ENCODER) || e->comm->rank) return GT_OK;
    gt_grid grid;
    GT_FREED int64_t *items = NULL;
    gt_status st = grid_of(e, &grid, &items);
    int n = st ? 0 : cells_of(&grid);
    const gt_runner_options o = {.role = GT_ROLE_ENCODER, .request = {0}, .pool = e->pool};
    gt_runner *encoder = st ? NULL : gt_runner_new(e->model, e->model->blocks[0], &o, NULL);
    GT_FREED float *cells = encoder ? calloc(2 * (size_t)n, gt_model_floats(e->model) * sizeof *cells) : NULL;
    if (!st && !cells) st = encoder ? gt_fail(GT_NOMEM, "out of memory for reconstructions") : GT_FAILED;
    if (!st) st = gt_reconstruct(encoder, e->data, n, items, cells);
    if (!st) gt_grid_empty(items, n, 2 * gt_model_floats(e->model), cells);
    char name[40];
    gt_reconstructions_name(e->shown, name);
    grid.columns *= 2; /* each item beside what the model makes of it */
    if (st) no_pictures(j, GT_OWES_RECONSTRUCTIONS);
    else write_grid(e, j, name, "reconstructions", GT_OWES_RECONSTRUCTIONS, &grid, cells, !e->generator);
    gt_runner_close(encoder);
    return st;
}

/* ---- the confusion matrix ---- */

void gt_confusion_take(gt_confusion *c, int64_t *matrix) {
    free(c->of);
    c->of = matrix;
}

void gt_confusion_draw(const gt_confusion *c, const gt_engine *e, gt_journal *j, const char *const *names) {
    char path[4200];
    if (!c->of) return;
    snprintf(path, sizeof path, "%s/confusion.png", j->dir);
    gt_status st = gt_confusion_write(path, c->of, e->model->label_dim, names);
    note(j, GT_OWES_CONFUSION, st != GT_OK);
    if (st == GT_USAGE) j->owed &= ~GT_OWES_CONFUSION; /* no picture can show so many classes */
}

void gt_confusion_free(gt_confusion *c) { gt_confusion_take(c, NULL); }
