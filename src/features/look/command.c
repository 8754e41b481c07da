/* SPDX-License-Identifier: Apache-2.0
 * gantry look: what a trained network has learnt, as pictures: filters, maps of a layer, where a classifier looks. */
#include <math.h>
#include <string.h>

#include "command/door/applied.h"
#include "figures/door/sheet.h"
#include "files/h5/door/arrays.h"
#include "gantry/rundir.h"
#include "gantry/runner.h"
#include "networks/model/door/model.h"
#include "runner/apply/door/features.h"
#include "runner/door/image_set.h"
#include "runner/door/items.h"

/* The class that cam.png is of. */
#define CAM_CLASSES(X) X(CAM_NONE, "none") X(CAM_PREDICTED, "predicted") X(CAM_TRUE, "true")
typedef enum cam_class { CAM_CLASSES(GT_CONSTANT) } cam_class;

typedef struct look_fields {
    const char *outdir, *classes, *maps, *layer, *network;
    cam_class cam;
    bool filters, overwrite;
    int64_t images, threads;
    cli_assumed assumed;
} look_fields;

#define FIELDS look_fields

static const gt_option table[] = {
    {CLI_OPTION(outdir, "looks", "Folder to write to; made if needed"),
     CLI_FILLS({"filters.png", GT_OUTFILE_PICTURE}, {"maps.png", GT_OUTFILE_PICTURE}, {"cam.png", GT_OUTFILE_PICTURE},
               {"cam.h5", GT_OUTFILE_ARRAYS})},
    {CLI_OPTION(filters, "0", "Write filters.png: the weights of the first layer as pictures")},
    {CLI_OPTION(maps, "", "Write maps.png: the results of this layer for some images"), .placeholder = "LAYER",
     .any = true,
     .detail = "A row for each image: the image, and the channels with the largest mean, from their least value "
               "(black) to their largest (white). An unknown name makes gantry list the names of the layers."},
    {CLI_OPTION(cam, "none", "Write cam.png: the parts of images that speak for this class"), GT_CHOICES(CAM_CLASSES),
     .bare = "predicted",
     .detail =
         "Grad-CAM; if a mean over pixels comes before the last layer, this equals CAM. The parts of the image that "
         "speak for the predicted class, or for the true class, are bright. cam.h5 has the maps as numbers."},
    {CLI_OPTION(layer, "", "With --cam: the layer; empty: the last one with pixels"), .placeholder = "LAYER",
     .any = true, .with = "--cam"},
    {CLI_OPTION(network, "", "Network to draw, such as D; empty: the first"), .placeholder = "WORD", .any = true},
    {CLI_OPTION(images, "16", "Number of images, spread over the data"), .min = 1, .max = 4096, .with = "--maps|--cam"},
    CLI_OVERWRITE,
    CLI_CLASSES_WITH("--maps|--cam"),
    {CLI_OPTION(threads, "1", "Number of threads"), .min = 1, .max = 4096},
    CLI_ASSUMED,
    CLI_ASSUMED_OF_CLASSIFIERS,
};

typedef struct view {
    const char *checkpoint, *network; /* network NULL: the first that takes images */
    gt_image_set images;              /* filters need none */
    gt_pool *pool;
    gt_network_options reading;
} view;

typedef struct drawing { /* of one picture; an arena has all its memory */
    const view *view;
    gt_features *features;
    const gt_model *model;
    gt_arena *arena;
    const char *path;
} drawing;

static gt_status open_drawing(drawing *d, const view *v, gt_features_options o, const char *path) {
    *d = (drawing){.view = v, .path = path, .arena = gt_arena_new()};
    if (!d->arena) return GT_NOMEM;
    gt_status st;
    o.network = v->network;
    o.pool = v->pool;
    o.reading = v->reading;
    d->features = gt_features_open(v->checkpoint, &o, &st);
    if (st) return st;
    d->model = gt_features_model(d->features);
    return gt_model_takes(d->model, v->images.data);
}

