/* SPDX-License-Identifier: Apache-2.0
 * gantry detect: objects of pictures, by a classifier of windows. */
#include "command/door/cli.h"
#include "gantry/arrays.h"
#include "features/detect/detections.h"
#include "gantry/text.h"

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

static gt_status read_windows(const cli_session *s, gt_detect_options *o) {
    const detect_fields *f = s->fields;
    gt_status st = cli_read_numbers(s->arena, f->sizes, &o->sizes, &o->n_sizes);
    return st ? st : cli_read_numbers(s->arena, f->aspects, &o->aspects, &o->n_aspects);
}

static void print_result(const cli_session *s, const gt_detections *d) {
    const gt_detect_scores *scores = &d->scores;
    gt_print("%lld picture%s, %lld object%s: %s\n", (long long)d->pictures, gt_plural(d->pictures),
             (long long)d->objects, gt_plural(d->objects), cli_out(s, "detections.csv"));
    if (d->masks && scores->there && scores->found)
        gt_print("the masks have %lld objects: precision %.3f, recall %.3f (overlap of at least 0.5)\n",
                 (long long)scores->there, (double)scores->right / (double)scores->found,
                 (double)scores->right / (double)scores->there);
}

static gt_status detect_objects(cli_session *s) {
    const detect_fields *f = s->fields;
    const char **words = s->arguments.words;
    if (s->arguments.n_words < 2)
        return gt_fail(GT_USAGE, "a checkpoint (or a run's directory) and a picture or dataset are needed");
    gt_detections found;
    gt_detections_options o = {
        .detect = {.stride = f->stride, .threshold = f->threshold, .overlap = f->overlap, .ground = (int)f->ground},
        .names = f->names,
        .drawn_max = (int)f->images,
        .pool = gt_pool_new((int)f->threads),
        .reading = cli_reading(&s->options)};
    gt_status st = o.pool ? read_windows(s, &o.detect) : gt_failure();
    if (!st) st = gt_detections_write(words[0], words + 1, s->arguments.n_words - 1, &o, f->outdir, &found);
    if (!st) print_result(s, &found);
    gt_pool_free(o.pool);
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
