/* SPDX-License-Identifier: Apache-2.0
 * Datasets as a whole: what labels, masks and pixels are like, a picture of some images, and whether all of them can be
 * read. */
#ifndef GANTRY_FEATURES_DATASET_DATASET_VIEW_H
#define GANTRY_FEATURES_DATASET_DATASET_VIEW_H

#include <stdbool.h>
#include <stdio.h>

#include "gantry/dataset.h"
#include "gantry/dist.h"
#include "gantry/grid.h"
#include "gantry/status.h"

typedef struct gt_moments { /* of some numbers */
    double mean, std, min, max;
    int64_t n;
} gt_moments;
/* Images of each class -> images [stored_label_width]. */
void gt_dataset_count_classes(const gt_dataset *ds, int64_t *images);
/* Of each number of the label vectors, over all images that have one -> out [stored_label_width]. */
gt_status gt_dataset_label_moments(const gt_dataset *ds, gt_moments *out);
typedef struct gt_unread { /* images that could not be read, and were left out */
    int64_t n;
    char why[512]; /* what the first one is called, and what is wrong with it; "": none */
} gt_unread;
/* Of each channel of n evenly spaced images, at most all -> out [channels]. Fails where none of them can be read. */
gt_status gt_dataset_pixel_moments(gt_dataset *ds, int64_t n, gt_moments *out, gt_unread *unread);
/* Of n evenly spaced images, at most all, that can be read: how many have one single colour, and how many equal an
 * earlier one of them. */
gt_status gt_dataset_count_alike(gt_dataset *ds, int64_t n, int64_t *uniform, int64_t *equal);
/* Pixels of each class in the masks of n evenly spaced images, at most all. */
gt_status gt_dataset_count_mask_pixels(gt_dataset *ds, int64_t n, int64_t pixels[GT_MASK_IGNORE + 1]);

/* Draws at most 8 x 8 images, ordered by class where there are classes, as one PNG of at most 4096 pixels a side, each
 * at most once: cells that are left are grey. In the place of an image that cannot be read stands another one. Fails
 * where none can be read. `path` NULL: there is no
 * file. The caller frees picture->png; NULL: there is none. */
gt_status gt_dataset_draw(gt_dataset *ds, const char *path, gt_grid_png *picture, gt_unread *unread);

/* All ranks read every image and mask once, checksums included, on all their threads. GT_FORMAT: some images are
 * damaged. For each of them, up to 1000, rank 0 calls bad(arg, item) when gt_message() says what is wrong. `spec` names
 * the dataset in messages. */
gt_status gt_dataset_verify_all(gt_comm *comm, gt_dataset *ds, const char *spec, void (*bad)(void *arg, int64_t item),
                                void *arg);

#endif
