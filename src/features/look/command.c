/* SPDX-License-Identifier: Apache-2.0
 * gantry look: what a trained network has learnt, as pictures: filters, maps of a layer, where a classifier looks. */
#include "command/door/applied.h"
#include "features/look/network_view.h"
#include "gantry/rundir.h"

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

static void tell_file(gt_status st, const char *path) {
    if (!st) gt_print("%s\n", path);
}

static gt_status draw_views(const cli_session *s, const gt_network_view *v) {
    const look_fields *f = s->fields;
    gt_status st = gt_rundir_prepare(f->outdir, 1 << 20);
    if (!st && f->filters) tell_file(st = gt_view_filters(v, cli_out(s, "filters.png")), cli_out(s, "filters.png"));
    if (!st && *f->maps) tell_file(st = gt_view_maps(v, f->maps, cli_out(s, "maps.png")), cli_out(s, "maps.png"));
    if (st || f->cam == CAM_NONE) return st;
    st = gt_view_class_activation(v, *f->layer ? f->layer : NULL, f->cam == CAM_TRUE, cli_out(s, "cam.png"),
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
    gt_image_set images = {0};
    gt_network_view v = {.checkpoint = words[0],
                         .network = *f->network ? f->network : NULL,
                         .images = &images,
                         .pool = gt_pool_new((int)f->threads),
                         .reading = cli_reading(&s->options)};
    gt_status st = v.pool ? cli_network_classes(s, words[0], &classes) : gt_failure();
    if (!st) st = cli_open_data(s, words[1], classes, &images.data);
    if (!st) st = gt_image_set_read(s->arena, images.data, f->images, &images);
    if (!st) st = draw_views(s, &v);
    gt_dataset_close(images.data);
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