static void close_drawing(drawing *d) {
    gt_features_close(d->features);
    gt_arena_free(d->arena);
}

/* ---- filters ---- */

static gt_status draw_filters(gt_arena *a, const view *v, const char *path) {
    enum { COLUMNS = 8, FILTERS_MAX = 1024 };
    gt_filters k;
    gt_status st = gt_features_filters(v->checkpoint,
                                       &(gt_features_options){.network = v->network, .reading = v->reading}, a, &k);
    if (st) return st;
    int n = k.n < FILTERS_MAX ? k.n : FILTERS_MAX;
    size_t pixels = (size_t)k.height * (size_t)k.width * (size_t)k.channels;
    float largest = 0;
    for (size_t i = 0; i < (size_t)k.n * pixels; i++) largest = fmaxf(largest, fabsf(k.values[i]));
    sheet_cell *cells = gt_arena_array(a, (size_t)n, sizeof *cells);
    for (int i = 0; cells && i < n; i++)
        cells[i] = (sheet_cell){.image = k.values + (size_t)i * pixels, .text = {gt_arena_printf(a, "%d", i)}};
    const char *title = gt_arena_printf(a, "%s: %d filters of %dx%dx%d, black -%.3g, white %.3g", k.tensor, k.n,
                                        k.height, k.width, k.channels, (double)largest, (double)largest);
    sheet s = sheet_of(title, COLUMNS, n, cells, k.height, k.width, k.channels);
    s.lo = -largest;
    s.hi = largest > 0 ? largest : 1;
    return gt_arena_failed(a) ? GT_NOMEM : sheet_write(path, &s);
}

static gt_status view_filters(const view *v, const char *path) {
    GT_ARENA gt_arena *a = gt_arena_new();
    return a ? draw_filters(a, v, path) : GT_NOMEM;
}

/* ---- values of the images ---- */

/* *all [n,size of a value]. `given` as in gt_features_run(). */
static gt_status read_values(const drawing *d, const float *given, float **all) {
    const gt_image_set *set = &d->view->images;
    gt_shape shape = gt_features_shape(d->features);
    size_t size = (size_t)gt_shape_size(&shape), pixels = gt_model_floats(d->model);
    int batch = gt_features_batch(d->features);
    gt_status st = (*all = gt_arena_array(d->arena, (size_t)set->n, size * sizeof **all)) ? GT_OK : GT_NOMEM;
    for (int64_t first = 0; first < set->n && !st; first += batch) {
        int n = (int)(set->n - first < batch ? set->n - first : batch);
        const float *values, *labels = given ? given + first * d->model->label_dim : NULL;
        st = gt_features_run(d->features, n, set->images + (size_t)first * pixels, labels, &values);
        if (!st) memcpy(*all + (size_t)first * size, values, (size_t)n * size * sizeof **all);
    }
    return st;
}

/* ---- maps ---- */

enum { MAPS_MAX = 15 };

typedef struct maps {
    int height, width, channels;
    float *values; /* [n,height,width,channels] */
    int drawn, channel[MAPS_MAX];
} maps;

/* The channels of the largest means. */
static gt_status choose_channels(gt_arena *a, maps *k, int64_t n) {
    double *mean = gt_arena_array(a, (size_t)k->channels, sizeof *mean);
    if (!mean) return GT_NOMEM;
    int64_t pixels = n * k->height * k->width;
    for (int64_t i = 0; i < pixels; i++)
        for (int c = 0; c < k->channels; c++) mean[c] += (double)k->values[i * k->channels + c];
    for (int s = 0; s < k->drawn; s++) {
        int best = 0;
        for (int c = 1; c < k->channels; c++)
            if (mean[c] > mean[best]) best = c;
        k->channel[s] = best;
        mean[best] = -INFINITY;
    }
    return GT_OK;
}

