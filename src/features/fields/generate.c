/* SPDX-License-Identifier: Apache-2.0
 * gantry generate --condition: ensembles as one file. */
#include <math.h>
#include <string.h>

#include "base/door/file.h"
#include "data/door/dataset.h"
#include "data/door/fields_file.h"
#include "ensemble.h"
#include "files/codec/door/sample.h"
#include "gantry/log.h"
#include "runner/generator/door/collection.h"

typedef struct writing {
    gt_collection_of of;
    gt_collection *file; /* rank 0's, as the next one: one of them */
    gt_fields_file_of netcdf_of;
    gt_fields_file *netcdf;
    bool sheet;   /* of pictures: the first condition, members, the truth; else physical values */
    int64_t each; /* records of a sample */
    uint8_t *row; /* of a sheet: of a sample */
    gt_record_notes notes;
} writing;

/* Channel c of a picture [H,W,channels] as grey: 3 deviations below the mean are black, 3 above are white. */
static void draw_cell(const gt_ensemble *e, const float *picture, int channels, int c, uint8_t *to) {
    size_t cells = (size_t)e->model->height * (size_t)e->model->width;
    for (size_t i = 0; i < cells; i++) {
        float v = picture[i * (size_t)channels + (size_t)c] / 3;
        gt_samples_of_floats(&GT_SAMPLES_OF_8_BITS, &v, 1, &to[i]);
    }
}

static gt_status write_row(gt_ensemble *e, writing *w) {
    size_t cells = (size_t)e->model->height * (size_t)e->model->width;
    uint8_t *to = w->row;
    draw_cell(e, e->picture, e->model->channels, e->targets, to);
    for (int64_t i = 0; i < e->request->members; i++)
        draw_cell(e, e->members + (size_t)i * e->floats, e->targets, 0, to += cells);
    if (e->truth) draw_cell(e, e->picture, e->model->channels, 0, to + cells);
    return gt_collection_add(w->file, w->each, w->row);
}

/* Cells whose truth is missing, and those that no truth of the training had, have no members. */
static void leave_gaps(gt_ensemble *e) {
    const gt_fields_place *p = gt_runner_data(e->runner)->place;
    size_t cells = (size_t)e->model->height * (size_t)e->model->width, targets = (size_t)e->targets,
           channels = (size_t)e->model->channels;
    int mask = e->truth ? e->info->mask_of_target : -1;
    bool never = p && p->seen.n == (int64_t)cells;
    for (size_t i = 0; i < cells; i++) {
        bool there = !never || p->seen.values[i] > 0;
        if (mask >= 0) there &= e->picture[i * channels + (size_t)mask] > 0;
        for (int64_t k = 0; k < e->request->members && !there; k++)
            for (size_t c = 0; c < targets; c++) e->members[(size_t)k * e->floats + i * targets + c] = NAN;
    }
}

static gt_status write_sample(gt_ensemble *e, int64_t sample) {
    writing *w = e->arg;
    if (w->sheet) return write_row(e, w);
    gt_ensemble_undo(e, e->members, e->request->members, e->targets);
    leave_gaps(e);
    return w->netcdf ? gt_fields_file_put(w->netcdf, sample, e->members)
                     : gt_collection_add(w->file, w->each, e->members);
}

/* A file of NetCDF-4 has the axes of the data. */
static gt_status plan_netcdf(gt_ensemble *e, writing *w) {
    const gt_ensemble_request *r = e->request;
    double *time = gt_arena_array(e->arena, (size_t)e->samples, sizeof *time);
    if (!time) return GT_NOMEM;
    for (int64_t i = 0; i < e->samples; i++) gt_dataset_moment(e->data, i, &time[i]);
    bool timed = e->info->place && !isnan(time[0]);
    w->netcdf_of = (gt_fields_file_of){.path = r->out,
                                       .samples = e->samples,
                                       .members = r->members,
                                       .height = e->model->height,
                                       .width = e->model->width,
                                       .targets = e->targets,
                                       .target = e->scale,
                                       .place = e->info->place,
                                       .time = timed ? time : NULL,
                                       .source = "Gantry"};
    return GT_OK;
}

