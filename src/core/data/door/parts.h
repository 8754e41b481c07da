/* SPDX-License-Identifier: Apache-2.0
 * Parts of files in the canonical form of runner/contents/door/contents.h: arrays that come one after the other, and
 * the SHA-256 of a part. A sample of a dataset is such a part. */
#ifndef GANTRY_DATA_DOOR_PARTS_H
#define GANTRY_DATA_DOOR_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/door/sha256.h"
#include "files/codec/door/weights.h"
#include "gantry/picture.h"
#include "gantry/pool.h"
#include "gantry/sample.h"
#include "gantry/source.h"
#include "gantry/status.h"

enum { GT_PART_MOST_DIMS = 33 };

typedef struct gt_part_array {
    const char *name; /* lives as long as the file is open */
    gt_weight_type type;
    int n_dims;
    const int64_t *dims;
    int64_t place; /* in the file, where the kind wants it */
} gt_part_array;

/* Takes the arrays of a part one after the other: the head, then the values, little-endian, in pieces of any size. */
typedef struct gt_part_sink {
    gt_status (*head)(void *arg, const gt_part_array *a);
    gt_status (*values)(void *arg, const void *bytes, size_t n);
    void *arg;
} gt_part_sink;

/* Hands on n values in the machine's order of bytes. */
gt_status gt_part_give(const gt_part_sink *to, gt_weight_type type, const void *values, size_t n);

/* ---- samples ---- */

gt_weight_type gt_part_type(gt_sample type);

typedef struct gt_sample_parts {
    const gt_picture *picture, *mask; /* NULL, or without samples: there is none */
    int64_t class;                    /* -1: none */
    const double *vector;             /* [label_width]; NULL: none. Its numbers become float32, as networks see them */
    int label_width;
} gt_sample_parts;

gt_status gt_sample_pour(const gt_sample_parts *s, const gt_part_sink *to);
/* Item i of a source. Threads as gt_source_read(). */
gt_status gt_source_pour(gt_source *s, int64_t i, const gt_part_sink *to);

/* ---- the hash of a part: a leaf of the tree of its file ---- */

/* SHA-256(0x00 || for each array what gt_sha256_add_array() adds). */
typedef struct gt_part_hash gt_part_hash;

gt_status gt_sample_leaf(const gt_sample_parts *s, gt_sha256 *out);
/* The leaves of the items first .. first + n - 1 of a source, on the threads of the pool where the source allows that.
 * Main thread. An item whose bytes, or whose mask's, do not decode is not an error: it is a part that has its label
 * alone. Other failures are: that of the first item that fails. */
gt_status gt_source_leaves(gt_source *s, gt_pool *pool, int64_t first, int n, gt_sha256 *leaf);

/* The same as they stand beside the items (samples.sha256), malloc'ed; whether they are right is not known. *leaf NULL:
 * there are none, or the source was opened with options that make other items or labels of what lies there. GT_FORMAT:
 * they cannot be read, or are not one for each item. */
gt_status gt_source_stored_leaves(gt_source *s, gt_sha256 **leaf);

/* For other parts. */
gt_part_hash *gt_part_hash_new(void); /* NULL: see gt_message() */
gt_part_sink gt_part_hash_sink(gt_part_hash *l);
gt_status gt_part_hash_take(gt_part_hash *l, gt_sha256 *out); /* of what the sink got; then begins anew */
void gt_part_hash_free(gt_part_hash *l);                      /* NULL is fine */

#endif
