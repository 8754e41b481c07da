/* SPDX-License-Identifier: Apache-2.0
 * Numpy's .npz files: archives of .npy arrays. They are written array by array, stored, and appear whole or not at all
 * (base/door/file.h); the CRC-32 of an array is verified where it is read.
 *
 *     gt_npz w;
 *     gt_status st = gt_npz_begin(&w, path);
 *     if (!st) st = gt_npz_add(&w, "mu", "<f8", 1, dims, mean, bytes);   // as often as needed
 *     if (!st) st = gt_npz_finish(&w);
 *     gt_npz_close(&w); */
#ifndef GANTRY_FILES_CODEC_DOOR_NPZ_H
#define GANTRY_FILES_CODEC_DOOR_NPZ_H

#include "base/door/file.h"
#include "files/codec/door/npy.h"
#include "files/codec/door/zip_records.h"
#include "files/codec/door/codec.h"

/* An array on its way into an archive: what stands before its values, the local record and the head, comes to `before`;
 * `index` and *offset, the bytes of all arrays so far, grow. NAME.npy has at most 511 bytes, the values less than 4 GB.
 * Without memory a buffer has failed. */
void gt_npz_record(gt_buffer *before, gt_buffer *index, uint64_t *offset, const char *name, const char *type,
                   int n_dims, const int64_t *dims, const void *values, size_t bytes);

typedef struct gt_npz {
    gt_growing_file file;
    gt_buffer index;
    uint64_t offset, entries;
} gt_npz;

/* Messages name the path. On failure the writer is closed. */
gt_status gt_npz_begin(gt_npz *w, const char *path);
/* An array of the type, as in "<f4". GT_USAGE: it has 4 GB or more. */
gt_status gt_npz_add(gt_npz *w, const char *name, const char *type, int n_dims, const int64_t *dims, const void *values,
                     size_t bytes);
gt_status gt_npz_finish(gt_npz *w);
void gt_npz_close(gt_npz *w); /* what is not finished does not appear */

/* The array NAME of an archive: its head in *a, and its file in *file, to be freed; the elements begin at file +
 * a->head and are whole. GT_FORMAT: no such array, one of texts, damaged, more than `max_bytes`. */
gt_status gt_npz_read(gt_zip *z, const char *name, uint64_t max_bytes, gt_npy *a, char **file);

#endif
