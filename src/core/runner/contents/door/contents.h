/* SPDX-License-Identifier: Apache-2.0
 * What files hold, however they were written: a hash of it, and the difference between two files.
 *
 *     gt_contents *c;
 *     gt_status st = gt_contents_open(&c, "runs/first/last", NULL);
 *     if (!st) st = gt_contents_read(c, NULL, GT_CONTENTS_G1);
 *     char text[GT_CONTENTS_HASH_BYTES];
 *     ... gt_contents_text(gt_contents_hash(c), text) is "g1:" and 32 hexadecimal digits ...
 *     gt_contents_close(c);
 *
 * Contents have parts. The parts of checkpoints, networks and HDF5 files are arrays (tensors); those of datasets and
 * pictures are samples. A part is one or more arrays:
 *
 *   checkpoint   each entry by its path: networks, moving averages, moments of optimisers, /state (step, images, p of
 *                ADA, seed, ...), mixtures. NOT /recipe and /data, which say what was to be computed of which data, NOT
 *                /chain, which says what came before, and not the attributes: version, kernel set, fingerprint of the
 *                dataset, descriptions. So the hash says which numbers there are, and not how they came about. A
 *                checkpoint without its first 512 bytes, as other programs of HDF5 may write it, has the same hash.
 *   network      .safetensors, .npz, .pt, .pkl: each tensor by its name, with the type that it has in the file. NOT
 *                texts and numbers beside the tensors
 *   arrays       any other HDF5 file: each set by its path
 *   dataset      each item in the dataset's order (gantry/dataset.h): `pixels`, [H,W,C] of uint8, uint16 or float32;
 *                `label`, where there is one: int64 without dimensions for a class, else float32 [L]; `mask`, where
 *                there are masks: uint8 [H,W]. NOT names of items, of classes and of channels, and not the range
 *   picture      the `pixels` of one item, decoded as gantry/picture.h says
 *
 * In HDF5 files whole numbers are uint8, uint16, int32 or int64, the first of them that holds the file's type; a text
 * is uint8, and its last dimension counts the bytes.
 *
 * The canonical form, version g1. All numbers are little-endian; a count is a uint64. XXH3-128 of
 *     a part:      for each of its arrays: count of the bytes of the name, name, count of the bytes of the type's name,
 *                  type's name ("float32"), count of dimensions, each dimension as a count, the values row by row (bits
 *                  as they are, so 0 and -0 differ)
 *     a file:      "arrays" or "samples" (7 bytes: the first with a zero behind it), count of parts, and of each part
 *                  the 16 bytes of its hash (the higher half first, big-endian, as it is printed); arrays come in the
 *                  order of the bytes of their names, samples in that of the dataset
 * A form that gives other hashes for the same contents will have another number.
 *
 * g1 finds accidents. Whoever wants to can make other contents with the same g1, but not with the same SHA-256:
 *     a part:      SHA-256 of a zero byte and, for each of its arrays: count of the bytes of the name, name, count of
 *                  the bytes of the type's name, type's name, count of dimensions, each dimension as a count, and the
 *                  root of the values. The root is that of a Merkle tree (RFC 6962, section 2.1) whose leaves are the
 *                  values' bytes in blocks of 1 MiB, the last one shorter
 *     a file:      the root of the Merkle tree whose leaves are the hashes of the parts, in the same order as above
 * Such a tree over tensors is a proof about a network, and one over samples about a dataset (docs/reproducibility.md).
 *
 * Nothing that is read is trusted. Arrays are read in pieces, samples one for each thread; a checkpoint is in memory as
 * a whole, since its checksum is verified first. Main thread only; gt_h5_check() (gantry/arrays.h) comes before. */
#ifndef GANTRY_RUNNER_CONTENTS_DOOR_CONTENTS_H
#define GANTRY_RUNNER_CONTENTS_DOOR_CONTENTS_H

#include <stdint.h>

#include "gantry/hash.h"
#include "gantry/network.h"
#include "gantry/pool.h"
#include "gantry/status.h"
#include "gantry/file.h"

enum { GT_CONTENTS_HASH_BYTES = 36, GT_CONTENTS_NAME_BYTES = 4400 };

typedef struct gt_contents gt_contents;

/* Of a run's folder the newest checkpoint that verifies. `reading` may be NULL. Messages name the path. On failure *out
 * is NULL. */
gt_status gt_contents_open(gt_contents **out, const char *path, const gt_network_options *reading);
void gt_contents_close(gt_contents *c);             /* NULL is fine */
const char *gt_contents_path(const gt_contents *c); /* of the file that is read: of a run, its checkpoint */
const char *gt_contents_kind(const gt_contents *c); /* "checkpoint", "network", "arrays", "dataset", "picture" */
int64_t gt_contents_parts(const gt_contents *c);
const char *gt_contents_parts_are(const gt_contents *c); /* "tensors", "samples" */

typedef enum gt_contents_form { GT_CONTENTS_G1, GT_CONTENTS_SHA256 } gt_contents_form;

/* Reads all of it; samples on the threads of the pool (NULL: this thread alone). To be called before what follows. */
gt_status gt_contents_read(gt_contents *c, gt_pool *pool, gt_contents_form form);
gt_hash128 gt_contents_hash(const gt_contents *c); /* of all and of a part, read as GT_CONTENTS_G1 */
gt_hash128 gt_contents_part_hash(const gt_contents *c, int64_t i);
gt_sha256 gt_contents_root(const gt_contents *c); /* the same, read as GT_CONTENTS_SHA256 */
gt_sha256 gt_contents_leaf(const gt_contents *c, int64_t i);
/* "/networks/G/b4.const  float32 [16,4,4]", "12 img0012.png  uint8 [32,32,3]". No control characters. */
gt_status gt_contents_part_text(const gt_contents *c, int64_t i, char text[GT_CONTENTS_NAME_BYTES]);
const char *gt_contents_text(gt_hash128 hash, char text[GT_CONTENTS_HASH_BYTES]);

typedef struct gt_contents_difference {
    int64_t parts, all; /* how many parts differ, or are in one file alone; how many there are in either */
    /* The first of them: "/networks/G/b4.const: 3 of 256 values differ, by at most 0.25". */
    char first[GT_CONTENTS_NAME_BYTES + 256];
} gt_contents_difference;

/* Compares two files that were read in one form. Reads the first part that differs once more. GT_USAGE: one has
 * tensors, the other samples. */
gt_status gt_contents_compare(const gt_contents *a, const gt_contents *b, gt_contents_difference *out);

/* All of the above at once, on this thread alone. name (NULL: not wanted): of the file that was read, without folders.
 */
gt_status gt_contents_hash_file(const char *path, char name[GT_NAME_BYTES], char text[GT_CONTENTS_HASH_BYTES]);
gt_status gt_contents_root_of_file(const char *path, gt_sha256 *root); /* what `gantry hash --sha256` prints */

#endif