/* A channel of an image's maps as an image [H,W,C] in -1 .. 1: its smallest value black, its largest white. */
static void paint_channel(const maps *k, int64_t item, int channel, const gt_model *m, float *out) {
    const float *from = k->values + item * k->height * k->width * k->channels + channel;
    float lo = INFINITY, hi = -INFINITY;
    for (int i = 0; i < k->height * k->width; i++) {
        float v = from[(int64_t)i * k->channels];
        lo = fminf(lo, v);
        hi = fmaxf(hi, v);
    }
    for (int y = 0; y < m->height; y++)
        for (int x = 0; x < m->width; x++) {
            int64_t at = (int64_t)(y * k->height / m->height) * k->width + x * k->width / m->width;
            float v = hi > lo ? 2 * (from[at * k->channels] - lo) / (hi - lo) - 1 : -1;
            for (int c = 0; c < m->channels; c++) *out++ = v;
        }
}

static gt_status draw_rows(const drawing *d, const maps *k, const char *layer) {
    const gt_image_set *set = &d->view->images;
    const gt_model *m = d->model;
    size_t pixels = gt_model_floats(m);
    int columns = k->drawn + 1;
    int64_t n = set->n * columns;
    float *painted = gt_arena_array(d->arena, (size_t)n, pixels * sizeof *painted);
    sheet_cell *cells = gt_arena_array(d->arena, (size_t)n, sizeof *cells);
    if (!painted || !cells) return GT_NOMEM;
    for (int64_t i = 0; i < n; i++) {
        int64_t image = i / columns, column = i % columns;
        int channel = column ? k->channel[column - 1] : 0;
        float *to = painted + (size_t)i * pixels;
        cells[i].image = column ? to : set->images + (size_t)image * pixels;
        cells[i].text[0] = column ? gt_arena_printf(d->arena, "channel %d", channel)
                                  : gt_arena_printf(d->arena, "item %lld", (long long)set->items[image]);
        if (column) paint_channel(k, image, channel, m, to);
    }
    const char *title = gt_arena_printf(
        d->arena, "layer %s: %dx%d pixels, %d of %d channels, each from its least to its largest value", layer,
        k->height, k->width, k->drawn, k->channels);
    sheet s = sheet_of(title, columns, n, cells, m->height, m->width, m->channels);
    return gt_arena_failed(d->arena) ? GT_NOMEM : sheet_write(d->path, &s);
}

static gt_status view_maps(const view *v, const char *layer, const char *path) {
    drawing d;
    maps k = {0};
    char numbers[96];
    gt_status st = open_drawing(&d, v, (gt_features_options){.layer = layer}, path);
    gt_shape shape = st ? (gt_shape){0} : gt_features_shape(d.features);
    if (!st && (shape.n != 3 || shape.d[0] * shape.d[1] < 2))
        st = gt_fail(GT_USAGE, "layer %s has no maps: its result is %s numbers (gantry latent --layer=%s writes these)",
                     layer, gt_shape_text(&shape, numbers), layer);
    if (!st) k = (maps){(int)shape.d[0], (int)shape.d[1], (int)shape.d[2], NULL, MAPS_MAX, {0}};
    if (k.channels < MAPS_MAX) k.drawn = k.channels;
    if (!st) st = read_values(&d, NULL, &k.values);
    if (!st) st = choose_channels(d.arena, &k, v->images.n);
    if (!st) st = draw_rows(&d, &k, layer);
    close_drawing(&d);
    return st;
}

/* ---- class activation ---- */

typedef struct activation {
    bool of_truth;
    int32_t *class;    /* [n] that the map is for */
    float *given;      /* [n,classes]: 1 for that class */
    float *map;        /* [n,height,width] */
    sheet_cell *cells; /* [n] */
    gt_runner *by;     /* what tells the classes */
} activation;

static const char *class_name(const drawing *d, int class) {
    const gt_dataset_info *info = gt_dataset_get_info(d->view->images.data);
    return class < info->class_names ? info->class_name[class] : gt_arena_printf(d->arena, "%d", class);
}

