/* SPDX-License-Identifier: Apache-2.0
 * Objects in picture files and datasets: see features/detect/detections.h. */
#include "features/detect/detections.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "base/door/progress.h"
#include "data/door/box.h"
#include "gantry/picture.h"
#include "gantry/memory.h"
#include "gantry/rundir.h"
#include "data/door/source.h"
#include "data/door/transform.h"
#include "networks/model/door/model.h"
#include "figures/door/sheet.h"
#include "runner/apply/door/detect.h"

typedef struct boxed_picture { /* for the sheets */
    int height, width;
    sheet_cell cell;
} boxed_picture;

typedef struct detection_run {
    const gt_detections_options *options;
    gt_detections *found;
    gt_arena *arena;
    gt_runner *with;
    const gt_model *model;
    gt_detecting *detector;
    gt_transformer *transformer;
    const char **names; /* [classes] */
    gt_buffer csv;
    int n_drawn;
    boxed_picture *drawn; /* [drawn_max] */
} detection_run;

/* ---- names of classes ---- */

static gt_status read_names(detection_run *r) {
    int n = r->model->label_dim, k = 0;
    char *text = gt_arena_printf(r->arena, "%s", r->options->names);
    for (char *at = text, *end; at && *at; at = end) {
        end = strchr(at, ',');
        if (end) *end++ = 0;
        if (k < n) r->names[k] = at;
        k++;
    }
    if (!*r->options->names || k == n) return text ? GT_OK : GT_NOMEM;
    return gt_fail(GT_USAGE, "--names has %d names; the network has %d classes", k, n);
}

/* Those of the first data that have enough, where none are given. */
static void add_names_of(detection_run *r, const gt_source_info *info) {
    int n = r->model->label_dim;
    char **from = info->mask_classes >= n ? info->mask_name : info->class_names >= n ? info->class_name : NULL;
    for (int k = 0; from && k < n; k++)
        if (!r->names[k]) r->names[k] = gt_arena_printf(r->arena, "%s", from[k]);
}

static const char *name_of(const detection_run *r, int class) {
    return r->names[class] ? r->names[class] : gt_arena_printf(r->arena, "%d", class);
}

/* ---- a picture ---- */

static void write_lines(detection_run *r, const char *picture, const gt_detection *found, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        const gt_box *b = &found[i].box;
        gt_buffer_csv(&r->csv, picture);
        gt_buffer_printf(&r->csv, ",");
        gt_buffer_csv(&r->csv, name_of(r, b->class));
        gt_buffer_printf(&r->csv, ",%.6f,%d,%d,%d,%d\n", (double)found[i].probability, b->left, b->top, b->right,
                         b->bottom);
    }
}

static gt_status keep_picture(detection_run *r, const gt_picture *p, const char *name, const gt_detection *found,
                              int64_t n) {
    enum { BOXES_MAX = 200 };
    gt_arena *a = r->arena;
    size_t floats = (size_t)p->height * (size_t)p->width * (size_t)p->channels;
    if (r->n_drawn == r->options->drawn_max) return GT_OK;
    if (n > BOXES_MAX) n = BOXES_MAX;
    float *image = gt_arena_array(a, floats, sizeof *image);
    sheet_box *box = gt_arena_array(a, (size_t)n + 1, sizeof *box);
    if (!image || !box) return GT_NOMEM;
    memcpy(image, p->samples, floats * sizeof *image);
    for (int64_t i = 0; i < n; i++) {
        const gt_box *b = &found[i].box;
        box[i] = (sheet_box){b->left, b->top, b->right, b->bottom, NULL, false};
        box[i].text = gt_arena_printf(a, "%s %.2f", name_of(r, b->class), (double)found[i].probability);
    }
    r->drawn[r->n_drawn++] = (boxed_picture){
        p->height, p->width, {.image = image, .boxes = (int)n, .box = box, .text = {gt_arena_printf(a, "%s", name)}}};
    return GT_OK;
}

/* `there` [n_there]: the objects of its mask. Takes the picture's samples. */
static gt_status detect_in_picture(detection_run *r, gt_picture *p, const char *name, const gt_box *there,
                                   int n_there) {
    const gt_detection *found;
    int64_t n = 0;
    bool dropped;
    gt_status st = gt_transformer_run(r->transformer, p, &dropped);
    if (!st) st = gt_detecting_run(r->detector, p->samples, p->height, p->width, &found, &n);
    if (!st) {
        r->found->pictures++;
        r->found->objects += n;
        write_lines(r, name, found, n);
        gt_detect_score(&r->found->scores, found, n, there, n_there);
        st = keep_picture(r, p, name, found, n);
    }
    gt_picture_free(p);
    return st ? gt_wrap(st, "'%s'", name) : GT_OK;
}

/* ---- pictures from files and sources ---- */

/* The pictures that follow become what the network takes. `info` NULL: of a picture file. */
static gt_status choose_transform(detection_run *r, const gt_source_info *info) {
    gt_transform t = {.channels = r->model->channels, .depth = GT_DEPTH_F32};
    if (info && info->has_range) memcpy(t.range, info->range, sizeof t.range);
    gt_transformer_free(r->transformer);
    r->transformer = gt_transformer_new(&t);
    return r->transformer ? GT_OK : gt_failure();
}

static gt_status detect_in_file(detection_run *r, const char *path) {
    void *bytes;
    size_t n;
    gt_picture p;
    gt_status st = choose_transform(r, NULL);
    if (!st) st = gt_file_read(path, (size_t)GT_PICTURE_MAX_BYTES, &bytes, &n);
    if (st) return st;
    st = gt_picture_decode(&p, bytes, n, 0);
    free(bytes);
    r->found->masks = false;
    return st ? gt_wrap(st, "'%s'", path) : detect_in_picture(r, &p, path, NULL, 0);
}

