/* SPDX-License-Identifier: Apache-2.0
 * The inside of a dataset, for the files that it is made of: dataset.c opens and describes it, one_shape.c and fit.c
 * see to one shape, dataset_items.c reads images, dataset_labels.c and fingerprint.c do what their names say. */
#ifndef GANTRY_DATA_DATASET_INTERNAL_H
#define GANTRY_DATA_DATASET_INTERNAL_H

#include <pthread.h>

#include "data/door/damage.h"
#include "data/door/source.h"

struct gt_dataset { /* in the arena of its source, as texts are */
    gt_source *source;
    gt_picture shape; /* of all pictures, without samples */
    gt_dataset_info info;
    char *name, *spec;      /* short, for runs; as it was given, for messages */
    int64_t *chosen;        /* stored images of a subset, in order; NULL: all */
    int64_t unmirrored;     /* items before the mirrored ones */
    int64_t first;          /* the picture whose shape all have */
    bool says_no_range;     /* floats, and neither the source nor a transform says which of them are black and white */
    char *fitted;           /* how pictures of other shapes are made alike, for the user */
    bool skips, uses_masks; /* damaged pictures; options.use_masks */
    gt_damage damage;       /* those that are known; under the lock */
    pthread_mutex_t lock;
};

/* The shape of the first picture in ds->shape, and the heads of the others compared with it: up to a number that can be
 * looked at, else as many evenly spaced ones (the rest is compared when it is read). (one_shape.c) */
gt_status gt_dataset_survey(gt_dataset *ds);
/* GT_FORMAT: a picture has another shape than ds->shape. */
gt_status gt_dataset_compare_shape(const gt_dataset *ds, const gt_picture *found);
/* The samples of a stored image as they are. A picture of another shape is an error, and not damaged.
 * (dataset_items.c) */
gt_status gt_dataset_samples(const gt_dataset *ds, int64_t stored, void *samples, bool *damaged);

#endif