/* The class of image i, and the words under it. */
static gt_status choose_class(const drawing *d, activation *a, int64_t i, const float *logits) {
    const gt_image_set *set = &d->view->images;
    sheet_cell *cell = &a->cells[i];
    int classes = d->model->label_dim, best = 0, truth = gt_dataset_class(set->data, set->items[i]);
    for (int k = 1; k < classes; k++)
        if (logits[k] > logits[best]) best = k;
    if (a->of_truth && (truth < 0 || truth >= classes))
        return gt_fail(GT_USAGE, "--cam=true: item %lld has none of the network's classes", (long long)set->items[i]);
    a->class[i] = a->of_truth ? truth : best;
    a->given[i * classes + a->class[i]] = 1;
    if (truth >= 0) cell->text[0] = gt_arena_printf(d->arena, "is %s", class_name(d, truth));
    cell->text[truth >= 0] = gt_arena_printf(d->arena, "taken for %s", class_name(d, best));
    cell->bad = truth >= 0 && truth != best;
    return GT_OK;
}

static gt_status choose_classes(const drawing *d, activation *a) {
    const gt_image_set *set = &d->view->images;
    int batch = gt_runner_batch(a->by), classes = d->model->label_dim;
    size_t pixels = gt_model_floats(d->model);
    const float *logits = NULL; /* of the batch that i is in */
    gt_status st = GT_OK;
    for (int64_t i = 0; i < set->n && !st; i++) {
        if (i % batch == 0) {
            int64_t n = set->n - i < batch ? set->n - i : batch;
            st = gt_runner_run(a->by, &(gt_run_batch){.n = (int)n, .images = set->images + (size_t)i * pixels});
            logits = gt_runner_output(a->by, "logits");
        }
        if (!st) st = choose_class(d, a, i, logits + i % batch * classes);
    }
    return st;
}

static gt_status make_maps(const drawing *d, activation *a) {
    size_t n = (size_t)d->view->images.n;
    a->class = gt_arena_array(d->arena, n, sizeof *a->class);
    a->given = gt_arena_array(d->arena, n, (size_t)d->model->label_dim * sizeof *a->given);
    a->cells = gt_arena_array(d->arena, n, sizeof *a->cells);
    if (gt_arena_failed(d->arena)) return GT_NOMEM;
    a->by = gt_runner_open(
        d->view->checkpoint,
        &(gt_runner_options){.role = GT_ROLE_CLASSIFIER, .pool = d->view->pool, .reading = d->view->reading});
    gt_status st = a->by ? choose_classes(d, a) : gt_failure();
    gt_runner_close(a->by);
    return st ? st : read_values(d, a->given, &a->map);
}

static gt_status write_maps(const drawing *d, const activation *a, const char *path) {
    const gt_image_set *set = &d->view->images;
    gt_shape shape = gt_features_shape(d->features);
    gt_array arrays[] = {{"map", GT_NUMBER_FLOAT, 3, {set->n, shape.d[0], shape.d[1]}, a->map},
                         {"class", GT_NUMBER_INT32, 1, {set->n}, a->class},
                         {"item", GT_NUMBER_INT64, 1, {set->n}, set->items}};
    return gt_arrays_write(path, arrays, 3);
}

/* A map from 0 to 1. */
static void scale_map(float *map, size_t n) {
    float largest = 0;
    for (size_t i = 0; i < n; i++) largest = fmaxf(largest, map[i]);
    for (size_t i = 0; i < n; i++) map[i] = largest > 0 ? map[i] / largest : 0;
}