static gt_status detect_in_item(detection_run *r, gt_source *s, int64_t i) {
    char buffer[GT_ITEM_NAME_BYTES];
    gt_picture p, mask = {0};
    GT_FREED gt_box *there = NULL;
    int n = 0;
    gt_status st = gt_source_read(s, i, &p);
    if (st) return st;
    bool masks = gt_source_get_info(s)->masks;
    if (masks) st = gt_source_mask(s, i, &p, &mask);
    if (!st && masks) st = gt_boxes_of_mask(mask.samples, p.height, p.width, &there, &n);
    gt_picture_free(&mask);
    if (!st) st = detect_in_picture(r, &p, gt_source_name(s, i, buffer), there, n);
    else gt_picture_free(&p);
    return st;
}

static void tell_objects(const detection_run *r, int64_t done) {
    char more[48];
    snprintf(more, sizeof more, "%lld objects", (long long)r->found->objects);
    gt_tell_with(done, more);
}

static gt_status detect_in_source(detection_run *r, const char *spec) {
    gt_source *s;
    gt_status st = gt_source_open(&s, spec, &(gt_source_options){.by_code_points = true});
    if (st) return st;
    const gt_source_info *info = gt_source_get_info(s);
    add_names_of(r, info);
    r->found->masks &= info->masks;
    st = choose_transform(r, info);
    gt_tell_start("detecting", "pictures", info->count);
    for (int64_t i = 0; i < info->count && !st; i++) {
        st = detect_in_item(r, s, i);
        tell_objects(r, i + 1);
    }
    gt_source_close(s);
    return st;
}

static gt_status detect_in_path(detection_run *r, const char *path) {
    bool picture = gt_kind_of_file(path) == GT_KIND_PICTURE || gt_picture_is_name(path);
    return picture ? detect_in_file(r, path) : detect_in_source(r, path);
}

/* ---- results ---- */

/* n pictures of one size. */
static gt_status draw_sheet(const detection_run *r, const boxed_picture *d, int n, const char *path) {
    enum { COLUMNS = 4, ALONE = 1600 /* pixels of a side */ };
    sheet_cell *cells = gt_arena_array(r->arena, (size_t)n, sizeof *cells);
    if (!cells) return GT_NOMEM;
    for (int i = 0; i < n; i++) cells[i] = d[i].cell;
    sheet s = sheet_of("objects, with the probabilities of their classes", n == 1 ? 1 : COLUMNS, n, cells, d->height,
                       d->width, r->model->channels);
    s.side_max = n == 1 ? ALONE : 0;
    return gt_arena_failed(r->arena) ? GT_NOMEM : sheet_write(path, &s);
}

/* Pictures of one size that follow each other come on one sheet. */
static gt_status draw_sheets(const detection_run *r, const char *outdir) {
    gt_status st = GT_OK;
    int sheets = 0;
    for (int first = 0, end; first < r->n_drawn && !st; first = end) {
        const boxed_picture *d = &r->drawn[first];
        for (end = first + 1; end < r->n_drawn; end++)
            if (r->drawn[end].height != d->height || r->drawn[end].width != d->width) break;
        const char *path = sheets++ ? gt_arena_printf(r->arena, "%s/boxes-%d.png", outdir, sheets)
                                    : gt_arena_printf(r->arena, "%s/boxes.png", outdir);
        st = draw_sheet(r, d, end - first, path);
    }
    return st;
}

static gt_status open_run(detection_run *r, const char *checkpoint) {
    const gt_detections_options *o = r->options;
    r->with = gt_runner_open(checkpoint,
                             &(gt_runner_options){.role = GT_ROLE_CLASSIFIER, .pool = o->pool, .reading = o->reading});
    if (!r->with) return gt_failure();
    r->model = gt_runner_model(r->with);
    if (o->detect.ground >= r->model->label_dim)
        return gt_fail(GT_USAGE, "--ground=%d: the network has %d classes, numbered from 0", o->detect.ground,
                       r->model->label_dim);
    r->names = gt_arena_array(r->arena, (size_t)r->model->label_dim, sizeof *r->names);
    r->drawn = gt_arena_array(r->arena, (size_t)o->drawn_max, sizeof *r->drawn);
    gt_status st = r->names && r->drawn ? read_names(r) : GT_NOMEM;
    if (!st && !(r->detector = gt_detecting_new(r->with, o->pool, &o->detect))) st = gt_failure();
    return st;
}

gt_status gt_detections_write(const char *checkpoint, const char *const *paths, int n, const gt_detections_options *o,
                              const char *outdir, gt_detections *out) {
    detection_run r = {.options = o, .found = out, .arena = gt_arena_new()};
    *out = (gt_detections){.masks = true};
    gt_status st = r.arena ? open_run(&r, checkpoint) : GT_NOMEM;
    if (!st) st = gt_rundir_prepare(outdir, 1 << 20);
    gt_buffer_printf(&r.csv, "picture,class,probability,left,top,right,bottom\n");
    for (int i = 0; i < n && !st; i++) st = detect_in_path(&r, paths[i]);
    gt_tell_end();
    if (!st) st = gt_buffer_write(&r.csv, gt_arena_printf(r.arena, "%s/detections.csv", outdir));
    if (!st) st = draw_sheets(&r, outdir);
    gt_buffer_free(&r.csv);
    gt_transformer_free(r.transformer);
    gt_detecting_free(r.detector);
    gt_runner_close(r.with);
    gt_arena_free(r.arena);
    return st;
}
