/* SPDX-License-Identifier: Apache-2.0
 * gantry detect: objects of pictures, by a classifier of windows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "base/door/progress.h"
#include "command/door/cli.h"
#include "data/door/box.h"
#include "data/door/source.h"
#include "data/door/transform.h"
#include "figures/door/sheet.h"
#include "gantry/arrays.h"
#include "gantry/picture.h"
#include "gantry/rundir.h"
#include "gantry/text.h"
#include "networks/model/door/model.h"
#include "features/detect/detect.h"

typedef struct detect_fields {
    const char *outdir, *names, *sizes, *aspects;
    double stride, threshold, overlap;
    int64_t ground, images, threads;
    cli_assumed assumed;
    bool overwrite;
} detect_fields;

#define FIELDS detect_fields

/* Numbers with commas between them, all from `least` to `most`. */
static bool are_within(const char *text, double least, double most) {
    enum { MOST = 64 };
    double x[MOST];
    int n = 1;
    for (const char *c = text; *c; c++) n += *c == ',';
    bool good = n <= MOST && cli_are_numbers(text, n, x);
    for (int i = 0; i < n && good; i++) good = x[i] >= least && x[i] <= most;
    return good;
}

static gt_status check_sizes(const gt_option *o, const char *value) {
    (void)o;
    return are_within(value, 1e-6, 1) ? GT_OK
                                      : gt_fail(GT_USAGE, "parts of a picture's shorter side, above 0 and at most 1");
}

static gt_status check_aspects(const gt_option *o, const char *value) {
    (void)o;
    return are_within(value, 0.01, 100) ? GT_OK : gt_fail(GT_USAGE, "width by height, from 0.01 to 100");
}

static const gt_option table[] = {
    {CLI_OPTION(outdir, "detections", "Folder to write to; made if needed"),
     CLI_FILLS({"detections.csv", GT_OUTFILE_TABLE}, {"boxes*.png", GT_OUTFILE_PICTURE}),
     .detail = "detections.csv: a line for each object with the picture, the class, its probability and the corners of "
               "the box in pixels (left and top belong to the box, right and bottom do not). boxes.png: the first "
               "pictures with their boxes; pictures of another size go into a further file."},
    {CLI_OPTION(sizes, "0.25,0.35,0.5,0.7", "Sizes of windows, as parts of a picture's shorter side"),
     .placeholder = "LIST", .check = check_sizes, .detail = "The size of a window is the square root of its area."},
    {CLI_OPTION(aspects, "0.71,1,1.41", "Width by height of windows; each size is used with each of these"),
     .placeholder = "LIST", .check = check_aspects},
    {CLI_OPTION(stride, "0.15", "Distance from window to window, as a part of the window's side"), .min = 0.01,
     .max = 1},
    {CLI_OPTION(threshold, "0.9", "Smallest probability of an object"), .min = 1e-9, .max = 1},
    {CLI_OPTION(overlap, "0.3", "Overlap of two objects above which only one is kept"), .min = 1e-9, .max = 1,
     .detail =
         "If the intersection over union of two objects, of any class, is larger, only the likelier one is kept."},
    {CLI_OPTION(ground, "0", "Class that is not an object; -1: each class is one"), .placeholder = "CLASS", .min = -1,
     .max = 65535},
    {CLI_OPTION(names, "", "Names of the classes, as in ground,disc,ring"), .placeholder = "LIST", .any = true,
     .detail = "Without this option: the names in the data, or numbers."},
    {CLI_OPTION(images, "16", "Number of pictures that are drawn"), .min = 1, .max = 4096},
    {CLI_OPTION(threads, "1", "Number of threads"), .min = 1, .max = 4096},
    CLI_ASSUMED_OF_CLASSIFIERS,
    CLI_OVERWRITE,
};

typedef struct boxed_picture { /* for the sheets */
    int height, width;
    sheet_cell cell;
} boxed_picture;

typedef struct detection_run {
    const detect_fields *fields;
    gt_pool *pool;
    int64_t pictures, objects; /* objects: found */
    bool masks;                /* every picture has a mask, which gives its objects: `scores` are of all pictures */
    gt_detect_scores scores;
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
    char *text = gt_arena_printf(r->arena, "%s", r->fields->names);
    for (char *at = text, *end; at && *at; at = end) {
        end = strchr(at, ',');
        if (end) *end++ = 0;
        if (k < n) r->names[k] = at;
        k++;
    }
    if (!*r->fields->names || k == n) return text ? GT_OK : GT_NOMEM;
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
    if (r->n_drawn == r->fields->images) return GT_OK;
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
        r->pictures++;
        r->objects += n;
        write_lines(r, name, found, n);
        gt_detect_score(&r->scores, found, n, there, n_there);
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
    r->masks = false;
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
    snprintf(more, sizeof more, "%lld objects", (long long)r->objects);
    gt_tell_with(done, more);
}

