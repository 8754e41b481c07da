/* SPDX-License-Identifier: Apache-2.0
 * Augmentation that a network sees, with the draws of a golden file. */
#ifndef KIND_TOLD_H
#define KIND_TOLD_H

#include "golden.h"
#include "networks/nets/door/augment_told.h"

enum { GOLD_TOLD_MAX = 64 };

typedef struct gold_told_case {
    gold *f;
    gt_told_pipe pipe;
    gt_augment_config config;
    gt_augment_source source; /* of recorded draws: source.own is this struct */
    const char *draws;        /* group */
    int n;
    gt_told told[GOLD_TOLD_MAX];
} gold_told_case;

/* The pipe of the settings, with the draws of the group `draws`, for pictures of this shape. */
void gold_told_read(gold_told_case *c, gold *f, json_t *settings, const char *draws, const gt_shape *images);
/* The numbers that the network is told, against the dataset `path`. */
void gold_told_check_numbers(const gold_told_case *c, const char *path);
/* Pictures whose pixels are moved, in the arena. */
float *gold_told_moved(const gold_told_case *c, const float *images, const gt_shape *shape);
/* Writes the inputs of the graph's part, whose names begin with "aug". */
void gold_told_write(const gold_told_case *c, gt_exec *e, const gt_shape *shape);

#endif