static const char *names_of_targets(const gt_ensemble *e) {
    char *names = NULL;
    for (int c = 0; c < e->targets; c++)
        names = gt_arena_printf(e->arena, "%s%s%s", names ? names : "", names ? "," : "", e->scale[c].name);
    return names;
}

static gt_status plan(gt_ensemble *e, writing *w) {
    const gt_ensemble_request *r = e->request;
    const gt_model *m = e->model;
    gt_collection_kind kind = gt_collection_kind_of(r->out);
    if (gt_ends_with(r->out, ".nc")) return plan_netcdf(e, w);
    w->sheet = kind == GT_COLLECTION_PICTURE;
    if (!w->sheet && kind != GT_COLLECTION_ARRAY)
        return gt_fail(GT_USAGE, "--out=%s: fields are written to .nc, .npy, .h5 or .png", r->out);
    w->each = r->members + (w->sheet ? 1 + e->truth : 0);
    w->of = (gt_collection_of){.path = r->out,
                               .n = e->samples * w->each,
                               .type = w->sheet ? GT_U8 : GT_F32,
                               .n_dims = 3,
                               .dims = {m->height, m->width, w->sheet ? 1 : e->targets},
                               .name = "fields",
                               .columns = w->each,
                               .rows = e->samples,
                               .channels = names_of_targets(e)};
    w->row = gt_arena_array(e->arena, (size_t)w->each, (size_t)m->height * (size_t)m->width);
    if (gt_arena_failed(e->arena)) return GT_NOMEM;
    return gt_collection_check(&w->of);
}

static gt_fields_file_is describe(const gt_ensemble *e, const writing *w) {
    int64_t columns = w->sheet ? w->each : 1, rows = w->sheet ? e->samples : 1;
    return (gt_fields_file_is){.sheet = w->sheet,
                               .height = e->model->height * rows,
                               .width = e->model->width * columns,
                               .columns = columns,
                               .channels = w->sheet ? 1 : e->targets,
                               .bits = w->sheet ? 8 : 32};
}

static gt_status open_file_all(gt_ensemble *e, writing *w) {
    const gt_fields_file_is is = describe(e, w);
    gt_status st = gt_ends_with(e->request->out, ".npy") ? GT_OK : gt_fields_note_all(e, &is, &w->notes);
    w->netcdf_of.record = w->notes.json;
    w->of.notes = w->notes.json ? &w->notes.notes : NULL;
    if (!st && !e->comm->rank)
        st = w->netcdf_of.path ? gt_fields_file_open(&w->netcdf, &w->netcdf_of) : gt_collection_open(&w->file, &w->of);
    return gt_comm_agree_all(e->comm, st);
}

gt_status gt_fields_generate_all(gt_comm *comm, const gt_ensemble_request *r, int64_t *made) {
    gt_ensemble e;
    writing w = {0};
    gt_status st = gt_ensemble_open_all(&e, comm, r, false);
    bool given = r->again && (st == GT_FORMAT || st == GT_USAGE); /* the data may be the reason, not the record */
    if (given) st = gt_wrap(GT_UNDECIDED, "with the data of --condition");
    if (!st) st = gt_comm_agree_all(comm, plan(&e, &w));
    if (!st) st = open_file_all(&e, &w);
    if (!st) st = gt_ensemble_make_all(&e, "generating", write_sample, &w);
    if (!st)
        st = gt_comm_agree_all(comm, w.netcdf ? gt_fields_file_finish(w.netcdf)
                                     : w.file ? gt_collection_finish(w.file)
                                              : GT_OK);
    *made = e.samples;
    gt_collection_close(w.file);
    gt_fields_file_close(w.netcdf);
    gt_record_notes_free(&w.notes);
    gt_ensemble_close(&e);
    return st;
}
