/* SPDX-License-Identifier: Apache-2.0
 * The controller of the augmentation probability p (spec 4.4): it steers the mean sign of the discriminator's scores of
 * real images, r, to a target. Every rank runs it on the same sums over all ranks, so that all have the same p without
 * handing it out. */
#ifndef GANTRY_ADA_H
#define GANTRY_ADA_H

#include <stdbool.h>

typedef struct gt_ada_config {
    double target; /* of r: 0.6 */
    int interval;  /* steps between updates: 4 */
    int batch;     /* images per step */
    double kimg;   /* thousands of images in which p moves by one: 500 */
    float p_max;   /* ceiling of p; 0: none (published) */
} gt_ada_config;

typedef struct gt_ada { /* all of it belongs into a checkpoint */
    float p;
    double r;             /* at the last update */
    double sum, count;    /* of signs since the last update */
    double updates_above; /* updates in a row after which p was above GT_ADA_HIGH */
} gt_ada;

#define GT_ADA_HIGH 0.8f /* augmentations begin to leak into the images somewhere above */

/* Signs of real scores of one phase of one step: their sum over all ranks, and how many. */
void gt_ada_collect(gt_ada *a, double sum, double count);

/* After a step, `done` steps having been made in all (1, 2, ...): moves p if an update is due, and says so. Without
 * signs since the last update r keeps its value. */
bool gt_ada_step(gt_ada *a, const gt_ada_config *c, long done);

/* True at the one update at which p has stayed high for long: as long as p takes to move by a tenth. */
bool gt_ada_stays_high(const gt_ada *a, const gt_ada_config *c);

#endif
