/* SPDX-License-Identifier: Apache-2.0
 * Boxes around objects of pictures, and the boxes that the objects of a mask fill. */
#ifndef GANTRY_DATA_DOOR_BOX_H
#define GANTRY_DATA_DOOR_BOX_H

#include <stdint.h>

#include "gantry/box.h"
#include "gantry/status.h"

/* Intersection over union, 0 .. 1; classes do not count. */
double gt_box_overlap(const gt_box *a, const gt_box *b);

enum { GT_OBJECT_PIXELS = 12 }; /* fewer pixels are noise */

/* The objects of a mask [height,width] (dataset.h): pixels of one class that hang together, also by their corners.
 * Class 0 is the ground, and GT_MASK_IGNORE no class. Objects of fewer than GT_OBJECT_PIXELS pixels are left out.
 * *boxes: in the order of their first pixels, malloc'ed; NULL where there is none. */
gt_status gt_boxes_of_mask(const uint8_t *classes, int height, int width, gt_box **boxes, int *n);

#endif
