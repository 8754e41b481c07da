/* SPDX-License-Identifier: Apache-2.0
 * What classifiers and networks that segment make of a dataset, as tables, arrays and pictures. Folders must be there.
 *
 *     gt_classified *all;
 *     float *probabilities;
 *     gt_status st = gt_classify_dataset_all(comm, classifier, dataset, &all, &probabilities);
 *     gt_predictions p = {model, dataset, gt_runner_data(classifier), all, probabilities};
 *     if (!st) st = gt_predictions_write(&p, 32, "predictions"); */
#ifndef GANTRY_FEATURES_PREDICT_PREDICTION_VIEW_H
#define GANTRY_FEATURES_PREDICT_PREDICTION_VIEW_H

#include "gantry/checkpoint.h"
#include "gantry/class_maps.h"
#include "gantry/classify.h"
#include "gantry/memory.h"
#include "gantry/segment.h"

/* ---- classes of images ---- */

typedef struct gt_predictions { /* of a classifier */
    const gt_model *model;
    gt_dataset *data;
    const gt_checkpoint_data *known; /* what the classifier was trained on; NULL: not known */
    const gt_classified *all;        /* of each image */
    const float *probabilities;      /* [count,classes] */
} gt_predictions;

/* The name of a class as the network knows it, else as the data have it, else its number. The text may live in the
 * arena. */
const char *gt_predicted_name(const gt_predictions *p, gt_arena *a, int class);

/* Writes into OUTDIR predictions.csv (item, class, probability, truth), predictions.h5 (class, truth, probability of
 * all classes, class_names), and pictures of at most `pictures` images each, the surest first: right.png (taken for
 * what they are), wrong.png (for something else) and unknown.png (of which the data do not say the class). A picture of
 * a kind that no image is of is removed. */
gt_status gt_predictions_write(const gt_predictions *p, int64_t pictures, const char *outdir);
/* Writes into OUTDIR classes.csv (class, images, accuracy), confusion.csv and confusion.png. */
gt_status gt_evaluation_write(const gt_predictions *p, const gt_scores *s, const char *outdir);

/* ---- maps of classes ---- */

/* Writes into OUTDIR predictions.csv (item, class of the largest mean over the map, that mean), predictions.h5 (the
 * maps) and maps.png: the probability of that class over at most `pictures` images. */
gt_status gt_score_maps_write(const gt_score_maps *maps, gt_dataset *data, int64_t pictures, const char *outdir);

/* ---- classes of pixels ---- */

typedef struct gt_segmentation { /* of a network that segments */
    const gt_model *model;
    gt_dataset *data;
    const gt_segment_scores *scores; /* for gt_segmentation_write_scores() */
    const uint8_t *classes;          /* [count,H,W], for gt_segmentation_write() */
} gt_segmentation;

/* The name of a class by the data, or its number; the text may live in the arena. */
const char *gt_segmentation_class_name(const gt_segmentation *s, gt_arena *a, int class);
/* Writes into OUTDIR masks/00000/img00000000.png and so on (the predicted classes, as masks of a dataset are),
 * predictions.h5 (classes) and overlays.png: of `pictures` evenly spaced items the picture, its mask where there is
 * one, and what the network says; then the colours of the classes. */
gt_status gt_segmentation_write(const gt_segmentation *s, int64_t pictures, const char *outdir);
/* Writes into OUTDIR classes.csv (class, pixels, accuracy, iou), confusion.csv and confusion.png. */
gt_status gt_segmentation_write_scores(const gt_segmentation *s, const char *outdir);

#endif
