/* SPDX-License-Identifier: Apache-2.0
 * gantry detect: objects of pictures, by a classifier of windows. */
#include <stdlib.h>
#include <string.h>

#include "cli/classifying.h"
#include "gantry/arrays.h"
#include "gantry/detect.h"
#include "gantry/file.h"
#include "gantry/log.h"
#include "gantry/progress.h"
#include "gantry/rundir.h"
#include "gantry/source.h"
#include "gantry/text.h"
#include "gantry/transform.h"
#include "report/sheet.h"

typedef struct detect_fields {
    const char *outdir, *names, *sizes, *aspects;
    double stride, threshold, overlap;
    int64_t ground, images, threads;
    cli_assumed assumed;
    bool overwrite;
} detect_fields;

#define FIELDS detect_fields

static const gt_option table[] = {
    {CLI_OPTION(outdir, "detections", "Folder to write to; made if needed"),
     CLI_FILLS({"detections.csv", GT_OUTFILE_TABLE}, {"boxes*.png", GT_OUTFILE_PICTURE}),
     .detail = "detections.csv: a line for each object with the picture, the class, its probability and the corners of "
               "the box in pixels (left and top belong to the box, right and bottom do not). boxes.png: the first "
               "pictures with the boxes; pictures of another size begin a further file."},
    {CLI_OPTION(sizes, "0.25,0.35,0.5,0.7", "Sizes of windows, as parts of a picture's shorter side"),
     .placeholder = "LIST", .detail = "The size of a window is the square root of its area."},
    {CLI_OPTION(aspects, "0.71,1,1.41", "Width by height of windows; each size has all of them"),
     .placeholder = "LIST"},
    {CLI_OPTION(stride, "0.15", "Distance from window to window, as a part of the window's side"), .min = 0.01,
     .max = 1},
    {CLI_OPTION(threshold, "0.9", "Smallest probability of an object"), .min = 1e-9, .max = 1},
    {CLI_OPTION(overlap, "0.3", "Overlap of two objects from which on only one stays"), .min = 1e-9, .max = 1,
     .detail = "Of two objects with a larger intersection over union, of any class, only the likelier one stays."},
    {CLI_OPTION(ground, "0", "Class that is not an object; -1: each class is one"), .placeholder = "CLASS", .min = -1,
     .max = 65535},
    {CLI_OPTION(names, "", "Names of the classes, as in ground,disc,ring"), .placeholder = "LIST",
     .detail = "Without this option those of the data, or numbers."},
    {CLI_OPTION(images, "16", "Number of pictures that are drawn"), .min = 1, .max = 4096},
    {CLI_OPTION(threads, "1", "Number of threads"), .min = 1, .max = 4096},
    CLI_ASSUMED_OF_CLASSIFIERS,
    CLI_OVERWRITE,
};

enum { COLUMNS = 4, ALONE = 1600 /* pixels of a side */ };

typedef struct drawn { /* a picture for the sheets; its memory lives in the session's arena */
    int height, width;
    sheet_cell cell;
} drawn;

typedef struct work {
    cli_session *session;
    const detect_fields *fields;
    gt_pool *pool;
    gt_runner *with;
    const gt_model *model;
    gt_detecting *detector;
    gt_transformer *transformer;
    const char **names; /* [classes] */
    gt_buffer csv;
    int64_t pictures, objects;
    bool judged; /* every picture has a mask, which gives its objects */
    gt_detect_scores scores;
    int n_drawn;
    drawn *drawn; /* [--images] */
} work;

/* ---- names of classes ---- */

/* Those that --names gives. */
static gt_status given_names(work *w) {
    int n = w->model->label_dim, k = 0;
    char *text = gt_arena_printf(w->session->arena, "%s", w->fields->names);
    for (char *at = text, *end; at && *at; at = end) {
        end = strchr(at, ',');
        if (end) *end++ = 0;
        if (k < n) w->names[k] = at;
        k++;
    }
    if (!*w->fields->names || k == n) return GT_OK;
    return gt_fail(GT_USAGE, "--names has %d names; the network has %d classes", k, n);
}

