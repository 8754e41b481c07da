/* SPDX-License-Identifier: Apache-2.0
 * What a NumPy file (.npy) holds, for readers: shape, type, range, mean, deviation and a histogram of its numbers. */
#ifndef GANTRY_ARRAY_VIEW_H
#define GANTRY_ARRAY_VIEW_H

#include <stdbool.h>
#include <stdio.h>

#include "gantry/status.h"

/* Numbers that are not finite are counted apart. *pictures: the array has the shape of pictures. GT_FORMAT: no such
 * file, or not all of it; the message names the path. */
gt_status gt_array_view_print(FILE *f, const char *path, bool *pictures);

#endif
