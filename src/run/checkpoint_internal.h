/* SPDX-License-Identifier: Apache-2.0
 * What the three checkpoint files (write, save, read) share. */
#ifndef FILES_CHECKPOINT_INTERNAL_H
#define FILES_CHECKPOINT_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "gantry/checkpoint.h"

/* The HDF5 data of a finished checkpoint become the caller's, to be freed. */
void *checkpoint_take_data(gt_checkpoint *c, size_t *bytes);

/* User block and data to `path`, whole or not at all. Any thread. */
gt_status checkpoint_store(const char *path, const void *data, size_t bytes);

/* The numbers of the checkpoints in `dir`, largest first, to be freed; *n of them. GT_FAILED: the directory cannot be
 * read. */
gt_status checkpoint_scan(const char *dir, int64_t **images, int *n);

#endif
