/* SPDX-License-Identifier: Apache-2.0
 * A dataset FILE.zip of pictures that come one after the other: PNG and dataset.json, as gantry dataset makes them.
 * Part of collection.c. */
#ifndef GANTRY_USE_GENERATE_PICTURE_ZIP_H
#define GANTRY_USE_GENERATE_PICTURE_ZIP_H

#include "base/file.h"
#include "use/generate/collection.h"

typedef struct gt_picture_zip gt_picture_zip;

/* GT_USAGE: PNG cannot hold such pictures. */
gt_status gt_picture_zip_check(const gt_collection_of *of);
/* `file` is open, and stays the caller's, like `of`. NULL: see gt_message(). */
gt_picture_zip *gt_picture_zip_new(const gt_collection_of *of, gt_growing_file *file);
gt_status gt_picture_zip_add(gt_picture_zip *z, int64_t n, const char *records);
gt_status gt_picture_zip_finish(gt_picture_zip *z); /* writes what stands behind the pictures */
void gt_picture_zip_free(gt_picture_zip *z);        /* NULL is fine */

#endif
