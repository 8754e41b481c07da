/* SPDX-License-Identifier: Apache-2.0
 * gantry predict: the classes of pictures by a classifier. */
#include <stdlib.h>
#include <string.h>

#include "cli/classifying.h"
#include "cli/encoding.h"
#include "cli/segmenting.h"
#include "gantry/arrays.h"
#include "gantry/file.h"
#include "gantry/rundir.h"
#include "gantry/text.h"

typedef struct predict_fields {
    const char *outdir, *classes, *transform, *filter;
    bool fully_convolutional, overwrite, pad;
    int64_t images, threads;
    cli_assumed assumed;
} predict_fields;

#define FIELDS predict_fields

enum { MOST = 4096 };

static const gt_option table[] = {
    {CLI_OPTION(outdir, "predictions", "Folder to write to; made if needed"),
     CLI_FILLS_FOLDERS(
         "masks?(/+([0-9]))", {"predictions.csv", GT_OUTFILE_TABLE}, {"predictions.h5", GT_OUTFILE_ARRAYS},
         {"@(right|wrong|unknown|maps|overlays).png", GT_OUTFILE_PICTURE}, {"img+([0-9]).png", GT_OUTFILE_PICTURE}),
     .detail = "predictions.csv: the class of each image, its probability, and the true class where it is known. "
               "predictions.h5: the same, the probabilities of all classes and their names. right.png, wrong.png: "
               "images that were "
               "taken for what they are and for something else, the surest first, with their classes. "
               "unknown.png: images of which the data do not say the class. Of networks that segment: masks/, "
               "predictions.h5 with `classes` [N,H,W], and overlays.png: images, masks and predictions side by side."},
    {CLI_OPTION(images, "32", "Number of images in each picture"), .min = 1, .max = MOST},
    {CLI_SHOWN("fully-convolutional", fully_convolutional, "0",
               "Let images be larger than the network's, and make maps of classes"),
     .detail = "Fully connected layers become convolutions of the same function. predictions.h5: probability "
               "[images,height,width,classes]; predictions.csv: the class of the largest mean over the map; maps.png: "
               "the probability of that class over the image. Pictures keep their size: all of them have the same, and "
               "--transform, --resize-filter and --pad are not taken."},
    {CLI_OPTION(transform, "none", "Cropping of pictures that have not the network's size, before they are resized"),
     .choices = "none|center-crop",
     .detail = "This and the next two as for gantry dataset: give what the training data were made with, which a run "
               "does not know. MNIST's 28 x 28 pixels get a border first, but for a network of 28 x 28."},
    {CLI_SHOWN("resize-filter", filter, "lanczos", "Filter of resizing, as in Pillow"), .choices = "box|lanczos"},
    {CLI_OPTION(pad, "0", "Fit such pictures into the network's size without stretching them, and fill up with black")},
    CLI_OVERWRITE,
    CLI_CLASSES,
    CLI_THREADS,
    CLI_ASSUMED_OF_CLASSIFIERS,
};

static gt_status write_csv(const cli_classifying *c) {
    gt_buffer b = {0};
    bool known = c->info->label_kind == GT_LABELS_CLASSES;
    gt_buffer_printf(&b, known ? "item,class,probability,truth\n" : "item,class,probability\n");
    for (int64_t i = 0; i < c->info->count; i++) {
        const gt_classified *r = &c->all[i];
        gt_buffer_printf(&b, "%lld,", (long long)i);
        gt_buffer_csv(&b, cli_class_name(c, r->best));
        gt_buffer_printf(&b, ",%.6f", (double)r->probability);
        if (known) gt_buffer_printf(&b, ",");
        if (known && r->truth >= 0) gt_buffer_csv(&b, cli_true_name(c, r->truth));
        gt_buffer_printf(&b, "\n");
    }
    return gt_buffer_write(&b, cli_out(c->session, "predictions.csv"));
}

/* The classes' names, each in `width` bytes with a 0. */
static char *names_of(const cli_classifying *c, int64_t *width) {
    int n = c->model->label_dim;
    *width = 1;
    for (int i = 0; i < n; i++) {
        const char *name = cli_class_name(c, i);
        if (name && (int64_t)strlen(name) >= *width) *width = (int64_t)strlen(name) + 1;
    }
    char *all = gt_arena_array(c->session->arena, (size_t)n, (size_t)*width);
    for (int i = 0; all && i < n; i++) snprintf(all + i * *width, (size_t)*width, "%s", cli_class_name(c, i));
    return all;
}

