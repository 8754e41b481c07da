/* SPDX-License-Identifier: Apache-2.0
 * gantry look: what a trained network has learnt, as pictures: filters, maps of a layer, where a classifier looks. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/encoding.h"
#include "gantry/items.h"
#include "gantry/arrays.h"
#include "gantry/classify.h"
#include "gantry/rundir.h"
#include "report/sheet.h"
#include "use/study/features.h"

typedef struct look_fields {
    const char *outdir, *classes, *maps, *cam, *layer, *network;
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
     .detail = "A row for each image: the image, and the channels with the largest mean, from their least value "
               "(black) to their largest (white). A name that is not a layer lists the names."},
    {CLI_OPTION(cam, "none", "Write cam.png: where a classifier looks for this class"),
     .choices = "none|predicted|true", .bare = "predicted",
     .detail = "Grad-CAM, and with a mean over pixels before the last layer CAM: parts of the image that speak for "
               "the class that the network takes it for, or for the true one, bright over the image. cam.h5 has the "
               "maps as numbers."},
    {CLI_OPTION(layer, "", "With --cam: the layer; empty: the last one with pixels"), .placeholder = "LAYER"},
    {CLI_OPTION(network, "", "Network to look at, such as D; empty: the first"), .placeholder = "WORD"},
    {CLI_OPTION(images, "16", "Number of images, spread over the data"), .min = 1, .max = 4096},
    CLI_OVERWRITE,
    CLI_CLASSES,
    {CLI_OPTION(threads, "1", "Number of threads"), .min = 1, .max = 4096},
    CLI_ASSUMED,
    CLI_ASSUMED_OF_CLASSIFIERS,
};

typedef struct look {
    cli_session *session;
    const look_fields *fields;
    gt_pool *pool;
    gt_dataset *data;
    const gt_dataset_info *info;
    int64_t n, *items;
    float *images; /* [n,H,W,C] */
} look;

