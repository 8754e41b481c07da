/* SPDX-License-Identifier: Apache-2.0
 * The controller of the augmentation probability p (docs/mathematics/stylegan2-ada.md#ada) steers r, the mean sign of
 * the discriminator's scores of real images, to a target. Every rank runs the controller on the same sums over all
 * ranks, so all ranks have the same p without telling each other. */
#ifndef GANTRY_NETWORKS_MODEL_DOOR_ADA_H
#define GANTRY_NETWORKS_MODEL_DOOR_ADA_H

#include <stdbool.h>

typedef struct gt_ada_config {
    double target; /* of r: 0.6 */
    int interval;  /* steps between updates: 4 */
    int batch;     /* images per step */
    double kimg;   /* thousands of images in which p moves by one: 500 */
    float p_max;   /* ceiling of p; 0: none (published) */
} gt_ada_config;

typedef struct gt_ada { /* a checkpoint holds all fields */
    float p;
    double r;             /* at the last update */
    double sum, count;    /* of signs since the last update */
    double updates_above; /* updates in a row after which p was above GT_ADA_HIGH */
} gt_ada;

#define GT_ADA_HIGH 0.8f /* somewhere above, generated images begin to look augmented */

/* Adds the signs of the real scores of one phase of one step: their sum over all ranks, and their number. */
void gt_ada_collect(gt_ada *a, double sum, double count);

/* Call after each step; `done` counts the steps so far (1, 2, ...). Moves p and returns true if an update is due.
 * Without signs since the last update r keeps its value. */
bool gt_ada_step(gt_ada *a, const gt_ada_config *c, long done);

/* True at the one update at which p has stayed high for long: as long as p takes to move by a tenth. */
bool gt_ada_stays_high(const gt_ada *a, const gt_ada_config *c);

#endif
