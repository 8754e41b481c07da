/* SPDX-License-Identifier: Apache-2.0
 * The first 512 bytes of a checkpoint: text, readable with `head -4 FILE`, then zeros.
 *
 *     Gantry checkpoint
 *     format 1
 *     bytes 1234567
 *     xxh3-128 0123456789abcdef0123456789abcdef
 *
 * The hash covers the whole file, these bytes included, with 32 zeros in its own place. This form is the same in all
 * formats, so that an old program can tell a file of a newer format from a damaged file. */
#ifndef FILES_CHECKPOINT_BLOCK_H
#define FILES_CHECKPOINT_BLOCK_H

#include <stddef.h>

#include "gantry/status.h"

enum { CHECKPOINT_BLOCK = 512 };

/* The block of a file whose HDF5 data are `data`. GT_NOMEM when there is no memory for the hash. */
gt_status checkpoint_block_make(char block[CHECKPOINT_BLOCK], int format, const void *data, size_t bytes);

/* The format and the size of the file that begins with this block. GT_FORMAT: this is not a block of a checkpoint. */
gt_status checkpoint_block_parse(const char block[CHECKPOINT_BLOCK], int *format, size_t *file_bytes);

#endif