static const char *text(const look *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
static const char *text(const look *l, const char *format, ...) {
    char line[256];
    va_list ap;
    va_start(ap, format);
    vsnprintf(line, sizeof line, format, ap);
    va_end(ap);
    return gt_arena_printf(l->session->arena, "%s", line);
}

static gt_features *open_features(const look *l, const char *layer, bool cam, gt_status *st) {
    gt_features_options o = {.layer = *layer ? layer : NULL, .cam = cam, .pool = l->pool, .kernels = cli_kernels()};
    if (*l->fields->network) o.network = l->fields->network;
    gt_features *f = gt_features_open(l->session->arguments.words[0], &o, st);
    if (!*st) *st = gt_model_takes(gt_features_model(f), l->data);
    return f;
}

static gt_status write_sheet(const look *l, const char *name, const sheet *s) {
    const char *path = cli_out(l->session, name);
    gt_status st = sheet_write(path, s);
    if (!st) printf("%s\n", path);
    return st;
}

/* ---- filters ---- */

static gt_status draw_filters(const look *l, const gt_features *f) {
    enum { COLUMNS = 8, MOST = 1024 };
    gt_filters k;
    gt_status st = gt_features_filters(f, &k);
    if (st) return st;
    int n = k.n < MOST ? k.n : MOST;
    size_t pixels = (size_t)k.height * (size_t)k.width * (size_t)k.channels;
    float most = 0;
    for (size_t i = 0; i < (size_t)k.n * pixels; i++) most = fmaxf(most, fabsf(k.values[i]));
    sheet_cell *cells = gt_arena_array(l->session->arena, (size_t)n, sizeof *cells);
    for (int i = 0; cells && i < n; i++) {
        cells[i].image = k.values + (size_t)i * pixels;
        cells[i].text[0] = text(l, "%d", i);
    }
    sheet s = {.title = text(l, "%s: %d filters of %dx%dx%d, black -%.3g, white %.3g", k.tensor, k.n, k.height, k.width,
                             k.channels, (double)most, (double)most),
               .columns = COLUMNS,
               .n = n,
               .cells = cells,
               .height = k.height,
               .width = k.width,
               .channels = k.channels,
               .lo = -most,
               .hi = most > 0 ? most : 1};
    st = cells ? write_sheet(l, "filters.png", &s) : GT_NOMEM;
    free(k.values);
    return st;
}

/* ---- values of the chosen images ---- */

/* [n,size of a value], malloc'ed; NULL: see gt_message(). `given` as in gt_features_run(). */
static float *values_of(const look *l, gt_features *f, const float *given) {
    const gt_model *m = gt_features_model(f);
    gt_shape shape = gt_features_shape(f);
    size_t size = (size_t)gt_shape_size(&shape);
    int batch = gt_features_batch(f);
    float *all = malloc((size_t)l->n * size * sizeof *all);
    if (!all) gt_fail(GT_NOMEM, "out of memory for the maps of %lld images", (long long)l->n);
    for (int64_t first = 0; all && first < l->n; first += batch) {
        int n = (int)(l->n - first < batch ? l->n - first : batch);
        const float *values, *labels = given ? given + first * m->label_dim : NULL;
        if (gt_features_run(f, n, l->images + (size_t)first * gt_model_floats(m), labels, &values)) {
            free(all);
            return NULL;
        }
        memcpy(all + (size_t)first * size, values, (size_t)n * size * sizeof *all);
    }
    return all;
}

/* ---- maps ---- */

typedef struct maps {
    int height, width, channels;
    const float *values; /* [n,height,width,channels] */
    int shown, *channel; /* those that are drawn */
} maps;

/* The channels of the largest means. */
static void choose_channels(maps *k, int64_t n, double *mean) {
    int64_t pixels = n * k->height * k->width;
    for (int64_t i = 0; i < pixels; i++)
        for (int c = 0; c < k->channels; c++) mean[c] += (double)k->values[i * k->channels + c];
    for (int s = 0; s < k->shown; s++) {
        int best = 0;
        for (int c = 1; c < k->channels; c++)
            if (mean[c] > mean[best]) best = c;
        k->channel[s] = best;
        mean[best] = -INFINITY;
    }
}

/* A channel of an image's maps as an image [H,W,C] in -1..1: its least value black, its largest white. */
static void paint(const maps *k, int64_t item, int channel, const gt_model *m, float *out) {
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

static gt_status draw_rows(const look *l, const gt_model *m, const maps *k) {
    size_t pixels = gt_model_floats(m);
    int columns = k->shown + 1;
    int64_t n = l->n * columns;
    float *painted = malloc((size_t)n * pixels * sizeof *painted);
    sheet_cell *cells = calloc((size_t)n, sizeof *cells);
    gt_status st = painted && cells ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %lld maps", (long long)n);
    for (int64_t i = 0; i < l->n && !st; i++)
        for (int s = 0; s < columns; s++) {
            sheet_cell *cell = &cells[i * columns + s];
            float *to = painted + (size_t)(i * columns + s) * pixels;
            cell->image = s ? to : l->images + (size_t)i * pixels;
            cell->text[0] = s ? text(l, "channel %d", k->channel[s - 1]) : text(l, "item %lld", (long long)l->items[i]);
            if (s) paint(k, i, k->channel[s - 1], m, to);
        }
    sheet s = {.title = text(l, "layer %s: %dx%d pixels, %d of %d channels, each from its least to its largest value",
                             l->fields->maps, k->height, k->width, k->shown, k->channels),
               .columns = columns,
               .n = n,
               .cells = cells,
               .height = m->height,
               .width = m->width,
               .channels = m->channels,
               .lo = -1,
               .hi = 1};
    if (!st) st = write_sheet(l, "maps.png", &s);
    free(cells);
    free(painted);
    return st;
}

static gt_status draw_maps(const look *l) {
    enum { SHOWN = 15 };
    gt_status st;
    gt_features *f = open_features(l, l->fields->maps, false, &st);
    gt_shape shape = st ? (gt_shape){0} : gt_features_shape(f);
    char numbers[96];
    if (!st && (shape.n != 3 || shape.d[0] * shape.d[1] < 2))
        st = gt_fail(GT_USAGE, "layer %s has no maps: its result is %s numbers (gantry latent --layer=%s writes them)",
                     l->fields->maps, gt_shape_text(&shape, numbers), l->fields->maps);
    float *values = st ? NULL : values_of(l, f, NULL);
    if (!st && !values) st = gt_failure();
    int channel[SHOWN];
    maps k = {(int)shape.d[0], (int)shape.d[1], (int)shape.d[2], values, SHOWN, channel};
    if (k.channels < SHOWN) k.shown = k.channels;
    double *mean = gt_arena_array(l->session->arena, (size_t)k.channels + 1, sizeof *mean);
    if (!st && !mean) st = GT_NOMEM;
    if (!st) choose_channels(&k, l->n, mean);
    if (!st) st = draw_rows(l, gt_features_model(f), &k);
    free(values);
    gt_features_close(f);
    return st;
}

/* ---- where a classifier looks ---- */

static const char *class_name(const look *l, int class) {
    return class < l->info->class_names ? l->info->class_name[class] : text(l, "%d", class);
}

/* The class of each image that the map is for, by the network or by the data, and the words for the sheet. */
static gt_status choose_classes(const look *l, int32_t *class, sheet_cell *cells) {
    gt_classifying *c = gt_classifying_open(l->session->arguments.words[0], l->pool, cli_kernels());
    if (!c) return gt_failure();
    const gt_model *m = gt_classifying_model(c);
    int batch = gt_classifying_batch(m), classes = m->label_dim;
    bool of_truth = gt_is(l->fields->cam, "true");
    size_t pixels = gt_model_floats(m);
    float *images = calloc((size_t)batch, pixels * sizeof *images);
    gt_status st = images ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %d images", batch);
    const float *logits = NULL; /* of the batch that i is in */
    for (int64_t i = 0; i < l->n && !st; i++) {
        if (i % batch == 0) {
            int64_t n = l->n - i < batch ? l->n - i : batch;
            memcpy(images, l->images + (size_t)i * pixels, (size_t)n * pixels * sizeof *images);
            st = gt_classifying_run(c, images, &logits);
            if (st) break;
        }
        const float *own = logits + i % batch * classes;
        int best = 0, truth = gt_dataset_class(l->data, l->items[i]);
        for (int k = 1; k < classes; k++)
            if (own[k] > own[best]) best = k;
        class[i] = of_truth ? truth : best;
        if (truth >= 0) cells[i].text[0] = text(l, "is %s", class_name(l, truth));
        cells[i].text[truth >= 0] = text(l, "taken for %s", class_name(l, best));
        cells[i].bad = truth >= 0 && truth != best;
        if (of_truth && (truth < 0 || truth >= classes))
            st = gt_fail(GT_USAGE, "--cam=true: item %lld has no class that the network knows", (long long)l->items[i]);
    }
    free(images);
    gt_classifying_close(c);
    return st;
}

/* Each map from 0 to 1. */
static void scale(float *map, size_t n) {
    float most = 0;
    for (size_t i = 0; i < n; i++) most = fmaxf(most, map[i]);
    for (size_t i = 0; i < n; i++) map[i] = most > 0 ? map[i] / most : 0;
}

static gt_status draw_cam(const look *l) {
    enum { COLUMNS = 8 };
    gt_status st;
    gt_features *f = open_features(l, l->fields->layer, true, &st);
    if (st) {
        gt_features_close(f);
        return st;
    }
    const gt_model *m = gt_features_model(f);
    gt_shape shape = gt_features_shape(f);
    size_t pixels = gt_model_floats(m), size = (size_t)gt_shape_size(&shape);
    int32_t *class = calloc((size_t)l->n, sizeof *class);
    float *given = calloc((size_t)l->n, (size_t)m->label_dim * sizeof *given), *map = NULL;
    sheet_cell *cells = calloc((size_t)l->n, sizeof *cells);
    st = class && given && cells ? choose_classes(l, class, cells) : gt_fail(GT_NOMEM, "out of memory for maps");
    for (int64_t i = 0; i < l->n && !st; i++) given[i * m->label_dim + class[i]] = 1;
    if (!st && !(map = values_of(l, f, given))) st = gt_failure();
    gt_array arrays[] = {{"map", GT_NUMBER_FLOAT, 3, {l->n, shape.d[0], shape.d[1]}, map},
                         {"class", GT_NUMBER_INT32, 1, {l->n}, class},
                         {"item", GT_NUMBER_INT64, 1, {l->n}, l->items}};
    if (!st) st = gt_arrays_write(cli_out(l->session, "cam.h5"), arrays, 3);
    for (int64_t i = 0; i < l->n && !st; i++) {
        scale(map + (size_t)i * size, size);
        cells[i].image = l->images + (size_t)i * pixels;
        cells[i].heat = map + (size_t)i * size;
    }
    sheet s = {.title = text(l, "bright: what speaks for the %s class", l->fields->cam),
               .columns = COLUMNS,
               .n = l->n,
               .cells = cells,
               .height = m->height,
               .width = m->width,
               .channels = m->channels,
               .lo = -1,
               .hi = 1,
               .heat_height = (int)shape.d[0],
               .heat_width = (int)shape.d[1]};
    if (!st) st = write_sheet(l, "cam.png", &s);
    free(cells);
    free(given);
    free(class);
    free(map);
    gt_features_close(f);
    return st;
}

/* ---- the command ---- */

static gt_status read_images(look *l) {
    int classes;
    gt_status st = cli_network_classes(l->session, l->session->arguments.words[0], &classes);
    if (!st) st = cli_open_data(l->session, l->session->arguments.words[1], classes, &l->data);
    if (st) return st;
    l->info = gt_dataset_get_info(l->data);
    l->n = l->fields->images < l->info->count ? l->fields->images : l->info->count;
    l->items = gt_arena_array(l->session->arena, (size_t)l->n, sizeof *l->items);
    size_t pixels = (size_t)l->info->height * (size_t)l->info->width * (size_t)l->info->channels;
    l->images = malloc((size_t)l->n * pixels * sizeof *l->images);
    if (!l->items || !l->images) return gt_fail(GT_NOMEM, "out of memory for %lld images", (long long)l->n);
    for (int64_t i = 0; i < l->n; i++) l->items[i] = i * l->info->count / l->n;
    return gt_read_images(l->data, l->n, l->items, l->images);
}

static gt_status first_filters(const look *l) {
    gt_status st;
    gt_features_options o = {.pool = l->pool, .kernels = cli_kernels(), .any = true};
    if (*l->fields->network) o.network = l->fields->network;
    gt_features *f = gt_features_open(l->session->arguments.words[0], &o, &st);
    if (!st) st = draw_filters(l, f);
    gt_features_close(f);
    return st;
}

static gt_status look_at(cli_session *s) {
    const look_fields *f = s->fields;
    look l = {.session = s, .fields = f};
    bool maps = *f->maps, cam = !gt_is(f->cam, "none");
    if (s->arguments.n_words != 2)
        return gt_fail(GT_USAGE, "a checkpoint (or a run's directory) and a dataset are needed");
    if (!f->filters && !maps && !cam)
        return gt_fail(GT_USAGE, "nothing is asked for: --filters, --maps=LAYER or --cam");
    if (*f->layer && !cam) return gt_fail(GT_USAGE, "--layer goes with --cam; maps are asked for by --maps=LAYER");
    l.pool = gt_pool_new((int)f->threads);
    gt_status st = l.pool ? read_images(&l) : gt_failure();
    if (!st) st = gt_rundir_prepare(f->outdir, 1 << 20);
    if (!st && f->filters) st = first_filters(&l);
    if (!st && maps) st = draw_maps(&l);
    if (!st && cam) st = draw_cam(&l);
    free(l.images);
    gt_dataset_close(l.data);
    gt_pool_free(l.pool);
    return st;
}

const cli_command cli_look = {
    .name = "look",
    .arguments = "CHECKPOINT | RUN DATA [--key=value ...]",
    .help = "Draw filters, maps of layers, and where a classifier looks",
    .files = "In --outdir filters.png, maps.png, cam.png and cam.h5, as asked for.",
    CLI_EXAMPLES({"The first layer, and where the network looks", "gantry look runs/lenet digits.zip --filters --cam"},
                 {"What a layer makes of eight images", "gantry look runs/lenet digits.zip --maps=conv2 --images=8"}),
    CLI_ROWS(table),
    .prepare = cli_check_encoding,
    .run = look_at,
};
