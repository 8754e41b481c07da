/* SPDX-License-Identifier: Apache-2.0
 * Objects in picture files and datasets: a table of them, and pictures with their boxes. */
#ifndef GANTRY_FEATURES_DETECT_DETECTIONS_H
#define GANTRY_FEATURES_DETECT_DETECTIONS_H

#include "gantry/detect.h"

typedef struct gt_detections_options {
    gt_detect_options detect;
    const char *names; /* of the classes, with commas between them; "": those of the data, or numbers */
    int drawn_max;     /* pictures that are drawn, the first ones */
    gt_pool *pool;     /* may be NULL */
    gt_network_options reading;
} gt_detections_options;

typedef struct gt_detections {
    int64_t pictures, objects; /* objects: found */
    bool masks;                /* every picture has a mask, which gives its objects: `scores` are of all pictures */
    gt_detect_scores scores;
} gt_detections;

/* Finds objects in n picture files and datasets by the classifier of a checkpoint (or of the newest one of a run).
 * OUTDIR, which is made if needed, gets detections.csv, a line for each object: picture, class, probability, left, top,
 * right, bottom; and boxes.png, the first pictures with their boxes, where pictures of another size begin a further
 * file, boxes-2.png and so on. GT_USAGE: the network has another number of classes than `names`, or not the class
 * `ground`. */
gt_status gt_detections_write(const char *checkpoint, const char *const *paths, int n, const gt_detections_options *o,
                              const char *outdir, gt_detections *out);

#endif
