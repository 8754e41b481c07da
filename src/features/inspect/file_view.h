/* SPDX-License-Identifier: Apache-2.0
 * Files of arrays and pictures, printed. */
#ifndef GANTRY_FEATURES_INSPECT_FILE_VIEW_H
#define GANTRY_FEATURES_INSPECT_FILE_VIEW_H

#include <stdbool.h>
#include <stdio.h>

#include "gantry/status.h"

/* Prints the kind and size of a picture file, then decodes its pixels. GT_FORMAT: pictures of this kind are not read,
 * or the picture is damaged (its kind and size are printed all the same); the message names the path. */
gt_status gt_picture_view_print(FILE *f, const char *path);

/* Numbers that are not finite are counted apart. *pictures: the array has the shape of pictures. GT_FORMAT: no such
 * file, or not all of it; the message names the path. */
gt_status gt_array_view_print(FILE *f, const char *path, bool *pictures);

/* Of a file of fields (data/door/fields_look.h) to stdout: variables, axes, times, and the command that trains on them.
 * The caller has called gt_h5_check(). */
gt_status gt_fields_print(const char *path);

#endif