static gt_status detect_in_source(detection_run *r, const char *spec) {
    gt_source *s;
    gt_status st = gt_source_open(&s, spec, &(gt_source_options){.by_code_points = true});
    if (st) return st;
    const gt_source_info *info = gt_source_get_info(s);
    add_names_of(r, info);
    r->masks &= info->masks;
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
static gt_status draw_sheets(const detection_run *r) {
    const char *outdir = r->fields->outdir;
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

static gt_status open_run(detection_run *r, const cli_session *s) {
    const detect_fields *f = r->fields;
    gt_detect_options o = {
        .stride = f->stride, .threshold = f->threshold, .overlap = f->overlap, .ground = (int)f->ground};
    gt_status st = (r->pool = gt_pool_new((int)f->threads)) ? GT_OK : gt_failure();
    if (!st) st = cli_read_numbers(s->arena, f->sizes, &o.sizes, &o.n_sizes);
    if (!st) st = cli_read_numbers(s->arena, f->aspects, &o.aspects, &o.n_aspects);
    if (st) return st;
    r->with = gt_runner_open(
        s->arguments.words[0],
        &(gt_runner_options){.role = GT_ROLE_CLASSIFIER, .pool = r->pool, .reading = cli_reading(&s->options)});
    if (!r->with) return gt_failure();
    r->model = gt_runner_model(r->with);
    if (o.ground >= r->model->label_dim)
        return gt_fail(GT_USAGE, "--ground=%d: the network has %d classes, numbered from 0", o.ground,
                       r->model->label_dim);
    r->names = gt_arena_array(r->arena, (size_t)r->model->label_dim, sizeof *r->names);
    r->drawn = gt_arena_array(r->arena, (size_t)f->images, sizeof *r->drawn);
    st = r->names && r->drawn ? read_names(r) : GT_NOMEM;
    return st || (r->detector = gt_detecting_new(r->with, r->pool, &o)) ? st : gt_failure();
}

static void print_result(const cli_session *s, const detection_run *r) {
    const gt_detect_scores *scores = &r->scores;
    gt_print("%lld picture%s, %lld object%s: %s\n", (long long)r->pictures, gt_plural(r->pictures),
             (long long)r->objects, gt_plural(r->objects), cli_out(s, "detections.csv"));
    if (r->masks && scores->there && scores->found)
        gt_print("the masks have %lld objects: precision %.3f, recall %.3f (overlap of at least 0.5)\n",
                 (long long)scores->there, (double)scores->right / (double)scores->found,
                 (double)scores->right / (double)scores->there);
}

static gt_status detect_objects(cli_session *s) {
    if (s->arguments.n_words < 2)
        return gt_fail(GT_USAGE, "a checkpoint (or a run's directory) and a picture or dataset are needed");
    detection_run r = {.fields = s->fields, .arena = s->arena, .masks = true};
    gt_status st = open_run(&r, s);
    if (!st) st = gt_rundir_prepare(r.fields->outdir, 1 << 20);
    gt_buffer_printf(&r.csv, "picture,class,probability,left,top,right,bottom\n");
    for (int i = 1; i < s->arguments.n_words && !st; i++) st = detect_in_path(&r, s->arguments.words[i]);
    gt_tell_end();
    if (!st) st = gt_buffer_write(&r.csv, cli_out(s, "detections.csv"));
    if (!st) st = draw_sheets(&r);
    if (!st) print_result(s, &r);
    gt_buffer_free(&r.csv);
    gt_transformer_free(r.transformer);
    gt_detecting_free(r.detector);
    gt_runner_close(r.with);
    gt_pool_free(r.pool);
    return st;
}

/* Files of HDF5 from elsewhere, and the checkpoint. */
static gt_status check_inputs(cli_session *s) {
    const char **words = s->arguments.words;
    gt_status st = s->arguments.n_words ? cli_choose_checkpoint(&s->options, &words[0]) : GT_OK;
    for (int i = 1; i < s->arguments.n_words && !st; i++) st = gt_h5_check(words[i]);
    return st;
}

const cli_command cli_detect = {
    .name = "detect",
    .arguments = "CHECKPOINT | RUN (PICTURE | DATA) ... [--key=value ...]",
    .help = "Find objects in pictures, by a classifier of windows",
    .detail =
        "Windows of several sizes are laid over each picture and classified; among overlapping windows the likeliest "
        "is kept. The classifier must be trained on windows, with a class for the ground: gantry dataset --windows "
        "cuts them out of pictures with masks. If the data have masks, precision and recall are printed.",
    .files = "In --outdir: detections.csv and boxes.png.",
    CLI_EXAMPLES({"The objects in a picture", "gantry detect runs/windows street.png"},
                 {"Fewer and more certain objects, in a dataset",
                  "gantry detect runs/windows scenes.zip --threshold=0.99 --overlap=0.2"}),
    CLI_ROWS(table),
    .prepare = check_inputs,
    .run = detect_objects,
};
