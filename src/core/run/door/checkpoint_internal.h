/* SPDX-License-Identifier: Apache-2.0
 * What the files of checkpoints, and of directories of runs, use of each other. */
#ifndef FILES_CHECKPOINT_INTERNAL_H
#define FILES_CHECKPOINT_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "files/h5/door/arrays.h"
#include "run/door/checkpoint.h"

/* Keeps the first failure of building `c`, with its message. Returns the failure that is kept. */
gt_status checkpoint_stick(gt_checkpoint *c, gt_status st);

/* The part of the data's facts that only fields have (checkpoint_fields.c). GT_FORMAT: damaged. */
void checkpoint_put_fields(gt_checkpoint *c, const gt_checkpoint_data *d);
gt_status checkpoint_get_fields(const gt_checkpoint_file *f, gt_arena *a, gt_checkpoint_data *out);
/* Makes a root attribute of texts: `n` of them, 0 for a single one. One that is too long for an attribute is left out.
 */
void checkpoint_attribute_texts(gt_checkpoint *c, const char *name, const char *const *text, int n);

/* Gives an entry that is there its attributes. */
void checkpoint_describe(gt_checkpoint *c, const char *path, const char *unit, const char *description);

/* What an entry or a group is; NULL: the table has no row for it. */
typedef struct checkpoint_note {
    const char *path; /* or a pattern, whose * stands for a part between slashes */
    const char *unit; /* "": none */
    const char *description;
} checkpoint_note;
const checkpoint_note *checkpoint_note_of(const char *path);

/* ---- checkpoint_leaves.c: the leaves of gt_checkpoint_root(), in the order of writing ---- */

typedef struct checkpoint_leaf {
    const char *path;
    gt_sha256 hash;
} checkpoint_leaf;

typedef struct checkpoint_leaves {
    gt_pool *pool; /* whose threads hash the blocks of values */
    gt_arena *arena;
    checkpoint_leaf *of;
    int n, room;
} checkpoint_leaves;

gt_status checkpoint_leaves_add(checkpoint_leaves *l, const gt_array *a);
gt_status checkpoint_leaves_root(checkpoint_leaves *l, gt_sha256 *root); /* sorts them */

/* Hands the HDF5 data of a finished checkpoint over to the caller, who frees them. */
void *checkpoint_take_data(gt_checkpoint *c, size_t *bytes);

/* ---- the block: the first 512 bytes of a checkpoint: text, readable with `head -4 FILE`, then zeros.
 *
 *     Gantry checkpoint
 *     format 1
 *     bytes 1234567
 *     xxh3-128 0123456789abcdef0123456789abcdef
 *
 * The hash covers the whole file, these bytes included, with 32 zeros in its own place. This form is the same in all
 * formats, so that an old program can tell a file of a newer format from a damaged file. ---- */

enum { CHECKPOINT_BLOCK = 512 };

/* The block of a file whose HDF5 data are `data`. GT_NOMEM when there is no memory for the hash. */
gt_status checkpoint_block_make(char block[CHECKPOINT_BLOCK], int format, const void *data, size_t bytes);

/* The format and the size of the file that begins with this block. GT_FORMAT: this is not a block of a checkpoint. */
gt_status checkpoint_block_parse(const char block[CHECKPOINT_BLOCK], int *format, size_t *file_bytes);

/* Writes the block of a checkpoint and the data to `path`, whole or not at all. From any thread. *hash: of the whole
 * file; NULL: it is not wanted. */
gt_status checkpoint_store(const char *path, const void *data, size_t bytes, gt_sha256 *hash);

/* Does an entry belong to the state? The others say what was to be computed of which data, and how the state came
 * about: /recipe, /data, /chain. */
bool checkpoint_is_state(const char *path);

typedef struct checkpoint_place {
    int64_t images;
    double bytes; /* of the file */
    bool spare;   /* stays for audits alone */
    bool goes;    /* to be removed */
} checkpoint_place;

/* The checkpoints in `dir`, the one with the most images first: *n of them in *list, which the caller frees. GT_FAILED:
 * the directory cannot be read. */
gt_status checkpoint_list(const char *dir, checkpoint_place **list, int *n);

/* Says by `goes` which of a list of checkpoint_list() are to be removed once the one of `images` is on the disk.
 * `best`: images of two that stay besides those that `keep` names; -1: none. A function of the numbers of images and
 * the sizes alone, so that a run that was stopped decides as one that was not. Checkpoints of more images are left
 * alone: damaged files that a run resumed from an earlier checkpoint passed over, and will replace when the run gets
 * there. Of the checkpoints that stay for audits alone, too many bytes go one by one: always the one whose neighbours,
 * among all that stay, are nearest to each other in images (of several the oldest); the oldest checkpoint of all last.
 */
void checkpoint_choose_removed(checkpoint_place *list, int n, const gt_keep *keep, int64_t images,
                               const int64_t best[2]);

/* "checkpoint-000200000.h5" -> 200000; anything else -> -1. */
int64_t checkpoint_number(const char *name);

/* Keeps a descriptor of the checkpoint `path`, which is open as `fd` and stays the caller's, for the rest of the
 * command. Where memory or descriptors are short nothing is kept. Main thread. */
void checkpoint_hold(const char *path, int fd);
/* Opens the file for reading; one that is gone and was held, as it was. -1 and errno. */
int checkpoint_open_file(const char *path);

/* The path of the checkpoint of `images` in `dir`, to be freed; NULL: see gt_message(). */
char *checkpoint_path(const char *dir, int64_t images);

/* The HDF5 part of a checkpoint that is open; NULL: a file of another kind (gt_checkpoint_from). */
struct gt_h5_file;
const struct gt_h5_file *checkpoint_h5(const gt_checkpoint_file *f);

/* ---- directories of runs ---- */

/* Makes a directory in `dir` whose name is `before`, a number of at least so many digits, and `after`: the first such
 * number from `number` on whose name is free. Returns the path, to be freed; NULL: see gt_message(). */
char *gt_rundir_numbered(const char *dir, long number, const char *before, int digits, const char *after);

/* Renames DIR/NAME to TO_DIR/TO_NAME. */
gt_status gt_rundir_move(const char *dir, const char *name, const char *to_dir, const char *to_name);

#endif
