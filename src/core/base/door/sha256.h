/* SPDX-License-Identifier: Apache-2.0
 * SHA-256 (FIPS 180-4, by libcrypto) and Merkle trees of it: hashes that nobody can forge. Checksums against accidents
 * are in base/door/hash.h.
 *
 * The trees are those of RFC 6962, section 2.1: a leaf is SHA-256(0x00 || bytes), a node SHA-256(0x01 || left ||
 * right); of n leaves the left node has the largest power of two that is less than n. A tree without leaves is SHA-256
 * of nothing.
 *
 * Bytes (the values of a tensor, the samples of a picture) are cut into blocks of 1 MiB, the last one shorter: their
 * root is that of the tree whose leaves are the blocks. No bytes have no leaves. */
#ifndef GANTRY_BASE_DOOR_SHA256_H
#define GANTRY_BASE_DOOR_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/hash.h"
#include "gantry/pool.h"
#include "gantry/status.h"

enum { GT_SHA256_BLOCK = 1 << 20 };

bool gt_sha256_equal(const gt_sha256 *a, const gt_sha256 *b);
bool gt_sha256_parse(const char *text, gt_sha256 *out); /* false: not 64 digits 0-9a-f */

/* ---- bytes that come in pieces; an error sticks until the end ---- */

typedef struct gt_sha256_stream gt_sha256_stream;

gt_sha256_stream *gt_sha256_new(void); /* NULL: see gt_message() */
void gt_sha256_add(gt_sha256_stream *s, const void *data, size_t bytes);
gt_status gt_sha256_take(gt_sha256_stream *s, gt_sha256 *out); /* the hash; the stream begins anew */
void gt_sha256_free(gt_sha256_stream *s);                      /* NULL is fine */

gt_status gt_sha256_of(const void *data, size_t bytes, gt_sha256 *out);
gt_status gt_sha256_of_file(const char *path, gt_sha256 *out); /* a regular file */

/* ---- trees ---- */

/* Leaves that come one after the other, without limit and without memory for them. All zeros: no leaves. */
typedef struct gt_merkle {
    uint64_t count;
    gt_sha256 peak[64]; /* of whole subtrees, by their heights: bit i of `count` says whether peak[i] counts */
    gt_status status;   /* the first error, with its message in gt_message() of the thread where it came */
} gt_merkle;

gt_status gt_merkle_leaf(const void *data, size_t bytes, gt_sha256 *leaf); /* SHA-256(0x00 || bytes) */
void gt_merkle_add(gt_merkle *m, const gt_sha256 *leaf);
gt_status gt_merkle_root(const gt_merkle *m, gt_sha256 *root);

/* The root of bytes in memory; the threads of the pool (NULL: this one alone) take the blocks. */
gt_status gt_merkle_of_bytes(gt_pool *pool, const void *data, size_t bytes, gt_sha256 *root);

/* The same of bytes that come in pieces; begins anew at each end. NULL: see gt_message(). */
typedef struct gt_merkle_stream gt_merkle_stream;
gt_merkle_stream *gt_merkle_stream_new(void);
void gt_merkle_stream_add(gt_merkle_stream *s, const void *data, size_t bytes);
gt_status gt_merkle_stream_take(gt_merkle_stream *s, gt_sha256 *root);
void gt_merkle_stream_free(gt_merkle_stream *s); /* NULL is fine */

/* ---- arrays: a part of a file has one or more (runner/contents/door/contents.h) ---- */

/* Adds to a stream what an array says of itself: count of the bytes of its name, name, count of the bytes of its type,
 * type ("float32"), count of dimensions, each dimension as a count, and the root of its values. A count is a uint64,
 * little-endian. */
void gt_sha256_add_array(gt_sha256_stream *s, const char *name, const char *type, int n_dims, const int64_t *dims,
                         const gt_sha256 *values);

#endif
