/* SPDX-License-Identifier: Apache-2.0
 * What the files of checkpoints use of each other. */
#ifndef FILES_CHECKPOINT_INTERNAL_H
#define FILES_CHECKPOINT_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/checkpoint.h"

/* Keeps the first failure of building `c`, with its message. Returns the failure that is kept. */
gt_status checkpoint_stick(gt_checkpoint *c, gt_status st);

/* Makes a root attribute of texts: `n` of them, 0 for a single one. One that is too long for an attribute is left out.
 */
void checkpoint_attribute_texts(gt_checkpoint *c, const char *name, const char *const *text, int n);

/* What an entry or a group is; NULL: the table has no row for it. */
typedef struct checkpoint_note {
    const char *path; /* or a pattern, whose * stands for a part between slashes */
    const char *unit; /* "": none */
    const char *description;
} checkpoint_note;
const checkpoint_note *checkpoint_note_of(const char *path);

/* Hands the HDF5 data of a finished checkpoint over to the caller, who frees them. */
void *checkpoint_take_data(gt_checkpoint *c, size_t *bytes);

/* Writes the block of a checkpoint (checkpoint_block.h) and the data to `path`, whole or not at all. From any thread.
 */
gt_status checkpoint_store(const char *path, const void *data, size_t bytes);

typedef struct checkpoint_place {
    int64_t images;
    double bytes; /* of the file */
    bool goes;    /* to be removed */
} checkpoint_place;

/* The checkpoints in `dir`, the one with the most images first: *n of them in *list, which the caller frees. GT_FAILED:
 * the directory cannot be read. */
gt_status checkpoint_list(const char *dir, checkpoint_place **list, int *n);

/* "checkpoint-000200000.h5" -> 200000; anything else -> -1. */
int64_t checkpoint_number(const char *name);

/* Keeps a descriptor of the checkpoint `path`, which is open as `fd` and stays the caller's, for the rest of the
 * command. Where memory or descriptors are short nothing is kept. Main thread. */
void checkpoint_hold(const char *path, int fd);
/* Opens the file for reading; one that is gone and was held, as it was. -1 and errno. */
int checkpoint_open_file(const char *path);

/* The path of the checkpoint of `images` in `dir`, to be freed; NULL: see gt_message(). */
char *checkpoint_path(const char *dir, int64_t images);

#endif
