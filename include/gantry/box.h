/* SPDX-License-Identifier: Apache-2.0
 * Boxes around objects of pictures, and the boxes that the objects of a mask fill.
 *
 * For Gantry's own commands: may change with any version. */
#ifndef GANTRY_BOX_H
#define GANTRY_BOX_H

#include <stdint.h>

typedef struct gt_box { /* the pixels left .. right-1, top .. bottom-1 */
    int class, left, top, right, bottom;
} gt_box;

#endif