/* Those of the first data that have enough, where --names gives none. */
static void take_names(work *w, const gt_source_info *info) {
    int n = w->model->label_dim;
    char **from = info->mask_classes >= n ? info->mask_name : info->class_names >= n ? info->class_name : NULL;
    for (int k = 0; from && k < n; k++)
        if (!w->names[k]) w->names[k] = gt_arena_printf(w->session->arena, "%s", from[k]);
}

static const char *name_of(const work *w, int class) {
    if (w->names[class]) return w->names[class];
    return gt_arena_printf(w->session->arena, "%d", class);
}

/* ---- a picture ---- */

static void write_lines(work *w, const char *picture, const gt_detection *found, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        const gt_box *b = &found[i].box;
        gt_buffer_csv_quoted(&w->csv, picture);
        gt_buffer_printf(&w->csv, ",");
        gt_buffer_csv_quoted(&w->csv, name_of(w, b->class));
        gt_buffer_printf(&w->csv, ",%.6f,%d,%d,%d,%d\n", (double)found[i].probability, b->left, b->top, b->right,
                         b->bottom);
    }
}

static gt_status keep_drawing(work *w, const gt_picture *p, const char *name, const gt_detection *found, int64_t n) {
    enum { BOXES = 200 };
    gt_arena *a = w->session->arena;
    size_t floats = (size_t)p->height * (size_t)p->width * (size_t)p->channels;
    if (w->n_drawn == w->fields->images) return GT_OK;
    if (n > BOXES) n = BOXES;
    float *image = gt_arena_array(a, floats, sizeof *image);
    sheet_box *box = gt_arena_array(a, (size_t)n + 1, sizeof *box);
    if (!image || !box) return GT_NOMEM;
    memcpy(image, p->samples, floats * sizeof *image);
    for (int64_t i = 0; i < n; i++) {
        const gt_box *b = &found[i].box;
        box[i] = (sheet_box){b->left, b->top, b->right, b->bottom, NULL, false};
        box[i].text = gt_arena_printf(a, "%s %.2f", name_of(w, b->class), (double)found[i].probability);
    }
    w->drawn[w->n_drawn++] = (drawn){
        p->height, p->width, {.image = image, .boxes = (int)n, .box = box, .text = {gt_arena_printf(a, "%s", name)}}};
    return GT_OK;
}

/* `there` [n_there]: the objects of its mask. Takes the picture's samples. */
static gt_status detect(work *w, gt_picture *p, const char *name, const gt_box *there, int n_there) {
    const gt_detection *found;
    int64_t n = 0;
    bool dropped;
    gt_status st = gt_transformer_run(w->transformer, p, &dropped);
    if (!st) st = gt_detecting_run(w->detector, p->samples, p->height, p->width, &found, &n);
    if (!st) {
        w->pictures++;
        w->objects += n;
        write_lines(w, name, found, n);
        gt_detect_score(&w->scores, found, n, there, n_there);
        st = keep_drawing(w, p, name, found, n);
    }
    gt_picture_free(p);
    return st ? gt_wrap(st, "'%s'", name) : GT_OK;
}

/* ---- pictures from files and sources ---- */

/* The pictures that follow become what the network takes. `info` NULL: of a picture file. */
static gt_status choose_transform(work *w, const gt_source_info *info) {
    gt_transform t = {.channels = w->model->channels, .depth = GT_DEPTH_F32};
    if (info && info->has_range) memcpy(t.range, info->range, sizeof t.range);
    gt_transformer_free(w->transformer);
    w->transformer = gt_transformer_new(&t);
    return w->transformer ? GT_OK : gt_failure();
}

static gt_status detect_file(work *w, const char *path) {
    void *bytes;
    size_t n;
    gt_picture p;
    gt_status st = choose_transform(w, NULL);
    if (!st) st = gt_file_read(path, (size_t)GT_PICTURE_MAX_BYTES, &bytes, &n);
    if (st) return st;
    st = gt_picture_decode(&p, bytes, n, 0);
    free(bytes);
    w->judged = false;
    return st ? gt_wrap(st, "'%s'", path) : detect(w, &p, path, NULL, 0);
}

