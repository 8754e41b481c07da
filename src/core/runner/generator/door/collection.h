/* SPDX-License-Identifier: Apache-2.0
 * One file of many records that come one after the other: pictures side by side (.png, .webp), an array (.npy, .h5), or
 * a dataset of pictures (.zip).
 * The file is written while the records come, except .webp, which is made at the end. The name's ending says which.
 *
 *     gt_collection *c;
 *     st = gt_collection_open(&c, &(gt_collection_of){.path = "all.npy", .name = "images", .n = n, ...});
 *     while there are more: st = gt_collection_add(c, k, records);
 *     st = gt_collection_finish(c);
 *     gt_collection_close(c);
 *
 * Main thread only. Messages name the path. */
#ifndef GANTRY_RUNNER_GENERATOR_DOOR_COLLECTION_H
#define GANTRY_RUNNER_GENERATOR_DOOR_COLLECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/door/file.h"
#include "files/codec/door/notes.h"
#include "runner/record/door/record.h"
#include "gantry/generate.h"
#include "gantry/sample.h"
#include "gantry/status.h"
#include "runner/generator/door/generator.h"

typedef struct gt_collection_of {
    const char *path;
    int64_t n;             /* records that will come */
    gt_sample type;        /* of their numbers; pictures: bytes */
    int n_dims;            /* of a record; pictures: 3 */
    int64_t dims[3];       /* pictures: height, width, channels (1, 3 or 4) */
    int64_t columns, rows; /* of pictures side by side; cells without a picture are black */
    const char *name;      /* .h5: of the array */
    const int64_t *seeds;  /* .h5: n numbers beside the array; NULL: none */
    const double *range;   /* .h5: an attribute of the array, with two numbers; .zip: in dataset.json; NULL: none */
    /* .h5 and .zip: labels, the class of each record, and the names of classes 0 to class_names - 1. NULL, 0: none. */
    const int32_t *classes;
    const char *const *class_name;
    int class_names;
    const char *channels;            /* .zip: names of channels; NULL: none */
    char network[GT_STYLES_NETWORK]; /* .h5: of styles, see gt_generator_hash(); "": none */
    const gt_picture_notes *notes;   /* of .png, .webp and .h5, an attribute; NULL: none */
    /* .zip: the notes of picture i, to be freed; NULL: none. */
    gt_status (*note)(const void *arg, int64_t i, gt_record_notes *notes);
    const void *note_arg;
} gt_collection_of;

typedef struct gt_collection gt_collection;

/* Could such a file be made? GT_USAGE: another ending, a picture of a size that its format does not allow. To be called
 * before the work. */
gt_status gt_collection_check(const gt_collection_of *of);
/* On failure *out is NULL. `of` must last until gt_collection_close(). */
gt_status gt_collection_open(gt_collection **out, const gt_collection_of *of);
gt_status gt_collection_add(gt_collection *c, int64_t n, const void *records);
gt_status gt_collection_finish(gt_collection *c); /* all n records have come: the file gets its name */
void gt_collection_close(gt_collection *c);       /* NULL is fine; what is not finished goes */

/* ---- picture_zip.c: the pictures of a dataset FILE.zip, PNG and dataset.json, as gantry dataset makes them ---- */

typedef struct gt_picture_zip gt_picture_zip;

/* GT_USAGE: PNG cannot hold such pictures. */
gt_status gt_picture_zip_check(const gt_collection_of *of);
/* `file` is open, and stays the caller's, like `of`. NULL: see gt_message(). */
gt_picture_zip *gt_picture_zip_new(const gt_collection_of *of, gt_growing_file *file);
gt_status gt_picture_zip_add(gt_picture_zip *z, int64_t n, const char *records);
gt_status gt_picture_zip_finish(gt_picture_zip *z); /* writes what stands behind the pictures */
void gt_picture_zip_free(gt_picture_zip *z);        /* NULL is fine */

#endif