static gt_status write_arrays(const cli_classifying *c) {
    int64_t n = c->info->count;
    int32_t *classes = gt_arena_array(c->session->arena, 2 * (size_t)n, sizeof *classes), *truth = classes + n;
    int64_t width;
    char *names = names_of(c, &width);
    if (!classes || !names) return GT_NOMEM;
    for (int64_t i = 0; i < n; i++) classes[i] = c->all[i].best, truth[i] = c->all[i].truth;
    gt_array arrays[] = {{"class", GT_NUMBER_INT32, 1, {n}, classes},
                         {"truth", GT_NUMBER_INT32, 1, {n}, truth},
                         {"probability", GT_NUMBER_FLOAT, 2, {n, c->model->label_dim}, c->probabilities},
                         {"class_names", GT_NUMBER_TEXT, 2, {c->model->label_dim, width}, names}};
    return gt_arrays_write(cli_out(c->session, "predictions.h5"), arrays, 4);
}

static const gt_classified *compared;

/* The surest first. */
static int order(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    float p = compared[x].probability, q = compared[y].probability;
    return p != q ? (p > q ? -1 : 1) : (x > y) - (x < y);
}

/* The items of a sheet, at most --images of them: those of `kind`. *n: how many. */
static int64_t *choose(const cli_classifying *c, cli_verdict kind, int64_t *n) {
    const predict_fields *f = c->session->fields;
    int64_t *items = gt_arena_array(c->session->arena, (size_t)c->info->count, sizeof *items);
    *n = 0;
    for (int64_t i = 0; items && i < c->info->count; i++)
        if (cli_verdict_of(&c->all[i]) == kind) items[(*n)++] = i;
    compared = c->all;
    if (items) qsort(items, (size_t)*n, sizeof *items, order);
    if (*n > f->images) *n = f->images;
    return items;
}

static gt_status draw(const cli_classifying *c, cli_verdict kind, const char *name, const char *title) {
    int64_t n, *items = choose(c, kind, &n);
    if (!items) return GT_NOMEM;
    if (!n) return cli_remove_old(cli_out(c->session, name));
    return cli_draw_classified(c, n, items, NULL, 0, 0, cli_out(c->session, name), title);
}

static gt_status write_all(cli_classifying *c) {
    const predict_fields *f = c->session->fields;
    gt_status st = gt_rundir_prepare(f->outdir, (size_t)c->info->count * 64);
    if (!st) st = write_csv(c);
    if (!st) st = write_arrays(c);
    if (!st) st = draw(c, CLI_RIGHT, "right.png", "taken for what they are, the surest first");
    if (!st) st = draw(c, CLI_WRONG, "wrong.png", "taken for something else, the surest first");
    if (!st) st = draw(c, CLI_UNKNOWN, "unknown.png", "their classes are not known, the surest first");
    if (!st)
        printf("%lld image%s classified: %s\n", (long long)c->info->count, gt_plural(c->info->count),
               cli_out(c->session, "predictions.csv"));
    return st;
}

static gt_status predict(cli_session *s) {
    const predict_fields *f = s->fields;
    bool segments;
    if (f->fully_convolutional) return cli_predict_maps_all(s, f->images);
    gt_status st = cli_segments_all(s, &segments);
    if (st || segments) return st ? st : cli_segment_predict_all(s, f->outdir, f->images);
    return cli_classify_all(s, CLI_PREDICT, write_all);
}

const cli_command cli_predict = {
    .name = "predict",
    .help = "Tell the classes of images, or of their pixels, by a network",
    .detail =
        "DATA: any dataset or folder, or one picture file. Pictures of other sizes or channels than the network's "
        "are made as gantry dataset makes them, and a line says how.",
    .files = "In --outdir predictions.csv and .h5, and pictures of the surest ones: right.png, wrong.png, unknown.png. "
             "Of networks that segment masks/ and overlays.png.",
    CLI_EXAMPLES({"Classes of all images", "gantry predict runs/lenet digits.zip"},
                 {"Of photos as they are, whose middle squares the network knows",
                  "gantry predict runs/lenet photos --transform=center-crop"},
                 {"Maps of classes over larger images",
                  "gantry predict runs/conv scenes.zip --fully-convolutional --outdir=maps"}),
    CLI_CLASSIFYING(table),
    .run = predict,
};