static gt_status detect_item(work *w, gt_source *s, int64_t i) {
    char buffer[GT_ITEM_NAME_BYTES];
    gt_picture p, mask = {0};
    gt_box *there = NULL;
    int n = 0;
    gt_status st = gt_source_read(s, i, &p);
    if (st) return st;
    bool masks = gt_source_get_info(s)->masks;
    if (masks) st = gt_source_mask(s, i, &p, &mask);
    if (!st && masks) st = gt_boxes_of_mask(mask.samples, p.height, p.width, &there, &n);
    gt_picture_free(&mask);
    if (!st) st = detect(w, &p, gt_source_name(s, i, buffer), there, n);
    else gt_picture_free(&p);
    free(there);
    return st;
}

static void tell(const work *w, int64_t done) {
    char more[48];
    snprintf(more, sizeof more, "%lld objects", (long long)w->objects);
    gt_tell_with(done, more);
}

static gt_status detect_source(work *w, const char *spec) {
    gt_source *s;
    gt_status st = gt_source_open(&s, spec, &(gt_source_options){.by_code_points = true});
    if (st) return st;
    const gt_source_info *info = gt_source_get_info(s);
    take_names(w, info);
    w->judged &= info->masks;
    st = choose_transform(w, info);
    gt_tell_start("detecting", "pictures", info->count);
    for (int64_t i = 0; i < info->count && !st; i++) {
        st = detect_item(w, s, i);
        tell(w, i + 1);
    }
    gt_source_close(s);
    return st;
}

static gt_status detect_word(work *w, const char *word) {
    bool picture = gt_kind_of_file(word) == GT_KIND_PICTURE || gt_picture_is_name(word);
    return picture ? detect_file(w, word) : detect_source(w, word);
}

/* ---- results ---- */

/* Pictures of one size that follow each other come on one sheet. */
static gt_status draw_sheets(const work *w) {
    gt_arena *a = w->session->arena;
    gt_status st = GT_OK;
    int sheets = 0;
    for (int first = 0, end; first < w->n_drawn && !st; first = end) {
        const drawn *d = &w->drawn[first];
        for (end = first + 1; end < w->n_drawn; end++)
            if (w->drawn[end].height != d->height || w->drawn[end].width != d->width) break;
        int n = end - first;
        sheet_cell *cells = gt_arena_array(a, (size_t)n, sizeof *cells);
        if (!cells) return GT_NOMEM;
        for (int i = 0; i < n; i++) cells[i] = d[i].cell;
        const char *name = sheets++ ? gt_arena_printf(a, "boxes-%d.png", sheets) : "boxes.png";
        st = sheet_write(cli_out(w->session, name),
                         &(sheet){.title = "objects, with the probabilities of their classes",
                                  .columns = n == 1 ? 1 : COLUMNS,
                                  .n = n,
                                  .cells = cells,
                                  .height = d->height,
                                  .width = d->width,
                                  .channels = w->model->channels,
                                  .lo = -1,
                                  .hi = 1,
                                  .side_max = n == 1 ? ALONE : 0});
    }
    return st;
}

static void print_result(const work *w) {
    const gt_detect_scores *s = &w->scores;
    printf("%lld picture%s, %lld object%s: %s\n", (long long)w->pictures, gt_plural(w->pictures), (long long)w->objects,
           gt_plural(w->objects), cli_out(w->session, "detections.csv"));
    if (w->judged && s->there && s->found)
        printf("%lld objects are there by the masks: precision %.3f, recall %.3f (overlap of at least 0.5)\n",
               (long long)s->there, (double)s->right / (double)s->found, (double)s->right / (double)s->there);
}

static gt_status write_result(work *w) {
    gt_status st = gt_buffer_write(&w->csv, cli_out(w->session, "detections.csv"));
    if (!st) st = draw_sheets(w);
    if (!st) print_result(w);
    return st;
}

/* ---- the command ---- */

