/* SPDX-License-Identifier: Apache-2.0
 * Pictures of a generator, cell by cell: see pictures.h. */
#include "runner/generator/door/pictures.h"

#include <string.h>

#include "dist/door/dist.h"
#include "files/codec/door/picture.h"
#include "gantry/picture.h"

gt_status gt_pictures_open(gt_pictures *p, bool apart) {
    gt_generator_options options = *p->of.options;
    options.apart = apart;
    p->replaced = -gt_files_replaced();
    p->of.generator = p->generator = gt_generator_open(p->of.checkpoint, &options);
    if (!p->generator) return gt_failure();
    const gt_model *m = p->model = gt_generator_model(p->generator);
    if (!(p->arena = gt_arena_new())) return GT_NOMEM;
    size_t batch = (size_t)(p->batch = gt_generator_batch(p->generator)), floats = gt_model_floats(m);
    p->z = gt_arena_array(p->arena, batch, (size_t)m->z_dim * sizeof *p->z);
    p->labels = gt_arena_array(p->arena, batch, (size_t)m->label_dim * sizeof *p->labels);
    p->ws = gt_arena_array(p->arena, batch, (size_t)m->num_ws * (size_t)m->w_dim * sizeof *p->ws);
    p->images = gt_arena_array(p->arena, batch, floats * sizeof *p->images);
    p->pictures = gt_arena_array(p->arena, batch, floats * sizeof(uint16_t));
    return gt_arena_failed(p->arena) ? GT_NOMEM : GT_OK;
}

gt_status gt_pictures_origin_all(gt_pictures *p, bool moving) {
    gt_status st = gt_edits_open_all(p->comm, &p->edits, p->of.edit, p->generator, moving);
    return st ? st : gt_origin_find_all(p->comm, &p->origin, &p->of, p->record);
}

gt_status gt_pictures_write(const gt_pictures *p, const char *path, gt_sample type, int64_t i, gt_record_notes *notes) {
    gt_picture picture = {
        .height = p->model->height, .width = p->model->width, .channels = gt_shown_channels(p->model), .type = type};
    picture.samples = p->pictures + (size_t)i * gt_picture_bytes(&picture);
    gt_status st = gt_png_write_noted(path, &picture, &notes->notes);
    gt_record_notes_free(notes);
    return st;
}

static gt_status take_frames(gt_film *film, int n, const char *bytes) {
    gt_status st = GT_OK;
    for (int i = 0; i < n && !st; i++) {
        uint64_t size;
        memcpy(&size, bytes, sizeof size);
        st = gt_film_add(film, bytes + sizeof size, size);
        bytes += sizeof size + size;
    }
    return st;
}

static gt_status take(void *arg, int64_t first, int n, const char *records, size_t size) {
    const gt_pictures *p = arg;
    (void)first, (void)size;
    return p->film ? take_frames(p->film, n, records) : gt_collection_add(p->all, n, records);
}

gt_status gt_pictures_make_all(gt_pictures *p, const gt_in_order *how, bool gathered) {
    gt_in_order work = *how;
    work.comm = p->comm;
    work.stop = p->stop;
    work.arg = p;
    if (!work.batch) work.batch = p->batch;
    if (gathered) work.take = take;
    gt_status st = gt_in_order_all(&work);
    if (!st)
        st = gt_comm_agree_all(p->comm, p->film  ? gt_film_finish(p->film)
                                        : p->all ? gt_collection_finish(p->all)
                                                 : GT_OK);
    if (!st) p->replaced = gt_comm_sum_all(p->comm, gt_files_replaced() + p->replaced);
    return st;
}

void gt_pictures_close(gt_pictures *p) {
    gt_collection_close(p->all);
    gt_film_close(p->film);
    gt_record_notes_free(&p->notes);
    gt_edits_free(p->edits);
    gt_generator_close(p->generator);
    gt_arena_free(p->arena);
}