static gt_status draw_activation(const drawing *d, activation *a) {
    enum { COLUMNS = 8 };
    const gt_image_set *set = &d->view->images;
    const gt_model *m = d->model;
    gt_shape shape = gt_features_shape(d->features);
    size_t size = (size_t)gt_shape_size(&shape);
    for (int64_t i = 0; i < set->n; i++) {
        a->cells[i].image = set->images + (size_t)i * gt_model_floats(m);
        a->cells[i].heat = a->map + (size_t)i * size;
        scale_map(a->map + (size_t)i * size, size);
    }
    const char *title = a->of_truth ? "bright: parts that speak for the true class"
                                    : "bright: parts that speak for the predicted class";
    sheet s = sheet_of(title, COLUMNS, set->n, a->cells, m->height, m->width, m->channels);
    s.heat_height = (int)shape.d[0];
    s.heat_width = (int)shape.d[1];
    return gt_arena_failed(d->arena) ? GT_NOMEM : sheet_write(d->path, &s);
}

static gt_status view_class_activation(const view *v, const char *layer, bool of_truth, const char *path,
                                       const char *arrays) {
    drawing d;
    activation a = {.of_truth = of_truth};
    gt_status st = open_drawing(&d, v, (gt_features_options){.layer = layer, .cam = true}, path);
    if (!st) st = make_maps(&d, &a);
    if (!st) st = write_maps(&d, &a, arrays);
    if (!st) st = draw_activation(&d, &a);
    close_drawing(&d);
    return st;
}

/* ---- the command ---- */

static void tell_file(gt_status st, const char *path) {
    if (!st) gt_print("%s\n", path);
}

static gt_status draw_views(const cli_session *s, const view *v) {
    const look_fields *f = s->fields;
    gt_status st = gt_rundir_prepare(f->outdir, 1 << 20);
    if (!st && f->filters) tell_file(st = view_filters(v, cli_out(s, "filters.png")), cli_out(s, "filters.png"));
    if (!st && *f->maps) tell_file(st = view_maps(v, f->maps, cli_out(s, "maps.png")), cli_out(s, "maps.png"));
    if (st || f->cam == CAM_NONE) return st;
    st = view_class_activation(v, *f->layer ? f->layer : NULL, f->cam == CAM_TRUE, cli_out(s, "cam.png"),
                               cli_out(s, "cam.h5"));
    tell_file(st, cli_out(s, "cam.png"));
    return st;
}

static gt_status draw_network(cli_session *s) {
    const look_fields *f = s->fields;
    const char **words = s->arguments.words;
    if (s->arguments.n_words != 2)
        return gt_fail(GT_USAGE, "a checkpoint (or a run's directory) and a dataset are needed");
    if (!f->filters && !*f->maps && f->cam == CAM_NONE)
        return gt_fail(GT_USAGE, "nothing to draw: give --filters, --maps=LAYER or --cam");
    int classes;
    view v = {.checkpoint = words[0],
              .network = *f->network ? f->network : NULL,
              .pool = gt_pool_new((int)f->threads),
              .reading = cli_reading(&s->options)};
    gt_status st = v.pool ? cli_network_classes(s, words[0], &classes) : gt_failure();
    if (!st) st = cli_open_data(s, words[1], classes, &v.images.data);
    if (!st) st = gt_image_set_read(s->arena, v.images.data, f->images, &v.images);
    if (!st) st = draw_views(s, &v);
    gt_dataset_close(v.images.data);
    gt_pool_free(v.pool);
    return st;
}

const cli_command cli_look = {
    .name = "look",
    .arguments = "CHECKPOINT | RUN DATA [--key=value ...]",
    .help = "Draw filters, maps of layers, and what a classifier looks at",
    .files = "In --outdir: filters.png, maps.png, cam.png and cam.h5, one for each option.",
    CLI_EXAMPLES(
        {"The first layer, and what the network looks at", "gantry look runs/lenet digits.zip --filters --cam"},
        {"The maps of a layer for eight images", "gantry look runs/lenet digits.zip --maps=conv2 --images=8"}),
    CLI_ROWS(table),
    .prepare = cli_check_applied,
    .run = draw_network,
};