static gt_status open_detector(work *w, gt_detect_options *o) {
    const detect_fields *f = w->fields;
    gt_arena *a = w->session->arena;
    w->with = gt_runner_open(
        w->session->arguments.words[0],
        &(gt_runner_options){.role = GT_ROLE_CLASSIFIER, .pool = w->pool, .kernels = cli_kernels()});
    if (!w->with) return gt_failure();
    w->model = gt_runner_model(w->with);
    *o = (gt_detect_options){
        .stride = f->stride, .threshold = f->threshold, .overlap = f->overlap, .ground = (int)f->ground};
    gt_status st = cli_read_numbers(a, "--sizes", f->sizes, &o->sizes, &o->n_sizes);
    if (!st) st = cli_read_numbers(a, "--aspects", f->aspects, &o->aspects, &o->n_aspects);
    for (int i = 0; i < o->n_sizes && !st; i++)
        if (!(o->sizes[i] > 0 && o->sizes[i] <= 1))
            st = gt_fail(GT_USAGE, "--sizes=%s: parts of a picture's shorter side, above 0 and at most 1", f->sizes);
    for (int i = 0; i < o->n_aspects && !st; i++)
        if (!(o->aspects[i] >= 0.01f && o->aspects[i] <= 100))
            st = gt_fail(GT_USAGE, "--aspects=%s: width by height, from 0.01 to 100", f->aspects);
    if (!st && o->ground >= w->model->label_dim)
        st = gt_fail(GT_USAGE, "--ground=%d: the network has %d classes, numbered from 0", o->ground,
                     w->model->label_dim);
    w->names = gt_arena_array(a, (size_t)w->model->label_dim, sizeof *w->names);
    w->drawn = gt_arena_array(a, (size_t)f->images, sizeof *w->drawn);
    if (!st && (!w->names || !w->drawn)) st = GT_NOMEM;
    if (!st) st = given_names(w);
    if (!st && !(w->detector = gt_detecting_new(w->with, w->pool, o))) st = gt_failure();
    return st;
}

static gt_status run(cli_session *s) {
    work w = {.session = s, .fields = s->fields, .judged = true};
    gt_detect_options options;
    if (s->arguments.n_words < 2)
        return gt_fail(GT_USAGE, "a checkpoint (or a run's directory) and a picture or dataset are needed");
    w.pool = gt_pool_new((int)w.fields->threads);
    gt_status st = w.pool ? open_detector(&w, &options) : gt_failure();
    if (!st) st = gt_rundir_prepare(w.fields->outdir, 1 << 20);
    gt_buffer_printf(&w.csv, "picture,class,probability,left,top,right,bottom\n");
    for (int i = 1; i < s->arguments.n_words && !st; i++) st = detect_word(&w, s->arguments.words[i]);
    gt_tell_end();
    if (!st) st = write_result(&w);
    else gt_buffer_free(&w.csv);
    gt_transformer_free(w.transformer);
    gt_detecting_free(w.detector);
    gt_runner_close(w.with);
    gt_pool_free(w.pool);
    return st;
}

/* Files of HDF5 from elsewhere, and the checkpoint. */
static gt_status check(cli_session *s) {
    const char **words = s->arguments.words;
    gt_status st = s->arguments.n_words ? cli_choose_checkpoint(s->arena, &words[0]) : GT_OK;
    for (int i = 1; i < s->arguments.n_words && !st; i++) st = gt_h5_check(words[i]);
    return st;
}

const cli_command cli_detect = {
    .name = "detect",
    .arguments = "CHECKPOINT | RUN (PICTURE | DATA) ... [--key=value ...]",
    .help = "Find objects in pictures, by a classifier of windows",
    .detail = "Windows of several sizes are laid over each picture and classified, and of windows that overlap the "
              "likeliest stays. The classifier is one of windows with a class for the ground, which gantry dataset "
              "--windows cuts out of pictures with masks. Where the data have masks, precision and recall are printed.",
    .files = "In --outdir detections.csv and boxes.png.",
    CLI_EXAMPLES(
        {"Objects of a picture", "gantry detect runs/windows street.png"},
        {"Fewer and surer ones, in a dataset", "gantry detect runs/windows scenes.zip --threshold=0.99 --overlap=0.2"}),
    CLI_ROWS(table),
    .prepare = check,
    .run = run,
};
