/* SPDX-License-Identifier: Apache-2.0
 * gantry predict: the classes of pictures by a classifier. */
#include <stdlib.h>

#include "command/door/applied.h"
#include "features/predict/command_pixels.h"
#include "gantry/text.h"
#include "features/predict/prediction_view.h"
#include "gantry/rundir.h"

typedef struct predict_fields {
    const char *outdir, *classes;
    gt_crop transform;
    gt_resize_filter filter;
    bool fully_convolutional, overwrite, pad;
    int64_t images, threads;
    cli_assumed assumed;
} predict_fields;

#define FIELDS predict_fields

static const gt_option table[] = {
    {CLI_OPTION(outdir, "predictions", "Folder to write to; made if needed"),
     CLI_FILLS_FOLDERS(
         "masks?(/+([0-9]))", {"predictions.csv", GT_OUTFILE_TABLE}, {"predictions.h5", GT_OUTFILE_ARRAYS},
         {"@(right|wrong|unknown|maps|overlays).png", GT_OUTFILE_PICTURE}, {"img+([0-9]).png", GT_OUTFILE_PICTURE}),
     .detail = "predictions.csv: the predicted class of each image, its probability, and the true class if it is "
               "known. predictions.h5: the same, with the probabilities of all classes and the names of the classes. "
               "right.png, wrong.png: rightly and wrongly classified images, the most certain first, with their "
               "classes. unknown.png: images without a known class. For networks that segment: masks/, predictions.h5 "
               "with `classes` [N,H,W], and overlays.png: images, masks and predictions side by side."},
    {CLI_OPTION(images, "32", "Number of images in each picture"), .min = 1, .max = 4096},
    {CLI_SHOWN("fully-convolutional", fully_convolutional, "0",
               "Accept images larger than the network's, and make maps of classes"),
     .detail = "Fully connected layers become convolutions with the same function. predictions.h5: probability "
               "[images,height,width,classes]; predictions.csv: the class with the largest mean over the map; "
               "maps.png: the probability of this class over the image. Pictures keep their size: all must have the "
               "same size, and --transform, --resize-filter and --pad are not allowed."},
    {CLI_OPTION(transform, "none", "Cropping of pictures of another size than the network's, before they are resized"),
     GT_CHOICES(GT_CROPS_TO_FIT), .with = "!--fully-convolutional", .late = true,
     .detail = "--transform, --resize-filter and --pad work as in gantry dataset. Give the values that the training "
               "data were made with, since a run does not record them. MNIST's 28 x 28 pixels first get a border, "
               "unless the network takes 28 x 28."},
    {CLI_SHOWN("resize-filter", filter, "lanczos", "Filter of resizing, as in Pillow"), GT_CHOICES(GT_FILTERS),
     .with = "!--fully-convolutional", .late = true},
    {CLI_OPTION(pad, "0", "Fit such pictures into the network's size without stretching, and fill the rest with black"),
     .with = "!--fully-convolutional", .late = true},
    CLI_OVERWRITE,
    CLI_CLASSES,
    CLI_THREADS,
    CLI_ASSUMED_OF_CLASSIFIERS,
};

static gt_status write_classes(const cli_applied *c, const gt_classified *all, const float *probabilities) {
    const predict_fields *f = c->session->fields;
    const gt_predictions p = {c->model, c->data, gt_runner_data(c->network), all, probabilities};
    int64_t n = c->info->count;
    gt_status st = gt_rundir_prepare(f->outdir, (size_t)n * 64);
    if (!st) st = gt_predictions_write(&p, f->images, f->outdir);
    if (!st)
        gt_print("%lld image%s classified: %s\n", (long long)n, gt_plural(n), cli_out(c->session, "predictions.csv"));
    return st;
}

static gt_status predict_classes_all(cli_applied *c) {
    GT_FREED gt_classified *all = NULL;
    GT_FREED float *probabilities = NULL;
    gt_status st = gt_classify_dataset_all(c->comm, c->network, c->data, &all, &probabilities);
    if (!st && all) gt_classified_warn(c->network, c->data, all);
    return st ? st : gt_comm_agree_all(c->comm, c->comm->rank ? GT_OK : write_classes(c, all, probabilities));
}

static gt_status predict(cli_session *s) {
    const predict_fields *f = s->fields;
    bool segments;
    if (f->fully_convolutional) return cli_predict_maps_all(s, f->images);
    gt_status st = cli_segments_all(s, &segments);
    if (st || segments) return st ? st : cli_predict_pixels_all(s, f->outdir, f->images);
    return cli_apply_all(s, GT_ROLE_CLASSIFIER, CLI_ANY_SIZE, predict_classes_all, NULL);
}

const cli_command cli_predict = {
    .name = "predict",
    .help = "Predict the classes of images, or of their pixels",
    .detail = "DATA: any dataset or folder, or one picture file. Pictures with other sizes or channels than the "
              "network's are converted as by gantry dataset, and a message shows how.",
    .files = "In --outdir: predictions.csv and .h5, and the most certain images in right.png, wrong.png and "
             "unknown.png. For networks that segment: masks/ and overlays.png.",
    CLI_EXAMPLES({"The classes of all images", "gantry predict runs/lenet digits.zip"},
                 {"Photos of any size, for a network trained on middle squares",
                  "gantry predict runs/lenet photos --transform=center-crop"},
                 {"Maps of classes over larger images",
                  "gantry predict runs/conv scenes.zip --fully-convolutional --outdir=maps"}),
    CLI_APPLIED(table),
    .run = predict,
};
